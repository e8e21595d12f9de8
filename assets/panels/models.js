/* The switches of the models. */
import { startRoving } from "./nodes.js";

/* Keys in the order of the atlas after a switch, a quick choice ("all", "trained", "none") or "only". */
export function modelsAfter(models, shown, { toggle, only, quick }) {
  const wanted = {
    all: () => true,
    trained: (model) => model.trained,
    none: () => false,
  };
  if (only !== undefined) return [only];
  if (quick !== undefined) return models.filter(wanted[quick]).map((model) => model.key);
  return models
    .map((model) => model.key)
    .filter((key) => (key === toggle ? !shown.includes(key) : shown.includes(key)));
}

export function startModels(atlas) {
  const host = document.getElementById("models");
  if (!host) return;
  const { models } = atlas.info;
  const show = (change) => atlas.view.set({ models: modelsAfter(models, atlas.view.get().models, change) });

  host.closest("section").addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    const { model, onlyModel, show: quick } = button.dataset;
    if (model !== undefined) show({ toggle: model });
    if (onlyModel !== undefined) show({ only: onlyModel });
    if (quick !== undefined) show({ quick });
  });

  const follow = () => {
    const shown = new Set(atlas.view.get().models);
    for (const button of host.querySelectorAll("[data-model]"))
      button.setAttribute("aria-checked", String(shown.has(button.dataset.model)));
  };
  atlas.view.on((_view, changed) => changed.has("models") && follow());
  follow();
  startRoving(host, ".model-row").refresh();
}
