/* The beginning: points first, then Dash with everything around them. */
import { makeAtlas } from "./atlas.js";
import { makeBridge } from "./bridge.js";
import { drawnText } from "./drawn.js";
import { fetchAhead, loadDash, loadPlotly } from "./loading.js";
import { startMapKeys } from "./map_keys.js";
import { makeMaps } from "./maps.js";
import { makeActions } from "../panels/keyboard.js";
import { holdPage } from "./pages.js";
import { startNotices } from "../panels/notices.js";
import { holdTheme } from "../panels/theme.js";
import { startPanels } from "./panels.js";
import { startPointer } from "./pointer.js";
import { startTools } from "./tools.js";

const PATIENCE = 1500; // ms after which the rest of the page comes even if no points do

function lay(host, maps) {
  const place = document.getElementById("map-place") || document.getElementById("frame-place");
  if (!place) return null;
  const box = place.getBoundingClientRect();
  Object.assign(host.style, { left: `${box.left}px`, top: `${box.top}px`, width: `${box.width}px`, height: `${box.height}px` });
  maps.resize(Math.round(box.width), Math.round(box.height));
  return place;
}

export function boot() {
  const info = JSON.parse(document.getElementById("info").textContent);
  const host = document.getElementById("maps");
  const atlas = makeAtlas(info);
  atlas.actions = makeActions();
  startNotices(atlas);
  holdTheme(atlas);
  const tools = startTools(atlas);
  const maps = makeMaps(atlas, host, tools.tool);
  const bridge = makeBridge(atlas);
  // only the page that is seen is drawn
  holdPage(atlas, (page) => maps.show(page === "map"));
  Object.assign(atlas, {
    bind: bridge.bind, mirror: bridge.mirror,
    maps: { panels: maps.panels, place: maps.place, redraw: maps.redraw, busy: maps.busy, zoom: maps.zoom, zoomToSelection: maps.zoomToSelection, axes: maps.axes, host, scene: maps.scene },
    guests: { set: maps.setGuests },
    tools,
    /* Another theme, chosen here or by the system. */
    relook() {
      bridge.later();
      maps.refresh();
    },
  });
  window.atlas = atlas;
  window.dash_clientside = Object.assign({}, window.dash_clientside);
  startPointer(atlas, maps, tools.tool);
  startMapKeys(atlas, maps);

  let watched = null;
  const observer = new ResizeObserver(() => lay(host, maps));
  const watch = () => {
    const place = lay(host, maps);
    if (place && place !== watched) {
      if (watched) observer.unobserve(watched);
      observer.observe(place);
      watched = place;
    }
  };
  window.addEventListener("resize", () => lay(host, maps));
  // moving the window to another screen changes the number of pixels under it
  const density = () => {
    maps.relay();
    window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`).addEventListener("change", density, { once: true });
  };
  window.matchMedia(`(resolution: ${window.devicePixelRatio}dppx)`).addEventListener("change", density, { once: true });

  const sayDrawn = () => {
    const line = document.getElementById("drawn");
    const text = drawnText(maps.scene(), info);
    // read out by screen readers each time it is written
    if (line && line.textContent !== text) line.textContent = text;
  };
  document.addEventListener("atlas:drawn", sayDrawn);
  atlas.hover.on(maps.marks);

  let popped = 0;
  window.addEventListener("popstate", async () => {
    const mine = ++popped;
    atlas.view.hold();
    try {
      const found = await atlas.arrays.state(window.location.search);
      if (mine !== popped) return;
      atlas.view.replace(found.state);
      if (found.notices.length) atlas.say(found.notices, "note");
    } catch (error) {
      atlas.failed(error);
    }
  });
  window.addEventListener("pagehide", () => atlas.view.flush());

  // what callbacks missed while the server was away
  document.addEventListener("atlas:reached", bridge.again);

  let begun = false;
  const rest = () => {
    if (begun) return;
    begun = true;
    performance.mark("atlas:points");
    // the axes first: what Dash runs takes longer than all of this
    atlas.plotly = loadPlotly(info.plotly);
    atlas.plotly
      .then((plotly) => {
        maps.beginAxes(plotly);
        performance.mark("atlas:axes");
      }, atlas.failed)
      .then(fetchAhead)
      .then(() => new Promise((painted) => requestAnimationFrame(() => setTimeout(painted))))
      .then(loadDash)
      .catch(atlas.failed);
    const { arrays, view } = atlas;
    Promise.all([arrays.rank(), arrays.names(), ...["element", "structure", "counter", "site"].map((c) => arrays.column(c))]).then(() => {
      if (view.get().atom !== null) maps.marks();
      if (window.location.search.includes("@")) view.rewrite();
    }, atlas.failed);
  };

  /* Called by Dash once the page's own content is there. */
  atlas.mounted = () => {
    if (!document.getElementById("map-place") || bridge.isMounted()) return;
    document.getElementById("frame")?.remove();
    watch();
    sayDrawn();
    bridge.mount();
    for (const start of [tools.mount, ...startPanels]) start(atlas);
    performance.mark("atlas:mounted");
  };

  watch();
  document.addEventListener("atlas:drawn", () => requestAnimationFrame(() => setTimeout(rest)), { once: true });
  setTimeout(rest, atlas.view.get().page === "map" ? PATIENCE : 0);
  maps.refresh();
}

boot();
