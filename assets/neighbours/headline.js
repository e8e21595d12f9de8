/* The overlap in one number, beside what element identity alone and chance give. */
import { buildNode } from "../panels/nodes.js";
import { counted, groupedNumber } from "../panels/words.js";
import { overWhat, twoDecimals } from "./dots.js";

const LIST_WORDS = {
  representatives: "one atom per site", within_element: "one atom per site, same element", all: "all atoms",
};

/* Said wherever chance is counted among all atoms. */
export const CHANCE_OF_ALL = "Chance is counted too low here, and overlap above it too high: symmetry-equivalent atoms come into a list together.";

/* Which layer of each model the vectors are of. */
export const layersText = (layers) => Object.entries(layers).map(([key, layer]) => `${key}: ${layer}`).join("; ");

const small = (value) => (value < 0.01 && value > 0 ? Number(value.toPrecision(1)).toString() : twoDecimals(value));

function figure(name, value, interval, says) {
  const shown = buildNode("b", {}, value);
  return buildNode("div", { class: "figure", title: says }, buildNode("span", { class: "figure-name" }, name), buildNode("span", { class: "figure-value" }, shown, interval ? buildNode("i", {}, interval) : ""));
}

const intervalOf = ({ low, high }) => (low === null ? "" : ` ${twoDecimals(low)}–${twoDecimals(high)}`);

/* What the numbers are over, in a sentence. */
export function headlineText(found, chance, selected) {
  const { all, control, k, near, resamples, lacking } = found;
  const noun = near === "all" ? "atom" : "site";
  const what = chance ? `Overlap of the ${k} nearest neighbours above chance` : `Shared fraction of the ${k} nearest neighbours`;
  const interval = all.low === null ? "" : `; 95 % intervals, ${groupedNumber(resamples)} resamples of the crystals`;
  const beside = control ? ` With element-only: over ${overWhat(control, noun)}.` : "";
  const low = near === "all" && (chance || found.chance !== null) ? ` ${CHANCE_OF_ALL}` : "";
  const without = Object.entries(lacking).map(([key, n]) => `${key} has no list of ${counted(n, "atom")}`);
  return `${what}, mean over ${overWhat(all, noun)}${selected ? " of the selection" : ""} (lists: ${LIST_WORDS[near]})${interval}.${beside}${low}${without.length ? ` ${without.join("; ")}.` : ""}`;
}

/* `of` is the view that was asked about, which may not be the one now. */
export function headlineNodes(found, of) {
  const { all, control, chance, k, near, layers } = found;
  const { pair, selected } = of;
  if (all.mean === null) return [buildNode("p", { class: "page-empty" }, selected ? "No selected atom has such a list in every compared model." : "No atom has such a list in every compared model.")];
  const n = found.models.length;
  const models = n === 2 ? (pair.length === 2 ? pair : found.models).join(" and ") : `${n} models, mean over ${(n * (n - 1)) / 2} pairs`;
  const figures = [figure(models, twoDecimals(all.mean), intervalOf(all), `${found.label}. Layers: ${layersText(layers)}`)];
  if (control) figures.push(figure("with element-only", twoDecimals(control.mean), intervalOf(control), "Overlap of these models with the control that knows nothing but the element: what element identity alone explains"));
  if (chance !== null) figures.push(figure(near === "all" ? "by chance, at least" : "by chance", small(chance), "", `Two lists of ${k} atoms share this much on average if each is drawn at random from the atoms that its model could list.${near === "all" ? ` ${CHANCE_OF_ALL}` : ""}`));
  return [buildNode("div", { class: "figures" }, ...figures), buildNode("p", { class: "headline-says" }, headlineText(found, of.chance, selected))];
}
