/* The comparison over the atoms that the view picks out: asked of the server until it is done or nobody waits. */

const ASK_EVERY = 500; // ms

export function makePicked(atlas, changed) {
  let asked = null; // {query, timer, state}

  async function ask(mine) {
    try {
      const first = mine.state.run; // the first scores come once
      const answer = await fetch(atlas.data(`agreement/selection${mine.query || "?"}${first ? "&seen=1" : ""}`));
      const said = await answer.json();
      if (asked !== mine) return;
      mine.state = said.state ? { ...(first && { run: first }), ...said } : { state: "refused", error: said.error || `The comparison was refused (${answer.status}).` };
    } catch {
      if (asked !== mine) return;
      mine.state = { state: "refused", error: "The server cannot be reached; the selection was not compared." };
    }
    if (mine.state.state === "working") mine.timer = setTimeout(() => ask(mine), ASK_EVERY);
    changed(mine.state);
  }

  return {
    /* Begin, unless this very selection is asked for already. */
    ask(query) {
      if (asked?.query === query) return asked.state;
      this.leave();
      asked = { query, timer: 0, state: { state: "working", done: 0, of: 0, now: "", waiting: 0 } };
      ask(asked);
      return asked.state;
    },
    /* Nobody waits any more. */
    leave() {
      if (!asked) return;
      const { query, timer, state } = asked;
      clearTimeout(timer);
      asked = null;
      if (state.state === "working") navigator.sendBeacon(atlas.data(`agreement/selection/leave${query || "?"}`));
    },
  };
}
