/* Presentation: only the maps, in large type, with a legend beneath; arrows step through the saved views. */
import { drawnText } from "../atlas/drawn.js";
import { presentedLegend } from "./presented_legend.js";
import { buildNode } from "./nodes.js";

const PRESENT_HASH = "#present";

/* Position after a step; the ends hold, and a view that is none of them comes before the first. */
export const stepTo = (at, step, count) => (count ? Math.min(count - 1, Math.max(0, at + step)) : -1);

export function startPresentation(atlas) {
  const root = document.documentElement;
  const part = (tag, attributes, ...children) => buildNode(tag, attributes, ...children);
  let frame = null;
  let views = [];
  let at = -1;
  let full = false;
  let before = null;
  const isOn = () => Boolean(frame);

  function build() {
    const control = (text, label, run) => part("button", { type: "button", class: "presented-control", "aria-label": label, title: label, onclick: run }, text);
    const controls = [
      control("‹", "View before (←)", () => go(-1)),
      part("span", { class: "presented-count" }),
      control("›", "Next view (→)", () => go(1)),
      control("×", "Leave the presentation (Esc)", leave),
    ];
    const title = part("div", { class: "presented-title", role: "status" }, part("h2", {}), part("p", {}));
    return part(
      "div", { class: "presented" },
      part("div", { class: "presented-top" }, title, part("div", { class: "presented-controls", role: "group", "aria-label": "Presentation" }, ...controls)),
      part("div", { class: "presented-bottom" }, part("div", { class: "presented-legend" }), part("p", { class: "presented-drawn" })),
    );
  }

  function showTitle() {
    if (!frame) return;
    const view = views[at];
    const still = view && atlas.saved.isNow(view);
    const { info } = atlas;
    frame.querySelector("h2").textContent = view ? view.title : info.title;
    frame.querySelector(".presented-title p").textContent = view?.note || "";
    frame.querySelector(".presented-count").textContent = views.length ? `${at < 0 ? "–" : at + 1} / ${views.length}${view && !still ? " changed" : ""}` : "";
    const [back, next] = frame.querySelectorAll(".presented-control");
    back.hidden = next.hidden = !views.length;
    back.disabled = at <= 0;
    next.disabled = at >= views.length - 1;
  }

  function showBottom() {
    if (!frame) return;
    frame.querySelector(".presented-legend").replaceChildren(...presentedLegend(atlas.legend.get(), atlas.view.get(), atlas.info, atlas.theme()));
    frame.querySelector(".presented-drawn").textContent = drawnText(atlas.maps.scene(), atlas.info);
  }

  async function to(position) {
    if (!views[position] || position === at) return;
    const from = at;
    at = position;
    showTitle();
    if (!(await atlas.saved.show(views[position], PRESENT_HASH)) && at === position) at = from;
    if (views[at + 1]) atlas.saved.ahead(views[at + 1].query);
    showTitle();
  }
  const go = (step) => to(stepTo(at, step, views.length));

  async function enter({ fullscreen = true } = {}) {
    if (isOn()) return;
    before = document.activeElement;
    frame = build();
    atlas.saved.close();
    document.body.append(frame);
    root.setAttribute("data-presenting", "");
    before?.blur?.();
    showTitle();
    showBottom();
    if (fullscreen && root.requestFullscreen)
      root.requestFullscreen().then(() => (full = true), () => (full = false));
    views = await atlas.saved.sequence();
    if (!isOn()) return;
    at = views.findIndex(atlas.saved.isNow);
    showTitle();
    atlas.saved.ahead?.(views[Math.max(0, at + 1)]?.query || "");
  }

  function leave() {
    if (!isOn()) return;
    frame.remove();
    frame = null;
    root.removeAttribute("data-presenting");
    if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
    full = false;
    if (window.location.hash === PRESENT_HASH) window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
    if (before?.isConnected) before.focus();
  }

  // Escape leaves the full screen before the page hears of it
  document.addEventListener("fullscreenchange", () => {
    if (document.fullscreenElement) full = true;
    else if (full) leave();
  });
  document.addEventListener("atlas:drawn", showBottom);
  atlas.legend.on(showBottom);
  atlas.view.on(() => {
    showTitle();
    showBottom();
  });
  document.addEventListener("click", (event) => event.target.closest?.("#present") && enter());

  const group = "Presentation";
  const during = { group, when: isOn, first: true };
  atlas.actions.add({ id: "present", keys: ["p"], label: "Begin or leave", group, run: () => (isOn() ? leave() : enter()) });
  atlas.actions.add({ ...during, id: "present-next", keys: ["ArrowRight", "PageDown"], label: "Next view", run: () => go(1) });
  atlas.actions.add({ ...during, id: "present-before", keys: ["ArrowLeft", "PageUp"], label: "View before", run: () => go(-1) });
  atlas.actions.add({ ...during, id: "present-first", keys: ["Home"], label: "First view", run: () => to(0) });
  atlas.actions.add({ ...during, id: "present-last", keys: ["End"], label: "Last view", run: () => to(views.length - 1) });
  atlas.actions.add({ ...during, id: "present-leave", keys: ["Escape"], label: "Leave", run: leave });
  if (window.location.hash === PRESENT_HASH) enter({ fullscreen: false });
}
