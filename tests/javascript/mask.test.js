import assert from "node:assert/strict";
import { test } from "node:test";

import { codeMask, combineMasks, elementMask, entryMask, unpackBits } from "../../assets/points/mask.js";
import { randomNumbers, shuffled } from "./random.js";

test("bits come least significant first, and those that fill the last byte are left out", () => {
  assert.deepEqual([...unpackBits(Uint8Array.of(0b10000101, 0b00000010), 10)], [1, 0, 1, 0, 0, 0, 0, 1, 0, 1]);
  assert.equal(unpackBits(new Uint8Array(0), 0).length, 0);
});

test("packing and unpacking is a round trip", () => {
  const random = randomNumbers(9);
  for (const n of [1, 7, 8, 9, 1000]) {
    const mask = Uint8Array.from({ length: n }, () => (random() < 0.5 ? 1 : 0));
    const bytes = new Uint8Array(Math.ceil(n / 8));
    mask.forEach((one, i) => {
      bytes[i >> 3] |= one << (i & 7);
    });
    assert.deepEqual(unpackBits(bytes, n), mask);
  }
});

test("no chosen element means all, several mean any of them", () => {
  const numbers = Uint8Array.of(8, 58, 8, 22, 56);
  assert.equal(elementMask(numbers, []), null);
  assert.deepEqual([...elementMask(numbers, [8, 56])], [1, 0, 1, 0, 1]);
  assert.deepEqual([...elementMask(numbers, [1])], [0, 0, 0, 0, 0]);
});

test("greyed entries go, atoms without a value stay", () => {
  const codes = Uint8Array.of(0, 1, 2, 255, 1);
  assert.equal(entryMask(codes, []), null);
  assert.deepEqual([...entryMask(codes, [1])], [1, 0, 1, 1, 0]);
  assert.deepEqual([...codeMask(Uint16Array.of(65535, 300), [300])], [0, 1]);
});

test("masks combine by and, in any order, and none of them changes", () => {
  const random = randomNumbers(4);
  const masks = Array.from({ length: 4 }, () => Uint8Array.from({ length: 500 }, () => (random() < 0.7 ? 1 : 0)));
  const before = masks.map((mask) => mask.slice());
  const { mask, count } = combineMasks(500, [null, ...masks, null]);
  for (let i = 0; i < 500; i += 1) assert.equal(mask[i], Number(masks.every((one) => one[i] === 1)));
  assert.equal(count, mask.reduce((sum, one) => sum + one, 0));
  const turned = combineMasks(500, shuffled(4, random).map((k) => masks[k]));
  assert.deepEqual(turned.mask, mask);
  assert.deepEqual(masks, before);
});

test("masks that ask for nothing choose all", () => {
  assert.deepEqual(combineMasks(12, [null, null]), { mask: null, count: 12 });
  assert.deepEqual(combineMasks(12, []), { mask: null, count: 12 });
});
