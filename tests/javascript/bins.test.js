import assert from "node:assert/strict";
import { test } from "node:test";
import { NO_BIN, categoryBins, countBins, makeBins, niceEdges, tidyRange } from "../../assets/panels/bins.js";

const number = (lo, hi, more = {}) => ({ kind: "number", lo, hi, log: false, integer: false, ...more });
const stored = (legend, values) =>
  Uint16Array.from(values, (v) => {
    if (Number.isNaN(v)) return 65535;
    const [a, b, at] = legend.log ? [legend.lo, legend.hi, v].map(Math.log10) : [legend.lo, legend.hi, v];
    return Math.round(((at - a) / (b - a)) * 65534);
  });

test("edges are decimals, rounded once", () => {
  assert.deepEqual([...niceEdges(0, 0.7, 10)].map(String), ["0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7"]);
  assert.deepEqual([...niceEdges(-3, 9.2, 5)], [-5, 0, 5, 10]);
  assert.deepEqual([...niceEdges(2.5, 2.5, 60)].length > 1, true);
});

test("a value on an edge is in the bin that begins there, the greatest value in the last", () => {
  const legend = number(0, 9.87);
  const bins = makeBins(legend, 10);
  assert.deepEqual([...bins.edges], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const values = stored(legend, [0, 1, 1.5, 2, 3, 9.87, Number.NaN]);
  const found = countBins(values, bins, null);
  assert.deepEqual([...found.counts], [1, 2, 1, 1, 0, 0, 0, 0, 0, 1]);
  assert.deepEqual([found.n, found.missing], [6, 1]);
});

test("whole numbers have a bin each, or bins of whole numbers of them", () => {
  const few = makeBins(number(2, 8, { integer: true }));
  assert.deepEqual([...few.edges], [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5]);
  const many = makeBins(number(1, 230, { integer: true }));
  assert.equal(many.edges[1] - many.edges[0], 5);
  const all = Array.from({ length: 230 }, (_, i) => i + 1);
  const { counts } = countBins(stored(number(1, 230), all), many, null);
  assert.equal(counts[0], 4); // 1 to 4
  assert.ok(counts.slice(1, -1).every((c) => c === 5));
});

test("a value of its own has one bin, and no value none", () => {
  assert.equal(countBins(Uint16Array.of(0, 0, 65535), makeBins(number(2.5, 2.5)), null).n, 2);
  assert.equal(makeBins(number(2.5, 2.5)).lut[65535], NO_BIN);
});

test("bins of powers of ten cover the range in equal ratios", () => {
  const legend = number(0.01, 1000, { log: true });
  const bins = makeBins(legend, 5);
  assert.deepEqual([...bins.scaled], [-2, -1, 0, 1, 2, 3]);
  assert.deepEqual([...countBins(stored(legend, [0.01, 0.1, 0.5, 1, 20, 1000]), bins, null).counts], [1, 2, 1, 1, 1]);
});

test("a mask picks atoms, and a structure counts once by its first selected atom", () => {
  const bins = makeBins(number(0, 3, { integer: true }));
  const legend = number(0, 3);
  const values = stored(legend, [0, 0, 1, 1, 3, 3]);
  const structure = Uint32Array.of(0, 0, 1, 1, 2, 2);
  assert.deepEqual([...countBins(values, bins, Uint8Array.of(1, 0, 1, 1, 0, 0)).counts], [1, 2, 0, 0]);
  assert.deepEqual([...countBins(values, bins, null, structure, 3).counts], [1, 1, 0, 1]);
  assert.deepEqual([...countBins(values, bins, Uint8Array.of(0, 0, 1, 1, 0, 1), structure, 3).counts], [0, 1, 0, 1]);
});

test("categories count by code", () => {
  const bins = categoryBins([{ label: "a" }, { label: "b" }]);
  const { counts, missing } = countBins(Uint8Array.of(0, 1, 1, 255), bins, null);
  assert.deepEqual([[...counts], missing], [[1, 2], 1]);
});

test("a dragged range is kept in tidy numbers, low end first", () => {
  assert.deepEqual(tidyRange(3.123456, 1.98765, makeBins(number(0, 9.87))), [1.99, 3.12]);
  assert.deepEqual(tidyRange(1.6, 4.4, makeBins(number(0, 9, { integer: true }))), [2, 4]);
  assert.deepEqual(tidyRange(2.2, 2.4, makeBins(number(0, 9, { integer: true }))), [2, 2]);
  assert.deepEqual(tidyRange(0.123456, 87.654, makeBins(number(0.01, 1000, { log: true }))), [0.123, 87.7]);
});
