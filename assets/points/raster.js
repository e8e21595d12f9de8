/** Points drawn by the processor into plain memory, which a canvas then shows: no WebGL, and the same on every screen. */

import { CHUNK, countOutside, drawChunk, setPanel } from "./chunk.js";
import { makeStamp } from "./stamp.js";

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
    stamped: new Uint8Array(width * height),
  };
}

/** Make all transparent again. */
export function clearRaster(raster) {
  raster.words.fill(0);
}

/** `rect` cut to the raster. */
export function cutToRaster(raster, rect) {
  const x = Math.max(0, rect.x);
  const y = Math.max(0, rect.y);
  return {
    x,
    y,
    w: Math.max(0, Math.min(raster.width, rect.x + rect.w) - x),
    h: Math.max(0, Math.min(raster.height, rect.y + rect.h) - y),
  };
}

/** Make `rect` transparent again, and forget what was stamped there. */
function clearRect({ words, stamped, width }, { x, y, w, h }) {
  for (let row = y; row < y + h; row += 1) {
    words.fill(0, row * width + x, row * width + x + w);
    stamped.fill(0, row * width + x, row * width + x + w);
  }
}

/**
 * Draw the points of one panel anew and return how many have their centre inside it.
 *
 * `xy` holds `n` interleaved pairs (16-bit codes or floats), `place` says where they fall, `rect` (whole device pixels)
 * cuts them off. A point's colour is `lut[codes[i]]` (`lut[0]` where `codes` is null); where `mask[i]` is 0 instead of 1
 * it is `muted` and lies beneath all others. Within both kinds the stored order decides what is on top. Points without a
 * place are skipped. Discs from a radius of 1.2 device pixels, squares below.
 */
export function drawPoints(raster, { xy, n, place, rect: asked, codes = null, lut, mask = null, muted = 0, radius }) {
  const rect = cutToRaster(raster, asked);
  const stamp = makeStamp(radius, raster.width);
  const inks = new Int32Array(lut.buffer, lut.byteOffset, lut.length);
  const clipped = new Set();
  const last = CHUNK * (Math.ceil(n / CHUNK) - 1);
  clearRect(raster, rect);
  setPanel(place, rect, stamp, raster.width);
  let touching = 0;
  const drawAll = (wanted, colours, by) => {
    for (let first = last; first >= 0; first -= CHUNK) {
      const end = Math.min(n, first + CHUNK);
      touching += drawChunk(raster, rect, stamp, clipped, { xy, mask }, wanted, colours, by, first, end);
    }
  };
  drawAll(1, inks, codes);
  if (mask !== null) drawAll(0, Int32Array.of(muted), null);
  return touching - countOutside();
}
