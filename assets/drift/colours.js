/* Colours of change: one scale for all steps and all strategies shown, so that they can be compared. */
import { categoryLut, positionOnScale } from "../points/lut.js";
import { LAST_CODE, MISSING } from "../points/place.js";
import { colourAt } from "../panels/colour_axis.js";
import { niceEdges } from "../panels/bins.js";

const DECADES = 1e-3; // where a logarithmic scale begins, of its end

/* Ink, dash and mark of each strategy: told apart without colour too. Inks after Okabe & Ito (2008). */
const STRATEGY_LOOKS = {
  naive: { light: "#c14f00", dark: "#f08a4b", dash: "", mark: "disc" },
  replay: { light: "#0b6bcb", dark: "#5cb0ff", dash: "7 3", mark: "square" },
  ewc: { light: "#00795a", dark: "#33c79c", dash: "2 3", mark: "triangle" },
  "replay+ewc": { light: "#8a3ffc", dark: "#be95ff", dash: "8 3 2 3", mark: "diamond" },
  multihead: { light: "#a02c6d", dark: "#f08cc3", dash: "4 2", mark: "diamond" },
};
const OTHER_LOOKS = [{ light: "#16191f", dark: "#eceef2", dash: "", mark: "disc" }, { light: "#8a3ffc", dark: "#be95ff", dash: "7 3", mark: "square" }, { light: "#00795a", dark: "#33c79c", dash: "2 3", mark: "triangle" }];

/* What has no strategy is told apart by its row. */
export function strategyLook(strategy, theme, row = 0) {
  const look = STRATEGY_LOOKS[strategy] || OTHER_LOOKS[row % OTHER_LOOKS.length];
  return { ink: look[theme], dash: look.dash, mark: look.mark };
}

/* The scale of `field`: {lo, hi, log, reverse}, from no change to `end`, rounded; kept neighbours go down from 1. */
export function changeScale(field, end, decades) {
  if (field === "retention") return { lo: end < 1 ? Math.max(0, niceEdges(end, 1, 4)[0]) : 0, hi: 1, log: false, reverse: true };
  const hi = end > 0 ? niceEdges(0, end, 5).at(-1) : 1;
  return decades ? { lo: hi * DECADES, hi, log: true, reverse: false } : { lo: 0, hi, log: false, reverse: false };
}

/* Codes along the scale of each value, as the raster takes them. */
export function changeCodes(values, scale) {
  const codes = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) codes[i] = Number.isNaN(values[i]) ? MISSING : Math.round(positionOnScale(values[i], scale) * LAST_CODE);
  return codes;
}

/* Codes of atoms' elements, as the raster takes them with `groupColours`; `drawn` are places in the column of elements. */
export const groupCodes = (drawn, element) => Uint8Array.from(drawn, (at) => element[at] - 1);

/* The colour of each element's group by those codes. */
export const groupColours = (info, fallback) => categoryLut(info.elements.map(({ category }) => ({ colour: info.category_colours[category] })), fallback);

/* The groups that a series has atoms of, with their colours: {name, colour}. */
export function groupsShown(info, { join, columns }) {
  const found = new Set(Array.from(join.drawn, (at) => info.elements[columns.element[at] - 1].category));
  return Object.entries(info.category_colours).filter(([name]) => found.has(name)).map(([name, colour]) => ({ name, colour }));
}

export const changeColour = (stops, scale, v) => colourAt(stops, positionOnScale(v, scale), scale.reverse);

/* Colours from one end of the scale to the other. */
export const changeSteps = (stops, n, reverse = false) => Array.from({ length: n }, (_, i) => colourAt(stops, i / (n - 1), reverse));
export const changeGradient = (stops, reverse) => `linear-gradient(90deg, ${changeSteps(stops, 9, reverse).join(", ")})`;
