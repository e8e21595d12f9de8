/* What a mark of a figure stands for, beside the pointer or beside the mark that has the focus. */
import { buildNode } from "../panels/nodes.js";

const TIP_AWAY = 12; // px

export function makeFigureTip(host) {
  const tip = buildNode("div", { class: "figure-tip", hidden: true });
  host.append(tip);

  function place(x, y) {
    const box = tip.getBoundingClientRect();
    const [right, below] = [x + TIP_AWAY + box.width < window.innerWidth - 4, y + TIP_AWAY + box.height < window.innerHeight - 4];
    tip.style.left = `${Math.max(4, right ? x + TIP_AWAY : x - TIP_AWAY - box.width)}px`;
    tip.style.top = `${Math.max(4, below ? y + TIP_AWAY : y - TIP_AWAY - box.height)}px`;
  }

  return {
    show(lines, x, y) {
      const [first, ...rest] = lines;
      tip.replaceChildren(buildNode("b", {}, first), ...rest.map((line) => buildNode("span", {}, line)));
      tip.hidden = false;
      place(x, y);
    },
    hide() {
      tip.hidden = true;
    },
  };
}

/* Marks of `host` that have `lines(node)` show them to the pointer and, beside themselves, to the keyboard. */
export function followMarks(host, tip, selector, lines) {
  const of = (event) => event.target.closest?.(selector);
  host.addEventListener("pointermove", (event) => {
    const mark = of(event);
    const said = mark && lines(mark);
    if (said) tip.show(said, event.clientX, event.clientY);
    else tip.hide();
  });
  host.addEventListener("pointerleave", tip.hide);
  host.addEventListener("focusin", (event) => {
    const mark = of(event);
    const said = mark && mark.matches(":focus-visible") && lines(mark);
    if (!said) return;
    const box = mark.getBoundingClientRect();
    tip.show(said, box.right - TIP_AWAY / 2, box.bottom - TIP_AWAY / 2);
  });
  host.addEventListener("focusout", tip.hide);
  host.addEventListener("keydown", (event) => event.key === "Escape" && tip.hide());
}
