/* Model against model: one score of every pair as a matrix, with the tree that it makes of the models at its left. */
import { niceEdges } from "../panels/bins.js";
import { svgNode } from "../panels/nodes.js";
import { tickNumber } from "../panels/words.js";
import { NAME_FONT, chartLine, chartText, cutText, inkOf, textWidth } from "./frame.js";
import { alikeColour } from "./ramp.js";
import { alikePart, atChance, cellText, isKnown, pairText, scoreAt, scoreRange } from "./scores.js";
import { modelOrder, treeJoins } from "./tree_lines.js";

const CELL_GAP = 9; // px before what is no model
const [MOST_WIDE_CELL, MOST_HIGH_CELL, LEAST_WIDE_CELL, LEAST_HIGH_CELL] = [72, 60, 24, 17];
const [AXIS_ROOM, KEY_ROOM, TREE_LEFT] = [12, 48, 10];

/* Sizes of all parts for a box of `w` by `h` px. */
export function matrixLayout(count, gaps, longest, [w, h]) {
  const names = Math.min(longest + 18, 170);
  const gap = gaps ? CELL_GAP : 0;
  const tree = Math.max(56, Math.min(170, w * 0.145));
  const clamp = (v, least, most) => Math.max(least, Math.min(v, most));
  const high = clamp((h - names - AXIS_ROOM - KEY_ROOM - gap) / count, LEAST_HIGH_CELL, MOST_HIGH_CELL);
  const wide = clamp(Math.min((w - tree - names - gap - 6) / count, high * 1.4), LEAST_WIDE_CELL, MOST_WIDE_CELL);
  return { names, gap, tree, wide, high, left: tree + names, top: names, size: [tree + names + count * wide + gap + 2, names + count * high + gap + AXIS_ROOM + KEY_ROOM] };
}

function nameParts(key, card, layer, x, y, room, turned) {
  const other = !card?.trained;
  const style = { class: other ? "model-label other" : "model-label", "dominant-baseline": "central", ...(turned && { transform: `translate(${x} ${y}) rotate(-90)` }) };
  const ground = other && (turned
    ? svgNode("rect", { x: x - turned / 2 + 1, y: y - room + 3, width: turned - 2, height: room, fill: inkOf("tint") })
    : svgNode("rect", { x: x - 3, y: y - 8, width: room, height: 16, fill: inkOf("tint") }));
  const text = chartText(turned ? 0 : x, turned ? 0 : y, cutText(key, room - 6, NAME_FONT), style);
  text.append(svgNode("title", {}, `${key}, ${card?.status || "not in this atlas"}${layer ? `; features from ${layer}` : ""}`));
  return [ground, text].filter(Boolean);
}

function treeParts(tree, placeOf, metric, { tree: width, bottom }) {
  const joins = treeJoins(tree, placeOf);
  const far = Math.max(...joins.map((join) => join.at), 1e-9);
  const edges = niceEdges(0, far, 6);
  const most = edges[edges.length - 1];
  const x = (at) => width - (at / most) * (width - TREE_LEFT);
  const parts = joins.map((join) => {
    const line = svgNode("path", { class: "branch", d: `M${x(join.a)} ${join.from}H${x(join.at)}V${join.to}H${x(join.b)}`, fill: "none", stroke: inkOf("quiet"), "stroke-width": 1.25 });
    line.append(svgNode("title", {}, `Joined at ${tickNumber(Number(join.at.toPrecision(3)))}`));
    return line;
  });
  const axis = bottom + 8;
  parts.push(chartLine(x(0), axis, x(most), axis));
  for (const edge of [0, most]) parts.push(chartLine(x(edge), axis, x(edge), axis + 3), chartText(x(edge), axis + 14, tickNumber(edge), { class: "tick", "text-anchor": "middle" }));
  const title = `${metric.alike === "high" ? `${tickNumber(metric.high)} − ` : ""}${metric.symmetric ? "score" : "mean of both ways"}`;
  parts.push(chartText(TREE_LEFT - 4, axis + 27, `${title}, average linkage`, { class: "tick" }));
  return parts;
}

