/* What the page says: passing words, errors that stay until they are closed, and a server that is not there. */
import { buildNode } from "./nodes.js";

const NOTICE_LASTS = 6000; // ms of a passing notice
const MOST_NOTICES = 4;
const GONE_STATUSES = [502, 503, 504]; // answers of a proxy whose server is not there

export const isUnreached = (error) => error instanceof TypeError && /fetch|network|load failed/i.test(error.message);

function makeSay(host) {
  const places = {
    info: buildNode("div", { role: "status" }), error: buildNode("div", { role: "alert" }), note: buildNode("div", { role: "status", id: "said-notes" }),
  };
  host.append(places.note, places.error, places.info);
  let shown = []; // {node, key, kind, close, restart}

  /* kind "info" passes by, "note" and "error" stay; `action` is {label, run}. Gives back how to close it. */
  return function say(words, kind = "info", { action = null } = {}) {
    const lines = (Array.isArray(words) ? words : [words]).map(String);
    const key = kind + lines.join("\n");
    const same = shown.find((n) => n.key === key);
    if (same && !action) {
      same.restart();
      return same.close;
    }
    let timer = 0;
    const stop = () => clearTimeout(timer);
    const notice = {
      key, kind, action,
      close() {
        stop();
        shown = shown.filter((n) => n !== notice);
        notice.node.remove();
      },
      restart() {
        stop();
        if (kind === "info") timer = setTimeout(notice.close, NOTICE_LASTS);
      },
    };
    const text = buildNode("div", { class: "said-text" }, ...lines.map((line) => buildNode("p", {}, line)));
    notice.node = buildNode("div", { class: `said-notice ${kind}`, onpointerenter: stop, onfocusin: stop, onpointerleave: notice.restart, onfocusout: notice.restart }, text);
    if (action) {
      const run = () => {
        notice.close();
        action.run();
      };
      notice.node.append(buildNode("button", { type: "button", class: "said-action", onclick: run }, action.label));
    }
    notice.node.append(buildNode("button", { type: "button", class: "close", "aria-label": "Close this notice", onclick: notice.close }, "×"));
    // one passing word at a time, unless it can be acted upon
    for (const old of shown) if (kind === "info" && old.kind === "info" && !old.action) old.close();
    shown = [...shown, notice];
    if (shown.length > MOST_NOTICES) (shown.find((n) => n.kind === "info") || shown[0]).close();
    (places[kind] || places.info).append(notice.node);
    notice.restart();
    return notice.close;
  };
}

/* Notice a server that does not answer, whoever asked it; `lost` and `found` are called once each time. */
function watchServer({ lost, found }) {
  const ask = window.fetch.bind(window);
  let away = false;
  let leaving = false;
  window.addEventListener("pagehide", () => (leaving = true));
  window.addEventListener("pageshow", () => (leaving = false));
  const own = (asked) => new URL(asked?.url || asked, window.location.href).origin === window.location.origin;
  let returns = 0;
  // a page that is being left cuts its requests off, and what failed before the server came back says nothing of it now
  const isAway = (before = returns) => setTimeout(() => {
    if (leaving || away || before !== returns) return;
    away = true;
    lost();
  }, 250);

  window.fetch = async (...given) => {
    if (!own(given[0])) return ask(...given);
    try {
      const answer = await ask(...given);
      if (GONE_STATUSES.includes(answer.status)) isAway();
      else if (away) {
        away = false;
        returns += 1;
        found();
      }
      return answer;
    } catch (error) {
      if (isUnreached(error)) isAway();
      throw error;
    }
  };
}

/* Called before Dash is there, so that what fails early is said too. */
export function startNotices(atlas) {
  const host = buildNode("div", { class: "said", id: "said" });
  document.body.append(host);
  atlas.say = makeSay(host);
  let close = null;

  async function probe() {
    try {
      await fetch(atlas.data("legend/category"), { cache: "no-store" });
    } catch {
      if (!close) lost();
    }
  }

  function lost() {
    const again = () => {
      close = null;
      probe();
    };
    close = atlas.say(["The server cannot be reached.", "What is loaded stays usable."], "error", { action: { label: "Try again", run: again } });
  }

  function found() {
    close?.();
    close = null;
    atlas.say("The server is reached again.");
    document.dispatchEvent(new CustomEvent("atlas:reached"));
    atlas.relook?.();
  }

  watchServer({ lost, found });
  window.addEventListener("online", probe);
  // said already, whoever asked
  window.addEventListener("unhandledrejection", (event) => isUnreached(event.reason) && event.preventDefault());
  atlas.failures?.on((error) => {
    if (!isUnreached(error)) atlas.say(error?.message || String(error), "error");
  });
  if (atlas.info.notices?.length) atlas.say(atlas.info.notices, "note");
}

/* Once the page is there, notes that stay stand above the maps and not over them. */
export function placeNotes() {
  const place = document.getElementById("notices");
  const notes = document.getElementById("said-notes");
  if (place && notes) place.append(notes);
}
