/* The frame of a small chart: axes with ticks and titles, and where values stand in it. */
import { niceEdges } from "../panels/bins.js";
import { svgNode } from "../panels/nodes.js";
import { tickNumber } from "../panels/words.js";

export const inkOf = (name) => `var(--${name})`;

/* A scale from values to px; `log` for numbers above 0. */
export function chartScale([lo, hi], [from, to], log = false) {
  const of = log ? Math.log10 : (v) => v;
  const [a, b] = [of(lo), of(hi)];
  const scale = (v) => from + ((of(v) - a) / (b - a || 1)) * (to - from);
  return Object.assign(scale, { lo, hi, log });
}

/* Ends as `roundRange` gives them, less what lies beyond the range that a metric can have. */
export function metricRange(values, also, metric) {
  const [lo, hi] = roundRange(values, also);
  const inside = (bound, past) => bound !== null && ![...values, ...also].some((v) => v !== null && past(v));
  return [inside(metric.low, (v) => v < metric.low) ? Math.max(lo, metric.low) : lo, inside(metric.high, (v) => v > metric.high) ? Math.min(hi, metric.high) : hi];
}

/* Ends that hold all numbers, at round ones; `also` are numbers that must be inside as well. */
export function roundRange(values, also = [], most = 5) {
  const all = [...values, ...also].filter((v) => v !== null && Number.isFinite(v));
  if (!all.length) return [0, 1];
  const [least, greatest] = [Math.min(...all), Math.max(...all)];
  const edges = niceEdges(least, greatest > least ? greatest : least + (Math.abs(least) || 1) * 0.1, most);
  return [edges[0], edges[edges.length - 1]];
}

export const chartLine = (x1, y1, x2, y2, more = {}) => svgNode("line", { x1, y1, x2, y2, stroke: inkOf("strong-line"), ...more });

export const chartText = (x, y, text, more = {}) => svgNode("text", { x, y, ...more }, text);

/* Parts of a frame of that box with axes `x` and `y`: {scale, title, ticks: [[value, text]], grid}. */
export function chartFrame({ left, right, top, bottom }, x, y) {
  const parts = [];
  const ticksOf = (axis, room) => axis.ticks || [...niceEdges(axis.scale.lo, axis.scale.hi, room)].filter((v) => v >= axis.scale.lo - 1e-9 && v <= axis.scale.hi + 1e-9).map((v) => [v, tickNumber(v)]);
  for (const [v, text] of ticksOf(x, Math.max(2, Math.floor((right - left) / 56)))) {
    const at = x.scale(v);
    if (x.grid) parts.push(chartLine(at, top, at, bottom, { stroke: inkOf("line") }));
    parts.push(chartLine(at, bottom, at, bottom + 3), chartText(at, bottom + 14, text, { class: "tick", "text-anchor": "middle" }));
  }
  for (const [v, text] of ticksOf(y, Math.max(2, Math.floor((bottom - top) / 40)))) {
    const at = y.scale(v);
    if (y.grid) parts.push(chartLine(left, at, right, at, { stroke: inkOf("line") }));
    parts.push(chartLine(left - 3, at, left, at), chartText(left - 6, at + 3.5, text, { class: "tick", "text-anchor": "end" }));
  }
  parts.push(svgNode("path", { d: `M${left} ${top}V${bottom}H${right}`, fill: "none", stroke: inkOf("strong-line") }));
  if (x.title) parts.push(chartText((left + right) / 2, bottom + 29, x.title, { class: "axis-name", "text-anchor": "middle" }));
  if (y.title) parts.push(chartText(0, 0, y.title, { class: "axis-name", "text-anchor": "middle", transform: `translate(${left - 38} ${(top + bottom) / 2}) rotate(-90)` }));
  return parts;
}

export const NAME_FONT = "12px Inter, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif";

/* Width of a text in px, in the page's font. */
let measuring = null;
export function textWidth(text, font = NAME_FONT) {
  measuring ||= document.createElement("canvas").getContext("2d");
  measuring.font = font;
  return measuring.measureText(text).width;
}

/* Cut to a width in px. */
export function cutText(text, room, font) {
  if (textWidth(text, font) <= room) return text;
  let end = text.length - 1;
  while (end > 1 && textWidth(`${text.slice(0, end)}…`, font) > room) end -= 1;
  return `${text.slice(0, end)}…`;
}
