/* The figures beside the matrix: which there are, what they need, how they are drawn, and what they mean. */
import { drawAnchors } from "./anchors_chart.js";
import { drawDimension } from "./dimension_chart.js";
import { drawMetrics, reachesBeyond } from "./metrics_chart.js";
import { drawErrors, drawImbalance, drawPairs, imbalanceNull } from "./pairs_chart.js";
import { bothWaysText, isKnown, modelPairs, overText, scoreBetween, scoreText } from "./scores.js";
import { drawTransport, largestFlows, percentText, planLines } from "./transport_chart.js";
import { counted } from "../panels/words.js";

const NO_PAIR_METRIC = "This comparison holds no metric of pairs of models.";
const ERRORS_COMMAND = "platonic-atlas serve ATLAS --errors errors.csv";

/* The pair that is looked at: the view's, where the run has it, else the most alike of two trained models. */
export function lookedAt({ run, metrics, name, pair, cards, baselines }) {
  if (pair.length === 2 && pair.every((key) => run.models.includes(key))) return pair;
  const [metric, score] = [metrics[name], run.scores[name]];
  const pairs = modelPairs(run.models, cards).filter(({ a, b }) => !baselines.includes(a) && !baselines.includes(b));
  const ranked = pairs.map((p) => ({ ...p, v: score ? scoreBetween(score, metric, p.i, p.j).value : null })).filter((p) => isKnown(p.v));
  const better = metric?.alike === "low" ? (p, q) => p.v - q.v : (p, q) => q.v - p.v;
  const first = ranked.sort((p, q) => Number(q.kind !== "control") - Number(p.kind !== "control") || better(p, q))[0];
  return first ? [first.a, first.b] : run.models.slice(0, 2);
}

const scored = (run, name) => run.scores[name] && !run.scores[name].reason && run.scores[name].value.flat().some(isKnown);
const lacking = (run, metrics, name) => (metrics[name] ? `${metrics[name].label}: ${run.scores[name]?.reason || "not computed in this run"}.` : NO_PAIR_METRIC);
export const hasPairMetric = (run, metrics) => Object.keys(run.scores).some((name) => metrics[name].per === "pair");

const MOST_FLOWS = 20;

/* What two metrics of all pairs, drawn against each other, show: which way is alike, and where global and local part. */
export function scatterWords({ run, metrics, axes }) {
  const [across, up] = axes.map((name) => metrics[name]);
  const side = across.alike === "high" ? "right" : "left";
  const alike = (metric, high, low) => `${metric.label}: alike is ${metric.alike === "high" ? high : low}`;
  const ends = [...new Map([across, up].filter((m) => !m.symmetric).map((m) => [m.id, m.label])).values()];
  const bars = ends.length ? ` For ${ends.join(" and ")}, mark and bar are the means of both directions’ scores and interval ends.` : "";
  const over = [...new Set(axes.map((name) => overText(run, run.scores[name].n)))].join(" and ");
  const first = `A mark is a pair of models, with 95 % intervals over structures. ${alike(across, "right", "left")}. ${alike(up, "up", "down")}.${bars}`;
  if (across.scope !== "global" || up.scope !== "local") return [first, `Over ${over}.`];
  const apart = `Far ${side} but ${up.alike === "high" ? "low" : "high up"}: alike over all atoms together, yet not around single atoms.`;
  return [`${first} ${apart}`, `High agreement over all atoms, low around single ones across families: Li & Walsh, Nat. Mach. Intell. 8, 830 (2026). Over ${over}.`];
}

function permutedImbalance(run) {
  const found = imbalanceNull(run, run.models.flatMap((_, i) => run.models.slice(i + 1).map((__, d) => ({ i, j: i + 1 + d }))));
  return found === null ? "" : ` With atoms permuted it is ${scoreText(found)} on average, both ways.`;
}

/* Each figure: label; why it cannot be drawn ("" where it can); draw; caption; a table for those who cannot point, and
   its numbers as lines of a file, where marks are too many to go through. */
