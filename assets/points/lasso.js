/** Which points a drawn polygon holds. dashboard/polygon.py computes the same rule, to the last atom. */

import { LAST_CODE, MISSING } from "./place.js";

/** Bands of equal height into which a polygon's edges are sorted; a point then meets only the few of its own band. */
const BANDS = 128;
/** Deviation, as a part of the polygon's diagonal, below which a vertex adds nothing that can be seen. */
const NEGLIGIBLE = 2e-4;

/** `value` to `digits` significant digits. */
export function roundSignificant(value, digits = 4) {
  return Number(value.toPrecision(digits));
}

/** Edges (xi, yi, xj, yj) of a closed polygon by the bands of height they reach, level ones left out. */
function bandEdges(polygon, low, high) {
  const perBand = BANDS / (high - low);
  const bands = Array.from({ length: BANDS }, () => []);
  polygon.forEach(([xi, yi], i) => {
    const [xj, yj] = polygon.at(i - 1);
    if (yi === yj) return;
    // a band more on both sides, so that rounding cannot hide an edge from a point
    const first = Math.max(0, Math.floor((Math.min(yi, yj) - low) * perBand) - 1);
    const last = Math.min(BANDS - 1, Math.floor((Math.max(yi, yj) - low) * perBand) + 1);
    for (let band = first; band <= last; band += 1) bands[band].push(xi, yi, xj, yj);
  });
  const start = new Int32Array(BANDS + 1);
  bands.forEach((edges, band) => {
    start[band + 1] = start[band] + edges.length;
  });
  return { perBand, start, edges: Float64Array.from(bands.flat()) };
}

/** Whether a ray to the right from (x, y) crosses an odd number of the edges `first` to `end` of the list. */
function crossesOdd(edges, first, end, x, y) {
  let odd = 0;
  for (let k = first; k < end; k += 4) {
    const xi = edges[k];
    const yi = edges[k + 1];
    const xj = edges[k + 2];
    const yj = edges[k + 3];
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd ^= 1;
  }
  return odd;
}

/**
 * Mark in `out` (1 or 0) which of `n` points lie inside `polygon` ([x, y] vertices in map coordinates, closed by itself)
 * by the even-odd rule, and return how many. `range` is that of 16-bit codes, null where `xy` holds the coordinates.
 * Points without a place are outside; so are all where there are fewer than three vertices.
 */
export function insidePolygon(xy, n, range, polygon, out) {
  out.fill(0, 0, n);
  if (polygon.length < 3) return 0;
  let left = Infinity;
  let right = -Infinity;
  let low = Infinity;
  let high = -Infinity;
  for (const [x, y] of polygon) {
    left = Math.min(left, x);
    right = Math.max(right, x);
    low = Math.min(low, y);
    high = Math.max(high, y);
  }
  if (!(high > low)) return 0;
  const { perBand, start, edges } = bandEdges(polygon, low, high);
  const originX = range ? range[0] : 0;
  const originY = range ? range[2] : 0;
  const widthX = range ? range[1] - range[0] : 1;
  const widthY = range ? range[3] - range[2] : 1;
  const codes = range ? LAST_CODE : 1;
  const missing = range ? MISSING : Infinity;
  let count = 0;
  for (let i = 0; i < n; i += 1) {
    const u = xy[2 * i];
    const x = originX + (u * widthX) / codes;
    // NaN fails
    if (!(x >= left && x <= right) || u === missing) continue;
    const y = originY + (xy[2 * i + 1] * widthY) / codes;
    if (!(y >= low && y <= high)) continue;
    const band = Math.min(BANDS - 1, ((y - low) * perBand) | 0);
    const inside = crossesOdd(edges, start[band], start[band + 1], x, y);
    out[i] = inside;
    count += inside;
  }
  return count;
}

/** Index and squared distance of the vertex between `first` and `last` (around the ring) farthest from their line. */
function farthestBetween(ring, first, last) {
  const n = ring.length;
  const [ax, ay] = ring[first];
  const [bx, by] = ring[last];
  const dx = bx - ax;
  const dy = by - ay;
  const length2 = dx * dx + dy * dy;
  let at = -1;
  let most = -1;
  for (let i = (first + 1) % n; i !== last; i = (i + 1) % n) {
    const px = ring[i][0] - ax;
    const py = ring[i][1] - ay;
    const t = length2 > 0 ? Math.min(1, Math.max(0, (px * dx + py * dy) / length2)) : 0;
    const distance = (px - t * dx) ** 2 + (py - t * dy) ** 2;
    if (distance > most) {
      most = distance;
      at = i;
    }
  }
  return { first, last, at, most };
}

/**
 * At most `most` of the vertices of a closed polygon, in their order, that keep its shape best: as Douglas and Peucker,
 * but always splitting where the deviation is largest, until what is left cannot be seen.
 */
export function simplifyPolygon(points, most) {
  const ring = points.filter(([x, y], i) => i === 0 || x !== points[i - 1][0] || y !== points[i - 1][1]);
  if (ring.length <= 3) return ring;
  let opposite = 0;
  let diagonal = 0;
  ring.forEach(([x, y], i) => {
    const distance = (x - ring[0][0]) ** 2 + (y - ring[0][1]) ** 2;
    if (distance > diagonal) {
      diagonal = distance;
      opposite = i;
    }
  });
  if (opposite === 0) return ring.slice(0, 1);
  const kept = [0, opposite];
  const parts = [farthestBetween(ring, 0, opposite), farthestBetween(ring, opposite, 0)];
  while (kept.length < most) {
    let worst = 0;
    for (let k = 1; k < parts.length; k += 1) if (parts[k].most > parts[worst].most) worst = k;
    const { first, last, at, most: deviation } = parts[worst];
    if (at < 0 || (kept.length >= 3 && deviation <= diagonal * NEGLIGIBLE ** 2)) break;
    kept.push(at);
    parts.splice(worst, 1, farthestBetween(ring, first, at), farthestBetween(ring, at, last));
  }
  return kept.sort((a, b) => a - b).map((i) => ring[i]);
}
