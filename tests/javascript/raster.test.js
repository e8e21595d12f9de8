import assert from "node:assert/strict";
import { test } from "node:test";

import { abgr } from "../../assets/points/lut.js";
import { clipRect, deviceRect, placeOf } from "../../assets/points/place.js";
import { clearRaster, drawPoints, makeRaster } from "../../assets/points/raster.js";
import { layUnder } from "../../assets/points/stamp.js";
import { randomNumbers, shuffled } from "./random.js";

const RED = abgr("#d03020");
const BLUE = abgr("#2040c0");
const GREY = abgr("#cccccc");
const LUT = Uint32Array.of(RED, BLUE);
const IDENTITY = { ax: 1, bx: 0, ay: 1, by: 0 };
const RADII = [0.5, 0.8, 1, 1.19, 1.2, 1.5, 2, 3.3, 6];

/** Raster of `side` pixels a side with points at device pixels `at` ([x, y] each). */
function draw(at, { side = 40, ...options } = {}) {
  const raster = options.raster ?? makeRaster(side, side);
  const n = at.length;
  const job = { xy: Float32Array.from(at.flat()), n, place: IDENTITY, rect: { x: 0, y: 0, w: side, h: side } };
  const inside = drawPoints(raster, { ...job, codes: null, lut: LUT, mask: null, muted: GREY, radius: 0.5, ...options });
  return { raster, inside };
}

/** [x, y] of all pixels that are not transparent. */
function painted({ pixels, width }) {
  return [...pixels].flatMap((colour, k) => (colour === 0 ? [] : [[k % width, Math.floor(k / width)]]));
}

function alpha(colour) {
  return colour >>> 24;
}

test("a point of one pixel is the pixel that its coordinates fall in, at every zoom and pixel ratio", () => {
  const range = [-1, 1, -2, 2];
  for (const ratio of [1, 1.25, 1.5, 2, 3]) {
    for (const axes of [range, [-0.25, 0.5, -0.5, 0.1], [-3, 3, -9, 9]]) {
      const css = { x: 13, y: 7, w: 90, h: 61 };
      const raster = makeRaster(Math.ceil(120 * ratio), Math.ceil(80 * ratio));
      const rect = clipRect(css, ratio);
      for (const [u, v] of [[0, 0], [65534, 65534], [32767, 32767], [30000, 28000], [41000, 33333]]) {
        clearRaster(raster);
        const place = placeOf(range, axes, deviceRect(css, ratio));
        const job = { xy: Uint16Array.of(u, v), n: 1, place, rect, codes: null, lut: LUT, mask: null, muted: 0, radius: 0.5 };
        const inside = drawPoints(raster, job);
        const x = -1 + (2 * u) / 65534;
        const y = -2 + (4 * v) / 65534;
        const px = Math.floor(ratio * (css.x + ((x - axes[0]) / (axes[1] - axes[0])) * css.w) + 1e-9);
        const py = Math.floor(ratio * (css.y + ((axes[3] - y) / (axes[3] - axes[2])) * css.h) + 1e-9);
        const seen = px >= rect.x && px < rect.x + rect.w && py >= rect.y && py < rect.y + rect.h;
        assert.equal(inside, Number(seen));
        assert.deepEqual(painted(raster), seen ? [[px, py]] : []);
      }
    }
  }
});

test("squares are as wide as twice the radius and lie around the point", () => {
  for (const [radius, size] of [[0.2, 1], [0.5, 1], [0.8, 2], [1, 2], [1.19, 2]]) {
    const pixels = painted(draw([[20.6, 10.4]], { radius }).raster);
    assert.equal(pixels.length, size * size);
    const centre = [0, 1].map((axis) => pixels.reduce((sum, pixel) => sum + pixel[axis] + 0.5, 0) / pixels.length);
    assert.ok(Math.abs(centre[0] - 20.6) <= 0.5 && Math.abs(centre[1] - 10.4) <= 0.5);
  }
});

