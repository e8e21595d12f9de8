/* The colour scale of a number: its histogram, its range, and the controls around it. */
import { positionOnScale, scaleOf } from "../points/lut.js";
import { canBeLog, colourAt, histogramBars, limitsAfter, roundOnScale, valueOnScale } from "./colour_axis.js";
import { buildNode, oncePerFrame } from "./nodes.js";
import { counted, groupedNumber, shortNumber, typedNumber } from "./words.js";

const SCALE_SVG = "http://www.w3.org/2000/svg";
const SCALE_ENDS = ["Lower", "Upper"];
const SCALE_STEP = 0.02; // of the axis, for an arrow key

/* How many atoms have the quantity, in a sentence. */
export function colourHint(legend) {
  if (legend.kind !== "number") return "";
  const atoms = counted(legend.n, "atom");
  const said = legend.missing ? `${atoms}; ${groupedNumber(legend.missing)} without a value, grey.` : `${atoms}.`;
  return legend.comparison ? `${legend.label}. ${said}` : said;
}

/* Enter takes the option that is marked. Where typing opens the list, Mantine may forget which one that is. */
function takeMarked(box, event) {
  const marked = document.getElementById(box.getAttribute("aria-controls"))?.querySelector("[data-combobox-selected]");
  if (!marked?.offsetParent) return;
  event.preventDefault();
  event.stopPropagation();
  marked.click();
}

/* The box of quantities: what is typed replaces its text, and what is done leaves it, so that keys act on the page again. */
function startColourBox(atlas) {
  const box = document.getElementById("colour");
  const isHeld = () => document.activeElement === box;
  const leave = () => {
    box.blur();
    atlas.maps.host.focus({ preventScroll: true });
  };
  for (const kind of ["focus", "click"]) box.addEventListener(kind, () => box.select());
  // on the way down, before the box closes its list
  box.addEventListener("keydown", (event) => event.key === "Escape" && box.getAttribute("aria-expanded") !== "true" && leave(), true);
  box.addEventListener("keydown", (event) => event.key === "Enter" && takeMarked(box, event), true);
  atlas.view.on((_, changed) => changed.has("colour") && isHeld() && leave());
  atlas.actions.add({ id: "go-colour", keys: ["q"], label: "The quantity that colours the atoms", group: "Go to", run: () => box.focus() });
}

