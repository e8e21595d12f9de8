import assert from "node:assert/strict";
import { test } from "node:test";

import { exportPath, fileNameOf } from "../../assets/panels/export.js";

test("an export's address is the view's query with the options of the export behind it", () => {
  assert.equal(exportPath("png", "?models=a&k=20", { dpi: 300 }), "export/png?models=a&k=20&dpi=300");
  assert.equal(exportPath("csv", "models=a"), "export/csv?models=a");
});

test("the default view needs no query", () => {
  assert.equal(exportPath("csv", ""), "export/csv");
  assert.equal(exportPath("png", "?", { width: 89 }), "export/png?width=89");
});

test("the name of a file is the one that the server gives", () => {
  assert.equal(fileNameOf('attachment; filename="catalogue-pca-2d.csv"', "x"), "catalogue-pca-2d.csv");
  assert.equal(fileNameOf(null, "view.csv"), "view.csv");
});
