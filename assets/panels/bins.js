/* Histograms of stored values: which bin each of the 65,536 codes falls into, and counts by it. */

const CODES_OF_RANGE = 65534; // as dashboard/quantities.py stores numbers; 65535 has none
export const NO_BIN = 255;
const BINS_AT_MOST = 60;

/* The smallest of 1, 2 or 5 times a power of ten that is at least `least`, as [digit, power]. */
function niceStep(least) {
  const power = Math.floor(Math.log10(least) + 1e-9);
  for (const [digit, more] of [[1, 0], [2, 0], [5, 0], [1, 1]])
    if (digit * 10 ** (power + more) >= least * (1 - 1e-9)) return [digit, power + more];
  return [1, power + 1];
}

/* `k` steps, rounded once, so that 3 steps of 0.1 are 0.3. */
const multipleOf = (k, [digit, power]) => (power < 0 ? (k * digit) / 10 ** -power : k * digit * 10 ** power);

/* Multiples of a step of 1, 2 or 5 from one at or below `lo` to one at or above `hi`, at most about `most` of them. */
export function niceEdges(lo, hi, most) {
  const span = hi - lo || Math.abs(lo) || 1;
  const step = niceStep(span / most);
  const width = multipleOf(1, step);
  const first = Math.floor(lo / width + 1e-9);
  const last = Math.max(Math.ceil(hi / width - 1e-9), first + 1);
  return Float64Array.from({ length: last - first + 1 }, (_, i) => multipleOf(first + i, step));
}

/* Edges in the scale in which bins are equally wide: log10 where the legend says so. */
function scaledEdges(legend, most) {
  if (!legend.integer) return legend.log ? niceEdges(Math.log10(legend.lo), Math.log10(legend.hi), most) : niceEdges(legend.lo, legend.hi, most);
  const values = legend.hi - legend.lo + 1;
  const width = values <= most ? 1 : multipleOf(1, niceStep(Math.max(values / most, 2)));
  const first = Math.floor(legend.lo / width) * width;
  const n = Math.floor((legend.hi - first) / width) + 1;
  return Float64Array.from({ length: n + 1 }, (_, i) => first - 0.5 + i * width);
}

/* Bins of a number quantity. `edges` are values; a bin holds its left edge and not its right one, the last both.
   Codes stand for values to 1/65,534 of the range; one that may lie on an edge counts as on it. */
export function makeBins(legend, most = BINS_AT_MOST) {
  const log = legend.log && !legend.integer;
  const scaled = scaledEdges(legend, most);
  const n = scaled.length - 1;
  const [a, b] = legend.log ? [Math.log10(legend.lo), Math.log10(legend.hi)] : [legend.lo, legend.hi];
  const quantum = (b - a) / CODES_OF_RANGE;
  const lut = new Uint8Array(65536).fill(NO_BIN);
  let bin = 0;
  for (let code = 0; code <= CODES_OF_RANGE; code++) {
    let at = a + code * quantum;
    if (legend.integer) at = Math.round(legend.log ? 10 ** at : at);
    else at += quantum * 0.5000001;
    while (bin < n - 1 && at >= scaled[bin + 1]) bin += 1;
    lut[code] = bin;
  }
  return { edges: log ? scaled.map((e) => 10 ** e) : scaled, scaled, log, n, lut, integer: legend.integer };
}

/* One bin a code: the entries of a category, the last for codes beyond them. */
export function categoryBins(entries) {
  const lut = new Uint8Array(65536).fill(NO_BIN);
  for (let code = 0; code < entries.length; code++) lut[code] = code;
  return { n: entries.length, lut };
}

/* Counts of all values by bin, or of those in `mask`. With `structure`, each structure counts once. */
export function countBins(values, bins, mask, structure, nStructures) {
  const { lut } = bins;
  const counts = new Uint32Array(256);
  const n = values.length;
  if (structure) {
    const seen = new Uint8Array(nStructures);
    for (let i = 0; i < n; i++) {
      if ((mask && !mask[i]) || seen[structure[i]]) continue;
      seen[structure[i]] = 1;
      counts[lut[values[i]]] += 1;
    }
  } else if (mask) {
    for (let i = 0; i < n; i++) if (mask[i]) counts[lut[values[i]]] += 1;
  } else {
    for (let i = 0; i < n; i++) counts[lut[values[i]]] += 1;
  }
  const valued = counts.slice(0, bins.n);
  return { counts: valued, n: valued.reduce((sum, c) => sum + c, 0), missing: counts[NO_BIN] };
}

/* A dragged range as the view keeps it: whole numbers, or as many digits as a pixel tells apart. */
export function tidyRange(lo, hi, bins) {
  const [low, high] = lo <= hi ? [lo, hi] : [hi, lo];
  if (bins.integer) {
    const [from, to] = [Math.ceil(low), Math.floor(high)];
    return from <= to ? [from, to] : [Math.round((low + high) / 2), Math.round((low + high) / 2)];
  }
  if (bins.log) return [Number(low.toPrecision(3)), Number(high.toPrecision(3))];
  const span = bins.edges[bins.n] - bins.edges[0];
  const decimals = Math.min(Math.max(2 - Math.floor(Math.log10(span) - 1e-9), 0), 12);
  return [Number(low.toFixed(decimals)), Number(high.toFixed(decimals))];
}
