/* The legend as one strip, to be read and not to be worked with. */
import { scaleOf } from "../points/lut.js";
import { buildNode } from "./nodes.js";
import { counted, shortNumber } from "./words.js";

const MOST_ENTRIES = 14;

/* Which entries stand in the strip, and how many more there are. */
export function stripEntries(entries, hidden, most = MOST_ENTRIES) {
  const shown = entries.filter(({ label, n }) => n > 0 && !hidden.includes(label));
  return { shown: shown.slice(0, most), more: Math.max(0, shown.length - most) };
}

export function presentedLegend(legend, view, info, theme) {
  if (!legend) return [];
  const unit = legend.unit ? ` / ${legend.unit}` : "";
  const name = buildNode("span", { class: "strip-name" }, `${legend.label}${unit}`);
  const key = (colour, text) => {
    const swatch = buildNode("span", { class: "strip-swatch", "aria-hidden": "true" });
    swatch.style.background = colour;
    return buildNode("span", { class: "strip-entry" }, swatch, text);
  };
  if (legend.kind === "category") {
    const { shown, more } = stripEntries(legend.entries, view.hide);
    const parts = shown.map(({ label, colour }) => key(view.colours[label] || colour, label));
    return [name, ...parts, ...(more ? [buildNode("span", { class: "strip-entry quiet" }, `and ${more} more`)] : [])];
  }
  const stops = info.scales[view.palette] || [];
  const { lo, hi, log } = scaleOf(legend, view);
  const bar = buildNode("span", { class: "strip-bar", "aria-hidden": "true" });
  bar.style.background = `linear-gradient(90deg, ${(view.reverse ? [...stops].reverse() : stops).join(", ")})`;
  const missing = legend.missing ? [key(info.themes[theme].muted, `no value: ${counted(legend.missing, "atom")}`)] : [];
  return [name, buildNode("span", { class: "strip-entry" }, shortNumber(lo, 3), bar, `${shortNumber(hi, 3)}${log ? " (log)" : ""}`), ...missing];
}
