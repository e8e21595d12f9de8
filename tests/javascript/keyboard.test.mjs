import assert from "node:assert/strict";
import test from "node:test";
import { keyName, keySign, makeActions, takesKey } from "../../assets/panels/keyboard.js";

const event = (key, more = {}) => ({
  key, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, target: null, prevented: false,
  preventDefault() {
    this.prevented = true;
  },
  stopPropagation() {},
  ...more,
});
const node = (tagName, { roles = [], ...more } = {}) => ({
  tagName, type: "", isContentEditable: false, closest: (selector) => (roles.some((role) => selector.includes(`"${role}"`)) ? {} : null), ...more,
});

test("letters are named without regard to Caps Lock, signs as they are typed", () => {
  assert.equal(keyName(event("t")), "t");
  assert.equal(keyName(event("T")), "t");
  assert.equal(keyName(event("T", { shiftKey: true })), "Shift+T");
  assert.equal(keyName(event("t", { shiftKey: true })), "Shift+T");
  assert.equal(keyName(event("?", { shiftKey: true })), "?");
  assert.equal(keyName(event("+", { shiftKey: true })), "+");
  assert.equal(keyName(event("ArrowLeft", { shiftKey: true })), "Shift+ArrowLeft");
  assert.equal(keyName(event("k", { ctrlKey: true })), "Ctrl+k");
});

test("keys are shown as people know them", () => {
  assert.equal(keySign("ArrowLeft"), "←");
  assert.equal(keySign("t"), "T");
  assert.equal(keySign("+"), "+");
  assert.equal(keySign("Shift+ArrowLeft"), "Shift ←");
});

test("text fields keep every key, other controls only those they use", () => {
  for (const at of [node("INPUT", { type: "text" }), node("INPUT", { type: "search" }), node("TEXTAREA"), node("SELECT"),
    node("DIV", { isContentEditable: true }), node("DIV", { roles: ["combobox"] })])
    for (const key of ["t", "?", "ArrowLeft", "Escape"]) assert.equal(takesKey(at, key), true, `${at.tagName} ${key}`);
  assert.equal(takesKey(node("BUTTON"), "t"), false);
  assert.equal(takesKey(node("BUTTON"), "Enter"), true);
  assert.equal(takesKey(node("BUTTON"), "ArrowLeft"), false);
  assert.equal(takesKey(node("INPUT", { type: "range" }), "ArrowLeft"), true);
  assert.equal(takesKey(node("INPUT", { type: "checkbox" }), "t"), false);
  assert.equal(takesKey(node("DIV", { roles: ["slider"] }), "ArrowLeft"), true);
  assert.equal(takesKey(node("DIV", { roles: ["slider"] }), "t"), false);
  assert.equal(takesKey(node("BODY"), "ArrowLeft"), false);
  assert.equal(takesKey(null, "t"), false);
});

test("an action runs on its keys only, and then the browser does nothing else", () => {
  const actions = makeActions();
  let ran = 0;
  actions.add({ id: "a", keys: ["a", "+"], label: "A", run: () => (ran += 1) });
  const pressed = event("a");
  assert.equal(actions.press(pressed), true);
  assert.equal(pressed.prevented, true);
  const other = event("b");
  assert.equal(actions.press(other), false);
  assert.equal(other.prevented, false);
  assert.equal(actions.press(event("a", { ctrlKey: true })), false);
  assert.equal(actions.press(event("a", { defaultPrevented: true })), false);
  assert.equal(actions.press(event("a", { isComposing: true })), false);
  assert.equal(actions.press(event("a", { target: node("TEXTAREA") })), false);
  assert.equal(ran, 1);
});

test("of several for one key the last that applies acts", () => {
  const actions = makeActions();
  const ran = [];
  let on = false;
  actions.add({ id: "always", keys: ["p"], label: "", run: () => ran.push("always") });
  const remove = actions.add({ id: "sometimes", keys: ["p"], label: "", when: () => on, run: () => ran.push("sometimes") });
  actions.press(event("p"));
  on = true;
  actions.press(event("p"));
  remove();
  actions.press(event("p"));
  assert.deepEqual(ran, ["always", "sometimes", "always"]);
});

test("an action added again under its id replaces the first", () => {
  const actions = makeActions();
  actions.add({ id: "a", keys: ["a"], label: "first", run: () => {} });
  actions.add({ id: "a", keys: ["b"], label: "second", run: () => {} });
  assert.deepEqual(actions.list(), [{ id: "a", keys: ["b"], label: "second", group: "Page" }]);
  assert.equal(actions.press(event("a")), false);
});

test("an action that goes first takes keys from what has the focus, though not from text", () => {
  const actions = makeActions();
  let ran = 0;
  actions.add({ id: "next", keys: ["ArrowRight"], label: "", first: true, run: () => (ran += 1) });
  const maps = node("DIV", { roles: ["application"] });
  assert.equal(actions.press(event("ArrowRight", { target: maps })), false);
  assert.equal(actions.press(event("ArrowRight", { target: maps }), true), true);
  assert.equal(actions.press(event("ArrowRight", { target: node("TEXTAREA") }), true), false);
  assert.equal(ran, 1);
});

test("what is only listed does nothing, and single signs can be turned off", () => {
  const actions = makeActions();
  let ran = 0;
  actions.add({ id: "told", keys: ["Enter"], label: "told" });
  actions.add({ id: "a", keys: ["a", "Escape"], label: "A", run: () => (ran += 1) });
  assert.equal(actions.press(event("Enter")), false);
  actions.setSigns(false);
  assert.equal(actions.press(event("a")), false);
  assert.equal(actions.press(event("Escape")), true);
  assert.equal(ran, 1);
});
