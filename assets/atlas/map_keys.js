/* The maps without a pointer: arrows go from atom to atom, Enter chooses, Page Up and Page Down go to another panel. */
import { mapPart } from "./parts.js";
import { hideTip, showTip } from "./tip.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const PANELS = { PageUp: -1, PageDown: 1 };
const LEAST_STEP = 6; // css px, so that an arrow does not stay within one clump of points

export function startMapKeys(atlas, maps) {
  const { host } = maps;
  let panel = 0;
  let at = -1; // display index of the atom with the focus

  /* The nearest atom ahead; what lies aside counts double. */
  function next([dx, dy], from) {
    const { source, place, dpr } = maps.placeIn(panel);
    const { mask } = maps.scene();
    const { rect } = maps.panels()[panel];
    let [best, least] = [-1, Infinity];
    for (let i = 0; i < atlas.info.n_atoms; i++) {
      if (mask && !mask[i]) continue;
      const x = (place.ax * source.xy[2 * i] + place.bx) / dpr;
      const y = (place.ay * source.xy[2 * i + 1] + place.by) / dpr;
      if (!(x >= rect.x && x <= rect.x + rect.w && y >= rect.y && y <= rect.y + rect.h)) continue;
      const along = (x - from[0]) * dx + (y - from[1]) * dy;
      const aside = Math.abs((x - from[0]) * dy) + Math.abs((y - from[1]) * dx);
      if ((dx || dy) && along < LEAST_STEP) continue;
      const far = dx || dy ? along + 2 * aside : Math.hypot(x - from[0], y - from[1]);
      if (far < least) [best, least] = [i, far];
    }
    return best;
  }

  host.addEventListener("keydown", async (event) => {
    const scene = maps.scene();
    if (!scene?.panels.length || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    const turn = PANELS[event.key];
    if (!step && !turn && event.key !== "Enter") return;
    event.preventDefault();
    event.stopPropagation();
    const n = scene.panels.length;
    panel = (Math.min(panel, n - 1) + (turn || 0) + n) % n;
    const order = await atlas.arrays.column("order").catch(atlas.failed);
    if (!order) return;
    if (event.key === "Enter") {
      if (at >= 0) atlas.view.set({ atom: order[at] }, { step: true });
      return;
    }
    await atlas.arrays.rank();
    const { rect } = maps.panels()[panel];
    if (turn) {
      const same = at >= 0 ? order[at] : atlas.view.get().atom;
      if (same !== null && maps.place(same, panel)) tell(atlas.arrays.now.rank()[same], order);
      return;
    }
    const here = at >= 0 ? maps.place(order[at], panel) : maps.place(atlas.view.get().atom, panel);
    const found = here ? next(step, here) : next([0, 0], [rect.x + rect.w / 2, rect.y + rect.h / 2]);
    if (found < 0) return;
    tell(found, order);
  });

  function tell(found, order) {
    at = found;
    const place = maps.place(order[at], panel);
    host.scrollTo({ top: Math.max(0, place[1] - host.clientHeight / 2) });
    atlas.hover.set(order[at]);
    showTip(atlas, host, maps, at, panel, place);
    const said = document.getElementById("atom-said");
    if (said) said.textContent = mapPart(host, "tip").innerText;
  }

  host.addEventListener("blur", () => {
    at = -1;
    atlas.hover.set(null);
    hideTip(host);
  });
}
