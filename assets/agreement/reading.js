/* What the page reads from the server: each thing once; a failure stays until somebody tries again. */

export function makeReading(atlas, changed) {
  const entries = new Map(); // path -> {value, error}

  async function read(path, entry) {
    try {
      const answer = await fetch(atlas.data(path));
      if (answer.ok) entry.value = await answer.json();
      else entry.error = answer.status === 404 ? "it is not in this atlas" : `the server answered ${answer.status}`;
    } catch {
      entry.error = "the server cannot be reached";
    }
    changed();
  }

  return {
    /* {value, error}; both empty while it is read. */
    of(path) {
      if (!entries.has(path)) {
        entries.set(path, { value: null, error: "" });
        read(path, entries.get(path));
      }
      return entries.get(path);
    },
    again(path) {
      entries.delete(path);
      changed();
    },
  };
}
