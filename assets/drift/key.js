/* What the colours of the maps mean: nodes beneath them, and the same for a saved drawing. */
import { buildNode } from "../panels/nodes.js";
import { changeGradient, changeSteps, groupsShown } from "./colours.js";
import { changeLabel, withUnit } from "./words.js";

const BAR_STEPS = 40;

function swatchNode(name, colour) {
  const swatch = buildNode("i", { class: "drift-swatch", "aria-hidden": "true" });
  swatch.style.background = colour;
  return buildNode("span", {}, swatch, name);
}

/* Of element groups: {nodes, key}, `key` as `mapsDrawing` takes it. */
export function groupsKey(info, atoms) {
  const groups = groupsShown(info, atoms);
  return { nodes: groups.map(({ name, colour }) => swatchNode(name, colour)), key: groups.map(({ name, colour }) => ({ colours: [colour], text: name })) };
}

/* Of change on its scale, alike. */
export function changeKey({ entries, asked, change, noun }, scale, stops) {
  const bar = buildNode("span", { class: "scale-bar", "aria-hidden": "true" });
  bar.style.background = changeGradient(stops, false);
  const [from, to] = (scale.reverse ? [scale.hi, scale.lo] : [scale.lo, scale.hi]).map((v) => withUnit(change, v));
  const beyond = entries.every(({ told }) => told.top[change.field] === null) ? "" : "; the end holds 99 % of all atoms at all steps, those beyond have its colour";
  const label = entries.length > 1 || change.field !== asked.anchors ? changeLabel(change, noun) : noun;
  const end = `${to}${scale.log ? ", logarithmic" : ""}${beyond}`;
  return {
    nodes: [buildNode("span", {}, label), buildNode("span", { class: "quiet" }, from), bar, buildNode("span", { class: "quiet" }, end)],
    key: [{ colours: [], text: `${label} ${from}` }, { colours: changeSteps(stops, BAR_STEPS), text: end }],
  };
}
