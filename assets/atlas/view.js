/* What the page shows, as one record: set from anywhere, told to everybody, and written into the address. */
import { formatView } from "../points/address.js";
import { comparisonFields, selectedByOverlap, showsOverlap } from "./comparison.js";
import { makeEvents } from "./events.js";

/* Fields that the selection rests on, so that nothing is asked anew when others change. */
function selectingFields(view, info) {
  const fields = ["atlas", "elements", "find", "brush"];
  if (view.hide.length) fields.push("hide", "colour");
  if (view.hide.length && info.quantities.find((q) => q.id === view.colour)?.of === "model") fields.push("models");
  fields.push(...selectedByOverlap(view, info));
  if (view.lasso) fields.push("lasso", "space", "method", "align", "k");
  return fields;
}

/* What has no meaning any more once something else has changed: a place on another map, limits of another quantity. */
function consequences(view, changes, same) {
  const differs = (field) => field in changes && !same(view[field], changes[field]);
  const reset = {};
  if (["space", "method", "align", "k"].some(differs)) reset.lasso = null;
  if (["space", "method", "align"].some(differs)) reset.zoom = {};
  if (differs("colour")) Object.assign(reset, { limits: null, log: false, reverse: false, hide: [], colours: {} });
  return { ...reset, ...changes };
}

const WRITE_AFTER = 200; // ms; browsers refuse more than about three addresses a second

const same = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);

export function makeView(info, atomName) {
  let view = { ...info.state };
  const events = makeEvents();
  let timer = 0;

  const query = (of = view) => {
    const text = formatView(of, info.defaults, atomName);
    return text ? `?${text}` : "";
  };
  const queryOf = (fields) => query({ ...info.defaults, ...Object.fromEntries(fields.map((field) => [field, view[field]])) });
  const hold = () => {
    clearTimeout(timer);
    timer = 0;
  };
  const write = (step) => {
    hold();
    const address = window.location.pathname + query() + window.location.hash;
    window.history[step ? "pushState" : "replaceState"](null, "", address);
  };

  function change(next, before, after) {
    const changed = new Set(Object.keys(next).filter((field) => field in view && !same(view[field], next[field])));
    if (!changed.size) return changed;
    before();
    view = { ...view, ...Object.fromEntries([...changed].map((field) => [field, next[field]])) };
    after();
    events.emit(view, changed);
    return changed;
  }

  return {
    get: () => view,
    query,
    /* The address now, for those who read or leave the page before it is written. */
    flush: () => timer && write(false),
    rewrite: () => write(false),
    selecting: () => queryOf(selectingFields(view, info)),
    masking: () => queryOf(["atlas", "find", "brush", ...selectedByOverlap(view, info)]),
    /* What a table of the selection is to show. */
    tabling: () => queryOf([...selectingFields(view, info), ...(showsOverlap(view, info) ? comparisonFields(view) : [])]),
    /* What is said of the chosen atom. */
    surrounding: () => queryOf([...comparisonFields(view), "models", "atom"]),
    /* What is compared, and over which atoms. */
    comparing: () => queryOf([...selectingFields(view, info), ...comparisonFields(view)]),
    /* Nothing is written until the next change: the address is another one now. */
    hold,
    /* A step is a change that the Back button undoes. */
    set(changes, { step = false } = {}) {
      return change(
        consequences(view, changes, same),
        // what was still to be written belongs to the entry that is left
        () => step && timer && write(false),
        () => {
          if (step) write(true);
          else if (!timer) timer = setTimeout(() => write(false), WRITE_AFTER);
        },
      );
    },
    /* Take a view that the address already has. */
    replace: (next) => change({ ...info.defaults, ...next }, hold, () => {}),
    on: events.on,
  };
}
