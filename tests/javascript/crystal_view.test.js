import assert from "node:assert/strict";
import { test } from "node:test";

import { firstTurn, fitScene, partAt, partText, projectScene, turnRows } from "../../assets/panels/crystal_view.js";

const scene = {
  kinds: [["Ce", "#ffffc7", 2.04], ["O", "#ff0d0d", 0.66]],
  atoms: [[2, 2, 2, 0, 7, 1], [4, 2, 2, 1, 8, 1], [0, 2, 2, 1, 9, 2], [2, 4.1, 2, 1, 10, 3]],
  bonds: [[1, 3]],
  shell: [[0, 1], [0, 2]],
  edges: [[0, 0, 0, 4, 0, 0], [0, 0, 0, 0, 4, 0], [0, 0, 0, 0, 0, 4]],
  axes: [[0, 0, 0], [4, 0, 0], [0, 4, 0], [0, 0, 4]],
};
const [WIDTH, HEIGHT] = [290, 220];
const fit = fitScene(scene, WIDTH, HEIGHT, 8);
const seen = (turn = firstTurn()) => projectScene(scene, turn, fit, WIDTH, HEIGHT);
const atomsOf = ({ parts }) => parts.filter((part) => part.what === "atom");

test("a turn keeps lengths and handedness", () => {
  for (const turn of [firstTurn(), { yaw: 1, pitch: -0.7 }, { yaw: -3, pitch: 1.5 }]) {
    const rows = turnRows(turn);
    for (let i = 0; i < 3; i++) {
      for (let j = 0; j < 3; j++) {
        const product = rows[i].reduce((sum, v, k) => sum + v * rows[j][k], 0);
        assert.ok(Math.abs(product - (i === j ? 1 : 0)) < 1e-12);
      }
    }
    const [a, b, c] = rows;
    const volume = a[0] * (b[1] * c[2] - b[2] * c[1]) - a[1] * (b[0] * c[2] - b[2] * c[0]) + a[2] * (b[0] * c[1] - b[1] * c[0]);
    assert.ok(Math.abs(volume - 1) < 1e-12);
  }
});

test("everything is within the canvas as first seen", () => {
  const { parts, letters } = seen();
  for (const { x, y, r = 0 } of [...parts, ...letters]) {
    assert.ok(x - r >= 0 && x + r <= WIDTH && y - r >= 0 && y + r <= HEIGHT);
  }
});

test("parts are painted from back to front", () => {
  const depths = seen().parts.map((part) => part.depth);
  assert.deepEqual(depths, [...depths].sort((a, b) => a - b));
});

test("c points up, and a turn by half swaps front and back", () => {
  const { letters } = seen({ yaw: 0.4, pitch: 0, zoom: 1 });
  const place = (text) => letters.find((letter) => letter.text === text);
  assert.ok(place("c").y < place("a").y && place("c").y < place("b").y);
  const order = (turn) => atomsOf(seen(turn)).map((part) => part.i);
  assert.deepEqual(order({ yaw: 0.3, pitch: 0, zoom: 1 }), order({ yaw: 0.3 + Math.PI, pitch: 0, zoom: 1 }).reverse());
});

test("lengths on the canvas are in proportion, and grow with the zoom", () => {
  const flat = { yaw: -Math.PI / 2, pitch: 0, zoom: 1 };
  const apart = (turn) => {
    const [p, q] = [1, 2].map((i) => atomsOf(seen(turn)).find((part) => part.i === i));
    return Math.hypot(p.x - q.x, p.y - q.y);
  };
  assert.ok(Math.abs(apart(flat) - 4 * fit.scale) < 1e-9);
  assert.ok(Math.abs(apart({ ...flat, zoom: 2 }) - 8 * fit.scale) < 1e-9);
});

test("the frontmost part under the pointer is read", () => {
  const { parts } = seen();
  for (const part of atomsOf({ parts })) {
    const found = partAt(parts, part.x, part.y, 4);
    assert.ok(found.i === part.i || found.depth > part.depth);
  }
  assert.equal(partAt(parts, 1, 1, 4), null);
});

test("atoms and bonds say their lengths", () => {
  const { parts } = seen();
  const atom = (i) => parts.find((part) => part.what === "atom" && part.i === i);
  assert.equal(partText(scene, atom(0)), "Ce 1, the chosen atom");
  assert.equal(partText(scene, atom(2)), "O 2, 2.000 Å from Ce 1");
  assert.equal(partText(scene, parts.find((part) => part.what === "bond")), "O 1–O 3, 2.900 Å");
  assert.equal(partText(scene, parts.find((part) => part.what === "shell" && part.b === 1)), "Ce 1–O 1, 2.000 Å");
});
