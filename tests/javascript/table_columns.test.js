import assert from "node:assert/strict";
import { test } from "node:test";
import { gridColumns, keepText, tableHeading } from "../../assets/panels/table_columns.js";

test("headers carry units, numbers are right-aligned, and no filter is left to the browser", () => {
  const [text, number] = gridColumns([
    { id: "id", label: "Id", unit: "", kind: "text", of: "structure" },
    { id: "structure.band_gap", label: "Band gap", unit: "eV", kind: "number", of: "structure", decimals: 3 },
  ], "atoms");
  assert.equal(number.headerName, "Band gap (eV)");
  assert.equal(number.type, "rightAligned");
  assert.equal(number.valueFormatter({ value: 1.5 }), "1.500");
  assert.deepEqual([text.filter, number.filter], ["agTextColumnFilter", "agNumberColumnFilter"]);
});

test("the table of structures says how many atoms of each are selected", () => {
  const columns = gridColumns([{ id: "n_atoms", label: "Atoms", unit: "", kind: "number", of: "structure", decimals: 0 }], "structures");
  assert.deepEqual(columns.map((c) => c.colId), ["n_atoms", "selected"]);
});

test("ticked crystals become a filter, whatever their ids hold", () => {
  assert.equal(keepText(["mp-1"]), 'id = "mp-1"');
  assert.equal(keepText(["a b", 'say "x"\\']), 'id in ("a b", "say \\"x\\"\\\\")');
});

test("headings say how many of how many", () => {
  const page = { atoms: 12, structures: 1, of: 6706, total: 12, unfiltered: 12 };
  assert.equal(tableHeading("atoms", page), "12 atoms in 1 crystal selected of 6,706 atoms");
  assert.equal(tableHeading("atoms", { ...page, total: 1 }), "12 atoms in 1 crystal selected of 6,706 atoms; 1 atom passes the column filters");
  assert.equal(tableHeading("structures", { atoms: 6706, structures: 962, of: 6706, total: 962, unfiltered: 962 }), "All 6,706 atoms in 962 crystals");
});
