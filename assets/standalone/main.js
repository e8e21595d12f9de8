/* A saved page: the maps of one view with everything they need in the file itself. */
import { makeEvents } from "../atlas/events.js";
import { drawnText } from "../atlas/drawn.js";
import { startMapKeys } from "../atlas/map_keys.js";
import { makeMaps } from "../atlas/maps.js";
import { startPointer } from "../atlas/pointer.js";
import { startTools } from "../atlas/tools.js";
import { startLegend } from "../panels/legend.js";
import { makeHeldArrays } from "./held.js";
import { startColourBar, startFacts, startShownModels } from "./side.js";

/* The view of a saved page lives in memory alone. */
function makeHeldView(start) {
  let view = { ...start };
  const changes = makeEvents();
  return {
    get: () => view,
    query: () => "",
    selecting: () => "",
    masking: () => "",
    set(next) {
      const changed = new Set(Object.keys(next).filter((field) => JSON.stringify(view[field]) !== JSON.stringify(next[field])));
      if (!changed.size) return;
      view = { ...view, ...next };
      changes.emit(view, changed);
    },
    on: changes.on,
  };
}

function makeHeldAtlas(info) {
  const [selected, legends, hovers] = [makeEvents(), makeEvents(), makeEvents()];
  let selection = { mask: null, count: info.n_atoms };
  let { legend } = info;
  let hovered = null;
  return {
    info,
    arrays: makeHeldArrays(info, document),
    view: makeHeldView(info.state),
    theme: () => document.documentElement.dataset.mantineColorScheme,
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
    failed: (error) => {
      document.getElementById("drawn").textContent = error.message;
    },
    say: (text) => {
      document.getElementById("drawn").textContent = String(text);
    },
    changed(scene) {
      selection = { mask: scene.mask, count: scene.count };
      selected.emit(selection);
      if (JSON.stringify(scene.legend) === JSON.stringify(legend)) return;
      legend = scene.legend;
      legends.emit(legend);
    },
  };
}

function startHeldTheme(atlas, maps) {
  const root = document.documentElement;
  const system = () => (window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  root.dataset.mantineColorScheme = atlas.view.get().theme || system();
  document.getElementById("turn-theme").addEventListener("click", () => {
    root.dataset.mantineColorScheme = atlas.theme() === "dark" ? "light" : "dark";
    maps.refresh();
  });
}

function bootHeld() {
  const info = JSON.parse(document.getElementById("info").textContent);
  const host = document.getElementById("maps");
  const atlas = makeHeldAtlas(info);
  const tools = startTools(atlas);
  const maps = makeMaps(atlas, host, tools.tool);
  Object.assign(atlas, {
    maps: { panels: maps.panels, place: maps.place, redraw: maps.redraw, busy: maps.busy, zoom: maps.zoom, axes: maps.axes, host, scene: maps.scene },
    tools,
  });
  window.atlas = atlas;
  startHeldTheme(atlas, maps);
  startPointer(atlas, maps, tools.tool);
  startMapKeys(atlas, maps);
  tools.mount();
  startShownModels(atlas);
  startLegend(atlas);
  startColourBar(atlas);
  startFacts(atlas);
  atlas.hover.on(maps.marks);
  document.addEventListener("atlas:drawn", () => {
    document.getElementById("drawn").textContent = drawnText(maps.scene(), info);
  });
  const place = document.getElementById("map-place");
  new ResizeObserver(() => {
    const box = place.getBoundingClientRect();
    Object.assign(host.style, { left: `${box.left}px`, top: `${box.top}px`, width: `${box.width}px`, height: `${box.height}px` });
    maps.resize(Math.round(box.width), Math.round(box.height));
  }).observe(place);
  maps.refresh();
  maps.beginAxes(window.Plotly);
}

bootHeld();
