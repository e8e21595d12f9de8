import assert from "node:assert/strict";
import { test } from "node:test";

import { maskOfSeries } from "../../assets/drift/arrays.js";
import { mapsOfEntries, pickedOf } from "../../assets/drift/atoms.js";
import { changeCodes, changeScale, groupCodes, groupColours, groupsShown } from "../../assets/drift/colours.js";
import { apartByChance, comparedWords } from "../../assets/drift/compared.js";
import { chartsOf, drawnEvenly, rankedElements } from "../../assets/drift/curves.js";
import { changeCells } from "../../assets/drift/elements.js";
import { between, sharedBox, trailWords } from "../../assets/drift/map.js";
import { curveOf, estimateAt, meanOfSeeds, rankedWorst, structureMeans } from "../../assets/drift/means.js";
import { correlationText, decadesAround, dotsOf, stillWords } from "../../assets/drift/outputs.js";
import { labelledTicks } from "../../assets/drift/player.js";
import { recordLines } from "../../assets/drift/record.js";
import { elementsTable, numbersTable } from "../../assets/drift/saving.js";
import { besideOf, changeNoun, chosenSeries, kindOf, sameStep, seedsOf, seriesGroups, stepOf, stepText } from "../../assets/drift/series.js";
import { SUMMED, checkText, flagsWords, summaryRows, verdictText } from "../../assets/drift/summary.js";
import { arrowHead, drawnTrails, trailPaths, trailRoom } from "../../assets/drift/trails.js";
import { CHANGES, cellUnit, changeCellText, changeLabel, changeOf, changeText, rangeText, keptShareText, shownText, withUnit } from "../../assets/drift/words.js";
import { rankingBy, sizesOf } from "../../assets/drift/worst.js";

const made = (strategy, seed, more = {}) => ({ name: `${strategy}-${seed}`, title: "t", kind: "fine-tuning", experiment: "Cu dimers", strategy, seed, base: "chgnet-0.3.0", family: "CHGNet", layer: "", trained_on: ["Cu"], checkpoints: ["chgnet-0.3.0", "40", "80"], step: [0, 40, 80], step_unit: "updates", k: 10, anchors: 100, atoms: 4, structures: 2, ...more });
const pair = made("", null, { name: "pair", title: "r2SCAN", kind: "published", experiment: "", step: [0, 1], step_unit: "checkpoint", checkpoints: ["chgnet-0.3.0", "chgnet-r2scan"], trained_on: [] });
const all = [made("naive", 0), made("naive", 1), made("replay", 1), made("multihead", 0, { step: [0, 30, 60, 90] }), pair];
const estimates = (value) => ({ value, low: value.map((v) => (Array.isArray(v) ? v.map((x) => x * 0.9) : v * 0.9)), high: value.map((v) => (Array.isArray(v) ? v.map((x) => x * 1.1) : v * 1.1)) });
const told = (series, end) => ({
  ...series, counted: Object.fromEntries(SUMMED.map((field) => [field, field === "energy" ? 2 : 3])), elements: ["Cu", "Au"], element_counted: { reembedded: [2, 1], frozen: [2, 1], retention: [2, 1], forces: [2, 0] },
  overall: Object.fromEntries(SUMMED.map((field) => [field, estimates(series.step.map((_, k) => (end * k) / 2))])),
  of_elements: Object.fromEntries(["reembedded", "frozen", "retention", "forces"].map((field) => [field, estimates(series.step.map((_, k) => [end * k, end * k * 2]))])),
  forgetting: { n_runs: 2, rule: "more than chance.", flagged: ["Au"], drift: [0.1, 0.4], low: [0.1, 0.3], null: [null, 0.2] },
});

test("series are grouped by experiment, each kind says what it is, and comparisons do not drift", () => {
  assert.deepEqual(seriesGroups(all).map(([title, options]) => [title, options.map((o) => o[1])]), [
    ["Cu dimers (fine-tuned here)", ["naive, seed 0", "naive, seed 1", "replay, seed 1", "multihead, seed 0"]], ["Published fine-tunes", ["r2SCAN"]],
  ]);
  assert.match(kindOf({ kind: "training" }).label, /never a foundation model/);
  assert.match(kindOf({ kind: "comparison" }).label, /not drift/);
  assert.equal(changeNoun({ kind: "comparison" }), "Difference");
  assert.equal(changeLabel(CHANGES.frozen, "Difference"), "Difference, anchors frozen");
});

