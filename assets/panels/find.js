/* The find box: a combobox of suggestions, the filter that is set, and what is wrong with a text. */
import { buildNode } from "./nodes.js";
import { counted } from "./words.js";

const FIND_PAUSE = 90; // ms without typing before suggestions are asked for
const FIND_EXAMPLES = [
  ["BaCeO3", "crystals of a formula, in any order"],
  ["Ce-O", "crystals that hold these elements"],
  ["Ce", "atoms of an element"],
  ["Ce in BaCeO3", "atoms of an element in crystals"],
  ["F, Cl, Br, I", "atoms of any of these elements"],
  ["halogens", "atoms of a class of elements"],
  ["perovskite", "a name or prototype"],
  ["Pm-3m", "a space group"],
  ["crystal_system = cubic and element = Ce", "a condition; join with and, or, not"],
];

const FIND_KINDS = { quantity: "property", text: "select" };

/* "212 atoms in 61 crystals". */
export function foundText({ atoms, structures }) {
  return `${counted(atoms, "atom")} in ${counted(structures, "crystal")}`;
}

/* A text in three parts, the middle one wrong; at its end something is missing. */
export function markedParts(text, start, end) {
  return end > start ? [text.slice(0, start), text.slice(start, end), text.slice(end)] : [text, "…", ""];
}

