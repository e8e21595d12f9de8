/* Placing a crystal of one's own: the dialog, the work of the models, and what came out. */
import { openDialog } from "./dialog.js";
import { downloadFile } from "./download.js";
import { buildNode } from "./nodes.js";
import { groupedNumber } from "./words.js";

const UPLOAD_PAUSE = 700; // ms between questions how far the work is
const UPLOAD_ENDED = ["done", "failed"];
const UPLOAD_STATES = {
  waiting: "waiting", loading: "loading the model", embedding: "embedding", placing: "placing", done: "placed",
  refused: "refused", unavailable: "not available",
};

/* Marks of one site of a placed crystal, as the maps take them. */
export function guestsOf(name, site, i, places) {
  const maps = {};
  for (const [key, { maps: found }] of Object.entries(places)) {
    maps[key] = {};
    for (const [map, rows] of Object.entries(found)) if (rows[i]?.every((v) => v !== null)) maps[key][map] = rows[i];
  }
  return [{ label: `${site.label} of ${name}`, symbol: site.element, maps }];
}

/* How far a job is, in one sentence. */
export function uploadSentence({ state, ahead, models, reason }) {
  const all = Object.values(models);
  const over = all.filter((m) => ["done", "refused", "unavailable"].includes(m.state)).length;
  const placed = all.filter((m) => m.state === "done").length;
  if (state === "waiting") return ahead > 1 ? `Waiting: ${ahead - 1} more before this one` : "Waiting for the crystal before this one";
  if (state === "failed") return reason;
  if (state === "running") return `${over} of ${all.length} models done`;
  return `Placed by ${placed} of ${all.length} models`;
}

