/* Where saved views are kept: in this browser, and in the file that the server was started with. */
import { keepItem, keptItem, onKeptElsewhere } from "./storage.js";
import { documentOf, formatViews, parseViews, viewsOf } from "./views_file.js";

/* The visitor's own. `change(make)` replaces the views by what `make` makes of them. */
export function makeOwnViews(told) {
  let views = [];
  let kept = true;

  function read() {
    const text = keptItem("views");
    try {
      if (text !== null) views = parseViews(text);
      else if (kept) views = [];
    } catch {
      views = [];
    }
  }

  read();
  onKeptElsewhere("views", () => {
    read();
    told();
  });
  return {
    id: "own",
    title: "In this browser",
    file: "platonic-atlas-views.json",
    views: () => views,
    writable: () => true,
    said: () => (kept ? "" : "This browser keeps nothing of this page: the views are gone with it. Download them."),
    load: async () => {},
    async change(make) {
      const next = make(views);
      const text = formatViews(next);
      parseViews(text); // as large as a file may be
      views = next;
      kept = keepItem("views", text);
      told();
    },
  };
}

/* The server's, for everybody; those who may not write read. */
export function makeServedViews(atlas, told) {
  const address = atlas.address("views");
  let [views, revision, writable, file, said] = [[], "", false, "", ""];
  let turn = Promise.resolve(); // one change after the other, so that nobody conflicts with himself

  function take(answer) {
    [views, revision] = [viewsOf(answer), answer.revision];
    writable = answer.writable ?? writable;
    file = answer.file || file;
    said = "";
  }

  async function post(make) {
    const next = make(views);
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...documentOf(next), revision }),
    });
    const body = await answer.json().catch(() => ({}));
    if (answer.status === 409) {
      take(body);
      told();
      throw new Error("Somebody else has changed these views meanwhile. They are shown as they are now; your change was not saved, so make it again.");
    }
    if (!answer.ok) throw new Error(body.error || `The views could not be saved (${answer.status}).`);
    take(body);
    told();
  }

  return {
    id: "served",
    title: "For everybody",
    views: () => views,
    writable: () => writable,
    said: () => said,
    get file() {
      return file;
    },
    async load() {
      try {
        const answer = await fetch(address);
        const body = await answer.json();
        if (!answer.ok) throw new Error(body.error);
        take(body);
      } catch (error) {
        said = error instanceof TypeError ? "The server cannot be reached." : error.message;
      }
      told();
    },
    change(make) {
      const mine = turn.then(() => post(make));
      turn = mine.catch(() => {});
      return mine;
    },
  };
}
