/* What the Agreement page is made of. */
import { buildNode, svgNode } from "../panels/nodes.js";
import { makeSegments } from "../panels/segments.js";
import { makeTabs, namedSelect } from "./controls.js";
import { FIGURES } from "./figures.js";
import { makeFigureTip } from "./tip.js";

const SAVED = [["csv", "CSV", "Save the scores of the matrix as a table"], ["json", "JSON", "Save the whole run"], ["svg", "SVG", "Save the matrix as a drawing"], ["png", "PNG", "Save the matrix as a picture"]];

/* Build it into `host`; `act` holds what controls do. */
export function agreementParts(host, act) {
  const drawing = (id, role, label) => {
    const svg = svgNode("svg", { id, role, "aria-label": label });
    return svg;
  };
  const metric = namedSelect("Metric", "agree-metric", (v) => act.set({ metric: v }));
  const run = namedSelect("Compared", "agree-run", (v) => act.set({ run: v, over: "atlas" }));
  const over = makeSegments("Over which atoms", [
    ["atlas", "Whole atlas", "Scores that were computed with the atlas"],
    ["selection", "Selection", "Compute the scores over the selected atoms: by elements, legend, search, ranges or lasso"],
  ], (v) => act.set({ over: v }));
  const order = makeSegments("Order of the models", [["tree", "Tree", "The most alike beside each other"], ["list", "List", "As the atlas lists them"]], (v) => act.set({ order: v }));
  const saves = (of) => buildNode("span", { class: "agree-save" }, "Save ", ...SAVED.filter(([kind]) => of === "matrix" || kind !== "json").map(([kind, text, says]) =>
    buildNode("button", { type: "button", class: "link", title: of === "matrix" ? says : kind === "csv" ? "Save the numbers of this figure as a table" : says.replace("the matrix", "this figure"), "data-save": kind, onclick: () => act.save(of, kind) }, text)));
  const tabs = makeTabs("Figures", Object.entries(FIGURES).map(([value, { label }]) => [value, label]), (v) => act.set({ figure: v }));
  const first = namedSelect("Of", "agree-first", (v) => act.choose(0, v));
  const second = namedSelect("and", "agree-second", (v) => act.choose(1, v));
  const across = namedSelect("Across", "agree-across", (v) => act.axis(0, v));
  const up = namedSelect("Up", "agree-up", (v) => act.axis(1, v));
  const [matrixSaves, figureSaves] = [saves("matrix"), saves("figure")];
  const toMap = buildNode("button", { type: "button", class: "tool", title: "Both models side by side on the map", onclick: () => act.open() }, "Both on the map");
  const nodes = {
    title: buildNode("h2", { class: "agree-title" }), over: buildNode("p", { class: "agree-over" }), note: buildNode("p", { class: "agree-note", hidden: true }),
    progress: buildNode("div", { class: "agree-progress", role: "status", hidden: true }),
    matrix: drawing("agree-matrix", "grid", "Agreement of every pair of models"), meaning: buildNode("p", { class: "agree-meaning" }),
    none: buildNode("div", { class: "agree-none", hidden: true }), figureTitle: buildNode("h3", {}), figure: drawing("agree-drawing", "group", "Figure"),
    why: buildNode("div", { class: "agree-why", hidden: true }), table: buildNode("details", { class: "agree-table", hidden: true }), says: buildNode("div", { class: "agree-says" }),
    pairLine: buildNode("div", { class: "agree-line" }, first.node, second.node, toMap), axesLine: buildNode("div", { class: "agree-line" }, across.node, up.node),
  };
  const place = buildNode("div", { class: "agree-place" }, nodes.matrix, nodes.none);
  const figurePlace = buildNode("div", { class: "agree-place" }, nodes.figure, nodes.why);
  const main = buildNode("section", { class: "agree-main", "aria-label": "Model against model" },
    buildNode("div", { class: "agree-head" }, nodes.title, matrixSaves), nodes.over, nodes.note, nodes.progress, place, nodes.meaning);
  const panel = buildNode("div", { id: "agree-figure", role: "tabpanel", class: "agree-panel" },
    nodes.pairLine, nodes.axesLine, buildNode("div", { class: "agree-head" }, nodes.figureTitle, figureSaves), figurePlace, nodes.table, nodes.says);
  const side = buildNode("section", { class: "agree-side", "aria-label": "Figures" }, tabs.node, panel);
  const bar = buildNode("div", { class: "agree-bar" }, metric.node, over.node, run.node, buildNode("span", { class: "agree-field" }, buildNode("span", {}, "Order"), order.node));
  host.replaceChildren(buildNode("div", { class: "agreement" }, bar, main, side));
  return { ...nodes, saves: matrixSaves, figureCsv: figureSaves.querySelector("[data-save=csv]"), place, figurePlace, panel, main, side, tabs, over: nodes.over, overButtons: over, order, metric: metric.select, run: run.select,
    first: first.select, second: second.select, across: across.select, up: up.select, tip: makeFigureTip(host) };
}
