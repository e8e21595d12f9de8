/* What the Drift page is made of: the bar of controls, and a section for each thing that is shown. */
import { fillSelect, namedSelect } from "../agreement/controls.js";
import { makeFigureTip } from "../agreement/tip.js";
import { buildNode, svgNode } from "../panels/nodes.js";
import { makeSegments } from "../panels/segments.js";
import { seriesGroups } from "./series.js";

const MEASURED = [
  ["drift", "Drift", "How far atoms moved among the anchors"], ["retention", "Neighbours kept", "Share of nearest neighbours that stayed"],
  ["forces", "Force change", "Change of the predicted forces"], ["energy", "Energy change", "Change of the predicted energies, of crystals only"],
];
const ANCHORED = [["reembedded", "Re-embedded", "The checkpoint embeds the anchors anew: what the whole space does together cancels"], ["frozen", "Frozen", "The anchors’ embeddings are kept from the base: motion of the whole space counts"]];
const COLOURED = [[false, "Linear", "Colours in proportion"], [true, "Log", "Colours over three powers of ten; logarithmic axes of drift against output"], ["groups", "Groups", "On the maps the colours of element groups in place of those of change"]];
const SEEDED = [["one", "One seed", "Numbers of the chosen run, with intervals over structures"], ["mean", "Mean over seeds", "Means over runs that differ in their seed only, with the least and greatest"]];
const BESIDE = [[true, "Side by side", "All strategies of the experiment"], [false, "This one", "Only the chosen series"]];
const STRETCHED = [[0, "None", "No trails: atoms alone"], ...[1, 10, 100].map((times) => [times, times === 1 ? "As they are" : `× ${times}`, times === 1 ? "Trails as long as atoms have moved" : `Trails drawn ${times} times as long, to see the direction of small ones`])];
const MOVED = [["atoms", "Atoms"], ["structures", "Crystals"]];

const section = (name, label, title, tools, ...content) => buildNode("section", { class: `page-section drift-${name}`, "aria-label": label }, buildNode("div", { class: "section-head" }, title, ...tools), ...content);
const control = (text, node) => buildNode("div", { class: "control" }, buildNode("span", { class: "control-name", "aria-hidden": "true" }, text), node);

/* Links that save something: [[kind, text, says]]. */
const saveLinks = (of, kinds, save) => buildNode("span", { class: "links drift-save" }, ...kinds.map(([kind, says]) => buildNode("button", { type: "button", class: "link", title: says, "aria-label": says, "data-save": `${of}-${kind}`, onclick: () => save(of, kind) }, kind.toUpperCase())));

