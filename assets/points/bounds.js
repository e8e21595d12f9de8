/** Boxes [x0, x1, y0, y1] around points of a map. */
import { LAST_CODE, MISSING } from "./place.js";

const BOX_MARGIN = 0.05; // of the box, on each side

/** The smallest box around `boxes`; null where there is none. */
export function aroundAll(boxes) {
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const box of boxes) [x0, x1, y0, y1] = [Math.min(x0, box[0]), Math.max(x1, box[1]), Math.min(y0, box[2]), Math.max(y1, box[3])];
  return x1 >= x0 && y1 >= y0 ? [x0, x1, y0, y1] : null;
}

/** `box` with a margin, and at least `least` wide and high, so that a single point has surroundings. */
export function padded(box, least = 0) {
  if (!box) return [-1, 1, -1, 1];
  const [x0, x1, y0, y1] = box;
  const grown = (a, b) => {
    const by = Math.max(BOX_MARGIN * (b - a || 1), (least - (b - a)) / 2);
    return [a - by, b + by];
  };
  return [...grown(x0, x1), ...grown(y0, y1)];
}

/** The box around the points of `mask` among 16-bit codes `xy` of `range`; null where none of them has a place. */
export function boundsOf({ xy, range }, mask) {
  let [u0, u1, v0, v1] = [MISSING, -1, MISSING, -1];
  for (let i = 0; i < mask.length; i += 1) {
    if (!mask[i]) continue;
    const [u, v] = [xy[2 * i], xy[2 * i + 1]];
    if (u === MISSING) continue;
    if (u < u0) u0 = u;
    if (u > u1) u1 = u;
    if (v < v0) v0 = v;
    if (v > v1) v1 = v;
  }
  if (u1 < 0) return null;
  const x = (u) => range[0] + (u * (range[1] - range[0])) / LAST_CODE;
  const y = (v) => range[2] + (v * (range[3] - range[2])) / LAST_CODE;
  return [x(u0), x(u1), y(v0), y(v1)];
}
