/* The Agreement page: how alike models are, over all of the atlas or over the selected atoms. */
import { fillSelect, metricGroups, runGroups } from "../agreement/controls.js";
import { FIGURES, hasPairMetric, lookedAt } from "../agreement/figures.js";
import { drawMatrix, nextCell } from "../agreement/matrix.js";
import { agreementParts } from "../agreement/parts.js";
import { makePicked } from "../agreement/picked.js";
import { makeReading } from "../agreement/reading.js";
import { csvText, saveDrawing, savedStem, scoresTable } from "../agreement/saving.js";
import { overText, pairText, runText } from "../agreement/scores.js";
import { followMarks } from "../agreement/tip.js";
import { downloadFile } from "../panels/download.js";
import { buildNode, oncePerFrame, replaceKeeping } from "../panels/nodes.js";
import { counted, groupedNumber } from "../panels/words.js";

const PRESENTED = 1.2;
const NOTHING_SAVED = "There is no comparison to save yet.";
const PAGE_FIELDS = ["metric", "order", "figure", "pair", "axes", "run", "over", "theme"];

/* The metric that is shown: the view's, or the first of pairs that the run has, with scores if there is one; else "". */
export function shownMetric(run, metrics, asked) {
  const names = [asked, ...Object.keys(run.scores)].filter((name) => run.scores[name] && metrics[name].per === "pair");
  return names.find((name) => !run.scores[name].reason) || names[0] || "";
}

/* Drawings are larger where they are presented. */
const enlargement = () => (document.documentElement.hasAttribute("data-presenting") ? PRESENTED : 1);

function sizeDrawing(svg, [w, h], enlarged) {
  svg.setAttribute("viewBox", `0 0 ${w} ${h}`);
  svg.setAttribute("width", w * enlarged);
  svg.setAttribute("height", h * enlarged);
}

/* What was compared of a selection, in words. */
export function comparedText(run, everything) {
  const of = everything ? "the atlas’s" : "the selection’s";
  const which = run.select ? ` (${run.select})` : "";
  const sampled = run.representatives > run.n_atoms + run.lacking ? `${counted(run.n_atoms, "atom")} drawn from ${of} ${groupedNumber(run.representatives)} symmetry-distinct atoms${which} (seed ${run.seed})` : `${counted(run.n_atoms, "symmetry-distinct atom")} of ${of} ${counted(run.selected, "atom")}${which}`;
  const lacking = run.lacking ? `; ${counted(run.lacking, "atom")} left out that not every model could embed` : "";
  return `${sampled}, in ${counted(run.n_structures, "structure")}${lacking} · k = ${run.k} · ${run.resamples} resamples, ${run.permutations} permutations`;
}

