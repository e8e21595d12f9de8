/* Numbers per element over the selected atoms. Arrays are in display order; results are by atomic number (0 unused). */

const ELEMENT_SLOTS = 120;
const NO_VALUE = 65535;

/* How many atoms of each element are selected (all where `mask` is null). */
export function countElements(numbers, mask) {
  const counts = new Float64Array(ELEMENT_SLOTS);
  for (let i = 0; i < numbers.length; i++) if (!mask || mask[i]) counts[numbers[i]] += 1;
  return counts;
}

/* Mean of a stored quantity: {means (NaN where no atom), counts}. `legend` says what stored numbers stand for. */
export function meanByElement(numbers, stored, legend, mask) {
  const sums = new Float64Array(ELEMENT_SLOTS);
  const counts = new Float64Array(ELEMENT_SLOTS);
  const [lo, hi] = legend.log ? [Math.log10(legend.lo), Math.log10(legend.hi)] : [legend.lo, legend.hi];
  const step = (hi - lo) / (NO_VALUE - 1);
  for (let i = 0; i < numbers.length; i++) {
    if ((mask && !mask[i]) || stored[i] === NO_VALUE) continue;
    sums[numbers[i]] += legend.log ? 10 ** (lo + stored[i] * step) : stored[i];
    counts[numbers[i]] += 1;
  }
  const means = sums.map((sum, i) => (!counts[i] ? NaN : legend.log ? sum / counts[i] : lo + (sum / counts[i]) * step));
  return { means, counts };
}

/* Numbers of the elements of which every array of points has at least one atom with a place. */
export function knownElements(numbers, maps) {
  const known = new Set(numbers);
  for (const xy of maps) {
    const placed = new Uint8Array(ELEMENT_SLOTS);
    for (let i = 0; i < numbers.length; i++) if (xy[2 * i] !== NO_VALUE) placed[numbers[i]] = 1;
    for (const number of known) if (!placed[number]) known.delete(number);
  }
  return [...known].sort((a, b) => a - b);
}

/* Smallest and largest finite value; null where there is none. */
export function finiteRange(values) {
  const found = [...values].filter(Number.isFinite);
  return found.length ? [Math.min(...found), Math.max(...found)] : null;
}
