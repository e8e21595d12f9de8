/* The chosen atom: its neighbours as cards, how alike the lists are, and why they differ. */
import { formulaNode } from "../atlas/tip.js";
import { failureNode } from "../panels/failure.js";
import { buildNode } from "../panels/nodes.js";
import { cardNodes, marksText } from "./cards.js";
import { twoDecimals } from "./dots.js";
import { whyNodes } from "./why.js";

/* How alike the lists of this atom are, in a sentence. */
export function atomText({ overlap, control, chance, order, k, near, models, obstacle }, aboveChance) {
  if (obstacle) return obstacle;
  const compared = models.filter((model) => model.compared);
  if (overlap === null) {
    const lacking = compared.filter((model) => model.n < k).map((model) => `${model.key} lists ${model.n || "none"}`);
    return lacking.length ? `No overlap: the lists hold fewer than k = ${k} neighbours of this atom (${lacking.join(", ")}).` : `No overlap above chance: there are no more than ${k} atoms to choose from, so all lists are equal.`;
  }
  const of = compared.length === 2 ? "" : `, mean over pairs of ${compared.length} models`;
  const said = [aboveChance ? `Overlap above chance ${twoDecimals(overlap)}${of}${near === "all" ? " (chance counted too low)" : ""}` : `${twoDecimals(overlap)} of k = ${k} shared${of}`];
  if (control !== null) said.push(`with element-only ${twoDecimals(control)}`);
  if (chance !== null) said.push(`by chance ${near === "all" ? "at least " : ""}${chance < 0.01 ? Number(chance.toPrecision(1)) : twoDecimals(chance)}`);
  if (order !== null) said.push(`rank-biased overlap ${twoDecimals(order)}`);
  return `${said.join("; ")}.`;
}

const ORDER_SAYS = "Rank-biased overlap: how alike the lists are in members and order (Webber et al. 2010), 1 for equal lists in equal order, 0 for lists that share nothing";

export function makeChosenAtom(atlas) {
  const { view } = atlas;
  const title = buildNode("h2", { tabindex: "-1" });
  const says = buildNode("p", { class: "atom-says", role: "status", title: ORDER_SAYS });
  const cards = buildNode("div", { class: "cards" });
  const marks = buildNode("p", { class: "hint" });
  const why = buildNode("div", { class: "why", role: "group" });
  const body = buildNode("div", { class: "atom-body" }, buildNode("div", {}, cards, marks), why);
  const failure = buildNode("div", { role: "alert" });
  const node = buildNode("section", { class: "page-section around", "aria-label": "The chosen atom" }, title, says, failure, body);
  let turn = 0;
  let jumped = false; // by the keyboard, from one of the names below

  body.addEventListener("click", (event) => {
    if (event.detail === 0 && event.target.closest("[data-atom]")) jumped = true;
  });

  /* Nothing of an earlier atom or comparison stays. */
  function fail(error) {
    title.replaceChildren("The chosen atom");
    says.textContent = "";
    body.hidden = true;
    failure.replaceChildren(failureNode("Its neighbours", error, load));
  }

  async function load() {
    const mine = ++turn;
    if (view.get().atom === null) {
      node.classList.remove("waiting");
      failure.replaceChildren();
      title.replaceChildren("Choose an atom");
      says.textContent = "Click one on the maps or in the ranking to see its neighbours in each model side by side, and why they differ.";
      body.hidden = true;
      return;
    }
    node.classList.add("waiting");
    const retried = failure.contains(document.activeElement);
    try {
      // atoms are named by what these say
      await Promise.all([atlas.arrays.names(), atlas.arrays.rank(), atlas.arrays.column("structure")]);
      if (mine !== turn) return;
      const { chance } = view.get();
      const found = await atlas.arrays.asked(`overlap/around${view.surrounding()}`);
      if (mine !== turn) return;
      failure.replaceChildren();
      title.replaceChildren(`${found.label} in `, formulaNode(found.formula), buildNode("span", { class: "quiet atom-id" }, found.id));
      says.textContent = atomText(found, chance);
      const nodes = cardNodes(found);
      cards.replaceChildren(...nodes);
      cards.classList.toggle("by-model", nodes.length > 3);
      marks.textContent = marksText(found);
      const compared = found.models.filter((model) => model.compared).length;
      const reasons = whyNodes(found);
      why.setAttribute("aria-label", "Why: anchors that make the difference");
      why.replaceChildren(...(reasons.length ? [buildNode("h3", {}, `Why ${found.pair.join(" and ")} differ${compared > 2 ? ", the least alike of these" : ""}`), ...reasons] : []));
      body.hidden = !compared;
      // what had the focus is gone
      if (jumped) title.focus({ preventScroll: true });
      jumped = false;
    } catch (error) {
      if (mine === turn) fail(error);
    } finally {
      if (mine === turn) {
        node.classList.remove("waiting");
        // the button that had the focus is gone
        if (retried) (failure.querySelector("button") ?? title).focus({ preventScroll: true });
      }
    }
  }
  return { node, load };
}
