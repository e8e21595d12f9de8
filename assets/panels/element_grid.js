/* The cells of one periodic table: a button for each element, group, period and block. */
import { placeOfElement } from "./element_sets.js";
import { buildNode } from "./nodes.js";

const TABLE_STEPS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const BLOCK_COLUMNS = { s: 4, p: 6, d: 8, f: 10 };

function labelButton(kind, value, row, column, text = String(value)) {
  const name = kind === "block" ? `${value} block` : `${kind} ${value}`;
  const button = buildNode(
    "button",
    {
      type: "button",
      class: `along along-${kind}`,
      title: `All elements of ${name}`,
      "aria-label": `All elements of ${name}`,
    },
    text,
  );
  Object.assign(button.dataset, { along: kind, value, row, column });
  button.style.gridArea = `${row + 1} / ${column + 1} / auto / span ${kind === "block" ? 2 : 1}`;
  return button;
}

function elementButton(element, number) {
  const { row, column } = placeOfElement(element, number);
  const button = buildNode(
    "button",
    { type: "button", class: "element", disabled: !element.n },
    buildNode("span", { class: "element-number", "aria-hidden": "true" }, String(number)),
    buildNode("span", { class: "element-symbol" }, element.symbol),
    buildNode("span", { class: "element-value", "aria-hidden": "true" }),
  );
  Object.assign(button.dataset, { element: element.symbol, row, column });
  button.style.gridArea = `${row + 1} / ${column + 1}`;
  return button;
}

/* Fill `host`; `pick(event, button)` is called for each click. Gives what paints the cells. */
export function makeElementGrid(host, elements, pick) {
  const buttons = elements.map((element, i) => elementButton(element, i + 1));
  const labels = [
    ...Array.from({ length: 18 }, (_, i) => labelButton("group", i + 1, 0, i + 1)),
    ...Array.from({ length: 7 }, (_, i) => labelButton("period", i + 1, i + 1, 0)),
    ...Object.entries(BLOCK_COLUMNS).map(([block, column]) => labelButton("block", block, 1, column)),
  ];
  const key = buildNode("div", { class: "element-key", hidden: true });
  host.replaceChildren(...labels, ...buttons, key);

  /* One stop of the Tab key; arrows move to the next button in their direction. */
  const all = [...labels, ...buttons].filter((button) => !button.disabled);
  const stop = (button) => {
    for (const other of all) other.tabIndex = other === button ? 0 : -1;
  };
  stop(buttons.find((button) => !button.disabled) || all[0]);
  const placeOf = (button) => [Number(button.dataset.row), Number(button.dataset.column)];
  const covers = (button, row, column) => {
    const [r, c] = placeOf(button);
    return r === row && (c === column || (button.dataset.along === "block" && c + 1 === column));
  };
  host.addEventListener("keydown", (event) => {
    const from = event.target.closest("button");
    const step = TABLE_STEPS[event.key];
    if (!from || !step) return;
    event.preventDefault();
    let [row, column] = placeOf(from);
    for (let i = 0; i < 18; i++) {
      [row, column] = [row + step[0], column + step[1]];
      const to = all.find((button) => button !== from && covers(button, row, column));
      if (!to) continue;
      stop(to);
      to.focus();
      return;
    }
  });
  host.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button || button.disabled) return;
    stop(button);
    pick(event, button);
  });

  return {
    /* cells: by element {colour | null, on, text, says, faded}; picked: Set of symbols;
       scale: {css, lo, hi, name} | null */
    paint(cells, picked, scale) {
      buttons.forEach((button, i) => {
        const { colour, on, text, says, faded } = cells[i];
        button.style.setProperty("--c", colour ?? "var(--absent)");
        button.style.setProperty("--on", on ?? "var(--quiet)");
        button.classList.toggle("faded", Boolean(faded));
        button.classList.toggle("unpicked", picked.size > 0 && !picked.has(elements[i].symbol));
        button.lastChild.textContent = text;
        button.title = says;
        button.setAttribute("aria-label", says);
        button.setAttribute("aria-pressed", String(picked.has(elements[i].symbol)));
      });
      key.hidden = !scale;
      if (!scale) return;
      const bar = buildNode("div", { class: "element-key-bar" });
      bar.style.background = scale.css;
      key.replaceChildren(bar, buildNode("span", {}, scale.lo), buildNode("span", {}, scale.hi));
      key.title = scale.name;
    },
  };
}
