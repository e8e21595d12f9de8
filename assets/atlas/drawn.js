/* How many atoms the maps draw, in words. */

const count = (n, noun) => `${n.toLocaleString("en")} ${noun}${n === 1 ? "" : "s"}`;

export function drawnText(scene, info) {
  if (!scene) return "";
  const { panels, mask, count: selected, without } = scene;
  const all = info.n_atoms;
  const parts = [];
  if (panels.length) {
    const drawn = panels.map((p) => p.points.drawn);
    const [low, high] = [Math.min(...drawn), Math.max(...drawn)];
    const span = low === high ? low.toLocaleString("en") : `${low.toLocaleString("en")}–${high.toLocaleString("en")}`;
    parts.push(`${span} of ${count(all, "atom")} drawn${panels.length > 1 ? ` in ${panels.length} maps` : ""}`);
    if (mask) parts.push(`${selected.toLocaleString("en")} selected, the others grey`);
    const lacking = panels.filter((p) => p.points.drawn < all);
    if (lacking.length && lacking.length <= 3) parts.push(lacking.map((p) => `${p.key} lacks ${(all - p.points.drawn).toLocaleString("en")}`).join(", "));
  }
  if (without.length) parts.push(`no such map of ${without.join(", ")}`);
  return parts.length ? `${parts.join("; ")}.` : "";
}
