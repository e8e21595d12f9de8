/* What is said of the atom under the pointer. */

import { buildNode } from "../panels/nodes.js";
import { shortNumber } from "../panels/words.js";
import { cssColour, valueOfCode } from "../points/lut.js";
import { MISSING } from "../points/place.js";
import { mapPart } from "./parts.js";

/* BaCeO3 with its numbers set low. */
export function formulaNode(text) {
  const node = document.createElement("b");
  for (const piece of text.split(/((?<=[A-Za-z\])])\d+(?:\.\d+)?)/)) node.append(/^\d/.test(piece) ? buildNode("sub", {}, piece) : piece);
  return node;
}

/* Fm-3m with its bar above. */
export function symmetryNode(text) {
  const node = document.createElement("span");
  for (const [, over, low, plain] of text.matchAll(/-(\d)|_(\d)|([^-_]+|[-_])/g))
    node.append(over ? buildNode("span", { class: "over" }, over) : low ? buildNode("sub", {}, low) : plain);
  return node;
}

/* What a stored value of the current colouring stands for. */
export function valueText(legend, stored) {
  if (legend.kind === "category") return legend.entries[stored]?.label ?? "not known";
  const value = stored === MISSING ? null : valueOfCode(stored, legend);
  return value === null ? "not known" : `${shortNumber(value)}${legend.unit ? ` ${legend.unit}` : ""}`;
}

export function hideTip(host) {
  const tip = mapPart(host, "tip");
  if (tip) tip.hidden = true;
}

export function showTip(atlas, host, maps, at, panel, [x, y]) {
  const tip = mapPart(host, "tip");
  const { now } = atlas.arrays;
  const scene = maps.scene();
  const key = scene.panels[panel]?.key;
  const names = now.names();
  const [element, structure, counter, site] = ["element", "structure", "counter", "site"].map((c) => now.column(c));
  if (!tip || !key || !element) return;
  const symbol = atlas.info.elements[element[at] - 1].symbol;
  const head = document.createElement("div");
  const where = document.createElement("div");
  where.append(buildNode("i", { class: "swatch" }, ""), counter ? `${symbol} ${counter[at]}` : symbol);
  where.firstChild.style.background = cssColour(scene.lut[scene.panels[panel].values[at]]);
  if (names && structure && site) {
    const s = structure[at];
    head.append(formulaNode(names.formula[s]), " ", buildNode("span", { class: "quiet" }, names.id[s]));
    const [symmetry, wyckoff] = names.sites[site[at]] || [];
    if (symmetry) where.append(", ", symmetryNode(symmetry));
    if (wyckoff) where.append(`, ${wyckoff}`);
  }
  const rows = [head, where];
  if (!["category", "element"].includes(scene.legend.id))
    rows.push(buildNode("div", {}, `${scene.legend.label}: ${valueText(scene.legend, scene.panels[panel].values[at])}`));
  rows.push(buildNode("div", { class: "quiet" }, key));
  fillTip(host, tip, rows, [x, y]);
}

/* The same of an atom that was placed on the maps. */
export function showGuestTip(host, guest, key, at) {
  const tip = host.querySelector("#tip");
  if (!tip) return;
  fillTip(host, tip, [buildNode("div", {}, buildNode("b", {}, guest.label)), buildNode("div", { class: "quiet" }, `placed here by ${key}`)], at);
}

function fillTip(host, tip, rows, [x, y]) {
  tip.replaceChildren(...rows);
  tip.hidden = false;
  const [w, h] = [host.clientWidth, host.clientHeight + host.scrollTop];
  const left = x + tip.offsetWidth + 18 > w ? x - tip.offsetWidth - 14 : x + 14;
  const top = Math.min(Math.max(y + 12, host.scrollTop), h - tip.offsetHeight - 4);
  tip.style.transform = `translate(${Math.max(0, left)}px, ${top}px)`;
}
