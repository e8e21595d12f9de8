/* Showing a saved view: what its query means is asked of the server once. */
import { atlasOfQuery } from "./views_file.js";

const MOST_KEPT = 100;

export function makeViewTurning(atlas) {
  const read = new Map(); // query -> promise of {state, notices}
  let last = 0;

  function fetched(query) {
    if (!read.has(query)) {
      if (read.size >= MOST_KEPT) read.delete(read.keys().next().value);
      const asked = atlas.arrays.state(query);
      asked.catch(() => read.delete(query));
      read.set(query, asked);
    }
    return read.get(query);
  }

  /* Whether the view is of another atlas of this server. */
  const isElsewhere = (query) => {
    const name = atlasOfQuery(query);
    return Boolean(name) && name !== atlas.info.atlas && atlas.info.atlases.some((a) => a.name === name);
  };

  return {
    isElsewhere,
    ahead: (query) => void (isElsewhere(query) || fetched(query).catch(() => {})),
    /* Show it, as a step that Back undoes; says whether it is shown now. */
    async show({ title, query }, hash = "") {
      if (isElsewhere(query)) {
        window.location.assign(atlas.info.root + query + hash);
        return false;
      }
      const mine = ++last;
      let found;
      try {
        found = await fetched(query);
      } catch (error) {
        atlas.say(`“${title}” cannot be shown: ${error.message || error}`, "error");
        return false;
      }
      if (mine !== last) return false;
      const { theme, ...rest } = found.state;
      // a view that says nothing of light or dark leaves that to the visitor
      atlas.view.set(theme ? found.state : rest, { step: true });
      if (found.notices.length) atlas.say([`Not all of “${title}” could be followed.`, ...found.notices], "note");
      return true;
    },
  };
}