test("beside a series stand the other strategies of its experiment, of the same seed where there is one", () => {
  assert.deepEqual(besideOf(all, all[1]).map((s) => s.name), ["naive-1", "replay-1", "multihead-0"]);
  assert.deepEqual(besideOf(all, all[0]).map((s) => s.name), ["naive-0", "replay-1", "multihead-0"]);
  assert.deepEqual(besideOf(all, pair), [pair]);
  assert.deepEqual(seedsOf(all, all[0]).map((s) => s.seed), [0, 1]);
  assert.equal(chosenSeries(all, "gone"), all[0]);
  const students = ["mace-student", "orb-student"].map((base) => made("", 0, { name: base, base, kind: "training", experiment: "students" }));
  assert.deepEqual(besideOf(students, students[1]), students);
  assert.deepEqual(seedsOf(students, students[1]), [students[1]]);
});

test("a step is the last by default, and other series follow as far as they have come", () => {
  assert.deepEqual([-1, 0, 2, 9].map((step) => stepOf(all[0], step)), [2, 0, 2, 2]);
  assert.deepEqual([0, 29, 40, 80, 1000].map((v) => sameStep(all[3], v)), [0, 0, 1, 2, 3]);
  assert.deepEqual([0, 1].map((k) => stepText(all[0], k)), ["base", "40 updates"]);
  assert.equal(stepText(pair, 1), "chgnet-r2scan");
  assert.equal(stepText({ ...pair, kind: "training" }, 0), "random start");
});

test("numbers keep three digits, a true minus, and their unit", () => {
  assert.deepEqual([0, 0.00376, 0.3131, 12.345, 123.4, -0.02, 2.44e-5, null, NaN].map(changeText), ["0", "0.00376", "0.313", "12.3", "123", "−0.0200", "2.4·10⁻⁵", "–", "–"]);
  assert.deepEqual([1, 0.99996, 0.9123, null].map(keptShareText), ["1", ">0.9999", "0.9123", "–"]);
  assert.equal(withUnit(CHANGES.energy, 0.0123), "12.3 meV/atom");
  assert.equal(rangeText(CHANGES.energy, 0.01, 0.02), "[10.0, 20.0]");
  assert.equal(rangeText(CHANGES.energy, null, 0.02), "");
  for (const change of Object.values(CHANGES)) assert.ok(change.meaning && change.source);
});

test("forces and energies that changed by rounding only are said to be below what counts", () => {
  assert.deepEqual([0, 5.6e-7, -5e-5, 1.1e-4, 0.0267].map((v) => shownText(CHANGES.forces, v)), ["0", "<0.1", "<0.1", "0.110", "26.7"]);
  assert.equal(shownText(CHANGES.energy, 5e-7), "<0.001");
  assert.equal(shownText(CHANGES.reembedded, 5e-7), "5.0·10⁻⁷");
  assert.equal(stillWords([0, 5e-5, 0.2, NaN, 0], [1, 1, 1, 1, 0], CHANGES.forces), " Force change of 2 is below 0.1 meV/Å, none but for rounding; symmetry makes most of those forces zero.");
  assert.equal(stillWords([0.2], [1], CHANGES.forces), "");
});

test("strategies are compared in words, with what their spread allows to say", () => {
  const entry = (series, ...ends) => ({ series, t: 2, told: told(series, ends[0]), runs: ends.map((end) => told(series, end)) });
  const of = { mean: false, change: CHANGES.reembedded, noun: "Drift", t: 2, element: "Au" };
  const [naive, replay] = [entry(all[0], 0.2, 0.22), entry(all[2], 0.1, 0.11)];
  const apart = comparedWords({ ...of, entries: [naive, replay] });
  assert.match(apart, /^Drift, anchors re-embedded of Au after 80 updates, over 1 symmetry-distinct Au atom: replay 0\.400 \[0\.360, 0\.440\], naive 0\.800 .*replay changed less, and the two intervals lie apart\. These intervals are over structures; they leave out/);
  assert.match(comparedWords({ ...of, entries: [naive, entry(all[2], 0.19)] }), /intervals overlap, so neither is shown/);
  assert.match(comparedWords({ ...of, mean: true, entries: [naive, replay] }), /least and greatest of 2 seeds\)\. replay changed less in every run, which runs that do not differ would show once in 3 times\.$/);
  assert.match(comparedWords({ ...of, mean: true, entries: [naive, entry(all[2], 0.19, 0.21)] }), /ranges of the runs overlap/);
  assert.match(comparedWords({ ...of, mean: true, entries: [naive, entry(all[2], 0.1)] }), /One seed does not tell/);
  assert.match(comparedWords({ ...of, change: CHANGES.retention, entries: [naive, replay] }), /naive kept more/);
  assert.deepEqual([[naive], [naive, { ...replay, series: { ...all[2], base: "7net-0" } }]].map((entries) => comparedWords({ ...of, entries })), ["", ""]);
  assert.equal(comparedWords({ ...of, t: 0, entries: [naive, replay] }), "");
  assert.deepEqual([[2, 2], [3, 3]].map(([n, m]) => apartByChance(n, m)), [3, 10]);
});

