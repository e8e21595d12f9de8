/* Page-wide behaviour: the address, the theme, the periodic table, buttons that stand for an atom. */
(() => {
  "use strict";
  const set = (id, props) => window.dash_clientside.set_props(id, props);

  if (new URLSearchParams(window.location.search).get("theme") === "dark")
    document.documentElement.setAttribute("data-mantine-color-scheme", "dark");

  /* Another atom is a step that Back undoes; other changes only keep the address true. */
  const atomIn = (query) => new URLSearchParams(query).get("atom");
  let written = false;
  const write = (query) => {
    if (query == null) return;
    const step = written && atomIn(query) !== atomIn(window.location.search);
    written = true;
    const address = window.location.pathname + query + window.location.hash;
    window.history[step ? "pushState" : "replaceState"](null, "", address);
  };

  /* Dash does not learn of the addresses written here, so an earlier one is opened as if it were pasted. */
  window.addEventListener("popstate", () => window.location.reload());

  function turn(clicks, theme) {
    return clicks ? (theme === "dark" ? "light" : "dark") : window.dash_clientside.no_update;
  }

  /* Which elements are picked out, as pressed buttons. */
  function press(elements) {
    const picked = new Set(elements || []);
    for (const button of document.querySelectorAll("[data-element]"))
      button.setAttribute("aria-pressed", String(picked.has(button.dataset.element)));
    const clear = document.getElementById("clear-elements");
    if (clear) clear.hidden = !picked.size;
  }

  /* The size of the maps' place, and again whenever it has changed and come to rest. */
  let watched, announced, waiting;
  const size = () => ({ width: Math.round(watched.clientWidth), height: Math.round(watched.clientHeight) });
  const watcher = new ResizeObserver(() => {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      const now = size();
      if (!now.width || (now.width === announced?.width && now.height === announced?.height)) return;
      announced = now;
      set("size", { data: now });
    }, 120);
  });
  function measure() {
    const place = document.getElementById("map-place");
    if (!place) return window.dash_clientside.no_update;
    if (place !== watched) {
      watcher.disconnect();
      watched = place;
      watcher.observe(place);
    }
    return (announced = size());
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    if (!button) return;
    if (button.dataset.atom) set("chosen", { data: Number(button.dataset.atom) });
    if (button.dataset.zoom) window.platonic.zoom(Number(button.dataset.zoom));
    if (button.id === "clear-elements") set("elements", { data: [] });
    if (button.dataset.element) {
      const pressed = [...document.querySelectorAll('[data-element][aria-pressed="true"]')].map((b) => b.dataset.element);
      const symbol = button.dataset.element;
      const next = pressed.includes(symbol) ? pressed.filter((s) => s !== symbol) : [...pressed, symbol];
      set("elements", { data: next });
    }
  });

  /* The periodic table is one stop of the Tab key; arrows move within it to the next element of the atlas. */
  const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
  document.addEventListener("keydown", (event) => {
    const from = event.target.closest?.("[data-element]");
    const step = from && steps[event.key];
    if (!step) return;
    event.preventDefault();
    let [row, column] = [Number(from.dataset.row), Number(from.dataset.column)];
    for (let i = 0; i < 18; i++) {
      [row, column] = [row + step[0], column + step[1]];
      const to = document.querySelector(`[data-element][data-row="${row}"][data-column="${column}"]:not(:disabled)`);
      if (to) {
        from.tabIndex = -1;
        to.tabIndex = 0;
        to.focus();
        return;
      }
    }
  });

  window.dash_clientside = Object.assign({}, window.dash_clientside, { page: { write, turn, press, measure } });
})();
