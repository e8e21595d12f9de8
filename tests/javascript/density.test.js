import assert from "node:assert/strict";
import { test } from "node:test";

import { drawDensity } from "../../assets/points/density.js";
import { abgr } from "../../assets/points/lut.js";
import { makeRaster } from "../../assets/points/raster.js";
import { randomNumbers, shuffled } from "./random.js";

const WHITE = abgr("#ffffff");
const LUT = Uint32Array.of(abgr("#ff0000"), abgr("#0000ff"));
const SIDE = 24;

function draw(at, options = {}) {
  const raster = makeRaster(SIDE, SIDE);
  const inside = drawDensity(raster, {
    xy: Float32Array.from(at.flat()),
    n: at.length,
    place: { ax: 1, bx: 0, ay: 1, by: 0 },
    rect: { x: 0, y: 0, w: SIDE, h: SIDE },
    codes: null,
    lut: LUT,
    mask: null,
    muted: abgr("#808080"),
    ground: WHITE,
    bin: 2,
    ...options,
  });
  return { raster, inside, at: (x, y) => [...raster.bytes.slice(4 * (y * SIDE + x), 4 * (y * SIDE + x) + 4)] };
}

function repeat(n, point) {
  return Array.from({ length: n }, () => point);
}

test("the fullest bin is opaque, in the mean colour of its points", () => {
  const { at } = draw(repeat(4, [5, 5]), { codes: Uint8Array.of(0, 1, 1, 1) });
  assert.deepEqual(at(5, 5), [64, 0, 191, 255]);
});

test("opacity grows with the logarithm of the count: ten times as many is one step at every level", () => {
  const { at } = draw([...repeat(1, [1, 1]), ...repeat(10, [5, 1]), ...repeat(100, [9, 1]), ...repeat(1000, [13, 1])]);
  const white = [1, 5, 9, 13].map((x) => at(x, 1)[1]);
  assert.equal(white[3], 0);
  assert.ok(white[0] > 150);
  const steps = [white[0] - white[1], white[1] - white[2], white[2] - white[3]];
  for (const step of steps) assert.ok(Math.abs(step - white[0] / 3) <= 1);
});

test("each panel is measured by its own fullest bin", () => {
  const few = draw([...repeat(2, [1, 1]), [5, 1]]);
  const many = draw([...repeat(2000, [1, 1]), ...repeat(50, [5, 1])]);
  assert.deepEqual(few.at(1, 1), many.at(1, 1));
});

test("a bin covers its whole square and no other, cut at the edge of the panel", () => {
  const rect = { x: 3, y: 4, w: 7, h: 9 };
  const { raster } = draw([[9.5, 12.5], [3.5, 4.5], [40, 40], [2, 2], [10, 5]], { rect, bin: 4 });
  raster.pixels.forEach((colour, k) => {
    const [x, y] = [k % SIDE, Math.floor(k / SIDE)];
    const inFirst = x >= 3 && x < 7 && y >= 4 && y < 8;
    const inLast = x >= 7 && x < 10 && y === 12;
    assert.equal(colour !== 0, inFirst || inLast);
  });
});

test("muted points leave a faint grey, and only where nothing else is", () => {
  const points = [...repeat(50, [1, 1]), [1, 1], ...repeat(3, [9, 9])];
  const mask = Uint8Array.from(points, (_, i) => (i === 50 ? 1 : 0));
  const { at } = draw(points, { mask });
  assert.deepEqual(at(1, 1), draw([[1, 1]]).at(1, 1));
  const [red, green, blue, alpha] = at(9, 9);
  assert.ok(red === green && green === blue && alpha === 255);
  assert.ok(red > 0xb0 && red < 0xff);
});

test("the selected are as opaque as without the muted", () => {
  const random = randomNumbers(2);
  const points = Array.from({ length: 900 }, () => [random() * 12, random() * 12]);
  const mask = Uint8Array.from(points, () => (random() < 0.5 ? 1 : 0));
  const both = draw(points, { mask }).raster;
  const alone = draw(points.filter((_, i) => mask[i])).raster;
  alone.pixels.forEach((colour, k) => assert.ok(colour === 0 || both.pixels[k] === colour));
});

test("order does not matter, and codes and floats agree", () => {
  const random = randomNumbers(3);
  const points = Array.from({ length: 500 }, () => [Math.floor(random() * 26), Math.floor(random() * 26)]);
  const codes = Uint8Array.from(points, () => (random() < 0.5 ? 1 : 0));
  const order = shuffled(500, random);
  const one = draw(points, { codes });
  const other = draw(order.map((i) => points[i]), { codes: Uint8Array.from(order, (i) => codes[i]) });
  assert.deepEqual(one.raster.pixels, other.raster.pixels);
  const coded = draw(points, { codes, xy: Uint16Array.from(points.flat()) });
  assert.deepEqual(coded.raster.pixels, one.raster.pixels);
  const within = points.filter(([x, y]) => x < SIDE && y < SIDE).length;
  assert.ok(one.inside === within && other.inside === within && coded.inside === within);
});

test("empty bins stay transparent, and atoms without a place count nowhere", () => {
  const none = draw([], { xy: Uint16Array.of(65535, 65535), n: 1, place: { ax: 1e-4, bx: 0, ay: 1e-4, by: 0 } });
  assert.equal(none.inside, 0);
  assert.ok(none.raster.pixels.every((colour) => colour === 0));
  assert.equal(draw([[NaN, NaN]]).inside, 0);
});
