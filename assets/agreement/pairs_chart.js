/* All pairs of models as points: one metric against another, or one direction against the other. */
import { replaceKeeping, svgNode } from "../panels/nodes.js";
import { chartFrame, chartLine, chartScale, chartText, inkOf, metricRange, roundRange, textWidth } from "./frame.js";
import { bothWaysText, intervalText, isKnown, modelPairs, overText, permutedText, scoreAt, scoreBetween, scoreText } from "./scores.js";

const PAIR_MARK = 4.2; // px
const KIND_WORDS = { family: "both trained, one family", trained: "both trained, two families", control: "with a control" };

/* A mark by what a pair is: a disc of two families, a square of one, a ring with a control. */
function pairMark(kind, x, y, more = {}) {
  const look = kind === "control" ? { fill: inkOf("surface"), stroke: inkOf("quiet"), "stroke-width": 1.3 } : { fill: inkOf("accent"), stroke: inkOf("surface"), "stroke-width": 0.8 };
  if (kind === "family") return svgNode("rect", { x: x - PAIR_MARK, y: y - PAIR_MARK, width: 2 * PAIR_MARK, height: 2 * PAIR_MARK, ...look, ...more });
  return svgNode("circle", { cx: x, cy: y, r: kind === "control" ? PAIR_MARK - 0.6 : PAIR_MARK, ...look, ...more });
}

/* The key of the marks, in a line from `x`. */
function markKey(kinds, x, y) {
  let at = x;
  return ["family", "trained", "control"].filter((kind) => kinds.has(kind)).flatMap((kind) => {
    const parts = [pairMark(kind, at + 5, y - 4), chartText(at + 14, y, KIND_WORDS[kind], { class: "tick" })];
    at += 26 + KIND_WORDS[kind].length * 5.4;
    return parts;
  });
}

const meanOf = (values) => {
  const all = values.filter(isKnown);
  return all.length ? all.reduce((sum, v) => sum + v, 0) / all.length : null;
};

/* Where each pair stands and what it says: {pair, x, y, dx, dy, said}. */
function markedPairs(svg, points, box, x, y, chosen) {
  const parts = [];
  const last = [];
  for (const { pair, at, spread, said } of points) {
    const [px, py] = [x(at[0]), y(at[1])];
    const isChosen = chosen.length === 2 && chosen.includes(pair.a) && chosen.includes(pair.b);
    const to = isChosen ? last : parts;
    const line = { stroke: pair.kind === "control" ? inkOf("strong-line") : inkOf("accent"), "stroke-opacity": 0.55 };
    if (spread[0]) to.push(chartLine(x(spread[0][0]), py, x(spread[0][1]), py, line));
    if (spread[1]) to.push(chartLine(px, y(spread[1][0]), px, y(spread[1][1]), line));
    if (isChosen) to.push(svgNode("circle", { cx: px, cy: py, r: 8, fill: "none", stroke: inkOf("accent"), "stroke-width": 2 }));
    to.push(pairMark(pair.kind, px, py, { class: "mark", tabindex: -1, role: "button", "data-a": pair.a, "data-b": pair.b, "data-key": `${pair.a}~${pair.b}`, "data-said": said.join("\n"), "aria-label": said.join("; ") }));
  }
  return [...parts, ...last];
}

const spreadOf = ({ low, high }) => (isKnown(low) && isKnown(high) ? [low, high] : null);

