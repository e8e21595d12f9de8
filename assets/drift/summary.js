/* The numbers of a step in a table: a row a strategy, with interval or spread over seeds, flags and verdict. */
import { isKnown } from "../agreement/scores.js";
import { buildNode, replaceKeeping } from "../panels/nodes.js";
import { counted } from "../panels/words.js";
import { strategyLook } from "./colours.js";
import { numberOf } from "./means.js";
import { seriesLabel, stepText, strategyName } from "./series.js";
import { CHANGES, changeLabel, changeText, keptShareText, rangeText, shownText } from "./words.js";

const FLAGS_SHOWN = 3;
export const SUMMED = ["reembedded", "frozen", "retention", "procrustes", "angular", "energy", "forces"];

/* Rows of the table: {entry, t, numbers}; `entries` are {series, runs (told, the shown one first), t}. */
export const summaryRows = (entries, mean) => entries.map((entry) => ({ ...entry, numbers: SUMMED.map((field) => numberOf(entry.runs, mean, field, entry.t)) }));

/* A check of the verdict in words: its value against its limit. */
export function checkText({ label, value, low, high, limit, at_most: atMost, passed, unit }) {
  const factor = unit.startsWith("eV") ? 1000 : 1;
  const text = unit === "elements" ? String : atMost ? (v) => changeText(v * factor) : keptShareText;
  const range = isKnown(low) && isKnown(high) ? ` [${text(low)}, ${text(high)}]` : "";
  return `${passed ? "✓" : "✗"} ${label} ${text(value)}${range}${unit && unit !== "elements" ? ` ${factor > 1 ? "m" : ""}${unit}` : ""} (${atMost ? "at most" : "at least"} ${limit * factor})`;
}

/* The verdict in a word. */
export function verdictText(verdict) {
  if (!verdict) return "–";
  if (verdict.passed) return "✓ passed";
  return "✗ damaged";
}

/* What is known of forgetting, short. */
export function flagsText({ forgetting, trained_on, kind }) {
  if (forgetting) {
    const { flagged } = forgetting;
    return flagged.length ? `⚑ ${flagged.slice(0, FLAGS_SHOWN).join(", ")}${flagged.length > FLAGS_SHOWN ? `, ${flagged.length - FLAGS_SHOWN} more` : ""}` : "none";
  }
  return kind !== "training" && trained_on.length ? "not tested" : "–";
}

/* How flags are set, in words, with what they found. */
export function flagsWords(told) {
  const { forgetting, elements } = told;
  if (!forgetting) return told.trained_on.length ? "No forgetting flags: they need a second run that differs in its seed only, from which the run-to-run noise is known." : "No forgetting flags: the fine-tuning data are not known.";
  const of = (symbol) => {
    const e = elements.indexOf(symbol);
    return `${symbol} (drift ${shownText(CHANGES.reembedded, forgetting.drift[e])}, at least ${shownText(CHANGES.reembedded, forgetting.low[e])}; null ${shownText(CHANGES.reembedded, forgetting.null[e])})`;
  };
  const found = forgetting.flagged.length ? `⚑ Flagged after the last step, since they moved further than run-to-run noise: ${forgetting.flagged.map(of).join(", ")}` : "No element moved further than run-to-run noise by the last step";
  return `${seriesLabel(told)}. ${found}. Rule: ${forgetting.rule.replace(/^Flagged: /, "").replace(/\.$/, "")}; ${counted(forgetting.n_runs, "run")}.`;
}

function verdictNode(verdict) {
  const checks = (verdict?.checks || []).map(checkText).join("\n");
  return buildNode("td", { class: `drift-verdict${verdict && !verdict.passed ? " drift-damaged" : ""}`, title: checks || "A verdict is on fine-tuned models only" }, verdictText(verdict));
}

/* The verdict on the last checkpoint with every check, in words. */
export function verdictWords(told) {
  const { verdict } = told;
  if (!verdict) return "";
  return `${seriesLabel(told)}, after the last step: judged ${verdict.passed ? "undamaged" : "damaged"}. ${verdict.checks.map(checkText).join("; ")}. Limits: ${verdict.checks[0]?.source ?? "none"}.`;
}

export function makeSummary(choose) {
  const head = buildNode("thead");
  const body = buildNode("tbody");
  const node = buildNode("table", { class: "drift-numbers" }, head, body);
  return {
    node,
    draw({ entries, mean, theme, noun, chosen, field }) {
      const [first] = entries;
      const th = (text, title, more) => buildNode("th", { scope: "col", title, class: more || null }, text);
      const columns = SUMMED.map((name) => th(`${changeLabel(CHANGES[name], noun).replace(", anchors", ",")}${name === "retention" ? ` of ${first.told.k}` : ""}${CHANGES[name].unit ? ` (${CHANGES[name].unit})` : ""}`, CHANGES[name].meaning, [name === field ? "shown" : "", name === "angular" ? "drift-wide" : ""].filter(Boolean).join(" ")));
      head.replaceChildren(buildNode("tr", {}, th(entries.some(({ series }) => series.strategy) ? "Strategy" : "Series"), ...columns, th("Flagged", "Elements outside the fine-tuning data that moved further than runs that differ in their seed only, after the last step. How far is another question: the verdict counts those as forgotten that drifted beyond its limit too."), th("Verdict", "Against thresholds fixed beforehand")));
      const rows = summaryRows(entries, mean).map(({ series, told, runs, t, numbers }, row) => {
        const look = strategyLook(series.strategy, theme, row);
        const swatch = buildNode("i", { class: "drift-swatch", "aria-hidden": "true" });
        swatch.style.background = look.ink;
        const label = buildNode("button", { type: "button", class: "link drift-choose", "data-key": series.name, "aria-pressed": String(series.name === chosen), onclick: () => choose(series.name) }, strategyName(series));
        const seeds = mean && runs.length > 1 ? `mean of ${runs.length} seeds` : isKnown(series.seed) ? `seed ${series.seed}` : "";
        const name = buildNode("th", { scope: "row" }, swatch, label, buildNode("span", { class: "quiet" }, [seeds, stepText(series, t)].filter(Boolean).join(", ")));
        const cells = numbers.map((found, k) => {
          const change = CHANGES[SUMMED[k]];
          const over = counted(found.n, SUMMED[k] === "energy" ? "structure" : "symmetry-distinct atom");
          const title = isKnown(found.value) ? `${change.label} over ${over}; ${mean && runs.length > 1 ? `least and greatest of ${found.seeds} seeds` : "95 % interval, structures resampled"}` : "Not computed for this series";
          return buildNode("td", { title, class: SUMMED[k] === "angular" ? "drift-wide" : null }, buildNode("b", {}, shownText(change, found.value)), buildNode("span", { class: "quiet" }, rangeText(change, found.low, found.high)));
        });
        return buildNode("tr", { class: series.name === chosen ? "chosen-row" : null }, name, ...cells, buildNode("td", { title: flagsWords(told) }, flagsText(told)), verdictNode(told.verdict));
      });
      replaceKeeping(body, ...rows);
    },
  };
}
