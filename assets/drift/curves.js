/* Curves of change against step: small charts side by side, a line a strategy with its band; or dots where there are but two checkpoints. */
import { chartFrame, chartLine, chartScale, chartText, cutText, inkOf, roundRange, textWidth } from "../agreement/frame.js";
import { isKnown } from "../agreement/scores.js";
import { replaceKeeping, svgNode } from "../panels/nodes.js";
import { counted, tickNumber } from "../panels/words.js";
import { strategyLook } from "./colours.js";
import { curveOf, numberOf, spreadWords } from "./means.js";
import { stepText, stepTick, strategyName } from "./series.js";
import { CHANGES, changeLabel, rangeText, shownText, withUnit } from "./words.js";

const OVERALL_CHARTS = ["reembedded", "frozen", "retention", "procrustes", "energy", "forces"];
const ELEMENT_CHARTS = ["reembedded", "frozen", "retention", "forces"];
/* Errors on the fine-tuning data, as runs record them, without intervals. */
export const DATA_ERRORS = {
  energy_mae: { field: "energy_mae", label: "Energy error, data", unit: "meV/atom", factor: 1000, worst: "high" },
  force_mae: { field: "force_mae", label: "Force error, data", unit: "meV/Å", factor: 1000, worst: "high" },
};
const chartChange = (field) => CHANGES[field] || DATA_ERRORS[field];
const MOST_CHARTS_SHOWN = 6;
const UNEVEN = 30; // from which ratio of steps on they stand evenly, not to scale
const DOT_ROW = 17; // px

/* Which charts there are: of all atoms by measure, of one element by measure, or of several elements by the chosen measure. */
export function chartsOf(elements, change, learnt = false) {
  if (!elements.length) return [...OVERALL_CHARTS, ...(learnt ? Object.keys(DATA_ERRORS) : [])].map((field) => ({ field, element: null }));
  if (elements.length === 1) return ELEMENT_CHARTS.map((field) => ({ field, element: elements[0] }));
  const field = ELEMENT_CHARTS.includes(change.field) ? change.field : "reembedded";
  return elements.slice(0, MOST_CHARTS_SHOWN).map((element) => ({ field, element }));
}

/* Whether steps lie so unevenly that they are drawn evenly. */
export function drawnEvenly(steps) {
  const some = steps.filter((step) => step > 0);
  return some.length > 2 && Math.max(...some) / Math.min(...some) > UNEVEN;
}

