/* The colours of overlap on a bar. */
import { scaleOf } from "../points/lut.js";
import { colourAt } from "../panels/colour_axis.js";
import { buildNode } from "../panels/nodes.js";
import { shortNumber } from "../panels/words.js";

const SCALE_STOPS = 9;

export function scaleBar(legend, view, info) {
  const stops = info.scales[view.palette];
  const { lo, hi } = scaleOf(legend, view);
  const bar = buildNode("span", { class: "scale-bar", "aria-hidden": "true" });
  bar.style.background = `linear-gradient(90deg, ${Array.from({ length: SCALE_STOPS }, (_, i) => colourAt(stops, i / (SCALE_STOPS - 1), view.reverse)).join(", ")})`;
  return buildNode("div", { class: "scale-line", title: legend.label }, buildNode("span", {}, `disagree ${shortNumber(lo, 2)}`), bar, buildNode("span", {}, `${shortNumber(hi, 2)} agree`));
}
