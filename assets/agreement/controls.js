/* Controls of the Agreement page. */
import { buildNode } from "../panels/nodes.js";
import { SCOPE_TITLES, runLabel } from "./scores.js";

/* A native choice with its name to the left. */
export function namedSelect(label, id, change) {
  const select = buildNode("select", { id, class: "agree-select", "aria-label": label });
  select.addEventListener("change", () => change(select.value));
  return { select, node: buildNode("label", { class: "agree-field" }, buildNode("span", {}, label), select) };
}

/* Fill a select only where its options have changed, so that one that is open stays so. */
export function fillSelect(select, groups, value) {
  const key = JSON.stringify(groups);
  if (select.dataset.key !== key) {
    select.dataset.key = key;
    select.replaceChildren(...groups.flatMap(([title, options]) => {
      const made = options.map(([v, text, off]) => buildNode("option", { value: v, disabled: off }, text));
      if (!title) return made;
      const group = buildNode("optgroup", { label: title });
      group.append(...made);
      return [group];
    }));
  }
  select.value = value;
}

/* Metrics of pairs by what they look at; those that a run has no score for cannot be chosen. */
export function metricGroups(metrics, run) {
  return SCOPE_TITLES.map(([scope, title]) => [
    title,
    Object.values(metrics).filter((m) => m.per === "pair" && m.scope === scope)
      .map((m) => [m.id, m.label, run ? !run.scores[m.id] || Boolean(run.scores[m.id].reason) : false]),
  ]);
}

export const runGroups = (runs) => [["", runs.map((run) => [run.name, runLabel(run), false])]];

/* Tabs: one stop of the Tab key, arrows go along. */
export function makeTabs(label, tabs, change) {
  const buttons = tabs.map(([value, text]) => buildNode("button", { type: "button", role: "tab", class: "tab", id: `agree-tab-${value}`, "data-value": value, "aria-controls": "agree-figure", onclick: () => change(value) }, text));
  const node = buildNode("div", { class: "agree-tabs", role: "tablist", "aria-label": label }, ...buttons);
  node.addEventListener("keydown", (event) => {
    const at = buttons.indexOf(document.activeElement);
    const steps = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: buttons.length - 1 };
    if (at < 0 || steps[event.key] === undefined) return;
    event.preventDefault();
    const to = buttons[(steps[event.key] + buttons.length) % buttons.length];
    to.focus();
    change(to.dataset.value);
  });
  return {
    node,
    press(value) {
      for (const button of buttons) {
        const on = button.dataset.value === value;
        button.setAttribute("aria-selected", String(on));
        button.tabIndex = on ? 0 : -1;
      }
    },
  };
}
