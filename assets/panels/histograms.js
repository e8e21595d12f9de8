/* Histograms of up to four quantities, counted here from the stored values, so that they follow a lasso at once. */
import { categoryBins, countBins, makeBins, tidyRange } from "./bins.js";
import { drawCategoryChart, drawNumberChart } from "./histogram_chart.js";
import { comparisonFields } from "../atlas/comparison.js";
import { buildNode } from "./nodes.js";
import { keepItem, keptItem } from "./storage.js";
import { groupedNumber, tickNumber } from "./words.js";

const HISTOGRAMS_AT_MOST = 4;
const HISTOGRAMS_FIRST = 3;
const BRUSH_EVERY = 120; // ms between filters of the map while a range is dragged
const BRUSH_EDGE = 5; // px

const histogramsItem = (info) => `histograms:${info.atlas}`;

function keptHistograms(info) {
  try {
    const kept = JSON.parse(keptItem(histogramsItem(info)));
    return Array.isArray(kept) ? kept : [];
  } catch {
    return []; // not ours
  }
}

function usualHistograms(info) {
  const numbers = info.quantities.filter((q) => q.kind === "number");
  const common = ["coordination", "electronegativity", "covalent_radius"].map((id) => numbers.find((q) => q.id === id)).filter(Boolean);
  const usual = [...numbers.filter((q) => q.of === "structure").slice(0, 2), ...common];
  return [...new Set(usual.map((q) => q.id))].slice(0, HISTOGRAMS_FIRST);
}

/* Those of the view, else those that this browser had last; each range that selects is to be seen. */
function firstHistograms(info, view) {
  const known = new Set(info.quantities.map((q) => q.id));
  const kept = view.charts.length ? view.charts : keptHistograms(info);
  const wanted = [...Object.keys(view.brush), ...(kept.length ? kept : usualHistograms(info))];
  return [...new Set(wanted)].filter((id) => known.has(id)).slice(0, HISTOGRAMS_AT_MOST);
}

