/* The Neighbours page: around which atoms two models disagree, and why. */
import { comparisonFields } from "../atlas/comparison.js";
import { makeChosenAtom } from "../neighbours/atom.js";
import { firstPair, makeComparisonControls } from "../neighbours/controls.js";
import { headlineNodes } from "../neighbours/headline.js";
import { makeRanking } from "../neighbours/ranking.js";
import { scaleBar } from "../neighbours/scale_bar.js";
import { makeSmallMaps } from "../neighbours/small_maps.js";
import { makeWhere } from "../neighbours/where.js";
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
  const headline = buildNode("section", { class: "headline", "aria-label": "Overlap", "aria-live": "polite" });
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
  let stale = true; // numbers are of another comparison or selection
  let staleAtom = true;
  let turn = 0;
  let last = { found: null, legend: null };

  function paint() {
    const { found, legend } = last;
    if (!found) return;
    const missing = Boolean(found.obstacle);
    body.hidden = missing;
    const selected = selectsAtoms(view.get());
    headline.replaceChildren(...(missing ? [buildNode("p", { class: "page-empty" }, found.obstacle)] : headlineNodes(found, view.get(), selected)));
    where.show(found, legend);
    const own = view.get().colour === "overlap" ? view.get() : { ...view.get(), limits: null, log: false, reverse: false };
    scale.replaceChildren(...(legend && !missing ? [scaleBar(legend, own, info)] : []));
  }

  async function load() {
    const mine = ++turn;
    stale = false;
    host.classList.add("waiting");
    try {
      const [found, legend] = await Promise.all([atlas.arrays.asked(`overlap/summary${view.comparing() || "?"}`), atlas.arrays.legend("overlap")]);
      if (mine !== turn) return;
      last = { found, legend };
      paint();
      performance.mark("atlas:neighbours");
    } catch (error) {
      if (mine === turn) atlas.failed(error);
    } finally {
      if (mine === turn) host.classList.remove("waiting");
    }
  }

  /* What has changed is asked for when it is to be seen. */
  function update() {
    if (!seen) return;
    if (stale) {
      ranking.load();
      load();
    }
    if (staleAtom) {
      staleAtom = false;
      around.load();
    }
  }

  view.on((now, changed) => {
    const compared = comparisonFields(now).some((field) => changed.has(field)) || changed.has("pair");
    if (compared || SELECTING_FIELDS.some((field) => changed.has(field))) stale = true;
    if (compared || changed.has("atom") || changed.has("models")) staleAtom = true;
    if (changed.has("ranked") && !stale && seen) ranking.load();
    if (changed.has("atom") && !stale && seen) ranking.follow();
    if (OVERLAP_LOOKS.some((field) => changed.has(field))) paint();
    update();
  });
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
      update();
    },
  };
}
