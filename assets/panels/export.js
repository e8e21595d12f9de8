/* Saving what is shown: files made by the server from the view's address alone, or by a page that has its own figure
   (`atlas.exporting(format)` gives {holds, save}, or null). */
import { openDialog } from "./dialog.js";
import { downloadFile } from "./download.js";
import { buildNode } from "./nodes.js";
import { copyText, showToCopy } from "./share.js";

const EXPORT_WIDTHS = [["One column, 89 mm", 89], ["One and a half columns, 120 mm", 120], ["Two columns, 183 mm", 183], ["Slide, 254 mm", 254]];
const EXPORT_DPI = [["150 dpi, for the screen", 150], ["300 dpi, for print", 300], ["600 dpi, for fine print", 600]];
const EXPORT_NAMES = { png: "The figure", svg: "The figure", html: "The page", csv: "The table", parquet: "The table", extxyz: "The crystals", chemiscope: "The crystals" };

/* The address of an export of a view; `options` are of the export alone. */
export function exportPath(format, query, options = {}) {
  const more = Object.entries(options).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const all = [query.replace(/^\?/, ""), ...more].filter(Boolean).join("&");
  return `export/${format}${all ? `?${all}` : ""}`;
}

/* The file name that an answer gives. */
export function fileNameOf(disposition, fallback) {
  return /filename="([^"]+)"/.exec(disposition || "")?.[1] || fallback;
}

async function askExport(atlas, format, options) {
  const answer = await fetch(atlas.data(exportPath(format, atlas.view.query(), options)));
  if (answer.ok) return answer;
  let reason = "";
  try {
    reason = (await answer.json()).error || "";
  } catch {
    reason = "";
  }
  throw new Error(reason || `This could not be exported (${answer.status}).`);
}

/* For each format {holds} or {refused}; throws where the view itself cannot be exported. */
async function askContents(atlas) {
  const said = await (await askExport(atlas, "contents")).json();
  if (said.error) throw new Error(said.error);
  return said;
}

async function saveExport(atlas, format, options) {
  const stop = atlas.say(`${EXPORT_NAMES[format]} is being made …`, "info");
  try {
    const { refused } = (await askContents(atlas))[format];
    if (refused) throw new Error(refused);
    const answer = await askExport(atlas, format, options);
    const name = fileNameOf(answer.headers.get("Content-Disposition"), `view.${format}`);
    downloadFile(name, await answer.blob());
    atlas.say(`${EXPORT_NAMES[format]} was saved as ${name}.`, "info");
  } catch (error) {
    atlas.say(error.message, "error");
  } finally {
    stop?.();
  }
}

function choiceOf(label, options, chosen) {
  const select = buildNode("select", { "aria-label": label });
  for (const [text, value] of options) select.append(buildNode("option", { value, selected: value === chosen }, text));
  return [buildNode("span", {}, label), select];
}

function openFigure(atlas, format) {
  const width = choiceOf("Width", EXPORT_WIDTHS, 183);
  const dpi = format === "png" ? choiceOf("Resolution", EXPORT_DPI, 300) : [];
  const save = buildNode("button", { type: "button", class: "export-button", id: "export-save" }, `Save ${format.toUpperCase()}`);
  const says = buildNode("p", { class: "quiet" }, "Maps as they are shown, with axes, legend, and a caption of what they show.");
  const fields = buildNode("div", { class: "export-fields" }, ...width, ...dpi);
  const body = [buildNode("div", { class: "export-words" }, says), fields, buildNode("div", { class: "export-buttons" }, save)];
  const dialog = openDialog(`Figure as ${format.toUpperCase()}`, body, { name: "export-figure", back: "open-export" });
  save.addEventListener("click", () => {
    const options = { width: width[1].value, ...(format === "png" && { dpi: dpi[1].value }) };
    dialog.close();
    saveExport(atlas, format, options);
  });
  save.focus();
}

function wordsOf(atlas, title, name, text, code) {
  const copy = buildNode("button", { type: "button", class: "export-button", "aria-label": `Copy ${name}` }, "Copy");
  copy.addEventListener("click", async () => {
    if (await copyText(text)) copy.textContent = "Copied";
    else showToCopy(title, text);
  });
  const area = buildNode("textarea", { readonly: true, rows: code ? 6 : 9, class: code ? "code" : null, "aria-label": title });
  area.value = text;
  return [buildNode("h3", {}, title, copy), area];
}

async function openWords(atlas) {
  try {
    const { text, latex, bibtex, error } = await (await askExport(atlas, "words")).json();
    if (error) throw new Error(error);
    const body = buildNode(
      "div", { class: "export-words" },
      ...wordsOf(atlas, "Methods paragraph", "the methods paragraph", text, false),
      ...wordsOf(atlas, "The same for LaTeX", "the LaTeX text", latex, true),
      ...wordsOf(atlas, "BibTeX of what it cites", "the BibTeX entries", bibtex, true),
    );
    openDialog("Methods of this view", [body], { name: "wide export-methods", back: "open-export" });
  } catch (error) {
    atlas.say(error.message, "error");
  }
}

export function startExport(atlas) {
  const spans = () => [...document.querySelectorAll("[data-export-says]")];

  async function sayContents() {
    try {
      const said = await askContents(atlas);
      for (const span of spans()) {
        const { holds, refused } = said[span.dataset.exportSays] || {};
        span.textContent = atlas.exporting?.(span.dataset.exportSays)?.holds || holds || refused || "";
      }
    } catch (error) {
      for (const span of spans()) span.textContent = error.message;
    }
  }

  /* Into the menu, where arrows, Enter and Escape are its own. */
  function enterMenu() {
    const first = document.querySelector(".export-menu [data-export]");
    if (first?.checkVisibility()) first.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (!event.target.closest?.(".export-menu")) return;
    const opener = document.getElementById("open-export");
    if (event.key === "Escape") setTimeout(() => opener?.focus(), 50);
    if (event.key !== "Tab") return;
    // the menu closes, and the focus goes on from its button
    opener.click();
    opener.focus();
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest?.("#open-export")) {
      sayContents();
      setTimeout(enterMenu, 50);
    }
    const format = event.target.closest?.("[data-export]")?.dataset.export;
    if (!format) return;
    const own = atlas.exporting?.(format);
    if (own) own.save();
    else if (format === "methods") openWords(atlas);
    else if (format === "png" || format === "svg") openFigure(atlas, format);
    else saveExport(atlas, format);
  });
  atlas.actions?.add({
    id: "export", keys: ["e"], label: "Export figure, data or methods", group: "Share and keep", run: () => document.getElementById("open-export")?.click(),
  });
}
