/* Which strategy changed atoms less, and whether more than the spread of the numbers can tell. */
import { isKnown } from "../agreement/scores.js";
import { counted } from "../panels/words.js";
import { numberOf, spreadWords } from "./means.js";
import { stepText, strategyName } from "./series.js";
import { changeLabel, rangeText, withUnit } from "./words.js";

const factorial = (n) => (n < 2 ? 1 : n * factorial(n - 1));

/* How often the ranges of two groups of runs lie apart where both come from the same distribution: one in so many. */
export const apartByChance = (n, m) => factorial(n + m) / (2 * factorial(n) * factorial(m));

function spreadVerdict([first, second], mean, change) {
  const kept = change.worst === "low";
  const apart = kept ? first.low > second.high : first.high < second.low;
  const less = `${first.name} ${kept ? "kept more" : "changed less"}`;
  if (!mean) {
    const more = "These intervals are over structures; they leave out how runs differ by seed.";
    return `${apart ? `${less}, and the two intervals lie apart` : "The two intervals overlap, so neither is shown to have changed less"}. ${more}`;
  }
  if (first.seeds < 2 || second.seeds < 2) return "One seed does not tell how runs differ.";
  const chance = apartByChance(first.seeds, second.seeds);
  return apart
    ? `${less} in every run, which runs that do not differ would show once in ${Math.round(chance)} times`
    : "The ranges of the runs overlap, so neither is shown to have changed less";
}

/* The strategies' numbers at the present step, the least changed first, and what can be said of the first two; empty
   where there is nothing to compare: one strategy, models of different bases, or no step yet. */
export function comparedWords({ entries, mean, change, noun, t, element }) {
  if (entries.length < 2 || !t || new Set(entries.map(({ series }) => series.base)).size > 1) return "";
  const kept = change.worst === "low";
  const found = entries.map((entry) => ({ name: strategyName(entry.series), step: stepText(entry.series, entry.t), ...numberOf(entry.runs, mean, change.field, entry.t, element) }))
    .filter((one) => isKnown(one.value)).sort((a, b) => (kept ? b.value - a.value : a.value - b.value));
  if (found.length < 2) return "";
  const steps = new Set(found.map((one) => one.step));
  const over = counted(found[0].n, change.field === "energy" && !element ? "structure" : `symmetry-distinct ${element ? `${element} ` : ""}atom`);
  const seeds = [...new Set(found.map((one) => one.seeds))];
  const spread = mean ? (seeds.length === 1 ? spreadWords(true, seeds[0]) : "least and greatest over seeds") : spreadWords(false);
  const numbers = found.map((one) => `${one.name} ${[withUnit(change, one.value), rangeText(change, one.low, one.high)].filter(Boolean).join(" ")}${steps.size > 1 ? ` after ${one.step}` : ""}`).join(", ");
  const told = `${changeLabel(change, noun)}${element ? ` of ${element}` : ""}${steps.size > 1 ? "" : ` after ${found[0].step}`}, over ${over}: ${numbers} (${spread}).`;
  const comparable = found.every((one) => isKnown(one.low) && isKnown(one.high));
  return comparable ? `${told} ${spreadVerdict(found, mean, change)}`.replace(/\.?$/, ".") : told;
}
