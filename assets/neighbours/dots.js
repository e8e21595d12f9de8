/* Means with their intervals as dots on one axis. */
import { niceEdges } from "../panels/bins.js";
import { buildNode } from "../panels/nodes.js";
import { groupedNumber } from "../panels/words.js";

export const twoDecimals = (value) => (value === null || value === undefined ? "–" : (Math.round(100 * value) / 100 + 0).toFixed(2).replace("-", "−"));

/* "0.33 [0.32, 0.34]" */
export const meanText = ({ mean, low, high }) => (low === null ? twoDecimals(mean) : `${twoDecimals(mean)} [${twoDecimals(low)}, ${twoDecimals(high)}]`);

/* Ends of an axis that holds all means and their intervals, at round numbers, and 0. */
export function dotAxis(means) {
  const ends = means.flatMap(({ mean, low, high }) => [low ?? mean, high ?? mean]).filter((value) => value !== null);
  const edges = niceEdges(Math.min(0, ...ends), Math.max(...ends, 0.05), 3);
  return { lo: edges[0], hi: edges.at(-1), ticks: [...edges] };
}

const percentOf = (value, { lo, hi }) => (100 * (Math.min(Math.max(value, lo), hi) - lo)) / (hi - lo);

/* The plot of one mean; `reference` is marked by a line. */
export function dotPlot(mean, axis, reference) {
  const plot = buildNode("span", { class: "dot-plot", "aria-hidden": "true" });
  const put = (name, from, to = null) => {
    const part = buildNode("i", { class: name });
    part.style.left = `${percentOf(from, axis)}%`;
    if (to !== null) part.style.width = `${percentOf(to, axis) - percentOf(from, axis)}%`;
    plot.append(part);
  };
  if (reference !== null && reference !== undefined) put("dot-reference", reference);
  if (mean.low !== null) put("dot-interval", mean.low, mean.high);
  put("dot-mean", mean.mean);
  return plot;
}

export function dotTicks(axis) {
  const ticks = axis.ticks.map((value) => {
    const tick = buildNode("i", {}, Number(value.toFixed(2)).toString().replace("-", "−"));
    tick.style.left = `${percentOf(value, axis)}%`;
    return tick;
  });
  return buildNode("span", { class: "dot-ticks", "aria-hidden": "true" }, ...ticks);
}

export const overWhat = ({ atoms, structures }, noun) =>
  `${groupedNumber(atoms)} ${noun}${atoms === 1 ? "" : "s"} in ${groupedNumber(structures)} crystal${structures === 1 ? "" : "s"}`;
