/* The pages beside the maps: which one is seen, and the links between them. A page is made when it is first seen. */
import { makeAgreementPage } from "../pages/agreement.js";
import { makeDriftPage } from "../pages/drift.js";
import { makeNeighboursPage } from "../pages/neighbours.js";

/* A page: what makes it from `(atlas, host)`. It gives `show(seen)`, which is called whenever that changes. */
const PAGES = { map: null, agreement: makeAgreementPage, neighbours: makeNeighboursPage, drift: makeDriftPage };

export const pageTitle = (label, first) => (label === "Map" ? first : `${label} · ${first}`);

/* What a link of the header leads to: the view as it is, on that page. */
export const pageChange = (page, view) => ({ ...view, page });

/* Only one page is seen; told to the styles at once, before anything is there to be seen. */
export function holdPage(atlas, changed) {
  const tell = () => {
    const { page } = atlas.view.get();
    document.documentElement.dataset.page = page;
    changed(page);
  };
  atlas.view.on((_, fields) => fields.has("page") && tell());
  tell();
}

export function startPages(atlas) {
  const nav = document.getElementById("pages");
  if (!nav) return;
  const links = [...nav.querySelectorAll("[data-page]")];
  const made = {};
  const first = document.title;
  let seen = "map";

  function showPage() {
    const { page } = atlas.view.get();
    for (const link of links) {
      if (link.dataset.page === page) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    document.title = pageTitle(links.find((link) => link.dataset.page === page)?.textContent || "Map", first);
    if (page === seen) return;
    made[seen]?.show?.(false);
    seen = page;
    const host = document.getElementById(`page-${page}`);
    if (host && PAGES[page]) (made[page] ||= PAGES[page](atlas, host)).show?.(true);
  }

  const address = () => {
    for (const link of links) link.href = window.location.pathname + atlas.view.query(pageChange(link.dataset.page, atlas.view.get()));
  };
  const go = (page) => atlas.view.set({ page }, { step: true });

  nav.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-page]");
    // another tab or window is the browser's business
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    go(link.dataset.page);
  });
  // what they lead to matters when they are about to be used
  for (const kind of ["pointerover", "focusin", "contextmenu"]) nav.addEventListener(kind, address);
  atlas.view.on((_, changed) => changed.has("page") && showPage());
  links.forEach((link, i) =>
    atlas.actions.add({ id: `page-${link.dataset.page}`, keys: [String(i + 1)], label: link.textContent, group: "Pages", run: () => go(link.dataset.page) }));
  address();
  showPage();
}
