/** Colours as the raster wants them: 32-bit ABGR, which little-endian memory holds as R, G, B, A. */

import { LAST_CODE, MISSING } from "./place.js";

/** ABGR number of "#rrggbb". */
export function abgr(hex, alpha = 255) {
  const rgb = Number.parseInt(hex.slice(1), 16);
  return ((alpha << 24) | ((rgb & 0xff) << 16) | (rgb & 0xff00) | (rgb >>> 16)) >>> 0;
}

/** Colour of each of the 256 codes of a category; codes without an entry (255: no value) take `fallback` (ABGR). */
/** A colour of a table as CSS takes it. */
export function cssColour(ink) {
  return `rgb(${ink & 255} ${(ink >>> 8) & 255} ${(ink >>> 16) & 255})`;
}

export function categoryLut(entries, fallback) {
  const lut = new Uint32Array(256).fill(fallback);
  entries.forEach((entry, code) => {
    lut[code] = abgr(entry.colour);
  });
  return lut;
}

/** Value of a 16-bit code of a number quantity. */
export function valueOfCode(code, legend) {
  const part = code / LAST_CODE;
  return legend.log ? legend.lo * (legend.hi / legend.lo) ** part : legend.lo + part * (legend.hi - legend.lo);
}

/**
 * The ends of the colour scale and whether it is logarithmic. A logarithmic scale from zero or below starts four decades
 * under its end instead; one that ends there is linear.
 */
export function scaleOf(legend, { limits = null, log = false } = {}) {
  const [lo, hi] = limits ?? [legend.lo, legend.hi];
  if (!log || !(hi > 0)) return { lo, hi, log: false };
  return { lo: lo > 0 ? lo : hi / 1e4, hi, log: true };
}

/** Position of `value` on the scale, 0 to 1; a scale without width puts all in its middle. */
export function positionOnScale(value, scale) {
  if (!(scale.hi > scale.lo)) return 0.5;
  if (scale.log && !(value > 0)) return 0;
  const part = scale.log
    ? Math.log(value / scale.lo) / Math.log(scale.hi / scale.lo)
    : (value - scale.lo) / (scale.hi - scale.lo);
  return Math.min(1, Math.max(0, part));
}

function channelsOf(hex) {
  const rgb = Number.parseInt(hex.slice(1), 16);
  return [rgb >>> 16, (rgb >>> 8) & 0xff, rgb & 0xff];
}

/** ABGR at `part` (0 to 1) between evenly spaced stops, each [r, g, b]. */
function mixStops(channels, part) {
  const last = channels.length - 1;
  const i = Math.min(last - 1, Math.floor(part * last));
  const t = part * last - i;
  const [r, g, b] = channels[i].map((from, k) => Math.round(from + t * (channels[i + 1][k] - from)));
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/**
 * Colour of each of the 65,536 codes of a number quantity: `stops` ("#rrggbb", evenly spaced) over the scale that
 * `limits`, `log` and `reverse` ask for; values beyond its ends take the end's colour, those missing `none` (ABGR).
 */
export function scaleLut(stops, legend, { limits = null, log = false, reverse = false } = {}, none = 0) {
  const channels = stops.map(channelsOf);
  const ramp = Uint32Array.from({ length: 1024 }, (_, i) => mixStops(channels, reverse ? 1 - i / 1023 : i / 1023));
  const scale = scaleOf(legend, { limits, log });
  const lut = new Uint32Array(65536);
  for (let code = 0; code <= LAST_CODE; code += 1) {
    lut[code] = ramp[Math.round(positionOnScale(valueOfCode(code, legend), scale) * 1023)];
  }
  lut[MISSING] = none;
  return lut;
}
