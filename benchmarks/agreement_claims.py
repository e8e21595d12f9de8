"""The papers' claims about agreement beside what an atlas gives: the tables of `docs/agreement.md`.

`python -m benchmarks.agreement_claims ATLAS`: three runs (1,000 representatives, all atoms, within elements) are made
where the atlas does not hold them, kept in it, and printed as tables.
"""

from __future__ import annotations

import sys
from itertools import combinations
from pathlib import Path

import numpy as np
from rich.console import Console

from precompute.agreement.features import features
from precompute.agreement.metrics import METRICS
from precompute.agreement.pairs import compare
from precompute.agreement.records import Run, Score
from precompute.agreement.stored import anchor_counts_of, runs
from precompute.progress import Display
from precompute.stages import agreement as stage
from precompute.store import Atlas

SETTINGS = {
    "1,000 representatives": stage.Settings(),
    "all atoms": stage.Settings(atoms="all", sample=0),
    "within elements": stage.Settings(atoms="within-element", sample=0),
}
PAIRED = [name for name, m in METRICS.items() if m.per == "pair"]
TREES = ("procrustes", "cka", "mutual-knn", "information-imbalance")


def held(path: Path, settings: stage.Settings) -> Run:
    """The run of these settings, computed and kept where the atlas does not hold it."""
    stage.keep(path, settings, Display(Console(stderr=True)))
    return runs(Atlas(path))[settings.run_name]


def groups(atlas: Atlas, run: Run) -> dict[str, list[tuple[int, int]]]:
    """Pairs of models by what they are: within a family, across families, with controls."""
    kind = []
    for key in run.models:
        attrs = atlas.model(key).attrs
        pretrained = attrs["status"] in stage.PRETRAINED
        kind.append(
            str(attrs.get("family")) if pretrained else "element-only" if key == "element-only" else "untrained"
        )
    families = sorted({k for k in kind if k not in ("element-only", "untrained")})
    result: dict[str, list[tuple[int, int]]] = {f"within {f}": [] for f in families}
    names = ("across families", "pretrained with untrained", "pretrained with element-only",
             "untrained with element-only")  # fmt: skip
    result |= {name: [] for name in names}
    for i, j in combinations(range(len(kind)), 2):
        a, b = sorted((kind[i], kind[j]), key=lambda k: (k in ("element-only", "untrained"), k == "element-only"))
        if b not in ("element-only", "untrained"):
            result[f"within {a}" if a == b else "across families"].append((i, j))
        elif a != b:
            result[f"{'untrained' if a == 'untrained' else 'pretrained'} with {b}"].append((i, j))
    return {name: pairs for name, pairs in result.items() if pairs}


def of_pairs(score: Score, part: str, pairs: list[tuple[int, int]]) -> np.ndarray:
    values = getattr(score, part)
    both = pairs if METRICS[score.metric].symmetric else [*pairs, *((j, i) for i, j in pairs)]
    return np.array([values[p] for p in both])


def cell(score: Score, pairs: list[tuple[int, int]]) -> str:
    """Mean over pairs, their range where there are several, and the median half interval of one pair."""
    if score.reason:
        return "none"
    values = of_pairs(score, "value", pairs)
    text = f"{values.mean():.3f}"
    if len(values) > 1:
        text += f" ({values.min():.3f} to {values.max():.3f})"
    half = np.median((of_pairs(score, "high", pairs) - of_pairs(score, "low", pairs)) / 2.0)
    return text + (f" ±{half:.3f}" if np.isfinite(half) else "")


def null_cell(score: Score, pairs: list[tuple[int, int]]) -> str:
    null, high = of_pairs(score, "null", pairs), of_pairs(score, "null_high", pairs)
    if not len(null) or not np.isfinite(null).any():
        return ""
    return f"{np.nanmean(null):.3f}" + (f" (to {np.nanmax(high):.3f})" if np.isfinite(high).any() else "")


