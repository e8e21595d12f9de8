import assert from "node:assert/strict";
import { test } from "node:test";

import { clipRect, deviceRect, placeOf } from "../../assets/points/place.js";

const RANGE = [-1, 3, 10, 30];

function placed(place, x, y) {
  return [place.ax * x + place.bx, place.ay * y + place.by];
}

test("the corners of the range fall on the corners of the panel, y upwards", () => {
  for (const ratio of [1, 1.25, 1.5, 2, 3]) {
    const rect = deviceRect({ x: 40, y: 22, w: 301, h: 177 }, ratio);
    const place = placeOf(RANGE, RANGE, rect);
    const near = (at, x, y) => assert.ok(Math.hypot(at[0] - x, at[1] - y) < 1e-9);
    near(placed(place, 0, 0), rect.x, rect.y + rect.h);
    near(placed(place, 65534, 65534), rect.x + rect.w, rect.y);
  }
});

test("codes and the coordinates they stand for fall on the same pixel at any zoom", () => {
  for (const axes of [RANGE, [0.1, 0.2, 15, 15.5], [-50, 50, 0, 100]]) {
    const rect = { x: 7, y: 9, w: 640, h: 480 };
    for (const [u, v] of [[0, 0], [1, 65534], [30000, 12345]]) {
      const coded = placed(placeOf(RANGE, axes, rect), u, v);
      const plain = placed(placeOf(null, axes, rect), -1 + (u * 4) / 65534, 10 + (v * 20) / 65534);
      assert.ok(Math.abs(coded[0] - plain[0]) < 1e-6 && Math.abs(coded[1] - plain[1]) < 1e-6);
    }
  }
});

test("panels side by side stay side by side in whole device pixels", () => {
  for (const ratio of [1, 1.1, 1.25, 1.5, 1.75, 2]) {
    const left = clipRect({ x: 13, y: 5, w: 101, h: 33 }, ratio);
    const right = clipRect({ x: 114, y: 5, w: 50, h: 33 }, ratio);
    assert.equal(left.x + left.w, right.x);
    for (const side of Object.values(left)) assert.ok(Number.isInteger(side));
  }
});
