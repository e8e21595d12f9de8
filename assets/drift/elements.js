/* The periodic table of change: a colour and a number an element, those in the data outlined, those forgotten flagged. */
import { isKnown } from "../agreement/scores.js";
import { textOnColour } from "../panels/colour_axis.js";
import { makeElementGrid } from "../panels/element_grid.js";
import { alongLabel, membersOf, pickedAfter } from "../panels/element_sets.js";
import { buildNode } from "../panels/nodes.js";
import { counted } from "../panels/words.js";
import { changeColour, changeGradient } from "./colours.js";
import { numberOf } from "./means.js";
import { fineTunedOn } from "./series.js";
import { changeCellText, changeLabel, rangeText, withUnit } from "./words.js";

/* Cells of the table, one an element of the atlas; `of` as the page draws it. */
export function changeCells(elements, { told, runs, mean, t, change, noun, scale, stops, step }) {
  const flagged = new Set(told.forgetting?.flagged || []);
  const inData = new Set(fineTunedOn(told));
  return elements.map(({ symbol, name, n }) => {
    const found = numberOf(runs, mean, change.field, t, symbol);
    const marks = [inData.has(symbol) ? "in the fine-tuning data" : "", flagged.has(symbol) ? "⚑ flagged: moved further than run-to-run noise" : ""].filter(Boolean);
    const state = { inData: inData.has(symbol), flagged: flagged.has(symbol), faded: false };
    if (!isKnown(found.value)) return { ...state, colour: null, on: null, text: "", says: [`${name}: ${n ? "not measured" : "not in this atlas"}`, ...marks].join("; ") };
    const colour = changeColour(stops, scale, found.value);
    const range = rangeText(change, found.low, found.high);
    return {
      ...state, colour, on: textOnColour(colour), text: changeCellText(change, found.value, scale.hi),
      says: [`${name}: ${changeLabel(change, noun).toLowerCase()} ${[withUnit(change, found.value), range].filter(Boolean).join(" ")} after ${step}`, `over ${counted(found.n, "symmetry-distinct atom")}`, ...marks].join("; "),
    };
  });
}

export function makeChangeTable(atlas) {
  const { info, view } = atlas;
  const table = buildNode("div", { class: "periodic-table overlap-table drift-table", role: "group", "aria-label": "Change by element" });
  const grid = makeElementGrid(table, info.elements, (_, button) => {
    const { element, along, value } = button.dataset;
    const present = info.elements.filter((e) => e.n);
    const symbols = along ? membersOf(present, alongLabel(along, value)) : [element];
    if (symbols.length) view.set({ elements: pickedAfter(info.elements, view.get().elements, symbols) }, { step: true });
  });
  const buttons = new Map([...table.querySelectorAll("[data-element]")].map((button) => [button.dataset.element, button]));
  return {
    node: table,
    draw(of) {
      const cells = changeCells(info.elements, of);
      const ends = of.scale.reverse ? [of.scale.hi, of.scale.lo] : [of.scale.lo, of.scale.hi];
      const scale = { css: changeGradient(of.stops, false), lo: withUnit(of.change, ends[0]), hi: withUnit(of.change, ends[1]), name: of.change.label };
      grid.paint(cells, new Set(view.get().elements), scale);
      info.elements.forEach(({ symbol }, i) => {
        const { classList } = buttons.get(symbol);
        classList.toggle("in-data", cells[i].inData);
        classList.toggle("flagged", cells[i].flagged);
      });
    },
  };
}
