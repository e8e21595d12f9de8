/* A plan of transport: which part of each element's atoms in one model lies where atoms of which element do in the other. */
import { replaceKeeping, svgNode } from "../panels/nodes.js";
import { chartText, inkOf, textWidth } from "./frame.js";
import { alikeColour } from "./ramp.js";

const TRANSPORT_LEVELS = 12;

/* "76 %", "2.4 %" */
export const percentText = (part) => `${part < 0.095 ? (100 * part).toFixed(1) : Math.round(100 * part)} %`;

/* Each row as parts of its own sum: of an element's atoms, the part that goes to each element. */
export function rowShares(plan) {
  return plan.map((row) => {
    const sum = row.reduce((total, v) => total + (v || 0), 0);
    return row.map((v) => (sum > 0 ? (v || 0) / sum : 0));
  });
}

/* The largest flows between different elements: {from, to, part of all atoms, share of the row's element}. */
export function largestFlows({ elements, plan }, most) {
  const shares = rowShares(plan);
  const flows = elements.flatMap((from, r) => elements.map((to, c) => ({ from, to, part: plan[r][c] || 0, share: shares[r][c] })));
  return flows.filter((flow) => flow.from !== flow.to && flow.part > 0).sort((a, b) => b.part - a.part).slice(0, most);
}

/* Every flow of a plan, as lines of a table. */
export function planLines({ elements, plan, n }, [a, b]) {
  const shares = rowShares(plan);
  const head = [`element_in_${a}`, `element_in_${b}`, "part_of_all_atoms", "part_of_the_first_element", "n_atoms"];
  return [head, ...elements.flatMap((from, r) => elements.map((to, c) => [from, to, plan[r][c] || 0, Number(shares[r][c].toPrecision(4)), n]))];
}

/* Runs of one category along an axis: [category, from, to]. */
export function categoryRuns(categories) {
  const runs = [];
  categories.forEach((c, k) => {
    if (runs.length && runs[runs.length - 1][0] === c) runs[runs.length - 1][2] = k + 1;
    else runs.push([c, k, k + 1]);
  });
  return runs;
}

export function drawTransport(svg, { plan, pair, theme, colours }, [w, h]) {
  const n = plan.elements.length;
  const names = Object.keys(colours);
  const [left, top] = [42, 42];
  const cell = Math.min((w - left - 6) / n, (h - top - 34) / n, 30);
  const side = cell * n;
  const shares = rowShares(plan.plan);
  const paths = new Map();
  shares.forEach((row, r) => row.forEach((share, c) => {
    if (!(share > 0)) return;
    // by the square root, so that small parts are seen
    const level = Math.max(1, Math.round(Math.sqrt(share) * TRANSPORT_LEVELS));
    paths.set(level, `${paths.get(level) || ""}M${(left + c * cell).toFixed(2)} ${(top + r * cell).toFixed(2)}h${cell.toFixed(2)}v${cell.toFixed(2)}h-${cell.toFixed(2)}z`);
  }));
  const parts = [svgNode("rect", { x: left, y: top, width: side, height: side, fill: alikeColour(0, theme).fill })];
  for (const [level, d] of paths) parts.push(svgNode("path", { d, fill: alikeColour(level / TRANSPORT_LEVELS, theme).fill }));
  parts.push(svgNode("path", { d: `M${left} ${top}L${left + side} ${top + side}`, stroke: inkOf("text"), "stroke-opacity": 0.35, "stroke-dasharray": "2 3" }));
  for (const [category, from, to] of categoryRuns(plan.categories)) {
    const colour = colours[names[category]] || inkOf("quiet");
    const band = svgNode("g", {});
    band.append(svgNode("title", {}, names[category] || ""));
    band.append(svgNode("rect", { x: left + from * cell, y: top - 7, width: (to - from) * cell - 0.6, height: 5, fill: colour }));
    band.append(svgNode("rect", { x: left - 7, y: top + from * cell, width: 5, height: (to - from) * cell - 0.6, fill: colour }));
    parts.push(band);
    if (from > 0) parts.push(svgNode("path", { d: `M${left + from * cell} ${top}v${side}M${left} ${top + from * cell}h${side}`, stroke: inkOf("surface"), "stroke-opacity": 0.9 }));
  }
  let before = -100;
  const spaced = cell < 9 ? 12 : 0;
  plan.elements.forEach((symbol, k) => {
    const at = (k + 0.5) * cell;
    if (at - before < Math.max(spaced, textWidth(symbol, "9.5px Arial") * 0.9)) return;
    before = at;
    const size = { class: "element-tick", "dominant-baseline": "central" };
    parts.push(chartText(left + at, top - 15, symbol, { ...size, "text-anchor": "middle" }), chartText(left - 11, top + at, symbol, { ...size, "text-anchor": "end" }));
  });
  parts.push(chartText(left + side / 2, 12, `${pair[1]} →`, { class: "axis-name", "text-anchor": "middle" }));
  parts.push(chartText(0, 0, `${pair[0]} ↓`, { class: "axis-name", "text-anchor": "middle", transform: `translate(12 ${top + side / 2}) rotate(-90)` }));
  const key = top + side + 14;
  const bar = Math.min(150, side * 0.4);
  for (let k = 0; k < 24; k++) parts.push(svgNode("rect", { x: left + (k / 24) * bar, y: key, width: bar / 24 + 0.5, height: 8, fill: alikeColour(Math.sqrt((k + 0.5) / 24), theme).fill }));
  parts.push(chartText(left + bar + 8, key + 8, "0 to 100 % of the row’s element", { class: "tick" }));
  const catcher = svgNode("rect", { x: left, y: top, width: side, height: side, fill: "transparent", class: "catcher" });
  parts.push(catcher);
  replaceKeeping(svg, ...parts);
  return {
    /* What is under a place in the drawing. */
    said(px, py) {
      const [r, c] = [Math.floor((py - top) / cell), Math.floor((px - left) / cell)];
      if (r < 0 || c < 0 || r >= n || c >= n) return null;
      const [from, to] = [plan.elements[r], plan.elements[c]];
      return [`${from} in ${pair[0]}, ${to} in ${pair[1]}`, `${percentText(shares[r][c])} of ${from} lies on ${to}`, `${percentText(plan.plan[r][c] || 0)} of all atoms`];
    },
  };
}