export function startHistograms(atlas) {
  const { info } = atlas;
  const host = document.getElementById("histograms");
  const toolbar = document.getElementById("drawer-tools");
  let ids = firstHistograms(info, atlas.view.get());
  let tiles = [];
  let open = false;
  let { counts: mode, once } = atlas.view.get();

  const quantity = (id) => info.quantities.find((q) => q.id === id);
  const modelOf = (q) => (q.of === "model" ? atlas.view.get().models.find((key) => q.models.includes(key)) || q.models[0] : null);
  const named = (q) => (q.of === "model" ? `${q.label}, ${modelOf(q)}` : q.label);

  const axis = buildNode("select", { class: "histogram-select" });
  axis.setAttribute("aria-label", "Axis of counts");
  for (const [value, text] of [["linear", "Counts"], ["log", "Counts, log axis"], ["share", "Shares"]]) axis.append(new Option(text, value));
  axis.addEventListener("change", () => atlas.view.set({ counts: axis.value }));
  const onceBox = buildNode("input", { type: "checkbox" });
  onceBox.addEventListener("change", () => atlas.view.set({ once: onceBox.checked }));
  const onceLabel = buildNode("label", { class: "histogram-once", title: "For quantities of structures; a structure counts where any atom of it is selected" }, onceBox, "Count each structure once");
  const add = buildNode("button", { type: "button", class: "tool" }, "Add histogram");
  add.addEventListener("click", () => {
    const next = info.quantities.find((q) => q.kind === "number" && !ids.includes(q.id)) || info.quantities.find((q) => !ids.includes(q.id));
    if (next) choose([...ids, next.id]);
    tiles.at(-1)?.select.focus();
  });
  const controls = buildNode("div", { class: "histogram-controls", hidden: true }, onceLabel, axis, add);
  toolbar.append(controls);

  /* The address says which, where they are not those that everybody begins with. */
  const tell = () => atlas.view.set({ charts: ids.join() === usualHistograms(info).join() ? [] : ids });
  const follow = () => {
    ({ counts: mode, once } = atlas.view.get());
    axis.value = mode;
    onceBox.checked = once;
  };
  follow();

  function choose(next) {
    ids = next;
    keepItem(histogramsItem(info), JSON.stringify(ids));
    tell();
    build();
  }

  const setBrush = (id, range, step = false) => {
    const brush = { ...atlas.view.get().brush };
    if (range) brush[id] = range;
    else delete brush[id];
    return atlas.view.set({ brush }, { step });
  };

  function makeTile(id, index) {
    const q = quantity(id);
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const select = buildNode("select", { class: "histogram-select" });
    const says = buildNode("p", { class: "histogram-says" });
    const [from, to] = ["from", "to"].map((end) => {
      const input = buildNode("input", { type: "number", step: "any", class: "histogram-end" });
      input.setAttribute("aria-label", `${named(q)} ${end}${q.unit ? `, ${q.unit}` : ""}`);
      return input;
    });
    const clear = buildNode("button", { type: "button", class: "link", hidden: true }, "clear");
    clear.setAttribute("aria-label", `Clear the range of ${named(q)}`);
    const remove = buildNode("button", { type: "button", class: "histogram-remove", title: "Remove this histogram" }, "×");
    remove.setAttribute("aria-label", `Remove the histogram of ${named(q)}`);
    select.setAttribute("aria-label", `Quantity of histogram ${index + 1}`);
    for (const other of info.quantities) select.append(new Option(named(other), other.id, false, other.id === id));
    const range = buildNode("div", { class: "histogram-range" }, from, "–", to, clear);
    const plot = buildNode("div", { class: "histogram-plot" });
    plot.append(svg);
    const node = buildNode("section", { class: "histogram" }, buildNode("div", { class: "histogram-head" }, select, remove), plot, says);
    if (q.kind === "number") node.append(range);
    node.setAttribute("aria-label", `Histogram of ${named(q)}`);
    svg.setAttribute("role", "img");

    let data = null; // {legend, values, bins, structure}
    let counts = null; // {all, selected}
    let chart = null;
    let drag = null;
    const brush = () => drag?.range || atlas.view.get().brush[id] || null;
    const countsStructures = () => once && q.of === "structure";

    const tile = {
      node, id, select,
      async load() {
        const [legend, values] = await Promise.all([atlas.arrays.legend(id), atlas.arrays.values(id, modelOf(q))]);
        const structure = q.of === "structure" ? await atlas.arrays.column("structure") : null;
        data = { legend, values, structure, bins: legend.kind === "number" ? makeBins(legend) : categoryBins(legend.entries) };
        counts = null;
        tile.count();
      },
      count() {
        if (!data) return;
        const structure = countsStructures() ? data.structure : null;
        const counted = (mask) => countBins(data.values, data.bins, mask, structure, info.n_structures);
        if (counts?.structure !== structure) counts = { structure, all: counted(null) };
        const { mask } = atlas.selection.get();
        counts.selected = mask ? counted(mask) : counts.all;
        tile.draw();
      },
      draw(at = -1) {
        if (!data || !counts || !open) return;
        const size = [plot.clientWidth, plot.clientHeight];
        const { legend, bins } = data;
        const { all, selected } = counts;
        const noun = countsStructures() ? "crystals" : "atoms";
        svg.setAttribute("viewBox", `0 0 ${size[0]} ${size[1]}`);
        const title = `${named(q)}${legend.unit ? ` (${legend.unit})` : ""}`;
        const countTitle = mode === "share" ? `Share of ${noun}` : noun === "atoms" ? "Atoms" : "Crystals";
        const shared = { all, selected, mode, title, countTitle, size };
        if (legend.kind === "number") chart = drawNumberChart(svg, { ...shared, bins, brush: brush() });
        else drawCategoryChart(svg, { ...shared, entries: legend.entries });
        const total = all.n + all.missing;
        svg.setAttribute("aria-label", `${named(q)}: ${selected.n} of ${all.n} ${noun} with a value are selected`);
        says.textContent = at >= 0 ? binText(at) : `${groupedNumber(all.n)} of ${groupedNumber(total)} ${noun} have a value` +
          (selected === all ? "" : `, ${groupedNumber(selected.n)} selected`);
        tile.fill();
      },
      fill() {
        const shown = brush();
        [from, to].forEach((input, i) => {
          if (document.activeElement !== input) input.value = shown ? shown[i] : "";
          if (data.legend.kind === "number") input.placeholder = Number(data.legend[i ? "hi" : "lo"].toPrecision(4));
        });
        clear.hidden = !shown;
      },
    };

    function binText(bin) {
      const { bins, legend } = data;
      const [a, b] = [bins.edges[bin], bins.edges[bin + 1]];
      const one = bins.integer && b - a === 1;
      const interval = one ? tickNumber(a + 0.5) : bins.integer ? `${tickNumber(a + 0.5)} to ${tickNumber(b - 0.5)}` :
        `${tickNumber(a)} to ${bin === bins.n - 1 ? "" : "below "}${tickNumber(b)}`;
      return `${interval}${legend.unit ? ` ${legend.unit}` : ""}: ${groupedNumber(counts.all.counts[bin])}, ${groupedNumber(counts.selected.counts[bin])} selected`;
    }

    select.addEventListener("change", () => {
      if (ids.includes(select.value)) {
        select.value = id; // one histogram a quantity
        return;
      }
      choose(ids.map((other) => (other === id ? select.value : other)));
      setBrush(id, null, true); // a range that is not to be seen must not select
      tiles[index].select.focus();
    });
    remove.addEventListener("click", () => {
      choose(ids.filter((other) => other !== id));
      setBrush(id, null, true);
      add.focus();
    });
    clear.addEventListener("click", () => setBrush(id, null, true));
    const typed = () => {
      const [lo, hi] = [from, to].map((input) => (input.value.trim() === "" ? null : Number(input.value)));
      if (lo === null && hi === null) return setBrush(id, null, true);
      const ends = [lo ?? data.legend.lo, hi ?? data.legend.hi];
      return setBrush(id, ends[0] <= ends[1] ? ends : [ends[1], ends[0]], true);
    };
    for (const input of [from, to]) input.addEventListener("change", typed);

    if (q.kind === "number") {
      svg.classList.add("ranged");
      const at = (event) => event.clientX - svg.getBoundingClientRect().left;
      let sent = 0;
      /* The first change of a drag is the step that Back undoes. */
      const sendDragged = (dragged) => {
        if (setBrush(id, dragged.range, !dragged.stepped).size) dragged.stepped = true;
      };
      svg.addEventListener("pointerdown", (event) => {
        if (event.button !== 0 || !chart) return;
        event.preventDefault();
        svg.setPointerCapture(event.pointerId);
        const [x, held] = [at(event), atlas.view.get().brush[id]];
        const edges = held ? held.map(chart.xOf) : [];
        const edge = edges.findIndex((e) => Math.abs(e - x) < BRUSH_EDGE);
        drag = { from: edge >= 0 ? edges[1 - edge] : x, begun: x, range: null, stepped: false };
      });
      svg.addEventListener("pointermove", (event) => {
        if (!drag) {
          tile.draw(chart ? chart.binAt(at(event)) : -1);
          return;
        }
        if (!drag.range && Math.abs(at(event) - drag.begun) < 3) return;
        drag.range = tidyRange(chart.valueAt(drag.from), chart.valueAt(at(event)), data.bins);
        tile.draw();
        if (event.timeStamp - sent > BRUSH_EVERY) {
          sent = event.timeStamp;
          sendDragged(drag);
        }
      });
      svg.addEventListener("lostpointercapture", () => {
        const ended = drag;
        drag = null;
        if (ended?.range) sendDragged(ended);
      });
      svg.addEventListener("pointerleave", () => drag || tile.draw());
      svg.addEventListener("dblclick", () => setBrush(id, null, true));
    }
    return tile;
  }

  function build() {
    tiles = ids.map(makeTile);
    const hint = buildNode("p", { class: "quiet histogram-none" }, "Add a histogram to see how a quantity is spread over the atoms.");
    host.replaceChildren(...(tiles.length ? tiles.map((tile) => tile.node) : [hint]));
    add.hidden = ids.length >= HISTOGRAMS_AT_MOST;
    if (open) for (const tile of tiles) tile.load().catch(atlas.failed);
  }

  const recount = () => {
    if (!open) return;
    tiles.forEach((tile) => tile.count());
    performance.mark("atlas:histograms");
  };
  atlas.selection.on(recount);
  atlas.view.on((view, changed) => {
    if (changed.has("counts") || changed.has("once")) {
      follow();
      tiles.forEach((tile) => (changed.has("once") ? tile.count() : tile.draw()));
    }
    if (changed.has("charts") && view.charts.length && view.charts.join() !== ids.join()) {
      ids = firstHistograms(info, view);
      if (open) build();
    }
    if (!open) return;
    if (changed.has("brush")) {
      const missing = Object.keys(view.brush).filter((id) => !ids.includes(id) && quantity(id)).slice(0, HISTOGRAMS_AT_MOST - ids.length);
      if (missing.length) choose([...ids, ...missing]);
      else tiles.forEach((tile) => tile.draw());
    }
    if (changed.has("models") && ids.some((id) => quantity(id).of === "model")) build();
    else if (ids.some((id) => quantity(id).of === "comparison") && comparisonFields(view).some((field) => changed.has(field))) build();
  });

  return {
    resize: () => tiles.forEach((tile) => tile.draw()),
    show(now) {
      if (now === open) return;
      open = now;
      controls.hidden = !open;
      if (!open) return;
      tell();
      build();
    },
  };
}
