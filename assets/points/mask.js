/** Masks of atoms in display order: one byte each, 1 where chosen. null stands for all. */

/** Bytes from packed bits, least significant first (`numpy.packbits(..., bitorder="little")`). */
export function unpackBits(bytes, n) {
  const mask = new Uint8Array(n);
  for (let i = 0; i < n; i += 1) mask[i] = (bytes[i >> 3] >> (i & 7)) & 1;
  return mask;
}

/** Atoms whose code is one of `codes`. */
export function codeMask(values, codes) {
  const kept = new Uint8Array(65536);
  for (const code of codes) kept[code] = 1;
  const mask = new Uint8Array(values.length);
  for (let i = 0; i < mask.length; i += 1) mask[i] = kept[values[i]];
  return mask;
}

/** Atoms of the chosen elements; null, meaning all, where none is chosen. */
export function elementMask(atomicNumbers, chosen) {
  return chosen.length === 0 ? null : codeMask(atomicNumbers, chosen);
}

/** Atoms whose legend entry is not greyed out; those without a value stay. null where no entry is. */
export function entryMask(codes, hidden) {
  if (hidden.length === 0) return null;
  const away = codeMask(codes, hidden);
  for (let i = 0; i < away.length; i += 1) away[i] ^= 1;
  return away;
}

/** Atoms that all of the masks have (null masks ask for nothing), and how many. */
export function combineMasks(n, masks) {
  const asked = masks.filter((mask) => mask !== null);
  if (asked.length === 0) return { mask: null, count: n };
  const mask = asked[0].slice(0, n);
  for (const other of asked.slice(1)) {
    for (let i = 0; i < n; i += 1) mask[i] &= other[i];
  }
  let count = 0;
  for (let i = 0; i < n; i += 1) count += mask[i];
  return { mask, count };
}
