/* The Agreement page: how alike models are, over all of the selected atoms. */
import { buildNode } from "../panels/nodes.js";

export function makeAgreementPage(atlas, host) {
  host.replaceChildren(buildNode("p", { class: "hint" }, "…"));
  return { show() {} };
}
