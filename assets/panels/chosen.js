/* The right column: the crystal of the chosen atom, and its neighbours as a way through all maps. */
import { makeCrystal } from "./crystal.js";
import { makeNeighbours } from "./neighbours.js";

/* Pointing at a button that stands for an atom, or coming to it by Tab, points at the atom in every map. */
function followPointer(column, atlas) {
  const point = (event) => {
    const button = event.target.closest?.("[data-atom]");
    if (button) atlas.hover.set(Number(button.dataset.atom));
  };
  const leave = (event) => {
    const from = event.target.closest?.("[data-atom]");
    if (from && !event.relatedTarget?.closest?.("[data-atom]")) atlas.hover.set(null);
  };
  column.addEventListener("pointerover", point);
  column.addEventListener("focusin", point);
  column.addEventListener("pointerout", leave);
  column.addEventListener("focusout", leave);
}

/* A jump to a neighbour starts at the top again, with the focus if it was by the keyboard. */
function followJumps(column, atlas) {
  let jumped = null;
  column.addEventListener("click", (event) => {
    if (event.target.closest?.("#neighbours [data-atom]")) jumped = { byKey: event.detail === 0 };
  }, true);
  atlas.view.on((view, changed) => {
    if (!changed.has("atom")) return;
    atlas.hover.set(null);
    if (!jumped) return;
    column.scrollTop = 0;
    if (jumped.byKey) document.getElementById("chosen-title")?.focus({ preventScroll: true });
    jumped = null;
  });
}

/* Another atom chosen elsewhere is shown from the top. */
function followChoice(column, atlas) {
  atlas.view.on((_, changed) => changed.has("atom") && !column.contains(document.activeElement) && (column.scrollTop = 0));
  const drop = () => atlas.view.set({ atom: null }, { step: true });
  atlas.actions.add({ id: "drop-atom", keys: ["Escape"], label: "Choose no atom", group: "Maps", when: () => atlas.view.get().atom !== null, run: drop });
  column.addEventListener("click", (event) => {
    if (!event.target.closest?.("#drop-atom")) return;
    drop();
    atlas.maps.host.focus({ preventScroll: true });
  });
}

export function startChosen(atlas) {
  const column = document.getElementById("right");
  const canvas = document.getElementById("crystal");
  if (!column || !canvas) return;
  atlas.crystal = makeCrystal(canvas, document.getElementById("crystal-tip"), {
    onChoose: (atom) => atlas.view.set({ atom }, { step: true }),
    onHover: (atom) => atlas.hover.set(atom),
    hovered: atlas.hover.get,
  });
  atlas.hover.on(atlas.crystal.redraw);
  new MutationObserver(atlas.crystal.redraw).observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme"] });
  atlas.mirror("near", "value", (view) => view.near, "near");

  atlas.neighbours = makeNeighbours(document.getElementById("neighbours"));
  column.addEventListener("click", (event) => {
    const turn = event.target.closest?.("[data-turn]")?.dataset.turn;
    if (turn) atlas.crystal[turn]();
  });
  followPointer(column, atlas);
  followJumps(column, atlas);
  followChoice(column, atlas);
}
