/* One series on its base's map: atoms at the present step in the colours of change, and trails from where they were. */
import { aroundAll, padded } from "../points/bounds.js";
import { makeGrid, nearestInGrid } from "../points/grid.js";
import { abgr, cssColour, scaleLut } from "../points/lut.js";
import { LAST_CODE, placeOf } from "../points/place.js";
import { clearRaster, drawPoints, makeRaster } from "../points/raster.js";
import { buildNode, svgNode } from "../panels/nodes.js";
import { counted as countedWords, groupedNumber } from "../panels/words.js";
import { drawnTrails, trailPaths, trailRoom } from "./trails.js";

const UNDER_POINTER = 10; // css px

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
export const trailWords = (drawn, all, picked) => (drawn === all ? `Trails of all ${groupedNumber(all)}${picked ? " selected" : ""} atoms` : `${groupedNumber(drawn)} of ${groupedNumber(all)}${picked ? " selected" : ""} atoms’ trails drawn`);

export function makeDriftMap({ point, choose }) {
  const canvas = buildNode("canvas", { "aria-hidden": "true" });
  const svg = svgNode("svg", { class: "drift-trails", role: "img" });
  const place = buildNode("div", { class: "drift-map-place" }, canvas, svg);
  const name = buildNode("b", {});
  const says = buildNode("span", { class: "quiet" });
  const node = buildNode("figure", { class: "drift-map" }, buildNode("figcaption", {}, name, says), place);
  let drawn = null;
  let grid = null; // of the places last drawn

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

  return {
    node,
    ring,
    size: () => [place.clientWidth, place.clientHeight],
    canvas, svg,
    title: () => [name.textContent, says.textContent],
    /* `of`: {series, join, places, codes, mask, trails, t, box, stops, reverse, theme, title, look, atoms, pickedAtoms} */
    draw(of) {
      const [w, h] = [place.clientWidth, place.clientHeight];
      if (!w || !h) return;
      const ratio = window.devicePixelRatio || 1;
      Object.assign(canvas, { width: Math.round(w * ratio), height: Math.round(h * ratio) });
      svg.setAttribute("viewBox", `0 0 ${w} ${h}`);
      const raster = makeRaster(canvas.width, canvas.height);
      clearRaster(raster);
      const rect = { x: 0, y: 0, w: canvas.width, h: canvas.height };
      const n = of.join.ids.length;
      const colours = scaleLut(of.stops, { lo: 0, hi: 1, log: false }, { reverse: of.reverse }, abgr(of.look.quiet));
      drawPoints(raster, { xy: of.places.xy, n, place: placeOf(of.places.range, of.box, rect), rect, codes: of.codes, lut: colours, mask: of.mask, muted: abgr(of.look.muted), radius: (dotSize(n, w, h) / 2) * ratio });
      canvas.getContext("2d").putImageData(new ImageData(raster.bytes, canvas.width, canvas.height), 0, 0);
      const cssRect = { x: 0, y: 0, w, h };
      const plain = placeOf(null, of.box, cssRect);
      const which = drawnTrails(of.trails.ids, trailRoom(w, h), of.isPicked);
      const { lines, heads } = trailPaths(of.trails, which, of.t, (x, y) => [plain.ax * x + plain.bx, plain.ay * y + plain.by]);
      svg.replaceChildren(
        svgNode("path", { class: "drift-trail", d: lines, fill: "none", stroke: "var(--text)" }),
        svgNode("path", { class: "drift-head", d: heads, fill: "var(--text)" }),
      );
      const all = of.mask ? of.pickedAtoms : of.places.drawn;
      name.textContent = of.title;
      says.textContent = ` ${of.t ? trailWords(which.length, all, Boolean(of.mask)) : `${countedWords(all, "atom")}, before any step`}`;
      svg.setAttribute("aria-label", `${of.title}: ${says.textContent.trim()}`);
      drawn = { ...of, size: [w, h], cssPlace: placeOf(of.places.range, of.box, cssRect), ink: (code) => cssColour(colours[code]) };
      ring(of.chosen, of.hovered);
    },
  };
}
