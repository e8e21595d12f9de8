/* The pointer over the maps: which atom is under it, choosing one, drawing a lasso or a box. */
import { makeGrid, nearestInGrid } from "../points/grid.js";
import { roundTogether } from "../points/address.js";
import { simplifyPolygon } from "../points/lasso.js";
import { mapPart } from "./parts.js";
import { hideTip, showGuestTip, showTip } from "./tip.js";

const NEAR = 10; // css px from the pointer to an atom that counts as under it
const CLICK = 4; // css px that a press may move and still be a click
const VERTICES = 40;

export function startPointer(atlas, maps, tool) {
  const { host } = maps;
  const layer = mapPart(host, "marks");
  const grids = new WeakMap();
  let frame = 0;
  let pressed = null;
  let path = null;
  let last = null;

  const inside = (event) => {
    const box = host.getBoundingClientRect();
    const scale = box.width / host.offsetWidth || 1; // of what is presented larger
    return [(event.clientX - box.left) / scale, (event.clientY - box.top) / scale + host.scrollTop];
  };

  function atomAt(x, y) {
    const i = maps.panelAt(x, y);
    const scene = maps.scene();
    if (i < 0 || !scene) return null;
    const { source, place, dpr } = maps.placeIn(i);
    if (!grids.has(source.xy)) grids.set(source.xy, makeGrid(source.xy, atlas.info.n_atoms));
    const { mask } = scene;
    const find = (accept) => nearestInGrid(grids.get(source.xy), place, x * dpr, y * dpr, NEAR * dpr, accept);
    // atoms of the selection come first; greyed ones can be asked for too
    let found = mask ? find(mask) : find(null);
    if (found < 0 && mask) found = find(null);
    return found < 0 ? null : { at: found, panel: i };
  }

  function hover() {
    frame = 0;
    if (!last || pressed?.moved) return;
    const panel = maps.panelAt(...last);
    const guest = maps.guestsIn(panel).find(({ at }) => Math.hypot(at[0] - last[0], at[1] - last[1]) < NEAR);
    if (guest) {
      atlas.hover.set(null);
      return showGuestTip(host, guest.guest, maps.panels()[panel].key, last);
    }
    const found = atomAt(...last);
    const order = atlas.arrays.now.column("order");
    host.classList.toggle("over-atom", Boolean(found));
    atlas.hover.set(found && order ? order[found.at] : null);
    if (found) showTip(atlas, host, maps, found.at, found.panel, last);
    else hideTip(host);
  }

  host.addEventListener("pointermove", (event) => {
    last = inside(event);
    if (path) extend();
    else if (!frame) frame = requestAnimationFrame(hover);
  });

  host.addEventListener("pointerleave", () => {
    last = null;
    atlas.hover.set(null);
    hideTip(host);
  });

  // caught on the way down, since the axes keep presses for themselves
  host.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !event.isPrimary) return;
    host.focus({ preventScroll: true });
    pressed = { x: event.clientX, y: event.clientY, moved: false };
    const [x, y] = inside(event);
    const panel = maps.panelAt(x, y);
    if ((tool() === "lasso" || tool() === "box") && panel >= 0) {
      event.preventDefault();
      event.stopPropagation();
      layer.setPointerCapture?.(event.pointerId);
      path = { panel, key: maps.panels()[panel].key, points: [[x, y]], box: tool() === "box" };
      hideTip(host);
    }
  }, true);

  // the axes hear of presses by these too
  for (const kind of ["mousedown", "touchstart"])
    host.addEventListener(kind, (event) => path && event.stopPropagation(), { capture: true, passive: true });

  const drop = () => {
    pressed = path = null;
    maps.setPath(null);
  };
  document.addEventListener("pointercancel", drop);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    hideTip(host);
    if (!path) return;
    event.stopPropagation();
    drop();
  }, true);
  host.addEventListener("wheel", () => hideTip(host), { passive: true });

  function clamp([x, y], panel) {
    const { rect } = maps.panels()[panel];
    return [Math.min(Math.max(x, rect.x), rect.x + rect.w), Math.min(Math.max(y, rect.y), rect.y + rect.h)];
  }

  function extend() {
    // the panel may have gone meanwhile
    if (maps.panels()[path.panel]?.key !== path.key) return drop();
    const at = clamp(last, path.panel);
    const [[x0, y0]] = path.points;
    if (path.box) path.points = [[x0, y0], [at[0], y0], at, [x0, at[1]]];
    else path.points.push(at);
    maps.setPath({ panel: path.panel, points: path.points, open: !path.box });
  }

  document.addEventListener("pointermove", (event) => {
    if (pressed && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > CLICK) {
      pressed.moved = true;
      hideTip(host);
    }
  });

  document.addEventListener("pointerup", (event) => {
    if (!pressed) return;
    const { moved } = pressed;
    pressed = null;
    const drawn = path;
    path = null;
    if (drawn) {
      maps.setPath(null);
      if (moved && drawn.points.length > 2) return keep(drawn);
    }
    const box = host.getBoundingClientRect();
    const over = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!moved && over) choose(...inside(event), Boolean(drawn));
  });

  function keep({ panel, key, points }) {
    if (maps.panels()[panel]?.key !== key) return;
    const kept = simplifyPolygon(points, VERTICES).map((p) => maps.toMap(panel, p));
    // as the address keeps them, so that a pasted lasso holds the same atoms
    const [xs, ys] = [0, 1].map((axis) => roundTogether(kept.map((p) => p[axis])));
    atlas.view.set({ lasso: { model: key, points: xs.map((x0, i) => [x0, ys[i]]) } }, { step: true });
  }

  function choose(x, y, drawing) {
    const found = atomAt(x, y);
    if (found) atlas.arrays.column("order").then((order) => atlas.view.set({ atom: order[found.at] }, { step: true }), atlas.failed);
    else if (drawing && atlas.view.get().lasso) atlas.view.set({ lasso: null }, { step: true });
  }

  host.addEventListener("dblclick", () => tool() === "lasso" || tool() === "box" || maps.zoom(0));
}
