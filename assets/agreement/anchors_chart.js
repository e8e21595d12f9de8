/* How many anchors are enough: agreement against their number, by how they were chosen, with the spread over seeds. */
import { replaceKeeping, svgNode } from "../panels/nodes.js";
import { chartFrame, chartScale, chartText, inkOf, roundRange } from "./frame.js";
import { isKnown, scoreText } from "./scores.js";
import { counted } from "../panels/words.js";

/* Each way of choosing: its name, its colour, its dashes. */
const METHOD_LOOKS = { direct: ["DIRECT", "accent", ""], random: ["random", "quiet", "5 3"], atlas: ["this atlas’s own", "text", "1.5 2.5"] };
const METHOD_ORDER = Object.keys(METHOD_LOOKS);
const methodLook = (name) => METHOD_LOOKS[name] || [name, "quiet", "2 2"];

/* Mean, least and most over seeds, by count. */
export function overSeeds(value, method, metric) {
  const seeds = value[method];
  return seeds[0].map((_, c) => {
    const all = seeds.map((counts) => counts[c][metric]).filter(isKnown);
    if (!all.length) return null;
    return { mean: all.reduce((sum, v) => sum + v, 0) / all.length, least: Math.min(...all), most: Math.max(...all), n: all.length };
  });
}

function onePanel(found, metric, k, box, last) {
  const lines = found.methods.map((name, m) => ({ name, at: overSeeds(found.value, m, k) }));
  const all = lines.flatMap((line) => line.at.filter(Boolean).flatMap((p) => [p.least, p.most]));
  const x = chartScale([found.counts[0], found.counts[found.counts.length - 1]], [box.left + 10, box.right - 10], true);
  const y = chartScale(roundRange(all, [], 3), [box.bottom, box.top]);
  let before = -100;
  const ticks = found.counts.map((c) => {
    const shown = x(c) - before > 26;
    if (shown) before = x(c);
    return [c, shown ? String(c) : ""];
  });
  const parts = chartFrame(box, { scale: x, ticks, title: last ? "Anchors K" : "" }, { scale: y, grid: true });
  parts.push(chartText(box.left, box.top - 7, metric?.label || found.metrics[k], { class: "panel-title" }));
  lines.forEach(({ name, at }) => {
    const [word, tone, dashes] = methodLook(name);
    const colour = inkOf(tone);
    const known = at.map((p, c) => p && { ...p, x: x(found.counts[c]), count: found.counts[c] }).filter(Boolean);
    if (!known.length) return;
    const up = known.map((p) => `${p.x} ${y(p.most)}`);
    const down = known.map((p) => `${p.x} ${y(p.least)}`).reverse();
    parts.push(svgNode("path", { d: `M${[...up, ...down].join("L")}Z`, fill: colour, "fill-opacity": 0.16 }));
    parts.push(svgNode("path", { d: `M${known.map((p) => `${p.x} ${y(p.mean)}`).join("L")}`, fill: "none", stroke: colour, "stroke-width": 1.8, "stroke-dasharray": dashes }));
    for (const p of known) {
      const said = [`${word}, K = ${p.count}`, `${metric?.label || found.metrics[k]} ${scoreText(p.mean)}, from ${scoreText(p.least)} to ${scoreText(p.most)} over ${counted(p.n, "seed")}`, `Mean of ${counted(found.pairs, "pair")} of pretrained models, ${counted(found.n, "atom")}`];
      parts.push(svgNode("circle", { cx: p.x, cy: y(p.mean), r: 3.5, fill: dashes ? inkOf("surface") : colour, stroke: colour, "stroke-width": 1.5, class: "mark", "data-key": `${name} ${p.count} ${found.metrics[k]}`, tabindex: -1, role: "img", "data-said": said.join("\n"), "aria-label": said.join("; ") }));
    }
  });
  return parts;
}

export function drawAnchors(svg, { metrics, anchors }, [w, h]) {
  const n = anchors.metrics.length;
  const columns = n > 3 ? 2 : 1;
  const rows = Math.ceil(n / columns);
  const [wide, high] = [w / columns, (h - 22) / rows];
  let at = 50;
  const shown = METHOD_ORDER.filter((name) => anchors.methods.includes(name));
  const parts = shown.flatMap((name) => {
    const [text, tone, dashes] = methodLook(name);
    const made = [svgNode("path", { d: `M${at} 8h22`, stroke: inkOf(tone), "stroke-width": 1.8, "stroke-dasharray": dashes }), chartText(at + 27, 12, text, { class: "tick" })];
    at += 50 + text.length * 6;
    return made;
  });
  for (let k = 0; k < n; k++) {
    const [column, row] = [k % columns, Math.floor(k / columns)];
    const last = k + columns >= n;
    const box = { left: column * wide + 50, right: (column + 1) * wide - 10, top: 22 + row * high + 20, bottom: 22 + (row + 1) * high - (last ? 36 : 24) };
    parts.push(...onePanel(anchors, metrics[anchors.metrics[k]], k, box, last));
  }
  replaceKeeping(svg, ...parts);
}
