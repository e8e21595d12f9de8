/* Buttons side by side of which one is pressed. */
import { buildNode } from "./nodes.js";

/* `options` are [value, text, what the tip says]; `change` is told the value of the button that was clicked. */
export function makeSegments(label, options, change) {
  const buttons = options.map(([value, text, says = null]) => buildNode("button", { type: "button", class: "segment", "data-value": value, title: says, onclick: () => change(value) }, text));
  return {
    buttons,
    node: buildNode("div", { class: "segments", role: "group", "aria-label": label }, ...buttons),
    press(value) {
      buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(options[i][0] === value)));
    },
  };
}