test("discs have the area of their radius, are symmetric, full within and fading at the rim", () => {
  for (const radius of [1.2, 1.5, 2, 2.7, 4, 7.25]) {
    const { pixels, width } = draw([[20.5, 20.5]], { radius }).raster;
    const at = (dx, dy) => alpha(pixels[(20 + dy) * width + 20 + dx]);
    let area = 0;
    for (let dy = -19; dy < 20; dy += 1) {
      for (let dx = -19; dx < 20; dx += 1) {
        area += at(dx, dy) / 255;
        assert.equal(at(dx, dy), at(-dx, dy));
        assert.equal(at(dx, dy), at(dy, dx));
        const distance = Math.hypot(dx, dy);
        if (distance <= radius - 0.75) assert.equal(at(dx, dy), 255);
        if (distance >= radius + 0.75) assert.equal(at(dx, dy), 0);
      }
    }
    assert.ok(Math.abs(area - Math.PI * radius ** 2) < 0.03 * Math.PI * radius ** 2, `${radius}: ${area}`);
  }
});

test("the rim over nothing is the point's own colour, only thinner: no dark halo on any page", () => {
  for (const count of [1, 3]) {
    const at = Array.from({ length: count }, (_, i) => [18 + 1.5 * i, 20]);
    const { pixels } = draw(at, { radius: 2.6 }).raster;
    let partial = 0;
    for (const colour of pixels) {
      if (colour === 0) continue;
      assert.equal(colour & 0xffffff, RED & 0xffffff);
      partial += alpha(colour) < 255;
    }
    assert.ok(partial > 0);
  }
});

test("the rim over another colour mixes the two by its coverage and stays opaque", () => {
  const at = [...Array.from({ length: 40 * 40 }, (_, k) => [k % 40, Math.floor(k / 40)]), [20, 20]];
  const codes = Uint8Array.from(at, (_, i) => (i === 1600 ? 0 : 1));
  const { raster } = draw(at, { codes, radius: 3.4 });
  const alone = draw([[20, 20]], { radius: 3.4 }).raster;
  const channel = (colour, shift) => (colour >>> shift) & 0xff;
  let mixed = 0;
  raster.pixels.forEach((colour, k) => {
    assert.equal(alpha(colour), 255);
    const part = alpha(alone.pixels[k]) / 255;
    for (const shift of [0, 8, 16]) {
      const expected = channel(BLUE, shift) + part * (channel(RED, shift) - channel(BLUE, shift));
      assert.ok(Math.abs(channel(colour, shift) - expected) <= 3);
    }
    mixed += part > 0.02 && part < 0.98;
  });
  assert.ok(mixed >= 8);
});

test("nothing shows beneath what is opaque, and all of a full colour where there was nothing", () => {
  for (const part of [0, 1, 128, 256]) assert.equal(layUnder(RED | 0, BLUE | 0, part) >>> 0, RED);
  assert.equal(layUnder(0, BLUE | 0, 256) >>> 0, BLUE);
  assert.equal(layUnder(0, BLUE | 0, 0), 0);
});

test("a half-covered pixel beneath another half-covered one makes it three quarters opaque, in the weighted colour", () => {
  const front = layUnder(0, RED | 0, 128);
  const both = layUnder(front, BLUE | 0, 128) >>> 0;
  assert.ok(Math.abs(alpha(both) - 191) <= 1);
  assert.ok(Math.abs((both & 0xff) - (0xd0 * 2 + 0x20) / 3) <= 1);
});

test("thin rims that pile up become opaque in the end", () => {
  let pixel = 0;
  for (let i = 0; i < 300; i += 1) pixel = layUnder(pixel, RED | 0, 8);
  assert.equal(pixel >>> 0, RED);
});

test("nothing is ever written outside of the panel, whatever the size and wherever the points", () => {
  const random = randomNumbers(21);
  const rect = { x: 11, y: 9, w: 17, h: 13 };
  const at = Array.from({ length: 400 }, () => [random() * 60 - 10, random() * 60 - 10]);
  const mask = Uint8Array.from(at, () => (random() < 0.5 ? 1 : 0));
  for (const radius of RADII) {
    const { raster } = draw(at, { rect, radius, mask });
    const pixels = painted(raster);
    assert.ok(pixels.every(([x, y]) => x >= 11 && x < 28 && y >= 9 && y < 22));
    assert.ok(pixels.some(([x]) => x === 11) && pixels.some(([x]) => x === 27));
    assert.ok(pixels.some(([, y]) => y === 9) && pixels.some(([, y]) => y === 21));
  }
});

