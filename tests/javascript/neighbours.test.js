import assert from "node:assert/strict";
import { test } from "node:test";

import { groupNeighbours } from "../../assets/panels/neighbours.js";

const row = (...shared) => ({ places: shared.map((one) => (one ? [1, 0.9] : null)) });
const titles = (groups) => groups.map(({ mark, title, rows }) => `${mark} ${title} ${rows.length}`);

test("neighbours are in groups by how many models share them", () => {
  const models = [["a", true], ["b", true], ["c", true], ["d", true]];
  const groups = groupNeighbours([row(1, 1, 1, 1), row(1, 0, 1, 1), row(1, 1, 0, 0), row(0, 0, 0, 1)], models);
  assert.deepEqual(titles(groups), ["● In all 4 models 1", "◐ In 2 to 3 models 2", "○ In one model only 1"]);
});

test("controls are not counted beside two models, and are by themselves", () => {
  const rows = [row(1, 1, 0), row(1, 0, 1), row(0, 0, 1)];
  assert.deepEqual(titles(groupNeighbours(rows, [["a", true], ["b", true], ["control", false]])), [
    "● In both models 1", "○ In one model only 1", "– In controls only 1",
  ]);
  assert.deepEqual(titles(groupNeighbours(rows, [["a", true], ["b", false], ["control", false]])), [
    "◐ In 2 models 2", "○ In one model only 1",
  ]);
});

test("one model has a list without groups", () => {
  assert.deepEqual(titles(groupNeighbours([row(1), row(1)], [["a", true]])), ["●  2"]);
});