test("atoms can have the colours of their element groups", () => {
  const info = { elements: [{ category: "nonmetal" }, { category: "noble gas" }, { category: "alkali" }], category_colours: { alkali: "#ff0000", "noble gas": "#00ff00", nonmetal: "#0000ff" } };
  const element = [3, 1, 1];
  assert.deepEqual([...groupCodes([0, 2], element)], [2, 0]);
  assert.equal(groupColours(info, 7)[2], 0xff0000ff);
  assert.equal(groupColours(info, 7)[200], 7);
  assert.deepEqual(groupsShown(info, { join: { drawn: [0, 2] }, columns: { element } }).map((group) => group.name), ["alkali", "nonmetal"]);
});

test("cells of a table share a power of ten where all are small, and call nothing perfect that is not", () => {
  const { reembedded, retention, forces } = CHANGES;
  assert.deepEqual([0.326, 0.0043, 0].map((v) => changeCellText(reembedded, v, 0.4)), ["0.33", "0.00", "0"]);
  assert.deepEqual([0.00026, 0.0000043].map((v) => changeCellText(reembedded, v, 0.0008)), ["2.6", "0.0"]);
  assert.equal(cellUnit(reembedded, 0.0008), "Cells in 10⁻⁴. ");
  assert.equal(cellUnit(forces, 0.4), "Cells in meV/Å. ");
  assert.deepEqual([1, 0.98, 0.997, 0.99996].map((v) => changeCellText(retention, v, 1)), ["1", ".98", ".997", ">.999"]);
});

test("energy is of structures: of atoms the drift with the chosen anchors stands for it", () => {
  assert.equal(changeOf({ measure: "energy", anchors: "frozen" }), CHANGES.frozen);
  assert.equal(changeOf({ measure: "energy", anchors: "frozen" }, true), CHANGES.energy);
  assert.deepEqual(["frozen", "forces"].map(rankingBy), [{ measure: "drift", anchors: "frozen" }, { measure: "forces" }]);
  assert.deepEqual(sizesOf("energy", [-2, 1]), [2, 1]);
});

test("one seed has its interval, several their mean with the least and greatest", () => {
  const runs = [told(all[0], 0.2), told(all[1], 0.4)];
  assert.deepEqual(estimateAt(runs[0], "reembedded", 1, "Au").n, 1);
  assert.equal(estimateAt(runs[0], "reembedded", 1, "Xe").value, null);
  const mean = meanOfSeeds(runs, "reembedded", 80);
  assert.ok(Math.abs(mean.value - 0.3) < 1e-12);
  assert.deepEqual([mean.low, mean.high, mean.seeds], [0.2, 0.4, 2]);
  assert.equal(meanOfSeeds(runs, "reembedded", 41).seeds, 0);
  assert.deepEqual(curveOf(runs, false, "reembedded").map((p) => p.step), [0, 40, 80]);
  const rows = summaryRows([{ series: all[0], runs, t: 2 }], true);
  assert.equal(rows[0].numbers.length, SUMMED.length);
});

test("charts are of all atoms, of one element, or of several by one measure", () => {
  assert.equal(chartsOf([], CHANGES.reembedded).length, 6);
  assert.deepEqual(chartsOf(["Au"], CHANGES.energy).map((c) => c.element), ["Au", "Au", "Au", "Au"]);
  assert.deepEqual(chartsOf(["Au", "Cu"], CHANGES.energy).map((c) => c.field), ["reembedded", "reembedded"]);
  assert.equal(chartsOf([..."ABCDEFGH"], CHANGES.forces).length, 6);
  assert.deepEqual([[0, 40, 80], [0, 10, 100, 10000]].map(drawnEvenly), [false, true]);
  const run = told(all[0], 0.2);
  assert.deepEqual(rankedElements({ told: run, runs: [run], mean: false, t: 2, change: CHANGES.reembedded, elements: [] }).map((e) => e.symbol), ["Au", "Cu"]);
  assert.deepEqual(rankedElements({ told: run, runs: [run], mean: false, t: 2, change: CHANGES.retention, elements: [] }).map((e) => e.symbol), ["Cu", "Au"]);
});

