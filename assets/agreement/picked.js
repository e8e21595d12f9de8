/* The comparison over the atoms that the view picks out: asked of the server until it is done or nobody waits. */

const ASK_EVERY = 500; // ms
const ASK_AGAIN_AFTER = [500, 1000, 2000, 4000]; // ms, where the server was not reached
const ASKER_BYTES = 12;

/* How this page is told from others that wait for the same. */
const askerName = () => [...crypto.getRandomValues(new Uint8Array(ASKER_BYTES))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

export function makePicked(atlas, changed) {
  let asked = null; // {query, timer, state, missed}
  const asker = askerName();
  const address = (path, query) => atlas.data(`agreement/selection${path}${query || "?"}&asker=${asker}`);

  async function ask(mine) {
    const first = mine.state.run; // the first scores come once
    try {
      const answer = await fetch(`${address("", mine.query)}${first ? "&seen=1" : ""}`);
      const said = await answer.json();
      if (asked !== mine) return;
      mine.missed = 0;
      mine.state = said.state ? { ...(first && { run: first }), ...said } : { state: "refused", error: said.error || `The comparison was refused (${answer.status}).` };
    } catch {
      if (asked !== mine) return;
      mine.missed += 1;
      mine.state = mine.missed > ASK_AGAIN_AFTER.length
        ? { state: "refused", error: "The server cannot be reached; the selection was not compared." }
        : { ...mine.state, missed: mine.missed };
    }
    const wait = mine.missed ? ASK_AGAIN_AFTER[mine.missed - 1] : ASK_EVERY;
    if (mine.state.state === "working") mine.timer = setTimeout(() => ask(mine), wait);
    changed(mine.state);
  }

  function begin(query) {
    asked = { query, timer: 0, missed: 0, state: { state: "working", done: 0, of: 0, now: "", waiting: 0 } };
    ask(asked);
    return asked.state;
  }

  return {
    /* Begin, unless this very selection is asked for already. */
    ask(query) {
      if (asked?.query === query) return asked.state;
      this.leave();
      return begin(query);
    },
    /* Ask anew for what was refused. */
    again() {
      if (!asked) return;
      clearTimeout(asked.timer);
      begin(asked.query);
      changed(asked.state);
    },
    /* Nobody waits any more. */
    leave() {
      if (!asked) return;
      const { query, timer, state } = asked;
      clearTimeout(timer);
      asked = null;
      if (state.state === "working") navigator.sendBeacon(address("/leave", query));
    },
  };
}
