/* What the page shows, as one record: set from anywhere, told to everybody, and written into the address. */
import { formatView } from "../points/address.js";

/* Fields that the selection rests on, so that nothing is asked anew when others change. */
function selectingFields(view, info) {
  const fields = ["atlas", "elements", "find", "brush"];
  if (view.hide.length) fields.push("hide", "colour");
  if (view.hide.length && info.quantities.find((q) => q.id === view.colour)?.of === "model") fields.push("models");
  if (view.lasso) fields.push("lasso", "space", "method", "align", "k");
  return fields;
}

const WRITE_AFTER = 200; // ms; browsers refuse more than about three addresses a second

const same = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);

export function makeView(info, atomName) {
  let view = { ...info.state };
  let listeners = [];
  let timer = 0;

  const query = (of = view) => {
    const text = formatView(of, info.defaults, atomName);
    return text ? `?${text}` : "";
  };
  const queryOf = (fields) => query({ ...info.defaults, ...Object.fromEntries(fields.map((field) => [field, view[field]])) });
  const write = (step) => {
    clearTimeout(timer);
    timer = 0;
    const address = window.location.pathname + query() + window.location.hash;
    window.history[step ? "pushState" : "replaceState"](null, "", address);
  };

  function change(next, told) {
    const changed = new Set(Object.keys(next).filter((field) => field in view && !same(view[field], next[field])));
    if (!changed.size) return changed;
    view = { ...view, ...Object.fromEntries([...changed].map((field) => [field, next[field]])) };
    told(changed);
    for (const listener of listeners) listener(view, changed);
    return changed;
  }

  return {
    get: () => view,
    query,
    /* The address now, for those who read or leave the page before it is written. */
    flush: () => timer && write(false),
    rewrite: () => write(false),
    selecting: () => queryOf(selectingFields(view, info)),
    masking: () => queryOf(["atlas", "find", "brush"]),
    /* A step is a change that the Back button undoes. */
    set(changes, { step = false } = {}) {
      return change(changes, () => {
        if (step) {
          if (timer) write(false);
          queueMicrotask(() => write(true));
        } else if (!timer) timer = setTimeout(() => write(false), WRITE_AFTER);
      });
    },
    /* Take a view that the address already has. */
    replace: (next) => change({ ...info.defaults, ...next }, () => clearTimeout(timer)),
    on(listener) {
      listeners = [...listeners, listener];
      return () => (listeners = listeners.filter((l) => l !== listener));
    },
  };
}
