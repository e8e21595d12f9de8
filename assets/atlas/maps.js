/* The maps: panels laid out over their place, points drawn on one canvas, axes and marks above it. */
import { roundTogether } from "../points/address.js";
import { aroundAll, boundsOf, padded } from "../points/bounds.js";
import { drawDensity } from "../points/density.js";
import { layOutPanels } from "../points/panels.js";
import { clipRect, deviceRect, MISSING, placeOf } from "../points/place.js";
import { clearRaster, drawPoints, makeRaster } from "../points/raster.js";
import { abgr, cssColour } from "../points/lut.js";
import { changesOverlap } from "./comparison.js";
import { makeAxes } from "./axes.js";
import { makeOverlay } from "./overlay.js";
import { mapPart } from "./parts.js";
import { isDeep, isLinked, makeScenes } from "./scene.js";
import { drawTitles } from "./titles.js";

const DATA_FIELDS = ["models", "space", "method", "k", "align", "colour", "palette", "limits", "log", "reverse", "colours",
  "hide", "elements", "find", "brush", "lasso", "theme"];
const SCROLLBAR = 12; // css px
const FONT = "Inter, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif";

/* Diameter in css px of a point where n points share a panel: about half of its area, within limits. */
const pointSize = (n, { w, h }) => Math.min(6, Math.max(1.3, 0.85 * Math.sqrt((w * h) / Math.max(n, 1))));

/* As the address keeps them, so that a pasted view is the same view. */
const short = ([x0, x1, y0, y1]) => [...roundTogether([x0, x1]), ...roundTogether([y0, y1])];

/* What a panel shows of a map: the box asked for and more beside it, since both axes have one scale. */
function fitRanges([x0, x1, y0, y1], { w, h }) {
  const scale = Math.max((x1 - x0) / w, (y1 - y0) / h);
  const [dx, dy] = [(scale * w - (x1 - x0)) / 2, (scale * h - (y1 - y0)) / 2];
  return [x0 - dx, x1 + dx, y0 - dy, y1 + dy];
}

