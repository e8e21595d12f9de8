/* What a drag on the maps does, and the buttons beneath them. */

const TOOLS = ["pan", "zoom", "lasso", "box"];

export function startTools(atlas) {
  let tool = "pan";

  const fit = () => {
    const button = document.getElementById("zoom-selection");
    if (button) button.disabled = !atlas.selection.get().mask;
  };
  const press = () => {
    for (const button of document.querySelectorAll("[data-tool]"))
      button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
    document.getElementById("maps").dataset.tool = tool;
    const clear = document.getElementById("clear-lasso");
    if (clear) clear.hidden = !atlas.view.get().lasso;
  };

  function choose(next) {
    if (!TOOLS.includes(next)) return;
    tool = next;
    press();
    atlas.maps.axes();
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    if (!button) return;
    if (button.dataset.atom) atlas.view.set({ atom: Number(button.dataset.atom) }, { step: true });
    if (button.dataset.zoom) atlas.maps.zoom(Number(button.dataset.zoom));
    if (button.id === "zoom-selection") atlas.maps.zoomToSelection();
    if (button.dataset.tool) choose(button.dataset.tool);
    if (button.id === "clear-lasso") atlas.view.set({ lasso: null }, { step: true });
  });

  return {
    tool: () => tool,
    choose,
    mount() {
      press();
      fit();
      atlas.view.on(press);
      atlas.selection.on(fit);
      if (!atlas.actions) return;
      const group = "Maps";
      const add = (action) => atlas.actions.add({ ...action, when: () => atlas.view.get().page === "map" });
      add({ id: "pan", keys: ["h"], label: "Drag moves the map", group, run: () => choose("pan") });
      add({ id: "box-zoom", keys: ["z"], label: "Drag magnifies a rectangle", group, run: () => choose("zoom") });
      add({ id: "lasso", keys: ["s"], label: "Drag selects with a lasso", group, run: () => choose("lasso") });
      add({ id: "box", keys: ["b"], label: "Drag selects a rectangle", group, run: () => choose("box") });
      add({
        id: "density", keys: ["d"], label: "Points or density", group,
        run: () => atlas.view.set({ draw: atlas.view.get().draw === "points" ? "density" : "points" }),
      });
      add({ id: "zoom-in", keys: ["+", "="], label: "Magnify", group, run: () => atlas.maps.zoom(0.6) });
      add({ id: "zoom-out", keys: ["-"], label: "Reduce", group, run: () => atlas.maps.zoom(1 / 0.6) });
      add({ id: "zoom-selection", keys: ["f"], label: "Fit the selected atoms", group, run: () => atlas.maps.zoomToSelection() });
      add({ id: "zoom-reset", keys: ["0"], label: "Whole map", group, run: () => atlas.maps.zoom(0) });
    },
  };
}
