/* One pair of models by every metric: value and interval on the metric's range, chance, and what element identity gives. */
import { replaceKeeping, svgNode } from "../panels/nodes.js";
import { chartLine, chartText, cutText, inkOf } from "./frame.js";
import { SCOPE_TITLES, atChance, intervalText, isKnown, overText, permutedText, scoreAt, scoreText } from "./scores.js";

/* Names where the column is narrow. */
const SHORT_NAMES = { "procrustes-angular": "Procrustes, angular", gfre: "Global reconstr.", lfre: "Local reconstr.", "id-correlation": "Dimension correlation", "information-imbalance": "Inform. imbalance" };
const [LEAST_ROW, MOST_ROW] = [16.5, 29];
const onAxis = (v) => isKnown(v) && v >= 0 && v <= 1;

/* Whether a number of a pair lies beyond the axis from 0 to 1: a score, an end of its interval, or the null. */
export function reachesBeyond(run, metrics, i, j) {
  return metricRows(run, metrics, i, j).some((row) => {
    const found = row.name && scoreAt(run.scores[row.name], row.i, row.j);
    return found && [found.value, found.low, found.high].some((v) => isKnown(v) && !onAxis(v));
  });
}

/* Rows of the table: a heading, or a metric (twice where it has two directions). */
export function metricRows(run, metrics, i, j) {
  return SCOPE_TITLES.flatMap(([scope, title]) => {
    const names = Object.keys(run.scores).filter((name) => metrics[name].scope === scope && metrics[name].per === "pair");
    const rows = names.flatMap((name) => (metrics[name].symmetric ? [{ name, i, j }] : [{ name, i, j, way: "→" }, { name, i: j, j: i, way: "←" }]));
    return rows.length ? [{ title }, ...rows] : [];
  });
}

export function drawMetrics(svg, { run, metrics, baselines, pair }, [w, h]) {
  const [i, j] = pair.map((key) => run.models.indexOf(key));
  const rows = metricRows(run, metrics, i, j);
  const base = baselines.map((key) => run.models.indexOf(key)).find((k) => k >= 0 && k !== i && k !== j) ?? -1;
  const high = Math.min(Math.max((h - 36) / rows.length, LEAST_ROW), MOST_ROW);
  const names = Math.min(200, w * 0.335);
  const [valueAt, nullAt, baseAt] = [w - 126, w - 76, w - 2];
  const [from, to] = [names + 10, w - 256];
  const x = (part) => from + Math.min(Math.max(part, 0), 1) * (to - from);
  /* An arrow at the end of the axis beyond which a number lies; its place in the row is `middle`. */
  const beyond = (v, middle, ink) => (v < 0
    ? svgNode("path", { class: "beyond", d: `M${from - 6} ${middle}l6 -3.5v7z`, fill: ink })
    : svgNode("path", { class: "beyond", d: `M${to + 6} ${middle}l-6 -3.5v7z`, fill: ink }));
  const head = (at, text, anchor = "end") => chartText(at, 12, text, { class: "tick", "text-anchor": anchor });
  const parts = [head(valueAt - 8, "value [95 %]"), head(nullAt, "permuted")];
  if (base >= 0) parts.push(head(baseAt, run.models[base]));
  parts.push(head(from, "0", "middle"), head(to, "1", "middle"));
  let y = 18;
  for (const row of rows) {
    if (row.title) {
      y += 4;
      parts.push(chartText(0, y + high - 5, row.title, { class: "heading" }), chartLine(0, y + high - 1, w, y + high - 1, { stroke: inkOf("line") }));
      y += high;
      continue;
    }
    const [metric, score] = [metrics[row.name], run.scores[row.name]];
    const found = scoreAt(score, row.i, row.j);
    const withBase = base < 0 ? [] : [scoreAt(score, row.i, base).value, (metric.symmetric ? scoreAt(score, row.j, base) : scoreAt(score, base, row.j)).value].filter(isKnown);
    const middle = y + high / 2;
    const low = metric.alike === "low" ? " ↓" : "";
    const label = cutText((w < 560 && SHORT_NAMES[row.name]) || metric.label, names - (row.way ? 17 : 0) - (low ? 12 : 0)) + (row.way ? ` ${row.way}` : "") + low;
    const said = [metric.label, metric.meaning, `${metric.alike === "low" ? "Low" : "High"} means alike.`, `Source: ${metric.source}`, ...(isKnown(found.null) ? [permutedText(found, metric)] : []), score.reason || `Over ${overText(run, score.n)}`];
    const group = svgNode("g", { class: "mark", "data-metric": row.name, "data-key": `${row.name}${row.way || ""}`, tabindex: -1, role: "button", "data-said": said.join("\n"), "aria-label": `${metric.label} ${scoreText(found.value)} ${intervalText(found)}; ${said.slice(1).join(" ")}` });
    group.append(svgNode("rect", { class: "row-ground", x: 0, y, width: w, height: high, fill: "transparent" }));
    group.append(chartText(0, middle + 4, label, { class: "name" }), chartLine(from, middle, to, middle, { stroke: inkOf("line") }));
    if (isKnown(found.value)) {
      if (onAxis(found.null)) group.append(svgNode("path", { d: `M${x(found.null)} ${middle - 5}v10`, stroke: inkOf("quiet"), "stroke-width": 1.5 }));
      for (const v of withBase) group.append(onAxis(v) ? svgNode("path", { d: `M${x(v)} ${middle - 3.5}l3.5 3.5l-3.5 3.5l-3.5 -3.5z`, fill: inkOf("surface"), stroke: inkOf("quiet") }) : beyond(v, middle, inkOf("quiet")));
      const ends = [found.low, found.high].filter(isKnown);
      if (ends.length === 2) group.append(chartLine(x(found.low), middle, x(found.high), middle, { stroke: inkOf("accent"), "stroke-width": 2.5 }));
      if (onAxis(found.value)) group.append(svgNode("circle", { cx: x(found.value), cy: middle, r: 3.6, fill: atChance(found, metric) ? inkOf("surface") : inkOf("accent"), stroke: inkOf("accent"), "stroke-width": 1.4 }));
      for (const v of [found.value, ...ends].filter((end) => !onAxis(end))) group.append(beyond(v, middle, inkOf("accent")));
    }
    const number = (at, text, more = {}) => chartText(at, middle + 4, text, { class: "number", "text-anchor": "end", ...more });
    if (isKnown(found.value)) {
      const text = [scoreText(found.value), intervalText(found, found.high - found.low < 0.02 ? 3 : 2)].filter(Boolean).join(" ");
      group.append(number(valueAt, text), number(nullAt, scoreText(found.null, 2), { class: "number quiet-number" }));
      if (base >= 0) group.append(number(baseAt, withBase.length ? withBase.map((v) => scoreText(v, 2)).join(" / ") : "–", { class: "number quiet-number" }));
    } else group.append(chartText(from, middle + 4, cutText(score.reason || "no score", w - from), { class: "quiet-number" }));
    parts.push(group);
    y += high;
  }
  replaceKeeping(svg, ...parts);
  return y + 4;
}
