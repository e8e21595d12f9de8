/* Series of checkpoints: how they are grouped and named, and which of them are shown beside each other. */
import { groupedNumber } from "../panels/words.js";

const MOST_NAMED = 12; // elements

/* Elements of the fine-tuning data; a student's training has no others to be told from. */
export const fineTunedOn = (series) => (series.kind === "training" ? [] : series.trained_on);

/* What a series is, in words; `says` is what has to be known before its numbers are read. */
export const SERIES_KINDS = {
  "fine-tuning": { label: "fine-tuned here", group: "Fine-tuned here", says: "A published model trained further by a run that is recorded with this atlas; the later checkpoints are not published models." },
  published: { label: "published fine-tune", group: "Published fine-tunes", says: "Both checkpoints are published, and the later one was trained from the earlier one." },
  training: { label: "student trained here, never a foundation model", group: "Students trained here", says: "A small model trained from random weights, to watch order appear; it is no foundation model at any step, and “drift” is from its random start." },
  comparison: { label: "comparison of separate trainings, not drift", group: "Comparisons, not drift", says: "Neither was trained from the other, so nothing drifted: the numbers say how the two differ." },
};

export const kindOf = (series) => SERIES_KINDS[series.kind] || SERIES_KINDS.comparison;

/* What a change of coordinates is called. */
export const changeNoun = (series) => (series.kind === "comparison" ? "Difference" : "Drift");

const seedText = (seed) => (seed === null || seed === undefined ? "" : `seed ${seed}`);

/* What tells a series from others of its experiment. */
export const strategyName = (series) => series.strategy || (series.kind === "training" ? series.title.split(":")[0] : series.title) || series.name;
export const seriesLabel = (series) => (series.experiment ? [strategyName(series), seedText(series.seed)].filter(Boolean).join(", ") : series.title || series.name);

/* Options of the picker: a group an experiment, or a kind for series without one. */
export function seriesGroups(all) {
  const groups = new Map();
  for (const series of all) {
    const title = series.experiment ? `${series.experiment} (${kindOf(series).label})` : kindOf(series).group;
    groups.set(title, [...(groups.get(title) || []), [series.name, seriesLabel(series), false]]);
  }
  return [...groups];
}

/* The series that a view asks for, or the first one. */
export const chosenSeries = (all, name) => all.find((series) => series.name === name) || all[0] || null;

const kindOfRun = (series) => `${series.strategy}\n${series.base}`;

/* One series a strategy and base of the same experiment: that of the same seed where there is one. The chosen one is among
   them. */
export function besideOf(all, chosen) {
  if (!chosen.experiment) return [chosen];
  const found = new Map();
  for (const series of all.filter((s) => s.experiment === chosen.experiment)) {
    const held = found.get(kindOfRun(series));
    if (!held || (held.seed !== chosen.seed && series.seed === chosen.seed)) found.set(kindOfRun(series), series);
  }
  found.set(kindOfRun(chosen), chosen);
  return [...found.values()];
}

/* The series that differ from one in their seed only, itself among them. */
export const seedsOf = (all, series) => (series.experiment ? all.filter((s) => s.experiment === series.experiment && kindOfRun(s) === kindOfRun(series)) : [series]);

/* Which checkpoint a view's step is of a series. */
export const stepOf = (series, step) => (step < 0 || step >= series.step.length ? series.step.length - 1 : step);

/* The checkpoint of another series that has made as many steps, or the last that has made no more. */
export function sameStep(series, value) {
  let found = 0;
  series.step.forEach((step, k) => {
    if (step <= value + 1e-9) found = k;
  });
  return found;
}

/* "base", "40 updates", "epoch 3", or the name of a checkpoint. */
export function stepText(series, k) {
  if (k === 0) return series.kind === "training" ? "random start" : series.kind === "comparison" ? series.base : "base";
  const step = groupedNumber(series.step[k]);
  if (series.step_unit === "updates") return `${step} ${series.step[k] === 1 ? "update" : "updates"}`;
  if (series.step_unit === "epochs") return `epoch ${step}`;
  return series.checkpoints[k];
}

/* The same where there is little room. */
export const stepTick = (series, k) => (k === 0 ? "start" : series.step_unit === "checkpoint" ? stepText(series, k) : groupedNumber(series.step[k]));

/* What a series is of, in a line. */
export function seriesFacts(series, told) {
  const sites = told ? `, ${groupedNumber(told.counted.reembedded)} symmetry-distinct` : "";
  return [
    `${series.kind === "comparison" ? "From" : "Base"} ${series.base}${series.family ? ` (${[series.family, series.layer].filter(Boolean).join(", ")})` : ""}`,
    series.trained_on.length ? `trained on ${series.trained_on.length > MOST_NAMED ? `${series.trained_on.length} elements` : series.trained_on.join(", ")}` : series.kind === "fine-tuning" ? "training data not known" : "",
    `${groupedNumber(series.atoms)} atoms${sites}, in ${groupedNumber(series.structures)} structures`,
    `${series.anchors} anchors`,
  ].filter(Boolean).join(" · ");
}
