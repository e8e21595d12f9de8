/**
 * A chunk of points on its way from stored numbers to pixels: located in the panel, then stamped in colour.
 *
 * Points go from the last, which is on top, to the first, so that each goes beneath those before and what is hidden costs
 * little: of points whose stamps have one corner only the first is stamped, and pixels that are full are left alone. That
 * made 283k discs of radius 3 four times as fast.
 *
 * Chunks, so that what one step hands the next stays in the processor's first cache: in one go it took three times as
 * long. What the steps share are constants of this module, because V8 knows where those lie; passed as arguments or
 * imported, they cost a third more. 16-bit codes and floats have a loop each, since a loop that has met two
 * kinds of array checks the kind at every point.
 */

import { MISSING } from "./place.js";
import { layUnder } from "./stamp.js";

/** Most points of a chunk. */
export const CHUNK = 4096;
/** Where the points to be stamped fall, and which they are. */
const AT = new Int32Array(CHUNK);
const WHO = new Int32Array(CHUNK);
/** Points to be stamped are counted in the lower bits, all that were located in the upper. */
const ONE_FOUND = 8192;
const NEW = 8191;
/** The panel, in arrays because numbers read from these are known to be plain floats and integers. */
const SCALE = new Float64Array(9);
const BOUNDS = new Int32Array(3);
/** Bits of the column of a clipped stamp's corner. */
const COLUMN_BITS = 16;

/**
 * Set the panel that points are located in: `place` and `rect` as `drawPoints` takes them, corners of stamps counted from
 * the panel's upper left pixel, on a raster `width` pixels wide.
 */
export function setPanel(place, rect, stamp, width) {
  const whole = stamp.size - 1;
  SCALE[0] = place.ax;
  SCALE[1] = place.bx - stamp.shift - rect.x;
  SCALE[2] = place.ay;
  SCALE[3] = place.by - stamp.shift - rect.y;
  SCALE[4] = rect.w - whole;
  SCALE[5] = rect.h - whole;
  SCALE[6] = rect.w;
  SCALE[7] = rect.h;
  SCALE[8] = whole;
  BOUNDS[0] = rect.y * width + rect.x;
  BOUNDS[1] = width;
  BOUNDS[2] = 0;
}

/** How many of the points located since `setPanel` touch the panel although their centre is outside. */
export function countOutside() {
  return BOUNDS[2];
}

/** Column and row, relative to the panel, of the corner of a stamp that must be clipped. */
function clippedCorner(entry, size) {
  const packed = -1 - entry;
  return [(packed & ((1 << COLUMN_BITS) - 1)) - size + 1, (packed >>> COLUMN_BITS) - size + 1];
}

/** Entry of a stamp that the panel's edge cuts, 0 where it lies outside. */
function edgeEntry(fx, fy) {
  const whole = SCALE[8];
  if (!(fx >= -whole && fx < SCALE[6] && fy >= -whole && fy < SCALE[7])) return 0;
  const x = fx + whole / 2;
  const y = fy + whole / 2;
  if (!(x >= 0 && x < SCALE[6] && y >= 0 && y < SCALE[7])) BOUNDS[2] += 1;
  return -1 - (((Math.floor(fy) + whole) << COLUMN_BITS) | (Math.floor(fx) + whole));
}

/**
 * Locate points `end` - 1 down to `first` (at most a chunk) for which `mask` is `wanted` (all where it is null). Those to be
 * stamped go to AT and WHO. An entry >= 0 of AT is the pixel of the corner of a stamp that lies wholly inside the panel,
 * new in `stamped`; a negative one holds a `clippedCorner`. Returns both counts: see ONE_FOUND.
 *
 * Nothing but `return` may follow the loop: V8 replaces the loop while it first runs, never learns what comes after, and
 * then falls out of the fast code at the end of every chunk (three times the time in all).
 */
function locateCodes(xy, first, end, mask, wanted, stamped) {
  const missing = MISSING;
  const ax = SCALE[0];
  const bx = SCALE[1];
  const ay = SCALE[2];
  const by = SCALE[3];
  const wholeX = SCALE[4];
  const wholeY = SCALE[5];
  const origin = BOUNDS[0];
  const width = BOUNDS[1];
  let found = 0;
  for (let i = end - 1; i >= first; i -= 1) {
    if (mask !== null && mask[i] !== wanted) continue;
    const u = xy[2 * i];
    if (u === missing) continue;
    const fx = ax * u + bx;
    const fy = ay * xy[2 * i + 1] + by;
    if (fx >= 0 && fx < wholeX && fy >= 0 && fy < wholeY) {
      const pixel = (origin + Math.imul(fy | 0, width) + (fx | 0)) | 0;
      found = (found + ONE_FOUND) | 0;
      if (stamped[pixel] === 1) continue;
      stamped[pixel] = 1;
      AT[found & NEW] = pixel;
    } else {
      const entry = edgeEntry(fx, fy);
      if (entry === 0) continue;
      found = (found + ONE_FOUND) | 0;
      AT[found & NEW] = entry;
    }
    WHO[found & NEW] = i;
    found = (found + 1) | 0;
  }
  return found;
}

