/* One saved view in the panel: a button that shows it, or what changes it. */
import { buildNode } from "./nodes.js";

const viewButton = (key, text, label, run, disabled = false) =>
  buildNode("button", { type: "button", class: "link", "data-key": key, "aria-label": label, title: label, disabled, onclick: run }, text);

export function viewRow(view, { list, position, current, show }) {
  const button = buildNode(
    "button", { type: "button", class: "view-title", "data-key": `${list.id}-show-${position}`, "aria-current": current ? "true" : null, onclick: show },
    view.title,
  );
  return buildNode("li", { class: "view-row" }, button, ...(view.note ? [buildNode("p", { class: "view-note" }, view.note)] : []));
}

/* Fields write when they are left, and the row stays: a redrawn one would lose the click that left them. */
export function viewEditor(view, { list, position, count, rename, annotate, move, replace, remove }) {
  const key = (what) => `${list.id}-${what}-${position}`;
  const n = position + 1;
  const field = (name, label, most, write) => {
    const input = buildNode("input", { type: "text", class: `view-${name}-field`, "data-key": key(name), "aria-label": `${label} of view ${n}`, placeholder: label, maxlength: most });
    input.value = view[name] || "";
    input.addEventListener("change", () => {
      input.value = write(input.value);
      if (name === "title") relabel(input.value);
    });
    return input;
  };
  const tools = [
    ["up", "↑", (title) => `Move “${title}” up`, () => move(position - 1), position === 0],
    ["down", "↓", (title) => `Move “${title}” down`, () => move(position + 1), position === count - 1],
    ["replace", "replace", (title) => `Replace “${title}” by what is shown now`, replace],
    ["delete", "delete", (title) => `Delete “${title}”`, remove],
  ];
  const buttons = tools.map(([what, text, label, run, disabled]) => viewButton(key(what), text, label(view.title), run, disabled));
  function relabel(title) {
    tools.forEach(([, , label], i) => {
      buttons[i].title = label(title);
      buttons[i].setAttribute("aria-label", label(title));
    });
  }
  return buildNode(
    "li", { class: "view-row editing" },
    field("title", "Title", 200, rename), field("note", "Note", 2000, annotate), buildNode("div", { class: "view-tools" }, ...buttons),
  );
}
