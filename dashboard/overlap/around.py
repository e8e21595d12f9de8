"""One atom as two models see it: both lists, how alike they are, and the anchors that make the difference."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard import comparison as joining
from dashboard.data import AtlasData
from dashboard.labels import clean
from dashboard.overlap import arrays
from dashboard.overlap.compared import Comparison, obstacle
from dashboard.overlap.ranking import plain_rows
from precompute.agreement.overlap import rank_overlap
from precompute.store import ROWS_PER_CHUNK

MOST_ANCHORS = 12
DIGITS = 4
ROUNDING = 1e-6
"""Similarities that differ by no more are equal: they are stored in single precision."""


def around(
    data: AtlasData, comparison: Comparison, shown: tuple[str, ...], atom: int, first: str = ""
) -> dict[str, Any]:
    """What the page shows of one atom.

    Parameters
    ----------
    data : AtlasData
    comparison : Comparison
    shown : tuple of str
        Models on the page; those compared come first.
    atom : int
    first : str
        The compared model that stands first; by default that of the atlas.

    Returns
    -------
    dict
        ``label, formula, id`` of the atom; ``models``: ``key, trained, compared`` and ``n`` neighbours listed;
        ``rows`` of neighbours, those of most compared models first, with ``places`` [rank, cosine] or None by model;
        ``overlap, control, chance, order`` (rank-biased overlap), None where there is none; ``pair`` of models that
        ``anchors`` compares, ``usual_over`` how many atoms their usual similarities are, how many anchors are
        ``constant``, why there are no anchors (``unexplained``); and ``obstacle``.
    """
    formula, identifier = data.crystal_of(atom)
    ordered = sorted(comparison.models, key=lambda key: key != first)
    models = [*ordered, *(key for key in shown if key not in comparison.models)]
    lists = {key: data.neighbours(key, atom, comparison.k, comparison.near) for key in models}
    compared = set(comparison.models)
    reason = obstacle(data, comparison)
    head = {
        "atom": atom, "label": data.label(atom), "formula": clean(formula, 80), "id": clean(identifier, 80),
        "k": comparison.k, "near": comparison.near, "obstacle": reason,
        "models": [
            {"key": key, "trained": data.cards[key].trained, "compared": key in compared, "n": len(lists[key])}
            for key in models
        ],
        "rows": _rows(data, lists, models, comparison),
    }  # fmt: skip
    pair = _least_alike(lists, ordered)
    known = not reason and bool(np.isfinite(arrays.of_atoms(data, comparison)[atom]))
    control = arrays.of_control(data, comparison) if known else None
    expected = arrays.by_chance(data, comparison)[1] if known and not comparison.chance else None
    numbers = {
        "overlap": arrays.of_atoms(data, comparison)[atom] if known else np.nan,
        "control": np.nan if control is None else control[atom],
        "chance": np.nan if expected is None else expected[atom],
        "order": _order_alike(lists, comparison) if known else np.nan,
    }
    return head | plain_rows([numbers])[0] | {"pair": pair} | _why(data, pair, atom)


def _rows(
    data: AtlasData, lists: dict[str, list[tuple[int, float]]], models: list[str], comparison: Comparison
) -> list[dict[str, Any]]:
    counting = set(comparison.models)

    def rank(found: joining.Neighbour) -> tuple[int, float, int]:
        places = [place for key, (place, _) in found.places.items() if key in counting]
        return -len(places), sum(places) / max(len(places), 1), found.atom

    rows = []
    for found in sorted(joining.joined(lists), key=rank):
        formula, identifier = data.crystal_of(found.atom)
        rows.append({
            "atom": found.atom, "label": data.label(found.atom), "formula": clean(formula, 80),
            "id": clean(identifier, 80),
            "places": [
                [found.places[key][0], round(found.places[key][1], DIGITS)] if key in found.places else None
                for key in models
            ],
        })  # fmt: skip
    return rows


def _least_alike(lists: dict[str, list[tuple[int, float]]], models: list[str]) -> list[str]:
    """The compared pair; of several models the two that share the fewest neighbours of this atom."""
    members = {key: {a for a, _ in lists[key]} for key in models if lists[key]}
    pairs = [(len(members[a] & members[b]), a, b) for a, b in combinations(members, 2)]
    return list(min(pairs, key=lambda pair: pair[0])[1:]) if pairs else []


def _order_alike(lists: dict[str, list[tuple[int, float]]], comparison: Comparison) -> float:
    """Mean over pairs of the rank-biased overlap of the lists."""
    rows = [np.array([[a for a, _ in lists[key]]]) for key in comparison.models]
    if any(row.shape[1] < comparison.k for row in rows):
        return float("nan")
    return float(np.mean([rank_overlap(a, b, comparison.k)[0] for a, b in combinations(rows, 2)]))


def _why(data: AtlasData, pair: list[str], atom: int) -> dict[str, Any]:
    """The anchors to which the two models' similarities of an atom differ most from each other.

    Each model has its own spread of similarities, so they are counted from its usual similarity to the anchor, in
    standard deviations over the atlas. Anchors that are equally similar to every atom in a model tell nothing.
    """
    nothing: dict[str, Any] = {"anchors": [], "usual_over": [], "constant": 0, "unexplained": ""}
    file = data.atlas.file
    if not pair:
        return nothing
    if not all(file.has(path) for path in ("anchors", *(f"models/{key}/coordinates" for key in pair))):
        return nothing | {"unexplained": "The atlas holds no similarities to anchors of both models."}
    similar, standard, over = [], [], []
    for key in pair:
        row = file.rows(f"models/{key}/coordinates", atom, atom + 1)[0].astype(np.float64)
        if not np.isfinite(row).all():
            return nothing | {"unexplained": f"{key} has no similarities of this atom."}
        mean, deviation, n = usual(data, key)
        similar.append(row)
        standard.append((row - mean) / deviation)
        over.append(n)
    difference = standard[0] - standard[1]
    varying = np.flatnonzero(np.isfinite(difference))
    found = nothing | {"usual_over": over, "constant": len(difference) - len(varying)}
    if not len(varying):
        return found | {"unexplained": "In one of the models every anchor is equally similar to all atoms."}
    names = _anchor_names(data)
    order = varying[np.argsort(-np.abs(difference[varying]), kind="stable")[:MOST_ANCHORS]]
    rows = [
        names[j] | {
            "difference": difference[j], "standard": [standard[0][j], standard[1][j]],
            "similar": [similar[0][j], similar[1][j]],
        }
        for j in order.tolist()
    ]  # fmt: skip
    return found | {"anchors": plain_rows(rows)}


def usual(data: AtlasData, key: str) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Mean and standard deviation (NaN where there is none) of a model's similarities to each anchor, (K,).

    The third is of how many atoms: all of the atlas that the model embedded.
    """
    return data.keep(("usual similarity", key), lambda: _usual(data, key))


