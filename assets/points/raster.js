/** Points drawn by the processor into plain memory, which a canvas then shows: no WebGL, and the same on every screen. */

import { CHUNK, clippedCorner, cutToRaster, inkerOf, locatorOf, makeFrame } from "./locate.js";
import { layOver, makeStamp } from "./stamp.js";

/** Transparent raster of `width` by `height` device pixels; `bytes` is what ImageData takes. */
export function makeRaster(width, height) {
  const buffer = new ArrayBuffer(4 * width * height);
  return {
    width,
    height,
    pixels: new Uint32Array(buffer),
    bytes: new Uint8ClampedArray(buffer),
    // signed, for the inner loops: colours then stay machine integers
    words: new Int32Array(buffer),
  };
}

/** Make all transparent again. */
export function clearRaster(raster) {
  raster.words.fill(0);
}

/** One stamp whose corner is at (column, row) of `rect`, cut to it. */
function stampClipped(raster, rect, stamp, entry, ink) {
  const { size, coverage } = stamp;
  const { words, width } = raster;
  const [column, row] = clippedCorner(entry, size);
  for (let y = Math.max(0, -row); y < Math.min(size, rect.h - row); y += 1) {
    for (let x = Math.max(0, -column); x < Math.min(size, rect.w - column); x += 1) {
      const part = coverage[y * size + x];
      if (part === 0) continue;
      const pixel = (rect.y + row + y) * width + rect.x + column + x;
      words[pixel] = part === 256 ? ink : layOver(words[pixel], ink, part);
    }
  }
}

function stampPixels(words, at, inks, count) {
  for (let i = 0; i < count; i += 1) words[at[i]] = inks[i];
}

function stampSquares(raster, rect, stamp, at, inks, count) {
  const { words, width } = raster;
  const { size, solid } = stamp;
  const solids = solid.length;
  for (let i = 0; i < count; i += 1) {
    const corner = at[i];
    const ink = inks[i];
    if (corner < 0) stampClipped(raster, rect, stamp, corner, ink);
    else if (size === 2) {
      words[corner] = ink;
      words[corner + 1] = ink;
      words[corner + width] = ink;
      words[corner + width + 1] = ink;
    } else for (let k = 0; k < solids; k += 1) words[corner + solid[k]] = ink;
  }
}

function stampDiscs(raster, rect, stamp, at, inks, count) {
  const { words } = raster;
  const { solid, rim, cover } = stamp;
  const solids = solid.length;
  const rims = rim.length;
  for (let i = 0; i < count; i += 1) {
    const corner = at[i];
    const ink = inks[i];
    if (corner < 0) {
      stampClipped(raster, rect, stamp, corner, ink);
      continue;
    }
    for (let k = 0; k < rims; k += 1) {
      const pixel = corner + rim[k];
      const under = words[pixel];
      if (under !== ink) words[pixel] = layOver(under, ink, cover[k]);
    }
    for (let k = 0; k < solids; k += 1) words[corner + solid[k]] = ink;
  }
}

/**
 * Draw the points of one panel and return how many have their centre inside it.
 *
 * `xy` holds `n` interleaved pairs (16-bit codes or floats), `place` says where they fall, `rect` (whole device pixels)
 * cuts them off. A point's colour is `lut[codes[i]]` (`lut[0]` where `codes` is null); where `mask[i]` is 0 it is `muted`
 * and lies beneath all others. Within both kinds the stored order decides what is on top. Points without a place are
 * skipped. Discs from a radius of 1.2 device pixels, squares below.
 */
export function drawPoints(raster, { xy, n, place, rect: asked, codes = null, lut, mask = null, muted = 0, radius }) {
  const rect = cutToRaster(raster, asked);
  const stamp = makeStamp(radius, raster.width);
  const frame = makeFrame(place, rect, stamp, raster.width);
  const inks = new Int32Array(lut.buffer, lut.byteOffset, lut.length);
  const locate = locatorOf(xy);
  const { at, who, ink } = frame;
  const drawAll = (wanted, lookUp) => {
    for (let first = 0; first < n; first += CHUNK) {
      const count = locate(xy, first, Math.min(n, first + CHUNK), frame, mask, wanted);
      lookUp(codes, inks, who, ink, count);
      if (stamp.size === 1) stampPixels(raster.words, at, ink, count);
      else if (stamp.rim.length === 0) stampSquares(raster, rect, stamp, at, ink, count);
      else stampDiscs(raster, rect, stamp, at, ink, count);
    }
  };
  if (mask !== null) {
    ink.fill(muted | 0);
    drawAll(0, () => undefined);
  }
  drawAll(1, inkerOf(codes));
  return frame.inside;
}
