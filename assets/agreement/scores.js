/* Scores of a run as the page writes and colours them. */
import { niceEdges } from "../panels/bins.js";
import { counted, groupedNumber } from "../panels/words.js";

const MINUS = "−";
export const SCOPE_TITLES = [["global", "Global"], ["local", "Local"], ["dimension", "Dimension"]];
export const isKnown = (v) => v !== null && v !== undefined;

/* "0.873", "12.4", "−0.02", "0": three digits after the point below 10, three in all above. */
export function scoreText(v, decimals = 3) {
  if (!isKnown(v)) return "–";
  const text = Math.abs(v) >= 10 ? v.toPrecision(3) : v.toFixed(decimals);
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", MINUS);
}

/* As it stands in a cell: two decimals, and more where two would say that it is perfect though it is not. */
export function cellText(v, metric) {
  if (!isKnown(v)) return "–";
  const perfect = metric.alike === "high" ? metric.high : metric.low;
  for (const decimals of [2, 3]) {
    const text = scoreText(v, decimals);
    if (!isKnown(perfect) || v === perfect || Number(text.replace(MINUS, "-")) !== perfect) return text;
  }
  return metric.alike === "high" ? `>${scoreText(perfect - 0.001, 3)}` : `<${scoreText(perfect + 0.001, 3)}`;
}

export const intervalText = ({ low, high }, decimals = 3) => (isKnown(low) && isKnown(high) ? `[${scoreText(low, decimals)}, ${scoreText(high, decimals)}]` : "");

/* One score of a run: {value, low, high, null, nullHigh}; of model i where the metric is of models. */
export function scoreAt(score, i, j) {
  const at = (part) => (j === undefined ? part[i] : part[i]?.[j]) ?? null;
  return { value: at(score.value), low: at(score.low), high: at(score.high), null: at(score.null), nullHigh: at(score.null_high) };
}

/* The mean of both directions, and of the ends of their nulls and intervals: that is no interval of the mean. */
export function scoreBetween(score, metric, i, j) {
  const there = scoreAt(score, i, j);
  if (metric.symmetric) return there;
  const back = scoreAt(score, j, i);
  return Object.fromEntries(Object.keys(there).map((part) => [part, isKnown(there[part]) && isKnown(back[part]) ? (there[part] + back[part]) / 2 : null]));
}

/* What is said beside an interval: that of a mean of two directions is none of its own. */
export const bothWaysText = (metric) => (metric.symmetric ? "" : ", mean of both directions and of their intervals’ ends");

/* The score up to which atoms permuted come: the 97.5 % quantile. Where low means alike the lower one is needed, which
   runs do not hold: it is taken as far below the mean as the upper one lies above. */
export const chanceEdge = (found, metric) => (metric.alike === "high" ? found.nullHigh : 2 * found.null - found.nullHigh);

/* Whether a score is no better than chance: within what the permuted atoms give. Unknown (null) where there is no null. */
export function atChance(found, metric) {
  if (!isKnown(found.value) || !isKnown(found.nullHigh)) return null;
  const edge = chanceEdge(found, metric);
  return metric.alike === "high" ? found.value <= edge : found.value >= edge;
}

/* Ends of the colour scale: round numbers about all scores of two different models. */
export function scoreRange(score) {
  const values = score.value.flatMap((row, i) => row.filter((v, j) => i !== j && isKnown(v)));
  if (!values.length) return null;
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const edges = niceEdges(least, most > least ? most : least + 0.1, 6);
  return [edges[0], edges[edges.length - 1]];
}

/* From 0 (the least alike of the scale) to 1 (the most). */
export function alikePart(v, [lo, hi], metric) {
  const part = hi > lo ? Math.min(Math.max((v - lo) / (hi - lo), 0), 1) : 1;
  return metric.alike === "high" ? part : 1 - part;
}

