/* The axis of a legend's numbers, and colours along it. Scales are those of the maps: {lo, hi, log}. */
import { positionOnScale } from "../points/lut.js";

/* The value at a part (0 to 1) of a scale, the inverse of `positionOnScale`. */
export function valueOnScale(part, scale) {
  return scale.log ? scale.lo * (scale.hi / scale.lo) ** part : scale.lo + part * (scale.hi - scale.lo);
}

/* Whether a logarithmic scale is possible. */
export const canBeLog = (legend) => legend.kind === "number" && legend.hi > 0 && legend.hi > legend.lo;

const rgbOfHex = (colour) => [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));

/* "#rrggbb" at a part (0 to 1) of evenly spaced stops. */
export function colourAt(stops, part, reverse = false) {
  const along = Math.min(Math.max(reverse ? 1 - part : part, 0), 1) * (stops.length - 1);
  const below = Math.min(Math.floor(along), stops.length - 2);
  const [a, b] = [rgbOfHex(stops[below]), rgbOfHex(stops[below + 1])];
  return `#${a
    .map((v, i) =>
      Math.round(v + (along - below) * (b[i] - v))
        .toString(16)
        .padStart(2, "0"),
    )
    .join("")}`;
}

/* Black or white, whichever reads better on "#rrggbb". */
export function textOnColour(colour) {
  const [r, g, b] = rgbOfHex(colour).map((v) => (v / 255) ** 2.2);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179 ? "#000000" : "#ffffff";
}

/* Bars of a legend's counts along `axis`: {from, to, height} from 0 to 1, and the value in the middle. */
export function histogramBars(legend, axis) {
  const { counts, lo, hi } = legend;
  const most = Math.max(...counts);
  const stored = { lo, hi, log: legend.log };
  const edge = (k) => positionOnScale(valueOnScale(k / counts.length, stored), axis);
  return counts.flatMap((n, k) => {
    if (!n) return [];
    const [from, to] = [edge(k), edge(k + 1)];
    return [{ from, to, height: n / most, value: valueOnScale((from + to) / 2, axis) }];
  });
}

/* Limits after one end has been put at `value`; null where they are the whole range, undefined where they cross. */
export function limitsAfter(legend, limits, end, value) {
  const next = [...(limits || [legend.lo, legend.hi])];
  next[end] = value;
  if (!(next[0] < next[1])) return undefined;
  return next[0] === legend.lo && next[1] === legend.hi ? null : next;
}

/* A dragged value to what the scale can tell apart: a thousandth of its range, or of itself where logarithmic. */
export function roundOnScale(value, scale, integer) {
  if (integer) return Math.round(value);
  const spread = scale.log ? Math.abs(value) : scale.hi - scale.lo;
  const digits = Math.min(Math.max(3 - Math.floor(Math.log10(spread || 1)), 0), 15);
  return Number(value.toFixed(digits));
}
