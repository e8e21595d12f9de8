/* Arrays of a series at a step, from the server: each kept while it is among the most recently used. */
const MOST_ASKED = 2000; // trails

const withNumbers = (body) => new Float32Array(body);

export function makeDriftArrays(atlas) {
  const { arrays } = atlas;
  const path = (series, rest) => `drift/${encodeURIComponent(series.name)}/${rest}`;

  const read = {
    /* {ids, counted}: index of each atom in the atlas, in drawing order, and whether it stands for its site. */
    atoms: (series) => arrays.bytes(path(series, "atoms"), (body) => ({ ids: new Uint32Array(body, 0, series.atoms), counted: new Uint8Array(body, 4 * series.atoms) })),
    structures: (series) => arrays.bytes(path(series, "structures"), (body) => new Uint32Array(body)),
    places: (series, anchors, t) => arrays.bytes(path(series, `places/${t}?anchors=${anchors}`), (body, headers) => ({ xy: new Uint16Array(body), range: headers.get("X-Range").split(",").map(Number), drawn: Number(headers.get("X-Drawn")) })),
    values: (series, field, t) => arrays.bytes(path(series, `values/${field}/${t}`), withNumbers),
    trails: (series, anchors) => arrays.bytes(path(series, `trails?anchors=${anchors}&most=${MOST_ASKED}`), (body, headers) => {
      const count = Number(headers.get("X-Trails"));
      return { count, ids: new Uint32Array(body, 0, count), places: new Float32Array(body, 4 * count) };
    }),
  };

  /* Place of each of a series' atoms in the atlas's drawing order, and its structure's place in the series. */
  const joined = new Map();
  async function join(series) {
    const [{ ids, counted }, rank, structure, structures] = await Promise.all([read.atoms(series), arrays.rank(), arrays.column("structure"), read.structures(series)]);
    if (joined.get(series.name)?.ids === ids) return joined.get(series.name);
    const drawn = new Uint32Array(ids.length);
    const owner = new Uint32Array(ids.length);
    const placeOfStructure = new Map();
    structures.forEach((s, k) => placeOfStructure.set(s, k));
    for (let i = 0; i < ids.length; i++) {
      drawn[i] = rank[ids[i]];
      owner[i] = placeOfStructure.get(structure[drawn[i]]);
    }
    joined.set(series.name, { ids, counted, drawn, owner, structures });
    return joined.get(series.name);
  }

  return { ...read, join };
}

/* The selection of the atlas, which is in its drawing order, as a mask over a series' atoms; null where all are. */
export function maskOfSeries(selected, drawn) {
  if (!selected) return null;
  const mask = new Uint8Array(drawn.length);
  for (let i = 0; i < drawn.length; i++) mask[i] = selected[drawn[i]];
  return mask;
}
