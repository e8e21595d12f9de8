import assert from "node:assert/strict";
import test from "node:test";
import { changesOverlap, comparedModels, comparisonFields, comparisonName, selectedByOverlap } from "../../assets/atlas/comparison.js";
import { atomText } from "../../assets/neighbours/atom.js";
import { splitByPair } from "../../assets/neighbours/cards.js";
import { firstPair, pairAfter } from "../../assets/neighbours/controls.js";
import { dotAxis, meanText, twoDecimals } from "../../assets/neighbours/dots.js";
import { headlineText } from "../../assets/neighbours/headline.js";
import { orderOf, sortAfter } from "../../assets/neighbours/ranking.js";
import { makeDerivedView } from "../../assets/neighbours/small_maps.js";
import { meansFile, meansTable, overlapCells } from "../../assets/neighbours/where.js";
import { reachOf, usualText } from "../../assets/neighbours/why.js";
import { failureText } from "../../assets/panels/failure.js";
import { makeEvents } from "../../assets/atlas/events.js";
import { mapsOf } from "../../assets/pages/neighbours.js";

const info = {
  models: [
    { key: "a", family: "A", status: "pretrained" }, { key: "b", family: "A", status: "fine-tuned" }, { key: "c,d", family: "C", status: "imported" },
    { key: "u", family: "A", status: "untrained" }, { key: "o", family: "O", status: "control" },
  ],
  quantities: [{ id: "overlap", of: "comparison" }, { id: "charge", of: "model" }],
};
const view = { models: ["a", "b", "c,d", "u", "o"], pair: [], near: "all", nearest: 10, chance: false, colour: "category", brush: {} };

test("a pair is compared in the order of the atlas, without one the potentials that are shown", () => {
  assert.deepEqual(comparedModels({ ...view, pair: ["o", "a"] }, info), ["a", "o"]);
  assert.deepEqual(comparedModels(view, info), ["a", "b", "c,d"]);
  assert.deepEqual(comparedModels({ ...view, models: ["a", "u", "o"] }, info), ["a", "u", "o"]);
  assert.deepEqual(comparedModels({ ...view, models: ["a"] }, info), ["a"]);
});

test("a comparison is named as the server names it, signs of lists escaped", () => {
  assert.equal(comparisonName(view, info), "all:10:raw:a,b,c%2Cd");
  assert.equal(comparisonName({ ...view, near: "within_element", nearest: 50, chance: true, pair: ["b", "a"] }, info), "within_element:50:chance:a,b");
});

test("what is compared matters to atoms only where overlap colours or selects them", () => {
  const pair = new Set(["pair"]);
  assert.equal(changesOverlap(view, pair, info), false);
  assert.equal(changesOverlap({ ...view, colour: "overlap" }, pair, info), true);
  assert.equal(changesOverlap({ ...view, brush: { overlap: [0, 0.5] } }, new Set(["models"]), info), true);
  assert.equal(changesOverlap({ ...view, pair: ["a", "b"], brush: { overlap: [0, 0.5] } }, new Set(["models"]), info), false);
  assert.deepEqual(selectedByOverlap(view, info), []);
  assert.deepEqual(selectedByOverlap({ ...view, brush: { overlap: [0, 0.5] } }, info), comparisonFields(view));
});

test("the two offered first are of different families where there are such", () => {
  assert.deepEqual(firstPair(view, info), ["a", "c,d"]);
  assert.deepEqual(firstPair({ ...view, models: ["a", "b"] }, info), ["a", "b"]);
  assert.deepEqual(firstPair({ ...view, models: [] }, { models: [info.models[0]] }), []);
});

test("a model takes one place of the pair, and the other moves rather than be the same", () => {
  assert.deepEqual(pairAfter(["a", "b"], 0, "c"), ["c", "b"]);
  assert.deepEqual(pairAfter(["a", "b"], 1, "c"), ["a", "c"]);
  assert.deepEqual(pairAfter(["a", "b"], 0, "b"), ["b", "a"]);
  assert.deepEqual(pairAfter(["a", "b"], 1, "a"), ["b", "a"]);
});

test("neighbours fall into those of one, of both and of the other, each in the order of its ranks", () => {
  const row = (atom, ...places) => ({ atom, places });
  const rows = [row(1, [2, 0.9], [1, 0.9]), row(2, [1, 0.9], [1, 0.9]), row(3, [5, 0.9], null), row(4, [3, 0.9], null), row(5, null, [2, 0.9]), row(6, null, null)];
  const { first, both, second } = splitByPair(rows);
  assert.deepEqual([first, both, second].map((part) => part.map(({ atom }) => atom)), [[4, 3], [2, 1], [5]]);
});

