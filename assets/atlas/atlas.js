/* The one object that panels are given: the view, the arrays, and what the maps show of them. */
import { makeArrays } from "./arrays.js";
import { comparisonName } from "./comparison.js";
import { makeEvents } from "./events.js";
import { makeView } from "./view.js";

export function makeAtlas(info) {
  const address = (path) => info.root + path;
  const data = (path) => `${info.root}data/${encodeURIComponent(info.atlas)}/${path}`;
  let view = null; // arrays ask it what is compared
  const arrays = makeArrays(info, data, () => comparisonName(view ? view.get() : info.state, info));

  /* "<structure id>:<number of the atom in it>"; by its index until the names are here. */
  function atomName(atom) {
    const { now } = arrays;
    const [names, rank, structure] = [now.names(), now.rank(), now.column("structure")];
    if (!names || !rank || !structure) return atom === info.state.atom && info.atom_name ? info.atom_name : `@${atom}`;
    let first = atom;
    while (first > 0 && structure[rank[first - 1]] === structure[rank[atom]]) first -= 1;
    return `${names.id[structure[rank[atom]]]}:${atom - first + 1}`;
  }

  view = makeView(info, atomName);
  const [selected, legends, hovers, failures] = [makeEvents(), makeEvents(), makeEvents(), makeEvents()];
  let selection = { mask: null, count: info.n_atoms };
  let legend = info.legend;
  let hovered = null;

  const atlas = {
    info, address, data, arrays, view,
    theme: () => view.get().theme || document.documentElement.dataset.mantineColorScheme || "light",
    selection: { get: () => selection, on: selected.on },
    legend: { get: () => legend, on: legends.on },
    hover: {
      get: () => hovered,
      on: hovers.on,
      set(atom) {
        if (atom === hovered) return;
        hovered = atom;
        hovers.emit(atom);
      },
    },
    failures,
    failed: (error) => failures.emit(error),
    say: (text) => failures.emit(new Error(text)),
    /* The maps have gathered another scene. */
    changed(scene) {
      if (scene.mask !== selection.mask || scene.count !== selection.count) {
        selection = { mask: scene.mask, count: scene.count };
        selected.emit(selection);
      }
      const text = JSON.stringify(scene.legend);
      if (text !== JSON.stringify(legend)) {
        legend = scene.legend;
        legends.emit(legend);
      }
    },
  };
  return atlas;
}
