/* Atoms or crystals about which models disagree most, a page at a time from the server. */
import { formulaNode } from "../atlas/tip.js";
import { failureNode } from "../panels/failure.js";
import { buildNode, replaceKeeping, startRoving } from "../panels/nodes.js";
import { makeSegments } from "../panels/segments.js";
import { groupedNumber } from "../panels/words.js";
import { twoDecimals } from "./dots.js";

const RANKED_ROWS = 50;
const RANKED_COLUMNS = {
  atoms: [["crystal", "Atom"], ["overlap", "Overlap"], ["control", "Element-only"], ["coordination", "Near atoms"]],
  structures: [["crystal", "Crystal"], ["overlap", "Overlap"], ["control", "Element-only"], ["sites", "Sites"]],
};
const COLUMN_SAYS = {
  overlap: "Shared fraction of the lists; equal ones in the order of what they share further out",
  control: "Overlap with the control that knows nothing but the element",
  coordination: "Atoms within 1.2 times the sum of covalent radii", sites: "Symmetry-distinct sites, over which the mean is",
};

/* By which column a view ranks; "-sites" is the largest first. What has no such column is ranked by overlap. */
export function orderOf({ ranked, sort }) {
  const descending = sort.startsWith("-");
  const column = descending ? sort.slice(1) : sort;
  return RANKED_COLUMNS[ranked].some(([known]) => known === column) ? { column, descending } : { column: "overlap", descending: false };
}

/* The next order of a column: first ascending (the least overlap first), then descending. */
export const sortAfter = (now, column) => (now.column === column && !now.descending ? `-${column}` : column);

