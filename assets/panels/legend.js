/* The legend of a category: each entry is a switch, with its own colour and "only". */
import { symmetryNode } from "../atlas/tip.js";
import { buildNode, oncePerFrame, startRoving } from "./nodes.js";
import { counted, groupedNumber } from "./words.js";

const LEGEND_COLUMNS = 2;

/* Labels that are hidden after a click; hiding the last one shown shows all again. */
export function hiddenAfter(labels, hidden, { toggle, only }) {
  if (only !== undefined) {
    const others = labels.filter((label) => label !== only);
    const alone = others.length === hidden.length && !hidden.includes(only);
    return alone ? [] : others;
  }
  const next = labels.filter((label) => (label === toggle ? !hidden.includes(label) : hidden.includes(label)));
  return next.length === labels.length ? [] : next;
}

export function startLegend(atlas) {
  const host = document.getElementById("legend");
  if (!host) return;
  const { view } = atlas;
  const roving = startRoving(host, ".entry", LEGEND_COLUMNS);
  const [all, standard] = ["legend-all", "legend-colours"].map((id) => document.getElementById(id));
  const recolour = oncePerFrame((label, colour) => view.set({ colours: { ...view.get().colours, [label]: colour } }));
  const labelsNow = () => (atlas.legend.get().entries || []).map((entry) => entry.label);
  let built = "";

  function entryNode({ label, colour, n }) {
    const written = atlas.legend.get().id === "spacegroup" ? symmetryNode(label) : label;
    const swatch = buildNode("input", {
      type: "color",
      class: "swatch-input",
      value: colour,
      title: `Choose a colour for ${label}`,
      "aria-label": `Colour of ${label}`,
      oninput: (event) => recolour(label, event.target.value),
    });
    const toggle = buildNode(
      "button",
      { type: "button", class: "entry-toggle" },
      buildNode("span", { class: "entry-label" }, written),
      buildNode("span", { class: "count" }, groupedNumber(n)),
    );
    toggle.title = `${label}: ${counted(n, "atom")}. Click to grey or show.`;
    toggle.addEventListener("click", () =>
      view.set({ hide: hiddenAfter(labelsNow(), view.get().hide, { toggle: label }) }),
    );
    const only = buildNode(
      "button",
      { type: "button", class: "only", title: `Show ${label} only`, "aria-label": `Show ${label} only` },
      "only",
    );
    only.addEventListener("click", () =>
      view.set({ hide: hiddenAfter(labelsNow(), view.get().hide, { only: label }) }),
    );
    const row = buildNode("div", { class: "entry" }, swatch, toggle, only);
    row.dataset.entry = label;
    return row;
  }

  function draw() {
    const legend = atlas.legend.get();
    const { hide, colours } = view.get();
    const categories = legend.kind === "category";
    host.hidden = !categories;
    all.hidden = !categories || !hide.length;
    standard.hidden = !categories || !Object.keys(colours).length;
    if (!categories) return;
    const content = JSON.stringify([legend.id, legend.entries.map(({ label, n }) => [label, n])]);
    if (content !== built) {
      built = content;
      host.setAttribute("aria-label", `Legend of ${legend.label}`);
      host.replaceChildren(...legend.entries.map(entryNode));
      host.scrollTop = 0;
      roving.refresh();
    }
    const hidden = new Set(hide);
    legend.entries.forEach(({ label, colour }, i) => {
      const [swatch, toggle] = host.children[i].children;
      const own = colours[label] || colour;
      host.children[i].style.setProperty("--c", own);
      if (document.activeElement !== swatch) swatch.value = own;
      toggle.setAttribute("aria-pressed", String(!hidden.has(label)));
    });
  }

  all.addEventListener("click", () => view.set({ hide: [] }));
  standard.addEventListener("click", () => view.set({ colours: {} }));
  view.on((_view, changed) => ["hide", "colours"].some((field) => changed.has(field)) && draw());
  atlas.legend.on(draw);
  draw();
}