export function startUpload(atlas) {
  const opener = document.getElementById("open-upload");
  if (!opener || opener.dataset.started) return;
  opener.dataset.started = "1";
  const mostBytes = Number(opener.dataset.mostBytes);
  let job = null; // {token, name, told, site}
  let panel = null; // what the open dialog shows
  let timer = 0;
  let sending = null;

  const address = (rest = "") => atlas.data(`upload${rest}`);
  const shownModels = () => atlas.view.get().models.join(",");

  async function send(file) {
    if (file.size > mostBytes) {
      panel?.refuse(`${file.name} has ${(file.size / 1e6).toFixed(1)} MB; at most ${mostBytes / 1e6} MB are taken`);
      return;
    }
    forget();
    sending = new AbortController();
    panel?.sending(file.name);
    try {
      const query = `?name=${encodeURIComponent(file.name)}&models=${encodeURIComponent(shownModels())}`;
      const answer = await fetch(address(query), { method: "POST", body: file, signal: sending.signal });
      const said = await answer.json();
      if (!answer.ok) {
        panel?.refuse(said.error);
        return;
      }
      job = { token: said.token, name: file.name, told: null, site: 0 };
      ask();
    } catch (failure) {
      if (failure.name !== "AbortError") panel?.refuse("The server could not be reached");
    } finally {
      sending = null;
    }
  }

  async function ask() {
    clearTimeout(timer);
    const mine = job;
    if (!mine) return;
    try {
      const answer = await fetch(address(`/${mine.token}`));
      const told = await answer.json();
      if (mine !== job) return;
      if (!answer.ok) {
        job = null;
        panel?.refuse(told.error);
        return;
      }
      mine.told = told;
      mark();
      panel?.show();
      if (UPLOAD_ENDED.includes(told.state)) {
        if (!panel) atlas.say(`${mine.name}: ${uploadSentence(told)}`, told.state === "failed" ? "error" : "info");
        return;
      }
    } catch {
      if (mine !== job) return; // the next question may be answered
    }
    timer = setTimeout(ask, UPLOAD_PAUSE);
  }

  /* End the work, and have the server delete what it keeps. */
  function forget() {
    clearTimeout(timer);
    sending?.abort();
    const { token } = job || {};
    job = null;
    atlas.guests.set([]);
    if (token) fetch(address(`/${token}`), { method: "DELETE" }).catch(() => {});
  }

  function mark() {
    const { told, site, name } = job || {};
    const guests = told?.sites[site] ? guestsOf(told.structure.formula || name, told.sites[site], site, told.places) : [];
    atlas.guests.set(guests);
  }

  function keep() {
    const { told, name } = job;
    const text = JSON.stringify({ file: name, atlas: atlas.info.title, ...told }, null, 1);
    downloadFile(`${name.replace(/\.[^.]*$/, "")}-placed.json`, text);
  }

  function chooser() {
    const file = buildNode("input", { type: "file", id: "upload-file", class: "upload-file", accept: ".cif,.vasp,.poscar,.extxyz,.xyz,*" });
    const label = buildNode("label", { for: "upload-file", class: "upload-drop" }, buildNode("strong", {}, "Choose a file"), buildNode("span", {}, "or drop it here"),
      buildNode("small", {}, `CIF, POSCAR or extxyz, one crystal, at most 500 atoms and ${mostBytes / 1e6} MB`));
    const area = buildNode("div", { class: "upload-area" }, file, label);
    file.addEventListener("change", () => file.files[0] && send(file.files[0]));
    for (const kind of ["dragenter", "dragover"])
      area.addEventListener(kind, (event) => {
        event.preventDefault();
        area.classList.add("over-it");
      });
    area.addEventListener("dragleave", () => area.classList.remove("over-it"));
    area.addEventListener("drop", (event) => {
      event.preventDefault();
      area.classList.remove("over-it");
      if (event.dataTransfer.files.length > 1) panel.refuse("Drop one file at a time");
      else if (event.dataTransfer.files[0]) send(event.dataTransfer.files[0]);
    });
    return area;
  }

  function modelRows({ models, places }) {
    return Object.entries(models).map(([key, { state, reason, seconds }]) => {
      const note = reason || [places[key]?.remarks, seconds === undefined ? "" : `${seconds} s`].filter(Boolean).join(" · ");
      const text = [buildNode("span", { class: "upload-model" }, key), buildNode("span", {}, UPLOAD_STATES[state] || state), buildNode("small", {}, note)];
      return buildNode("li", { class: `upload-step ${state}` }, ...text);
    });
  }

  function siteButtons({ sites }) {
    return sites.map((site, i) => {
      const says = `${site.label}, ${site.n} of them equivalent, site symmetry ${site.site_symmetry || "unknown"}, coordination ${site.coordination}`;
      const button = buildNode("button", { type: "button", class: "upload-site", "aria-pressed": String(i === job.site), title: says, "aria-label": says }, site.label,
        buildNode("small", {}, `×${site.n}${site.site_symmetry ? ` ${site.site_symmetry}` : ""}`));
      button.addEventListener("click", () => {
        job.site = i;
        mark();
        panel.show();
        panel.sites.children[i]?.focus();
      });
      return button;
    });
  }

  function neighbourColumns({ places }) {
    return Object.entries(places).map(([key, { neighbours, interpolated }]) => {
      const items = (neighbours[job.site] || []).map(({ atom, label, formula, id, cosine }) =>
        buildNode("li", {}, buildNode("button", { type: "button", class: "link", "data-atom": String(atom), title: `${formula}, ${id}` }, `${label} · ${formula}`), buildNode("small", {}, cosine.toFixed(3))));
      const list = items.length ? buildNode("ol", {}, ...items) : buildNode("p", { class: "quiet" }, "no neighbours");
      const note = interpolated.length ? buildNode("p", { class: "quiet" }, `Interpolated between its five nearest atoms on ${interpolated.map((map) => map.replace(/-2d$/, "").toUpperCase()).join(", ")}`) : "";
      return buildNode("section", { class: "upload-near" }, buildNode("h3", {}, key), list, note);
    });
  }

  function open() {
    if (opener.dataset.closed) {
      atlas.say(opener.dataset.closed, "info");
      return;
    }
    if (panel) return;
    const status = buildNode("p", { class: "upload-status", role: "status" });
    const wrong = buildNode("p", { class: "upload-wrong", role: "alert" });
    const steps = buildNode("ul", { class: "upload-steps", "aria-label": "Models" });
    const sites = buildNode("div", { class: "upload-sites", role: "group", "aria-label": "Inequivalent atoms" });
    const near = buildNode("div", { class: "upload-nears" });
    const about = buildNode("p", { class: "quiet" }, "The models of this atlas that are installed on the server embed the crystal; it is placed by this atlas's anchors. "
      + "It is deleted when you leave this page, or after an hour.");
    const cancel = buildNode("button", { type: "button", class: "plain-button", id: "upload-cancel" }, "Cancel");
    const save = buildNode("button", { type: "button", class: "plain-button", id: "upload-keep" }, "Keep the result (JSON)");
    const marks = buildNode("p", { class: "quiet" });
    const body = buildNode("div", { class: "upload-body" }, about, chooser(), wrong, status, steps, sites, marks, near, buildNode("div", { class: "upload-foot" }, save, cancel));
    const dialog = openDialog("Place a crystal", [body], { name: "upload", onClose: () => (panel = null) });

    cancel.addEventListener("click", () => {
      forget();
      wrong.textContent = "";
      panel.show();
    });
    save.addEventListener("click", keep);
    dialog.addEventListener("click", (event) => event.target.closest("[data-atom]") && dialog.close());
    panel = {
      sites,
      sending(name) {
        wrong.textContent = "";
        panel.show();
        status.textContent = `Sending ${name}`;
        cancel.hidden = false;
      },
      refuse(reason) {
        panel.show();
        wrong.textContent = reason;
      },
      show() {
        const told = job?.told;
        const failed = told?.state === "failed";
        const crystal = told?.structure ? `${told.structure.formula}, ${told.structure.spacegroup_symbol || told.structure.crystal_system}, ${told.structure.n_atoms} atoms. ` : "";
        status.textContent = told && !failed ? `${job.name}: ${crystal}${uploadSentence(told)}` : job && !told ? `${job.name}: sent` : "";
        wrong.textContent = failed ? `${job.name}: ${told.reason}` : "";
        steps.replaceChildren(...(told && !failed ? modelRows(told) : []));
        const placed = told ? Object.keys(told.places).length : 0;
        sites.replaceChildren(...(placed ? siteButtons(told) : []));
        marks.textContent = placed ? `Diamonds on the maps: ${told.sites[job.site].label}. Nearest symmetry-distinct atoms of the ${groupedNumber(atlas.info.n_atoms)}, by cosine of coordinates:` : "";
        near.replaceChildren(...(placed ? neighbourColumns(told) : []));
        const working = Boolean(job && !(told && UPLOAD_ENDED.includes(told.state)));
        cancel.hidden = !job;
        cancel.textContent = working ? "Cancel" : "Take it off the maps";
        save.hidden = !placed || working;
      },
    };
    panel.show();
  }

  opener.addEventListener("click", open);
  window.addEventListener("pagehide", (event) => {
    if (job && !event.persisted) navigator.sendBeacon(address(`/${job.token}/delete`));
  });
  atlas.actions?.add({ id: "upload", keys: ["u"], label: "Place a crystal", group: "Page", run: open });
}