test("a clipped picture is the whole picture cut out", () => {
  const random = randomNumbers(8);
  const at = Array.from({ length: 150 }, () => [random() * 40, random() * 40]);
  const codes = Uint8Array.from(at, (_, i) => i % 2);
  const rect = { x: 10, y: 12, w: 19, h: 15 };
  for (const radius of RADII) {
    const whole = draw(at, { codes, radius }).raster;
    const part = draw(at, { codes, radius, rect }).raster;
    for (let y = rect.y; y < rect.y + rect.h; y += 1) {
      for (let x = rect.x; x < rect.x + rect.w; x += 1) {
        assert.equal(part.pixels[y * 40 + x], whole.pixels[y * 40 + x]);
      }
    }
  }
});

test("a panel that reaches beyond the raster, or lies outside of it, is cut to it", () => {
  for (const radius of RADII) {
    assert.equal(draw([[1, 1], [39, 39]], { radius, rect: { x: -30, y: -30, w: 500, h: 500 } }).inside, 2);
    const { raster, inside } = draw([[50, 50]], { radius, rect: { x: 45, y: 45, w: 20, h: 20 } });
    assert.equal(inside, 0);
    assert.deepEqual(painted(raster), []);
  }
});

test("a panel smaller than a point shows the part of the point within it", () => {
  const { raster, inside } = draw([[20.5, 20.5]], { radius: 6, rect: { x: 20, y: 19, w: 2, h: 3 } });
  assert.equal(inside, 1);
  assert.equal(painted(raster).length, 6);
});

test("the count is that of centres inside the panel, whatever the size and the mask", () => {
  const random = randomNumbers(13);
  const at = Array.from({ length: 500 }, () => [Math.fround(random() * 40), Math.fround(random() * 40)]);
  const rect = { x: 8, y: 5, w: 20, h: 21 };
  const expected = at.filter(([x, y]) => x >= 8 && x < 28 && y >= 5 && y < 26).length;
  const mask = Uint8Array.from(at, () => (random() < 0.4 ? 1 : 0));
  for (const radius of RADII) {
    for (const which of [null, mask]) assert.equal(draw(at, { radius, rect, mask: which }).inside, expected);
  }
});

test("atoms without a place are not drawn, even where the axes reach beyond the map", () => {
  const range = [0, 1, 0, 1];
  const rect = { x: 0, y: 0, w: 40, h: 40 };
  const place = placeOf(range, [-1, 2, -1, 2], rect);
  const job = { place, rect, codes: null, lut: LUT, mask: null, muted: 0 };
  for (const radius of RADII) {
    const raster = makeRaster(40, 40);
    assert.equal(drawPoints(raster, { ...job, xy: Uint16Array.of(65535, 65535), n: 1, radius }), 0);
    const missing = { ...job, place: IDENTITY, xy: Float32Array.of(NaN, NaN, NaN, 3), n: 2, radius };
    assert.equal(drawPoints(raster, missing), 0);
    assert.deepEqual(painted(raster), []);
  }
});

test("codes and floats of the same places give the same picture", () => {
  const random = randomNumbers(2);
  const xy = Uint16Array.from({ length: 600 }, () => Math.floor(random() * 1024) * 64);
  const range = [0, 65534, 0, 65534];
  const rect = { x: 3, y: 4, w: 33, h: 31 };
  for (const radius of RADII) {
    const job = { n: 300, rect, codes: null, lut: LUT, mask: null, muted: 0, radius };
    const one = makeRaster(40, 40);
    const other = makeRaster(40, 40);
    drawPoints(one, { ...job, xy, place: placeOf(range, range, rect) });
    drawPoints(other, { ...job, xy: Float32Array.from(xy), place: placeOf(null, range, rect) });
    assert.deepEqual(one.pixels, other.pixels);
  }
});

test("8-bit and 16-bit codes take their colours from the table alike", () => {
  const at = [[5, 5], [15, 5], [25, 5]];
  for (const Codes of [Uint8Array, Uint16Array]) {
    const { raster } = draw(at, { codes: Codes.of(1, 0, 1) });
    assert.deepEqual([5, 15, 25].map((x) => raster.pixels[5 * 40 + x]), [BLUE, RED, BLUE]);
  }
});

