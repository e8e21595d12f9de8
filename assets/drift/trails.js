/* Trails: paths of atoms over the base's map from the base to the present step, as many as can be told apart. */

const HEAD = 3.6; // px, half the width of an arrow's head
const LEAST_ARROW = 3; // px that an atom must have come for its trail to have a head
const AREA_PER_TRAIL = 500; // px²
const [FEWEST_TRAILS, MOST_TRAILS] = [60, 400];

/* How many trails a map of that size holds. */
export const trailRoom = (w, h) => Math.round(Math.min(MOST_TRAILS, Math.max(FEWEST_TRAILS, (w * h) / AREA_PER_TRAIL)));

/* Places in the list of trails of those drawn: the first of a fair order, among those that are picked out. */
export function drawnTrails(ids, room, isPicked = null) {
  const found = [];
  for (let k = 0; k < ids.length && found.length < room; k++) if (!isPicked || isPicked(ids[k])) found.push(k);
  return found;
}

const inPixels = (v) => v.toFixed(1);

/* The head of an arrow that ends at (x, y) and comes from (fx, fy). */
export function arrowHead(fx, fy, x, y) {
  const far = Math.hypot(x - fx, y - fy);
  if (far < 1e-6) return "";
  const [ux, uy] = [(x - fx) / far, (y - fy) / far];
  const [bx, by] = [x - 2 * HEAD * ux * 0.8, y - 2 * HEAD * uy * 0.8];
  const half = HEAD * 0.62;
  return `M${inPixels(x)} ${inPixels(y)}L${inPixels(bx - uy * half)} ${inPixels(by + ux * half)}L${inPixels(bx + uy * half)} ${inPixels(by - ux * half)}Z`;
}

/* Lines and heads of the trails up to step `t`, which may lie between two, as paths of a drawing, `stretch` times as long
   as they are; `to` takes a place of the map to px. */
export function trailPaths({ places, count }, which, t, to, stretch = 1) {
  const lines = [];
  const heads = [];
  for (const k of which) {
    let path = "";
    let [fx, fy] = [0, 0];
    let [x, y] = [0, 0];
    const [x0, y0] = [places[2 * k], places[2 * k + 1]];
    for (let s = 0; s < t + 1; s++) {
      const at = 2 * (Math.min(s, Math.ceil(t)) * count + k);
      const before = 2 * (Math.max(s - 1, 0) * count + k);
      const part = s > t ? t - (s - 1) : 1; // of the way from the step before
      const along = (c) => places[before + c] + part * (places[at + c] - places[before + c]);
      [fx, fy] = [x, y];
      [x, y] = to(x0 + stretch * (along(0) - x0), y0 + stretch * (along(1) - y0));
      path += `${s ? "L" : "M"}${inPixels(x)} ${inPixels(y)}`;
    }
    if (!t) continue;
    const start = to(places[2 * k], places[2 * k + 1]);
    lines.push(path);
    if (Math.hypot(x - start[0], y - start[1]) >= LEAST_ARROW) heads.push(Math.hypot(x - fx, y - fy) > 0.5 ? arrowHead(fx, fy, x, y) : arrowHead(...start, x, y));
  }
  return { lines: lines.join(""), heads: heads.join("") };
}