export function makeMaps(atlas, host, tool) {
  const { info, view, arrays } = atlas;
  const [titles, canvas, axesHost, marks] = ["titles", "points", "axes", "marks"].map((name) => mapPart(host, name));
  const pen = canvas.getContext("2d");
  const overlay = makeOverlay(marks);
  const gather = makeScenes(info, arrays, (error) => atlas.failed(error));
  const axes = makeAxes(axesHost, { moving, moved, placed, failed: (error) => atlas.failed(error) });
  let scene = null;
  let laidOut = null;
  let raster = null;
  let size = { width: 0, height: 0 };
  let rects = [];
  let live = null; // ranges while an axis is being dragged
  let byHand = false; // the axes have the ranges already
  let turn = 0;
  let waiting = 0;
  let frame = 0;
  let guests = [];
  let path = null; // {panel, points: css px, open}
  let seen = true;
  let stale = false; // something has changed while they were not seen
  const dpr = () => window.devicePixelRatio || 1;
  const look = () => ({ ...info.themes[atlas.theme()], font: FONT });

  const rangesOf = (panel, i) => live?.[i] || fitRanges(view.get().zoom[isLinked(view.get()) ? "" : panel.key] || panel.home, rects[i]);
  const placeIn = (i, exact = scene.panels[i].exact) => {
    const panel = scene.panels[i];
    const range = exact ? null : panel.points.range;
    return { source: exact || panel.points, place: placeOf(range, rangesOf(panel, i), deviceRect(rects[i], dpr())) };
  };

  async function refresh() {
    const mine = ++turn;
    waiting += 1;
    host.classList.toggle("busy", true);
    try {
      const next = await gather(view.get(), atlas.theme(), view.masking());
      if (mine !== turn) return;
      const before = scene;
      // other maps beside these may take their selection over
      scene = { ...next, ...atlas.ownSelection?.() };
      const relaid = !before || before.linked !== scene.linked || before.view.align !== scene.view.align
        || before.panels.map((p) => p.key + p.map).join() !== scene.panels.map((p) => p.key + p.map).join();
      if (relaid || before.theme !== scene.theme) layOut();
      else schedule();
      atlas.changed(scene);
    } catch (error) {
      if (mine === turn) atlas.failed(error);
    } finally {
      waiting -= 1;
      host.classList.toggle("busy", waiting > 0);
    }
  }

  function layOut() {
    if (!scene || !size.width) return;
    live = null;
    laidOut = layOutPanels(scene.panels.length, size.width, size.height, scene.linked);
    // panels that do not fit are scrolled, and the bar stands beside them
    if (laidOut.height > size.height) laidOut = layOutPanels(scene.panels.length, size.width - SCROLLBAR, size.height, scene.linked);
    rects = laidOut.rects;
    const d = dpr();
    const [w, h] = [Math.round(size.width * d), Math.round(laidOut.height * d)];
    if (!raster || raster.width !== w || raster.height !== h) raster = makeRaster(w, h);
    Object.assign(canvas, { width: w, height: h });
    Object.assign(canvas.style, { width: `${size.width}px`, height: `${laidOut.height}px` });
    overlay.resize(size.width, laidOut.height, d);
    drawTitles(titles, scene.panels, laidOut, info, scene.linked, scene.view.align);
    host.classList.toggle("none", !scene.panels.length);
    draw(true);
    setTimeout(showAxes);
  }

  function showAxes() {
    if (!scene || !laidOut || !seen) return;
    axes.show({
      width: size.width, height: laidOut.height, linked: scene.linked, tool: tool(), look: look(),
      panels: scene.panels.map((panel, i) => ({ rect: laidOut.rects[i], ranges: rangesOf(panel, i) })),
    });
  }

  /* Plotly has the last word on where the axes are; points follow to the fraction of a pixel. */
  function placed(found) {
    const off = found.length === rects.length && found.some((r, i) => ["x", "y", "w", "h"].some((s) => Math.abs(r[s] - rects[i][s]) > 1e-6));
    if (!off) return;
    rects = found;
    schedule();
  }

  function moving(ranges) {
    live = ranges;
    schedule();
  }

  function moved(ranges) {
    live = ranges;
    const zoom = {};
    scene.panels.forEach((panel, i) => {
      const [now, home] = [short(ranges[i]), short(fitRanges(panel.home, rects[i]))];
      if (now.some((v, j) => v !== home[j])) zoom[scene.linked ? "" : panel.key] = now;
    });
    live = null;
    byHand = true;
    view.set({ zoom });
    byHand = false;
    schedule();
  }

  function schedule() {
    if (!frame) frame = requestAnimationFrame(() => draw(false));
  }

  function draw(now) {
    if (!now || frame) cancelAnimationFrame(frame);
    frame = 0;
    if (!scene || !raster) return;
    stale ||= !seen;
    if (!seen) return;
    const d = dpr();
    if (raster.width !== Math.round(size.width * d)) {
      layOut(); // on another screen now
      return;
    }
    clearRaster(raster);
    scene.panels.forEach((panel, i) => {
      const { source, place } = placeIn(i);
      const css = pointSize(source.drawn ?? info.n_atoms, rects[i]) * view.get().size;
      const options = {
        xy: source.xy, n: info.n_atoms, place, rect: clipRect(rects[i], d), codes: panel.values, lut: scene.lut, mask: scene.mask, muted: scene.muted,
      };
      if (view.get().draw === "density") drawDensity(raster, { ...options, bin: Math.max(1, Math.round(Math.max(2, css) * d)), ground: abgr(look().surface) });
      else drawPoints(raster, { ...options, radius: (css * d) / 2 });
    });
    if (raster.width && raster.height) pen.putImageData(new ImageData(raster.bytes, raster.width, raster.height), 0, 0);
    drawMarks();
    document.dispatchEvent(new CustomEvent("atlas:drawn"));
  }

  /* Where an atom is in a panel, css px of the host; null where it has no place. */
  function place(atom, i) {
    const rank = arrays.now.rank();
    if (!scene || atom == null || !rank || !scene.panels[i]) return null;
    const { source, place: at } = placeIn(i);
    const at2 = 2 * rank[atom];
    const [u, v] = [source.xy[at2], source.xy[at2 + 1]];
    if (source.exact ? !Number.isFinite(u) : u === MISSING) return null;
    return [(at.ax * u + at.bx) / dpr(), (at.ay * v + at.by) / dpr()];
  }

  /* A place in map coordinates, css px of the host. */
  function toPixels(i, [x, y]) {
    const { x: left, y: top, w, h } = rects[i];
    const [x0, x1, y0, y1] = rangesOf(scene.panels[i], i);
    return [left + ((x - x0) / (x1 - x0)) * w, top + h - ((y - y0) / (y1 - y0)) * h];
  }

  /* Atoms that are not of this atlas, where they lie in a panel. */
  function guestsIn(i) {
    const { key, map, points } = scene.panels[i];
    return guests.flatMap((guest) => {
      const xy = guest.maps[key]?.[map];
      if (!xy) return [];
      const [a, b, c, d, right, up] = points.turn || [1, 0, 0, 1, 0, 0];
      return [{ guest, at: toPixels(i, [a * xy[0] + c * xy[1] + right, b * xy[0] + d * xy[1] + up]) }];
    });
  }

  function toMap(i, [px, py]) {
    const { x: left, y: top, w, h } = rects[i];
    const [x0, x1, y0, y1] = rangesOf(scene.panels[i], i);
    return [x0 + ((px - left) / w) * (x1 - x0), y0 + ((top + h - py) / h) * (y1 - y0)];
  }

  function drawMarks() {
    stale ||= !seen;
    if (!scene || !seen) return;
    const { atom, lasso } = view.get();
    overlay.draw(scene.panels.map((panel, i) => {
      const rings = [];
      for (const [of, strong] of [[atlas.hover.get(), false], [atom, true]]) {
        const at = of == null ? null : place(of, i);
        if (at) rings.push({ x: at[0], y: at[1], strong, colour: cssColour(scene.lut[panel.values[arrays.now.rank()[of]]]) });
      }
      const diamonds = guestsIn(i).map(({ at }) => ({ x: at[0], y: at[1] }));
      const drawing = path?.panel === i ? path : null;
      const kept = lasso?.model === panel.key ? lasso.points.map((p) => toPixels(i, p)) : null;
      return { rect: rects[i], rings, diamonds, path: drawing ? drawing.points : kept, open: Boolean(drawing?.open) };
    }), look());
  }

  /* A factor below 1 magnifies; 0 goes back to the whole map. */
  function zoom(factor) {
    if (!scene) return;
    const next = {};
    if (factor)
      scene.panels.forEach((panel, i) => {
        const [x0, x1, y0, y1] = rangesOf(panel, i);
        const around = (a, b) => [(a + b) / 2 - ((b - a) / 2) * factor, (a + b) / 2 + ((b - a) / 2) * factor];
        next[scene.linked ? "" : panel.key] = short([...around(x0, x1), ...around(y0, y1)]);
      });
    view.set({ zoom: next });
  }

  /* The selected atoms fill the maps; the whole map where all are selected. */
  function zoomToSelection() {
    if (!scene) return;
    const zoom = {};
    const sharing = scene.linked ? [["", scene.panels]] : scene.panels.map((panel) => [panel.key, [panel]]);
    for (const [key, panels] of scene.mask ? sharing : []) {
      const box = aroundAll(panels.map((panel) => boundsOf(panel.points, scene.mask)).filter(Boolean));
      const [x0, x1] = panels[0].home;
      if (box) zoom[key] = short(padded(box, (x1 - x0) / 100));
    }
    view.set({ zoom }, { step: true });
  }

  view.on((now, changed) => {
    if (DATA_FIELDS.some((field) => changed.has(field)) || changesOverlap(now, changed, info)) refresh();
    else if (changed.has("draw") || changed.has("size")) schedule();
    else if (changed.has("atom")) arrays.rank().then(drawMarks, atlas.failed);
    if (changed.has("zoom")) {
      schedule();
      if (!byHand) showAxes();
      if (scene?.panels.some((panel, i) => !panel.exact && isDeep(panel.home, rangesOf(panel, i)))) refresh();
    }
  });

  return {
    host, refresh, place, zoom, zoomToSelection, toMap,
    redraw: schedule,
    guestsIn: (i) => (scene?.panels[i] ? guestsIn(i) : []),
    marks: drawMarks,
    axes: showAxes,
    beginAxes: axes.begin,
    busy: () => waiting > 0,
    scene: () => scene,
    resize(width, height) {
      if (width === size.width && height === size.height) return;
      size = { width, height };
      layOut();
    },
    relay: layOut,
    /* What is not seen is not drawn, and drawn anew when it is seen again. */
    show(next) {
      if (next === seen) return;
      seen = next;
      if (!seen || !stale) return;
      stale = false;
      layOut();
    },
    panels: () => (scene ? scene.panels.map((p, i) => ({ key: p.key, map: p.map, rect: rects[i], ranges: rangesOf(p, i) })) : []),
    panelAt: (x, y) => rects.findIndex((r) => x >= r.x && x <= r.x + r.w && y >= r.y && y <= r.y + r.h),
    placeIn: (i) => ({ ...placeIn(i), dpr: dpr() }),
    setPath(next) {
      path = next;
      drawMarks();
    },
    setGuests(next) {
      guests = next;
      drawMarks();
    },
  };
}
