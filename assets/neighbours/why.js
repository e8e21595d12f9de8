/* Why two models disagree about an atom: the anchors that they place it most differently from, as a diverging chart. */
import { formulaNode } from "../atlas/tip.js";
import { buildNode } from "../panels/nodes.js";
import { counted, groupedNumber } from "../panels/words.js";

const signed = (value) => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;
const cosineText = (value) => (Math.round(100 * value) / 100 + 0).toFixed(2).replace("-", "−");

/* The end of an axis around 0 that holds all differences. */
export const reachOf = (anchors) => Math.max(1, Math.ceil(2 * Math.max(0, ...anchors.map(({ difference }) => Math.abs(difference)))) / 2);

/* Over which atoms the standard deviations are, and which anchors have none. */
export function usualText({ pair, usual_over: over, constant }) {
  const [first, second] = over.map(groupedNumber);
  const atoms = first === second ? `the ${first} atoms of the atlas that each model embedded` : `the atoms of the atlas that each model embedded (${pair[0]} ${first}, ${pair[1]} ${second})`;
  const without = constant ? ` ${counted(constant, "anchor")} left out: in one of the models equally similar to all atoms.` : "";
  return `in standard deviations over ${atoms}.${without}`;
}

export function whyNodes(found) {
  const { pair, anchors, unexplained } = found;
  if (!anchors.length) return unexplained ? [buildNode("p", { class: "hint" }, unexplained)] : [];
  const [a, b] = pair;
  const reach = reachOf(anchors);
  const rows = anchors.map((anchor) => {
    const { symbol, formula, id, difference, similar, standard, atom } = anchor;
    const nearer = difference > 0 ? a : b;
    const says = `Anchor ${anchor.anchor}, ${symbol} in ${formula} (${id}): cosine ${cosineText(similar[0])} in ${a}, ${cosineText(similar[1])} in ${b}; ${signed(standard[0])} and ${signed(standard[1])} standard deviations from the usual, so nearer in ${nearer}`;
    const name = [buildNode("b", {}, symbol), " in ", formulaNode(formula)];
    const label = atom === null ? buildNode("span", { class: "why-name", title: says }, ...name) : buildNode("button", { type: "button", class: "why-name card-atom", "data-atom": atom, title: says, "aria-label": says }, ...name);
    const bar = buildNode("i", { class: difference > 0 ? "first" : "second" });
    const half = (50 * Math.abs(difference)) / reach;
    Object.assign(bar.style, difference > 0 ? { right: "50%", width: `${half}%` } : { left: "50%", width: `${half}%` });
    return buildNode(
      "div", { class: "why-row", title: says }, label, buildNode("span", { class: "why-value" }, cosineText(similar[0])),
      buildNode("span", { class: "why-plot", "aria-hidden": "true" }, bar), buildNode("span", { class: "why-value" }, cosineText(similar[1])),
    );
  });
  const head = buildNode(
    "div", { class: "why-row why-head", "aria-hidden": "true" }, buildNode("span", { class: "why-name" }, "anchor"), buildNode("span", { class: "why-value" }, "cosine"),
    buildNode("span", { class: "why-ends" }, buildNode("span", {}, `◂ nearer in ${a}`), buildNode("span", {}, `nearer in ${b} ▸`)), buildNode("span", { class: "why-value" }, "cosine"),
  );
  const axis = buildNode("div", { class: "why-row why-axis", "aria-hidden": "true" }, buildNode("span", {}), buildNode("span", {}), buildNode("span", { class: "why-ends" }, ...[reach, 0, reach].map((end) => buildNode("span", {}, String(end)))), buildNode("span", {}));
  return [head, ...rows, axis, buildNode("p", { class: "hint" }, `The anchors to which the two similarities differ most. Bars: difference of the two cosines, each counted from that model’s usual cosine to the anchor, ${usualText(found)}`)];
}
