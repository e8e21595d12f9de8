import assert from "node:assert/strict";
import { test } from "node:test";
import { columnNumber, counted, groupedNumber, shortNumber, tickNumber, typedNumber } from "../../assets/panels/words.js";

test("numbers of a column have its decimals, and a true minus", () => {
  assert.equal(columnNumber(1234.5, 2), "1,234.50");
  assert.equal(columnNumber(-0.25, 3), "−0.250");
  assert.equal(columnNumber(-0.0001, 2), "0.00");
  assert.equal(columnNumber(1234567, 0), "1,234,567");
  assert.equal(columnNumber(null, 2), "");
  assert.equal(columnNumber(0.000123, null), "1.23e−4");
});

test("counts agree with their nouns", () => {
  assert.deepEqual([0, 1, 6706].map((n) => counted(n, "atom")), ["0 atoms", "1 atom", "6,706 atoms"]);
  assert.equal(groupedNumber(-1234), "−1,234");
});

test("short numbers keep whole ones in full and can be typed back", () => {
  assert.deepEqual([shortNumber(123456), shortNumber(-0.123456), shortNumber(2.34567, 3)], ["123456", "−0.1235", "2.35"]);
  assert.deepEqual([typedNumber(shortNumber(-1.5e-7)), typedNumber(" 0,5 ")], [-1.5e-7, 0.5]);
  assert.ok(Number.isNaN(typedNumber("two")));
});

test("ticks of an axis are grouped, and have a power of ten at the extremes", () => {
  assert.deepEqual([0, 0.25, 12345, -2e6, 0.0001].map(tickNumber), ["0", "0.25", "12,345", "−2.0e6", "1.0e−4"]);
});
