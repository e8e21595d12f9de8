/* Three short hints on the first visit, one after the other, beside the maps; never again once seen. */
import { buildNode } from "./nodes.js";
import { keepItem, keptItem } from "./storage.js";

const HINTS = [
  { place: "left", title: "Colours", text: "“Colour by” says what they mean. Click one in the legend to grey it." },
  { place: "right", title: "Atoms", text: "Point at an atom to name it, click it for its crystal and its neighbours in every model. With Lasso, drag around many." },
  { place: "top", title: "Sharing", text: "The address is the view: Copy link gives others what you see, Views keeps it. Press ? for all keys." },
];

/* The hint to begin with; -1 where all were seen. */
export function firstHint(kept) {
  if (kept === "done") return -1;
  const at = Number(kept ?? 0);
  return Number.isInteger(at) && at >= 0 && at < HINTS.length ? at : -1;
}

export function startHints(atlas) {
  let card = null;
  const isPresenting = () => document.documentElement.hasAttribute("data-presenting");

  function end() {
    keepItem("hints", "done");
    const inside = card?.contains(document.activeElement);
    card?.remove();
    card = null;
    if (inside) atlas.maps.host.focus();
  }

  function show(at, focus = false) {
    card?.remove();
    const { place, title, text } = HINTS[at];
    const last = at === HINTS.length - 1;
    const step = () => (last ? end() : show(at + 1, true));
    const next = buildNode("button", { type: "button", class: "head-button", onclick: step }, last ? "Done" : "Next");
    const skip = last ? [] : [buildNode("button", { type: "button", class: "link", onclick: end }, "No more hints")];
    card = buildNode(
      "section", { class: `hint-card hint-${place}`, "aria-label": `Hint ${at + 1} of ${HINTS.length}` },
      buildNode("div", { role: "status" }, buildNode("h2", {}, title), buildNode("p", {}, text)),
      buildNode("div", { class: "hint-foot" }, buildNode("span", { class: "quiet" }, `${at + 1} of ${HINTS.length}`), ...skip, next),
    );
    card.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      end();
    });
    // first in the document, so that Tab comes to it first
    document.body.prepend(card);
    const legend = place === "left" && document.getElementById("legend")?.closest(".section");
    // under the legend, which it speaks of
    if (legend) card.style.top = `${Math.min(legend.getBoundingClientRect().bottom + 4, window.innerHeight - card.offsetHeight - 4)}px`;
    if (focus) next.focus();
    keepItem("hints", String(at));
  }

  atlas.actions.add({ id: "hints", keys: [], label: "Show the hints again", run: () => show(0, true) });
  const first = firstHint(keptItem("hints"));
  // where nothing is kept, the hints would come at every visit
  if (first < 0 || isPresenting() || !keepItem("hints", String(first))) return;
  show(first);
}
