/* Between the view and Dash: stores that callbacks take as inputs, and controls that follow the view. */

export function makeBridge(atlas) {
  const told = new Map(); // store or control -> what it was last given, as text
  const mirrors = [];
  let mounted = false;
  let queued = false;

  const give = (id, prop, value, key = `${JSON.stringify(id)}.${prop}`) => {
    const text = JSON.stringify(value);
    if (told.get(key) === text) return;
    told.set(key, text);
    window.dash_clientside.set_props(id, { [prop]: value });
  };

  function tell() {
    queued = false;
    if (!mounted) return;
    const view = atlas.view.get();
    give("view", "data", { atlas: view.atlas, query: atlas.view.query() });
    give("chosen", "data", { atlas: view.atlas, atom: view.atom });
    give("mapped", "data", { atlas: view.atlas, models: view.models, space: view.space, method: view.method, k: view.k });
    give("shown", "data", { atlas: view.atlas, models: view.models, near: view.near });
    give("selection", "data", { atlas: view.atlas, query: atlas.view.selecting() });
    give("look", "data", atlas.theme());
    for (const { id, prop, read } of mirrors) give(id, prop, read(view));
  }

  const later = () => {
    if (queued) return;
    queued = true;
    queueMicrotask(tell);
  };

  atlas.view.on(later);
  return {
    later,
    /* A control has changed: what it now shows is what the view is to have. */
    bind(field, value) {
      if (value === null || value === undefined) return;
      for (const mirror of mirrors)
        if (mirror.field === field) told.set(`${JSON.stringify(mirror.id)}.${mirror.prop}`, JSON.stringify(value));
      atlas.view.set({ [field]: value });
    },
    /* Let a control follow the view; `field` names what it is bound to, if it is. */
    mirror(id, prop, read, field = "") {
      mirrors.push({ id, prop, read, field });
      told.set(`${JSON.stringify(id)}.${prop}`, JSON.stringify(read(atlas.view.get())));
      later();
    },
    mount() {
      mounted = true;
      later();
    },
    again() {
      for (const id of ["view", "mapped", "chosen", "shown", "selection"]) told.delete(`"${id}".data`);
      later();
    },
    isMounted: () => mounted,
  };
}
