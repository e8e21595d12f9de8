/* The address of what is shown, for others; and the way to another atlas. */
import { openDialog } from "./dialog.js";
import { buildNode } from "./nodes.js";

export const linkTo = (place, query) => `${place.origin}${place.pathname}${query}`;

/* Pages that are not served over https have no clipboard of their own, but may copy what is selected. */
function copySelected(text) {
  const before = document.activeElement;
  const area = buildNode("textarea", { class: "aside", "aria-hidden": "true", readonly: true });
  area.value = text;
  document.body.append(area);
  area.select();
  let copied = false;
  try {
    copied = document.execCommand("copy");
  } catch {
    copied = false;
  }
  area.remove();
  before?.focus?.();
  return copied;
}

/* Whether the text is in the clipboard now. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copySelected(text);
  }
}

/* Text to copy by hand, selected. */
export function showToCopy(title, text) {
  const area = buildNode("textarea", { class: "to-copy", readonly: true, rows: 4, "aria-label": title });
  area.value = text;
  const help = buildNode("p", { class: "quiet" }, "This browser does not let the page copy. The text is selected: press Ctrl C or ⌘\u00a0C.");
  openDialog(title, [help, area], { name: "copying" });
  area.focus();
  area.select();
}

async function copyLink(atlas) {
  const link = linkTo(window.location, atlas.view.query());
  if (await copyText(link)) atlas.say("Link copied. It opens this view.");
  else showToCopy("Link to this view", link);
}

function startSwitch(atlas) {
  const { info } = atlas;
  const show = () => {
    const select = document.getElementById("choose-atlas");
    if (select) select.value = info.atlas;
  };
  show();
  window.addEventListener("pageshow", show);
  document.addEventListener("change", (event) => {
    if (event.target.id !== "choose-atlas") return;
    const name = event.target.value;
    const { theme, page } = atlas.view.get();
    const asked = [name === info.defaults.atlas ? "" : `atlas=${encodeURIComponent(name)}`, page === "map" ? "" : `page=${page}`, theme ? `theme=${theme}` : ""].filter(Boolean);
    window.location.assign(info.root + (asked.length ? `?${asked.join("&")}` : ""));
  });
}

export function startShare(atlas) {
  atlas.actions.add({ id: "copy-link", keys: ["l"], label: "Copy a link to this view", group: "Share and keep", run: () => copyLink(atlas) });
  document.addEventListener("click", (event) => event.target.closest?.("#copy-link") && copyLink(atlas));
  startSwitch(atlas);
}
