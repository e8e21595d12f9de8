import assert from "node:assert/strict";
import { test } from "node:test";

import { abgr, categoryLut, positionOnScale, scaleLut, scaleOf, valueOfCode } from "../../assets/points/lut.js";

const STOPS = ["#000000", "#808080", "#ffffff"];
const NONE = abgr("#123456");

/** Grey level of a colour, 0 to 255. */
function grey(colour) {
  return colour & 0xff;
}

function codeOf(value, legend) {
  const part = legend.log
    ? Math.log(value / legend.lo) / Math.log(legend.hi / legend.lo)
    : (value - legend.lo) / (legend.hi - legend.lo);
  return Math.round(part * 65534);
}

test("a colour is stored so that memory reads red, green, blue, alpha", () => {
  assert.deepEqual([...new Uint8Array(Uint32Array.of(abgr("#0a1bfc")).buffer)], [0x0a, 0x1b, 0xfc, 255]);
  assert.deepEqual([...new Uint8Array(Uint32Array.of(abgr("#0a1bfc", 64)).buffer)], [0x0a, 0x1b, 0xfc, 64]);
});

test("categories take their colours in order, anything else the fallback", () => {
  const lut = categoryLut([{ colour: "#ff0000" }, { colour: "#00ff00" }], NONE);
  assert.deepEqual([lut[0], lut[1], lut[2], lut[255]], [abgr("#ff0000"), abgr("#00ff00"), NONE, NONE]);
});

test("a scale runs from its first to its last stop, and reversed the other way", () => {
  const legend = { lo: -3, hi: 5, log: false };
  const lut = scaleLut(STOPS, legend, {}, NONE);
  assert.deepEqual([lut[0], lut[65534], lut[65535]], [abgr("#000000"), abgr("#ffffff"), NONE]);
  assert.ok(Math.abs(grey(lut[32767]) - 128) <= 1);
  for (let code = 1; code <= 65534; code += 1) assert.ok(grey(lut[code]) >= grey(lut[code - 1]));
  const back = scaleLut(STOPS, legend, { reverse: true }, NONE);
  for (let code = 0; code <= 65534; code += 977) assert.ok(Math.abs(grey(back[code]) + grey(lut[code]) - 255) <= 1);
  assert.equal(back[65535], NONE);
});

test("values beyond the limits take the colour of the end, and the middle of the limits the middle one", () => {
  const legend = { lo: 0, hi: 10, log: false };
  const lut = scaleLut(STOPS, legend, { limits: [2, 4] }, NONE);
  assert.equal(lut[codeOf(1, legend)], abgr("#000000"));
  assert.equal(lut[codeOf(9, legend)], abgr("#ffffff"));
  assert.ok(Math.abs(grey(lut[codeOf(3, legend)]) - 128) <= 1);
});

test("how a quantity is stored does not change its colours", () => {
  const plain = { lo: 0.1, hi: 100, log: false };
  const stored = { lo: 0.1, hi: 100, log: true };
  for (const options of [{}, { log: true }, { limits: [1, 50] }, { log: true, limits: [1, 50], reverse: true }]) {
    const one = scaleLut(STOPS, plain, options, NONE);
    const other = scaleLut(STOPS, stored, options, NONE);
    for (const value of [0.15, 0.9, 3, 20, 77]) {
      assert.ok(Math.abs(grey(one[codeOf(value, plain)]) - grey(other[codeOf(value, stored)])) <= 1);
    }
  }
});

test("a logarithmic scale gives each decade the same width", () => {
  const legend = { lo: 0.01, hi: 100, log: true };
  const lut = scaleLut(STOPS, legend, { log: true }, NONE);
  const decades = [0.01, 0.1, 1, 10, 100].map((value) => grey(lut[codeOf(value, legend)]));
  for (let i = 1; i < decades.length; i += 1) assert.ok(Math.abs(decades[i] - decades[i - 1] - 64) <= 2);
});

test("a logarithmic scale of values around zero starts four decades below its end; without positive ones it is linear", () => {
  assert.deepEqual(scaleOf({ lo: -5, hi: 100 }, { log: true }), { lo: 0.01, hi: 100, log: true });
  assert.deepEqual(scaleOf({ lo: -5, hi: -1 }, { log: true }), { lo: -5, hi: -1, log: false });
  assert.equal(positionOnScale(-2, scaleOf({ lo: -5, hi: 100 }, { log: true })), 0);
});

test("a quantity with one value takes the middle colour", () => {
  const lut = scaleLut(STOPS, { lo: 4, hi: 4, log: false }, {}, NONE);
  assert.ok(Math.abs(grey(lut[0]) - 128) <= 1);
});

test("codes stand for the values that the server coded", () => {
  assert.equal(valueOfCode(0, { lo: 2, hi: 8, log: false }), 2);
  assert.equal(valueOfCode(65534, { lo: 2, hi: 8, log: false }), 8);
  assert.ok(Math.abs(valueOfCode(32767, { lo: 0.01, hi: 100, log: true }) - 1) < 1e-12);
});
