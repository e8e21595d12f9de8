/* What stands beside the maps of a saved page: which models are shown, the colours, and facts of the chosen atom. */
import { formulaNode, symmetryNode, valueText } from "../atlas/tip.js";
import { buildNode } from "../panels/nodes.js";
import { shortNumber } from "../panels/words.js";
import { scaleOf } from "../points/lut.js";

export function startShownModels(atlas) {
  const host = document.getElementById("shown-models");
  const { info, view } = atlas;
  host.replaceChildren(...info.own.shown.map((key) => {
    const card = info.models.find((model) => model.key === key);
    const box = buildNode("input", { type: "checkbox", checked: true });
    box.addEventListener("change", () => {
      const shown = new Set(view.get().models);
      if (box.checked) shown.add(key);
      else shown.delete(key);
      view.set({ models: info.own.shown.filter((k) => shown.has(k)) });
    });
    const name = buildNode("span", { class: card.trained ? "model-name" : "model-name other" }, key);
    return buildNode("label", { class: "shown-model", title: card.subtitle }, box, name);
  }));
}

export function startColourBar(atlas) {
  const { info, view } = atlas;
  const { label, unit, kind } = info.legend;
  document.getElementById("colour-label").textContent = `${label}${unit ? ` (${unit})` : ""}`;
  const host = document.getElementById("colour-bar");
  host.hidden = kind === "category";
  if (host.hidden) return;
  const { palette, reverse } = view.get();
  const stops = reverse ? [...info.scales[palette]].reverse() : info.scales[palette];
  const { lo, hi, log } = scaleOf(info.legend, view.get());
  const bar = buildNode("div", { class: "colour-stripe" });
  bar.style.background = `linear-gradient(90deg, ${stops.join(", ")})`;
  const ends = buildNode("div", { class: "colour-ends" }, buildNode("span", {}, shortNumber(lo)), log ? "logarithmic" : "", buildNode("span", {}, shortNumber(hi)));
  host.replaceChildren(bar, ends);
}

function factRow(name, ...value) {
  return buildNode("tr", {}, buildNode("th", { scope: "row" }, name), buildNode("td", {}, ...value));
}

export function startFacts(atlas) {
  const host = document.getElementById("facts");
  const { info, view, arrays } = atlas;

  function draw() {
    const { atom, models, colour } = view.get();
    if (atom === null) {
      host.replaceChildren(buildNode("h2", {}, "Atom"), buildNode("p", { class: "quiet" }, "Click an atom to see what it is."));
      return;
    }
    const [element, structure, counter, site, coordination] = ["element", "structure", "counter", "site", "coordination"].map((c) => arrays.now.column(c));
    const s = structure[atom];
    const fact = info.elements[element[atom] - 1];
    const [symmetry, wyckoff] = info.own.names.sites[site[atom]] || [];
    const rows = [
      factRow("Atom", `${fact.symbol} ${counter[atom]} (${fact.name})`),
      factRow("Crystal", info.own.names.id[s]),
      factRow("Space group", info.own.spacegroups[s] ? symmetryNode(info.own.spacegroups[s]) : "none"),
      factRow("Crystal system", info.own.systems[s]),
      ...(symmetry ? [factRow("Site symmetry", symmetryNode(symmetry))] : []),
      ...(wyckoff ? [factRow("Wyckoff position", wyckoff)] : []),
      factRow("Coordination", String(coordination[atom])),
    ];
    if (!["category", "element", "coordination", "spacegroup", "crystal_system"].includes(colour))
      for (const key of info.legend.of === "model" ? models : models.slice(0, 1))
        rows.push(factRow(info.legend.of === "model" ? `${info.legend.label}, ${key}` : info.legend.label, valueText(info.legend, arrays.now.values(colour, key)[atom])));
    host.replaceChildren(buildNode("h2", {}, "Atom"), buildNode("h3", {}, formulaNode(info.own.names.formula[s])), buildNode("table", { class: "facts" }, buildNode("tbody", {}, ...rows)));
  }

  view.on((_view, changed) => (changed.has("atom") || changed.has("models")) && draw());
  draw();
}
