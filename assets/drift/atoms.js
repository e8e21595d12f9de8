/* The atoms of the shown series at one step: everything that maps, ranking and scatter need, gathered from the server. */
import { maskOfSeries } from "./arrays.js";
import { structureMeans } from "./means.js";

const VALUES = ["reembedded", "frozen", "retention", "forces"];

/* Which maps there are: one a series with the chosen anchors, or, of a single series, one with either. */
export const mapsOfEntries = (entries, anchors) => (entries.length > 1
  ? entries.map((entry) => ({ ...entry, anchors, key: entry.series.name }))
  : [anchors, anchors === "frozen" ? "reembedded" : "frozen"].map((of) => ({ ...entries[0], anchors: of, key: of })));

/* Gives {maps: those of `mapsOfEntries`, ranked: numbers of the chosen series, columns, names}. */
export async function gatherAtoms(atlas, read, { entries, chosen, anchors, field }) {
  const { arrays } = atlas;
  const [names, element, structure, counter] = await Promise.all([arrays.names(), ...["element", "structure", "counter"].map((c) => arrays.column(c))]);
  const maps = await Promise.all(mapsOfEntries(entries, anchors).map(async ({ series, t, key, anchors: own }) => {
    // each map is coloured by the drift of its own anchors
    const shown = field === anchors ? own : field;
    const [join, places, values, trails] = await Promise.all([read.join(series), read.places(series, own, t), read.values(series, shown, t), read.trails(series, own)]);
    return { series, t, key, anchors: own, field: shown, join, places, values, trails };
  }));
  const entry = entries.find(({ series }) => series === chosen);
  const shown = maps.find(({ series }) => series === chosen);
  const [energy, ...found] = await Promise.all(["energy", ...VALUES].map((of) => read.values(chosen, of, entry.t)));
  const values = Object.fromEntries(VALUES.map((of, k) => [of, found[k]]));
  const { counted, owner, structures } = shown.join;
  const means = Object.fromEntries(VALUES.map((of) => [of, structureMeans(values[of], owner, counted, structures.length).means]));
  return { maps, join: shown.join, atoms: values, structures: { ...means, energy }, columns: { element, structure, counter }, names };
}

/* Ahead of playing: what the next step needs. */
export function fetchStepAhead(read, { entries, anchors, field }, nextStep) {
  for (const { series, anchors: own } of mapsOfEntries(entries, anchors)) {
    const t = nextStep(series);
    read.places(series, own, t).catch(() => {});
    read.values(series, field === anchors ? own : field, t).catch(() => {});
  }
}

/* The selection of the atlas over a series: {mask of its atoms or null, n picked with a place, counted sites, structures}. */
export function pickedOf(selected, { join, places }) {
  const mask = maskOfSeries(selected, join.drawn);
  if (!mask) return { mask, n: join.ids.length, sites: join.counted, structures: null };
  const sites = new Uint8Array(mask.length);
  const structures = new Uint8Array(join.structures.length);
  let n = 0;
  for (let i = 0; i < mask.length; i++) {
    if (!mask[i]) continue;
    sites[i] = join.counted[i];
    structures[join.owner[i]] = 1;
    if (!places || places.xy[2 * i] !== 65535) n += 1;
  }
  return { mask, n, sites, structures };
}
