import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { insidePolygon, roundSignificant, simplifyPolygon } from "../../assets/points/lasso.js";
import { randomNumbers } from "./random.js";

const fixture = JSON.parse(readFileSync(new URL("fixtures/lasso.json", import.meta.url), "utf8"));
const codes = Uint16Array.from(fixture.xy);
const N = codes.length / 2;

function decode(range) {
  return Float32Array.from(codes, (u, k) => {
    if (u === 65535) return NaN;
    return range[k % 2 ? 2 : 0] + (u * (range[k % 2 ? 3 : 1] - range[k % 2 ? 2 : 0])) / 65534;
  });
}

/** The rule itself, without bands or boxes. */
function plainRule(x, y, polygon) {
  let odd = false;
  polygon.forEach(([xi, yi], i) => {
    const [xj, yj] = polygon.at(i - 1);
    if (yi > y !== yj > y && x < ((xj - xi) * (y - yi)) / (yj - yi) + xi) odd = !odd;
  });
  return odd;
}

for (const { name, polygon, inside } of fixture.cases) {
  test(`points inside a ${name} are those that exact arithmetic finds`, () => {
    const out = new Uint8Array(N).fill(7);
    const count = insidePolygon(codes, N, fixture.range, polygon, out);
    assert.deepEqual([...out], inside);
    assert.equal(count, inside.reduce((sum, one) => sum + one, 0));
    assert.ok(count > 20 && count < N - 20);
  });

  test(`floats and codes agree on a ${name}`, () => {
    const out = new Uint8Array(N);
    insidePolygon(decode(fixture.range), N, null, polygon, out);
    assert.deepEqual([...out], inside);
  });

  test(`neither direction nor first vertex matter to a ${name}`, () => {
    const out = new Uint8Array(N);
    insidePolygon(codes, N, fixture.range, [...polygon].reverse(), out);
    assert.deepEqual([...out], inside);
    insidePolygon(codes, N, fixture.range, [...polygon.slice(2), ...polygon.slice(0, 2)], out);
    assert.deepEqual([...out], inside);
  });
}

test("random polygons agree with the rule applied edge by edge", () => {
  const random = randomNumbers(11);
  const xy = Float32Array.from({ length: 600 }, () => random() * 4 - 2);
  const out = new Uint8Array(300);
  for (let round = 0; round < 60; round += 1) {
    const flat = 10 ** -(round % 6);
    const polygon = Array.from({ length: 3 + (round % 38) }, () => [random() * 3 - 1.5, (random() * 3 - 1.5) * flat]);
    insidePolygon(xy, 300, null, polygon, out);
    for (let i = 0; i < 300; i += 1) assert.equal(out[i], Number(plainRule(xy[2 * i], xy[2 * i + 1], polygon)));
  }
});

test("points on the corners and edges of a box belong to exactly one of two neighbouring boxes", () => {
  const xy = new Float32Array([0, 0, 1, 0, 2, 0, 0, 1, 1, 1, 2, 1, 1, 0.5, 0.5, 0, 1.5, 1]);
  const n = xy.length / 2;
  const left = new Uint8Array(n);
  const right = new Uint8Array(n);
  insidePolygon(xy, n, null, [[0, 0], [1, 0], [1, 1], [0, 1]], left);
  insidePolygon(xy, n, null, [[1, 0], [2, 0], [2, 1], [1, 1]], right);
  for (let i = 0; i < n; i += 1) assert.ok(left[i] + right[i] <= 1);
  assert.equal(left[6] + right[6], 1);
});

test("a polygon without area or with too few vertices holds nothing", () => {
  const out = new Uint8Array(N).fill(1);
  for (const polygon of [[], [[0, 0]], [[0, 0], [1, 1]], [[0, 0], [1, 0], [2, 0]]]) {
    assert.equal(insidePolygon(codes, N, fixture.range, polygon, out), 0);
    assert.ok(out.every((one) => one === 0));
  }
});

function distanceToRing([px, py], ring) {
  return Math.min(
    ...ring.map(([bx, by], i) => {
      const [ax, ay] = ring.at(i - 1);
      const length2 = (bx - ax) ** 2 + (by - ay) ** 2;
      const t = length2 ? Math.min(1, Math.max(0, ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / length2)) : 0;
      return Math.hypot(px - ax - t * (bx - ax), py - ay - t * (by - ay));
    }),
  );
}

test("a hand-drawn outline keeps its shape with 40 vertices, which are vertices of it in their order", () => {
  const random = randomNumbers(5);
  const drawn = Array.from({ length: 800 }, (_, i) => {
    const t = (2 * Math.PI * i) / 800;
    const r = 1 + 0.3 * Math.sin(3 * t);
    return [r * Math.cos(t) + 0.004 * random(), r * Math.sin(t) + 0.004 * random()];
  });
  const kept = simplifyPolygon(drawn, 40);
  assert.ok(kept.length <= 40);
  const positions = kept.map((vertex) => drawn.indexOf(vertex));
  assert.ok(positions.every((at, i) => at >= 0 && (i === 0 || at > positions[i - 1])));
  for (const vertex of drawn) assert.ok(distanceToRing(vertex, kept) < 0.02);
});

test("vertices on straight sides go, corners stay", () => {
  const corners = [[0, 0], [3, 0], [3, 2], [0, 2]];
  const drawn = corners.flatMap(([x, y], i) => {
    const [toX, toY] = corners[(i + 1) % 4];
    return Array.from({ length: 25 }, (_, k) => [x + ((toX - x) * k) / 25, y + ((toY - y) * k) / 25]);
  });
  assert.deepEqual(simplifyPolygon(drawn, 40), corners);
});

test("a polygon of few vertices stays as it is, repeated ones apart", () => {
  assert.deepEqual(simplifyPolygon([[0, 0], [0, 0], [1, 0], [0, 1]], 40), [[0, 0], [1, 0], [0, 1]]);
  assert.equal(simplifyPolygon(Array.from({ length: 50 }, () => [1, 1]), 40).length, 1);
});

test("numbers keep four significant digits", () => {
  assert.equal(roundSignificant(0.123456, 4), 0.1235);
  assert.equal(roundSignificant(-98765, 4), -98770);
  assert.equal(roundSignificant(0, 4), 0);
});