def row(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def head(*cells: object) -> str:
    return row(*cells) + "\n|" + "---|" * len(cells)


def print_groups(atlas: Atlas, name: str, run: Run) -> None:
    of = groups(atlas, run)
    identity = of.get("pretrained with element-only", [])
    pretrained = [p for g, pairs in of.items() if g.startswith("within ") or g == "across families" for p in pairs]
    print(f"\n**{name}**: {run.n_atoms:,} atoms of {run.n_structures:,} structures, k = {run.k}\n")
    print(head("score", "alike", *of, "pretrained, permuted", "pretrained with element-only, permuted"))
    for metric in PAIRED:
        score = run.scores[metric]
        cells = [
            *(cell(score, pairs) for pairs in of.values()),
            null_cell(score, pretrained),
            null_cell(score, identity),
        ]
        n = "" if score.n == run.n_atoms else f" ({score.n:,} atoms)"
        print(row(METRICS[metric].label + n, METRICS[metric].alike, *cells))
    for metric in PAIRED:
        if run.scores[metric].reason:
            print(f"\n{METRICS[metric].label}: none, {run.scores[metric].reason}.")


def print_closest(run: Run, statuses: dict[str, str]) -> None:
    real = [i for i, key in enumerate(run.models) if statuses[key] in stage.PRETRAINED]
    print("\n" + head("score", "closest pair", "value", "next pair", "value"))
    for metric in ("procrustes", "cka", "cka-unbiased", "distance-correlation", "cknna", "mutual-knn"):
        score = run.scores[metric]
        pairs = sorted(combinations(real, 2), key=lambda p: -score.value[p])
        print(row(METRICS[metric].label, *(c for p in pairs[:2] for c in (
            " / ".join(run.models[i] for i in p), f"{score.value[p]:.3f} [{score.low[p]:.3f}, {score.high[p]:.3f}]"
        ))))  # fmt: skip


def print_models(atlas: Atlas, run: Run) -> None:
    print("\n" + head("model", "status", "intrinsic dimension", "collapsed atoms"))
    dimension, collapse = run.scores["intrinsic-dimension"], run.scores["collapse"]
    for i, key in enumerate(run.models):
        cells = [f"{s.value[i]:.3f} [{s.low[i]:.3f}, {s.high[i]:.3f}]" for s in (dimension, collapse)]
        print(row(key, atlas.model(key).status, *cells))


def tree(run: Run, metric: str) -> str:
    """Average-linkage tree of the models as nested brackets, nearest joined first."""
    from scipy.cluster.hierarchy import linkage
    from scipy.spatial.distance import squareform

    value = run.scores[metric].value
    far = (value + value.T) / 2.0 if METRICS[metric].alike == "low" else 1.0 - (value + value.T) / 2.0
    far = far - np.diag(np.diag(far))
    nodes = list(run.models)
    for a, b, height, _ in linkage(squareform(far, checks=False), "average"):
        nodes.append(f"({nodes[int(a)]}, {nodes[int(b)]}: {height:.2f})")
    return nodes[-1]


def print_anchors(atlas: Atlas) -> None:
    counts = anchor_counts_of(atlas)
    if counts is None:
        print("\nNo numbers of anchors are stored.")
        return
    print(f"\n{counts.n:,} atoms, anchors among {counts.n_candidates:,} others; mean over {len(counts.pairs)} pairs of "
          f"pretrained models, ± standard deviation over {len(counts.seeds)} draws\n")  # fmt: skip
    print(head("score", "anchors", *counts.counts.tolist()))
    for m, metric in enumerate(counts.metrics):
        for w, method in enumerate(counts.methods):
            cells = [
                "" if np.isnan(mean) else f"{mean:.3f}" + ("" if np.isnan(spread) else f" ±{spread:.3f}")
                for mean, spread in zip(counts.mean[w, :, m], counts.spread[w, :, m], strict=True)
            ]
            print(row(METRICS[metric].label, method, *cells))


def print_nulls(atlas: Atlas, of: str) -> None:
    """A model against itself with its atoms permuted, and against Gaussian noise of the same width."""
    chosen = features(
        {of: atlas.model(of).coordinates, "other": atlas.model(of).coordinates},
        structure=atlas.atoms("structure"), orbit=atlas.atoms("orbit"), numbers=atlas.atoms("atomic_number"),
    )  # fmt: skip
    x = chosen.of[of]
    rng = np.random.default_rng(1)
    models = {of: x, "permuted": x[rng.permutation(len(x))], "Gaussian": x.std() * rng.normal(size=x.shape)}
    run = compare(models, chosen.structure, numbers=chosen.numbers, metrics=PAIRED)
    print(f"\n{of}, {run.n_atoms:,} representatives\n")
    print(
        head(
            "score", *(f"with {c}{part}" for c in ("itself permuted", "Gaussian noise") for part in ("", ", its null"))
        )
    )
    for metric in PAIRED:
        s = run.scores[metric]
        cells = [c for j in (1, 2) for c in (f"{s.value[0, j]:.3f}", null_cell(s, [(0, j)]))]
        print(row(METRICS[metric].label, *cells))


def main(path: Path) -> None:
    found = {name: held(path, settings) for name, settings in SETTINGS.items()}
    atlas = Atlas(path)
    run = found["1,000 representatives"]
    statuses = {key: atlas.model(key).status for key in run.models}
    print(f"# {atlas.title}\n\n## By kind of pair")
    for name, each in found.items():
        print_groups(atlas, name, each)
    print("\n## The closest pair (1,000 representatives)")
    print_closest(run, statuses)
    print("\n## Each model by itself (1,000 representatives)")
    print_models(atlas, run)
    print("\n## Trees of models (1,000 representatives; average linkage, heights after the colon)\n")
    for metric in TREES:
        print(f"- {METRICS[metric].label}: `{tree(run, metric)}`")
    print("\n## How many anchors")
    print_anchors(atlas)
    print("\n## What is unrelated")
    print_nulls(atlas, next(k for k in ("7net-0", *run.models) if k in run.models))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m benchmarks.agreement_claims ATLAS")
    main(Path(sys.argv[1]))
