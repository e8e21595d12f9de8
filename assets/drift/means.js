/* Numbers of a series at a step, of one seed with its interval or over seeds with their spread. */
import { isKnown } from "../agreement/scores.js";

const at = (estimates, t, e) => {
  const of = (part) => (e === null ? estimates[part][t] : estimates[part][t]?.[e]);
  return { value: of("value") ?? null, low: of("low") ?? null, high: of("high") ?? null };
};

/* An overall number, or that of an element where one is named; all null where the series has none. */
export function estimateAt(told, field, t, element = null) {
  const none = { value: null, low: null, high: null, n: 0 };
  if (told.errors && field in told.errors) return element === null ? { ...none, value: told.errors[field][t] } : none;
  if (element === null) {
    const estimates = told.overall[field];
    return estimates ? { ...at(estimates, t, null), n: told.counted[field] } : none;
  }
  const estimates = told.of_elements[field];
  const e = told.elements.indexOf(element);
  return estimates && e >= 0 ? { ...at(estimates, t, e), n: told.element_counted[field][e] } : none;
}

/* Mean of several runs at one step, and the least and greatest of them; `seeds` says how many there were. */
export function meanOfSeeds(runs, field, value, element = null) {
  const found = runs.flatMap((told) => {
    const t = told.step.findIndex((step) => Math.abs(step - value) < 1e-9);
    const one = t < 0 ? null : estimateAt(told, field, t, element);
    return one && isKnown(one.value) ? [one] : [];
  });
  const values = found.map((one) => one.value);
  if (!values.length) return { value: null, low: null, high: null, n: 0, seeds: 0 };
  const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
  return { value: mean, low: Math.min(...values), high: Math.max(...values), n: found[0].n, seeds: values.length };
}

/* A curve: its points in the order of steps, from one run or over several. `runs` holds the shown one first. */
export function curveOf(runs, mean, field, element = null) {
  const [first] = runs;
  return first.step.map((step, t) => ({ step, t, ...(mean ? meanOfSeeds(runs, field, step, element) : estimateAt(first, field, t, element)) }));
}

/* Of one run, or over seeds. */
export const numberOf = (runs, mean, field, t, element = null) => (mean ? meanOfSeeds(runs, field, runs[0].step[t], element) : estimateAt(runs[0], field, t, element));

/* What an interval or spread is, in words. */
export const spreadWords = (mean, seeds) => (mean ? `least and greatest of ${seeds} seeds` : "95 % interval, structures resampled");

/* Mean over the counted atoms of each structure: {means, n}; NaN where there is none. `owner` is by atom. */
export function structureMeans(values, owner, counted, nStructures) {
  const sums = new Float64Array(nStructures);
  const n = new Uint32Array(nStructures);
  for (let i = 0; i < values.length; i++) {
    if (!counted[i] || Number.isNaN(values[i])) continue;
    sums[owner[i]] += values[i];
    n[owner[i]] += 1;
  }
  return { means: sums.map((sum, s) => (n[s] ? sum / n[s] : NaN)), n };
}

/* Indices of those that are counted and have a number, the worst first; equal ones in their order. */
export function rankedWorst(values, counted, worst) {
  const found = [];
  for (let i = 0; i < values.length; i++) if ((!counted || counted[i]) && !Number.isNaN(values[i])) found.push(i);
  const sign = worst === "low" ? 1 : -1;
  return found.sort((a, b) => sign * (values[a] - values[b]) || a - b);
}