/* One metric against another, over all pairs; lines where permuted atoms stand on the mean. */
export function drawPairs(svg, { run, metrics, axes, baselines, cards, pair: chosen }, [w, h]) {
  const [mx, my] = axes.map((name) => metrics[name]);
  const [sx, sy] = axes.map((name) => run.scores[name]);
  const models = run.models.map((key, i) => (baselines.includes(key) ? null : i)).filter((i) => i !== null);
  const pairs = modelPairs(run.models, cards).filter(({ i, j }) => models.includes(i) && models.includes(j));
  const points = pairs.map((pair) => {
    const [one, two] = [scoreBetween(sx, mx, pair.i, pair.j), scoreBetween(sy, my, pair.i, pair.j)];
    const say = (metric, score, found) => `${metric.label} ${scoreText(found.value)} ${intervalText(found)} (${overText(run, score.n)}${bothWaysText(metric)})`;
    return { pair, at: [one.value, two.value], spread: [spreadOf(one), spreadOf(two)], found: [one, two], said: [`${pair.a} and ${pair.b}`, say(mx, sx, one), say(my, sy, two)] };
  }).filter(({ at }) => at.every(isKnown));
  const box = { left: 50, right: w - 12, top: 26, bottom: h - 40 };
  const nulls = [0, 1].map((k) => meanOf(points.map((p) => p.found[k].null)));
  const ends = [0, 1].map((k) => metricRange(points.flatMap((p) => [p.at[k], ...(p.spread[k] || [])]), nulls[k] === null ? [] : [nulls[k]], k ? my : mx));
  const x = chartScale(ends[0], [box.left, box.right]);
  const y = chartScale(ends[1], [box.bottom, box.top]);
  const arrow = (metric) => (metric.alike === "low" ? `${metric.label} (low: alike)` : metric.label);
  const parts = chartFrame(box, { scale: x, title: arrow(mx), grid: true }, { scale: y, title: arrow(my), grid: true });
  const dashed = { stroke: inkOf("quiet"), "stroke-dasharray": "4 3" };
  if (nulls[0] !== null) parts.push(chartLine(x(nulls[0]), box.top, x(nulls[0]), box.bottom, dashed), chartText(x(nulls[0]) + 3, box.top + 9, "permuted", { class: "tick" }));
  if (nulls[1] !== null) parts.push(chartLine(box.left, y(nulls[1]), box.right, y(nulls[1]), dashed), chartText(box.right - 2, y(nulls[1]) - 4, "permuted", { class: "tick", "text-anchor": "end" }));
  parts.push(...markedPairs(svg, points, box, x, y, chosen), ...markKey(new Set(points.map((p) => p.pair.kind)), box.left, 12));
  replaceKeeping(svg, ...parts);
  return points;
}

/* Mean imbalance with atoms permuted, over both directions of those pairs; null where the run has none. */
export function imbalanceNull(run, pairs) {
  const score = run.scores["information-imbalance"];
  return meanOf(pairs.flatMap(({ i, j }) => [scoreAt(score, i, j).null, scoreAt(score, j, i).null]));
}

/* From i to j against from j to i: what each model holds of the other. */
export function drawImbalance(svg, { run, metrics, baselines, cards, pair: chosen }, [w, h]) {
  const name = "information-imbalance";
  const [metric, score] = [metrics[name], run.scores[name]];
  const pairs = modelPairs(run.models, cards).filter(({ a, b }) => !baselines.includes(a) && !baselines.includes(b));
  const points = pairs.map((pair) => {
    const [there, back] = [scoreAt(score, pair.i, pair.j), scoreAt(score, pair.j, pair.i)];
    const said = [`${pair.a} and ${pair.b}`, `From ${pair.a} to ${pair.b}: ${scoreText(there.value)} ${intervalText(there)}`,
      `From ${pair.b} to ${pair.a}: ${scoreText(back.value)} ${intervalText(back)}`, ...[there, back].filter((f) => isKnown(f.null)).slice(0, 1).map((f) => permutedText(f, metric)), `${metric.label} over ${overText(run, score.n)}`];
    return { pair, at: [there.value, back.value], spread: [spreadOf(there), spreadOf(back)], said };
  }).filter(({ at }) => at.every(isKnown));
  const side = Math.min(w - 62, h - 66);
  const box = { left: 50, right: 50 + side, top: 26, bottom: 26 + side };
  const [, most] = roundRange(points.flatMap((p) => [...p.at, ...p.spread.flatMap((ends) => ends || [])]), [0, 0.1]);
  const x = chartScale([0, most], [box.left, box.right]);
  const y = chartScale([0, most], [box.bottom, box.top]);
  const parts = chartFrame(box, { scale: x, title: "From the first model to the second", grid: true }, { scale: y, title: "From the second to the first", grid: true });
  parts.push(chartLine(x(0), y(0), x(most), y(most), { stroke: inkOf("quiet"), "stroke-dasharray": "4 3" }));
  const permuted = imbalanceNull(run, pairs);
  if (permuted !== null && permuted <= most) {
    parts.push(svgNode("path", { class: "permuted", d: `M${x(permuted) - 5} ${y(permuted)}h10M${x(permuted)} ${y(permuted) - 5}v10`, stroke: inkOf("quiet"), "stroke-width": 1.5 }));
    parts.push(chartText(x(permuted) - 8, y(permuted) - 6, "permuted", { class: "tick", "text-anchor": "end" }));
  }
  const region = (px, py, text, anchor = "start") => chartText(px, py, text, { class: "region", "text-anchor": anchor });
  parts.push(
    region(x(0) + 6, y(0) - 7, "each holds the other"), region(x(most) - 5, y(most) + 14, most >= 1 ? "unrelated" : "towards unrelated, at 1", "end"),
    region(x(0) + 6, y(most) + 14, "first holds the second"), region(x(most) - 5, y(0) - 7, "second holds the first", "end"),
  );
  parts.push(...markedPairs(svg, points, box, x, y, chosen), ...markKey(new Set(points.map((p) => p.pair.kind)), box.left, 12));
  replaceKeeping(svg, ...parts);
  return points;
}

