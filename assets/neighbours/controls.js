/* What is compared: two models or all shown, which lists, how many neighbours, counted from zero or from chance. */
import { comparedModels } from "../atlas/comparison.js";
import { buildNode } from "../panels/nodes.js";
import { makeSegments } from "../panels/segments.js";

const LISTS = [
  ["representatives", "One per site", "Lists hold one atom of each site"],
  ["within_element", "Same element", "Lists hold one atom of each site of the same element"],
  ["all", "All atoms", "Lists hold all atoms, symmetry-equivalent ones too"],
];
const COUNTS = [5, 10, 20, 50].map((k) => [k, String(k), `The ${k} nearest neighbours`]);
const FROM = [
  [false, "Overlap", "Shared fraction of the lists"],
  [true, "Above chance", "Overlap counted from what chance gives: 0 for unrelated lists, 1 for equal ones; too high for lists of all atoms, into which equivalent atoms come together"],
];

/* The field of the view that the pressed button stands for. */
function segmentsOf(atlas, label, field, options) {
  const { node, press } = makeSegments(label, options, (value) => atlas.view.set({ [field]: value }, { step: true }));
  return { node, follow: () => press(atlas.view.get()[field]) };
}

/* The two that are offered first: those compared most, else the first two of the atlas. */
export function firstPair(view, info) {
  const compared = comparedModels(view, info);
  const keys = compared.length > 1 ? compared : info.models.map((model) => model.key);
  const family = (key) => info.models.find((model) => model.key === key)?.family;
  const other = keys.find((key) => family(key) !== family(keys[0])) ?? keys[1];
  return keys.length > 1 ? [keys[0], other] : [];
}

/* The pair after one of its places was given another model; the other place moves where both would be the same. */
export function pairAfter(pair, place, key) {
  const other = pair[1 - place] === key ? pair[place] : pair[1 - place];
  return place ? [other, key] : [key, other];
}

export function makeComparisonControls(atlas) {
  const { info, view } = atlas;
  const option = (key) => buildNode("option", { value: key }, key);
  const keys = info.models.map((model) => model.key);
  const first = buildNode("select", { class: "plain-select", "aria-label": "Compare" }, buildNode("option", { value: "" }, "all shown (mean)"), ...keys.map(option));
  const second = buildNode("select", { class: "plain-select", "aria-label": "with" }, ...keys.map(option));
  const swap = buildNode("button", { type: "button", class: "tool swap", title: "Exchange the two models", "aria-label": "Exchange the two models",
    onclick: () => view.set({ pair: view.get().pair.toReversed() }, { step: true }) }, "⇄");
  const several = info.models.length > 1;
  first.addEventListener("change", () => {
    const { pair } = view.get();
    if (!first.value) return view.set({ pair: [] }, { step: true });
    const before = pair.length === 2 ? pair : firstPair(view.get(), info);
    return view.set({ pair: pairAfter(before, 0, first.value) }, { step: true });
  });
  second.addEventListener("change", () => view.set({ pair: pairAfter(view.get().pair, 1, second.value) }, { step: true }));

  const [lists, counts, from] = [
    segmentsOf(atlas, "Neighbour lists", "near", LISTS),
    segmentsOf(atlas, "Nearest neighbours", "nearest", COUNTS),
    segmentsOf(atlas, "Overlap counted from", "chance", FROM),
  ];
  const field = (text, ...content) => buildNode("div", { class: "control" }, buildNode("span", { class: "control-name", "aria-hidden": "true" }, text), ...content);
  const node = buildNode(
    "div", { class: "compare-bar", role: "group", "aria-label": "What is compared" },
    field("Compare", first, swap, second), field("Lists", lists.node), field("k", counts.node), field("", from.node),
  );

  function follow() {
    const { pair } = view.get();
    first.value = pair[0] ?? "";
    second.value = pair[1] ?? "";
    second.hidden = swap.hidden = pair.length !== 2;
    first.disabled = !several;
    for (const control of [lists, counts, from]) control.follow();
  }
  view.on((_, changed) => ["pair", "near", "nearest", "chance"].some((name) => changed.has(name)) && follow());
  follow();
  return node;
}
