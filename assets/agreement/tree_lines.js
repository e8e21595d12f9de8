/* A tree of models as lines: leaves at distance 0, joins where two groups meet. */

/* `placeOf(model)` is where a leaf stands. Gives, by ascending distance, {a, b, from, to, at}: two groups that
   stand at `from` and `to` and reach from their own distances `a` and `b` to `at`. */
export function treeJoins(tree, placeOf) {
  const groups = tree.leaves.map((model) => ({ place: placeOf(model), at: 0 }));
  return tree.joins.map(([first, second, at]) => {
    const [one, two] = [groups[first], groups[second]];
    groups.push({ place: (one.place + two.place) / 2, at });
    return { a: one.at, b: two.at, from: one.place, to: two.place, at };
  });
}

/* Models from top to bottom: by the tree or as the run lists them, what is no model last. */
export function modelOrder(run, score, order, baselines) {
  const all = run.models.map((_, i) => i);
  const last = all.filter((i) => baselines.includes(run.models[i]));
  const first = order === "tree" && score.tree ? score.tree.order : all.filter((i) => !last.includes(i));
  return { models: first, last };
}