export const FIGURES = {
  metrics: {
    label: "Pair", title: () => "By every metric", saved: ({ looked }) => `${looked[0]} and ${looked[1]} by every metric`,
    why: ({ run, metrics }) => (run.models.length < 2 ? "There are fewer than two models." : hasPairMetric(run, metrics) ? "" : NO_PAIR_METRIC),
    draw: (svg, c, size) => drawMetrics(svg, { ...c, pair: c.looked }, size),
    says: ({ run, metrics, baselines, looked }) => [
      "● with its bar: score and 95 % interval over structures, hollow where no better than permuted. │ atoms permuted."
        + (reachesBeyond(run, metrics, ...looked.map((key) => run.models.indexOf(key))) ? " ◂ ▸ beyond the axis from 0 to 1." : "")
        + (baselines.some((key) => run.models.includes(key)) ? ` ◇ each of the two with ${baselines[0]}: what element identity alone gives.` : "")
        + " ↓ low means alike. Point at a row for its meaning and source.",
    ],
  },
  scatter: {
    label: "Global–local", title: ({ axes, metrics }) => `${metrics[axes[1]].label} against ${metrics[axes[0]].label}`,
    why: ({ run, metrics, axes }) => axes.filter((name) => !scored(run, name)).map((name) => lacking(run, metrics, name)).join(" "),
    draw: drawPairs,
    says: scatterWords,
  },
  anchors: {
    label: "Anchors", title: () => "How many anchors are enough",
    why: ({ anchors }) => (anchors ? "" : "This atlas holds no agreement against the number of anchors; platonic-atlas agreement writes it."),
    draw: drawAnchors,
    says: ({ anchors }) => [
      "Where a line is flat and its band (least to most over seeds) narrow, further anchors and another choice of them change nothing.",
      `Mean over ${counted(anchors?.pairs ?? 0, "pair")} of pretrained models, ${counted(anchors?.n ?? 0, "atom")}. Li & Walsh (2026) find agreement stable near K = 100; DIRECT: Qi et al., npj Comput. Mater. 2024. No intervals over structures and no permuted atoms are computed here.`,
    ],
  },
  imbalance: {
    label: "Imbalance", title: () => "Information imbalance of each pair",
    why: ({ run, metrics }) => (scored(run, "information-imbalance") ? "" : lacking(run, metrics, "information-imbalance")),
    draw: drawImbalance,
    says: ({ run, metrics }) => [`${metrics["information-imbalance"].meaning}${permutedImbalance(run)}`, `${metrics["information-imbalance"].source}. Over ${overText(run, run.scores["information-imbalance"].n)}.`],
  },
  dimension: {
    label: "Dimension", title: () => "Intrinsic dimension and collapsed atoms",
    why: ({ run, metrics }) => (scored(run, "intrinsic-dimension") || scored(run, "collapse") ? "" : lacking(run, metrics, "intrinsic-dimension")),
    draw: drawDimension,
    says: ({ run, metrics }) => [`${metrics["intrinsic-dimension"].meaning} ${metrics.collapse.meaning}`, `${metrics["intrinsic-dimension"].source}; ${metrics.collapse.source}. Over ${overText(run, (run.scores["intrinsic-dimension"] || run.scores.collapse).n)}.`],
  },
  transport: {
    label: "Transport", title: ({ plan, looked }) => (plan ? `${percentText(plan.stays)} of atoms lie on their own element: ${looked[0]} and ${looked[1]}` : "Transport"),
    why: ({ plan, planState, plans }) => (plan ? "" : planState || (plans.length ? "No plan is stored for these two models; choose others." : "This atlas holds no plan of transport; platonic-atlas agreement --metrics transport writes it.")),
    draw: (svg, c, size) => drawTransport(svg, { ...c, pair: c.looked }, size),
    table: ({ plan, looked }) => ({
      title: `The ${MOST_FLOWS} largest flows to other elements, as a table`,
      head: [`In ${looked[0]}`, `In ${looked[1]}`, "Of all atoms", "Of the first’s atoms"],
      rows: largestFlows(plan, MOST_FLOWS).map(({ from, to, part, share }) => [from, to, percentText(part), percentText(share)]),
    }),
    lines: ({ plan, looked }) => planLines(plan, looked),
    says: ({ plan, metrics }) => [metrics.transport.meaning, `Exact plan over ${counted(plan?.n ?? 0, "atom")}: ${percentText(plan?.stays)} stay with their element (${percentText(plan?.by_chance)} if paired at random), ${percentText(plan?.own_atom)} with the very atom. Score ${scoreText(plan?.relative)}. Source: ${metrics.transport.source}.`],
  },
  errors: {
    label: "Error", title: ({ metrics, name }) => `${metrics[name].label} against energy error`,
    why({ errors, run, metrics, name }) {
      if (errors?.refused) return errors.refused;
      if (!errors) return `No energy errors are known. Give them in a table, columns model, error, unit, source: ${ERRORS_COMMAND}`;
      if (run.models.filter((key) => errors.models[key]).length < 3) return "Energy errors are known of fewer than three of these models.";
      return scored(run, name) ? "" : lacking(run, metrics, name);
    },
    draw: drawErrors,
    says: ({ errors, run, metrics, name }) => [
      `Do better models agree more? Each mark is a model: its error, and its agreement with the most accurate one${bothWaysText(metrics[name])}.`,
      `Edamadaka et al., arXiv:2512.03750. Over ${overText(run, run.scores[name]?.n ?? 0)}.${errors?.unknown?.length ? ` Not in this atlas: ${errors.unknown.join(", ")}.` : ""}`,
    ],
  },
};
