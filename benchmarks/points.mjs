/** Times of the points layer without a browser: `node benchmarks/points.mjs`. Fastest and median of the repetitions. */

import { cpus } from "node:os";
import { performance } from "node:perf_hooks";

import { drawDensity } from "../assets/points/density.js";
import { makeGrid, nearestInGrid } from "../assets/points/grid.js";
import { insidePolygon, simplifyPolygon } from "../assets/points/lasso.js";
import { abgr, categoryLut, scaleLut } from "../assets/points/lut.js";
import { combineMasks, elementMask } from "../assets/points/mask.js";
import { layOutPanels } from "../assets/points/panels.js";
import { clipRect, deviceRect, placeOf } from "../assets/points/place.js";
import { clearRaster, drawPoints, makeRaster } from "../assets/points/raster.js";

const RANGE = [-1, 1, -1, 1];
const ATOMS = 282847;
const MANY = 2000000;

/** Random numbers from 0 to 1 that are the same every time (xorshift). */
function randomNumbers(seed) {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 4294967296;
  };
}

/** `n` points in clusters of very different width, as maps of atoms are; in random order. */
function makePoints(n, seed) {
  const random = randomNumbers(seed);
  const clusters = Array.from({ length: 60 }, () => [random(), random(), 0.002 + 0.06 * random() ** 3]);
  const xy = new Uint16Array(2 * n);
  const codes = new Uint8Array(n);
  for (let i = 0; i < n; i += 1) {
    const c = Math.floor(random() * clusters.length);
    const [x, y, width] = clusters[c];
    const spread = width * Math.sqrt(-2 * Math.log(1 - random()));
    const angle = 2 * Math.PI * random();
    xy[2 * i] = Math.min(65534, Math.max(0, 65534 * (x + spread * Math.cos(angle))));
    xy[2 * i + 1] = Math.min(65534, Math.max(0, 65534 * (y + spread * Math.sin(angle))));
    codes[i] = c % 10;
  }
  return { xy, codes };
}

function time(label, repeat, action) {
  for (let i = 0; i < 3; i += 1) action();
  const times = [];
  for (let i = 0; i < repeat; i += 1) {
    const before = performance.now();
    action();
    times.push(performance.now() - before);
  }
  times.sort((a, b) => a - b);
  const median = times[Math.floor(times.length / 2)];
  console.log(`${label.padEnd(66)} ${times[0].toFixed(2).padStart(8)} ms ${median.toFixed(2).padStart(8)} ms`);
}

const colours = ["#4477aa", "#66ccee", "#228833", "#ccbb44", "#ee6677", "#aa3377", "#bbbbbb", "#000000", "#994455", "#997700"];
const lut = categoryLut(colours.map((colour) => ({ colour })), abgr("#cccccc"));
const ramp = scaleLut(colours, { lo: 0, hi: 1, log: false }, {}, 0);
const muted = abgr("#dddddd");
const panels = Array.from({ length: 8 }, (_, i) => makePoints(ATOMS, 17 + i));
const many = makePoints(MANY, 5);
const floats = Float32Array.from(panels[0].xy, (u) => (u / 65534) * 2 - 1);
const numbers = Uint16Array.from({ length: ATOMS }, (_, i) => (i * 7919) % 65535);
const half = Uint8Array.from({ length: ATOMS }, (_, i) => i % 2);

console.log(`${cpus()[0].model}, ${cpus().length} cores, node ${process.version}`);
console.log(`${"".padEnd(66)} ${"fastest".padStart(11)} ${"median".padStart(11)}`);

