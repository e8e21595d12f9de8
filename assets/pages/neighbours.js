/* The Neighbours page: around which atoms two models disagree, and why. */
import { buildNode } from "../panels/nodes.js";

export function makeNeighboursPage(atlas, host) {
  host.replaceChildren(buildNode("p", { class: "hint" }, "…"));
  return { show() {} };
}
