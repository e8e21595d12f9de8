import assert from "node:assert/strict";
import { test } from "node:test";

import { aroundAll, boundsOf, padded } from "../../assets/points/bounds.js";

const MISSING = 65535;

test("the box around selected points holds them and no others that are farther out", () => {
  const xy = Uint16Array.from([0, 0, 16383.5, 32767, 65534, 65534, MISSING, MISSING, 30000, 20000]);
  const points = { xy, range: [-1, 3, 10, 30] };
  assert.deepEqual(boundsOf(points, Uint8Array.from([1, 1, 1, 1, 1])), [-1, 3, 10, 30]);
  const [x0, x1, y0, y1] = boundsOf(points, Uint8Array.from([1, 0, 0, 1, 1]));
  assert.equal(x0, -1);
  assert.ok(Math.abs(x1 - (-1 + (4 * 30000) / 65534)) < 1e-12);
  assert.equal(y0, 10);
  assert.ok(Math.abs(y1 - (10 + (20 * 20000) / 65534)) < 1e-12);
});

test("nothing selected that has a place has no box", () => {
  const points = { xy: Uint16Array.from([5, 5, MISSING, MISSING]), range: [0, 1, 0, 1] };
  assert.equal(boundsOf(points, Uint8Array.from([0, 1])), null);
  assert.equal(boundsOf(points, Uint8Array.from([0, 0])), null);
});

test("a box around boxes, with a margin and a least size", () => {
  assert.deepEqual(aroundAll([[0, 1, 5, 6], [-2, 0.5, 5.5, 9]]), [-2, 1, 5, 9]);
  assert.equal(aroundAll([]), null);
  assert.deepEqual(padded([0, 10, 0, 20]), [-0.5, 10.5, -1, 21]);
  assert.deepEqual(padded([4, 4, 7, 7], 2), [3, 5, 6, 8]);
  assert.deepEqual(padded(null), [-1, 1, -1, 1]);
});
