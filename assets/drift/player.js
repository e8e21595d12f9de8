/* The slider of steps, and the button that plays them. */
import { buildNode } from "../panels/nodes.js";
import { stepText, stepTick } from "./series.js";

const [BEAT, CALM_BEAT] = [900, 1800]; // ms from step to step
export const REDUCED_MOTION = "(prefers-reduced-motion: reduce)";
const TICK_ROOM = 46; // css px

/* Which ticks are labelled where there is room for `most`: the first, the last, and evenly between. */
export function labelledTicks(n, most) {
  if (n <= most) return Array.from({ length: n }, (_, k) => k);
  const every = Math.ceil((n - 1) / Math.max(1, most - 1));
  return Array.from({ length: n }, (_, k) => k).filter((k) => k === n - 1 || (k % every === 0 && n - 1 - k >= every * 0.6));
}

/* `set(t, final)` shows a step; `final` where it is to be kept in the address. `ready()` says whether the last one is drawn. */
export function makePlayer({ set, ready }) {
  const button = buildNode("button", { type: "button", class: "tool drift-play", id: "drift-play" });
  const slider = buildNode("input", { type: "range", class: "drift-slider", id: "drift-step", min: 0, max: 1, step: 1, "aria-label": "Step" });
  const ticks = buildNode("div", { class: "drift-ticks", "aria-hidden": "true" });
  const now = buildNode("output", { class: "drift-now", for: "drift-step" });
  const node = buildNode("div", { class: "drift-player", role: "group", "aria-label": "Steps" }, button, buildNode("div", { class: "drift-track" }, slider, ticks), now);
  let series = null;
  let shown = 0;
  let timer = 0;

  const last = () => series.step.length - 1;
  const isPlaying = () => timer !== 0;

  function label() {
    const words = isPlaying() ? "Pause" : shown >= (series ? last() : 0) ? "Play from the start" : "Play";
    button.textContent = isPlaying() ? "❚❚" : "▶";
    button.title = `${words} (K)`;
    button.setAttribute("aria-label", words);
    button.setAttribute("aria-pressed", String(isPlaying()));
  }

  function pause() {
    if (!timer) return;
    clearTimeout(timer);
    timer = 0;
    set(shown, true);
    label();
  }

  function beat() {
    timer = setTimeout(() => {
      // what is not drawn yet is waited for, so that no step is skipped
      if (!ready()) return beat();
      if (shown >= last()) return pause();
      set(shown + 1, false);
      return beat();
    }, window.matchMedia(REDUCED_MOTION).matches ? CALM_BEAT : BEAT);
  }

  function play() {
    if (!series || last() < 1) return;
    if (shown >= last()) set(0, false);
    beat();
    label();
  }

  const step = (by) => {
    pause();
    if (series) set(Math.min(Math.max(shown + by, 0), last()), true);
  };
  button.addEventListener("click", () => (isPlaying() ? pause() : play()));
  slider.addEventListener("input", () => {
    pause();
    set(Number(slider.value), true);
  });

  function drawTicks() {
    const [n, room] = [series.step.length, ticks.clientWidth];
    const nodes = labelledTicks(n, Math.max(2, Math.floor(room / TICK_ROOM))).map((k) => {
      const tick = buildNode("span", {}, stepTick(series, k));
      tick.style.left = `${(100 * k) / (n - 1)}%`;
      return tick;
    });
    ticks.replaceChildren(...nodes);
  }
  new ResizeObserver(() => series && drawTicks()).observe(ticks);

  return {
    node, pause, step, isPlaying,
    toggle: () => (isPlaying() ? pause() : play()),
    show(next, t) {
      const other = next !== series;
      if (other) pause();
      [series, shown] = [next, t];
      Object.assign(slider, { max: last(), value: t });
      const text = stepText(next, t);
      slider.setAttribute("aria-valuetext", `${text}, ${t} of ${last()}`);
      now.textContent = `${text} (${t} of ${last()})`;
      if (other) drawTicks();
      label();
    },
  };
}
