/* One series on its base's map: atoms at the present step in the colours of change, and trails from where they were. */
import { aroundAll, padded } from "../points/bounds.js";
import { makeGrid, nearestInGrid } from "../points/grid.js";
import { abgr } from "../points/lut.js";
import { LAST_CODE, placeOf } from "../points/place.js";
import { clearRaster, drawPoints, makeRaster } from "../points/raster.js";
import { buildNode, svgNode } from "../panels/nodes.js";
import { counted, groupedNumber } from "../panels/words.js";
import { drawnTrails, trailPaths, trailRoom } from "./trails.js";

const UNDER_POINTER = 10; // css px
const MOTION = 450; // ms from step to step
const MOST_MOVING = 30_000; // atoms; more are drawn at once
const NO_PLACES = "no places: the features of base and checkpoint differ in width";

/* The box that maps of all `ranges` share, with the shape of a panel: both axes have one scale. */
export function sharedBox(ranges, w, h) {
  const [x0, x1, y0, y1] = padded(aroundAll(ranges));
  const scale = Math.max((x1 - x0) / w, (y1 - y0) / h);
  const [mx, my] = [(x0 + x1) / 2, (y0 + y1) / 2];
  return [mx - (scale * w) / 2, mx + (scale * w) / 2, my - (scale * h) / 2, my + (scale * h) / 2];
}

/* Diameter of a point where n share a map of that size. */
const dotSize = (n, w, h) => Math.min(6, Math.max(1.3, 0.7 * Math.sqrt((w * h) / Math.max(n, 1))));

/* "212 of 70 atoms’ trails drawn" in the words that fit. */
export function trailWords(drawn, all, picked, stretch = 1) {
  const longer = stretch > 1 ? `, ${stretch} times as long as they are` : "";
  const what = picked ? "selected atoms" : "atoms";
  return `${drawn === all ? `Trails of all ${groupedNumber(all)} ${what}` : `${groupedNumber(drawn)} of ${groupedNumber(all)} ${what}’ trails drawn`}${longer}`;
}

/* Codes of places on the way from one step to another; NaN where either has none. */
export function between(from, to, part) {
  const xy = new Float32Array(to.length);
  for (let k = 0; k < to.length; k++) xy[k] = from[k] > LAST_CODE || to[k] > LAST_CODE ? NaN : from[k] + part * (to[k] - from[k]);
  return xy;
}

/* Whether atoms can be seen going from what is drawn to what is to be. */
const isSameMap = (drawn, of, w, h) => Boolean(drawn) && drawn.series === of.series && drawn.anchors === of.anchors && drawn.size[0] === w && drawn.size[1] === h && String(drawn.box) === String(of.box) && of.join.ids.length <= MOST_MOVING;

