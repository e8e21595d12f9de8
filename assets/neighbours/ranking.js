/* Atoms or crystals about which models disagree most, a page at a time from the server. */
import { formulaNode } from "../atlas/tip.js";
import { buildNode, replaceKeeping, startRoving } from "../panels/nodes.js";
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
  coordination: "Atoms within 1.2 times the sum of covalent radii", sites: "Counted sites, over which the mean is",
};

/* The next order of a column: first ascending (the least overlap first), then descending. */
export const sortAfter = (now, sort) => ({ sort, descending: now.sort === sort ? !now.descending : false });

export function makeRanking(atlas) {
  const { view } = atlas;
  let order = { sort: "overlap", descending: false };
  let start = 0;
  let last = { total: 0, place: null };
  let turn = 0;
  const kinds = [["atoms", "Atoms"], ["structures", "Crystals"]].map(([of, text]) =>
    buildNode("button", { type: "button", class: "segment", onclick: () => view.set({ ranked: of }, { step: true }) }, text));
  const says = buildNode("p", { class: "hint", role: "status" });
  const head = buildNode("thead");
  const body = buildNode("tbody");
  const table = buildNode("table", { class: "ranking", "aria-label": "Where models disagree most" }, head, body);
  const place = buildNode("div", { class: "ranking-place" }, table);
  const turnButton = (text, label, to) => buildNode("button", { type: "button", class: "tool", "aria-label": label, title: label, onclick: () => load(to()) }, text);
  const back = turnButton("‹", "Rows before", () => Math.max(0, start - RANKED_ROWS));
  const next = turnButton("›", "Next rows", () => start + RANKED_ROWS);
  const chosen = buildNode("button", { type: "button", class: "link", onclick: () => load(pageOf(last.place)) });
  const foot = buildNode("div", { class: "ranking-foot" }, says, chosen, back, next);
  const node = buildNode(
    "section", { class: "page-section ranked", "aria-label": "Where models disagree most" },
    buildNode("div", { class: "section-head" }, buildNode("h2", {}, "Ranked by disagreement"), buildNode("div", { class: "segments", role: "group", "aria-label": "Ranking of" }, ...kinds)),
    place, foot,
  );
  const roving = startRoving(body, "tr");
  const pageOf = (row) => Math.floor(row / RANKED_ROWS) * RANKED_ROWS;

  function headNodes(of) {
    return RANKED_COLUMNS[of].map(([sort, text]) => {
      const on = order.sort === sort;
      const button = buildNode("button", { type: "button", class: "sort", "data-key": sort, title: COLUMN_SAYS[sort] || null, onclick: () => {
        order = sortAfter(order, sort);
        load(0);
      } }, text, on ? buildNode("span", { "aria-hidden": "true" }, order.descending ? " ↓" : " ↑") : "");
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
      const same = view.get().ranked === "structures" ? row.dataset.id === id : Number(row.dataset.rowAtom) === atom;
      row.classList.toggle("chosen-row", same && atom !== null);
    }
  }

  async function load(from = 0) {
    const mine = ++turn;
    const of = view.get().ranked;
    if (of === "atoms" ? order.sort === "sites" : order.sort === "coordination") order = { sort: "overlap", descending: false };
    const asked = new URLSearchParams({ start: from, rows: RANKED_ROWS, sort: order.sort, descending: order.descending ? 1 : 0 });
    const query = [view.comparing().replace(/^\?/, ""), asked].filter(String).join("&");
    node.classList.add("waiting");
    try {
      const page = await atlas.arrays.asked(`overlap/ranked/${of}?${query}`);
      if (mine !== turn) return;
      start = from;
      node.hidden = Boolean(page.obstacle);
      last = page;
      kinds.forEach((button, i) => button.setAttribute("aria-pressed", String((i ? "structures" : "atoms") === of)));
      replaceKeeping(head, buildNode("tr", {}, ...headNodes(of)));
      body.replaceChildren(...page.rows.map((row) => rowNode(row, of)));
      place.scrollTop = 0;
      back.disabled = !from;
      next.disabled = from + RANKED_ROWS >= page.total;
      const noun = of === "structures" ? "crystals" : view.get().near === "all" ? "atoms" : "sites";
      says.textContent = page.total ? `${groupedNumber(from + 1)}–${groupedNumber(from + page.rows.length)} of ${groupedNumber(page.total)} ${noun}` : `No ${noun} to rank.`;
      await findChosen();
      roving.refresh();
      markRow();
    } catch (error) {
      if (mine === turn) atlas.failed(error);
    } finally {
      if (mine === turn) node.classList.remove("waiting");
    }
  }

  /* How far down the ranking the chosen atom stands. */
  async function findChosen() {
    const mine = turn;
    const { atom, ranked } = view.get();
    let at = null;
    if (atom !== null) {
      await atlas.arrays.names();
      await atlas.arrays.rank();
      const named = new URLSearchParams(view.surrounding().replace(/^\?/, "")).get("atom");
      const asked = new URLSearchParams({ start: 0, rows: 0, sort: order.sort, descending: order.descending ? 1 : 0, atom: named });
      const query = [view.comparing().replace(/^\?/, ""), asked].filter(String).join("&");
      at = (await atlas.arrays.asked(`overlap/ranked/${ranked}?${query}`)).place;
    }
    if (mine !== turn) return;
    last = { ...last, place: at };
    chosen.hidden = at === null;
    chosen.textContent = at === null ? "" : `${ranked === "atoms" ? "chosen atom" : "its crystal"}: ${groupedNumber(at + 1)}`;
  }

  return {
    node,
    load: () => load(0),
    follow() {
      markRow();
      findChosen().then(markRow, atlas.failed);
    },
  };
}