/* All pairs i < j with what they are: "trained" both, "family" if of one family, or "control" where either is none. */
export function modelPairs(models, cards) {
  const of = models.map((key) => cards.find((card) => card.key === key) || { key, family: "", trained: false });
  return models.flatMap((a, i) => models.slice(i + 1).map((b, d) => {
    const j = i + 1 + d;
    const trained = of[i].trained && of[j].trained;
    return { a, b, i, j, kind: !trained ? "control" : of[i].family && of[i].family === of[j].family ? "family" : "trained" };
  }));
}

const ATOMS_WORDS = { representatives: "one atom per site", all: "all atoms", "within-element": "within each element" };
const LEVEL_WORDS = { atom: "", structure: "mean of each structure", cumulants: "cumulants of each structure" };

const SETTING_WORDS = {
  k: (n) => `k = ${n}`,
  sample: (n) => (n ? `at most ${groupedNumber(n)}` : "not sampled"),
  seed: (n) => `seed ${n}`,
};
/* Settings that are not the usual ones stand in a run's name: "all-atom-k4-sample0". */
const unusualSettings = (name) => [...(name || "").matchAll(/-(k|sample|seed)(\d+)/g)].map(([, setting, n]) => SETTING_WORDS[setting](Number(n)));

/* What a run compares, in short. */
export function runLabel(run) {
  const parts = [ATOMS_WORDS[run.atoms] || run.atoms, LEVEL_WORDS[run.level] ?? run.level, run.space === "embeddings" ? "raw embeddings" : "", run.select, ...unusualSettings(run.name)];
  const text = parts.filter(Boolean).join(", ");
  return text[0].toUpperCase() + text.slice(1);
}

const UNIT_WORDS = { representatives: "symmetry-distinct atom", all: "atom", "within-element": "symmetry-distinct atom" };

/* "1,000 symmetry-distinct atoms", "612 structures": what a score is computed over. */
export const overText = (run, n) => counted(n, run.level === "atom" ? UNIT_WORDS[run.atoms] || "atom" : "structure");

/* How a run was made, in a line. */
export function runText(run) {
  const parts = [
    run.level === "atom" ? `${overText(run, run.n_atoms)} of ${counted(run.n_structures, "structure")}` : counted(run.n_structures, "structure"),
    run.atoms === "within-element" ? "neighbours and nulls within each element" : "",
    run.space === "embeddings" ? "the models’ own embeddings" : "similarities to anchors",
    run.select ? `selected: ${run.select}` : "",
    `k = ${run.k}`,
    `${run.resamples} resamples, ${run.permutations} permutations, seed ${run.seed}`,
  ];
  return parts.filter(Boolean).join(" · ");
}

/* What atoms permuted give, and from where on a score counts as better. */
export function permutedText(found, metric) {
  const mean = `Atoms permuted: ${scoreText(found.null)}`;
  if (!isKnown(found.nullHigh)) return mean;
  if (metric.alike === "high") return `${mean}, 97.5 % below ${scoreText(found.nullHigh)}`;
  return `${mean}; better below ${scoreText(chanceEdge(found, metric))}, as far under it as its 97.5 % quantile is above`;
}

/* A pair's score in words: value, interval, null, what element identity alone gives, and over how many atoms. */
export function pairText({ run, metrics, name, i, j, baselines }) {
  const [metric, score] = [metrics[name], run.scores[name]];
  const [a, b] = [run.models[i], run.models[j]];
  const found = scoreAt(score, i, j);
  const between = metric.symmetric ? `${a} and ${b}` : `from ${a} to ${b}`;
  if (!isKnown(found.value)) return [between, `${metric.label}: no score${score.reason ? `, ${score.reason}` : ""}`];
  const lines = [between, `${metric.label} ${[scoreText(found.value), intervalText(found)].filter(Boolean).join(" ")}`];
  if (isKnown(found.null)) lines.push(permutedText(found, metric));
  for (const key of baselines) {
    const of = run.models.indexOf(key);
    if (of < 0 || of === i || of === j) continue;
    lines.push(`With ${key}: ${a} ${scoreText(scoreAt(score, i, of).value)}, ${b} ${scoreText(metric.symmetric ? scoreAt(score, j, of).value : scoreAt(score, of, j).value)}`);
  }
  lines.push(`Over ${overText(run, score.n)}`);
  return lines;
}
