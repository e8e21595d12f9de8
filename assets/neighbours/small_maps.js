/* Maps that stand on another page: the same drawing, with models and colours of their own and a zoom that is not kept. */
import { makeEvents } from "../atlas/events.js";
import { makeMaps } from "../atlas/maps.js";
import { startMapKeys } from "../atlas/map_keys.js";
import { MAP_PARTS } from "../atlas/parts.js";
import { startPointer } from "../atlas/pointer.js";
import { buildNode } from "../panels/nodes.js";

/* The view with some fields as `read(view)` gives them; the rest, and what is chosen in it, is the page's. */
export function makeDerivedView(view, read) {
  const events = makeEvents();
  let zoom = {};
  const derive = () => ({ ...view.get(), zoom, ...read(view.get()) });
  let now = derive();

  function follow() {
    const before = now;
    now = derive();
    const changed = new Set(Object.keys(now).filter((field) => JSON.stringify(now[field]) !== JSON.stringify(before[field])));
    // a place on another map has no meaning
    if (["space", "method", "align", "models"].some((field) => changed.has(field)) && !changed.has("zoom") && Object.keys(zoom).length) {
      zoom = {};
      now = derive();
      changed.add("zoom");
    }
    if (changed.size) events.emit(now, changed);
  }
  view.on(follow);
  return {
    get: () => now,
    query: view.query,
    selecting: view.selecting,
    masking: view.masking,
    set({ zoom: next, ...rest }, options) {
      if (next) zoom = next;
      if (Object.keys(rest).length) view.set(rest, options);
      follow();
    },
    on: events.on,
    /* What `read` gives has changed. */
    follow,
  };
}

const MAP_TAGS = { points: "canvas", marks: "canvas" };

export function makeSmallMaps(atlas, read, label) {
  const parts = MAP_PARTS.map((name) => {
    const part = buildNode(MAP_TAGS[name] || "div", { class: name === "tip" ? "tip map-tip" : `map-${name}`, hidden: name === "tip" });
    return part;
  });
  const host = buildNode("div", { class: "maps small", tabindex: "0", role: "application", "aria-label": `${label}: arrows go from atom to atom, Page Up and Down to another map, Enter chooses` }, ...parts);
  const own = Object.assign(Object.create(atlas), {
    view: makeDerivedView(atlas.view, read),
    changed() {},
    ownSelection: () => {
      const { mask, count } = atlas.selection.get();
      return { mask, count };
    },
  });
  const maps = makeMaps(own, host, atlas.tools.tool);
  own.maps = maps;
  startPointer(own, maps, atlas.tools.tool);
  startMapKeys(own, maps);
  atlas.hover.on(maps.marks);
  atlas.selection.on(() => maps.refresh());
  new MutationObserver(() => maps.refresh()).observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme"] });
  const fit = () => host.clientWidth && maps.resize(host.clientWidth, host.clientHeight);
  new ResizeObserver(fit).observe(host);
  atlas.plotly.then((plotly) => maps.beginAxes(plotly), () => {});
  maps.refresh();
  return { host, maps, show: maps.show, follow: own.view.follow };
}
