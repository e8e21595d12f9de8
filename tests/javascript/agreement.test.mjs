import assert from "node:assert/strict";
import { test } from "node:test";

import { overSeeds } from "../../assets/agreement/anchors_chart.js";
import { metricGroups } from "../../assets/agreement/controls.js";
import { FIGURES, lookedAt, scatterWords } from "../../assets/agreement/figures.js";
import { chartScale, metricRange, roundRange } from "../../assets/agreement/frame.js";
import { matrixLayout, nextCell, noTreeWords } from "../../assets/agreement/matrix.js";
import { metricRows, reachesBeyond } from "../../assets/agreement/metrics_chart.js";
import { freePlace, imbalanceNull } from "../../assets/agreement/pairs_chart.js";
import { ALIKE_RAMPS, alikeColour } from "../../assets/agreement/ramp.js";
import { csvText, savedStem, scoresTable, wrapWords } from "../../assets/agreement/saving.js";
import { alikePart, atChance, cellText, modelPairs, pairText, permutedText, runLabel, runText, scoreBetween, scoreRange, scoreText } from "../../assets/agreement/scores.js";
import { categoryRuns, largestFlows, planLines, rowShares } from "../../assets/agreement/transport_chart.js";
import { modelOrder, treeJoins } from "../../assets/agreement/tree_lines.js";
import { comparedText, shownMetric } from "../../assets/pages/agreement.js";
import { csvField } from "../../assets/panels/csv.js";

const high = { id: "cka", label: "Linear CKA", low: 0, high: 1, alike: "high", symmetric: true, per: "pair", scope: "global", meaning: "m", source: "s" };
const low = { ...high, id: "imbalance", label: "Imbalance", high: 2, alike: "low", symmetric: false, scope: "local" };
const metrics = { cka: high, imbalance: low };
const filled = (v) => [[v, v, v], [v, v, v], [v, v, v]];
const score = (value, more = {}) => ({ n: 40, reason: "", value, low: filled(0.4), high: filled(0.6), null: filled(0.1), null_high: filled(0.2), tree: null, ...more });
const cka = score([[1, 0.9, 0.3], [0.9, 1, 0.15], [0.3, 0.15, 1]]);
const imbalance = score([[0, 0.2, 0.7], [0.4, 0, null], [0.9, 0.8, 0]], { null: filled(1), null_high: filled(1.1) });
const run = { models: ["a", "b", "=c"], atoms: "representatives", level: "atom", space: "coordinates", k: 10, seed: 0, select: "", n_atoms: 40, n_structures: 9, resamples: 2, permutations: 3, scores: { cka, imbalance } };
const cards = [{ key: "a", family: "f", trained: true }, { key: "b", family: "f", trained: true }, { key: "=c", family: "", trained: false }];

test("scores have three decimals, a true minus, and no minus before nothing", () => {
  assert.deepEqual([0.8734, 12.345, -0.02, -0.0001, null].map((v) => scoreText(v)), ["0.873", "12.3", "−0.020", "0.000", "–"]);
});

test("a cell never calls a pair perfect that is not", () => {
  assert.deepEqual([0.873, 0.9971, 0.99996, 1].map((v) => cellText(v, high)), ["0.87", "0.997", ">0.999", "1.00"]);
  assert.deepEqual([0.213, 0.0021, 0.00004, 0].map((v) => cellText(v, low)), ["0.21", "0.002", "<0.001", "0.00"]);
});

test("both directions are joined to their mean, and to nothing where one is missing", () => {
  assert.ok(Math.abs(scoreBetween(imbalance, low, 0, 1).value - 0.3) < 1e-12);
  assert.equal(scoreBetween(imbalance, low, 1, 2).value, null);
  assert.equal(scoreBetween(cka, high, 0, 2).value, 0.3);
});

test("chance is what permuted atoms give, on the side that means not alike", () => {
  assert.deepEqual([0.15, 0.2, 0.21].map((value) => atChance({ value, null: 0.1, nullHigh: 0.2 }, high)), [true, true, false]);
  assert.deepEqual([0.85, 0.9, 1].map((value) => atChance({ value, null: 1, nullHigh: 1.1 }, low)), [false, true, true]);
  assert.equal(atChance({ value: 0.5, null: null, nullHigh: null }, high), null);
});

