/* Everything that the maps of one view need, gathered: points, colours, and which atoms are selected. */
import { aroundAll, padded } from "../points/bounds.js";
import { insidePolygon } from "../points/lasso.js";
import { abgr, categoryLut, scaleLut } from "../points/lut.js";
import { combineMasks, elementMask, entryMask, unpackBits } from "../points/mask.js";

const EXACT_BEYOND = 50; // times magnified: 1/65534 of a map is then more than a pixel

/* Maps of one view share their axes where they are of one space, or turned onto one model. */
export const isLinked = (view) => view.space === "shared" || view.align !== "";

/* Whether a view magnifies a map beyond what 16-bit places can tell apart. */
export const isDeep = (home, ranges) => (home[1] - home[0]) / (ranges[1] - ranges[0]) > EXACT_BEYOND;

export function mapName(view, info) {
  if (view.space === "raw") return "raw-pca-2d";
  if (view.method !== "pca" || view.k === info.n_anchors) return `${view.method}-2d`;
  return `pca-2d-k${view.k}`;
}

/* Legend entries with the viewer's own colours. */
function entriesOf(legend, view) {
  return (legend.entries || []).map((entry) => ({ ...entry, colour: view.colours[entry.label] || entry.colour }));
}

function lutOf(legend, entries, view, info, theme) {
  const missing = abgr(info.themes[theme].muted);
  if (legend.kind === "category") return categoryLut(entries, missing);
  const stops = info.scales[view.palette] || Object.values(info.scales)[0];
  return scaleLut(stops, legend, { limits: view.limits, log: view.log, reverse: view.reverse }, missing);
}

export function makeScenes(info, arrays, failed) {
  const masks = new Map(); // parts of the selection, by what they were made from

  let combined = { key: "", result: null };

  async function kept(key, make) {
    if (!masks.has(key)) {
      masks.set(key, await make());
      if (masks.size > 12) masks.delete(masks.keys().next().value);
    }
    return masks.get(key);
  }

  async function selection(view, legend, query) {
    const n = info.n_atoms;
    const parts = [];
    const names = [];
    const part = (key, make) => {
      names.push(key);
      return kept(key, make);
    };
    if (view.hide.length && legend.kind === "category") {
      const hidden = new Set(view.hide);
      const known = info.quantities.find((q) => q.id === legend.id)?.models || [];
      const of = view.models.find((key) => known.includes(key)) ?? null;
      parts.push(part(`hide ${legend.id} ${of} ${view.hide}`, async () => {
        const codes = await arrays.values(legend.id, of);
        return entryMask(codes, legend.entries.flatMap((entry, code) => (hidden.has(entry.label) ? [code] : [])));
      }));
    }
    if (view.elements.length)
      parts.push(part(`elements ${view.elements}`, async () => {
        const wanted = new Set(view.elements);
        const numbers = info.elements.flatMap((e, i) => (wanted.has(e.symbol) ? [i + 1] : []));
        return elementMask(await arrays.column("element"), numbers);
      }));
    if (view.find || Object.keys(view.brush).length)
      parts.push(part(`text ${query}`, async () => unpackBits((await arrays.mask(query)).bits, n)).catch((error) => {
        // a filter that cannot be read is said, and no reason to show nothing
        failed(error);
        return null;
      }));
    if (view.lasso) {
      const { model, points } = view.lasso;
      const map = mapName(view, info);
      if (info.maps[model]?.[map])
        parts.push(part(`lasso ${map} ${view.align} ${JSON.stringify(view.lasso)}`, async () => {
          const { xy, range } = await arrays.points(model, map, view.align);
          const inside = new Uint8Array(n);
          insidePolygon(xy, n, range, points, inside);
          return inside;
        }));
    }
    const found = await Promise.all(parts);
    // the same selection is the same object, so that panels know that nothing changed
    if (!combined.result || combined.key !== names.join("\n")) combined = { key: names.join("\n"), result: combineMasks(n, found) };
    return combined.result;
  }

  /* Throws where an array cannot be had. */
  return async function gather(view, theme, masking) {
    const map = mapName(view, info);
    const keys = view.models.filter((key) => info.maps[key]?.[map]);
    const legendAsked = arrays.legend(view.colour);
    const asked = keys.map(async (key) => {
      const [points, values] = await Promise.all([
        arrays.points(key, map, view.align),
        arrays.values(view.colour, key),
      ]);
      return { key, map, points, values, exact: null };
    });
    const [legend, panels] = [await legendAsked, await Promise.all(asked)];
    const entries = entriesOf(legend, view);
    const { mask, count } = await selection(view, legend, masking);
    const linked = isLinked(view);
    const shared = linked ? padded(aroundAll(panels.map((p) => p.points.range))) : null;
    for (const panel of panels) {
      panel.home = shared || padded(aroundAll([panel.points.range]));
      const zoom = view.zoom[linked ? "" : panel.key];
      if (zoom && isDeep(panel.home, zoom))
        panel.exact = await arrays.points(panel.key, map, view.align, true);
    }
    return {
      view, theme, panels, linked, legend: { ...legend, entries }, mask, count,
      lut: lutOf(legend, entries, view, info, theme), muted: abgr(info.themes[theme].muted),
      without: view.models.filter((key) => !keys.includes(key)),
    };
  };
}
