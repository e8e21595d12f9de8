/* The heads and grounds of the panels, as plain elements behind the points. */

import { buildNode } from "../panels/nodes.js";

const px = (value) => `${value}px`;

export function drawTitles(host, panels, laidOut, info, linked, align) {
  const nodes = panels.map(({ key, map, points }, i) => {
    const card = info.models.find((m) => m.key === key);
    const said = info.maps[key][map];
    const rect = laidOut.rects[i];
    const { left, bottom } = laidOut.outer[i];
    const panel = buildNode("section", { class: card.trained ? "panel" : "panel other" });
    panel.dataset.key = key;
    panel.setAttribute("aria-label", `Map of ${key}`);
    const ground = buildNode("div", { class: "panel-ground" });
    Object.assign(ground.style, { left: px(rect.x), top: px(rect.y), width: px(rect.w), height: px(rect.h) });
    const head = buildNode("div", { class: "panel-head" });
    const title = laidOut.titles[i];
    Object.assign(head.style, { left: px(title.x), top: px(title.y), width: px(title.w) });
    const name = buildNode("div", { class: "panel-line" });
    const strong = buildNode("h3", { class: "panel-name" }, key);
    strong.title = key;
    const kept = buildNode("span", { class: "panel-kept" }, said.kept);
    kept.title = said.kept_meaning;
    name.append(strong, kept);
    const missing = points.drawn < info.n_atoms;
    const count = missing ? `${points.drawn.toLocaleString("en")} of ${info.n_atoms.toLocaleString("en")} atoms · ` : "";
    const second = buildNode("div", { class: "panel-sub" }, `${count}${card.subtitle}`);
    second.title = second.textContent;
    head.append(name, second);
    panel.append(ground, head);
    const turned = align && align !== key ? `, turned onto ${align}` : "";
    if (bottom || !linked) {
      const label = buildNode("div", { class: "axis-title x" }, said.axes[0] + turned);
      Object.assign(label.style, { left: px(rect.x), top: px(rect.y + rect.h + 2), width: px(rect.w) });
      panel.append(label);
    }
    if (left || !linked) {
      const label = buildNode("div", { class: "axis-title y" }, said.axes[1] + turned);
      Object.assign(label.style, { left: px(rect.x - 16), top: px(rect.y), height: px(rect.h) });
      panel.append(label);
    }
    return panel;
  });
  host.replaceChildren(...nodes);
}
