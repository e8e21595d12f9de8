/* What the Drift page shows, as lines of tables and as one drawing of its maps. */
import { csvText } from "../agreement/saving.js";
import { svgNode } from "../panels/nodes.js";
import { textWidth } from "../agreement/frame.js";
import { DATA_ERRORS } from "./curves.js";
import { strategyName } from "./series.js";
import { SUMMED } from "./summary.js";
import { CHANGES } from "./words.js";

const MAP_GAP = 14; // px
const MAP_HEAD = 20; // px
const [KEY_HEIGHT, KEY_SWATCH, KEY_BAR] = [22, 9, 110]; // px

const aboutSeries = (series) => [series.name, series.kind, series.experiment, strategyName(series), series.seed, series.base, series.layer, series.anchors, series.k];
const ABOUT_HEAD = ["series", "kind", "experiment", "strategy", "seed", "base", "layer", "anchors", "k"];
const unitOf = (field) => ({ energy: "eV/atom", forces: "eV/angstrom" })[field] || "1";

/* Every overall number of every step of all runs, and their errors on the fine-tuning data. */
export function numbersTable(told) {
  const lines = told.flatMap((run) => run.step.flatMap((step, t) => SUMMED.map((field) => {
    const { value, low, high } = run.overall[field];
    const over = field === "energy" ? "structures" : "symmetry-distinct atoms";
    return [...aboutSeries(run), run.checkpoints[t], step, run.step_unit, CHANGES[field].label, value[t], low[t], high[t], unitOf(field), run.counted[field], over];
  })));
  const errors = told.flatMap((run) => Object.entries(run.errors || {}).flatMap(([field, values]) => run.step.map((step, t) => [...aboutSeries(run), run.checkpoints[t], step, run.step_unit, DATA_ERRORS[field].label, values[t], null, null, field === "energy_mae" ? "eV/atom" : "eV/angstrom", null, "fine-tuning data"])));
  return csvText([[...ABOUT_HEAD, "checkpoint", "step", "step_unit", "measure", "value", "low_95", "high_95", "unit", "n", "over"], ...lines, ...errors]);
}

/* Every number of every element and step of all runs, with what is known of forgetting. */
export function elementsTable(told) {
  const lines = told.flatMap((run) => run.step.flatMap((step, t) => Object.entries(run.of_elements).flatMap(([field, { value, low, high }]) => run.elements.map((symbol, e) => {
    const { forgetting } = run;
    const last = forgetting && t === run.step.length - 1 && field === "reembedded";
    return [...aboutSeries(run), run.checkpoints[t], step, run.step_unit, CHANGES[field].label, symbol, value[t][e], low[t][e], high[t][e], unitOf(field), run.element_counted[field][e], run.trained_on.includes(symbol) ? 1 : 0, last ? forgetting.null[e] : null, last ? Number(forgetting.flagged.includes(symbol)) : null];
  }))));
  return csvText([[...ABOUT_HEAD, "checkpoint", "step", "step_unit", "measure", "element", "value", "low_95", "high_95", "unit", "symmetry_distinct_atoms", "in_fine_tuning_data", "null", "flagged"], ...lines]);
}

/* The colours' key: swatches with names, and texts. */
function keyNodes(key, y) {
  let x = 0;
  return key.flatMap(({ colours, text }) => {
    const each = colours.length > 1 ? KEY_BAR / colours.length : KEY_SWATCH;
    const boxes = colours.map((fill, k) => svgNode("rect", { x: x + k * each, y: y - KEY_SWATCH, width: each + (colours.length > 1 ? 0.4 : 0), height: KEY_SWATCH, fill }));
    x += colours.length * each + (colours.length ? 5 : 0);
    const said = svgNode("text", { x, y, "font-size": 10.5 }, text);
    x += textWidth(text) + 10;
    return [...boxes, said];
  });
}

/* The maps side by side in one drawing, points as pictures, trails as lines, over the key of
   colours: [{colours, text}]; null where nothing is drawn yet. */
export function mapsDrawing(maps, key = null) {
  const shown = maps.filter((map) => map.svg.firstChild);
  if (!shown.length) return null;
  const sizes = shown.map((map) => map.size());
  const width = sizes.reduce((sum, [w]) => sum + w, 0) + MAP_GAP * (shown.length - 1);
  const bottom = Math.max(...sizes.map(([, h]) => h)) + MAP_HEAD;
  const height = bottom + (key ? KEY_HEIGHT : 0);
  const svg = svgNode("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "drift-drawing" });
  let x = 0;
  shown.forEach((map, k) => {
    const [w, h] = sizes[k];
    const group = svgNode("g", { transform: `translate(${x} ${MAP_HEAD})` });
    const [name, says] = map.title();
    group.append(svgNode("text", { x: 0, y: -7, "font-size": 12, "font-weight": 600 }, name));
    group.append(svgNode("text", { x: w, y: -7, "font-size": 10.5, "text-anchor": "end" }, says.trim()));
    group.append(svgNode("rect", { width: w, height: h, fill: "none", stroke: "var(--strong-line)" }));
    group.append(svgNode("image", { href: map.canvas.toDataURL(), width: w, height: h }));
    for (const node of map.svg.childNodes) group.append(node.cloneNode(true));
    svg.append(group);
    x += w + MAP_GAP;
  });
  if (key) svg.append(...keyNodes(key, bottom + KEY_HEIGHT / 2 + 4));
  return svg;
}
