/* The tables of atoms and of structures: ag-grid, given rows by our own source so that no request is lost while one is
   under way (the grid's Dash component keeps one request at a time). */
import { comparisonName, showsOverlap } from "../atlas/comparison.js";
import { buildNode } from "./nodes.js";
import { gridColumns, keepText, tableHeading } from "./table_columns.js";

const TABLE_BLOCK = 100; // rows a request; as the grid's cacheBlockSize
const KEEP_AT_MOST = 50; // structures that a filter names
const TICK_COLUMN = "ag-Grid-SelectionColumn";

async function readRows(address) {
  const answer = await fetch(address);
  const body = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(body.error || `the rows could not be read (${answer.status})`);
  return body;
}

const makeToolButton = (text, run) => buildNode("button", { type: "button", class: "tool", hidden: true, onclick: run }, text);

export function startTable(atlas) {
  const [place, says, toolbar] = ["table-place", "table-says", "drawer-tools"].map((id) => document.getElementById(id));
  let api = null;
  let panel = "none"; // the table that is open
  let shownColumns = "";
  let shownRows = ""; // the selection that the grid's rows are of
  let ahead = null; // a first page that came before the grid asked for it
  let turn = 0;
  let awaited = null; // place of the chosen atom's row, once there are rows

  const isTable = (name) => name === "atoms" || name === "structures";
  const selecting = () => atlas.view.tabling().replace(/^\?/, "");
  const rowsAddress = (start, end, row = null) => {
    const sort = api.getColumnState().filter((c) => c.sort).sort((a, b) => a.sortIndex - b.sortIndex).map(({ colId, sort: way }) => ({ colId, sort: way }));
    const asked = new URLSearchParams({ start, end, sort: JSON.stringify(sort), filter: JSON.stringify(api.getFilterModel()) });
    if (row !== null) asked.set("row", row);
    return atlas.data(`rows/${panel}?${[selecting(), asked].filter(String).join("&")}`);
  };
  const say = (text, wrong = false) => {
    says.textContent = text;
    says.classList.toggle("wrong", wrong);
  };

  const keep = makeToolButton("Keep only these", () => {
    const ids = [...new Set(api.getSelectedRows().map((row) => row.id))];
    if (!ids.length || ids.length > KEEP_AT_MOST) return;
    api.deselectAll();
    atlas.view.set({ find: keepText(ids) }, { step: true });
  });
  const unfilter = makeToolButton("Clear column filters", () => api.setFilterModel(null));
  toolbar.append(keep, unfilter);

  function tools() {
    const open = isTable(panel) && api;
    const ids = open ? new Set(api.getSelectedRows().map((row) => row.id)).size : 0;
    keep.hidden = !ids;
    keep.disabled = ids > KEEP_AT_MOST;
    keep.textContent = `Keep only ${ids === 1 ? "this crystal" : `these ${ids} crystals`}`;
    keep.title = ids > KEEP_AT_MOST ? `At most ${KEEP_AT_MOST} crystals can be kept by ticking them` : "Selects all atoms of the ticked crystals, by their ids";
    unfilter.hidden = !open || !Object.keys(api.getFilterModel()).length;
  }

  const source = {
    async getRows(params) {
      // the grid asks a little later, when another panel may be open
      if (!isTable(panel)) return params.failCallback();
      const address = rowsAddress(params.startRow, params.endRow);
      try {
        const page = ahead?.address === address ? ahead.page : await readRows(address);
        ahead = null;
        params.successCallback(page.rows, page.total);
        if (awaited !== null) setTimeout(scrollTo, 0, awaited);
        awaited = null;
        if (params.startRow === 0) say(tableHeading(panel, page));
        tools();
        mark();
      } catch (error) {
        params.failCallback();
        say(error.message, true);
      }
    },
  };

  /* Rows of the chosen and of the hovered atom, which may be drawn anew at any time. */
  const isChosen = (data) => Boolean(data) && data.row !== undefined && matches(data, atlas.view.get().atom);
  function matches(data, atom) {
    if (atom === null) return false;
    if (panel === "atoms") return data.row === atom;
    const { now } = atlas.arrays;
    const [rank, structure] = [now.rank(), now.column("structure")];
    return Boolean(rank && structure) && structure[rank[atom]] === data.crystal;
  }
  function mark() {
    const hovered = atlas.hover.get();
    for (const node of api.getRenderedNodes())
      for (const element of place.querySelectorAll(`.ag-row[row-index="${node.rowIndex}"]`)) {
        element.classList.toggle("chosen-row", isChosen(node.data));
        element.classList.toggle("hovered-row", Boolean(node.data) && matches(node.data, hovered));
      }
  }

  const scrollTo = (index) => index !== null && index < api.getDisplayedRowCount() && api.ensureIndexVisible(index, "middle");

  /* The chosen atom's row, wherever it is; nothing where it is in sight. */
  async function seek() {
    const { atom } = atlas.view.get();
    mark();
    if (atom === null || api.getRenderedNodes().some((node) => isChosen(node.data))) return;
    const mine = turn;
    const page = await readRows(rowsAddress(0, 0, atom));
    if (mine === turn) scrollTo(page.place);
  }

  async function refresh() {
    const mine = ++turn;
    const { atom, models } = atlas.view.get();
    const [of, query] = [panel, selecting()];
    const compared = showsOverlap(atlas.view.get(), atlas.info) ? comparisonName(atlas.view.get(), atlas.info) : "";
    const columnsKey = `${of} ${of === "atoms" ? models : ""} ${compared}`;
    try {
      if (columnsKey !== shownColumns) {
        const columns = await readRows(atlas.data(`rows/${of}/columns?${query}`));
        if (mine !== turn) return;
        shownColumns = columnsKey;
        api.setGridOption("columnDefs", gridColumns(columns, of));
      }
      // the old rows stay until the new ones are here
      const page = await readRows(rowsAddress(0, TABLE_BLOCK, atom));
      if (mine !== turn) return;
      ahead = { address: rowsAddress(0, TABLE_BLOCK), page };
      say(tableHeading(of, page));
      awaited = page.place;
      if (api.getGridOption("datasource") === source) api.purgeInfiniteCache();
      else api.setGridOption("datasource", source);
      performance.mark("atlas:table");
    } catch (error) {
      if (mine === turn) say(error.message, true);
    } finally {
      if (mine === turn) shownRows = `${of} ${query}`;
    }
  }

  /* Rows are asked for as soon as the view changes, but by one request at a time, while a range is dragged say. */
  let busy = false;
  async function later() {
    if (busy) return;
    busy = true;
    try {
      while (isTable(panel) && api && shownRows !== `${panel} ${selecting()}`) await refresh();
    } finally {
      busy = false;
    }
  }

  async function make() {
    window.dash_clientside.set_props("table-wanted", { data: true });
    api = await window.dash_ag_grid.getApiAsync("table");
    // arrows go from cell to cell, Tab leaves the table
    for (const option of ["tabToNextCell", "tabToNextHeader"]) api.setGridOption(option, () => false);
    api.setGridOption("rowClassRules", { "chosen-row": (params) => isChosen(params.data) });
    const on = (name, run) => api.addEventListener(name, run);
    const choose = (event) => {
      if (event.column.getColId() !== TICK_COLUMN && event.data) atlas.view.set({ atom: event.data.row }, { step: true });
    };
    on("cellClicked", choose);
    on("cellKeyDown", (event) => event.event.key === "Enter" && choose(event));
    on("cellMouseOver", (event) => atlas.hover.set(event.data ? event.data.row : null));
    on("cellMouseOut", () => atlas.hover.set(null));
    on("selectionChanged", tools);
    on("filterChanged", tools);
    on("viewportChanged", mark);
  }

  let made = null;
  atlas.hover.on(() => isTable(panel) && api && mark());
  atlas.view.on((_, changed) => {
    if (!isTable(panel) || !api) return;
    if (changed.has("atom")) seek().catch((error) => say(error.message, true));
    later();
  });

  return {
    async show(next) {
      panel = next;
      if (!isTable(panel)) {
        turn += 1;
        shownRows = "";
        say("");
        if (api) tools();
        return;
      }
      made ||= make();
      await made.catch(atlas.failed);
      if (api && panel === next) await later();
    },
  };
}
