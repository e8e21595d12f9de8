/* Colours from least to most alike: from the surface to the accent, in either theme. */
import { colourAt, textOnColour } from "../panels/colour_axis.js";

export const ALIKE_RAMPS = {
  light: ["#f4f6f9", "#d5e3f3", "#a5c8ea", "#669fd9", "#2677c4", "#0a4f97"],
  dark: ["#20242c", "#1d3a58", "#225a8c", "#2f7cbd", "#5aa9ec", "#b4dbff"],
};

/* {fill, ink} of a part from 0 to 1. */
export function alikeColour(part, theme) {
  const fill = colourAt(ALIKE_RAMPS[theme], part);
  return { fill, ink: textOnColour(fill) };
}
