/* The periodic table as legend, selector and heat map, in the left column and enlarged. */
import { mapName } from "../atlas/scene.js";
import { countValues, heatCells, legendCells, meanValues } from "./element_cells.js";
import { makeElementGrid } from "./element_grid.js";
import { knownElements } from "./element_means.js";
import { ELEMENT_SETS, alongLabel, elementsBetween, membersOf, pickedAfter } from "./element_sets.js";
import { buildNode } from "./nodes.js";
import { counted, groupedNumber } from "./words.js";

const KNOWN_SET = "known";

const countElementValues = (numbers, _stored, _legend, mask) => countValues(numbers, mask);

export function startPeriodicTable(atlas) {
  const host = document.getElementById("periodic-table");
  if (!host) return;
  const { info, view, arrays } = atlas;
  const present = info.elements.filter((element) => element.n);
  const isPresent = new Set(present.map((element) => element.symbol));
  const tables = [];
  let shows = view.get().cells; // "legend", "count", or the id of a quantity whose mean is shown
  let last = null; // symbol clicked last, where a rectangle starts
  let asked = 0;

  const isOfElements = (legend) => info.quantities.find((q) => q.id === legend.id)?.of === "element";
  const take = (symbols) => view.set({ elements: symbols.length === present.length ? [] : symbols });
  const add = (symbols) =>
    take(
      pickedAfter(
        info.elements,
        view.get().elements,
        symbols.filter((s) => isPresent.has(s)),
      ),
    );

  function pick(event, button) {
    const { element, along, value } = button.dataset;
    if (along) {
      const symbols = membersOf(present, alongLabel(along, value));
      if (symbols.length) add(symbols);
    } else if (event.shiftKey && last) {
      const span = elementsBetween(info.elements, last, element).filter((symbol) => isPresent.has(symbol));
      take(
        pickedAfter(
          info.elements,
          view.get().elements.filter((s) => !span.includes(s)),
          span,
        ),
      );
    } else add([element]);
    if (element) last = element;
  }

  async function pickSet(id) {
    if (id !== KNOWN_SET) return take(membersOf(present, ELEMENT_SETS.find((set) => set.id === id).has));
    const now = view.get();
    const map = mapName(now, info);
    const keys = now.models.filter((key) => info.maps[key]?.[map]);
    const [numbers, ...points] = await Promise.all([
      arrays.column("element"),
      ...keys.map((key) => arrays.points(key, map, now.align)),
    ]);
    const symbols = knownElements(
      numbers,
      points.map(({ xy }) => xy),
    ).map((number) => info.elements[number - 1].symbol);
    if (symbols.length === present.length)
      atlas.say(`Every model shown has atoms of all ${present.length} elements of this atlas.`, "info");
    return take(symbols);
  }

  /* Numbers of elements rest on stored values and the selection: other colours and picked elements count no atom anew. */
  let summed = {};
  function perElement(make, numbers, stored, legend, mask) {
    const same = summed.make === make && summed.stored === stored && summed.mask === mask;
    if (!same) summed = { make, stored, mask, found: make(numbers, stored, legend, mask) };
    return summed.found;
  }

  /* What the cells show, and a sentence on it. */
  async function content() {
    const now = view.get();
    const { mask, count } = atlas.selection.get();
    const legend = atlas.legend.get();
    const atoms = mask ? `the ${counted(count, "selected atom")}` : `all ${counted(count, "atom")}`;
    if (shows === "legend") {
      const own = legend.kind === "number" && isOfElements(legend);
      if (!own) return { cells: legendCells(info, legend, now, null), scale: null, says: "" };
      const [numbers, stored] = await Promise.all([arrays.column("element"), arrays.values(legend.id)]);
      const { values } = perElement(meanValues, numbers, stored, legend, null);
      return { cells: legendCells(info, legend, now, (number) => values[number]), scale: null, says: "" };
    }
    const numbers = await arrays.column("element");
    if (shows === "count") {
      const heat = { ...perElement(countElementValues, numbers, null, null, mask), label: "Atoms", unit: "", of: "", log: true };
      return { ...heatCells(info, now, heat), says: `Atoms of each element among ${atoms}; logarithmic colours.` };
    }
    const quantity = info.quantities.find((q) => q.id === shows);
    const key =
      quantity.of === "model"
        ? now.models.find((k) => !quantity.models?.length || quantity.models.includes(k))
        : undefined;
    if (quantity.of === "model" && !key)
      return {
        cells: legendCells(info, legend, now, null),
        scale: null,
        says: `No model shown has ${quantity.label}.`,
      };
    const [stored, meaning] = await Promise.all([arrays.values(shows, key), arrays.legend(shows)]);
    const of = key ? ` of ${key}` : "";
    const heat = {
      ...perElement(meanValues, numbers, stored, meaning, mask),
      label: `mean ${meaning.label}`,
      unit: meaning.unit,
      of,
      log: false,
    };
    const unit = meaning.unit ? ` (${meaning.unit})` : "";
    const n = heat.counts.reduce((sum, each) => sum + each, 0);
    const over = n < count ? `${groupedNumber(n)} of ${atoms}` : atoms;
    return { ...heatCells(info, now, heat), says: `Mean ${meaning.label}${unit} of each element over ${over}${of}.` };
  }

  async function draw() {
    const turn = ++asked;
    const found = await content().catch((error) => atlas.failed(error));
    if (!found || turn !== asked) return;
    const picked = new Set(view.get().elements);
    for (const { grid, hint, isSeen } of tables) {
      if (!isSeen()) continue;
      grid.paint(found.cells, picked, found.scale);
      hint.textContent = found.says;
    }
    document.getElementById("clear-elements").hidden = !picked.size;
    const own = isOfElements(atlas.legend.get());
    for (const { select: shown } of tables) shown.options[0].textContent = own ? "Colours of the maps" : "Element groups";
  }

  function showsSelect() {
    const option = (value, text) => buildNode("option", { value }, text);
    const select = buildNode(
      "select",
      { class: "plain-select", "aria-label": "What the cells of the periodic table show" },
      option("legend", "Colours of the maps"),
      option("count", "Atoms selected"),
    );
    const means = buildNode("optgroup", { label: "Mean over the selected atoms" });
    for (const { id, label, kind } of info.quantities) if (kind === "number") means.append(option(id, label));
    if (means.children.length) select.append(means);
    select.value = shows;
    select.addEventListener("change", () => view.set({ cells: select.value }));
    return select;
  }

  const setButtons = (done) =>
    [...ELEMENT_SETS, { id: KNOWN_SET, label: "elements every chosen model knows", has: () => true }].map(
      ({ id, label, has }) => {
        const button = buildNode(
          "button",
          { type: "button", class: "set-button", disabled: !membersOf(present, has).length },
          label,
        );
        button.dataset.set = id;
        button.addEventListener("click", () => {
          done();
          pickSet(id).catch(atlas.failed);
        });
        return button;
      },
    );

  function addTable(place, hint, select, isSeen) {
    tables.push({ grid: makeElementGrid(place, info.elements, pick), hint, select, isSeen });
  }

  /* In the column: sets of elements in a menu. */
  const menu = buildNode("div", {
    class: "set-menu",
    popover: "auto",
    id: "element-sets",
    role: "group",
    "aria-label": "Sets of elements",
  });
  const opener = buildNode(
    "button",
    {
      type: "button",
      class: "plain-button",
      "aria-haspopup": "true",
      "aria-expanded": "false",
      "aria-controls": "element-sets",
    },
    "Pick …",
  );
  menu.append(...setButtons(() => menu.hidePopover()));
  opener.addEventListener("click", () => {
    menu.togglePopover();
    const box = opener.getBoundingClientRect();
    Object.assign(menu.style, {
      left: `${box.left}px`,
      top: `${Math.min(box.bottom + 2, window.innerHeight - menu.offsetHeight - 6)}px`,
    });
    // at once, so that the next key is the menu's
    if (menu.matches(":popover-open")) menu.querySelector("button:not(:disabled)").focus();
  });
  menu.addEventListener("toggle", (event) => opener.setAttribute("aria-expanded", String(event.newState === "open")));
  menu.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const open = [...menu.querySelectorAll("button:not(:disabled)")];
    open[(open.indexOf(document.activeElement) + step + open.length) % open.length].focus();
  });
  const select = showsSelect();
  document.getElementById("elements-controls").append(select, opener, menu);
  addTable(host, document.getElementById("elements-hint"), select, () => true);

  /* Enlarged: made when first asked for. */
  let dialog = null;
  function enlarge() {
    if (!dialog) {
      const large = buildNode("div", { class: "periodic-table large", role: "group", "aria-label": "Periodic table" });
      const hint = buildNode("p", { class: "hint", role: "status" });
      const chosen = showsSelect();
      const clear = buildNode(
        "button",
        { type: "button", class: "set-button", onclick: () => take([]) },
        "all elements",
      );
      const close = buildNode(
        "button",
        { type: "button", class: "plain-button", "aria-label": "Close", onclick: () => dialog.close() },
        "Close",
      );
      dialog = buildNode(
        "dialog",
        { class: "elements-dialog", "aria-label": "Periodic table" },
        buildNode("div", { class: "dialog-head" }, buildNode("h2", {}, "Elements"), chosen, close),
        large,
        hint,
        buildNode(
          "div",
          { class: "set-buttons", role: "group", "aria-label": "Sets of elements" },
          clear,
          ...setButtons(() => {}),
        ),
      );
      dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
      document.body.append(dialog);
      addTable(large, hint, chosen, () => dialog.open);
    }
    dialog.showModal();
    draw();
  }

  document.getElementById("enlarge-elements").addEventListener("click", enlarge);
  document.getElementById("clear-elements").addEventListener("click", () => take([]));
  view.on((now, changed) => {
    if (changed.has("cells")) {
      shows = now.cells;
      for (const { select: other } of tables) other.value = shows;
      draw();
    }
    if (["elements", "hide", "colours", "palette", "limits", "log", "reverse"].some((field) => changed.has(field)))
      draw();
    else if (changed.has("models") && shows !== "legend" && shows !== "count") draw();
  });
  atlas.legend.on(draw);
  atlas.selection.on(() => shows !== "legend" && draw());
  draw();
}