function markOf(mark, x, y, more) {
  const r = 3.2;
  if (mark === "square") return svgNode("rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r, ...more });
  if (mark === "triangle") return svgNode("path", { d: `M${x} ${y - r - 1}l${r + 1} ${2 * r}h${-2 * r - 2}z`, ...more });
  if (mark === "diamond") return svgNode("path", { d: `M${x} ${y - r - 1.2}l${r + 1.2} ${r + 1.2}l${-r - 1.2} ${r + 1.2}l${-r - 1.2} ${-r - 1.2}z`, ...more });
  return svgNode("circle", { cx: x, cy: y, r, ...more });
}

/* The key of the strategies, in a line. */
function strategyKey(entries, theme, width) {
  let at = 2;
  return entries.flatMap(({ series }, row) => {
    const look = strategyLook(series.strategy, theme, row);
    const name = cutText(strategyName(series), Math.max(60, width / entries.length - 44));
    const parts = [chartLine(at, 9, at + 26, 9, { stroke: look.ink, "stroke-width": 2, "stroke-dasharray": look.dash }), markOf(look.mark, at + 13, 9, { fill: look.ink }), chartText(at + 32, 13, name)];
    at += 50 + textWidth(name);
    return parts;
  });
}

function chartTitle(chart, noun, one) {
  const change = chartChange(chart.field);
  const unit = change.unit ? ` (${change.unit})` : "";
  return chart.element && !one ? `${chart.element}: ${changeLabel(change, noun).toLowerCase()}${unit}` : `${changeLabel(change, noun)}${unit}`;
}

function oneChart(chart, { entries, mean, theme, noun, t, one }, box) {
  const change = chartChange(chart.field);
  const curves = entries.map((entry) => ({ entry, points: curveOf(entry.runs, mean, chart.field, chart.element).filter((p) => isKnown(p.value)) })).filter(({ points }) => points.length);
  const ofData = chart.field in DATA_ERRORS;
  const inner = { left: box.x + 50, right: box.x + box.w - 18, top: box.y + 22, bottom: box.y + box.h - 34 };
  const parts = [chartText(box.x + 4, box.y + 12, cutText(chartTitle(chart, noun, one), box.w - 8, "600 11.5px Inter, Arial, sans-serif"), { class: "panel-title" })];
  if (!curves.length) return [...parts, chartText((inner.left + inner.right) / 2, (inner.top + inner.bottom) / 2, "not computed", { class: "tick", "text-anchor": "middle" })];
  const [first] = entries;
  const evenly = drawnEvenly(first.series.step);
  const across = (p, series) => (evenly ? p.t : series.step[p.t]);
  const steps = entries.flatMap(({ series }) => series.step.map((step, k) => (evenly ? k : step)));
  const x = chartScale([Math.min(...steps), Math.max(...steps)], [inner.left, inner.right]);
  const all = [...curves.flatMap(({ points }) => points.flatMap((p) => [p.value, p.low, p.high])).filter(isKnown).map((v) => v * change.factor), ...(change.least ? [change.least] : [])];
  const [least, most] = roundRange(all, change.worst === "low" ? [1] : [0], 4);
  const y = chartScale([change.worst === "low" ? least : Math.min(least, 0), change.worst === "low" ? 1 : most], [inner.bottom, inner.top]);
  const room = Math.max(2, Math.floor((inner.right - inner.left) / 44));
  const every = Math.max(1, Math.ceil(first.series.step.length / room));
  const ticks = evenly ? first.series.step.map((step, k) => [k, stepTick(first.series, k)]).filter((_, k) => k % every === 0) : null;
  parts.push(...chartFrame(inner, { scale: x, ticks, title: first.series.step_unit === "updates" ? `Updates${evenly ? ", not to scale" : ""}` : first.series.step_unit === "epochs" ? "Epochs" : "Checkpoint" }, { scale: y, grid: true }));
  const now = x(evenly ? t : first.series.step[t]);
  parts.push(chartLine(now, inner.top, now, inner.bottom, { stroke: inkOf("quiet"), "stroke-dasharray": "3 3" }));
  const marks = [];
  for (const { entry, points } of curves) {
    const look = strategyLook(entry.series.strategy, theme, entries.indexOf(entry));
    const within = (v) => Math.min(Math.max(y(v * change.factor), inner.top), inner.bottom);
    const at = (p, v) => `${x(across(p, entry.series)).toFixed(1)} ${within(v).toFixed(1)}`;
    const banded = points.filter((p) => isKnown(p.low) && isKnown(p.high));
    if (banded.length > 1) parts.push(svgNode("path", { d: `M${banded.map((p) => at(p, p.high)).join("L")}L${banded.toReversed().map((p) => at(p, p.low)).join("L")}Z`, fill: look.ink, "fill-opacity": 0.16 }));
    parts.push(svgNode("path", { d: `M${points.map((p) => at(p, p.value)).join("L")}`, fill: "none", stroke: look.ink, "stroke-width": 1.8, "stroke-dasharray": look.dash }));
    for (const p of points) {
      const over = counted(p.n, chart.field === "energy" && !chart.element ? "structure" : `symmetry-distinct${chart.element ? ` ${chart.element}` : ""} atom`);
      const spread = ofData && !mean ? "mean over the fine-tuning data" : `${spreadWords(mean, p.seeds)}${ofData ? "" : `; over ${over}`}`;
      const said = [`${strategyName(entry.series)}, ${stepText(entry.series, p.t)}`, `${changeLabel(change, noun)}${chart.element ? ` of ${chart.element}` : ""} ${[withUnit(change, p.value), rangeText(change, p.low, p.high)].filter(Boolean).join(" ")}`, spread];
      marks.push(markOf(look.mark, x(across(p, entry.series)), y(p.value * change.factor), { class: "mark", fill: look.ink, stroke: inkOf("surface"), "stroke-width": 0.8, role: "img", tabindex: -1, "data-key": `${chart.field}${chart.element || ""}${entry.series.name}${p.t}`, "data-said": said.join("\n"), "aria-label": said.join("; ") }));
    }
  }
  return [...parts, ...marks];
}

/* Charts in as many columns as fit. Gives the height that they took. */
export function drawCurves(svg, context, [w, h]) {
  const charts = chartsOf(context.elements, context.change, context.entries.some(({ told }) => told.errors));
  const columns = Math.min(charts.length, w >= 860 ? 4 : w >= 620 ? 3 : w >= 400 ? 2 : 1, charts.length === 4 ? 2 : charts.length === 8 && w >= 860 ? 4 : 3);
  const rows = Math.ceil(charts.length / columns);
  const top = 24;
  const [cw, ch] = [w / columns, Math.max(130, (h - top) / rows)];
  const one = context.elements.length < 2;
  const parts = charts.flatMap((chart, k) => oneChart(chart, { ...context, one }, { x: (k % columns) * cw, y: top + Math.floor(k / columns) * ch, w: cw, h: ch }));
  replaceKeeping(svg, ...strategyKey(context.entries, context.theme, w), ...parts);
  return top + rows * ch;
}

/* Elements by their number at a step, the worst first: {symbol, value, low, high, n}. */
export function rankedElements({ told, runs, mean, t, change, elements }) {
  const field = ELEMENT_CHARTS.includes(change.field) ? change.field : "reembedded";
  const sign = change.worst === "low" ? 1 : -1;
  return told.elements.filter((symbol) => !elements.length || elements.includes(symbol))
    .map((symbol) => ({ symbol, field, ...numberOf(runs, mean, field, t, symbol) }))
    .filter((one) => isKnown(one.value)).sort((a, b) => sign * (a.value - b.value) || a.symbol.localeCompare(b.symbol));
}

/* Elements as dots with their intervals, in columns from the worst on; as many as there is room for. Gives how many. */
export function drawElementDots(svg, context, [w, h]) {
  const ranked = rankedElements(context);
  const columns = Math.max(1, Math.min(3, Math.floor(w / 210)));
  const rows = Math.max(1, Math.floor((h - 22) / DOT_ROW));
  const shown = ranked.slice(0, columns * rows);
  const change = shown.length ? CHANGES[shown[0].field] : context.change;
  const shownAs = (v) => v * change.factor;
  const [least, most] = roundRange(shown.flatMap((one) => [one.value, one.low, one.high]).filter(isKnown).map(shownAs), change.worst === "low" ? [1] : [0, change.least ?? 0], 3);
  const look = strategyLook(context.entries[0].series.strategy, context.theme);
  const parts = [];
  const width = w / columns;
  for (let c = 0; c < Math.ceil(shown.length / rows); c++) {
    const [left, right] = [c * width + 26, (c + 1) * width - 66];
    const x = chartScale([least, most], [left, right]);
    parts.push(chartText(left, 10, tickNumber(least), { class: "tick", "text-anchor": "middle" }), chartText(right, 10, tickNumber(most), { class: "tick", "text-anchor": "middle" }));
    shown.slice(c * rows, (c + 1) * rows).forEach((one, r) => {
      const y = 24 + r * DOT_ROW;
      const said = [`${one.symbol}: ${changeLabel(change, context.noun).toLowerCase()} ${[withUnit(change, one.value), rangeText(change, one.low, one.high)].filter(Boolean).join(" ")}`, `${spreadWords(context.mean, one.seeds)}; over ${counted(one.n, "symmetry-distinct atom")}`];
      const group = svgNode("g", { class: "mark", role: "img", tabindex: -1, "data-key": one.symbol, "data-said": said.join("\n"), "aria-label": said.join("; ") });
      group.append(svgNode("rect", { class: "row-ground", x: c * width, y: y - DOT_ROW / 2, width: width - 6, height: DOT_ROW, fill: "transparent" }), chartText(c * width + 2, y + 4, one.symbol), chartLine(left, y, right, y, { stroke: inkOf("line") }));
      if (isKnown(one.low) && isKnown(one.high)) group.append(chartLine(x(shownAs(one.low)), y, x(shownAs(one.high)), y, { stroke: look.ink, "stroke-width": 2, "stroke-opacity": 0.5 }));
      group.append(markOf(look.mark, x(shownAs(one.value)), y, { fill: look.ink }), chartText(right + 8, y + 4, shownText(change, one.value), { class: "tick" }));
      parts.push(group);
    });
  }
  replaceKeeping(svg, ...parts);
  return { shown: shown.length, all: ranked.length, height: h };
}
