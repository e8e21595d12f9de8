"""Runs of agreement as the page reads them: ready for JSON, NaN as null, numbers to as many digits as they deserve."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.agreement.trees import distances, tree
from dashboard.data import AtlasData
from dashboard.labels import clean
from dashboard.plain import plain
from precompute.agreement import stored
from precompute.agreement.metrics import METRICS, Metric
from precompute.agreement.records import PARTS, Run, Score

DIGITS = 5
BASELINE = "control"
"""Status of what is no model: what element identity alone gives."""
FIRST_RUN = "representatives-atom"


def numbers(values: NDArray[np.floating], digits: int = DIGITS) -> Any:
    """Nested lists of numbers to `digits` significant digits; None where not finite."""
    if values.ndim:
        return [numbers(row, digits) for row in values]
    value = plain(float(values))
    return None if value is None else float(f"{value:.{digits}g}")


def runs(data: AtlasData) -> dict[str, Run]:
    """The runs of an atlas by name, the one that pages open with first."""

    def read() -> dict[str, Run]:
        found = stored.runs(data.atlas)
        return {name: found[name] for name in sorted(found, key=lambda name: (name != FIRST_RUN, name))}

    return data.keep(("agreement runs",), read)


def overview(data: AtlasData, errors: Mapping[str, Any] | None) -> dict[str, Any]:
    """What there is to show: runs without their scores, metrics, plans of transport, and tables.

    Parameters
    ----------
    data : AtlasData
    errors : mapping or None
        `dashboard.agreement.errors.ErrorTable` as the page reads it.
    """
    return {
        "runs": [described(run) for run in runs(data).values()],
        "metrics": {name: metric_described(metric) for name, metric in METRICS.items()},
        "baselines": [key for key in data.model_keys if data.cards[key].status == BASELINE],
        "layers": {key: clean(data.cards[key].layer, 80) for key in data.model_keys if data.cards[key].layer},
        "anchor_counts": anchor_counts(data),
        "plans": plans(data),
        "errors": errors,
    }


def metric_described(metric: Metric) -> dict[str, Any]:
    return {name: plain(value) for name, value in asdict(metric).items()}


def described(run: Run) -> dict[str, Any]:
    """All of a run but its scores."""
    return {
        "name": clean(run.name, 80), "models": list(run.models), "atoms": run.atoms, "level": run.level,
        "space": run.space, "k": run.k, "sample": run.sample, "seed": run.seed, "select": clean(run.select, 200),
        "n_atoms": run.n_atoms, "n_structures": run.n_structures, "resamples": run.resamples,
        "permutations": run.permutations, "metrics": list(run.scores),
    }  # fmt: skip


def run_of(run: Run, baselines: list[str]) -> dict[str, Any]:
    """A run with its scores, each with the tree of the models that it gives.

    Parameters
    ----------
    run : Run
    baselines : list of str
        Models that stand in no tree.
    """
    in_tree = [i for i, key in enumerate(run.models) if key not in baselines]
    return described(run) | {"scores": {name: _score(score, in_tree) for name, score in run.scores.items()}}


def _score(score: Score, in_tree: list[int]) -> dict[str, Any]:
    parts = {part: numbers(getattr(score, part)) for part in PARTS}
    made = {"n": score.n, "reason": clean(score.reason, 300), **parts}
    return made | {"tree": _tree(score, in_tree) if METRICS[score.metric].per == "pair" else None}


def _tree(score: Score, in_tree: list[int]) -> dict[str, Any] | None:
    """Joins and order of models by their place in the run; None where a pair has no value."""
    apart = distances(score.value[np.ix_(in_tree, in_tree)], METRICS[score.metric])
    if len(in_tree) < 2 or not np.isfinite(apart).all():
        return None
    found = tree(apart)
    return {
        "leaves": in_tree,
        "joins": [[int(a), int(b), float(f"{h:.{DIGITS}g}")] for a, b, h in found.joins],
        "order": [in_tree[i] for i in found.order],
    }


def anchor_counts(data: AtlasData) -> dict[str, Any] | None:
    """Agreement against the number of anchors, by method, seed, count and metric; None where it was not run."""
    file = data.atlas.file
    if not file.has(f"{stored.ANCHOR_COUNTS}/value"):
        return None
    attrs, value = file.attrs(stored.ANCHOR_COUNTS), file.read(f"{stored.ANCHOR_COUNTS}/value")
    known: dict[str, Any] = {
        "counts": [int(c) for c in attrs["counts"]], "methods": [clean(m, 30) for m in attrs["methods"]],
        "seeds": [int(s) for s in attrs["seeds"]], "metrics": [str(m) for m in attrs["metrics"]],
        "n": int(attrs["n"]), "pairs": len(attrs["pairs"]),
    }  # fmt: skip
    expected = tuple(len(known[axis]) for axis in ("methods", "seeds", "counts", "metrics"))
    return known | {"value": numbers(value)} if value.shape == expected else None


def plans(data: AtlasData) -> list[list[str]]:
    """Pairs of models that a plan of transport is stored for."""
    found = [name.split("~") for name in data.atlas.file.names(stored.TRANSPORT, "groups")]
    order = {key: i for i, key in enumerate(data.model_keys)}
    known = [pair for pair in found if len(pair) == 2 and all(key in order for key in pair)]
    return sorted(known, key=lambda pair: [order[key] for key in pair])


def plan(data: AtlasData, a: str, b: str) -> dict[str, Any] | None:
    """Which part of each element's atoms in model `a` goes to which element's in model `b`; None where not stored.

    Returns
    -------
    dict
        ``elements`` ordered by element group and number, ``categories`` of each, ``plan`` (E, E) with sum 1 (rows are
        of `a`), ``stays`` the part whose element stays the same, ``by_chance`` what it would be of atoms paired
        at random, ``n`` atoms, ``relative`` the score.
    """
    for first, second, turned in ((a, b, False), (b, a, True)):
        path = f"{stored.TRANSPORT}/{first}~{second}/plan"
        if data.atlas.file.has(path):
            return _plan(data, data.atlas.file.read(path), data.atlas.file.attrs(path), turned)
    return None


def _plan(data: AtlasData, mass: NDArray[np.floating], attrs: Mapping[str, Any], turned: bool) -> dict[str, Any]:
    mass = np.asarray(mass.T if turned else mass, np.float64)
    total = mass.sum()
    number = {symbol: i for i, symbol in enumerate(data.symbols)}
    symbols = [str(s) for s in attrs["elements"]]
    present = [i for i in range(len(symbols)) if symbols[i] in number and (mass[i].any() or mass[:, i].any())]
    category = {i: int(data.code_of_element[number[symbols[i]]]) for i in present}
    ordered = sorted(present, key=lambda i: (category[i], number[symbols[i]]))
    part = mass[np.ix_(ordered, ordered)] / (total if total > 0 else 1.0)
    return {
        "elements": [symbols[i] for i in ordered], "categories": [category[i] for i in ordered],
        "plan": numbers(part, 4), "stays": numbers(np.array(np.trace(part))), "n": int(attrs["n"]),
        **{name: numbers(np.array(float(attrs[path]))) for name, path in (
            ("by_chance", "own_element_expected"), ("own_atom", "own_atom"), ("relative", "relative"))},
    }  # fmt: skip


def digest(value: Any) -> str:
    """A short text that is equal for equal results."""
    from hashlib import sha256

    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
