/**
 * From stored points to pixels: which points of a panel touch it, where, and in what colour.
 *
 * Points go through in chunks, so that what one step hands the next stays in the processor's first cache: in one go,
 * 283k points took three times as long. 16-bit codes and floats, and 8 and 16-bit colours, have a loop each, since a loop
 * that has met two kinds of array checks the kind at every point.
 */

import { MISSING } from "./place.js";

/** Points located at a time. */
export const CHUNK = 4096;
/** Bits of the column of a clipped stamp's corner. */
const COLUMN_BITS = 16;

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

/** Column and row, relative to the panel, of the corner of a stamp that must be clipped. */
export function clippedCorner(entry, size) {
  const packed = -1 - entry;
  return [(packed & ((1 << COLUMN_BITS) - 1)) - size + 1, (packed >>> COLUMN_BITS) - size + 1];
}

/**
 * The panel as `locate` functions want it: `scale` and `bounds` are typed arrays because numbers read from them are
 * known to be plain floats and integers throughout the loop (arguments are checked at each use, twice the time).
 * Pixels are counted from the leftmost and uppermost corner whose stamp still touches the panel.
 */
export function makeFrame(place, rect, stamp, width) {
  const whole = stamp.size - 1;
  return {
    scale: Float64Array.of(
      place.ax,
      place.bx - stamp.shift - rect.x + whole,
      place.ay,
      place.by - stamp.shift - rect.y + whole,
      rect.w + whole,
      rect.h + whole,
      whole / 2,
      rect.w,
      rect.h,
    ),
    bounds: Int32Array.of(whole, rect.w - whole, rect.h - whole, rect.y * width + rect.x, width),
    at: new Int32Array(CHUNK),
    who: new Int32Array(CHUNK),
    ink: new Int32Array(CHUNK),
    inside: 0,
  };
}

/**
 * Locate points `first` to `end` (at most a chunk) for which `mask` is `wanted` (all where it is null) into `frame.at` and
 * their indices into `frame.who`; return how many. An entry >= 0 is the pixel of the corner of a stamp that lies wholly
 * inside the panel, a negative one holds a `clippedCorner`. Centres inside the panel are added to `frame.inside`.
 */
function locateCodes(xy, first, end, frame, mask, wanted) {
  const { at, who, scale, bounds } = frame;
  const ax = scale[0];
  const bx = scale[1];
  const ay = scale[2];
  const by = scale[3];
  const spanX = scale[4];
  const spanY = scale[5];
  const whole = bounds[0];
  const wholeX = bounds[1];
  const wholeY = bounds[2];
  const origin = bounds[3];
  const width = bounds[4];
  let count = 0;
  let partly = 0;
  for (let i = first; i < end; i += 1) {
    if (mask !== null && mask[i] !== wanted) continue;
    const u = xy[2 * i];
    if (u === MISSING) continue;
    const fx = ax * u + bx;
    const fy = ay * xy[2 * i + 1] + by;
    if (!(fx >= 0 && fx < spanX && fy >= 0 && fy < spanY)) continue;
    const column = (fx | 0) - whole;
    const row = (fy | 0) - whole;
    who[count] = i;
    if (column >= 0 && column < wholeX && row >= 0 && row < wholeY) {
      at[count] = origin + Math.imul(row, width) + column;
    } else {
      at[count] = -1 - (((row + whole) << COLUMN_BITS) | (column + whole));
      partly += centreOutside(fx, fy, scale);
    }
    count += 1;
  }
  frame.inside += count - partly;
  return count;
}

/** The same for floats: a missing point is NaN and fails the comparison. */
function locateFloats(xy, first, end, frame, mask, wanted) {
  const { at, who, scale, bounds } = frame;
  const ax = scale[0];
  const bx = scale[1];
  const ay = scale[2];
  const by = scale[3];
  const spanX = scale[4];
  const spanY = scale[5];
  const whole = bounds[0];
  const wholeX = bounds[1];
  const wholeY = bounds[2];
  const origin = bounds[3];
  const width = bounds[4];
  let count = 0;
  let partly = 0;
  for (let i = first; i < end; i += 1) {
    if (mask !== null && mask[i] !== wanted) continue;
    const fx = ax * xy[2 * i] + bx;
    const fy = ay * xy[2 * i + 1] + by;
    if (!(fx >= 0 && fx < spanX && fy >= 0 && fy < spanY)) continue;
    const column = (fx | 0) - whole;
    const row = (fy | 0) - whole;
    who[count] = i;
    if (column >= 0 && column < wholeX && row >= 0 && row < wholeY) {
      at[count] = origin + Math.imul(row, width) + column;
    } else {
      at[count] = -1 - (((row + whole) << COLUMN_BITS) | (column + whole));
      partly += centreOutside(fx, fy, scale);
    }
    count += 1;
  }
  frame.inside += count - partly;
  return count;
}

/** 1 where the centre of a clipped stamp lies outside the panel. */
function centreOutside(fx, fy, scale) {
  const x = fx - scale[6];
  const y = fy - scale[6];
  return x >= 0 && x < scale[7] && y >= 0 && y < scale[8] ? 0 : 1;
}

/** The locating loop for this kind of coordinates. */
export function locatorOf(xy) {
  return xy instanceof Uint16Array ? locateCodes : locateFloats;
}

function inkBytes(codes, inks, who, ink, count) {
  for (let k = 0; k < count; k += 1) ink[k] = inks[codes[who[k]]];
}

function inkWords(codes, inks, who, ink, count) {
  for (let k = 0; k < count; k += 1) ink[k] = inks[codes[who[k]]];
}

function inkAlike(codes, inks, who, ink, count) {
  ink.fill(inks[0], 0, count);
}

/** The loop that looks up colours of located points for this kind of codes; null gives all the first colour. */
export function inkerOf(codes) {
  if (codes === null) return inkAlike;
  return codes instanceof Uint8Array ? inkBytes : inkWords;
}