test("cells say in words what outline and flag mark", () => {
  const run = told(all[0], 0.2);
  const cells = changeCells([{ symbol: "Cu", name: "copper", n: 2 }, { symbol: "Au", name: "gold", n: 1 }, { symbol: "Xe", name: "xenon", n: 0 }], { told: run, runs: [run], mean: false, t: 2, change: CHANGES.reembedded, noun: "Drift", scale: changeScale("reembedded", 0.8, false), stops: ["#000000", "#ffffff"], step: "80 updates" });
  assert.deepEqual(cells.map((c) => [c.inData, c.flagged]), [[true, false], [false, true], [false, false]]);
  assert.match(cells[0].says, /copper: drift, anchors re-embedded 0\.400 \[0\.360, 0\.440\] after 80 updates; over 2 symmetry-distinct atoms; in the fine-tuning data/);
  assert.match(cells[1].says, /flagged: moved further than run-to-run noise/);
  assert.match(cells[2].says, /not in this atlas/);
});

test("flags are told with their null and number of runs, or why there are none", () => {
  assert.match(flagsWords(told(all[0], 0.2)), /Au \(drift 0\.400, at least 0\.300; null 0\.200\)\. Rule: more than chance; 2 runs\./);
  assert.match(flagsWords({ ...told(all[0], 1), forgetting: null }), /second run/);
  assert.match(flagsWords({ ...told(pair, 1), forgetting: null }), /not known/);
  const check = { label: "Change of energy", value: 0.08, low: 0.07, high: null, limit: 0.06, at_most: true, passed: false, unit: "eV/atom" };
  assert.equal(verdictText({ passed: false, checks: [check, { ...check, passed: true }] }), "✗ damaged");
  assert.equal(checkText(check), "✗ Change of energy 80.0 meV/atom (at most 60)");
  assert.equal(verdictText(null), "–");
});

test("colours go from no change to the end of the scale, and down from 1 for neighbours kept", () => {
  assert.deepEqual(changeScale("frozen", 0.43, false), { lo: 0, hi: 0.5, log: false, reverse: false });
  assert.equal(changeScale("frozen", 0.43, true).lo, 0.5e-3);
  assert.deepEqual([0.93, 0, 1].map((end) => changeScale("retention", end, true)), [0.92, 0, 0].map((lo) => ({ lo, hi: 1, log: false, reverse: true })));
  assert.deepEqual([...changeCodes(new Float32Array([0, 0.25, 9, NaN]), changeScale("frozen", 0.43, false))], [0, 32767, 65534, 65535]);
});

test("trails are the first of a fair order among the atoms that are picked out, and said", () => {
  assert.deepEqual(drawnTrails([4, 9, 2, 7], 2), [0, 1]);
  assert.deepEqual(drawnTrails([4, 9, 2, 7], 2, (atom) => atom !== 9), [0, 2]);
  assert.ok(trailRoom(300, 300) >= 60 && trailRoom(3000, 3000) <= 400);
  const trails = { count: 2, places: new Float32Array([0, 0, 5, 5, 10, 0, 5, 5, 10, 10, 5, 5]) };
  const paths = trailPaths(trails, [0, 1], 2, (x, y) => [x, y]);
  assert.equal(paths.lines, "M0.0 0.0L10.0 0.0L10.0 10.0M5.0 5.0L5.0 5.0L5.0 5.0");
  assert.equal(paths.heads.match(/M/g).length, 1);
  assert.deepEqual(trailPaths(trails, [0, 1], 0, (x, y) => [x, y]), { lines: "", heads: "" });
  assert.equal(trailPaths(trails, [0], 1, (x, y) => [x, y], 10).lines, "M0.0 0.0L100.0 0.0");
  assert.equal(trailPaths(trails, [0], 1.5, (x, y) => [x, y]).lines, "M0.0 0.0L10.0 0.0L10.0 5.0");
  assert.deepEqual([...between(new Uint16Array([0, 10, 65535]), new Uint16Array([10, 30, 5]), 0.5)], [5, 20, NaN]);
  assert.equal(arrowHead(1, 1, 1, 1), "");
  assert.equal(trailWords(20, 120, false), "20 of 120 atoms’ trails drawn");
  assert.equal(trailWords(7, 7, true, 10), "Trails of all 7 selected atoms, 10 times as long as they are");
  const [x0, x1, y0, y1] = sharedBox([[0, 1, 0, 1], [0.5, 2, 0, 1]], 200, 100);
  assert.ok(Math.abs((x1 - x0) / (y1 - y0) - 2) < 1e-9 && x0 < 0 && x1 > 2);
});

