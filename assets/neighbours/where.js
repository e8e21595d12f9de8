/* Where models agree: overlap by element on the periodic table, and by groups of atoms as dots with intervals. */
import { positionOnScale, scaleOf } from "../points/lut.js";
import { colourAt, textOnColour } from "../panels/colour_axis.js";
import { csvField } from "../panels/csv.js";
import { downloadFile } from "../panels/download.js";
import { makeElementGrid } from "../panels/element_grid.js";
import { alongLabel, membersOf, pickedAfter } from "../panels/element_sets.js";
import { buildNode, replaceKeeping } from "../panels/nodes.js";
import { groupedNumber } from "../panels/words.js";
import { dotAxis, dotPlot, dotTicks, meanText, overWhat, twoDecimals } from "./dots.js";
import { layersText } from "./headline.js";

/* Cells of the periodic table: mean overlap by element in the colours of the maps. */
export function overlapCells(elements, means, scale, stops, reverse, noun) {
  return elements.map(({ symbol, name, n }) => {
    const mean = means[symbol];
    if (!mean) return { colour: null, on: null, text: "", says: `${name}: ${n ? `no ${noun} counted` : "not in this atlas"}`, faded: false };
    const colour = colourAt(stops, positionOnScale(mean.mean, scale), reverse);
    return { colour, on: textOnColour(colour), text: twoDecimals(mean.mean), says: `${name}: overlap ${meanText(mean)} over ${overWhat(mean, noun)}`, faded: false };
  });
}

/* All means as CSV, a line each, with what they are of; `of` is the view that was asked about. */
export function meansTable(found, of) {
  const { label, models, layers, near, k, all, control, chance, elements, groups, resamples } = found;
  const about = [models.join(" "), layersText(layers), near, k, of.chance ? "chance" : "zero", resamples, of.selected ? of.selecting.replace(/^\?/, "") : "all atoms", label];
  const line = (group, name, { mean, low, high, atoms, structures }) => [group, name, mean, low, high, atoms, structures, ...about];
  const lines = [
    ["group", "name", "mean_overlap", "low_95", "high_95", near === "all" ? "atoms" : "sites", "crystals", "models", "layers", "lists", "k", "counted_from", "resamples", "selection", "of"],
    line("all", "", all),
    ...(control ? [line("with element-only", "", control)] : []),
    ...(chance === null ? [] : [line(near === "all" ? "by chance, at least" : "by chance", "", { ...all, mean: chance, low: null, high: null })]),
    ...Object.entries(elements).map(([symbol, mean]) => line("element", symbol, mean)),
    ...groups.flatMap((group) => group.rows.map((row) => line(group.label.toLowerCase(), row.label, row))),
  ];
  return `${lines.map((fields) => fields.map(csvField).join(",")).join("\r\n")}\r\n`;
}

/* "overlap-a-b-representatives-k10-above-chance-selection.csv" */
export function meansFile({ models, near, k }, { chance, selected }) {
  const of = models.length === 2 ? models : [`${models.length}-models`];
  return `${["overlap", ...of, near, `k${k}`, ...(chance ? ["above-chance"] : []), ...(selected ? ["selection"] : [])].join("-").replaceAll(/[^\w.-]+/g, "_")}.csv`;
}

export function makeWhere(atlas) {
  const { info, view } = atlas;
  const table = buildNode("div", { class: "periodic-table overlap-table", role: "group", "aria-label": "Overlap by element" });
  const grid = makeElementGrid(table, info.elements, (_, button) => {
    const { element, along, value } = button.dataset;
    const present = info.elements.filter((e) => e.n);
    const symbols = along ? membersOf(present, alongLabel(along, value)) : [element];
    if (symbols.length) view.set({ elements: pickedAfter(info.elements, view.get().elements, symbols) }, { step: true });
  });
  const groups = buildNode("div", { class: "dot-groups" });
  let last = null; // of which view the means shown are
  const save = buildNode("button", { type: "button", class: "link", title: "Save these means, and those of all groups not shown, as CSV", onclick: () => saveMeans(last).catch(atlas.failed) }, "CSV");
  const node = buildNode(
    "section", { class: "page-section where", "aria-label": "By element and by crystal" },
    buildNode("div", { class: "section-head" }, buildNode("h2", {}, "By element and by crystal"), buildNode("span", { class: "links" }, buildNode("span", { class: "hint" }, "Click to select"), save)),
    table, groups,
  );

  async function saveMeans(of) {
    const query = [of.comparing.replace(/^\?/, ""), "groups=all"].filter(String).join("&");
    const found = await atlas.arrays.asked(`overlap/summary?${query}`);
    downloadFile(meansFile(found, of), new Blob([meansTable(found, of)], { type: "text/csv" }));
  }

  /* A click selects the atoms of a row by the find box, another click takes that back. */
  const pick = (find) => view.set({ find: view.get().find === find ? "" : find }, { step: true });

  function groupNode({ label, rows, more }, axis, reference, noun) {
    const lines = rows.map((row) => {
      const says = `${row.label}: overlap ${meanText(row)} over ${overWhat(row, noun)}`;
      return buildNode(
        "button", { type: "button", class: "dot-row", title: says, "aria-label": `${says}; select`, "aria-pressed": String(view.get().find === row.find), "data-key": row.find, onclick: () => pick(row.find) },
        buildNode("span", { class: "dot-label" }, row.label), dotPlot(row, axis, reference),
        buildNode("span", { class: "dot-value" }, twoDecimals(row.mean)), buildNode("span", { class: "dot-n" }, groupedNumber(row.atoms)),
      );
    });
    const head = buildNode("div", { class: "dot-row dot-head", "aria-hidden": "true" }, buildNode("span", {}), dotTicks(axis), buildNode("span", { class: "dot-value" }, "mean"), buildNode("span", { class: "dot-n" }, `${noun}s`));
    return buildNode("div", { class: "dot-group", role: "group", "aria-label": `Overlap by ${label.toLowerCase()}` }, buildNode("h3", {}, label), head, ...lines, more ? buildNode("p", { class: "hint" }, `${groupedNumber(more)} more with fewer ${noun}s; the CSV has all`) : "");
  }

  return {
    node,
    show(found, legend, of) {
      last = of;
      const usable = found && !found.obstacle && found.all.mean !== null;
      node.hidden = !usable;
      if (!usable) return;
      const now = view.get();
      const noun = found.near === "all" ? "atom" : "site";
      const scale = legend ? scaleOf(legend, {}) : { lo: 0, hi: 1, log: false };
      grid.paint(overlapCells(info.elements, found.elements, scale, info.scales[now.palette], now.reverse && now.colour === "overlap", noun), new Set(now.elements), null);
      const axis = dotAxis(found.groups.flatMap((group) => group.rows));
      replaceKeeping(groups, ...found.groups.map((group) => groupNode(group, axis, found.all.mean, noun)));
    },
  };
}
