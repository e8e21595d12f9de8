/* Columns of the tables for ag-grid, and how their cells are written. */
import { formulaNode, symmetryNode } from "../atlas/tip.js";
import { columnNumber, counted } from "./words.js";

const COLUMN_WIDTHS = { formula: 110, symmetry: 122, text: 124, number: 96 };
const ATOM_WIDTH = 92;

/* A cell made of nodes, never of markup. */
const nodeCell = (make) =>
  class {
    init(params) {
      this.node = document.createElement("span");
      this.refresh(params);
    }
    getGui() {
      return this.node;
    }
    refresh(params) {
      this.node.replaceChildren(params.value === undefined || params.value === null ? "" : make(String(params.value)));
      return true;
    }
  };

const columnHeader = (column) => (column.unit ? `${column.label} (${column.unit})` : column.label);

function numberColumnOf(column) {
  return {
    type: "rightAligned",
    cellClass: ["ag-right-aligned-cell", "number"],
    valueFormatter: (p) => columnNumber(p.value, column.decimals),
    filter: "agNumberColumnFilter",
    filterParams: {
      filterOptions: ["equals", "notEqual", "lessThan", "lessThanOrEqual", "greaterThan", "greaterThanOrEqual", "inRange", "blank", "notBlank"],
      inRangeInclusive: true, buttons: ["apply", "reset"], closeOnApply: true,
    },
  };
}

function textColumnOf(column) {
  const renderers = { formula: () => nodeCell(formulaNode), symmetry: () => nodeCell(symmetryNode) };
  return {
    ...(renderers[column.kind] ? { cellRenderer: renderers[column.kind]() } : { tooltipField: column.id }),
    filter: "agTextColumnFilter",
    filterParams: {
      filterOptions: ["contains", "notContains", "equals", "notEqual", "startsWith", "endsWith", "blank", "notBlank"],
      buttons: ["apply", "reset"], closeOnApply: true,
    },
  };
}

/* What ag-grid takes, from what the server says of the columns. */
export function gridColumns(columns, of) {
  const made = columns.map((column) => ({
    colId: column.id,
    field: column.id,
    headerName: columnHeader(column),
    headerTooltip: columnHeader(column),
    width: column.id === "atom" ? ATOM_WIDTH : Math.max(COLUMN_WIDTHS[column.kind], Math.min(240, 50 + 6.9 * columnHeader(column).length)),
    ...(column.id === "formula" ? { pinned: "left" } : {}),
    ...(column.kind === "number" ? numberColumnOf(column) : textColumnOf(column)),
  }));
  if (of === "structures") {
    const after = made.findIndex((c) => c.colId === "n_atoms") + 1;
    made.splice(after, 0, { colId: "selected", field: "selected", headerName: "Atoms selected", width: 128, sortable: false, type: "rightAligned", cellClass: ["ag-right-aligned-cell", "number"], valueFormatter: (p) => columnNumber(p.value, 0) });
  }
  return made;
}

const quotedId = (text) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/* The text of the filter that keeps only some structures. */
export function keepText(ids) {
  return ids.length === 1 ? `id = ${quotedId(ids[0])}` : `id in (${ids.map(quotedId).join(", ")})`;
}

/* What stands over a table: how many there are of how many. */
export function tableHeading(of, page) {
  const { atoms, structures, of: all, total, unfiltered } = page;
  const selected = atoms === all ? `All ${counted(all, "atom")} in ${counted(structures, "crystal")}` :
    `${counted(atoms, "atom")} in ${counted(structures, "crystal")} selected of ${counted(all, "atom")}`;
  if (total === unfiltered) return selected;
  return `${selected}; ${counted(total, of === "atoms" ? "atom" : "crystal")} ${total === 1 ? "passes" : "pass"} the column filters`;
}
