/* The drawer under the maps: its tabs, its height, and which of its panels is at work. */
import { startHistograms } from "./histograms.js";
import { keepItem, keptItem } from "./storage.js";
import { startTable } from "./table.js";

const DRAWER_LEAST = 140; // px
const DRAWER_SHARE = 0.6; // of the column, at most
const DRAWER_STEP = 24; // px a key
const DRAWER_USUAL = 240; // px

const keepDrawerHeight = (height) => keepItem("drawer", String(height));

export function startDrawer(atlas) {
  const drawer = document.getElementById("drawer");
  if (!drawer) return;
  const [body, handle] = [document.getElementById("drawer-body"), document.getElementById("drawer-handle")];
  const tabs = [...drawer.querySelectorAll("[data-panel]")];
  const [histograms, table] = [startHistograms(atlas), startTable(atlas)];
  let height = Number(keptItem("drawer")) || DRAWER_USUAL;

  const most = () => Math.max(DRAWER_LEAST, Math.round(drawer.parentElement.clientHeight * DRAWER_SHARE));
  function resize(next) {
    height = Math.round(Math.min(Math.max(next, DRAWER_LEAST), most()));
    const open = atlas.view.get().panel !== "none";
    drawer.style.height = open ? `${height}px` : "";
    for (const [name, value] of [["now", height], ["min", DRAWER_LEAST], ["max", most()]]) handle.setAttribute(`aria-value${name}`, value);
    if (open) histograms.resize();
  }

  function show() {
    const { panel } = atlas.view.get();
    const open = panel !== "none";
    drawer.classList.toggle("open", open);
    body.hidden = !open;
    handle.hidden = !open;
    for (const tab of tabs) tab.setAttribute("aria-expanded", String(tab.dataset.panel === panel));
    document.getElementById("table-place").hidden = !["atoms", "structures"].includes(panel);
    document.getElementById("histograms").hidden = panel !== "histograms";
    resize(height);
    histograms.show(panel === "histograms");
    table.show(panel);
  }

  for (const tab of tabs)
    tab.addEventListener("click", () => {
      const panel = tab.dataset.panel;
      atlas.view.set({ panel: atlas.view.get().panel === panel ? "none" : panel });
    });
  handle.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    handle.setPointerCapture(event.pointerId);
    handle.focus();
    const [from, at] = [height, event.clientY];
    const move = (moved) => resize(from + at - moved.clientY);
    handle.addEventListener("pointermove", move);
    handle.addEventListener("lostpointercapture", () => {
      handle.removeEventListener("pointermove", move);
      keepDrawerHeight(height);
    }, { once: true });
  });
  handle.addEventListener("keydown", (event) => {
    const change = { ArrowUp: DRAWER_STEP, ArrowDown: -DRAWER_STEP }[event.key];
    if (!change) return;
    event.preventDefault();
    resize(height + change);
    keepDrawerHeight(height);
  });
  atlas.view.on((_, changed) => changed.has("panel") && show());
  const group = "Tables and histograms";
  atlas.actions?.add({
    id: "panel-close", keys: ["Escape"], label: "Close, where they have the focus", group,
    when: () => atlas.view.get().panel !== "none" && drawer.contains(document.activeElement),
    run() {
      const tab = tabs.find((t) => t.dataset.panel === atlas.view.get().panel);
      tab.click();
      tab.focus();
    },
  });
  for (const [key, panel] of [["a", "atoms"], ["c", "structures"], ["i", "histograms"]]) {
    const tab = tabs.find((t) => t.dataset.panel === panel);
    atlas.actions?.add({ id: `panel-${panel}`, keys: [key], label: `${tab.textContent}: open or close`, group, when: () => atlas.view.get().page === "map", run: () => tab.click() });
  }
  show();
}