test("of overlapping points the later in stored order is on top", () => {
  for (const radius of RADII) {
    const top = (codes) => draw([[20.5, 20.5], [20.5, 20.5]], { codes, radius }).raster.pixels[20 * 40 + 20];
    assert.equal(top(Uint8Array.of(0, 1)), BLUE);
    assert.equal(top(Uint8Array.of(1, 0)), RED);
  }
});

test("stored order holds over many more points than are drawn at a time", () => {
  const n = 20000;
  const xy = new Float32Array(2 * n).fill(20.5);
  const codes = new Uint8Array(n);
  for (const last of [0, 1]) {
    codes.fill(1 - last);
    codes[n - 1] = last;
    const { raster, inside } = draw([], { xy, n, codes });
    assert.equal(raster.pixels[20 * 40 + 20], LUT[last]);
    assert.equal(inside, n);
  }
});

test("order does not matter to squares of one colour nor to discs apart", () => {
  const random = randomNumbers(6);
  const scattered = Array.from({ length: 200 }, () => [random() * 40, random() * 40]);
  const apart = Array.from({ length: 25 }, (_, i) => [4 + 8 * (i % 5), 4 + 8 * Math.floor(i / 5)]);
  for (const [at, radius, coloured] of [[scattered, 0.5, false], [scattered, 1, false], [apart, 3, true]]) {
    const codes = Uint8Array.from(at, (_, i) => (coloured ? i % 2 : 0));
    const order = shuffled(at.length, random);
    const one = draw(at, { codes, radius }).raster;
    const other = draw(order.map((i) => at[i]), { codes: codes.map((_, k) => codes[order[k]]), radius }).raster;
    assert.deepEqual(one.pixels, other.pixels);
  }
});

test("a muted point never covers any part of a selected one", () => {
  const random = randomNumbers(17);
  const at = Array.from({ length: 300 }, () => [random() * 40, random() * 40]);
  const codes = Uint8Array.from(at, (_, i) => i % 2);
  const mask = Uint8Array.from(at, () => (random() < 0.3 ? 1 : 0));
  const chosen = at.flatMap((_, i) => (mask[i] ? [i] : []));
  for (const radius of RADII) {
    const both = draw(at, { codes, mask, radius }).raster;
    const alone = draw(chosen.map((i) => at[i]), { codes: Uint8Array.from(chosen, (i) => codes[i]), radius }).raster;
    // rims piled to full coverage are rounded on the way
    const rounding = radius < 1.2 ? 0 : 2;
    alone.bytes.forEach((byte, k) => {
      if (alone.bytes[k | 3] === 255) assert.ok(Math.abs(both.bytes[k] - byte) <= rounding);
    });
    assert.ok(painted(both).length > painted(alone).length);
  }
});

test("a mask of all is no mask, a mask of none is all in grey", () => {
  const random = randomNumbers(19);
  const at = Array.from({ length: 80 }, () => [random() * 40, random() * 40]);
  for (const radius of RADII) {
    const all = draw(at, { mask: new Uint8Array(80).fill(1), radius }).raster;
    assert.deepEqual(all.pixels, draw(at, { radius }).raster.pixels);
    const none = draw(at, { mask: new Uint8Array(80), radius }).raster;
    assert.deepEqual(none.pixels, draw(at, { lut: Uint32Array.of(GREY), radius }).raster.pixels);
  }
});

test("drawing replaces what its panel held and leaves the rest, clearing takes all away", () => {
  for (const radius of RADII) {
    const raster = makeRaster(40, 40);
    const left = { x: 0, y: 0, w: 20, h: 40 };
    draw([[5, 5]], { raster, radius, rect: left });
    draw([[30, 30]], { raster, radius, rect: { x: 20, y: 0, w: 20, h: 40 } });
    draw([[9, 30]], { raster, radius, rect: left });
    const both = draw([[9, 30], [30, 30]], { radius }).raster;
    assert.deepEqual(raster.pixels, both.pixels);
    clearRaster(raster);
    assert.ok(raster.bytes.every((byte) => byte === 0));
  }
});

test("no points, no picture and no error", () => {
  for (const radius of RADII) assert.equal(draw([], { radius }).inside, 0);
});
