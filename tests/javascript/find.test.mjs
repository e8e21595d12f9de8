import assert from "node:assert/strict";
import { test } from "node:test";

import { foundText, markedParts } from "../../assets/panels/find.js";

test("how much was found is said in one line", () => {
  assert.equal(foundText({ atoms: 1212, structures: 61 }), "1,212 atoms in 61 crystals");
  assert.equal(foundText({ atoms: 1, structures: 1 }), "1 atom in 1 crystal");
  assert.equal(foundText({ atoms: 0, structures: 0 }), "0 atoms in 0 crystals");
});

test("the wrong part of a text is set apart, and what is missing at its end shown", () => {
  assert.deepEqual(markedParts("Ce and bandgap > 2", 7, 14), ["Ce and ", "bandgap", " > 2"]);
  assert.deepEqual(markedParts("Ce and", 6, 6), ["Ce and", "…", ""]);
});
