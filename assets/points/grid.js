/** The atom under the pointer: points sorted once by counting into cells of their stored coordinates. */

import { LAST_CODE, MISSING } from "./place.js";

const POINTS_PER_CELL = 4;
const MOST_CELLS_A_SIDE = 512;

/** Smallest and largest finite x and y. */
function extentOf(xy, n) {
  let x0 = Infinity;
  let x1 = -Infinity;
  let y0 = Infinity;
  let y1 = -Infinity;
  for (let i = 0; i < 2 * n; i += 2) {
    const x = xy[i];
    const y = xy[i + 1];
    if (x < x0) x0 = x;
    if (x > x1) x1 = x;
    if (y < y0) y0 = y;
    if (y > y1) y1 = y;
  }
  return x1 >= x0 && y1 >= y0 ? [x0, x1, y0, y1] : [0, 1, 0, 1];
}

/** Grid over `n` interleaved points (16-bit codes or floats; those without a place are left out). */
export function makeGrid(xy, n) {
  const [x0, x1, y0, y1] = xy instanceof Uint16Array ? [0, LAST_CODE, 0, LAST_CODE] : extentOf(xy, n);
  const side = Math.min(MOST_CELLS_A_SIDE, Math.max(1, Math.ceil(Math.sqrt(n / POINTS_PER_CELL))));
  const perX = side / (x1 - x0 || 1);
  const perY = side / (y1 - y0 || 1);
  const coded = xy instanceof Uint16Array;
  const last = side - 1;
  const start = new Uint32Array(side * side + 2);
  const cells = new Int32Array(n);
  for (let i = 0; i < n; i += 1) {
    const x = xy[2 * i];
    const y = xy[2 * i + 1];
    // NaN fails the comparison
    if (!(x >= x0 && y >= y0) || (coded && (x === MISSING || y === MISSING))) {
      cells[i] = -1;
      continue;
    }
    const cell = Math.min(last, ((y - y0) * perY) | 0) * side + Math.min(last, ((x - x0) * perX) | 0);
    cells[i] = cell;
    start[cell + 2] += 1;
  }
  for (let cell = 2; cell < start.length; cell += 1) start[cell] += start[cell - 1];
  const members = new Uint32Array(start[start.length - 1]);
  for (let i = 0; i < n; i += 1) {
    if (cells[i] >= 0) {
      members[start[cells[i] + 1]] = i;
      start[cells[i] + 1] += 1;
    }
  }
  return { xy, side, x0, y0, perX, perY, start, members };
}

/** First and last cell along one axis that pixels `at - radius` to `at + radius` reach. */
function cellSpan(at, radius, slope, shift, origin, per, side) {
  const one = ((at - radius - shift) / slope - origin) * per;
  const other = ((at + radius - shift) / slope - origin) * per;
  // one cell more on both sides, so that rounding cannot lose a point on a border
  const first = Math.floor(Math.min(one, other)) - 1;
  const last = Math.floor(Math.max(one, other)) + 1;
  return [Math.max(0, first), Math.min(side - 1, last)];
}

/**
 * Index of the point nearest to device pixel (px, py) within `radius` pixels, or -1. `accept` is a mask (1: may be
 * found) or null for all. Of points equally near the one drawn last, that is on top, is found.
 */
export function nearestInGrid(grid, place, px, py, radius, accept = null) {
  const { xy, side, start, members } = grid;
  const { ax, bx, ay, by } = place;
  const [columnFirst, columnLast] = cellSpan(px, radius, ax, bx, grid.x0, grid.perX, side);
  const [rowFirst, rowLast] = cellSpan(py, radius, ay, by, grid.y0, grid.perY, side);
  if (columnFirst > columnLast) return -1;
  let found = -1;
  let best = radius * radius;
  for (let row = rowFirst; row <= rowLast; row += 1) {
    const end = start[row * side + columnLast + 1];
    for (let k = start[row * side + columnFirst]; k < end; k += 1) {
      const i = members[k];
      const dx = ax * xy[2 * i] + bx - px;
      const dy = ay * xy[2 * i + 1] + by - py;
      const distance = dx * dx + dy * dy;
      if (distance > best || (distance === best && i < found)) continue;
      if (accept !== null && accept[i] === 0) continue;
      best = distance;
      found = i;
    }
  }
  return found;
}