for (const [width, height, ratio] of [[982, 760, 1], [982, 760, 2]]) {
  const raster = makeRaster(width * ratio, height * ratio);
  const layout = layOutPanels(8, width, height, true);
  const drawAll = (draw, options) => () => {
    clearRaster(raster);
    layout.rects.forEach((rect, i) => {
      const { xy, codes } = panels[i];
      const place = placeOf(RANGE, RANGE, deviceRect(rect, ratio));
      draw(raster, { xy, n: ATOMS, place, rect: clipRect(rect, ratio), codes, lut, mask: null, muted, ...options });
    });
  };
  const label = `8 panels x ${ATOMS}, ${width * ratio}x${height * ratio} px`;
  for (const radius of [0.5, 1, 1.5, 3]) time(`${label}, radius ${radius}`, 30, drawAll(drawPoints, { radius }));
  time(`${label}, radius 1, half muted`, 30, drawAll(drawPoints, { radius: 1, mask: half }));
  time(`${label}, radius 1, 16-bit colours`, 30, drawAll(drawPoints, { radius: 1, codes: numbers, lut: ramp }));
  time(`${label}, density`, 15, drawAll(drawDensity, { radius: 1, ground: abgr("#ffffff"), bin: 2 * ratio }));
  time(`${label}, density, half muted`, 15, drawAll(drawDensity, { radius: 1, mask: half, ground: abgr("#ffffff"), bin: 2 * ratio }));

  const rect = { x: 40, y: 20, w: (width - 60) * ratio, h: (height - 60) * ratio };
  const place = placeOf(RANGE, RANGE, rect);
  const drawOne = (options) => () => {
    clearRaster(raster);
    drawPoints(raster, { place, rect, lut, mask: null, muted, ...options });
  };
  const big = `one map x ${MANY}, ${rect.w}x${rect.h} px`;
  for (const radius of [0.5, 1, 1.5]) time(`${big}, radius ${radius}`, 15, drawOne({ ...many, n: MANY, radius }));
  const near = placeOf(null, [-0.02, 0.02, -0.02, 0.02], rect);
  time(`one map x ${ATOMS} floats, 50x zoom, radius 4`, 15, drawOne({ xy: floats, codes: panels[0].codes, n: ATOMS, place: near, radius: 4 }));
}

const one = panels[0];
const polygon = Array.from({ length: 40 }, (_, i) => {
  const r = 0.6 + 0.2 * Math.sin(5 * i);
  return [r * Math.cos((2 * Math.PI * i) / 40), r * Math.sin((2 * Math.PI * i) / 40)];
});
const hand = Array.from({ length: 900 }, (_, i) => {
  const t = (2 * Math.PI * i) / 900;
  return [(0.6 + 0.2 * Math.sin(3 * t)) * Math.cos(t) + 0.003 * Math.sin(i), (0.6 + 0.1 * Math.cos(7 * t)) * Math.sin(t)];
});
const out = new Uint8Array(MANY);
console.log(`lasso of ${insidePolygon(one.xy, ATOMS, RANGE, polygon, out)} of ${ATOMS}`);
time(`lasso, 40 vertices, ${ATOMS}`, 30, () => insidePolygon(one.xy, ATOMS, RANGE, polygon, out));
time(`lasso, 40 vertices, ${MANY}`, 10, () => insidePolygon(many.xy, MANY, RANGE, polygon, out));
time("polygon of 900 vertices simplified to 40", 30, () => simplifyPolygon(hand, 40));
time(`grid, ${ATOMS}`, 15, () => makeGrid(one.xy, ATOMS));
time(`grid, ${MANY}`, 5, () => makeGrid(many.xy, MANY));
const grid = makeGrid(one.xy, ATOMS);
const place = placeOf(RANGE, RANGE, { x: 0, y: 0, w: 900, h: 700 });
const random = randomNumbers(3);
time("1,000 times the nearest within 10 px", 15, () => {
  for (let i = 0; i < 1000; i += 1) nearestInGrid(grid, place, random() * 900, random() * 700, 10, null);
});
time(`colours of 65,536 codes, logarithmic`, 15, () => scaleLut(colours, { lo: 0.1, hi: 10, log: true }, { log: true }, 0));
time(`elements and lasso to one mask, ${ATOMS}`, 15, () => combineMasks(ATOMS, [elementMask(one.codes, [1, 4, 7]), half]));