export function startFind(atlas) {
  const host = document.getElementById("find");
  if (!host || host.firstChild) return;
  const { view } = atlas;
  const list = buildNode("ul", { id: "find-list", class: "find-list", role: "listbox", "aria-label": "Suggestions", hidden: true });
  const input = buildNode("input", {
    id: "find-text", class: "find-text", type: "text", role: "combobox", autocomplete: "off", spellcheck: "false", maxlength: "500",
    placeholder: "Find: BaCeO3, Ce-O, perovskite, element = Ti …", "aria-label": "Find atoms and crystals", "aria-autocomplete": "list",
    "aria-expanded": "false", "aria-controls": "find-list", "aria-describedby": "find-error", title: "Find (/)",
  });
  const chip = buildNode("span", { class: "find-chip", hidden: true });
  const count = buildNode("span", { id: "find-count", role: "status" });
  const clear = buildNode("button", { type: "button", class: "find-clear", "aria-label": "Clear the find box", title: "Clear" }, "×");
  chip.append(count, clear);
  const error = buildNode("div", { id: "find-error", class: "find-error", role: "alert", hidden: true });
  const told = buildNode("span", { class: "find-told", role: "status" });
  host.append(input, chip, list, error, told);

  let options = [];
  let active = -1;
  let asked = 0; // answers to older questions are dropped
  let timer = 0;

  const ask = async (path) => {
    const answer = await fetch(atlas.data(path));
    if (!answer.ok) throw new Error(`the find box got no answer (${answer.status})`);
    return answer.json();
  };
  const close = () => {
    clearTimeout(timer);
    asked += 1;
    options = [];
    active = -1;
    list.hidden = true;
    told.textContent = "";
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const activate = (next) => {
    active = next;
    [...list.children].forEach((node, i) => node.setAttribute("aria-selected", String(i === active)));
    if (active < 0) input.removeAttribute("aria-activedescendant");
    else {
      input.setAttribute("aria-activedescendant", list.children[active].id);
      list.children[active].scrollIntoView({ block: "nearest" });
    }
  };
  const open = (found) => {
    options = found;
    active = -1;
    input.removeAttribute("aria-activedescendant");
    list.replaceChildren(...found.map(({ label, kind, value }, i) => {
      const main = kind === "example" ? value : label;
      const note = kind === "example" ? label : FIND_KINDS[kind] || kind;
      return buildNode("li", { id: `find-option-${i}`, role: "option", "aria-selected": "false" }, buildNode("span", {}, main), buildNode("small", {}, note));
    }));
    list.hidden = !found.length;
    input.setAttribute("aria-expanded", String(found.length > 0));
    list.classList.toggle("continues", Boolean(input.value.trim()));
    told.textContent = found.length ? counted(found.length, "suggestion") : "";
  };
  const suggest = () => {
    clearTimeout(timer);
    const mine = (asked += 1);
    timer = setTimeout(async () => {
      const text = input.value;
      if (!text.trim()) {
        open(FIND_EXAMPLES.map(([value, label]) => ({ value, label, kind: "example" })));
        return;
      }
      try {
        const found = await ask(`suggest?text=${encodeURIComponent(text)}&cursor=${input.selectionStart ?? text.length}`);
        if (mine === asked) open(found);
      } catch (failure) {
        atlas.failed(failure);
      }
    }, input.value.trim() ? FIND_PAUSE : 0);
  };
  const hideError = () => {
    error.hidden = true;
    error.replaceChildren();
    input.removeAttribute("aria-invalid");
    chip.hidden = !count.textContent;
  };
  const showError = (text, { error: message, start, end }) => {
    const [before, wrong, after] = markedParts(text, start, end);
    const marked = buildNode("p", { class: "find-wrong", "aria-hidden": "true" }, before, buildNode("mark", {}, wrong), after);
    const words = message.split("`").map((part, i) => (i % 2 ? buildNode("code", {}, part) : part));
    error.replaceChildren(marked, buildNode("p", {}, ...words));
    error.hidden = false;
    input.setAttribute("aria-invalid", "true");
    chip.hidden = text !== view.get().find; // the count is of the filter that is set
  };
  const showCount = async () => {
    const text = view.get().find;
    count.textContent = "";
    chip.hidden = true;
    host.classList.toggle("filtering", Boolean(text));
    if (!text) return;
    try {
      const found = await ask(`found?text=${encodeURIComponent(text)}`);
      if (text !== view.get().find) return;
      count.textContent = found.error ? "not understood" : foundText(found);
      if (found.error) showError(text, found);
      chip.hidden = false;
    } catch (failure) {
      atlas.failed(failure);
    }
  };
  /* What was asked for is done: keys act on the page again. */
  const leave = () => {
    if (document.activeElement !== input) return;
    input.blur();
    atlas.maps?.host.focus({ preventScroll: true });
  };
  const apply = async () => {
    const text = input.value.trim();
    close();
    hideError();
    if (!text) {
      view.set({ find: "" }, { step: true });
      leave();
      return;
    }
    try {
      const found = await ask(`found?text=${encodeURIComponent(text)}`);
      if (input.value.trim() !== text) return;
      if (found.error) showError(text, found);
      else {
        view.set({ find: text }, { step: true });
        leave();
      }
    } catch (failure) {
      atlas.failed(failure);
    }
  };
  const pick = (i) => {
    const { kind, value, caret, atom } = options[i];
    if (kind === "crystal") {
      close();
      input.value = view.get().find;
      hideError();
      view.set({ atom }, { step: true });
      leave();
      return;
    }
    input.value = value;
    const at = caret ?? value.length;
    input.setSelectionRange(at, at);
    hideError();
    if (["example", "element", "class", "text"].includes(kind)) apply();
    else suggest();
  };
  /* Back to the text of the filter that is set. */
  const reset = () => {
    close();
    hideError();
    input.value = view.get().find;
  };

  input.addEventListener("input", () => {
    hideError();
    suggest();
  });
  input.addEventListener("focus", () => !input.value && suggest());
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const shown = !list.hidden && options.length;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!shown) suggest();
      else {
        const step = event.key === "ArrowDown" ? 1 : -1;
        activate(((active + 1 + step + options.length + 1) % (options.length + 1)) - 1);
      }
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (shown && active >= 0) pick(active);
      else apply();
    } else if (event.key === "Escape") {
      event.stopPropagation();
      if (shown) close();
      else if (input.value !== view.get().find) reset();
      else leave();
    }
  });
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
  list.addEventListener("click", (event) => {
    const node = event.target.closest("[role=option]");
    if (node) pick([...list.children].indexOf(node));
  });
  clear.addEventListener("click", () => {
    view.set({ find: "" }, { step: true });
    input.focus();
  });

  view.on((_view, changed) => {
    if (changed.has("find")) {
      reset();
      showCount();
    } else if (changed.has("atom") && document.activeElement !== input) reset();
  });
  atlas.actions?.add({
    id: "find", keys: ["/"], label: "Find", group: "Page",
    run() {
      input.focus();
      input.select();
    },
  });
  input.value = view.get().find;
  showCount();
}
