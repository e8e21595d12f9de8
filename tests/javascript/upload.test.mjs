import assert from "node:assert/strict";
import { test } from "node:test";

import { guestsOf, uploadSentence } from "../../assets/panels/upload.js";

test("marks of a site are its places in every model and map that has one", () => {
  const places = { a: { maps: { "pca-2d": [[0, 1], [2, 3]], "umap-2d": [[0, 0], [null, null]] } }, b: { maps: {} } };
  const [guest] = guestsOf("NaCl", { label: "Cl 1", element: "Cl" }, 1, places);
  assert.deepEqual(guest, { label: "Cl 1 of NaCl", symbol: "Cl", maps: { a: { "pca-2d": [2, 3] }, b: {} } });
});

test("how far a job is, is one sentence", () => {
  const models = { a: { state: "done" }, b: { state: "refused" }, c: { state: "loading" } };
  assert.equal(uploadSentence({ state: "running", models }), "2 of 3 models done");
  assert.equal(uploadSentence({ state: "done", models }), "Placed by 1 of 3 models");
  assert.equal(uploadSentence({ state: "waiting", ahead: 1, models }), "Waiting for the crystal before this one");
  assert.equal(uploadSentence({ state: "waiting", ahead: 3, models }), "Waiting: 2 more before this one");
  assert.equal(uploadSentence({ state: "failed", reason: "the file is empty", models }), "the file is empty");
});