export function driftParts(host, { set, pick, save, clear, player, summary, table, worst }) {
  const picker = namedSelect("Series", "drift-series", pick);
  const segments = {
    measure: makeSegments("Measure of change", MEASURED, (measure) => set({ measure, ...(measure === "energy" ? { movers: "structures" } : {}) })),
    anchors: makeSegments("Anchors", ANCHORED, (anchors) => set({ anchors })),
    decades: makeSegments("Colours", COLOURED, (of) => set(of === "groups" ? { grouped: true } : { grouped: false, decades: of })),
    seeds: makeSegments("Seeds", SEEDED, (seeds) => set({ seeds })),
    beside: makeSegments("Strategies", BESIDE, (beside) => set({ beside })),
    stretch: makeSegments("Length of trails", STRETCHED, (stretch) => set({ stretch })),
    movers: makeSegments("Ranking of", MOVED, (movers) => set({ movers })),
  };
  const [seeds, beside] = [control("", segments.seeds.node), control("", segments.beside.node)];
  const bar = buildNode("div", { class: "compare-bar drift-bar" }, picker.node, beside, seeds, control("Measure", segments.measure.node), control("Anchors", segments.anchors.node), control("Colours", segments.decades.node), player.node);
  const h2 = (text) => buildNode("h2", {}, text);
  const nodes = {
    title: buildNode("h2", { class: "drift-title" }), badge: buildNode("span", { class: "drift-badge" }), facts: buildNode("p", { class: "drift-facts" }), flags: buildNode("p", { class: "drift-flags" }), verdict: buildNode("p", { class: "drift-flags" }),
    meaning: buildNode("p", { class: "drift-meaning" }), selected: buildNode("p", { class: "drift-selected", role: "status" }), maps: buildNode("div", { class: "drift-maps" }), scale: buildNode("div", { class: "drift-scale" }),
    mapsTitle: h2("Map"), mapsFailure: buildNode("div", { role: "alert" }), elementsTitle: h2("Elements"), key: buildNode("p", { class: "hint drift-key" }), curvesTitle: h2("Against step"), curves: svgNode("svg", { class: "drift-chart", role: "group", "aria-label": "Curves against step" }),
    curvesSay: buildNode("p", { class: "hint" }), compared: buildNode("p", { class: "drift-flags drift-compared" }), worstTitle: h2("Changed most"), outputsTitle: h2("Drift against output"), outputs: svgNode("svg", { class: "drift-chart", role: "img" }), outputsSay: buildNode("p", { class: "hint" }),
    meanings: buildNode("dl", { class: "drift-meanings" }), record: buildNode("dl", { class: "drift-record" }),
  };
  const curvesPlace = buildNode("div", { class: "drift-chart-place" }, nodes.curves);
  const outputsPlace = buildNode("div", { class: "drift-chart-place" }, nodes.outputs);
  const openMap = buildNode("button", { type: "button", class: "link", onclick: () => set({ page: "map" }), title: "The chosen atom and the selection on the maps of all models" }, "Open in Map");
  const drawings = (of, what) => saveLinks(of, [["csv", `Save the numbers of ${what} as a table (CSV)`], ["svg", `Save ${what} as a drawing (SVG)`], ["png", `Save ${what} as a picture (PNG)`]], save);
  const body = buildNode(
    "div", { class: "drift-body" },
    section("head", "Numbers", buildNode("div", { class: "drift-name" }, nodes.title, nodes.badge), [saveLinks("numbers", [["csv", "Save all numbers of all steps as a table (CSV)"], ["json", "Save everything that is known of these series (JSON)"]], save)],
      nodes.facts, buildNode("div", { class: "drift-numbers-place", tabindex: "0", role: "group", "aria-label": "Numbers by strategy" }, summary.node), nodes.verdict),
    section("maps-section", "Maps", nodes.mapsTitle, [control("Trails", segments.stretch.node), buildNode("span", { class: "links" }, openMap, drawings("maps", "the maps"))], nodes.mapsFailure, nodes.maps, nodes.scale, nodes.selected, nodes.meaning),
    buildNode("div", { class: "drift-pair" },
      section("elements", "Elements", nodes.elementsTitle, [saveLinks("elements", [["csv", "Save the numbers of all elements and steps as a table (CSV)"]], save)], table.node, nodes.key, nodes.flags),
      section("curves", "Curves", nodes.curvesTitle, [drawings("curves", "the curves")], nodes.compared, curvesPlace, nodes.curvesSay)),
    buildNode("div", { class: "drift-pair" },
      section("worst", "Changed most", nodes.worstTitle, [segments.movers.node, saveLinks("worst", [["csv", "Save the whole ranking as a table (CSV)"]], save)], worst.place, worst.foot),
      section("outputs", "Drift against change of output", nodes.outputsTitle, [drawings("outputs", "this figure")], outputsPlace, nodes.outputsSay)),
    section("words", "What the numbers mean", h2("What the numbers mean"), [], nodes.meanings, buildNode("details", { class: "drift-made" }, buildNode("summary", {}, "How the series was made"), nodes.record)),
  );
  const none = buildNode("div", { class: "drift-none", hidden: true });
  host.replaceChildren(buildNode("div", { class: "drift" }, bar, none, body));
  return {
    ...nodes, bar, body, none, segments, seedsControl: seeds, besideControl: beside, curvesPlace, outputsPlace, tip: makeFigureTip(host), picker: picker.select,
    fill: (all, name) => fillSelect(picker.select, seriesGroups(all), name),
    clearNode: () => buildNode("button", { type: "button", class: "link", onclick: clear }, "Show all atoms"),
  };
}