test("a column sorts with the least first, then the other way", () => {
  assert.equal(sortAfter({ column: "overlap", descending: false }, "overlap"), "-overlap");
  assert.equal(sortAfter({ column: "overlap", descending: true }, "overlap"), "overlap");
  assert.equal(sortAfter({ column: "overlap", descending: true }, "control"), "control");
});

test("a view says by which column it ranks; one that atoms or crystals lack is not used", () => {
  assert.deepEqual(orderOf({ ranked: "structures", sort: "-sites" }), { column: "sites", descending: true });
  assert.deepEqual(orderOf({ ranked: "atoms", sort: "-sites" }), { column: "overlap", descending: false });
  assert.deepEqual(orderOf({ ranked: "atoms", sort: "coordination" }), { column: "coordination", descending: false });
});

test("why something could not be read is said without addresses", () => {
  assert.equal(failureText(Object.assign(new Error("overlap/summary?pair=a,b could not be read (500)"), { status: 500, said: "" })), "The server answered with an error (500).");
  assert.equal(failureText(Object.assign(new Error("The filter ends early."), { status: 400, said: "The filter ends early." })), "The filter ends early.");
  assert.equal(failureText(new TypeError("Failed to fetch")), "The server cannot be reached.");
});

test("numbers have a true minus, no negative zero, and a dash where there is none", () => {
  assert.deepEqual([0.333, -0.001, -0.126, null].map(twoDecimals), ["0.33", "0.00", "−0.13", "–"]);
  assert.equal(meanText({ mean: 0.5, low: null, high: null }), "0.50");
  assert.equal(meanText({ mean: 0.5, low: 0.41, high: 0.6 }), "0.50 [0.41, 0.60]");
});

test("the axis of means begins at zero and holds every interval", () => {
  const axis = dotAxis([{ mean: 0.2, low: null, high: null }, { mean: 0.4, low: 0.1, high: 0.63 }]);
  assert.equal(axis.lo, 0);
  assert.ok(axis.hi >= 0.63 && axis.hi <= 1);
  assert.ok(dotAxis([{ mean: -0.1, low: -0.3, high: 0 }]).lo <= -0.3);
  assert.ok(dotAxis([]).hi > 0);
});

test("the axis of differences holds the largest on either side", () => {
  assert.equal(reachOf([{ difference: -2.2 }, { difference: 1 }]), 2.5);
  assert.equal(reachOf([{ difference: 0.2 }]), 1);
});

test("standard deviations say over how many atoms they are, and which anchors have none", () => {
  const found = { pair: ["a", "b"], usual_over: [6706, 6706], constant: 0 };
  assert.equal(usualText(found), "in standard deviations over the 6,706 atoms of the atlas that each model embedded.");
  assert.match(usualText({ ...found, usual_over: [6706, 6703], constant: 2 }), /\(a 6,706, b 6,703\)\. 2 anchors left out/);
});

test("the headline says over how many sites of how many crystals, of which lists, and who lacks how many", () => {
  const found = { all: { mean: 0.3, low: 0.2, high: 0.4, atoms: 2317, structures: 962 }, k: 10, near: "representatives", resamples: 1000, lacking: { b: 2 } };
  const said = headlineText(found, false, true);
  assert.match(said, /10 nearest neighbours, mean over 2,317 sites in 962 crystals of the selection \(lists: one atom per site\)/);
  assert.match(said, /1,000 resamples of the crystals\. b has no list of 2 atoms\./);
  assert.doesNotMatch(headlineText({ ...found, all: { ...found.all, low: null }, lacking: {} }, true, false), /95|selection/);
});

test("the control's number says over how many sites it is, and chance among all atoms that it is too low", () => {
  const all = { mean: 0.3, low: null, high: null, atoms: 20, structures: 4 };
  const found = { all, control: { ...all, atoms: 17, structures: 3 }, chance: 0.1, k: 10, near: "representatives", resamples: 0, lacking: {} };
  assert.match(headlineText(found, false, false), /over 20 sites in 4 crystals .* With element-only: over 17 sites in 3 crystals\./);
  assert.doesNotMatch(headlineText(found, false, false), /too low/);
  assert.match(headlineText({ ...found, near: "all" }, false, false), /Chance is counted too low/);
  assert.match(headlineText({ ...found, near: "all", chance: null }, true, false), /Chance is counted too low/);
});

