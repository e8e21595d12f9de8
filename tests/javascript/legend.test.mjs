import assert from "node:assert/strict";
import { test } from "node:test";
import { colourHint } from "../../assets/panels/colour.js";
import {
  canBeLog,
  colourAt,
  histogramBars,
  limitsAfter,
  roundOnScale,
  textOnColour,
  valueOnScale,
} from "../../assets/panels/colour_axis.js";
import { hiddenAfter } from "../../assets/panels/legend.js";
import { modelsAfter } from "../../assets/panels/models.js";
import { spaceHint } from "../../assets/panels/space.js";
import { positionOnScale } from "../../assets/points/lut.js";

const LABELS = ["alkali", "halogen", "transition"];

test("a click hides or shows one entry; the last one cannot be hidden", () => {
  assert.deepEqual(hiddenAfter(LABELS, [], { toggle: "halogen" }), ["halogen"]);
  assert.deepEqual(hiddenAfter(LABELS, ["halogen"], { toggle: "halogen" }), []);
  assert.deepEqual(hiddenAfter(LABELS, ["alkali", "halogen"], { toggle: "transition" }), []);
});

test("only hides all others at once, and again shows all", () => {
  const alone = hiddenAfter(LABELS, ["halogen"], { only: "halogen" });
  assert.deepEqual(alone, ["alkali", "transition"]);
  assert.deepEqual(hiddenAfter(LABELS, alone, { only: "halogen" }), []);
  assert.deepEqual(hiddenAfter(LABELS, alone, { only: "alkali" }), ["halogen", "transition"]);
});

test("labels of another quantity do not stay hidden", () => {
  assert.deepEqual(hiddenAfter(LABELS, ["cubic"], { toggle: "alkali" }), ["alkali"]);
});

const MODELS = [
  { key: "b", trained: true },
  { key: "a", trained: false },
  { key: "c", trained: true },
];

test("models keep the order of the atlas", () => {
  assert.deepEqual(modelsAfter(MODELS, ["c"], { toggle: "b" }), ["b", "c"]);
  assert.deepEqual(modelsAfter(MODELS, ["b", "c"], { toggle: "b" }), ["c"]);
  assert.deepEqual(modelsAfter(MODELS, ["b"], { quick: "all" }), ["b", "a", "c"]);
  assert.deepEqual(modelsAfter(MODELS, [], { quick: "trained" }), ["b", "c"]);
  assert.deepEqual(modelsAfter(MODELS, ["a"], { quick: "none" }), []);
  assert.deepEqual(modelsAfter(MODELS, ["a", "c"], { only: "b" }), ["b"]);
});

test("the hint says what has no effect", () => {
  const info = { n_anchors: 100 };
  assert.equal(spaceHint({ space: "shared", method: "pca", align: "" }, info), "");
  assert.match(spaceHint({ space: "shared", method: "umap", align: "" }, info), /all 100 anchors/);
  assert.match(spaceHint({ space: "raw", method: "umap", align: "" }, info), /cannot be compared/);
  assert.doesNotMatch(spaceHint({ space: "raw", method: "pca", align: "7net-0" }, info), /cannot be compared/);
});

test("a value's place on a scale and back", () => {
  for (const scale of [
    { lo: -2, hi: 3, log: false },
    { lo: 0.01, hi: 50, log: true },
  ])
    for (const part of [0, 0.25, 0.5, 1])
      assert.ok(Math.abs(positionOnScale(valueOnScale(part, scale), scale) - part) < 1e-12);
});

test("colours run through the stops, reversed on request", () => {
  const stops = ["#000000", "#ff0000", "#ffffff"];
  assert.deepEqual(
    [0, 0.5, 1, 2, -1].map((part) => colourAt(stops, part)),
    ["#000000", "#ff0000", "#ffffff", "#ffffff", "#000000"],
  );
  assert.equal(colourAt(stops, 0.25), "#800000");
  assert.equal(colourAt(stops, 0, true), "#ffffff");
  assert.deepEqual(
    [textOnColour("#ffffff"), textOnColour("#1272f6"), textOnColour("#000000")],
    ["#000000", "#000000", "#ffffff"],
  );
});

test("bars fill the axis they are drawn on, the tallest to the top", () => {
  const legend = { lo: 1, hi: 100, log: true, counts: [4, 0, 1, 2] };
  const asStored = histogramBars(legend, { lo: 1, hi: 100, log: true });
  assert.deepEqual(
    asStored.map(({ from }) => Number(from.toFixed(9))),
    [0, 0.5, 0.75],
  );
  assert.deepEqual(
    asStored.map(({ height }) => height),
    [1, 0.25, 0.5],
  );
  const linear = histogramBars(legend, { lo: 1, hi: 100, log: false });
  assert.ok(Math.abs(linear[0].to - (10 ** 0.5 - 1) / 99) < 1e-12);
  assert.equal(linear.at(-1).to, 1);
});

test("limits that are the whole range are none, and crossed ones are refused", () => {
  const legend = { lo: 0, hi: 10 };
  assert.deepEqual(limitsAfter(legend, null, 0, 2), [2, 10]);
  assert.equal(limitsAfter(legend, [2, 10], 0, 0), null);
  assert.equal(limitsAfter(legend, [2, 10], 1, 2), undefined);
  assert.equal(limitsAfter(legend, null, 1, NaN), undefined);
});

test("dragged values are rounded to a thousandth of the range", () => {
  assert.equal(roundOnScale(1.23456, { lo: 0, hi: 5, log: false }, false), 1.235);
  assert.equal(roundOnScale(123.456, { lo: 0, hi: 5000, log: false }, false), 123);
  assert.equal(roundOnScale(0.00123456, { lo: 1e-5, hi: 10, log: true }, false), 0.001235);
  assert.equal(roundOnScale(3.6, { lo: 0, hi: 12, log: false }, true), 4);
});

test("a logarithm needs positive numbers", () => {
  assert.equal(canBeLog({ kind: "number", lo: 0, hi: 4 }), true);
  assert.equal(canBeLog({ kind: "number", lo: -4, hi: 0 }), false);
  assert.equal(canBeLog({ kind: "category" }), false);
});

test("the hint counts atoms with and without a value", () => {
  assert.equal(colourHint({ kind: "number", n: 1200, missing: 0 }), "1,200 atoms.");
  assert.equal(colourHint({ kind: "number", n: 1, missing: 2300 }), "1 atom; 2,300 without a value, grey.");
  assert.equal(colourHint({ kind: "category" }), "");
});
