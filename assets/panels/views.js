/* The panel of saved views: beneath the header, beside the maps, open as long as it is wanted. */
import { downloadFile } from "./download.js";
import { buildNode } from "./nodes.js";
import { viewEditor, viewRow } from "./view_rows.js";
import { makeOwnViews, makeServedViews } from "./view_lists.js";
import { makeViewTurning } from "./view_turning.js";
import { formatViews, keptQuery, mergedViews, MOST_BYTES_OF_VIEWS, movedView, parseViews, plainText } from "./views_file.js";

/* What a view is called where nobody names it. */
export function suggestedTitle(view, legend) {
  const { models } = view;
  const of = models.length > 2 ? `${models.length} models` : models.join(" and ");
  const colour = legend?.label ? `by ${legend.label.toLowerCase()}` : "";
  const found = view.find || view.elements.join(", ");
  return [of, colour, found].filter(Boolean).join(", ").slice(0, 120) || "No model";
}

export function startViews(atlas) {
  const opener = () => document.getElementById("open-views");
  const turning = makeViewTurning(atlas);
  const editing = new Set();
  let panel = null;
  let chosen = "";
  let still = 0;
  const lists = [makeOwnViews(() => draw())];
  if (opener()?.dataset.views === "served") lists.push(makeServedViews(atlas, () => draw()));
  const now = () => keptQuery(atlas.view.query(), atlas.info.atlas);
  const isAt = (view, query) => keptQuery(view.query, atlas.info.atlas) === query && !turning.isElsewhere(view.query);

  /* Change a list without drawing the panel anew, except where it was refused. */
  async function quietly(run) {
    still += 1;
    const done = await run();
    still -= 1;
    if (!done) draw();
  }

  async function change(list, make) {
    try {
      await list.change(make);
      return true;
    } catch (error) {
      atlas.say(error instanceof TypeError ? "The server cannot be reached; nothing was saved." : error.message, "error");
      return false;
    }
  }

  function show(list, view) {
    chosen = list.id;
    return turning.show(view);
  }

  async function remove(list, view, position) {
    const deleted = await change(list, (views) => views.filter((_, i) => i !== position));
    const undo = () => change(list, (views) => views.toSpliced(position, 0, view));
    if (deleted) atlas.say(`“${view.title}” is deleted.`, "info", { action: { label: "Undo", run: undo } });
  }

  async function loadFile(list, file) {
    try {
      if (file.size > MOST_BYTES_OF_VIEWS) throw new Error("Saved views have at most 1 MB.");
      const more = parseViews(await file.text());
      const before = list.views().length;
      if (!(await change(list, (views) => mergedViews(views, more)))) return;
      const added = list.views().length - before;
      const known = more.length - added;
      atlas.say(`${added} ${added === 1 ? "view" : "views"} of ${file.name} added${known ? `, ${known} already here` : ""}.`);
    } catch (error) {
      atlas.say(`${file.name} was not loaded. ${error.message}`, "error");
    }
  }

  function saveForm() {
    const title = buildNode("input", { type: "text", "data-key": "new-title", "aria-label": "Title of what is shown now", maxlength: 200 });
    title.placeholder = suggestedTitle(atlas.view.get(), atlas.legend.get());
    const places = lists.filter((list) => list.writable());
    const place = buildNode("select", { "aria-label": "Where to keep it", "data-key": "place" }, ...places.map((l) => buildNode("option", { value: l.id }, l.title)));
    place.hidden = places.length < 2;
    const form = buildNode("form", { class: "view-save" }, title, place, buildNode("button", { class: "head-button", "data-key": "save" }, "Save this view"));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const list = places.find((l) => l.id === place.value) || places[0];
      const view = { title: plainText(title.value) || title.placeholder, query: now(), note: "" };
      chosen = list.id;
      const typed = title.value;
      title.value = ""; // before the panel is drawn anew with what is typed
      if (await change(list, (views) => [...views, view])) atlas.say(`“${view.title}” is saved.`);
      else panel.querySelector('[data-key="new-title"]').value = typed;
    });
    return form;
  }

  function listSection(list) {
    const [views, shown] = [list.views(), now()];
    const edits = editing.has(list.id) && list.writable();
    const key = (what) => `${list.id}-${what}`;
    const link = (what, text, label, run) => buildNode("button", { type: "button", class: "link", "data-key": key(what), "aria-label": label, title: label, onclick: run }, text);
    const edit = link("edit", edits ? "done" : "edit", edits ? "Leave editing" : `Rename, order or delete views: ${list.title}`, () => {
      if (!editing.delete(list.id)) editing.add(list.id);
      draw();
    });
    const rows = views.map((view, position) => {
      const swap = (fields) => change(list, (all) => all.with(position, { ...all[position], ...fields }));
      if (!edits) return viewRow(view, { list, position, current: isAt(view, shown), show: () => show(list, view) });
      return viewEditor(view, {
        list, position, count: views.length,
        rename(typed) {
          const title = plainText(typed) || list.views()[position].title;
          quietly(() => swap({ title }));
          return title;
        },
        annotate(typed) {
          const note = plainText(typed);
          quietly(() => swap({ note }));
          return note;
        },
        async move(to) {
          if (await change(list, (all) => movedView(all, position, to))) focusKey(`${list.id}-${to < position ? "up" : "down"}-${to}`);
        },
        replace: async () => (await swap({ query: now() })) && atlas.say(`“${list.views()[position].title}” is now what is shown.`),
        remove: () => remove(list, list.views()[position], position),
      });
    });
    const chooser = buildNode("input", { type: "file", accept: ".json,application/json", hidden: true, "aria-label": `Load a file of views: ${list.title}` });
    chooser.addEventListener("change", () => chooser.files[0] && loadFile(list, chooser.files[0]));
    const tools = [
      views.length ? link("present", "present", `Present these views: ${list.title}`, () => present(list)) : "",
      views.length ? link("download", "download", `Download as a file: ${list.title}`, () => downloadFile(list.file, formatViews(views))) : "",
      list.writable() ? link("load", "load a file", `Add the views of a file: ${list.title}`, () => chooser.click()) : "",
    ];
    const empty = list.id === "own" ? "None yet. Save what is shown now, or load a file." : "None yet.";
    const head = buildNode("h3", {}, list.title, ...(list.id === "served" ? [buildNode("span", { class: "quiet" }, ` ${list.file}${list.writable() ? "" : " · read-only"}`)] : []));
    return buildNode(
      "section", { "aria-label": list.title },
      buildNode("div", { class: "view-head" }, head, views.length && list.writable() ? edit : ""),
      list.said() ? buildNode("p", { class: "view-said", role: "status" }, list.said()) : "",
      views.length ? buildNode("ol", { class: "view-list" }, ...rows) : list.said() ? "" : buildNode("p", { class: "quiet" }, empty),
      buildNode("div", { class: "links" }, ...tools), chooser,
    );
  }

  function focusKey(key) {
    const found = [...(panel?.querySelectorAll("[data-key]") || [])].find((node) => node.dataset.key === key);
    const other = key.replace("-up-", "-down-");
    const fallback = key.includes("-up-") ? other : key.replace("-down-", "-up-");
    if (found && !found.disabled) found.focus();
    else if (fallback !== key) [...panel.querySelectorAll("[data-key]")].find((node) => node.dataset.key === fallback)?.focus();
  }

  function draw() {
    if (!panel || still) return;
    const held = panel.contains(document.activeElement) ? document.activeElement.dataset.key : "";
    const typed = panel.querySelector('[data-key="new-title"]')?.value || "";
    const place = panel.querySelector('[data-key="place"]')?.value;
    panel.querySelector(".views-body").replaceChildren(saveForm(), ...lists.map(listSection));
    panel.querySelector('[data-key="new-title"]').value = typed;
    if (place) panel.querySelector('[data-key="place"]').value = place;
    if (held) focusKey(held);
  }

  /* What depends on the view, without touching what is being typed. */
  function mark() {
    if (!panel) return;
    const shown = now();
    panel.querySelector('[data-key="new-title"]').placeholder = suggestedTitle(atlas.view.get(), atlas.legend.get());
    for (const list of lists)
      list.views().forEach((view, position) => {
        const button = panel.querySelector(`[data-key="${list.id}-show-${position}"]`);
        if (button && isAt(view, shown)) button.setAttribute("aria-current", "true");
        else button?.removeAttribute("aria-current");
      });
  }

  function close() {
    if (!panel) return;
    const inside = panel.contains(document.activeElement);
    panel.remove();
    panel = null;
    opener()?.setAttribute("aria-expanded", "false");
    if (inside) opener()?.focus();
  }

  function open() {
    const shut = buildNode("button", { type: "button", class: "close", "aria-label": "Close the saved views", title: "Close (Esc)", onclick: close }, "×");
    panel = buildNode(
      "div", { id: "views-panel", class: "views-panel", role: "dialog", "aria-label": "Saved views" },
      buildNode("div", { class: "dialog-head" }, buildNode("h2", {}, "Saved views"), shut), buildNode("div", { class: "views-body" }),
    );
    panel.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.preventDefault();
      close();
    });
    document.body.append(panel);
    opener()?.setAttribute("aria-expanded", "true");
    draw();
    panel.querySelector('[data-key="new-title"]').focus();
    for (const list of lists) list.load();
  }

  const toggle = () => (panel ? close() : open());
  const present = (list) => {
    chosen = list.id;
    close();
    atlas.actions.run("present");
  };
  atlas.saved = {
    /* The list to step through: the one last used, else the first that has views. */
    async sequence() {
      await Promise.all(lists.map((list) => list.load()));
      const found = lists.find((l) => l.id === chosen && l.views().length) || lists.find((l) => l.views().length);
      return found ? found.views() : [];
    },
    show: turning.show,
    ahead: turning.ahead,
    isNow: (view) => isAt(view, now()),
    close,
  };
  atlas.view.on(mark);
  atlas.legend.on(mark);
  const group = "Share and keep";
  atlas.actions.add({ id: "views-close", keys: ["Escape"], label: "Close the saved views", group, when: () => Boolean(panel), run: close });
  atlas.actions.add({ id: "views", keys: ["v"], label: "Saved views", group, run: toggle });
  document.addEventListener("click", (event) => event.target.closest?.("#open-views") && toggle());
}