test("a single series is drawn with either anchors, several with the chosen ones", () => {
  const entry = { series: pair, t: 1 };
  assert.deepEqual(mapsOfEntries([entry], "frozen").map((m) => m.anchors), ["frozen", "reembedded"]);
  assert.deepEqual(mapsOfEntries([entry, { series: all[0], t: 1 }], "frozen").map((m) => [m.key, m.anchors]), [["pair", "frozen"], ["naive-0", "frozen"]]);
});

test("a selection of the atlas picks the atoms, sites and structures of a series", () => {
  const join = { ids: new Uint32Array([3, 0, 7]), drawn: new Uint32Array([1, 2, 0]), counted: new Uint8Array([1, 1, 0]), owner: new Uint32Array([0, 1, 1]), structures: new Uint32Array([5, 6]) };
  assert.equal(maskOfSeries(null, join.drawn), null);
  const picked = pickedOf(new Uint8Array([1, 0, 1]), { join, places: { xy: new Uint16Array([1, 1, 1, 1, 65535, 65535]) } });
  assert.deepEqual([[...picked.mask], [...picked.sites], [...picked.structures], picked.n], [[0, 1, 1], [0, 1, 0], [0, 1], 1]);
});

test("the worst come first, those without a number not at all, and structures are means over sites", () => {
  assert.deepEqual(rankedWorst([0.1, NaN, 0.3, 0.3], null, "high"), [2, 3, 0]);
  assert.deepEqual(rankedWorst([0.1, NaN, 0.3, 0.3], [0, 1, 1, 1], "low"), [2, 3]);
  const { means } = structureMeans([1, 3, 10, NaN], [0, 0, 0, 1], [1, 1, 0, 1], 2);
  assert.deepEqual([...means], [2, NaN]);
});

test("dots of atoms with both numbers, above 0 on logarithmic axes, and a correlation with how many it is over", () => {
  const [x, y] = [[0, 1, 2, NaN], [1, 1, NaN, 1]];
  assert.deepEqual(dotsOf(x, y, [1, 1, 1, 1], false), { found: [0, 1], all: 2 });
  assert.deepEqual(dotsOf(x, y, [1, 1, 1, 1], true), { found: [1], all: 1 });
  assert.deepEqual(dotsOf(x, y, [1, 1, 1, 1], false, 1), { found: [0], all: 2 });
  assert.equal(correlationText({ value: 0.8, low: 0.7, high: 0.9, n: 40 }, "atom"), "Spearman’s rank correlation 0.80 [0.70, 0.90] over 40 atoms (95 % interval, structures resampled).");
  assert.match(correlationText(null, "atom"), /fewer than ten/);
});

test("ticks are the first, the last, and as many between as there is room for", () => {
  assert.deepEqual(labelledTicks(3, 5), [0, 1, 2]);
  const some = labelledTicks(30, 5);
  assert.ok(some.length <= 6 && some[0] === 0 && some.at(-1) === 29);
});

test("tables have a line a number, with what it is of", () => {
  const runs = [told(all[0], 0.2)];
  const lines = numbersTable(runs).trim().split("\r\n");
  assert.equal(lines.length, 1 + 3 * SUMMED.length);
  assert.match(lines.at(-1), /^naive-0,fine-tuning,Cu dimers,naive,0,chgnet-0\.3\.0,,100,10,80,80,updates,Force change,0\.2,/);
  const elements = elementsTable(runs).trim().split("\r\n");
  assert.equal(elements.length, 1 + 3 * 4 * 2);
  const gold = elements.find((line) => line.includes(",80,80,updates,\"Drift, anchors re-embedded\",Au,"));
  assert.match(gold, /,1,0,0\.2,1$/);
});

test("a record is told as names and texts", () => {
  assert.deepEqual(recordLines({ learning_rate: 0.001, data: { name: "dimers", elements: [29] }, none: null, empty: "" }), [["learning rate", "0.001"], ["data: name", "dimers"], ["data: elements", "29"]]);
  assert.deepEqual(recordLines({ checkpoints: [{ name: "a", step: 0, sha256: "0123456789abcdef", file: null }, { step: 4 }] }), [["checkpoints: a", "step 0, sha256 0123456789ab…"], ["checkpoints: 1", "step 4"]]);
  assert.deepEqual(decadesAround([2e-9, 0.3, 0]).map((v) => Math.round(Math.log10(v))), [-5, 0]);
});
