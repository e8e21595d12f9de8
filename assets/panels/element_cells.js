/* What each cell of the periodic table shows: the colours of the legend, counts, or means. */
import { positionOnScale, scaleOf } from "../points/lut.js";
import { colourAt, textOnColour } from "./colour_axis.js";
import { countElements, finiteRange, meanByElement } from "./element_means.js";
import { counted, groupedNumber, shortNumber } from "./words.js";

const OF_ELEMENTS = { category: "category", element: "symbol", group: "group", period: "period", block: "block" };
const cellAtoms = (n) => counted(n, "atom");
/* Counts in full, means at three significant digits. */
const cellNumber = (value, whole) => (whole ? groupedNumber(value) : shortNumber(value, 3));
const cellFill = (colour) => ({ colour, on: colour ? textOnColour(colour) : null });

/* The colours that the maps give each element, where they colour by element; else those of the element groups. */
export function legendCells(info, legend, view, valueOf) {
  const field = legend.kind === "category" ? OF_ELEMENTS[legend.id] : null;
  const entries = new Map(
    (legend.entries || []).map((entry) => [entry.label.replace(/^(group|period|block) /, ""), entry]),
  );
  const hidden = new Set(view.hide);
  return info.elements.map((element, i) => {
    const says = `${element.name}, ${element.category}, ${element.n ? cellAtoms(element.n) : "not in this atlas"}`;
    const cell = { text: element.n ? groupedNumber(element.n) : "", says, faded: false };
    if (!element.n) return { ...cell, ...cellFill(null) };
    if (valueOf) {
      const value = valueOf(i + 1);
      const at = positionOnScale(value, scaleOf(legend, view));
      const colour = Number.isFinite(value) ? colourAt(info.scales[view.palette], at, view.reverse) : null;
      const text = Number.isFinite(value) ? cellNumber(value) : "–";
      return { ...cell, ...cellFill(colour), text, says: `${says}, ${legend.label} ${text}` };
    }
    const entry = field && entries.get(String(element[field]));
    return {
      ...cell,
      ...cellFill(entry?.colour ?? info.category_colours[element.category]),
      faded: Boolean(entry && hidden.has(entry.label)),
    };
  });
}

/* A heat map of `values` by atomic number, over `counts` atoms; `log` for counts, which span orders of magnitude. */
export function heatCells(info, view, { values, counts, label, unit, of, log }) {
  const range = finiteRange(values);
  const stops = info.scales[view.palette];
  const cells = info.elements.map((element, i) => {
    const [value, n] = [values[i + 1], counts[i + 1]];
    const none = !Number.isFinite(value);
    const at = none ? 0 : positionOnScale(value, { lo: range[0], hi: range[1], log });
    const text = none ? "" : cellNumber(value, log);
    const amount = `${text}${unit ? ` ${unit}` : ""}`;
    const what = !element.n
      ? "not in this atlas"
      : none
        ? `no selected atom${log ? "" : " with a value"}${of}`
        : log
          ? cellAtoms(n)
          : `${label} ${amount}, over ${cellAtoms(n)}${of}`;
    return {
      ...cellFill(none ? null : colourAt(stops, at, view.reverse)),
      text,
      says: `${element.name}: ${what}`,
      faded: false,
    };
  });
  const ramp = Array.from({ length: 9 }, (_, i) => colourAt(stops, i / 8, view.reverse));
  const scale = range && {
    css: `linear-gradient(90deg, ${ramp.join(", ")})`,
    lo: cellNumber(range[0], log),
    hi: cellNumber(range[1], log),
    name: label,
  };
  return { cells, scale };
}

/* Counts as a heat map's values: none rather than 0. */
export function countValues(numbers, mask) {
  const counts = countElements(numbers, mask);
  return { values: counts.map((n) => n || NaN), counts };
}

/* Means of a quantity over the selected atoms, as a heat map's values. */
export function meanValues(numbers, stored, legend, mask) {
  const { means, counts } = meanByElement(numbers, stored, legend, mask);
  return { values: means, counts };
}
