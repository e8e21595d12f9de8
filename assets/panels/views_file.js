/* Saved views as a file: the same rules as dashboard/saved_views.py. */
import { groupedNumber } from "./words.js";

const VIEWS_FORMAT = "platonic-atlas-views";
const VIEWS_VERSION = 1;
export const MOST_BYTES_OF_VIEWS = 1e6;
const MOST_VIEWS = 500;
const MOST_OF = { title: 200, query: 8000, note: 2000 };
// control characters, what changes the direction of text, and halves of characters
const NOT_TEXT = /[\p{Cc}\p{Cs}\u200b-\u200f\u202a-\u202e\u2066-\u2069]/gu;

export const plainText = (text) => text.replace(NOT_TEXT, " ").trim();

function viewOf(entry, position) {
  if (!entry || typeof entry !== "object" || Array.isArray(entry)) throw new Error(`View ${position} is not an object with a title and a query.`);
  const view = {};
  for (const name of ["title", "query", "note"]) {
    const value = Object.hasOwn(entry, name) ? entry[name] : name === "note" ? "" : null;
    if (typeof value !== "string") throw new Error(`View ${position} needs a ${name} that is text.`);
    view[name] = plainText(value);
    if (view[name].length > MOST_OF[name])
      throw new Error(`The ${name} of view ${position} has ${groupedNumber(view[name].length)} characters; ${groupedNumber(MOST_OF[name])} are allowed.`);
  }
  if (!view.title) throw new Error(`View ${position} has no title.`);
  if (view.query && !view.query.startsWith("?")) throw new Error(`The query of view ${position} must begin with “?”.`);
  return view;
}

/* The views of a decoded file; throws an error that says what does not fit. */
export function viewsOf(document) {
  if (!document || document.format !== VIEWS_FORMAT) throw new Error(`Not a file of saved views: no "format": "${VIEWS_FORMAT}" in it.`);
  if (document.version !== VIEWS_VERSION)
    throw new Error(`Saved views of version ${JSON.stringify(document.version)}; this page reads version ${VIEWS_VERSION}.`);
  if (!Array.isArray(document.views)) throw new Error("Saved views lack their list “views”.");
  if (document.views.length > MOST_VIEWS) throw new Error(`A file holds at most ${MOST_VIEWS} views, not ${groupedNumber(document.views.length)}.`);
  return document.views.map((entry, i) => viewOf(entry, i + 1));
}

export function parseViews(text) {
  if (text.length > MOST_BYTES_OF_VIEWS) throw new Error("Saved views have at most 1 MB.");
  let document;
  try {
    document = JSON.parse(text);
  } catch {
    throw new Error("Not a file of saved views: no JSON in it.");
  }
  return viewsOf(document);
}

export const documentOf = (views) => ({
  format: VIEWS_FORMAT,
  version: VIEWS_VERSION,
  views: views.map(({ title, query, note }) => (note ? { title, query, note } : { title, query })),
});

export const formatViews = (views) => `${JSON.stringify(documentOf(views), null, 2)}\n`;

const sameView = (a, b) => a.title === b.title && a.query === b.query && (a.note || "") === (b.note || "");

/* `more` after `have`, without those that are there already. */
export const mergedViews = (have, more) => [...have, ...more.filter((view) => !have.some((other) => sameView(view, other)))];

/* The view at `from` taken to `to`. */
export function movedView(views, from, to) {
  if (!views[from] || to < 0 || to >= views.length) return views;
  const rest = views.toSpliced(from, 1);
  return rest.toSpliced(to, 0, views[from]);
}

const partsOf = (query) => query.replace(/^\?/, "").split("&").filter(Boolean);

/* A query that says which atlas it is of, and not how bright the page was. */
export function keptQuery(query, atlas) {
  const rest = partsOf(query).filter((part) => !/^(atlas|theme)=/.test(part));
  return `?${[`atlas=${encodeURIComponent(atlas)}`, ...rest].join("&")}`;
}

export function atlasOfQuery(query) {
  return new URLSearchParams(query).get("atlas");
}