export function makeDriftMap({ point, choose }) {
  const canvas = buildNode("canvas", { "aria-hidden": "true" });
  const svg = svgNode("svg", { class: "drift-trails", role: "img" });
  const place = buildNode("div", { class: "drift-map-place" }, canvas, svg);
  const name = buildNode("b", {});
  const says = buildNode("span", { class: "quiet" });
  const node = buildNode("figure", { class: "drift-map" }, buildNode("figcaption", {}, name, says), place);
  let drawn = null;
  let grid = null; // of the places last drawn
  let frame = 0; // of the motion to them

  function atomUnder(event) {
    if (!drawn) return -1;
    if (grid?.xy !== drawn.places.xy) grid = makeGrid(drawn.places.xy, drawn.join.ids.length);
    const box = svg.getBoundingClientRect();
    const scale = box.width / (drawn.size[0] || 1); // of what is presented larger
    const [x, y] = [(event.clientX - box.left) / scale, (event.clientY - box.top) / scale];
    const find = (mask) => nearestInGrid(grid, drawn.cssPlace, x, y, UNDER_POINTER, mask);
    const found = drawn.mask ? find(drawn.mask) : find(null);
    return found < 0 && drawn.mask ? find(null) : found;
  }
  svg.addEventListener("pointermove", (event) => point(drawn, atomUnder(event), event));
  svg.addEventListener("pointerleave", () => point(drawn, -1, null));
  svg.addEventListener("click", (event) => {
    const found = atomUnder(event);
    if (found >= 0) choose(drawn.join.ids[found]);
  });

  /* Rings around the chosen atom and the one pointed at, by their indices in the atlas. */
  function ring(chosen, hovered) {
    if (!drawn) return;
    svg.querySelectorAll(".drift-ring").forEach((old) => old.remove());
    for (const [atom, kind] of [[hovered, "hovered"], [chosen, "chosen"]]) {
      const i = atom === null ? -1 : drawn.join.ids.indexOf(atom);
      if (i < 0 || drawn.places.xy[2 * i] > LAST_CODE) continue;
      const { ax, bx, ay, by } = drawn.cssPlace;
      const at = { cx: ax * drawn.places.xy[2 * i] + bx, cy: ay * drawn.places.xy[2 * i + 1] + by, r: 7, fill: "none" };
      svg.append(svgNode("circle", { ...at, class: "drift-ring", stroke: "var(--surface)", "stroke-width": 5 }), svgNode("circle", { ...at, class: "drift-ring", stroke: kind === "chosen" ? "var(--accent)" : "var(--text)", "stroke-width": 2 }));
    }
  }

  /* Points at `xy` and trails up to step `t`. */
  function paint(of, w, h, xy, t, which) {
    const ratio = window.devicePixelRatio || 1;
    Object.assign(canvas, { width: Math.round(w * ratio), height: Math.round(h * ratio) });
    svg.setAttribute("viewBox", `0 0 ${w} ${h}`);
    const raster = makeRaster(canvas.width, canvas.height);
    clearRaster(raster);
    const rect = { x: 0, y: 0, w: canvas.width, h: canvas.height };
    const n = of.join.ids.length;
    drawPoints(raster, { xy, n, place: placeOf(of.places.range, of.box, rect), rect, codes: of.codes, lut: of.colours, mask: of.mask, muted: abgr(of.look.muted), radius: (dotSize(n, w, h) / 2) * ratio });
    canvas.getContext("2d").putImageData(new ImageData(raster.bytes, canvas.width, canvas.height), 0, 0);
    const plain = placeOf(null, of.box, { x: 0, y: 0, w, h });
    const { lines, heads } = trailPaths(of.trails, which, t, (x, y) => [plain.ax * x + plain.bx, plain.ay * y + plain.by], of.stretch);
    svg.replaceChildren(
      svgNode("path", { class: "drift-trail", d: lines, fill: "none", stroke: "var(--text)" }),
      svgNode("path", { class: "drift-arrow", d: heads, fill: "var(--text)" }),
    );
  }

  return {
    node,
    ring,
    size: () => [place.clientWidth, place.clientHeight],
    canvas, svg,
    title: () => [name.textContent, says.textContent],
    /* `of`: {series, join, places, codes, colours (of codes, ABGR), mask, trails, t, box, look, title, isPicked, pickedAtoms, stretch,
       chosen, hovered, moving}. With `moving` atoms are seen going there from where they are. */
    draw(of) {
      const [w, h] = [place.clientWidth, place.clientHeight];
      if (!w || !h) return;
      cancelAnimationFrame(frame);
      const before = of.moving && isSameMap(drawn, of, w, h) ? drawn : null;
      const cssPlace = placeOf(of.places.range, of.box, { x: 0, y: 0, w, h });
      drawn = { ...of, size: [w, h], cssPlace };
      const which = of.stretch ? drawnTrails(of.trails.ids, trailRoom(w, h), of.isPicked) : [];
      const all = of.mask ? of.pickedAtoms : of.places.drawn;
      name.textContent = of.title;
      says.textContent = ` ${all ? (of.t && of.stretch ? trailWords(which.length, all, Boolean(of.mask), of.stretch) : `${counted(all, of.mask ? "selected atom" : "atom")}, ${of.t ? "trails not drawn" : "before any step"}`) : NO_PLACES}`;
      svg.setAttribute("aria-label", `${of.title}: ${says.textContent.trim()}`);
      const finish = () => {
        paint(of, w, h, of.places.xy, of.t, which);
        ring(of.chosen, of.hovered);
      };
      if (!before) return void finish();
      const began = performance.now();
      const move = () => {
        const part = Math.min((performance.now() - began) / MOTION, 1);
        if (part === 1) return finish();
        paint(of, w, h, between(before.places.xy, of.places.xy, part), before.t + part * (of.t - before.t), which);
        frame = requestAnimationFrame(move);
        return undefined;
      };
      move();
    },
  };
}