function keyParts(score, metric, range, theme, x, y, width) {
  const bar = Math.min(width * 0.42, 190);
  const steps = 24;
  const parts = Array.from({ length: steps }, (_, k) => {
    const v = range[0] + ((k + 0.5) / steps) * (range[1] - range[0]);
    return svgNode("rect", { x: x + (k / steps) * bar, y, width: bar / steps + 0.5, height: 9, fill: alikeColour(alikePart(v, range, metric), theme).fill });
  });
  parts.push(svgNode("rect", { x, y, width: bar, height: 9, fill: "none", stroke: inkOf("strong-line") }));
  const at = (v) => x + ((v - range[0]) / (range[1] - range[0] || 1)) * bar;
  for (const v of niceEdges(range[0], range[1], 4)) if (v >= range[0] - 1e-9 && v <= range[1] + 1e-9) parts.push(chartText(at(v), y + 21, tickNumber(v), { class: "tick", "text-anchor": "middle" }));
  const more = metric.alike === "high" ? "high: alike" : "low: alike";
  const nulls = score.null.flatMap((row, i) => row.filter((v, j) => i !== j && isKnown(v)));
  const chance = nulls.length ? nulls.reduce((sum, v) => sum + v, 0) / nulls.length : null;
  parts.push(chartText(x + bar + 12, y + 8, more, { class: "tick" }));
  if (chance !== null) {
    const inside = chance >= range[0] && chance <= range[1];
    if (inside) parts.push(svgNode("path", { d: `M${at(chance)} ${y - 1}l-3.5 -6h7z`, fill: inkOf("text") }));
    parts.push(chartText(x + bar + 12, y + 21, `${inside ? "▾ " : ""}atoms permuted: ${tickNumber(Number(chance.toPrecision(2)))}`, { class: "tick" }));
    parts.push(svgNode("circle", { cx: x + 4, cy: y + 31, r: 2.4, fill: "none", stroke: inkOf("text") }), chartText(x + 12, y + 34.5, metric.alike === "high" ? "in a cell: no better than with atoms permuted" : "in a cell: no better than permuted (97.5 % mirrored)", { class: "tick" }));
  }
  return parts;
}

/* Why there is no tree, in short lines. */
export function noTreeWords(metric, score) {
  const values = score.value.flatMap((row, i) => row.filter((_, j) => i !== j));
  if (values.some((v) => !isKnown(v))) return ["No tree:", "a pair lacks", "a score"];
  return metric.alike === "high" ? ["No tree:", "the score has", "no greatest", "value"] : ["No tree:", "fewer than", "two models"];
}