/* Where a name of that width stands beside a mark: where nothing else does, if there is such a place. */
export function freePlace(px, py, width, taken, box) {
  const sides = [[px + 8, py], [px - 8 - width, py], [px - width / 2, py - 13], [px - width / 2, py + 13], [px + 8, py - 10], [px + 8, py + 10], [px - 8 - width, py - 10], [px - 8 - width, py + 10]];
  const places = sides.map(([left, y]) => ({ left, right: left + width, y })).filter((p) => p.left >= box.left && p.right <= box.right + 8);
  const free = places.find((p) => !taken.some((t) => Math.abs(t.y - p.y) < 11 && t.left < p.right + 2 && p.left < t.right + 2));
  return free || places[0] || { left: px + 8, right: px + 8 + width, y: py };
}

/* A model's energy error against its agreement with the most accurate one. */
export function drawErrors(svg, { run, metrics, name, errors, cards }, [w, h]) {
  const [metric, score] = [metrics[name], run.scores[name]];
  const known = run.models.map((key, i) => ({ key, i, error: errors.models[key]?.[0], source: errors.models[key]?.[1] })).filter((m) => isKnown(m.error));
  const best = known.reduce((least, m) => (least && least.error <= m.error ? least : m), null);
  const points = known.filter((m) => m !== best).map((m) => ({ ...m, found: scoreBetween(score, metric, m.i, best.i) })).filter((m) => isKnown(m.found.value));
  const box = { left: 50, right: w - 12, top: 26, bottom: h - 40 };
  const x = chartScale(roundRange([...points, best].map((m) => m.error), [0]), [box.left, box.right]);
  const y = chartScale(metricRange(points.flatMap((m) => [m.found.value, ...(spreadOf(m.found) || [])]), [], metric), [box.bottom, box.top]);
  const unit = errors.unit ? ` (${errors.unit})` : "";
  const parts = chartFrame(box, { scale: x, title: `Energy error${unit}`, grid: true }, { scale: y, title: `${metric.label} with ${best.key}`, grid: true });
  parts.push(chartLine(x(best.error), box.top, x(best.error), box.bottom, { stroke: inkOf("quiet"), "stroke-dasharray": "4 3" }), chartText(x(best.error) + 4, box.top + 9, `${best.key}: least error`, { class: "tick" }));
  const taken = points.map((m) => ({ left: x(m.error) - 5, right: x(m.error) + 5, y: y(m.found.value) }));
  for (const m of points) {
    const [px, py] = [x(m.error), y(m.found.value)];
    const said = [m.key, `Error ${scoreText(m.error, 4)}${unit}${m.source ? `, ${m.source}` : ""}`, `${metric.label} with ${best.key} ${scoreText(m.found.value)} ${intervalText(m.found)}${bothWaysText(metric)}`, `Over ${overText(run, score.n)}`];
    const trained = cards.find((card) => card.key === m.key)?.trained;
    const spread = spreadOf(m.found);
    if (spread) parts.push(chartLine(px, y(spread[0]), px, y(spread[1]), { stroke: inkOf("accent"), "stroke-opacity": 0.55 }));
    parts.push(pairMark(trained ? "trained" : "control", px, py, { class: "mark", tabindex: -1, role: "button", "data-a": m.key, "data-b": best.key, "data-key": m.key, "data-said": said.join("\n"), "aria-label": said.join("; ") }));
    const at = freePlace(px, py, textWidth(m.key, "10.5px Inter, Arial, sans-serif"), taken, box);
    taken.push(at);
    parts.push(chartText(at.left, at.y + 3.5, m.key, { class: "tick name" }));
  }
  replaceKeeping(svg, ...parts);
  return points;
}
