/* The note on untrained controls stands there only while one of them is shown. */

export function startUntrainedNote(atlas) {
  const note = document.getElementById("untrained-note");
  if (!note) return;
  const keys = JSON.parse(note.dataset.keys);
  const follow = () => {
    note.hidden = !keys.some((key) => atlas.view.get().models.includes(key));
  };
  atlas.view.on((_view, changed) => changed.has("models") && follow());
  follow();
}
