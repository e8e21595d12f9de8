/* Keys that act on the page, and the sheet that lists them. */
import { isDialogOpen, openDialog } from "./dialog.js";
import { buildNode } from "./nodes.js";
import { keepItem, keptItem } from "./storage.js";

const KEY_SIGNS = {
  ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", " ": "Space", PageUp: "Page ↑", PageDown: "Page ↓", "-": "−",
};
const NO_TEXT = new Set(["button", "checkbox", "color", "file", "image", "radio", "range", "reset", "submit"]);
const TEXT_ROLES = '[role="textbox"], [role="searchbox"], [role="combobox"], [role="spinbutton"]';
const MOVING_ROLES = '[role="slider"], [role="radiogroup"], [role="tablist"], [role="menu"], [role="listbox"], [role="grid"], [role="treegrid"], '
  + '[role="tree"], [role="application"], [role="toolbar"]';

/* "t", "?", "Shift+T", "ArrowLeft", "Shift+ArrowLeft", "Ctrl+k": signs as typed, letters without regard to Caps Lock. */
export function keyName({ key, shiftKey, ctrlKey, altKey, metaKey }) {
  const letter = key.length === 1 && key.toLowerCase() !== key.toUpperCase();
  const shift = shiftKey && (letter || key.length > 1);
  const plain = letter ? (shift ? key.toUpperCase() : key.toLowerCase()) : key;
  return `${ctrlKey ? "Ctrl+" : ""}${altKey ? "Alt+" : ""}${metaKey ? "Meta+" : ""}${shift ? "Shift+" : ""}${plain}`;
}

export const keySign = (name) => name.split(/\+(?=.)/).map((part) => KEY_SIGNS[part] || (part.length === 1 ? part.toUpperCase() : part)).join(" ");

/* Whether what has the focus uses this key itself. */
export function takesKey(target, key) {
  const tag = target?.tagName;
  if (!tag || !target.closest) return false;
  if (tag === "TEXTAREA" || tag === "SELECT" || target.isContentEditable) return true;
  if (tag === "INPUT" && !NO_TEXT.has(target.type)) return true;
  if (target.closest(TEXT_ROLES)) return true;
  if (key.length === 1 && key !== " ") return false;
  if (key === "Escape") return false;
  if (key === "Enter" || key === " ") return ["BUTTON", "A", "SUMMARY", "INPUT"].includes(tag) || Boolean(target.closest(MOVING_ROLES));
  return tag === "INPUT" || Boolean(target.closest(MOVING_ROLES));
}

/*
An action: {id, keys, label, group, run, when, first}. Without `run` it is only listed. `when` says whether it applies now;
`first`: even where what has the focus uses the key. Of several that apply to a key, the one added last acts.
*/
export function makeActions() {
  let actions = [];
  let signs = true;

  return {
    add(action) {
      const made = { group: "Page", keys: [], when: () => true, first: false, ...action };
      actions = [...actions.filter((a) => a.id !== made.id), made];
      return () => (actions = actions.filter((a) => a !== made));
    },
    list: () => actions.map(({ id, keys, label, group }) => ({ id, keys: [...keys], label, group })),
    run: (id) => actions.find((a) => a.id === id)?.run?.(),
    /* Whether single signs act; people who dictate can turn them off. */
    setSigns: (on) => (signs = on),
    signs: () => signs,
    /* Act on a key event, and say whether anything did. */
    press(event, firstOnly = false) {
      if (event.defaultPrevented || event.isComposing || !event.key) return false;
      const name = keyName(event);
      if (!signs && event.key.length === 1) return false;
      const found = actions.findLast((a) => a.run && a.first === firstOnly && a.keys.includes(name) && a.when());
      const typing = takesKey(event.target, "a");
      if (!found || typing || (!firstOnly && takesKey(event.target, event.key))) return false;
      event.preventDefault();
      if (firstOnly) event.stopPropagation();
      found.run(event);
      return true;
    },
  };
}

function sheetGroups(actions) {
  const groups = new Map();
  for (const action of actions.list()) {
    if (!action.keys.length) continue;
    groups.set(action.group, [...(groups.get(action.group) || []), action]);
  }
  return [...groups].map(([group, members]) =>
    buildNode(
      "section", { class: "key-group" }, buildNode("h3", {}, group),
      buildNode("dl", {}, ...members.flatMap(({ keys, label }) => [
        buildNode("dt", {}, ...keys.flatMap((key, i) => [i ? " " : "", buildNode("kbd", {}, keySign(key))])),
        buildNode("dd", {}, label),
      ])),
    ));
}

function openKeySheet(atlas) {
  if (isDialogOpen()) return;
  const { actions } = atlas;
  const box = buildNode("input", { type: "checkbox", checked: actions.signs() });
  box.addEventListener("change", () => {
    actions.setSigns(box.checked);
    keepItem("keys", box.checked ? null : "off");
  });
  const again = buildNode("button", { type: "button", class: "link" }, "Show the three hints again");
  const foot = buildNode("div", { class: "key-foot" }, buildNode("label", {}, box, " Single keys act on the page"), again);
  const dialog = openDialog("Keys", [buildNode("div", { class: "key-groups" }, ...sheetGroups(actions)), foot], { name: "keys" });
  again.addEventListener("click", () => {
    dialog.close();
    actions.run("hints");
  });
}

export function startKeyboard(atlas) {
  const { actions } = atlas;
  actions.setSigns(keptItem("keys") !== "off");
  const page = { group: "Page" };
  actions.add({ ...page, id: "help", keys: ["?"], label: "This list", run: () => openKeySheet(atlas) });
  const places = { group: "Go to" };
  const goTo = (selector) => () => [...document.querySelectorAll(selector)].find((node) => node.checkVisibility() && node.tabIndex >= 0)?.focus();
  actions.add({ ...places, id: "go-maps", keys: ["m"], label: "The maps", run: goTo("#maps") });
  actions.add({ ...places, id: "go-models", keys: ["o"], label: "The models (arrows go from one to the next)", run: goTo("#models button") });
  actions.add({ ...places, id: "go-legend", keys: ["g"], label: "The legend", run: goTo("#legend button") });
  actions.add({ ...places, id: "go-neighbours", keys: ["n"], label: "The neighbours of the chosen atom", run: goTo("#neighbours .neighbour") });
  const maps = { group: "Maps, where they have the focus" };
  actions.add({ ...maps, id: "walk", keys: ["ArrowLeft", "ArrowUp", "ArrowDown", "ArrowRight"], label: "From atom to atom" });
  actions.add({ ...maps, id: "another", keys: ["PageUp", "PageDown"], label: "The same atom in another map" });
  actions.add({ ...maps, id: "take", keys: ["Enter"], label: "Choose the atom" });

  document.addEventListener("click", (event) => event.target.closest?.("#open-keys") && openKeySheet(atlas));
  window.addEventListener("keydown", (event) => !isDialogOpen() && actions.press(event, true), true);
  document.addEventListener("keydown", (event) => !isDialogOpen() && actions.press(event));
}
