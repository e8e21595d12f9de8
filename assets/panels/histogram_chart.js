/* One histogram as SVG: all atoms in grey behind, the selected in the accent, the brushed range over them. */
import { niceEdges } from "./bins.js";
import { svgNode } from "./nodes.js";
import { tickNumber } from "./words.js";

const [CHART_LEFT, CHART_RIGHT, CHART_TOP, CHART_BOTTOM] = [54, 8, 6, 32]; // px

/* Height of a count from 0 to 1. */
function countScale(most, mode) {
  if (mode !== "log") return (c) => (most ? c / most : 0);
  const top = Math.log10(Math.max(most, 1) * 1.25) + 0.3;
  // a count of one stands 0.3 decades above the ground, so that it is seen
  return (c) => (c > 0 ? (Math.log10(c) + 0.3) / top : 0);
}

function countTicks(most, mode) {
  if (mode === "share") return [...niceEdges(0, most, 3)].filter((t) => t <= most);
  if (mode !== "log") return [...niceEdges(0, Math.max(most, 1), 3)].filter((t) => t <= most && Number.isInteger(t));
  const powers = Math.floor(Math.log10(Math.max(most, 1)));
  const every = Math.ceil((powers + 1) / 4);
  return Array.from({ length: powers + 1 }, (_, p) => p).filter((p) => p % every === 0).map((p) => 10 ** p);
}

function valueTicks(bins, width) {
  const [lo, hi] = [bins.scaled[0], bins.scaled[bins.n]];
  const room = Math.max(2, Math.floor(width / 48));
  if (bins.integer) {
    const every = Math.max(1, Math.ceil(niceEdges(0, (hi - lo) / room, 1)[1]));
    const first = Math.ceil(lo);
    return Array.from({ length: Math.floor(hi) - first + 1 }, (_, i) => first + i)
      .filter((v) => v % every === 0 || (every > hi - lo && v === first)).map((v) => [v, tickNumber(v)]);
  }
  if (bins.log && hi - lo >= 1)
    return [...niceEdges(lo, hi, Math.min(room, Math.ceil(hi - lo)))].filter((e) => Number.isInteger(e) && e >= lo && e <= hi).map((e) => [e, tickNumber(10 ** e)]);
  return [...niceEdges(lo, hi, room)].filter((e) => e >= lo && e <= hi).map((e) => [e, tickNumber(bins.log ? 10 ** e : e)]);
}

/* Outline of all bars in one path; `at(i)` gives [left, right], `height(i)` from 0 to 1. */
function barsPath(n, at, height, ground, tall) {
  let path = "";
  for (let i = 0; i < n; i++) {
    const h = height(i);
    if (!(h > 0)) continue;
    const [x0, x1] = at(i);
    path += `M${x0.toFixed(1)} ${ground}V${(ground - Math.max(h * tall, 1)).toFixed(1)}H${x1.toFixed(1)}V${ground}Z`;
  }
  return path;
}

