/* Space, map method, alignment and number of anchors, and one line on what they do. */
import { mapName } from "../atlas/scene.js";

/* What the maps of a view are, in a sentence or two. */
export function spaceHint(view, info) {
  const said = [];
  if (view.space === "raw") said.push("Each map is a PCA of the model’s own embedding.");
  else if (view.method === "umap") said.push(`UMAP is stored for all ${info.n_anchors} anchors only.`);
  if (view.align) said.push(`Turned, scaled and shifted onto ${view.align}’s.`);
  else if (view.space === "raw") said.push("Axes of two models cannot be compared.");
  return said.join(" ");
}

export function startSpace(atlas) {
  const hint = document.getElementById("space-hint");
  if (!hint) return;
  const { info } = atlas;
  const { mirror } = atlas;
  mirror("space", "value", (view) => view.space, "space");
  mirror("method", "value", (view) => view.method, "method");
  mirror("align", "value", (view) => view.align, "align");
  mirror("align", "data", (view) => [
    { value: "", label: "none" },
    ...info.models.map(({ key }) => ({ value: key, label: key, disabled: !info.maps[key]?.[mapName(view, info)] })),
  ]);
  mirror("k", "value", (view) => Math.max(info.anchor_counts.indexOf(view.k), 0), "k");
  mirror("k", "disabled", (view) => view.method === "umap" || info.anchor_counts.length < 2);

  const follow = () => {
    const view = atlas.view.get();
    const raw = view.space === "raw";
    for (const id of ["method-line", "k-line"]) document.getElementById(id).hidden = raw;
    hint.textContent = spaceHint(view, info);
  };
  atlas.view.on((_view, changed) => ["space", "method", "align", "k"].some((field) => changed.has(field)) && follow());
  follow();
}