export function makeAgreementPage(atlas, host) {
  const { view, info } = atlas;
  let seen = false;
  let overview = null;
  let drawn = null; // what the figures stand for; `old` while another comparison is awaited
  const reading = makeReading(atlas, () => later());
  const choose = (changes) => view.set(changes, { step: true });
  const parts = agreementParts(host, {
    set: choose,
    choose(k, key) {
      const looked = [...(drawn?.looked || [])];
      if (looked[1 - k] === key) looked[1 - k] = looked[k];
      looked[k] = key;
      choose({ pair: looked });
    },
    axis: (k, name) => choose({ axes: view.get().axes.map((old, i) => (i === k ? name : old)) }),
    open: () => drawn && openPair(...drawn.looked),
    save: (of, kind) => save(of, kind).catch((error) => atlas.failed(error)),
  });
  const picked = makePicked(atlas, () => later());

  function openPair(a, b) {
    view.set({ pair: [a, b] });
    const colour = info.quantities.some((q) => q.id === "overlap") ? { colour: "overlap" } : {};
    view.set({ page: "map", models: [a, b], ...colour }, { step: true });
  }

  /* The run that is to be shown: {run, said, old, state, failed}. */
  function current(now) {
    if (now.over === "selection") {
      const said = picked.ask(view.selecting());
      const done = said.state === "done";
      if (said.run) return { run: said.run, said: comparedText(said.run, said.run.selected === info.n_atoms), state: done ? null : said };
      return { run: drawn?.run, old: true, state: said };
    }
    picked.leave();
    const names = overview.runs.map((run) => run.name);
    const name = names.includes(now.run) ? now.run : names[0];
    if (!name) return { run: null };
    const path = `agreement/runs/${encodeURIComponent(name)}`;
    const { value: run, error } = reading.of(path);
    return { run, said: run ? runText(run) : "", failed: error && { error, path } };
  }

  const tryAgain = (act) => buildNode("button", { type: "button", class: "link", onclick: act }, "Try again");
  const failure = ({ error, path }) => [buildNode("p", { class: "agree-refused" }, `Agreement could not be read: ${error}. `), tryAgain(() => reading.again(path))];

  function showProgress(state) {
    parts.progress.hidden = !state;
    if (!state) return;
    if (state.state === "refused") return parts.progress.replaceChildren(buildNode("p", { class: "agree-refused" }, state.error), tryAgain(() => picked.again()));
    const text = state.missed ? "The server does not answer; it is asked again" : state.waiting ? `Waiting for ${counted(state.waiting, "other comparison")}` : state.of ? `Comparing: ${state.now || "begun"}, ${state.done} of ${state.of} metrics` : "Comparing the selected atoms";
    const bar = buildNode("progress", { max: state.of || 1, "aria-label": "Comparison of the selected atoms" });
    if (state.of) bar.value = state.done;
    return parts.progress.replaceChildren(bar, buildNode("span", {}, text), buildNode("button", { type: "button", class: "link", onclick: () => choose({ over: "atlas" }) }, "Stop"));
  }

  function showControls(now, run, name) {
    fillSelect(parts.metric, metricGroups(overview.metrics, run), name);
    fillSelect(parts.run, runGroups(overview.runs), run && now.over === "atlas" ? run.name : "");
    parts.run.closest("label").hidden = !overview.runs.length || now.over === "selection";
    parts.overButtons.press(now.over);
    const { mask, count } = atlas.selection.get();
    parts.overButtons.buttons[1].textContent = mask ? `Selection: ${counted(count, "atom")}` : "Selection";
    parts.order.press(now.order);
    parts.tabs.press(now.figure);
    parts.panel.setAttribute("aria-labelledby", `agree-tab-${now.figure}`);
  }

  /* What stands where there is no matrix. */
  function showNone(...content) {
    parts.none.hidden = false;
    parts.matrix.style.display = "none";
    parts.saves.hidden = true;
    parts.meaning.hidden = true;
    parts.none.replaceChildren(...content);
  }

  function withoutRun(now, failed) {
    if (failed) return failure(failed);
    if (now.over === "selection") return [];
    if (!overview || overview.runs.length) return [buildNode("p", { class: "quiet" }, "Reading the comparison …")];
    const compare = buildNode("button", { type: "button", class: "tool", onclick: () => choose({ over: "selection" }) }, "Compare now");
    return [buildNode("p", { class: "empty-title" }, "The models of this atlas have not been compared"), buildNode("p", {}, "Compare them once, with all metrics: ", buildNode("code", {}, "platonic-atlas agreement ATLAS")), buildNode("p", {}, "or over at most 1,000 of the atoms that are selected: ", compare)];
  }

  function planOf(looked) {
    const stored = overview.plans.some((pair) => pair.includes(looked[0]) && pair.includes(looked[1]));
    if (!stored) return { plan: null, planState: "" };
    const path = `agreement/transport?from=${encodeURIComponent(looked[0])}&to=${encodeURIComponent(looked[1])}`;
    const { value, error } = reading.of(path);
    return { plan: value, planState: value ? "" : error ? `The plan could not be read: ${error}.` : "Reading the plan …", planFailed: error && path };
  }

  function draw() {
    if (!seen) return undefined;
    parts.tip.hide();
    const now = view.get();
    if (!overview) {
      const { value, error } = reading.of("agreement");
      if (!value) return showNone(...withoutRun({}, error && { error, path: "agreement" }));
      overview = value;
    }
    const found = current(now);
    const { run } = found;
    showProgress(found.state);
    const name = run ? shownMetric(run, overview.metrics, now.metric) : now.metric;
    showControls(now, run, name);
    const old = Boolean(found.old);
    for (const node of [parts.main, parts.side]) node.classList.toggle("old", old);
    for (const node of [parts.place, parts.saves, parts.panel]) node.inert = old && Boolean(run);
    if (!run) {
      drawn = null;
      for (const node of [parts.title, parts.over, parts.meaning]) node.textContent = "";
      parts.side.hidden = true;
      return showNone(...withoutRun(now, found.failed));
    }
    for (const node of [parts.side, parts.saves, parts.meaning]) node.hidden = false;
    const baselines = overview.baselines.filter((key) => run.models.includes(key));
    const context = { run, metrics: overview.metrics, name, axes: now.axes, order: now.order, baselines, cards: info.models, layers: overview.layers, theme: atlas.theme(), pair: now.pair, anchors: overview.anchor_counts, errors: overview.errors, plans: overview.plans, colours: info.category_colours };
    context.looked = lookedAt(context);
    if (now.figure === "transport" && !now.pair.length && overview.plans.length) context.looked = overview.plans[0];
    if (now.figure === "transport") Object.assign(context, planOf(context.looked));
    context.old = old;
    // what stands there is described as it was when it was new
    Object.assign(context, old ? { said: drawn?.said, query: drawn?.query, figure: drawn?.figure } : { said: found.said, query: view.query(), figure: now.figure });
    context.working = found.state?.state === "working";
    drawn = context;
    if (hasPairMetric(run, overview.metrics)) drawMain(context, now);
    else {
      parts.title.textContent = "No metric of pairs";
      parts.over.textContent = context.said;
      parts.note.hidden = true;
      showNone(buildNode("p", {}, "This comparison holds no metric of pairs of models, so there is no matrix; the figures show what it holds."));
    }
    drawSide(context, now);
    return undefined;
  }

  function drawMain(context, now) {
    parts.none.hidden = true;
    parts.matrix.style.display = "";
    const { run, metrics, name } = context;
    const metric = metrics[name];
    const score = run.scores[name];
    parts.title.textContent = metric.label;
    const whole = run.level === "atom" ? run.n_atoms : run.n_structures;
    parts.over.textContent = [score.n === whole ? "" : `Over ${overText(run, score.n)}.`, context.said].filter(Boolean).join(" ");
    parts.note.hidden = name === now.metric;
    const why = run.scores[now.metric]?.reason ? `is not there: ${run.scores[now.metric].reason}` : context.working ? "is still being computed" : "is not there in this comparison";
    parts.note.textContent = name === now.metric ? "" : `${metrics[now.metric].label} ${why}; ${metric.label} is shown.`;
    parts.meaning.replaceChildren(buildNode("b", {}, "What it means. "), `${metric.meaning} ${metric.symmetric ? "" : "Rows are from, columns to. "}`, buildNode("span", { class: "quiet" }, `Source: ${metric.source}.`));
    const focused = parts.matrix.contains(document.activeElement) ? document.activeElement : null;
    const box = parts.place.getBoundingClientRect();
    const enlarged = enlargement();
    sizeDrawing(parts.matrix, drawMatrix(parts.matrix, { ...context, size: [box.width / enlarged, box.height / enlarged] }), enlarged);
    if (focused?.dataset.i) cellAt(focused.dataset.i, focused.dataset.j)?.focus();
  }

  function drawSide(context, now) {
    const figure = FIGURES[now.figure];
    const needsPair = now.figure === "metrics" || now.figure === "transport";
    parts.pairLine.hidden = !needsPair;
    parts.axesLine.hidden = now.figure !== "scatter";
    const keys = [["", context.run.models.map((key) => [key, key, false])]];
    fillSelect(parts.first, keys, context.looked[0]);
    fillSelect(parts.second, keys, context.looked[1]);
    const groups = metricGroups(context.metrics, context.run);
    fillSelect(parts.across, groups, now.axes[0]);
    fillSelect(parts.up, groups, now.axes[1]);
    const why = figure.why(context);
    parts.figureTitle.textContent = why ? figure.label : figure.title(context);
    parts.why.hidden = !why;
    parts.why.replaceChildren(why, ...(context.planFailed && now.figure === "transport" ? [" ", tryAgain(() => reading.again(context.planFailed))] : []));
    parts.figureCsv.hidden = Boolean(why) || !figure.lines;
    showTable(why ? null : figure.table?.(context));
    parts.figure.style.display = why ? "none" : "";
    parts.says.replaceChildren(...(why ? [] : figure.says(context).map((text, k) => buildNode("p", { class: k ? "quiet" : null }, text))));
    context.at = null;
    if (why) return;
    const box = parts.figurePlace.getBoundingClientRect();
    const enlarged = enlargement();
    const [w, h] = [Math.max(320, Math.min(box.width / enlarged, 900)), Math.max(240, Math.min(box.height / enlarged, 700))];
    const made = figure.draw(parts.figure, context, [w, h]);
    sizeDrawing(parts.figure, [w, typeof made === "number" ? made : h], enlarged);
    parts.figure.setAttribute("aria-label", figure.title(context));
    const focused = document.activeElement?.closest?.("#agree-drawing .mark");
    (focused || parts.figure.querySelector(".mark"))?.setAttribute("tabindex", 0);
    context.at = made?.said || null;
  }

  function showTable(table) {
    parts.table.hidden = !table;
    if (!table) return;
    const row = (tag, fields) => buildNode("tr", {}, ...fields.map((text) => buildNode(tag, tag === "th" ? { scope: "col" } : {}, text)));
    replaceKeeping(parts.table, buildNode("summary", { "data-key": "table" }, table.title), buildNode("table", {}, buildNode("thead", {}, row("th", table.head)), buildNode("tbody", {}, ...table.rows.map((fields) => row("td", fields)))));
  }

  const cellAt = (i, j) => parts.matrix.querySelector(`[data-i="${i}"][data-j="${j}"]`);

  async function save(of, kind) {
    if (!drawn || drawn.old || (of === "matrix" && !drawn.name)) return atlas.say(NOTHING_SAVED, "info");
    const { run, metrics, name, figure, layers } = drawn;
    const stem = savedStem(info.atlas, run, of === "matrix" ? name : figure);
    const metric = metrics[name];
    const shown = FIGURES[figure];
    if (of === "figure" && shown.why(drawn)) return atlas.say("There is no figure to save.", "info");
    const table = (text) => downloadFile(`${stem}.csv`, new Blob(["\uFEFF", text], { type: "text/csv" }));
    if (of === "figure" && kind === "csv") return table(csvText(shown.lines(drawn)));
    if (kind === "csv") return table(scoresTable(run, metrics, name, layers));
    if (kind === "json") return downloadFile(`${stem}.json`, JSON.stringify({ atlas: info.title, view: drawn.query, run, metrics, layers }, null, 1));
    const surface = info.themes[atlas.theme()].surface;
    const [svg, title, caption] = of === "matrix"
      ? [parts.matrix, metric.label, `${parts.over.textContent}. ${metric.meaning} Source: ${metric.source}.`]
      : [parts.figure, (shown.saved || shown.title)(drawn), `${shown.says(drawn).join(" ")} ${parts.over.textContent}`];
    return saveDrawing(svg, kind, { stem, title, caption, surface });
  }

  /* Cells: arrows go along, Enter or a click opens both models on the map, Space only chooses them. */
  function chooseCell(cell, only) {
    const [a, b] = [drawn.run.models[cell.dataset.i], drawn.run.models[cell.dataset.j]];
    if (only) choose({ pair: [a, b] });
    else openPair(a, b);
  }
  parts.matrix.addEventListener("click", (event) => {
    const cell = event.target.closest(".cell");
    if (cell) chooseCell(cell, event.shiftKey || event.ctrlKey || event.metaKey);
  });
  parts.matrix.addEventListener("keydown", (event) => {
    const cell = event.target.closest(".cell");
    if (!cell) return;
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      return chooseCell(cell, event.key === " ");
    }
    const rows = [...parts.matrix.querySelectorAll("[role=row]")].map((row) => [...row.querySelectorAll("[role=gridcell]")]);
    const row = rows.findIndex((cells) => cells.includes(cell));
    if (!/^(Arrow|Home|End)/.test(event.key)) return undefined;
    event.preventDefault();
    const [r, c] = nextCell([row, rows[row].indexOf(cell)], event.key, rows.length);
    cell.setAttribute("tabindex", -1);
    rows[r][c].setAttribute("tabindex", 0);
    return rows[r][c].focus();
  });

  function chooseMark(mark) {
    const { a, b, metric } = mark.dataset;
    if (a) choose({ pair: [a, b] });
    else if (metric) choose({ metric });
  }
  parts.figure.addEventListener("click", (event) => {
    const mark = event.target.closest(".mark");
    if (mark) chooseMark(mark);
  });
  parts.figure.addEventListener("keydown", (event) => {
    const mark = event.target.closest(".mark");
    if (!mark) return;
    const step = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
    if (event.key !== "Enter" && event.key !== " " && !step) return;
    event.preventDefault();
    if (!step) return chooseMark(mark);
    const marks = [...parts.figure.querySelectorAll(".mark")];
    const to = marks[(marks.indexOf(mark) + step + marks.length) % marks.length];
    mark.setAttribute("tabindex", -1);
    to.setAttribute("tabindex", 0);
    return to.focus();
  });
  followMarks(parts.matrix, parts.tip, ".cell", (cell) => drawn && [
    ...pairText({ ...drawn, i: Number(cell.dataset.i), j: Number(cell.dataset.j) }), "Click: both on the map. Shift-click: look at the pair here.",
  ]);
  followMarks(parts.figure, parts.tip, ".mark", (mark) => mark.dataset.said?.split("\n"));
  parts.figure.addEventListener("pointermove", (event) => {
    if (!drawn?.at || !event.target.closest(".catcher")) return;
    const [box, svg] = [parts.figure.getBoundingClientRect(), parts.figure.viewBox.baseVal];
    const said = drawn.at(((event.clientX - box.left) / box.width) * svg.width, ((event.clientY - box.top) / box.height) * svg.height);
    if (said) parts.tip.show(said, event.clientX, event.clientY);
  });

  /* What the menu of exports saves here instead of maps. */
  const exported = (format) => (format === "png" || format === "svg"
    ? { holds: drawn && !drawn.old && drawn.name ? `${drawn.metrics[drawn.name].label} of ${counted(drawn.run.models.length, "model")}` : NOTHING_SAVED, save: () => save("matrix", format).catch((error) => atlas.failed(error)) }
    : null);

  const later = oncePerFrame(draw);
  view.on((_view, changed) => {
    if (!seen) return;
    if (PAGE_FIELDS.some((field) => changed.has(field)) || view.get().over === "selection") later();
  });
  atlas.selection.on(() => seen && later());
  new MutationObserver(() => seen && later()).observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme", "data-presenting"] });
  const sized = new ResizeObserver(() => seen && later());
  for (const node of [parts.place, parts.figurePlace]) sized.observe(node);

  return {
    show(next) {
      seen = next;
      if (!seen) {
        atlas.exporting = null;
        return picked.leave();
      }
      atlas.exporting = exported;
      return later();
    },
  };
}