def _usual(data: AtlasData, key: str) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    path = f"models/{key}/coordinates"
    n_anchors = data.atlas.file.shape(path)[1]
    n, mean, off = 0, np.zeros(n_anchors), np.zeros(n_anchors)
    least, most = np.full(n_anchors, np.inf), np.full(n_anchors, -np.inf)
    # chunk after chunk, since all coordinates of a large atlas take hundreds of megabytes
    for start in range(0, data.n_atoms, ROWS_PER_CHUNK):
        rows = data.atlas.file.rows(path, start, min(start + ROWS_PER_CHUNK, data.n_atoms))
        known = rows[np.isfinite(rows).all(axis=1)].astype(np.float64)
        if not len(known):
            continue
        own = known.mean(axis=0)
        # Chan, Golub & LeVeque, Am. Stat. 37, 242 (1983)
        off += ((known - own) ** 2).sum(axis=0) + (own - mean) ** 2 * n * len(known) / (n + len(known))
        mean += (own - mean) * len(known) / (n + len(known))
        n += len(known)
        least, most = np.minimum(least, known.min(axis=0)), np.maximum(most, known.max(axis=0))
    return mean, np.where(most - least > ROUNDING, np.sqrt(off / max(n, 1)), np.nan), n


def _anchor_names(data: AtlasData) -> list[dict[str, Any]]:
    """Of each anchor its element, its crystal's id, and its atom in this atlas (None where it is not in it)."""
    return data.keep(("anchor names",), lambda: _read_anchor_names(data))


def _read_anchor_names(data: AtlasData) -> list[dict[str, Any]]:
    file, anchors = data.atlas.file, data.atlas.anchors
    index = file.read("anchors/index") if file.has("anchors/index") else np.full(len(anchors), -1)
    result = []
    for j, (s, a) in enumerate(zip(anchors.structure.tolist(), anchors.atom.tolist(), strict=True)):
        structure = anchors.structures[s]
        z = int(structure.numbers[a])
        known = 0 <= int(index[j]) < data.n_atoms
        formula = data.crystal_of(int(index[j]))[0] if known else composition(data, structure.numbers)
        result.append({
            "anchor": j + 1, "symbol": data.symbols[z - 1], "formula": clean(formula, 80),
            "id": clean(structure.id, 80), "atom": int(index[j]) if known else None,
        })  # fmt: skip
    return result


def composition(data: AtlasData, numbers: NDArray[np.integer]) -> str:
    """Reduced formula, elements by electronegativity, for crystals that are not in the atlas."""
    found, counts = np.unique(numbers, return_counts=True)
    divisor = int(np.gcd.reduce(counts))
    negativity = np.nan_to_num(np.asarray(data.elements["electronegativity"], float))[found - 1]
    parts = [
        (data.symbols[int(found[i]) - 1], int(counts[i]) // divisor) for i in np.argsort(negativity, kind="stable")
    ]
    return "".join(f"{symbol}{n if n > 1 else ''}" for symbol, n in parts)
