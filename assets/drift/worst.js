/* Atoms or crystals that changed most at a step, the worst first, a page at a time. */
import { formulaNode } from "../atlas/tip.js";
import { buildNode, replaceKeeping, startRoving } from "../panels/nodes.js";
import { groupedNumber } from "../panels/words.js";
import { rankedWorst } from "./means.js";
import { CHANGES, changeLabel, shownText } from "./words.js";

const WORST_ROWS = 50;
const WORST_FIELDS = { atoms: ["reembedded", "frozen", "retention", "forces"], structures: ["reembedded", "frozen", "retention", "forces", "energy"] };
/* What a view is set to so that it ranks by that column. */
export const rankingBy = (field) => (field === "reembedded" || field === "frozen" ? { measure: "drift", anchors: field } : { measure: field });

/* Of energies the size counts. */
export const sizesOf = (field, values) => (field === "energy" ? values.map(Math.abs) : values);

export function makeWorst(atlas) {
  const { view, info } = atlas;
  let start = 0;
  let last = null;
  const head = buildNode("thead");
  const body = buildNode("tbody");
  const table = buildNode("table", { class: "ranking", "aria-label": "Changed most" }, head, body);
  const says = buildNode("p", { class: "hint", role: "status" });
  const place = buildNode("div", { class: "ranking-place", tabindex: "-1" }, table);
  const turn = (text, label, by) => buildNode("button", { type: "button", class: "tool", "aria-label": label, title: label, onclick: () => {
    start = Math.max(0, start + by);
    paint();
    place.scrollTop = 0;
  } }, text);
  const [back, next] = [turn("‹", "Rows before", -WORST_ROWS), turn("›", "Next rows", WORST_ROWS)];
  const foot = buildNode("div", { class: "ranking-foot" }, says, back, next);
  const roving = startRoving(body, "tr");

  function headNodes({ movers, field, noun, told }) {
    const name = buildNode("th", { scope: "col" }, movers === "atoms" ? "Atom" : "Crystal");
    return [name, ...WORST_FIELDS[movers].map((of) => {
      const change = CHANGES[of];
      const text = of === "retention" ? `Kept of ${told.k}` : of === "reembedded" || of === "frozen" ? `${noun}, ${change.short}` : `${change.label} (${change.unit})`;
      const button = buildNode("button", { type: "button", class: "sort", "data-key": of, title: `Rank by this. ${change.meaning}`, onclick: () => view.set(rankingBy(of), { step: true }) }, text, of === field ? buildNode("span", { "aria-hidden": "true" }, change.worst === "low" ? " ↑" : " ↓") : "");
      return buildNode("th", { scope: "col", "aria-sort": of === field ? (change.worst === "low" ? "ascending" : "descending") : "none" }, button);
    })];
  }

  function rowNode(i) {
    const { movers, join, columns, names } = last;
    const atom = movers === "atoms" ? join.ids[i] : last.firstAtom(i);
    const structure = movers === "atoms" ? columns.structure[join.drawn[i]] : join.structures[i];
    const at = movers === "atoms" ? join.drawn[i] : null;
    const label = at === null ? "" : `${info.elements[columns.element[at] - 1].symbol} ${columns.counter[at]}`;
    const [formula, id] = [names.formula[structure], names.id[structure]];
    const name = [...(label ? [buildNode("span", {}, label), " in "] : []), formulaNode(formula), buildNode("span", { class: "ranked-id" }, id)];
    const title = `${label ? `${label} in ` : ""}${formula}, ${id}: show its crystal`;
    const cells = WORST_FIELDS[movers].map((of) => buildNode("td", { class: of === last.field ? "shown" : null }, shownText(CHANGES[of], last.values[of][i])));
    return buildNode("tr", { "data-row-atom": atom, "data-structure": structure }, buildNode("th", { scope: "row" }, buildNode("button", { type: "button", class: "ranked-atom", "data-atom": atom, "data-key": `row ${movers === "atoms" ? atom : structure}`, title }, ...name)), ...cells);
  }

  function markRows() {
    const { atom } = view.get();
    for (const row of body.rows) row.classList.toggle("chosen-row", atom !== null && (last.movers === "atoms" ? Number(row.dataset.rowAtom) === atom : Number(row.dataset.structure) === last.structureOf(atom)));
  }

  function paint() {
    const { order, movers, picked } = last;
    if (start >= order.length) start = 0;
    const rows = order.slice(start, start + WORST_ROWS);
    replaceKeeping(head, buildNode("tr", {}, ...headNodes(last)));
    replaceKeeping(body, ...rows.map(rowNode));
    back.disabled = !start;
    next.disabled = start + WORST_ROWS >= order.length;
    const noun = `${picked ? "selected " : ""}${movers === "atoms" ? "sites (one atom each)" : "crystals (means over their sites)"}`;
    says.textContent = order.length ? `${groupedNumber(start + 1)}–${groupedNumber(start + rows.length)} of ${groupedNumber(order.length)} ${noun}` : `No ${noun} have ${changeLabel(CHANGES[last.field], last.noun).toLowerCase()}.`;
    roving.refresh();
    markRows();
  }

  return {
    place, foot,
    /* `of`: {series, told, join, values by field, counted, movers, field, columns, names, noun, picked, firstAtom, structureOf} */
    draw(of) {
      const same = last && last.series === of.series && last.movers === of.movers && last.field === of.field && last.counted === of.counted;
      if (!same) start = 0;
      const field = WORST_FIELDS[of.movers].includes(of.field) ? of.field : "reembedded";
      last = { ...of, field, order: rankedWorst(sizesOf(field, of.values[field]), of.counted, CHANGES[field].worst) };
      paint();
    },
    mark: () => last && markRows(),
    /* All rows in their order, as lines of a table. */
    lines() {
      const { movers, order, join, columns, names, values, series, t } = last;
      const fields = WORST_FIELDS[movers];
      const heads = { energy: "energy_change_eV_per_atom", forces: "force_change_eV_per_angstrom", reembedded: "drift_reembedded", frozen: "drift_frozen", retention: "neighbours_kept" };
      const about = [series.name, series.base, series.layer, series.checkpoints[t], series.step[t], series.step_unit, last.told.k, series.anchors];
      const of = ["series", "base", "layer", "checkpoint", "step", "step_unit", "k", "anchors"];
      const number = (v) => (Number.isNaN(v) ? null : Number(v.toPrecision(6)));
      if (movers === "structures")
        return [["structure", "formula", ...fields.map((field) => heads[field]), ...of], ...order.map((i) => [names.id[join.structures[i]], names.formula[join.structures[i]], ...fields.map((field) => number(values[field][i])), ...about])];
      return [["structure", "formula", "element", "count_in_structure", "atom_index", ...fields.map((field) => heads[field]), ...of], ...order.map((i) => {
        const at = join.drawn[i];
        const s = columns.structure[at];
        return [names.id[s], names.formula[s], info.elements[columns.element[at] - 1].symbol, columns.counter[at], join.ids[i], ...fields.map((field) => number(values[field][i])), ...about];
      })];
    },
  };
}
