/* The Neighbours page: around which atoms two models disagree, and why. */
import { comparisonFields } from "../atlas/comparison.js";
import { makeChosenAtom } from "../neighbours/atom.js";
import { firstPair, makeComparisonControls } from "../neighbours/controls.js";
import { headlineNodes } from "../neighbours/headline.js";
import { makeRanking } from "../neighbours/ranking.js";
import { scaleBar } from "../neighbours/scale_bar.js";
import { makeSmallMaps } from "../neighbours/small_maps.js";
import { makeWhere } from "../neighbours/where.js";
import { failureNode } from "../panels/failure.js";
import { buildNode } from "../panels/nodes.js";

const WIDE_MAPS = 500; // css px from which two maps stand side by side
const SELECTING_FIELDS = ["elements", "hide", "find", "brush", "lasso"];
const OVERLAP_LOOKS = ["palette", "limits", "log", "reverse", "colour"];

/* What the small maps show of a view: the compared models, coloured by overlap; the colours' limits are overlap's own. */
export function mapsOf(view, info, most) {
  const own = view.colour === "overlap" ? {} : { limits: null, log: false, reverse: false };
  const pair = view.pair.length === 2 ? view.pair : firstPair(view, info);
  return { ...own, models: pair.slice(0, most), colour: "overlap", hide: [], colours: {}, draw: "points" };
}

/* Whether a view picks atoms out. */
export const selectsAtoms = ({ elements, hide, find, brush, lasso }) => Boolean(elements.length || hide.length || find.trim() || Object.keys(brush).length || lasso);

export function makeNeighboursPage(atlas, host) {
  const { info, view } = atlas;
  const possible = info.quantities.some((q) => q.id === "overlap");
  if (!possible) {
    host.replaceChildren(buildNode("p", { class: "page-empty" }, "Neighbours are compared between two models, and this atlas has lists of fewer. Build it again with another model: platonic-atlas build … --models …"));
    return { show() {} };
  }
  const headline = buildNode("section", { class: "headline", "aria-label": "Overlap", "aria-live": "polite", tabindex: "-1" });
  let most = 2;
  const maps = makeSmallMaps(atlas, (now) => mapsOf(now, info, most), "Maps of the compared models, coloured by overlap");
  const scale = buildNode("div", { class: "scale-place" });
  const open = buildNode("button", { type: "button", class: "link", onclick: () => {
    const { pair } = view.get();
    view.set({ page: "map", colour: "overlap", ...(pair.length === 2 ? { models: info.models.map((m) => m.key).filter((key) => pair.includes(key)) } : {}) }, { step: true });
  } }, "Open in Map");
  const mapSection = buildNode(
    "section", { class: "page-section overlap-maps", "aria-label": "Map of overlap" },
    buildNode("div", { class: "section-head" }, buildNode("h2", {}, "Map"), open), maps.host, scale,
  );
  const [ranking, where, around] = [makeRanking(atlas), makeWhere(atlas), makeChosenAtom(atlas)];
  const body = buildNode("div", { class: "neighbours-body" }, buildNode("div", { class: "overview" }, mapSection, ranking.node), around.node, where.node);
  host.replaceChildren(buildNode("h2", { class: "unseen" }, "Neighbours"), makeComparisonControls(atlas), headline, body);

  let seen = false;
  let failed = false;
  // what is shown is of another comparison, selection, order or atom
  const stale = { numbers: true, ranking: true, atom: true };
  let turn = 0;
  let last = null; // an answer, and the view that it answers

  function paint() {
    if (!last) return;
    const { found, legend, of } = last;
    const now = view.get();
    const missing = Boolean(found.obstacle);
    body.hidden = missing;
    headline.replaceChildren(...(missing ? [buildNode("p", { class: "page-empty" }, found.obstacle)] : headlineNodes(found, of)));
    where.show(found, legend, of);
    const own = now.colour === "overlap" ? now : { ...now, limits: null, log: false, reverse: false };
    scale.replaceChildren(...(legend && !missing ? [scaleBar(legend, own, info)] : []));
  }

  /* No number stays beside names that it is not of. */
  function fail(error) {
    failed = true;
    last = null;
    body.hidden = true;
    headline.replaceChildren(failureNode("Overlap", error, again));
  }

  async function load() {
    const mine = ++turn;
    const now = view.get();
    const of = { pair: now.pair, chance: now.chance, selected: selectsAtoms(now), selecting: view.selecting(), comparing: view.comparing() };
    failed = false;
    host.classList.add("waiting");
    const retried = headline.contains(document.activeElement);
    try {
      const [found, legend] = await Promise.all([atlas.arrays.asked(`overlap/summary${of.comparing || "?"}`), atlas.arrays.legend("overlap")]);
      if (mine !== turn) return;
      last = { found, legend, of };
      paint();
      performance.mark("atlas:neighbours");
    } catch (error) {
      if (mine === turn) fail(error);
    } finally {
      if (mine === turn) {
        host.classList.remove("waiting");
        // the button that had the focus is gone
        if (retried) (headline.querySelector("button") ?? headline).focus({ preventScroll: true });
      }
    }
  }

  /* What has changed is asked for when it is to be seen. */
  function update() {
    if (!seen) return;
    const { numbers, ranking: ranked, atom } = stale;
    Object.assign(stale, { numbers: false, ranking: false, atom: false });
    if (ranked) ranking.load();
    if (numbers) load();
    if (atom) around.load();
  }

  function again() {
    Object.assign(stale, { numbers: true, ranking: true, atom: true });
    update();
  }

  view.on((now, changed) => {
    const has = (field) => changed.has(field);
    const compared = comparisonFields(now).some(has) || has("pair");
    if (compared || SELECTING_FIELDS.some(has)) stale.numbers = stale.ranking = true;
    if (has("ranked") || has("sort")) stale.ranking = true;
    if (compared || has("atom") || has("models")) stale.atom = true;
    if (has("atom") && !stale.ranking && seen) ranking.follow();
    if (OVERLAP_LOOKS.some(has)) paint();
    update();
  });
  document.addEventListener("atlas:reached", () => seen && failed && again());
  host.addEventListener("pointerover", (event) => {
    const button = event.target.closest?.("[data-atom]");
    if (button) atlas.hover.set(Number(button.dataset.atom));
  });
  host.addEventListener("pointerout", (event) => {
    if (event.target.closest?.("[data-atom]") && !event.relatedTarget?.closest?.("[data-atom]")) atlas.hover.set(null);
  });
  new ResizeObserver(() => {
    const room = maps.host.clientWidth >= WIDE_MAPS ? 2 : 1;
    if (!maps.host.clientWidth || room === most) return;
    most = room;
    maps.follow();
  }).observe(maps.host);

  return {
    show(now) {
      seen = now;
      maps.show(now);
      if (now && failed) again();
      else update();
    },
  };
}
