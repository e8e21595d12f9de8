/* The Drift page: what further training did to a model's map, step by step and strategy beside strategy. */
import { makeReading } from "../agreement/reading.js";
import { saveDrawing, csvText } from "../agreement/saving.js";
import { followMarks } from "../agreement/tip.js";
import { makeDriftArrays } from "../drift/arrays.js";
import { fetchStepAhead, gatherAtoms, mapsOfEntries, pickedOf } from "../drift/atoms.js";
import { changeCodes, changeScale, groupCodes, groupColours } from "../drift/colours.js";
import { comparedWords } from "../drift/compared.js";
import { chartsOf, drawCurves, drawElementDots } from "../drift/curves.js";
import { makeChangeTable } from "../drift/elements.js";
import { changeKey, groupsKey } from "../drift/key.js";
import { makeDriftMap, sharedBox } from "../drift/map.js";
import { spreadWords } from "../drift/means.js";
import { driftParts } from "../drift/parts.js";
import { REDUCED_MOTION, makePlayer } from "../drift/player.js";
import { definitions, recordLines } from "../drift/record.js";
import { elementsTable, mapsDrawing, numbersTable } from "../drift/saving.js";
import { makeScatter } from "../drift/scatter.js";
import { besideOf, changeNoun, chosenSeries, fineTunedOn, kindOf, sameStep, seedsOf, seriesFacts, seriesLabel, stepOf, stepText, strategyName } from "../drift/series.js";
import { flagsWords, makeSummary, verdictWords } from "../drift/summary.js";
import { CHANGES, cellUnit, changeLabel, changeOf, withUnit } from "../drift/words.js";
import { makeWorst } from "../drift/worst.js";
import { abgr, scaleLut } from "../points/lut.js";
import { failureNode } from "../panels/failure.js";
import { downloadFile } from "../panels/download.js";
import { buildNode, oncePerFrame } from "../panels/nodes.js";
import { counted } from "../panels/words.js";

const DRIFT_FIELDS = ["series", "step", "anchors", "measure", "seeds", "movers", "decades", "grouped", "stretch", "beside", "elements", "palette", "theme"];
const DRIFT_COMMAND = "platonic-atlas drift ATLAS --base chgnet-0.3.0 --checkpoints chgnet-r2scan";
const CHART_HEIGHT = 390; // css px
const NOTHING_DRAWN = "There is nothing to save yet.";

