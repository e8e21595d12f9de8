/* A dialog above everything: keeps the focus while it is open, and gives it back. */
import { buildNode } from "./nodes.js";

const FOCUSABLE = 'button:not(:disabled), input:not(:disabled), select, textarea, a[href], [tabindex]:not([tabindex="-1"])';

export const isDialogOpen = () => Boolean(document.querySelector('dialog:modal, [role="dialog"][aria-modal="true"]'));

export function openDialog(title, content, { name = "", onClose = null, back = "" } = {}) {
  const before = (back && document.getElementById(back)) || document.activeElement;
  const close = buildNode("button", { type: "button", class: "close", "aria-label": "Close", title: "Close (Esc)" }, "×");
  const head = buildNode("div", { class: "dialog-head" }, buildNode("h2", { id: "dialog-title" }, title), close);
  const dialog = buildNode("dialog", { class: `dialog ${name}`, "aria-labelledby": "dialog-title" }, head, ...content);

  close.addEventListener("click", () => dialog.close());
  // the dialog itself is hit only on its backdrop, since its padding is on its children
  dialog.addEventListener("pointerdown", (event) => event.target === dialog && dialog.close());
  // the browser would let Tab out to its own bars
  dialog.addEventListener("keydown", (event) => {
    if (event.key !== "Tab") return;
    const stops = [...dialog.querySelectorAll(FOCUSABLE)].filter((node) => node.getClientRects().length);
    const [first, last] = [stops[0], stops.at(-1)];
    const at = document.activeElement;
    const wrap = event.shiftKey ? at === first || at === dialog : at === last;
    if (!wrap) return;
    event.preventDefault();
    (event.shiftKey ? last : first).focus();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before?.isConnected) before.focus();
    onClose?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
