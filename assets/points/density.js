/** Points as densities: each bin in the mean colour of its points, the more opaque the more they are. */

import { MISSING } from "./place.js";
import { cutToRaster } from "./raster.js";

/** Opacity of a bin that holds one point, where the fullest holds many. */
const LEAST_OPACITY = 0.25;
/** Opacity of the fullest bin of muted points alone. */
const MOST_MUTED = 0.45;

// written once for codes and once for floats, since a loop over both kinds of array is slower
function sumCodes(xy, n, place, frame, codes, lut, mask, sums, away) {
  const { columns, spanX, spanY, bx, by, per } = frame;
  const { ax, ay } = place;
  let inside = 0;
  for (let i = 0; i < n; i += 1) {
    const u = xy[2 * i];
    if (u === MISSING) continue;
    const fx = ax * u + bx;
    const fy = ay * xy[2 * i + 1] + by;
    if (!(fx >= 0 && fx < spanX && fy >= 0 && fy < spanY)) continue;
    inside += 1;
    const bin = ((fy * per) | 0) * columns + ((fx * per) | 0);
    if (mask !== null && mask[i] === 0) {
      away[bin] += 1;
      continue;
    }
    const ink = lut[codes[i]];
    const k = bin * 4;
    sums[k] += ink & 0xff;
    sums[k + 1] += (ink >>> 8) & 0xff;
    sums[k + 2] += (ink >>> 16) & 0xff;
    sums[k + 3] += 1;
  }
  return inside;
}

function sumFloats(xy, n, place, frame, codes, lut, mask, sums, away) {
  const { columns, spanX, spanY, bx, by, per } = frame;
  const { ax, ay } = place;
  let inside = 0;
  for (let i = 0; i < n; i += 1) {
    const fx = ax * xy[2 * i] + bx;
    const fy = ay * xy[2 * i + 1] + by;
    // NaN fails, so a missing point is skipped here
    if (!(fx >= 0 && fx < spanX && fy >= 0 && fy < spanY)) continue;
    inside += 1;
    const bin = ((fy * per) | 0) * columns + ((fx * per) | 0);
    if (mask !== null && mask[i] === 0) {
      away[bin] += 1;
      continue;
    }
    const ink = lut[codes[i]];
    const k = bin * 4;
    sums[k] += ink & 0xff;
    sums[k + 1] += (ink >>> 8) & 0xff;
    sums[k + 2] += (ink >>> 16) & 0xff;
    sums[k + 3] += 1;
  }
  return inside;
}

/** `part` (0 to 1) of the colour (red, green, blue) over the opaque colour `ground`, as ABGR. */
function mixOver(ground, red, green, blue, part) {
  const r = (ground & 0xff) + (red - (ground & 0xff)) * part;
  const g = ((ground >>> 8) & 0xff) + (green - ((ground >>> 8) & 0xff)) * part;
  const b = ((ground >>> 16) & 0xff) + (blue - ((ground >>> 16) & 0xff)) * part;
  return (255 << 24) | (Math.round(b) << 16) | (Math.round(g) << 8) | Math.round(r);
}

function largestOf(counts, first, step) {
  let most = 0;
  for (let k = first; k < counts.length; k += step) if (counts[k] > most) most = counts[k];
  return most;
}

/**
 * Draw the points of one panel as densities over the page's colour `ground` (ABGR) and return how many lie inside;
 * otherwise as `drawPoints`. A bin is `bin` device pixels square. Opacity grows with the logarithm of a bin's count and
 * is full in the fullest bin of the panel. Muted points leave a faint grey where there is nothing else. Empty bins stay
 * transparent.
 */
export function drawDensity(raster, job) {
  const { xy, n, place, lut, ground, muted } = job;
  const bin = Math.max(1, Math.round(job.bin ?? 2));
  const rect = cutToRaster(raster, job.rect);
  const columns = Math.ceil(rect.w / bin);
  const rows = Math.ceil(rect.h / bin);
  const sums = new Uint32Array(4 * columns * rows);
  const away = new Uint32Array(columns * rows);
  const frame = { columns, spanX: rect.w, spanY: rect.h, bx: place.bx - rect.x, by: place.by - rect.y, per: 1 / bin };
  const sum = xy instanceof Uint16Array ? sumCodes : sumFloats;
  const inside = sum(xy, n, place, frame, job.codes ?? new Uint8Array(n), lut, job.mask ?? null, sums, away);
  const perCount = (1 - LEAST_OPACITY) / Math.log(Math.max(2, largestOf(sums, 3, 4)));
  const perMuted = MOST_MUTED / Math.log(1 + Math.max(1, largestOf(away, 0, 1)));
  const { words, width } = raster;
  for (let row = 0; row < rows; row += 1) {
    const top = rect.y + row * bin;
    const bottom = Math.min(rect.y + rect.h, top + bin);
    for (let column = 0; column < columns; column += 1) {
      const k = row * columns + column;
      const count = sums[4 * k + 3];
      if (count === 0 && away[k] === 0) continue;
      const ink =
        count > 0
          ? mixOver(
              ground,
              sums[4 * k] / count,
              sums[4 * k + 1] / count,
              sums[4 * k + 2] / count,
              LEAST_OPACITY + Math.log(count) * perCount,
            )
          : mixOver(ground, muted & 0xff, (muted >>> 8) & 0xff, (muted >>> 16) & 0xff, Math.log(1 + away[k]) * perMuted);
      const left = rect.x + column * bin;
      const right = Math.min(rect.x + rect.w, left + bin);
      for (let y = top; y < bottom; y += 1) words.fill(ink, y * width + left, y * width + right);
    }
  }
  return inside;
}