export function makeDriftPage(atlas, host) {
  const { view, info } = atlas;
  const reading = makeReading(atlas, () => later());
  const read = makeDriftArrays(atlas);
  const choose = (changes) => view.set(changes, { step: true });
  const summary = makeSummary((name) => pick(name));
  const table = makeChangeTable(atlas);
  const worst = makeWorst(atlas);
  const maps = new Map(); // by series
  let seen = false;
  let now = null; // what is shown: see `current`
  let atoms = null; // what was gathered last, and for which `key`
  let turn = 0;
  let colourKey = []; // of the maps, as `mapsDrawing` takes it

  const player = makePlayer({
    set: (t) => now && view.set({ step: t === now.chosen.step.length - 1 ? -1 : t }),
    ready: () => atoms !== null && atoms.key === now?.key,
  });
  const parts = driftParts(host, {
    set: choose, player, summary, table, worst, pick: (name) => pick(name), save: (of, kind) => save(of, kind).catch((error) => atlas.failed(error)),
    clear: () => choose({ elements: [], find: "", brush: {}, lasso: null, hide: [] }),
  });

  const scatter = makeScatter(parts, { choose: (atom) => choose({ atom }), atomLines: (i, said) => atomLines(atoms.join, i, said), firstAtom: (k) => firstAtomOf(k) });

  /* Another series at as many steps, where the present one has as many. */
  function pick(name) {
    const next = now.all.find((series) => series.name === name);
    const asked = view.get(); // what is drawn may be a frame behind
    const from = chosenSeries(now.all, asked.series);
    const same = next.experiment && next.experiment === from.experiment;
    const t = same ? sameStep(next, from.step[stepOf(from, asked.step)]) : next.step.length - 1;
    choose({ series: name, step: t === next.step.length - 1 ? -1 : t });
  }

  /* What is to be shown: {all, chosen, t, entries, mean, change, noun, key}; {failed} or {waiting} where it is not there. */
  function current() {
    const overview = reading.of("drift");
    if (!overview.value) return overview.error ? { failed: overview.error, path: "drift" } : { waiting: true };
    const all = overview.value.series;
    const asked = view.get();
    const chosen = chosenSeries(all, asked.series);
    if (!chosen) return { all };
    const t = stepOf(chosen, asked.step);
    const shown = asked.beside ? besideOf(all, chosen) : [chosen];
    const mean = asked.seeds === "mean" && shown.some((series) => seedsOf(all, series).length > 1);
    const entries = [];
    for (const series of shown) {
      const runs = [series, ...(mean ? seedsOf(all, series).filter((other) => other !== series) : [])];
      const told = runs.map((run) => ({ path: `drift/${encodeURIComponent(run.name)}`, ...reading.of(`drift/${encodeURIComponent(run.name)}`) }));
      const bad = told.find((one) => one.error);
      if (bad) return { all, chosen, failed: bad.error, path: bad.path };
      if (told.some((one) => !one.value)) return { all, chosen, t, waiting: true };
      entries.push({ series, t: series === chosen ? t : sameStep(series, chosen.step[t]), told: told[0].value, runs: told.map((one) => one.value) });
    }
    const change = changeOf(asked, false);
    const key = JSON.stringify([entries.map((entry) => [entry.series.name, entry.t]), chosen.name, asked.anchors, change.field]);
    return { all, chosen, t, entries, entry: entries.find((entry) => entry.series === chosen), mean, change, noun: changeNoun(chosen), key, asked };
  }

  function showNone(...content) {
    parts.none.hidden = false;
    parts.body.hidden = true;
    parts.none.replaceChildren(...content);
  }

  function draw() {
    if (!seen) return undefined;
    parts.tip.hide();
    const found = current();
    const empty = found.all && !found.chosen;
    parts.bar.hidden = empty;
    if (found.failed) return showNone(failureNode("Drift", new Error(`${found.failed[0].toUpperCase()}${found.failed.slice(1)}.`), () => reading.again(found.path)));
    if (empty) return showNone(buildNode("p", { class: "empty-title" }, "This atlas follows no series of checkpoints"), buildNode("p", {}, "Embed the atlas’s atoms with a base model and later checkpoints of it: ", buildNode("code", {}, DRIFT_COMMAND)), buildNode("p", {}, "To have checkpoints to follow, fine-tune: ", buildNode("code", {}, "platonic-atlas finetune --model chgnet-0.3.0 --data cu-dimers --strategy naive --out run")));
    if (found.chosen) parts.fill(found.all, found.chosen.name);
    if (found.waiting) return now ? undefined : showNone(buildNode("p", { class: "quiet" }, "Reading the series …"));
    now = found;
    parts.none.hidden = true;
    parts.body.hidden = false;
    drawControls();
    drawNumbers();
    drawElements();
    layMaps();
    if (atoms?.key === now.key) drawAtoms();
    else loadAtoms();
    return performance.mark("atlas:drift");
  }

  function drawControls() {
    const { all, chosen, t, asked, mean } = now;
    const seeds = Math.max(...besideOf(all, chosen).map((series) => seedsOf(all, series).length));
    parts.seedsControl.hidden = seeds < 2;
    parts.besideControl.hidden = besideOf(all, chosen).length < 2;
    for (const field of ["measure", "anchors", "stretch", "beside", "movers"]) parts.segments[field].press(asked[field]);
    parts.segments.decades.press(asked.grouped ? "groups" : asked.decades);
    parts.segments.seeds.press(mean ? "mean" : "one");
    player.show(chosen, t);
  }

  function drawNumbers() {
    const { chosen, entries, entry, mean, noun } = now;
    const kind = kindOf(chosen);
    parts.title.textContent = chosen.experiment && chosen.strategy ? `${chosen.experiment}: ${seriesLabel(chosen)}` : chosen.title || chosen.name;
    parts.badge.textContent = kind.label;
    parts.badge.dataset.kind = chosen.kind;
    parts.facts.textContent = `${kind.says} ${seriesFacts(chosen, entry.told)}.`;
    const change = changeOf(now.asked, true);
    summary.draw({ entries, mean, theme: atlas.theme(), noun, chosen: chosen.name, field: change.field });
    parts.verdict.textContent = entry.told.verdict ? verdictWords(entry.told) : "";
    parts.flags.textContent = ["comparison", "training"].includes(chosen.kind) ? "" : flagsWords(entry.told);
    const both = ["reembedded", "frozen"].includes(change.field);
    const of = both ? [CHANGES.reembedded, CHANGES.frozen] : [change];
    parts.meaning.replaceChildren(buildNode("b", {}, "What it means. "), ...of.flatMap((one, k) => [k ? " " : "", buildNode("i", {}, changeLabel(one, noun)), `: ${one.meaning}`]), buildNode("span", { class: "quiet" }, ` Source: ${change.source}.`));
    parts.meanings.replaceChildren(...definitions(Object.values(CHANGES).map((one) => [`${changeLabel(one, noun)}${one.unit ? `, ${one.unit}` : ""}`, `${one.meaning} `, buildNode("span", { class: "quiet" }, `Source: ${one.source}.`)])));
    parts.record.replaceChildren(...definitions(recordLines(chosen.record)));
  }

  /* The colours' scale of atoms and that of elements: the same at all steps and for all strategies shown. */
  function scales() {
    const { entries, change, asked } = now;
    const both = entries.length < 2 && change.field === asked.anchors ? ["reembedded", "frozen"] : [change.field];
    const tops = entries.flatMap(({ told }) => both.map((field) => told.top[field]).filter((v) => v !== null));
    const means = entries.flatMap(({ told }) => told.of_elements[change.field]?.value.flat().filter((v) => v !== null) ?? []);
    const end = (values) => (change.worst === "low" ? Math.min(...values, 1) : Math.max(...values, 0));
    return { atoms: changeScale(change.field, end(tops), asked.decades), elements: changeScale(change.field, end(means), asked.decades) };
  }

  function drawElements() {
    const { entries, entry, mean, t, change, noun, chosen, asked } = now;
    const stops = info.scales[asked.palette];
    const theme = atlas.theme();
    const step = stepText(chosen, t);
    parts.elementsTitle.textContent = `${changeLabel(change, noun)}: ${strategyName(chosen)}, ${step}`;
    table.draw({ ...entry, mean, change, noun, scale: scales().elements, stops, step });
    const has = entry.told;
    parts.key.replaceChildren(...[
      cellUnit(change, scales().elements.hi), asked.measure === "energy" ? "Energies are of crystals, so elements and atoms show drift. " : "",
      fineTunedOn(has).length ? buildNode("span", { class: "key-in-data" }, "outlined: in the fine-tuning data") : "", " ",
      has.forgetting ? buildNode("span", { class: "key-flag" }, "⚑ moved further than run-to-run noise by the last step") : "", ` Means over symmetry-distinct atoms${mean && entry.runs.length > 1 ? ` and ${entry.runs.length} seeds` : ""}. Click an element for its curves and atoms.`,
    ].filter(Boolean));
    const curved = chosen.step.length > 2;
    const context = { ...entry, entries, elements: asked.elements.filter((symbol) => has.elements.includes(symbol)), mean, theme, noun, t, change };
    const w = Math.max(300, parts.curvesPlace.clientWidth);
    parts.curvesTitle.textContent = curved ? (context.elements.length === 1 ? `${context.elements[0]} against step` : context.elements.length ? "Elements against step" : "All atoms against step") : `By element: ${changeLabel(change, noun).toLowerCase()}`;
    let height = CHART_HEIGHT;
    if (curved) height = drawCurves(parts.curves, context, [w, CHART_HEIGHT]);
    const dots = curved ? null : drawElementDots(parts.curves, context, [w, CHART_HEIGHT]);
    parts.curves.setAttribute("viewBox", `0 0 ${w} ${height}`);
    parts.curves.setAttribute("width", w);
    parts.curves.setAttribute("height", height);
    const picked = context.elements.length === 1 ? context.elements[0] : null;
    const compared = picked || asked.measure !== "energy" ? change : CHANGES.energy;
    parts.compared.textContent = context.elements.length > 1 ? "" : comparedWords({ ...context, change: compared, element: picked });
    const left = context.elements.length - chartsOf(context.elements, change).length;
    parts.curvesSay.textContent = curved
      ? `Bands: ${mean ? "least to greatest over seeds" : spreadWords(false)}.${context.elements.length > 1 && left > 0 ? ` ${counted(left, "more element")} picked; the first six are drawn.` : ""} Dashed: the present step.`
      : `${dots.shown === dots.all ? "All elements" : `${dots.shown} of ${dots.all} elements, those that changed most`}${change.unit ? `, in ${change.unit}` : ""}; bars: ${spreadWords(mean, entry.runs.length)}. Two checkpoints make no curve.`;
    const focused = document.activeElement?.closest?.(".drift-chart .mark");
    (focused || parts.curves.querySelector(".mark"))?.setAttribute("tabindex", 0);
  }

  /* A map a shown series, kept while it is shown. */
  function layMaps() {
    const names = mapsOfEntries(now.entries, now.asked.anchors).map(({ key }) => key);
    for (const [name, map] of maps) {
      if (names.includes(name)) continue;
      map.node.remove();
      maps.delete(name);
    }
    for (const name of names) if (!maps.has(name)) maps.set(name, makeDriftMap({ point, choose: (atom) => choose({ atom }) }));
    const nodes = names.map((name) => maps.get(name).node);
    if (nodes.some((node, k) => parts.maps.children[k] !== node)) parts.maps.replaceChildren(...nodes);
    parts.maps.style.setProperty("--maps", names.length);
    const anchors = now.entries.length > 1 ? `, anchors ${CHANGES[now.asked.anchors].short}` : "";
    const whose = new Set(now.entries.map(({ series }) => series.base)).size > 1 ? "Maps of the bases" : `Map of ${now.chosen.base}`;
    parts.mapsTitle.textContent = `${whose}: atoms${now.asked.stretch ? " and their trails" : ""}${anchors}`;
  }

  async function loadAtoms() {
    const mine = ++turn;
    const wanted = now;
    const asked = { entries: wanted.entries, chosen: wanted.chosen, anchors: wanted.asked.anchors, field: wanted.change.field };
    try {
      const found = await gatherAtoms(atlas, read, asked);
      if (mine !== turn) return;
      atoms = { ...found, key: wanted.key };
      parts.mapsFailure.replaceChildren();
      drawAtoms();
      if (wanted.t + 1 < wanted.chosen.step.length) fetchStepAhead(read, asked, (series) => sameStep(series, wanted.chosen.step[wanted.t + 1]));
    } catch (error) {
      if (mine !== turn) return;
      player.pause();
      parts.mapsFailure.replaceChildren(failureNode("The atoms of this step", error, loadAtoms));
    }
  }

  function drawAtoms() {
    if (!seen || !now?.entries || atoms?.key !== now.key) return;
    drawMaps();
    drawWorst();
    scatter.draw({ ...now, told: now.entry.told, atoms, picked: pickedOf(atlas.selection.get().mask, { join: atoms.join }) });
  }

  function drawMaps() {
    const selected = atlas.selection.get().mask;
    const theme = atlas.theme();
    const scale = scales().atoms;
    const stops = info.scales[now.asked.palette];
    const { grouped } = now.asked;
    const look = info.themes[theme];
    const colours = grouped ? groupColours(info, abgr(look.quiet)) : scaleLut(stops, { lo: 0, hi: 1, log: false }, { reverse: scale.reverse }, abgr(look.quiet));
    const first = maps.get(atoms.maps[0].key);
    const several = now.entries.length > 1;
    // maps of one base have one scale; those of others are not to be compared place by place
    const boxOf = (base) => sharedBox(atoms.maps.filter((one) => one.series.base === base).map((one) => one.places.range), ...first.size());
    const rank = atlas.arrays.now.rank();
    for (const one of atoms.maps) {
      const { mask, n } = pickedOf(selected, one);
      maps.get(one.key).draw({
        ...one, box: boxOf(one.series.base), mask, codes: grouped ? groupCodes(one.join.drawn, atoms.columns.element) : changeCodes(one.values, scale), colours, look, pickedAtoms: n, stretch: now.asked.stretch, moving: player.isPlaying() && !window.matchMedia(REDUCED_MOTION).matches,
        isPicked: mask ? (atom) => selected[rank[atom]] : null, title: several ? strategyName(one.series) : `Anchors ${CHANGES[one.anchors].short}`, chosen: now.asked.atom, hovered: atlas.hover.get(),
      });
    }
    const key = grouped ? groupsKey(info, atoms) : changeKey(now, scale, stops);
    parts.scale.replaceChildren(...key.nodes);
    colourKey = key.key;
    const { mask, count } = atlas.selection.get();
    parts.selected.replaceChildren(...(mask ? [`Selected: ${counted(count, "atom")} of the atlas${now.asked.elements.length ? ` (${now.asked.elements.join(", ")})` : ""}; others are grey. `, parts.clearNode()] : []));
  }

  function drawWorst() {
    const { chosen, entry, asked, noun } = now;
    const picked = pickedOf(atlas.selection.get().mask, { join: atoms.join });
    const ofStructures = asked.movers === "structures";
    const { structure } = atoms.columns;
    parts.worstTitle.textContent = `Changed most: ${strategyName(chosen)}, ${stepText(chosen, now.t)}`;
    const rank = atlas.arrays.now.rank();
    worst.draw({
      series: chosen, told: entry.told, t: now.t, join: atoms.join, values: ofStructures ? atoms.structures : atoms.atoms, counted: ofStructures ? picked.structures : picked.sites,
      movers: asked.movers, field: changeOf(asked, ofStructures).field, columns: atoms.columns, names: atoms.names, noun, picked: Boolean(picked.mask),
      firstAtom: (k) => firstAtomOf(k), structureOf: (atom) => structure[rank[atom]],
    });
  }

  /* Of a structure the atom that changed most by what is ranked. */
  function firstAtomOf(k) {
    const { owner, ids, counted: sites } = atoms.join;
    const change = changeOf(now.asked, false);
    const values = atoms.atoms[change.field];
    let best = -1;
    for (let i = 0; i < ids.length; i++) {
      if (owner[i] !== k || !sites[i]) continue;
      if (best < 0 || (change.worst === "low" ? values[i] < values[best] : values[i] > values[best])) best = i;
    }
    return best < 0 ? null : ids[best];
  }

  /* What is said of an atom of the chosen series, or of another map's. */
  function atomLines(join, i, values) {
    const { element, counter, structure } = atoms.columns;
    const at = join.drawn[i];
    const s = structure[at];
    return [`${info.elements[element[at] - 1].symbol} ${counter[at]} in ${atoms.names.formula[s]}, ${atoms.names.id[s]}`, ...values];
  }

  function point(drawn, i, event) {
    atlas.hover.set(i < 0 ? null : drawn.join.ids[i]);
    if (i < 0) return parts.tip.hide();
    const { change, noun } = now;
    const own = drawn.series === now.chosen;
    const said = own ? ["reembedded", "frozen", "retention", "forces"].map((field) => `${changeLabel(CHANGES[field], noun)} ${withUnit(CHANGES[field], atoms.atoms[field][i])}`) : [`${changeLabel(change, noun)} ${withUnit(change, drawn.values[i])}`];
    return parts.tip.show(atomLines(drawn.join, i, [...said, `${strategyName(drawn.series)}, ${stepText(drawn.series, drawn.t)}`]), event.clientX, event.clientY);
  }

  followMarks(parts.curves, parts.tip, ".mark", (mark) => mark.dataset.said?.split("\n"));
  parts.curves.addEventListener("keydown", (event) => {
    const mark = event.target.closest(".mark");
    const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (!mark || !by) return;
    event.preventDefault();
    const marks = [...parts.curves.querySelectorAll(".mark")];
    const to = marks[(marks.indexOf(mark) + by + marks.length) % marks.length];
    mark.setAttribute("tabindex", -1);
    to.setAttribute("tabindex", 0);
    to.focus();
  });

  async function save(of, kind) {
    if (!now?.entries) return atlas.say(NOTHING_DRAWN);
    const { chosen, entries, t } = now;
    const stem = `${info.atlas}-drift-${chosen.name}-${of}`;
    const csv = (text, name = stem) => downloadFile(`${name}.csv`, new Blob(["\uFEFF", text], { type: "text/csv" }));
    const told = [...new Set(entries.flatMap((entry) => entry.runs))];
    if (of === "numbers") return kind === "csv" ? csv(numbersTable(told)) : downloadFile(`${stem}.json`, JSON.stringify({ atlas: info.title, view: view.query(), series: told }, null, 1));
    if (kind === "csv" && of === "curves" && !now.asked.elements.length && chosen.step.length > 2) return csv(numbersTable(told));
    if (kind === "csv" && (of === "elements" || of === "curves")) return csv(elementsTable(told));
    if (atoms?.key !== now.key) return atlas.say(NOTHING_DRAWN);
    if (kind === "csv") return csv(csvText(worst.lines()), `${stem}-step${t}`);
    const { surface } = info.themes[atlas.theme()];
    const caption = `${parts.title.textContent} (${kindOf(chosen).label}), ${stepText(chosen, t)}. ${seriesFacts(chosen, now.entry.told)}.`;
    if (of === "maps") {
      const drawing = mapsDrawing(atoms.maps.map(({ key }) => maps.get(key)), colourKey);
      if (!drawing) return atlas.say(NOTHING_DRAWN);
      host.append(drawing);
      try {
        return await saveDrawing(drawing, kind, { stem: `${stem}-step${t}`, title: parts.mapsTitle.textContent, caption, surface });
      } finally {
        drawing.remove();
      }
    }
    const [svg, title, says] = of === "curves" ? [parts.curves, parts.curvesTitle, parts.curvesSay] : [parts.outputs, parts.outputsTitle, parts.outputsSay];
    return saveDrawing(svg, kind, { stem: `${stem}-step${t}`, title: title.textContent, caption: `${caption} ${says.textContent}`, surface });
  }

  /* What the menu of exports saves here instead of maps of models. */
  const exported = (format) => (format === "png" || format === "svg"
    ? { holds: now?.entries ? `Maps of ${counted(now.entries.length, "series")}, ${stepText(now.chosen, now.t)}`.replace("seriess", "series") : NOTHING_DRAWN, save: () => save("maps", format).catch((error) => atlas.failed(error)) }
    : null);

  const later = oncePerFrame(draw);
  const atomsLater = oncePerFrame(drawAtoms);
  view.on((next, changed) => {
    if (!seen) return;
    if (DRIFT_FIELDS.some((field) => changed.has(field))) later();
    if (changed.has("atom") && now?.asked) {
      now.asked = next;
      worst.mark();
      atomsLater();
    }
  });
  atlas.selection.on(() => seen && atomsLater());
  atlas.hover.on((atom) => seen && now?.asked && maps.forEach((map) => map.ring(now.asked.atom, atom)));
  new MutationObserver(() => seen && later()).observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme", "data-presenting"] });
  const sized = new ResizeObserver(() => seen && later());
  for (const node of [parts.maps, parts.curvesPlace, parts.outputsPlace]) sized.observe(node);
  const keys = { group: "Drift", when: () => seen && Boolean(now?.entries) };
  atlas.actions.add({ ...keys, id: "drift-play", keys: ["k", " "], label: "Play or pause the steps", run: () => player.toggle() });
  atlas.actions.add({ ...keys, id: "drift-before", keys: ["["], label: "The step before", run: () => player.step(-1) });
  atlas.actions.add({ ...keys, id: "drift-next", keys: ["]"], label: "The next step", run: () => player.step(1) });

  return {
    show(next) {
      seen = next;
      if (!seen) {
        player.pause();
        atlas.exporting = null;
        return undefined;
      }
      atlas.exporting = exported;
      return later();
    },
  };
}
