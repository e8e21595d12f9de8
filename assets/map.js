/* The points of the maps: fetched once an array, coloured, marked and looked up here, never sent through callbacks. */
(() => {
  "use strict";
  const kept = new Map();
  let atoms = null;
  let drawn = null; // {skeleton, arrays, order, rank}: what the graph shows now
  let turn = 0;

  const address = (path) => document.querySelector("[data-root]")?.dataset.root + path;

  function keep(url, read) {
    if (!kept.has(url)) {
      const found = fetch(url).then((r) => {
        if (!r.ok) throw new Error(`${url}: ${r.status}`);
        return read(r);
      });
      found.catch(() => kept.delete(url));
      kept.set(url, found);
      if (kept.size > 96) kept.delete(kept.keys().next().value);
    }
    return kept.get(url);
  }

  async function atomTable() {
    if (!atoms) {
      atoms = await keep(address("data/atoms"), (r) => r.json());
      atoms.rank = new Int32Array(atoms.order.length);
      atoms.order.forEach((atom, i) => (atoms.rank[atom] = i));
    }
    return atoms;
  }

  const points = (path) =>
    keep(address(path), async (r) => {
      const both = new Float32Array(await r.arrayBuffer());
      return { x: both.subarray(0, both.length / 2), y: both.subarray(both.length / 2) };
    });

  /* Muted points come first, so that they lie beneath; within both parts the stored order stays. */
  function arrange(shown, elements, muted) {
    const n = atoms.order.length;
    const visible = new Set(shown);
    const picked = new Set(elements);
    const code = atoms.category.map((c, z) => {
      const on = visible.has(atoms.categories[c]) && (!picked.size || picked.has(atoms.symbols[z]));
      return on ? c : muted;
    });
    const codes = new Uint8Array(n);
    for (let i = 0; i < n; i++) codes[i] = code[atoms.number[atoms.order[i]] - 1];
    if (!code.includes(muted)) return { order: null, codes };
    const order = new Int32Array(n);
    let next = 0;
    for (let i = 0; i < n; i++) if (codes[i] === muted) order[next++] = i;
    for (let i = 0; i < n; i++) if (codes[i] !== muted) order[next++] = i;
    return { order, codes: codes.map((_, i) => codes[order[i]]) };
  }

  const reordered = (values, order) => (order ? values.map((_, i) => values[order[i]]) : values);

  /* Colours as numbers, one array a code: plotly takes three times as long (280 ms for 36,000 points) to put codes
     through a colour scale, since it then parses a text for every point. */
  function painted(codes, colorscale) {
    const steps = (colorscale || []).filter((_, i) => i % 2).map(([, hex]) =>
      [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).concat(1));
    return Array.from(codes, (code) => steps[code]);
  }

  function marks(atom) {
    if (atom == null || !drawn) return [];
    const i = atoms.rank[atom];
    const { accent, surface } = drawn.skeleton.layout.meta;
    return drawn.arrays.flatMap((xy, panel) => {
      if (!Number.isFinite(xy.x[i])) return [];
      const suffix = panel ? panel + 1 : "";
      const ring = (r, color, width) => ({
        type: "circle", xref: `x${suffix}`, yref: `y${suffix}`, xsizemode: "pixel", ysizemode: "pixel",
        xanchor: xy.x[i], yanchor: xy.y[i], x0: -r, x1: r, y0: -r, y1: r, line: { color, width },
      });
      return [ring(7, surface, 5), ring(7, accent, 2.5)];
    });
  }

  const listening = new WeakSet();
  function graph() {
    const gd = document.querySelector("#map .js-plotly-plot");
    if (gd?.on && !listening.has(gd)) {
      listening.add(gd);
      gd.on("plotly_doubleclick", () => zoom(0));
    }
    return gd;
  }

  async function draw(skeleton, shown, elements, chosen) {
    if (!skeleton) return window.dash_clientside.no_update;
    const mine = ++turn;
    await atomTable();
    const arrays = await Promise.all(skeleton.data.map((t) => points(t.meta.address)));
    if (mine !== turn) return window.dash_clientside.no_update;
    const { order, codes } = arrange(shown || [], elements || [], skeleton.layout.meta.muted);
    const layout = { ...skeleton.layout, ...zoomed(skeleton) };
    drawn = { skeleton, arrays, order };
    const { colorscale, cmin, cmax, showscale, ...marker } = skeleton.data[0]?.marker || {};
    const colours = painted(codes, colorscale);
    const data = skeleton.data.map((trace, i) => ({
      ...trace,
      x: reordered(arrays[i].x, order),
      y: reordered(arrays[i].y, order),
      meta: { ...trace.meta, codes },
      marker: { ...marker, color: colours },
    }));
    const shapes = [...(skeleton.layout.shapes || []), ...marks(chosen)];
    return { data, layout: { ...layout, shapes } };
  }

  const axes = (panel) => ["xaxis", "yaxis"].map((name) => name + (panel ? panel + 1 : ""));

  /* Axes that keep the zoom that a panel of the same view had. Plotly's own uirevision forgets the zoom of buttons. */
  function zoomed(skeleton) {
    const gd = graph();
    const old = drawn?.skeleton;
    if (!gd || !old?.data.length || old.layout.meta.view !== skeleton.layout.meta.view) return {};
    const kept = {};
    skeleton.data.forEach((trace, panel) => {
      const before = skeleton.layout.meta.linked ? 0 : old.data.findIndex((t) => t.meta.key === trace.meta.key);
      if (before < 0) return;
      const [now, then] = [axes(panel), axes(before)];
      const moved = then.some((name) => String(gd.layout[name]?.range) !== String(old.layout[name].range));
      if (moved) now.forEach((name, i) => (kept[name] = { ...skeleton.layout[name], range: gd.layout[then[i]].range.slice() }));
    });
    return kept;
  }

  function mark(chosen) {
    const gd = graph();
    if (gd?.layout && drawn) window.Plotly.relayout(gd, { shapes: [...(drawn.skeleton.layout.shapes || []), ...marks(chosen)] });
  }

  function atomOf(point) {
    if (!drawn || !point) return null;
    const i = drawn.order ? drawn.order[point.pointNumber] : point.pointNumber;
    return atoms.order[i] ?? null;
  }

  const pick = (click) => atomOf(click?.points?.[0]) ?? window.dash_clientside.no_update;

  function element(tag, text, className) {
    const node = document.createElement(tag);
    node.textContent = text;
    if (className) node.className = className;
    return node;
  }

  function formula(text) {
    const node = document.createElement("b");
    for (const piece of text.split(/((?<=[A-Za-z\])])\d+)/)) node.append(/^\d+$/.test(piece) ? element("sub", piece) : piece);
    return node;
  }

  function hover(data) {
    const tip = document.getElementById("tip");
    const point = data?.points?.[0];
    const atom = atomOf(point);
    if (!tip) return;
    tip.hidden = atom == null;
    if (atom == null) return;
    const s = atoms.structure[atom];
    const symbol = atoms.symbols[atoms.number[atom] - 1];
    const head = document.createElement("div");
    head.append(formula(atoms.formula[s]), " ", element("span", atoms.id[s], "quiet"));
    const site = [`${symbol} ${atoms.counter[atom]}`, ...atoms.sites[atoms.site[atom]]].filter(Boolean).join(", ");
    const where = document.createElement("div");
    const swatch = element("i", "", "swatch");
    swatch.style.background = atoms.colours[atoms.category[atoms.number[atom] - 1]];
    where.append(swatch, `${site}`);
    tip.replaceChildren(head, where, element("div", drawn.skeleton.data[point.curveNumber].meta.key, "quiet"));
    const box = tip.parentElement.getBoundingClientRect();
    const { x0, x1, y0 } = point.bbox;
    const x = x1 + tip.offsetWidth + 16 > box.width ? x0 - tip.offsetWidth - 10 : x1 + 10;
    tip.style.transform = `translate(${Math.max(0, x)}px, ${Math.max(0, Math.min(y0 - 10, box.height - tip.offsetHeight))}px)`;
  }

  /* Plotly tells of leaving a point, but not always of leaving the maps. */
  document.addEventListener("pointermove", (event) => {
    const tip = document.getElementById("tip");
    if (tip && !tip.hidden && !event.target.closest?.("#map-place")) tip.hidden = true;
  });

  function zoom(factor) {
    const gd = graph();
    if (!gd || !drawn) return;
    const change = {};
    for (const [name, axis] of Object.entries(drawn.skeleton.layout)) {
      if (!/^[xy]axis/.test(name)) continue;
      if (!factor) change[`${name}.range`] = axis.range;
      else {
        const [a, b] = gd.layout[name].range;
        change[`${name}.range`] = [(a + b) / 2 - ((b - a) / 2) * factor, (a + b) / 2 + ((b - a) / 2) * factor];
      }
    }
    window.Plotly.relayout(gd, change);
  }

  window.dash_clientside = Object.assign({}, window.dash_clientside, { map: { draw, mark, pick, hover } });
  window.platonic = { zoom, atoms: () => atoms };
})();
