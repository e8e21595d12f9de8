/* Drift of representation against change of output: a dot an atom or a crystal. */
import { chartFrame, chartScale, chartText, inkOf, roundRange } from "../agreement/frame.js";
import { isKnown, scoreText } from "../agreement/scores.js";
import { replaceKeeping, svgNode } from "../panels/nodes.js";
import { counted, groupedNumber } from "../panels/words.js";
import { CHANGES, changeLabel, powerText } from "./words.js";

const MOST_DOTS = 6000;
const MOST_DECADES = 5;
const DOT = 4; // css px
const DOT_REACH = 8;

/* Indices with both numbers, and, on logarithmic axes, both above 0; as many as are drawn. */
export function dotsOf(x, y, base, log, most = MOST_DOTS) {
  const found = [];
  let all = 0;
  for (let i = 0; i < x.length; i++) {
    if (!base[i] || Number.isNaN(x[i]) || Number.isNaN(y[i]) || (log && !(x[i] > 0 && y[i] > 0))) continue;
    all += 1;
    if (found.length < most) found.push(i);
  }
  return { found, all };
}

/* How many have an output that changed by rounding only. */
export function stillWords(values, counted, output) {
  const n = values.reduce((sum, v, i) => sum + Number(counted[i] && v * output.factor < output.least), 0);
  return n ? ` ${output.label} of ${groupedNumber(n)} is below ${output.least} ${output.unit}, none but for rounding${output.field === "forces" ? "; symmetry makes most of those forces zero" : ""}.` : "";
}

/* The correlation in words. */
export function correlationText(found, noun) {
  if (!found) return "No correlation is told: fewer than ten have both numbers, or one of them does not vary.";
  const range = isKnown(found.low) ? ` [${scoreText(found.low, 2)}, ${scoreText(found.high, 2)}]` : "";
  return `Spearman’s rank correlation ${scoreText(found.value, 2)}${range} over ${counted(found.n, noun)} (95 % interval, structures resampled).`;
}

/* Powers of ten around all, at most `MOST_DECADES`: what lies below is drawn at the edge. */
export function decadesAround(values) {
  const [least, most] = values.reduce(([lo, hi], v) => (v > 0 ? [Math.min(lo, v), Math.max(hi, v)] : [lo, hi]), [Infinity, 0]);
  const top = Math.ceil(Math.log10(most) + 1e-9);
  return [10 ** Math.max(Math.floor(Math.log10(least)), top - MOST_DECADES), 10 ** top];
}

function axisOf(values, log, ends, title) {
  if (!log) return { scale: chartScale([0, roundRange(values, [0])[1]], ends), title, grid: true };
  const [lo, hi] = decadesAround(values);
  const ticks = [];
  for (let k = Math.round(Math.log10(lo)); k <= Math.round(Math.log10(hi)); k++) ticks.push([10 ** k, k >= -3 && k < 4 ? String(10 ** k) : powerText(k)]);
  return { scale: chartScale([lo, hi], ends, true), title, grid: true, ticks };
}

/* `of`: {x, y, base, mask, change, output, noun, log, chosen (index or −1)}. Gives what is near a place in it. */
export function drawOutputs(svg, { x, y, base, mask, change, output, noun, log, chosen }, [w, h]) {
  const { found, all } = dotsOf(x, y, base, log);
  const box = { left: 54, right: w - 12, top: 10, bottom: h - 40 };
  if (!found.length) {
    replaceKeeping(svg, chartText(w / 2, h / 2, "nothing has changed yet", { class: "tick", "text-anchor": "middle" }));
    return { near: () => -1, drawn: 0, all: 0 };
  }
  const factor = output.factor;
  const across = axisOf(found.map((i) => x[i]), log, [box.left, box.right], changeLabel(change, noun));
  const up = axisOf(found.map((i) => y[i] * factor), log, [box.bottom, box.top], `${output.label} (${output.unit})`);
  const at = (i) => [across.scale(Math.max(x[i], across.scale.lo)), up.scale(Math.max(y[i] * factor, up.scale.lo))];
  const below = log ? found.filter((i) => x[i] < across.scale.lo || y[i] * factor < up.scale.lo).length : 0;
  const paths = ["", ""];
  for (const i of found) {
    const [px, py] = at(i);
    paths[mask && !mask[i] ? 0 : 1] += `M${px.toFixed(1)} ${py.toFixed(1)}h0`;
  }
  const dots = (d, ink, opacity) => svgNode("path", { d, stroke: ink, "stroke-width": DOT, "stroke-linecap": "round", "stroke-opacity": opacity, fill: "none" });
  const parts = [...chartFrame(box, across, up), dots(paths[0], inkOf("strong-line"), 0.7), dots(paths[1], inkOf("accent"), 0.45)];
  if (chosen >= 0 && found.includes(chosen)) {
    const [px, py] = at(chosen);
    parts.push(svgNode("circle", { cx: px, cy: py, r: 6, fill: "none", stroke: inkOf("text"), "stroke-width": 2 }));
  }
  parts.push(svgNode("rect", { x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top, fill: "transparent", class: "catcher" }));
  replaceKeeping(svg, ...parts);
  return {
    drawn: found.length, all, below,
    near(px, py) {
      let [best, which] = [DOT_REACH ** 2, -1];
      for (const i of found) {
        const [dx, dy] = at(i);
        const far = (dx - px) ** 2 + (dy - py) ** 2;
        if (far < best) [best, which] = [far, i];
      }
      return which;
    },
  };
}

export function dotsWords({ drawn, all, below = 0 }, noun) {
  const edge = below ? `, ${groupedNumber(below)} of them below the axes’ ends and drawn there` : "";
  return (drawn === all ? `${groupedNumber(all)} ${noun}` : `${groupedNumber(drawn)} of ${groupedNumber(all)} ${noun} drawn`) + edge;
}
export const outputOf = (movers) => (movers === "atoms" ? CHANGES.forces : CHANGES.energy);