export function startColour(atlas) {
  const host = document.getElementById("scale");
  if (!host) return;
  const { info, mirror, view } = atlas;
  for (const [id, prop] of [
    ["colour", "value"],
    ["palette", "value"],
    ["log", "checked"],
    ["reverse", "checked"],
    ["size", "value"],
    ["draw", "value"],
  ])
    mirror(id, prop, (now) => now[id], id);
  startColourBox(atlas);

  const bars = document.createElementNS(SCALE_SVG, "svg");
  bars.setAttribute("viewBox", "0 0 1 1");
  bars.setAttribute("preserveAspectRatio", "none");
  bars.setAttribute("role", "img");
  const ramp = buildNode("div", { class: "ramp" });
  const handles = SCALE_ENDS.map((end) =>
    buildNode("div", { class: "handle", role: "slider", tabindex: 0, "aria-label": `${end} limit of the colours` }),
  );
  const track = buildNode("div", { class: "scale-track" }, bars, ramp, ...handles);
  const inputs = SCALE_ENDS.map((end) =>
    buildNode("input", {
      type: "text",
      inputmode: "decimal",
      class: "limit",
      "aria-label": `${end} limit of the colours`,
    }),
  );
  const unit = buildNode("span", { class: "quiet" });
  host.append(track, buildNode("div", { class: "limits" }, inputs[0], unit, inputs[1]));
  const reset = document.getElementById("scale-reset");
  const hint = document.getElementById("colour-hint");

  const axisNow = (legend) => scaleOf(legend, { log: view.get().log });
  const coloursNow = (legend) => scaleOf(legend, view.get());
  const place = (legend, value) => positionOnScale(value, axisNow(legend));

  function drawBars(legend) {
    const { palette, reverse } = view.get();
    const colours = coloursNow(legend);
    const stops = info.scales[palette];
    bars.setAttribute("aria-label", `Counts of ${legend.label} in ${legend.counts.length} bins`);
    bars.replaceChildren(
      ...histogramBars(legend, axisNow(legend)).map(({ from, to, height, value }) => {
        const rect = document.createElementNS(SCALE_SVG, "rect");
        const fill = colourAt(stops, positionOnScale(value, colours), reverse);
        const drawn = { x: from, y: 1 - height, width: Math.max(to - from, 0.004), height, fill };
        for (const [name, given] of Object.entries(drawn)) rect.setAttribute(name, String(given));
        return rect;
      }),
    );
    const [a, b] = [colours.lo, colours.hi].map((value) => 100 * place(legend, value));
    const ramped = Array.from(
      { length: 17 },
      (_, i) => `${colourAt(stops, i / 16, reverse)} ${a + (i / 16) * (b - a)}%`,
    );
    ramp.style.background = `linear-gradient(90deg, ${ramped.join(", ")})`;
  }

  /* The legend arrives after the view has changed: it alone says whether its numbers have logarithms. */
  let logOff = false;
  function allowLog(legend) {
    if (logOff === !canBeLog(legend)) return;
    logOff = !logOff;
    window.dash_clientside.set_props("log", { disabled: logOff });
  }

  function draw() {
    const legend = atlas.legend.get();
    const numeric = legend.kind === "number";
    document.getElementById("number-colour").hidden = !numeric;
    hint.textContent = colourHint(legend);
    const { limits, log, reverse } = view.get();
    reset.hidden = !numeric || !(limits || log || reverse);
    if (!numeric) return;
    allowLog(legend);
    drawBars(legend);
    unit.textContent = legend.unit;
    const { lo, hi } = coloursNow(legend);
    [lo, hi].forEach((value, end) => {
      const text = shortNumber(value);
      if (document.activeElement !== inputs[end]) inputs[end].value = text;
      handles[end].style.left = `${100 * place(legend, value)}%`;
      const said = {
        valuemin: legend.lo,
        valuemax: legend.hi,
        valuenow: value,
        valuetext: `${text} ${legend.unit}`.trim(),
      };
      for (const [name, what] of Object.entries(said)) handles[end].setAttribute(`aria-${name}`, String(what));
    });
  }

  function put(end, value) {
    const limits = limitsAfter(atlas.legend.get(), view.get().limits, end, value);
    if (limits === undefined) return false;
    view.set({ limits });
    return true;
  }
  const putAt = (end, at) => {
    const legend = atlas.legend.get();
    const axis = axisNow(legend);
    put(end, at <= 0 ? legend.lo : at >= 1 ? legend.hi : roundOnScale(valueOnScale(at, axis), axis, legend.integer));
  };
  const drag = oncePerFrame(putAt);

  track.addEventListener("pointerdown", (event) => {
    const box = track.getBoundingClientRect();
    const at = (x) => (x - box.left) / box.width;
    const legend = atlas.legend.get();
    const { lo, hi } = coloursNow(legend);
    const far = [lo, hi].map((value) => Math.abs(place(legend, value) - at(event.clientX)));
    const held = handles.indexOf(event.target);
    const end = held >= 0 ? held : far[0] <= far[1] ? 0 : 1;
    event.preventDefault();
    handles[end].focus();
    track.setPointerCapture(event.pointerId);
    if (held < 0) drag(end, at(event.clientX));
    const move = (moved) => drag(end, at(moved.clientX));
    track.addEventListener("pointermove", move);
    track.addEventListener("lostpointercapture", () => track.removeEventListener("pointermove", move), { once: true });
  });
  handles.forEach((handle, end) =>
    handle.addEventListener("keydown", (event) => {
      const legend = atlas.legend.get();
      const { lo, hi } = coloursNow(legend);
      const here = place(legend, end ? hi : lo);
      const step = legend.integer ? 1 / (legend.hi - legend.lo) : SCALE_STEP;
      const to = {
        ArrowLeft: here - step,
        ArrowDown: here - step,
        ArrowRight: here + step,
        ArrowUp: here + step,
        Home: 0,
        End: 1,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      putAt(end, to);
    }),
  );
  inputs.forEach((input, end) =>
    input.addEventListener("change", () => {
      const legend = atlas.legend.get();
      const value = input.value.trim() === "" ? (end ? legend.hi : legend.lo) : typedNumber(input.value);
      if (!Number.isFinite(value)) atlas.say(`“${input.value}” is no number; the limit stays.`, "error");
      else if (!put(end, value))
        atlas.say("The lower limit of the colours must lie below the upper one; it stays.", "error");
      const { lo, hi } = coloursNow(legend);
      input.value = shortNumber(end ? hi : lo);
    }),
  );
  reset.addEventListener("click", () => view.set({ limits: null, log: false, reverse: false }));

  view.on((_now, changed) => ["limits", "log", "reverse", "palette"].some((field) => changed.has(field)) && draw());
  atlas.legend.on(draw);
  draw();
}
