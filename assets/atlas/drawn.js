/* How many atoms the maps draw, in words. */
import { counted, groupedNumber } from "../panels/words.js";

/* By what atoms are selected, as far as it fits a line. */
function pickedText({ view, legend }) {
  const said = [];
  if (view.elements.length) said.push(view.elements.length > 8 ? `${view.elements.length} elements` : view.elements.join(", "));
  if (view.hide.length) {
    const shown = legend.entries.filter((entry) => !view.hide.includes(entry.label)).map((entry) => entry.label);
    said.push(shown.length > 3 ? `without ${view.hide.length === 1 ? view.hide[0] : `${view.hide.length} of the legend`}` : shown.join(", "));
  }
  if (view.find) said.push(view.find.length > 40 ? "search" : `“${view.find}”`);
  said.push(...Object.keys(view.brush).map((id) => id.replace(/^\w+\./, "").replaceAll("_", " ")));
  if (view.lasso) said.push("lasso");
  return said.length ? ` (${said.join("; ")})` : "";
}

export function drawnText(scene, info) {
  if (!scene) return "";
  const { panels, mask, count: selected, without } = scene;
  const all = info.n_atoms;
  const parts = [];
  if (panels.length) {
    const drawn = panels.map((p) => p.points.drawn);
    const [low, high] = [Math.min(...drawn), Math.max(...drawn)];
    const span = low === high ? groupedNumber(low) : `${groupedNumber(low)}–${groupedNumber(high)}`;
    parts.push(`${span} of ${counted(all, "atom")} drawn${panels.length > 1 ? ` in ${panels.length} maps` : ""}`);
    if (mask) parts.push(`${groupedNumber(selected)} selected${pickedText(scene)}`);
    const lacking = panels.filter((p) => p.points.drawn < all);
    if (lacking.length && lacking.length <= 3) parts.push(lacking.map((p) => `${p.key} lacks ${groupedNumber(all - p.points.drawn)}`).join(", "));
  }
  if (without.length) parts.push(`no such map of ${without.join(", ")}`);
  return parts.length ? `${parts.join("; ")}.` : "";
}