test("an atom without an overlap is explained", () => {
  const models = [{ key: "a", compared: true, n: 10 }, { key: "b", compared: true, n: 0 }];
  const found = { overlap: null, control: null, chance: null, order: null, k: 10, models, obstacle: "" };
  assert.match(atomText(found, false), /\(b lists none\)/);
  assert.match(atomText({ ...found, models: models.map((m) => ({ ...m, n: 10 })) }, true), /no more than 10 atoms/);
  assert.equal(atomText({ ...found, obstacle: "Nothing." }, false), "Nothing.");
  assert.equal(
    atomText({ ...found, overlap: 0.4, control: 0.15, chance: 0.00431, order: 0.35 }, false),
    "0.40 of k = 10 shared; with element-only 0.15; by chance 0.004; rank-biased overlap 0.35.",
  );
  const every = { ...found, overlap: 0.4, chance: 0.2, near: "all" };
  assert.equal(atomText(every, false), "0.40 of k = 10 shared; by chance at least 0.20.");
  assert.equal(atomText({ ...every, chance: null }, true), "Overlap above chance 0.40 (chance counted too low).");
});

test("cells of the periodic table show means, and say over what", () => {
  const elements = [{ symbol: "H", name: "hydrogen", n: 3 }, { symbol: "He", name: "helium", n: 1 }, { symbol: "Li", name: "lithium", n: 0 }];
  const cells = overlapCells(elements, { H: { mean: 0.5, low: 0.4, high: 0.6, atoms: 2, structures: 1 } }, { lo: 0, hi: 1, log: false }, ["#000000", "#ffffff"], false, "site");
  assert.deepEqual(cells.map(({ text }) => text), ["0.50", "", ""]);
  assert.equal(cells[0].says, "hydrogen: overlap 0.50 [0.40, 0.60] over 2 sites in 1 crystal");
  assert.deepEqual(cells.slice(1).map(({ says }) => says), ["helium: no site counted", "lithium: not in this atlas"]);
});

test("means are saved as a table, a line each, with what they are of, chance and the selection", () => {
  const mean = { mean: 0.5, low: 0.4, high: null, atoms: 2, structures: 1 };
  const found = {
    label: "Overlap of a and b, k = 10", models: ["a", "b"], layers: { a: "last", b: "node, scalars" }, near: "all", k: 10, all: mean, control: null, chance: 0.01,
    elements: { H: mean }, groups: [{ label: "Prototype", rows: [{ ...mean, label: 'AB, "x"' }] }], resamples: 1000,
  };
  const about = 'a b,"a: last; b: node, scalars",all,10,zero,1000,find=element%20%3D%20H,"Overlap of a and b, k = 10"';
  assert.deepEqual(meansTable(found, { chance: false, selected: true, selecting: "?find=element%20%3D%20H" }).split("\r\n"), [
    "group,name,mean_overlap,low_95,high_95,atoms,crystals,models,layers,lists,k,counted_from,resamples,selection,of",
    `all,,0.5,0.4,,2,1,${about}`, `"by chance, at least",,0.01,,,2,1,${about}`, `element,H,0.5,0.4,,2,1,${about}`, `prototype,"AB, ""x""",0.5,0.4,,2,1,${about}`, "",
  ]);
  const above = meansTable({ ...found, chance: null }, { chance: true, selected: false, selecting: "" });
  assert.match(above, /,chance,1000,all atoms,/);
  assert.doesNotMatch(above, /by chance/);
});

test("a file of means is named by what they are of", () => {
  assert.equal(meansFile({ models: ["a", "b<b>"], near: "all", k: 5 }, { chance: true, selected: true }), "overlap-a-b_b_-all-k5-above-chance-selection.csv");
  assert.equal(meansFile({ models: ["a", "b", "c"], near: "representatives", k: 10 }, { chance: false, selected: false }), "overlap-3-models-representatives-k10.csv");
});

test("small maps take colours of their own and leave the page's zoom alone", () => {
  let main = { ...view, space: "shared", method: "pca", align: "", zoom: { "": [0, 1, 0, 1] }, palette: "viridis", limits: [0, 9], log: true, reverse: true, hide: ["x"] };
  const events = makeEvents();
  const set = (next) => {
    const changed = new Set(Object.keys(next));
    main = { ...main, ...next };
    events.emit(main, changed);
  };
  const derived = makeDerivedView({ get: () => main, set, on: events.on, query: () => "", selecting: () => "", masking: () => "" }, (now) => mapsOf(now, info, 2));
  assert.deepEqual([derived.get().models, derived.get().colour, derived.get().limits, derived.get().hide, derived.get().zoom], [["a", "c,d"], "overlap", null, [], {}]);
  const seen = [];
  derived.on((_, changed) => seen.push([...changed].sort()));
  derived.set({ zoom: { "": [0, 2, 0, 2] } });
  assert.deepEqual(main.zoom, { "": [0, 1, 0, 1] });
  set({ colour: "charge" });
  derived.set({ atom: 3 });
  assert.equal(main.atom, 3);
  set({ pair: ["b", "o"] });
  assert.deepEqual(derived.get().models, ["b", "o"]);
  assert.deepEqual(seen, [["zoom"], ["atom"], ["models", "pair", "zoom"]]);
  assert.deepEqual(derived.get().zoom, {});
});
