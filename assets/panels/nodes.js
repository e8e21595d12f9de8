/* Small tools for panels whose content is made by the script. */

const SVG_SPACE = "http://www.w3.org/2000/svg";

/* An element with attributes (names with a dash, "role", "title", ...), listeners ("onclick", ...) and children. */
export function buildNode(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") made.className = value;
    else if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : String(value));
  }
  made.append(...children);
  return made;
}

/* An element of a drawing, with attributes and a text. */
export function svgNode(tag, attributes, text) {
  const node = document.createElementNS(SVG_SPACE, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  if (text !== undefined) node.textContent = text;
  return node;
}

/* Replace what a place holds; the focus goes to the new node with the same `data-key` where the old one had it. */
export function replaceKeeping(place, ...nodes) {
  const key = place.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  place.replaceChildren(...nodes);
  if (key) [...place.querySelectorAll("[data-key]")].find((node) => node.dataset.key === key)?.focus({ preventScroll: true });
}

/* Calls are joined until the next frame; the last arguments count. */
export function oncePerFrame(run) {
  let waiting = null;
  return (...given) => {
    if (!waiting)
      requestAnimationFrame(() => {
        const last = waiting;
        waiting = null;
        run(...last);
      });
    waiting = given;
  };
}

/* Rows of controls as one stop of the Tab key: arrows go to the same control of another row. */
export function startRoving(host, rowSelector, columns = 1) {
  const controlsOf = (row) => [...row.querySelectorAll("button, input")];
  const rows = () => [...host.querySelectorAll(rowSelector)];
  const enter = (current) => {
    for (const row of rows()) for (const control of controlsOf(row)) control.tabIndex = row === current ? 0 : -1;
  };
  host.addEventListener("focusin", (event) => {
    const row = event.target.closest(rowSelector);
    if (row) enter(row);
  });
  host.addEventListener("keydown", (event) => {
    const steps = { ArrowUp: -columns, ArrowDown: columns, ...(columns > 1 && { ArrowLeft: -1, ArrowRight: 1 }) };
    const step = steps[event.key];
    const row = event.target.closest(rowSelector);
    if (!step || !row) return;
    event.preventDefault();
    const all = rows();
    const next = all[all.indexOf(row) + step];
    if (!next) return;
    const same = controlsOf(row).indexOf(event.target);
    enter(next);
    controlsOf(next)[same]?.focus();
  });
  return {
    refresh() {
      const all = rows();
      if (all.length && !all.some((row) => row.contains(document.activeElement))) enter(all[0]);
    },
  };
}