/* Fill `svg`; gives the size of what it holds. Cells carry data-i and data-j, places of the models in the run. */
export function drawMatrix(svg, { run, metrics, name, order, baselines, cards, layers, theme, pair, size }) {
  const [metric, score] = [metrics[name], run.scores[name]];
  const card = (i) => cards.find((c) => c.key === run.models[i]);
  const { models, last } = modelOrder(run, score, order, baselines);
  const all = [...models, ...last];
  const longest = Math.max(...all.map((i) => textWidth(run.models[i], NAME_FONT)));
  const laid = matrixLayout(all.length, last.length, longest, size);
  const { left, top, wide, high, gap, names } = laid;
  const shift = (k) => (k >= models.length ? gap : 0);
  const [xOf, yOf] = [(k) => left + k * wide + shift(k), (k) => top + k * high + shift(k)];
  const range = scoreRange(score) || [0, 1];
  const bottom = yOf(all.length - 1) + high;
  const parts = [];

  if (order === "tree" && score.tree) parts.push(...treeParts(score.tree, (i) => yOf(models.indexOf(i)) + high / 2, metric, { tree: laid.tree, bottom }));
  else if (order === "tree") noTreeWords(metric, score).forEach((line, k) => parts.push(chartText(TREE_LEFT, top + 12 + 13 * k, line, { class: "tick" })));
  if (!metric.symmetric) parts.push(chartText(left - 8, top - 20, "to ↗", { class: "tick", "text-anchor": "end" }), chartText(left - 8, top - 7, "from ↓", { class: "tick", "text-anchor": "end" }));

  all.forEach((i, k) => {
    parts.push(...nameParts(run.models[i], card(i), layers[run.models[i]], xOf(k) + wide / 2, top - 6, names - 6, Math.min(wide, 18)));
    const row = svgNode("g", { role: "row" });
    const head = svgNode("g", { role: "rowheader", "aria-label": run.models[i] });
    head.append(...nameParts(run.models[i], card(i), layers[run.models[i]], laid.tree + 7, yOf(k) + high / 2, names - 10, 0));
    row.append(head);
    all.forEach((j, l) => row.append(cellOf({ i, j, x: xOf(l), y: yOf(k) })));
    parts.push(row);
  });
  parts.push(...keyParts(score, metric, range, theme, left, bottom + 14, size[0] - left));

  // three decimals do without their nought where there is little room
  function numberIn(v) {
    const text = cellText(v, metric);
    return wide < 38 && text.length > 4 ? text.replace("0.", ".") : text;
  }

  function cellOf({ i, j, x, y }) {
    const found = scoreAt(score, i, j);
    if (i === j) {
      const none = svgNode("g", { role: "gridcell", "aria-label": `${run.models[i]} with itself` });
      none.append(svgNode("rect", { x: x + 0.5, y: y + 0.5, width: wide - 1, height: high - 1, fill: inkOf("tint") }));
      return none;
    }
    const [a, b] = [run.models[i], run.models[j]];
    const said = pairText({ run, metrics, name, i, j, baselines }).join("; ");
    const cell = svgNode("g", { role: "gridcell", class: "cell", tabindex: -1, "data-i": i, "data-j": j, "aria-label": said });
    const { fill, ink } = isKnown(found.value) ? alikeColour(alikePart(found.value, range, metric), theme) : { fill: "none", ink: inkOf("quiet") };
    cell.append(svgNode("rect", { x: x + 0.5, y: y + 0.5, width: wide - 1, height: high - 1, fill }));
    cell.append(chartText(x + wide / 2, y + high / 2, numberIn(found.value), { class: wide < 30 ? "cell-number small" : "cell-number", "text-anchor": "middle", "dominant-baseline": "central", style: `fill: ${ink}` }));
    if (atChance(found, metric)) cell.append(svgNode("circle", { cx: x + wide - 4.5, cy: y + 4.5, r: wide < 34 ? 1.8 : 2.4, fill: "none", stroke: ink }));
    const chosen = pair.length === 2 && pair.includes(a) && pair.includes(b);
    if (chosen) cell.append(svgNode("rect", { class: "ring", x, y, width: wide, height: high, fill: "none", stroke: inkOf("text"), "stroke-width": 2 }));
    return cell;
  }

  svg.replaceChildren(...parts);
  const box = [Math.ceil(Math.max(laid.size[0], left + Math.min(size[0] - left, 400))), Math.ceil(laid.size[1])];
  svg.setAttribute("aria-label", `${metric.label} between ${all.length} models`);
  const first = svg.querySelector(".cell");
  if (first) first.setAttribute("tabindex", 0);
  return box;
}

/* The cell that an arrow leads to from (row, column) of `size`; the diagonal is stepped over. */
export function nextCell([row, column], key, size) {
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  const ends = { Home: [row, 0], End: [row, size - 1] };
  let [r, c] = ends[key] || [row, column];
  const step = steps[key] || (key === "Home" ? [0, 1] : [0, -1]);
  if (steps[key]) [r, c] = [r + step[0], c + step[1]];
  if (r === c) [r, c] = [r + step[0], c + step[1]];
  const inside = (v) => v >= 0 && v < size;
  return inside(r) && inside(c) ? [r, c] : [row, column];
}