test("the colour scale holds all pairs of different models and says which end is alike", () => {
  const range = scoreRange(cka);
  assert.ok(range[0] <= 0.15 && range[1] >= 0.9 && range[1] <= 1);
  assert.equal(alikePart(range[1], range, high), 1);
  assert.equal(alikePart(range[1], range, low), 0);
  assert.equal(scoreRange(score(filled(null))), null);
  for (const theme of Object.keys(ALIKE_RAMPS)) assert.match(alikeColour(0.4, theme).fill, /^#[0-9a-f]{6}$/);
});

/* Contrast of two colours, as WCAG 2 defines it. */
function contrast(one, two) {
  const light = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const [a, b] = [light(one), light(two)].sort((p, q) => q - p);
  return (a + 0.05) / (b + 0.05);
}

test("numbers in cells can be read on every colour of both scales, which go one way from dark to light", () => {
  for (const theme of Object.keys(ALIKE_RAMPS)) {
    const parts = Array.from({ length: 41 }, (_, k) => alikeColour(k / 40, theme));
    for (const { fill, ink } of parts) assert.ok(contrast(fill, ink) >= 4.5, `${theme} ${fill} ${ink}`);
    const steps = parts.map(({ fill }) => contrast(fill, theme === "dark" ? "#000000" : "#ffffff"));
    for (let k = 1; k < steps.length; k++) assert.ok(steps[k] > steps[k - 1]);
  }
});

test("pairs are of one family, of two, or with a control", () => {
  assert.deepEqual(modelPairs(run.models, cards).map((p) => [p.a, p.b, p.kind]), [["a", "b", "family"], ["a", "=c", "control"], ["b", "=c", "control"]]);
  assert.equal(modelPairs(["a", "b"], [cards[0], { ...cards[1], family: "g" }])[0].kind, "trained");
});

test("a pair is told with interval, chance, element identity and atoms", () => {
  const said = pairText({ run, metrics, name: "cka", i: 0, j: 1, baselines: ["=c"] }).join("\n");
  for (const part of ["a and b", "0.900 [0.400, 0.600]", "Atoms permuted: 0.100", "With =c: a 0.300, b 0.150", "Over 40 symmetry-distinct atoms"]) assert.ok(said.includes(part), part);
  const missing = { ...run, scores: { cka: score(filled(null), { reason: "too few" }) } };
  assert.match(pairText({ run: missing, metrics, name: "cka", i: 0, j: 1, baselines: [] })[1], /no score, too few/);
});

test("runs are named by what they compare", () => {
  assert.equal(runLabel(run), "One atom per site");
  assert.equal(runLabel({ ...run, atoms: "within-element", space: "embeddings", select: "O" }), "Within each element, raw embeddings, O");
  assert.equal(runLabel({ ...run, name: "all-atom-k4-sample0-seed2", atoms: "all" }), "All atoms, k = 4, not sampled, seed 2");
});

test("joins of a tree stand between the groups that they join", () => {
  const tree = { leaves: [0, 1, 2], joins: [[0, 1, 0.1], [3, 2, 0.5]], order: [0, 1, 2] };
  const [first, second] = treeJoins(tree, (model) => 10 * model);
  assert.deepEqual([first.from, first.to, first.a, first.b, first.at], [0, 10, 0, 0, 0.1]);
  assert.deepEqual([second.from, second.to, second.a, second.at], [5, 20, 0.1, 0.5]);
});

test("models stand as the tree has them or as the run lists them, what is no model last", () => {
  const withTree = score(cka.value, { tree: { leaves: [0, 1], joins: [[0, 1, 0.1]], order: [1, 0] } });
  assert.deepEqual(modelOrder(run, withTree, "tree", ["=c"]), { models: [1, 0], last: [2] });
  assert.deepEqual(modelOrder(run, withTree, "list", ["=c"]), { models: [0, 1], last: [2] });
  assert.deepEqual(modelOrder(run, cka, "tree", []), { models: [0, 1, 2], last: [] });
});

test("arrows go from cell to cell, over the diagonal, and stay inside", () => {
  assert.deepEqual(nextCell([0, 1], "ArrowRight", 3), [0, 2]);
  assert.deepEqual(nextCell([1, 0], "ArrowRight", 3), [1, 2]);
  assert.deepEqual(nextCell([0, 2], "ArrowRight", 3), [0, 2]);
  assert.deepEqual(nextCell([0, 1], "ArrowDown", 3), [2, 1]);
  assert.deepEqual(nextCell([0, 1], "ArrowLeft", 3), [0, 1]);
  assert.deepEqual(nextCell([0, 2], "Home", 3), [0, 1]);
  assert.deepEqual(nextCell([2, 0], "End", 3), [2, 1]);
});

test("cells keep a size that can be read and grow no further than a screen needs", () => {
  const small = matrixLayout(30, 1, 110, [500, 400]);
  const large = matrixLayout(3, 0, 110, [1600, 1000]);
  assert.ok(small.wide >= 24 && small.high >= 17);
  assert.ok(large.wide <= 72 && large.high <= 60);
});

test("without a chosen pair the most alike of two trained models is looked at", () => {
  const context = { run, metrics, name: "cka", cards, baselines: [] };
  assert.deepEqual(lookedAt({ ...context, pair: [] }), ["a", "b"]);
  assert.deepEqual(lookedAt({ ...context, pair: ["=c", "a"] }), ["=c", "a"]);
  assert.deepEqual(lookedAt({ ...context, pair: ["a", "gone"] }), ["a", "b"]);
});

test("the metric asked for is shown, or the first that has scores", () => {
  assert.equal(shownMetric(run, metrics, "imbalance"), "imbalance");
  const lacking = { ...run, scores: { cka: score(filled(null), { reason: "no" }), imbalance } };
  assert.equal(shownMetric(lacking, metrics, "cka"), "imbalance");
  assert.equal(shownMetric({ ...run, scores: { imbalance } }, metrics, "cka"), "imbalance");
  assert.equal(shownMetric({ ...run, scores: { cka: lacking.scores.cka } }, metrics, "imbalance"), "cka");
  const groups = metricGroups(metrics, lacking);
  assert.deepEqual(groups[0], ["Global", [["cka", "Linear CKA", true]]]);
});

test("a comparison of a selection says how many atoms of how many, and the seed where some were drawn", () => {
  const few = comparedText({ ...run, selected: 90, representatives: 40, lacking: 0 }, false);
  assert.match(few, /^40 symmetry-distinct atoms of the selection’s 90 atoms, in 9 structures · k = 10/);
  const many = comparedText({ ...run, selected: 9000, representatives: 4000, lacking: 2 }, false);
  assert.match(many, /^40 atoms drawn from the selection’s 4,000 symmetry-distinct atoms \(seed 0\), in 9 structures; 2 atoms left out/);
  assert.match(comparedText({ ...run, select: "elements O", selected: 90, representatives: 40, lacking: 0 }, false), /90 atoms \(elements O\), in 9/);
  assert.match(runText({ ...run, select: "elements O" }), /selected: elements O/);
});

test("metrics with two directions have two rows under their heading", () => {
  assert.deepEqual(metricRows(run, metrics, 0, 1), [{ title: "Global" }, { name: "cka", i: 0, j: 1 }, { title: "Local" }, { name: "imbalance", i: 0, j: 1, way: "→" }, { name: "imbalance", i: 1, j: 0, way: "←" }]);
});

test("tables guard what a spreadsheet would run, and hold every ordered pair", () => {
  assert.deepEqual(["=1+1", 'a"b', "x,y", "plain", null, 0.5].map(csvField), ["'=1+1", '"a""b"', '"x,y"', "plain", "", "0.5"]);
  const lines = scoresTable(run, metrics, "imbalance").trimEnd().split("\r\n");
  assert.equal(lines.length, 1 + 9);
  assert.equal(lines[3], "Imbalance,a,'=c,0.7,0.4,0.6,1,1.1,40,atoms,representatives,atom,coordinates,10,0,2,3,,,");
  const picked = scoresTable({ ...run, select: "elements O, Na" }, metrics, "imbalance", { a: "last layer" }).split("\r\n");
  assert.ok(picked[3].endsWith(',2,3,"elements O, Na",last layer,'));
  assert.equal(csvText([["a", 1], ["b,c", null]]), 'a,1\r\n"b,c",\r\n');
  assert.equal(savedStem("atlas", { ...run, name: "selection-1a2b3c4d" }, "cka"), "atlas-agreement-selection-1a2b3c4d-cka");
  assert.equal(lines[6].split(",")[3], "");
});

test("captions are broken between words", () => {
  assert.deepEqual(wrapWords("one two three four", 9), ["one two", "three", "four"]);
});

test("over seeds: mean, least and most, without those that are missing", () => {
  const value = [[[[0.5], [0.8]], [[0.7], [null]]]];
  const [first, second] = overSeeds(value, 0, 0);
  assert.deepEqual([first.mean.toFixed(3), first.least, first.most, first.n], ["0.600", 0.5, 0.7, 2]);
  assert.equal(second.n, 1);
  assert.deepEqual(overSeeds([[[[null]]]], 0, 0), [null]);
});

test("each row of a plan is in parts of itself, and empty rows stay empty", () => {
  assert.deepEqual(rowShares([[1, 3], [0, 0]]), [[0.25, 0.75], [0, 0]]);
  assert.deepEqual(categoryRuns([0, 0, 3, 3, 3, 5]), [[0, 0, 2], [3, 2, 5], [5, 5, 6]]);
});

test("ranges are round, and no wider than a metric can be", () => {
  assert.deepEqual(roundRange([0.31, 0.97]), [0.2, 1]);
  assert.deepEqual(metricRange([0.31, 0.999], [], high), [0.2, 1]);
  assert.deepEqual(roundRange([]), [0, 1]);
  const scale = chartScale([10, 1000], [0, 100], true);
  assert.ok(Math.abs(scale(100) - 50) < 1e-9);
});

test("names stand where no other name or mark is, as long as there is such a place", () => {
  const box = { left: 0, right: 200 };
  const first = freePlace(50, 50, 40, [], box);
  const second = freePlace(50, 50, 40, [first], box);
  assert.equal(first.left, 58);
  assert.ok(second.right <= first.left || Math.abs(second.y - first.y) >= 11);
  assert.ok(freePlace(190, 50, 40, [], box).right <= 208);
});

test("captions of two metrics say which way is alike, and claim global without local only where the axes are those", () => {
  const local = { ...high, id: "knn", label: "Mutual k-NN", scope: "local" };
  const all = { ...metrics, knn: local };
  const whole = { ...run, scores: { cka, imbalance, knn: score(cka.value, { n: 30 }) } };
  const said = (axes) => scatterWords({ run: whole, metrics: all, axes }).join(" ");
  const global = said(["cka", "knn"]);
  for (const part of ["Linear CKA: alike is right", "Mutual k-NN: alike is up", "Far right but low:", "Li & Walsh", "40 symmetry-distinct atoms and 30"]) assert.ok(global.includes(part), part);
  const reversed = said(["cka", "imbalance"]);
  for (const part of ["Imbalance: alike is down", "Far right but high up:", "For Imbalance, mark and bar are the means of both directions"]) assert.ok(reversed.includes(part), part);
  for (const axes of [["knn", "cka"], ["knn", "imbalance"], ["cka", "cka"]]) assert.doesNotMatch(said(axes), /Li & Walsh|Far /);
});

test("where low means alike, the edge of chance is said to be mirrored", () => {
  const found = { value: 0.5, null: 1, nullHigh: 1.1 };
  assert.equal(permutedText(found, high), "Atoms permuted: 1.000, 97.5 % below 1.100");
  assert.match(permutedText(found, low), /^Atoms permuted: 1\.000; better below 0\.900, as far under it as its 97\.5 % quantile is above$/);
});

test("numbers beyond the axis from 0 to 1 are noticed", () => {
  assert.equal(reachesBeyond(run, metrics, 0, 1), false);
  assert.equal(reachesBeyond({ ...run, scores: { cka: score(filled(1.28)) } }, metrics, 0, 1), true);
  assert.equal(reachesBeyond({ ...run, scores: { cka: score(filled(0.9), { low: filled(-0.1) }) } }, metrics, 0, 1), true);
});

test("why there is no tree is what is so", () => {
  assert.equal(noTreeWords(low, imbalance).join(" "), "No tree: a pair lacks a score");
  assert.equal(noTreeWords({ ...high, high: null }, cka).join(" "), "No tree: the score has no greatest value");
});

test("imbalance has a null over both directions, or none", () => {
  const pairs = [{ i: 0, j: 1 }, { i: 0, j: 2 }];
  const of = (more) => imbalanceNull({ scores: { "information-imbalance": score(filled(0.5), more) } }, pairs);
  assert.ok(Math.abs(of({ null: [[null, 1, 0.9], [1.1, null, 1], [1, 1, null]] }) - 1) < 1e-12);
  assert.equal(of({ null: filled(null) }), null);
});

test("the largest flows of a plan leave the diagonal out; the file holds every one", () => {
  const plan = { elements: ["O", "Na", "Cl"], plan: [[0.3, 0.1, 0], [0.05, 0.25, 0.2], [0, 0, 0.1]], n: 40 };
  assert.deepEqual(largestFlows(plan, 2).map(({ from, to, part }) => [from, to, part]), [["Na", "Cl", 0.2], ["O", "Na", 0.1]]);
  const lines = planLines(plan, ["a", "b"]);
  assert.equal(lines.length, 1 + 9);
  assert.deepEqual(lines[2], ["O", "Na", 0.1, 0.25, 40]);
});

test("a run without metrics of pairs has a reason in every figure that needs one", () => {
  const only = { ...run, scores: { size: { ...cka, value: [3, 4, 5] } } };
  const all = { ...metrics, size: { ...high, id: "size", per: "model", scope: "dimension" } };
  assert.equal(shownMetric(only, all, "cka"), "");
  const context = { run: only, metrics: all, name: "", axes: ["cka", "imbalance"], pair: [], cards, baselines: [], errors: { models: { a: [1], b: [1], "=c": [1] } } };
  assert.deepEqual(lookedAt(context), ["a", "b"]);
  for (const name of ["metrics", "scatter", "errors"]) assert.ok(FIGURES[name].why(context), name);
});
