"""Do DIRECT anchors cover more elements, and more of the space, than random ones? `python -m benchmarks.anchors ATLAS`

Anchors are chosen among the orbit representatives of an atlas, on one model. The space is the one DIRECT measures in.
The mean distance is that of all representatives to their nearest anchor, the covering radius the largest of these; the
last columns are the same for the first quarter of the anchors, since any prefix should be a good set.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from precompute.anchors import METHODS, choose, reduced_space
from precompute.store import Atlas

SEEDS = 20


def nearest_anchor(space: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Distance of every atom to its nearest anchor, (n,)."""
    best = np.full(len(space), np.inf)
    for c in chosen:
        best = np.minimum(best, ((space - space[c]) ** 2).sum(axis=1))
    return np.sqrt(best)


def main(path: Path, model: str) -> None:
    atlas = Atlas(path)
    rows = np.flatnonzero(atlas.atoms("is_representative"))
    embeddings, numbers = atlas.model(model).embeddings[rows], atlas.atoms("atomic_number")[rows]
    known = np.isfinite(embeddings).all(axis=1)
    embeddings, numbers = embeddings[known], numbers[known]
    space = reduced_space(embeddings)
    print(f"{atlas.title}: {len(space):,} representatives, {len(np.unique(numbers))} elements; chosen on {model}\n")
    print(
        "| method | K | elements | mean distance | covering radius | elements, first K/4 | mean distance, first K/4 |"
    )
    print("|---|---|---|---|---|---|---|")
    for k in (20, 50, 100):
        if k > len(space):
            break
        for method in METHODS:
            seeds = range(SEEDS if method == "random" else 1)
            sets = [choose(embeddings, numbers, k, method=method, seed=s) for s in seeds]
            gaps = [nearest_anchor(space, s) for s in sets]
            figures = [
                np.mean([len(np.unique(numbers[s])) for s in sets]),
                np.mean([g.mean() for g in gaps]),
                np.mean([g.max() for g in gaps]),
                np.mean([len(np.unique(numbers[s[: k // 4]])) for s in sets]),
                np.mean([nearest_anchor(space, s[: k // 4]).mean() for s in sets]),
            ]
            name = f"random (mean of {SEEDS} seeds)" if method == "random" else method
            a, b, c, d, e = figures
            print(f"| {name} | {k} | {a:.1f} | {b:.3f} | {c:.3f} | {d:.1f} | {e:.3f} |")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python -m benchmarks.anchors ATLAS [MODEL]")
    main(Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "7net-0")
