import assert from "node:assert/strict";
import { test } from "node:test";

import { makeGrid, nearestInGrid } from "../../assets/points/grid.js";
import { placeOf } from "../../assets/points/place.js";
import { randomNumbers } from "./random.js";

const RANGE = [-2, 3, -1, 1];
const RECT = { x: 30, y: 12, w: 300, h: 180 };

/** Points, half of them in one tight cluster, some without a place. */
function makeCodes(n, random) {
  const xy = new Uint16Array(2 * n);
  for (let i = 0; i < n; i += 1) {
    const narrow = i % 2 ? 0.02 : 1;
    xy[2 * i] = Math.floor(random() * 65535 * narrow);
    xy[2 * i + 1] = Math.floor(random() * 65535 * narrow);
    if (i % 17 === 0) xy.fill(65535, 2 * i, 2 * i + 2);
  }
  return xy;
}

function toFloats(codes) {
  return Float32Array.from(codes, (u, k) => {
    const [low, high] = k % 2 ? [RANGE[2], RANGE[3]] : [RANGE[0], RANGE[1]];
    return u === 65535 ? NaN : low + (u * (high - low)) / 65534;
  });
}

function nearestOfAll(xy, n, place, px, py, radius, accept) {
  let found = -1;
  let best = radius * radius;
  for (let i = 0; i < n; i += 1) {
    if (Number.isNaN(xy[2 * i]) || (xy instanceof Uint16Array && xy[2 * i] === 65535)) continue;
    if (accept && !accept[i]) continue;
    const dx = place.ax * xy[2 * i] + place.bx - px;
    const dy = place.ay * xy[2 * i + 1] + place.by - py;
    if (dx * dx + dy * dy <= best) {
      best = dx * dx + dy * dy;
      found = i;
    }
  }
  return found;
}

for (const kind of ["codes", "floats"]) {
  test(`the nearest of ${kind} is the one that looking at all finds, at any zoom and mask`, () => {
    const random = randomNumbers(3);
    const n = 3000;
    const codes = makeCodes(n, random);
    const xy = kind === "codes" ? codes : toFloats(codes);
    const grid = makeGrid(xy, n);
    const mask = Uint8Array.from({ length: n }, () => (random() < 0.3 ? 1 : 0));
    let hits = 0;
    for (const axes of [RANGE, [-2, -1.9, -1, -0.95], [-20, 30, -10, 10], [0.31, 0.33, 0.1, 0.11]]) {
      const place = placeOf(kind === "codes" ? RANGE : null, axes, RECT);
      for (let round = 0; round < 150; round += 1) {
        const px = RECT.x + random() * RECT.w;
        const py = RECT.y + random() * RECT.h;
        for (const accept of [null, mask]) {
          const expected = nearestOfAll(xy, n, place, px, py, 9, accept);
          assert.equal(nearestInGrid(grid, place, px, py, 9, accept), expected);
          hits += expected >= 0;
        }
      }
    }
    assert.ok(hits > 300);
  });
}

test("of atoms in one place the one drawn on top is found", () => {
  const xy = Uint16Array.of(100, 100, 500, 500, 100, 100, 65535, 65535);
  const place = { ax: 1, bx: 0, ay: 1, by: 0 };
  assert.equal(nearestInGrid(makeGrid(xy, 4), place, 101, 100, 5, null), 2);
  assert.equal(nearestInGrid(makeGrid(xy, 4), place, 101, 100, 5, Uint8Array.of(1, 1, 0, 1)), 0);
});

test("nothing is found beyond the radius, far outside, or where no atom has a place", () => {
  const xy = Uint16Array.of(100, 100);
  const place = { ax: 1, bx: 0, ay: -1, by: 0 };
  const grid = makeGrid(xy, 1);
  assert.equal(nearestInGrid(grid, place, 100, -100, 0, null), 0);
  assert.equal(nearestInGrid(grid, place, 104, -100, 3, null), -1);
  assert.equal(nearestInGrid(grid, place, 1e7, 1e7, 3, null), -1);
  assert.equal(nearestInGrid(grid, place, -1e7, -1e7, 3, null), -1);
  for (const none of [Uint16Array.of(65535, 65535), Float32Array.of(NaN, NaN), new Uint16Array(0)]) {
    assert.equal(nearestInGrid(makeGrid(none, none.length / 2), place, 0, 0, 1e9, null), -1);
  }
});

test("all atoms in one place make a grid too", () => {
  const xy = new Float32Array(200).fill(0.25);
  assert.equal(nearestInGrid(makeGrid(xy, 100), { ax: 10, bx: 0, ay: 10, by: 0 }, 2.5, 2.5, 1, null), 99);
});