/** The same for floats: a missing point is NaN and fails every comparison. */
function locateFloats(xy, first, end, mask, wanted, stamped) {
  const ax = SCALE[0];
  const bx = SCALE[1];
  const ay = SCALE[2];
  const by = SCALE[3];
  const wholeX = SCALE[4];
  const wholeY = SCALE[5];
  const origin = BOUNDS[0];
  const width = BOUNDS[1];
  let found = 0;
  for (let i = end - 1; i >= first; i -= 1) {
    if (mask !== null && mask[i] !== wanted) continue;
    const fx = ax * xy[2 * i] + bx;
    const fy = ay * xy[2 * i + 1] + by;
    if (fx >= 0 && fx < wholeX && fy >= 0 && fy < wholeY) {
      const pixel = (origin + Math.imul(fy | 0, width) + (fx | 0)) | 0;
      found = (found + ONE_FOUND) | 0;
      if (stamped[pixel] === 1) continue;
      stamped[pixel] = 1;
      AT[found & NEW] = pixel;
    } else {
      const entry = edgeEntry(fx, fy);
      if (entry === 0) continue;
      found = (found + ONE_FOUND) | 0;
      AT[found & NEW] = entry;
    }
    WHO[found & NEW] = i;
    found = (found + 1) | 0;
  }
  return found;
}

/** Part of the stamp at (column, row) of the corner of a clipped entry that lies in `rect`. */
function stampClipped(words, width, rect, stamp, entry, ink) {
  const { size, coverage } = stamp;
  const [column, row] = clippedCorner(entry, size);
  for (let y = Math.max(0, -row); y < Math.min(size, rect.h - row); y += 1) {
    for (let x = Math.max(0, -column); x < Math.min(size, rect.w - column); x += 1) {
      const pixel = (rect.y + row + y) * width + rect.x + column + x;
      if (stamp.disc) words[pixel] = layUnder(words[pixel], ink, coverage[y * size + x]);
      else if (words[pixel] === 0) words[pixel] = ink;
    }
  }
}

function stampPixels(words, inks, codes, count) {
  for (let i = 0; i < count; i += 1) words[AT[i]] = codes === null ? inks[0] : inks[codes[WHO[i]]];
}

function stampSquares(words, width, rect, stamp, clipped, inks, codes, count) {
  for (let i = 0; i < count; i += 1) {
    const corner = AT[i];
    const ink = codes === null ? inks[0] : inks[codes[WHO[i]]];
    if (corner < 0) {
      if (!clipped.has(corner)) stampClipped(words, width, rect, stamp, corner, ink);
      clipped.add(corner);
      continue;
    }
    const below = (corner + width) | 0;
    if (words[corner] === 0) words[corner] = ink;
    if (words[corner + 1] === 0) words[corner + 1] = ink;
    if (words[below] === 0) words[below] = ink;
    if (words[below + 1] === 0) words[below + 1] = ink;
  }
}

function stampDiscs(words, width, rect, stamp, clipped, inks, codes, count) {
  const { offsets, cover } = stamp;
  const size = offsets.length;
  for (let i = 0; i < count; i += 1) {
    const corner = AT[i];
    const ink = codes === null ? inks[0] : inks[codes[WHO[i]]];
    if (corner < 0) {
      if (!clipped.has(corner)) stampClipped(words, width, rect, stamp, corner, ink);
      clipped.add(corner);
      continue;
    }
    for (let k = 0; k < size; k += 1) {
      const pixel = corner + offsets[k];
      const front = words[pixel];
      if (front >>> 24 === 255) continue;
      const part = cover[k];
      words[pixel] = front === 0 && part === 256 ? ink : layUnder(front, ink, part);
    }
  }
}

/**
 * Put points `first` to `end` for which `mask` is `wanted` beneath what is in `rect` of the raster, in the colours
 * `inks[codes[i]]` (`inks[0]` where `codes` is null); return how many touch it. `clipped` keeps the corners of clipped
 * stamps from one chunk to the next.
 */
export function drawChunk(raster, rect, stamp, clipped, { xy, mask }, wanted, inks, codes, first, end) {
  const { words, width, stamped } = raster;
  const locate = xy instanceof Uint16Array ? locateCodes : locateFloats;
  const found = locate(xy, first, end, mask, wanted, stamped);
  const count = found & NEW;
  if (stamp.disc) stampDiscs(words, width, rect, stamp, clipped, inks, codes, count);
  else if (stamp.size === 1) stampPixels(words, inks, codes, count);
  else stampSquares(words, width, rect, stamp, clipped, inks, codes, count);
  return Math.floor(found / ONE_FOUND);
}
