import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { digitsTogether, exactDecimal, formatView, roundTogether, shortDecimal } from "../../assets/points/address.js";

const cases = JSON.parse(readFileSync(new URL("fixtures/views.json", import.meta.url), "utf8"));

test("every view of the shared fixture has the address written beside it", () => {
  for (const { view, defaults, atom_name: name, query } of cases) {
    assert.equal(formatView(view, defaults, () => name), query);
  }
});

test("the shared fixture changes every field at least once", () => {
  const changed = new Set();
  for (const { view, defaults } of cases) {
    for (const field of Object.keys(view)) {
      if (JSON.stringify(view[field]) !== JSON.stringify(defaults[field])) changed.add(field);
    }
  }
  assert.deepEqual([...changed].sort(), Object.keys(cases[0].view).sort());
});

test("an address never holds a sign that would end it, start a parameter or open a tag", () => {
  for (const { view, defaults, atom_name: name } of cases) {
    const query = formatView(view, defaults, () => name);
    assert.match(query, /^[A-Za-z0-9_.~,:;%&=-]*$/);
    assert.ok(query.split("&").every((part) => part.split("=").length <= 2));
    assert.doesNotThrow(() => decodeURIComponent(query));
  }
});

test("the atom is named by its index", () => {
  const { view, defaults } = cases[0];
  assert.equal(formatView({ ...view, atom: 41 }, defaults, (atom) => `mp-${atom}:1`), "atom=mp-41:1");
});

test("half a surrogate pair becomes the replacement character instead of an error", () => {
  const { view, defaults } = cases[0];
  assert.equal(formatView({ ...view, find: "a\uD800b" }, defaults, null), "find=a%EF%BF%BDb");
});

test("exact decimals read back as the number they were", () => {
  for (const value of [0, 1, -1, 0.1, 1 / 3, 1e-7, -1.5e-12, 123456789.125, 1e21, 5e-324, 1.7976931348623157e308]) {
    const text = exactDecimal(value);
    assert.equal(Number(text), value);
    assert.match(text, /^-?\d+(\.\d*[1-9])?$/);
  }
  assert.equal(exactDecimal(-0), "0");
});

test("short decimals have four significant digits, halves away from zero, and no exponent", () => {
  const pairs = [
    [0, "0"],
    [-0, "0"],
    [0.5, "0.5"],
    [12.125, "12.13"],
    [-12.125, "-12.13"],
    [99999, "100000"],
    [1234567, "1235000"],
    [0.00001234567, "0.00001235"],
    [-0.000099999, "-0.0001"],
  ];
  for (const [value, text] of pairs) assert.equal(shortDecimal(value), text);
});

test("values close together keep four digits of their spread", () => {
  assert.equal(digitsTogether([-1, 1]), 4);
  assert.equal(digitsTogether([3, 3]), 4);
  assert.equal(digitsTogether([100, 101]), 6);
  assert.deepEqual(roundTogether([0.8000123, 0.8000456]), [0.8000123, 0.8000456]);
  for (const centre of [0.3, -7, 512]) {
    for (const width of [1, 1e-2, 1e-5, 1e-8]) {
      const [lo, hi] = roundTogether([centre, centre + width]);
      assert.ok(Math.abs(lo - centre) <= width / 1000 && Math.abs(hi - centre - width) <= width / 1000);
    }
  }
});

test("rounding what was rounded changes nothing, so an address is its own fixed point", () => {
  let seed = 1;
  for (let i = 0; i < 2000; i += 1) {
    seed = (seed * 48271) % 2147483647;
    const lo = (seed / 2147483647 - 0.5) * 20;
    const once = roundTogether([lo, lo + 10 ** -(seed % 7)]);
    assert.deepEqual(roundTogether(once), once);
  }
});