export function makeRanking(atlas) {
  const { view } = atlas;
  let start = 0;
  let last = null; // the answer that is shown, what it is of, and where the chosen atom stands in it
  let turn = 0;
  const kinds = makeSegments("Ranking of", [["atoms", "Atoms"], ["structures", "Crystals"]], (ranked) => view.set({ ranked }, { step: true }));
  const says = buildNode("p", { class: "hint", role: "status" });
  const head = buildNode("thead");
  const body = buildNode("tbody");
  const table = buildNode("table", { class: "ranking", "aria-label": "Where models disagree most" }, head, body);
  const failure = buildNode("div", { role: "alert" });
  const place = buildNode("div", { class: "ranking-place", tabindex: "-1" }, table, failure);
  const turnButton = (text, label, to) => buildNode("button", { type: "button", class: "tool", "aria-label": label, title: label, onclick: () => load(to()) }, text);
  const back = turnButton("‹", "Rows before", () => Math.max(0, start - RANKED_ROWS));
  const next = turnButton("›", "Next rows", () => start + RANKED_ROWS);
  const chosen = buildNode("button", { type: "button", class: "link", hidden: true, onclick: () => load(pageOf(last.place)) });
  const foot = buildNode("div", { class: "ranking-foot" }, says, chosen, back, next);
  const node = buildNode(
    "section", { class: "page-section ranked", "aria-label": "Where models disagree most" },
    buildNode("div", { class: "section-head" }, buildNode("h2", {}, "Ranked by disagreement"), kinds.node),
    place, foot,
  );
  const roving = startRoving(body, "tr");
  const pageOf = (row) => Math.floor(row / RANKED_ROWS) * RANKED_ROWS;

  function headNodes(of, order) {
    return RANKED_COLUMNS[of].map(([column, text]) => {
      const on = order.column === column;
      const button = buildNode(
        "button", { type: "button", class: "sort", "data-key": column, title: COLUMN_SAYS[column] || null, onclick: () => view.set({ sort: sortAfter(order, column) }, { step: true }) },
        text, on ? buildNode("span", { "aria-hidden": "true" }, order.descending ? " ↓" : " ↑") : "",
      );
      return buildNode("th", { scope: "col", "aria-sort": on ? (order.descending ? "descending" : "ascending") : "none" }, button);
    });
  }

  function rowNode(row, of) {
    const of_ = row.label.split(" ");
    const name = of === "atoms" ? [buildNode("span", {}, row.label), " in ", formulaNode(row.formula)] : [formulaNode(row.formula)];
    const title = of === "atoms" ? `${row.label} in ${row.formula}, ${row.id}, ${row.spacegroup}` : `${row.formula}, ${row.id}, ${row.spacegroup}; its least shared site is ${of_[0]} ${of_[1] ?? ""}`;
    const button = buildNode("button", { type: "button", class: "ranked-atom", "data-atom": row.atom, title }, ...name, buildNode("span", { class: "ranked-id" }, row.id));
    const bar = buildNode("span", { class: "ranked-bar", "aria-hidden": "true" });
    bar.style.width = `${100 * Math.max(0, Math.min(1, row.overlap))}%`;
    const cells = [
      buildNode("th", { scope: "row" }, button),
      buildNode("td", { class: "with-bar" }, bar, twoDecimals(row.overlap)),
      buildNode("td", {}, twoDecimals(row.control)),
      buildNode("td", {}, groupedNumber(of === "atoms" ? row.coordination : row.sites)),
    ];
    return buildNode("tr", { "data-row-atom": row.atom, "data-id": row.id }, ...cells);
  }

  /* The row of the chosen atom, or of its crystal. */
  function markRow() {
    const { atom } = view.get();
    const { now } = atlas.arrays;
    const [names, rank, structure] = [now.names(), now.rank(), now.column("structure")];
    const id = atom !== null && names && rank && structure ? names.id[structure[rank[atom]]] : null;
    for (const row of body.rows) {
      const same = last?.of.ranked === "structures" ? row.dataset.id === id : Number(row.dataset.rowAtom) === atom;
      row.classList.toggle("chosen-row", same && atom !== null);
    }
  }

  /* What is asked of the ranking that `of` describes. */
  const address = (of, asked) => {
    const { column, descending } = of.order;
    const query = [of.comparing.replace(/^\?/, ""), new URLSearchParams({ ...asked, sort: `${descending ? "-" : ""}${column}` })].filter(String).join("&");
    return `overlap/ranked/${of.ranked}?${query}`;
  };

  function show(page, of, from) {
    start = from;
    node.hidden = Boolean(page.obstacle);
    table.hidden = false;
    failure.replaceChildren();
    last = { of, place: null };
    replaceKeeping(head, buildNode("tr", {}, ...headNodes(of.ranked, of.order)));
    body.replaceChildren(...page.rows.map((row) => rowNode(row, of.ranked)));
    place.scrollTop = 0;
    back.disabled = !from;
    next.disabled = from + RANKED_ROWS >= page.total;
    const noun = of.ranked === "structures" ? "crystals" : of.near === "all" ? "atoms" : "sites";
    says.textContent = page.total ? `${groupedNumber(from + 1)}–${groupedNumber(from + page.rows.length)} of ${groupedNumber(page.total)} ${noun}` : `No ${noun} to rank.`;
  }

  /* Nothing of an earlier ranking stays. */
  function fail(error, from) {
    last = null;
    node.hidden = false;
    table.hidden = true;
    body.replaceChildren();
    says.textContent = "";
    chosen.hidden = back.disabled = next.disabled = true;
    failure.replaceChildren(failureNode("The ranking", error, () => load(from)));
  }

  async function load(from = 0) {
    const mine = ++turn;
    const now = view.get();
    const of = { ranked: now.ranked, near: now.near, order: orderOf(now), comparing: view.comparing() };
    kinds.press(of.ranked);
    node.classList.add("waiting");
    const retried = failure.contains(document.activeElement);
    try {
      const page = await atlas.arrays.asked(address(of, { start: from, rows: RANKED_ROWS }));
      if (mine !== turn) return;
      show(page, of, from);
      await findChosen();
      roving.refresh();
      markRow();
    } catch (error) {
      if (mine === turn) fail(error, from);
    } finally {
      if (mine === turn) {
        node.classList.remove("waiting");
        // the button that had the focus is gone
        if (retried) (failure.querySelector("button") ?? place).focus({ preventScroll: true });
      }
    }
  }

  /* How far down the ranking the chosen atom stands. */
  async function findChosen() {
    const mine = turn;
    const { of } = last;
    const { atom } = view.get();
    let at = null;
    if (atom !== null) {
      await atlas.arrays.names();
      await atlas.arrays.rank();
      const named = new URLSearchParams(view.surrounding().replace(/^\?/, "")).get("atom");
      at = (await atlas.arrays.asked(address(of, { start: 0, rows: 0, atom: named }))).place;
    }
    if (mine !== turn || atom !== view.get().atom) return;
    last.place = at;
    chosen.hidden = at === null;
    chosen.textContent = at === null ? "" : `${of.ranked === "atoms" ? "chosen atom" : "its crystal"}: ${groupedNumber(at + 1)}`;
  }

  return {
    node,
    load: () => load(0),
    follow() {
      markRow();
      chosen.hidden = true;
      if (last) findChosen().then(markRow, atlas.failed);
    },
  };
}