/* Draw a number's histogram into `svg`; gives what pointing at it needs. */
export function drawNumberChart(svg, { bins, all, selected, mode, title, countTitle, brush, size: [w, h] }) {
  const [inner, tall] = [Math.max(w - CHART_LEFT - CHART_RIGHT, 10), Math.max(h - CHART_TOP - CHART_BOTTOM, 10)];
  const ground = CHART_TOP + tall;
  const share = mode === "share";
  const value = (of, i) => (share ? of.counts[i] / (of.n || 1) : of.counts[i]);
  let most = 0;
  for (let i = 0; i < bins.n; i++) most = Math.max(most, value(all, i), share ? value(selected, i) : 0);
  const height = countScale(most, mode);
  const [lo, hi] = [bins.scaled[0], bins.scaled[bins.n]];
  const x = (scaled) => CHART_LEFT + ((scaled - lo) / (hi - lo)) * inner;
  const xOf = (v) => x(bins.log ? Math.log10(v) : v);
  const gap = inner / bins.n > 4 ? 0.5 : 0;
  const at = (i) => [x(bins.scaled[i]) + gap, x(bins.scaled[i + 1]) - gap];
  const parts = [];
  for (const tick of countTicks(most, mode)) {
    const y = ground - height(tick) * tall;
    parts.push(svgNode("line", { class: "grid", x1: CHART_LEFT, x2: w - CHART_RIGHT, y1: y, y2: y }));
    parts.push(svgNode("text", { class: "tick", x: CHART_LEFT - 4, y: y + 3, "text-anchor": "end" }, share ? `${tickNumber(100 * tick)} %` : tickNumber(tick)));
  }
  parts.push(svgNode("path", { class: "bars all", d: barsPath(bins.n, at, (i) => height(value(all, i)), ground, tall) }));
  parts.push(svgNode("path", { class: "bars selected", d: barsPath(bins.n, at, (i) => height(value(selected, i)), ground, tall) }));
  parts.push(svgNode("line", { class: "axis", x1: CHART_LEFT, x2: w - CHART_RIGHT, y1: ground, y2: ground }));
  for (const [tick, text] of valueTicks(bins, inner)) {
    parts.push(svgNode("line", { class: "axis", x1: x(tick), x2: x(tick), y1: ground, y2: ground + 3 }));
    parts.push(svgNode("text", { class: "tick", x: x(tick), y: ground + 13, "text-anchor": "middle" }, text));
  }
  parts.push(svgNode("text", { class: "title", x: CHART_LEFT + inner / 2, y: h - 4, "text-anchor": "middle" }, title));
  parts.push(svgNode("text", { class: "title", transform: `translate(10 ${CHART_TOP + tall / 2}) rotate(-90)`, "text-anchor": "middle" }, countTitle));
  if (brush) {
    const [x0, x1] = [xOf(Math.max(brush[0], bins.edges[0])), xOf(Math.min(brush[1], bins.edges[bins.n]))];
    const half = bins.integer ? (0.5 / (hi - lo)) * inner : 0;
    const from = Math.max(Math.min(x0, x1) - half, CHART_LEFT);
    parts.push(svgNode("rect", { class: "brush", x: from, y: CHART_TOP, width: Math.max(Math.min(x1 + half, w - CHART_RIGHT) - from, 1.5), height: tall }));
  }
  svg.replaceChildren(...parts);
  const valueAt = (px) => {
    const scaled = lo + (Math.min(Math.max(px - CHART_LEFT, 0), inner) / inner) * (hi - lo);
    return bins.log ? 10 ** scaled : scaled;
  };
  const binAt = (px) => (px < CHART_LEFT || px > w - CHART_RIGHT ? -1 : Math.min(bins.n - 1, Math.floor(((px - CHART_LEFT) / inner) * bins.n)));
  return { valueAt, binAt, xOf };
}

/* Draw a category's bars, one a line; the most frequent among the selected where there is no room for all. */
export function drawCategoryChart(svg, { entries, all, selected, mode, title, countTitle, size: [w, h] }) {
  const line = 14;
  const room = Math.max(1, Math.floor((h - CHART_TOP - 18) / line));
  const share = mode === "share";
  const value = (of, i) => (share ? of.counts[i] / (of.n || 1) : of.counts[i]);
  let shown = entries.map((_, i) => i).filter((i) => all.counts[i] > 0);
  const n = shown.length;
  if (n > room) {
    const key = (i) => selected.counts[i] * 4294967296 + all.counts[i];
    shown = [...shown].sort((i, j) => key(j) - key(i)).slice(0, room);
  }
  const most = Math.max(0, ...shown.map((i) => Math.max(value(all, i), share ? value(selected, i) : 0)));
  const length = countScale(most, mode);
  const left = Math.min(92, w * 0.42);
  const countText = (i) => (selected === all ? "" : `${tickNumber(selected.counts[i])} of `) + tickNumber(all.counts[i]);
  const right = 8 + 5.6 * Math.max(6, ...shown.map((i) => countText(i).length));
  const inner = Math.max(w - left - right, 10);
  const parts = [];
  shown.forEach((i, k) => {
    const y = CHART_TOP + k * line;
    const label = svgNode("text", { class: "tick name", x: left - 5, y: y + 10, "text-anchor": "end" }, shortenedName(entries[i].label, left / 5.6));
    label.append(svgNode("title", {}, entries[i].label));
    parts.push(label);
    for (const [of, kind] of [[all, "all"], [selected, "selected"]])
      parts.push(svgNode("rect", { class: `bars ${kind}`, x: left, y: y + 1.5, width: Math.max(length(value(of, i)) * inner, of.counts[i] ? 1 : 0), height: line - 3 }));
    parts.push(svgNode("text", { class: "tick", x: left + length(value(all, i)) * inner + 4, y: y + 10 }, share ? `${tickNumber(Number((100 * value(selected, i)).toPrecision(2)))} %` : countText(i)));
  });
  const more = n > shown.length ? `, ${shown.length} of ${n} shown` : "";
  parts.push(svgNode("text", { class: "title", x: w / 2, y: h - 4, "text-anchor": "middle" }, `${title}${more}: ${countTitle.toLowerCase()}`));
  svg.replaceChildren(...parts);
}

const shortenedName = (text, most) => (text.length > most ? `${text.slice(0, Math.max(1, Math.floor(most) - 1))}…` : text);
