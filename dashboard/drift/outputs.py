"""Drift of representation against change of output: how far the two go together, over atoms and over structures."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.intervals import LEVELS, counts
from precompute.drift.records import Series

RESAMPLES = 200
FEWEST = 10
"""Atoms or structures below which no correlation is told."""
SEED = 0
LEAST = {"forces": 1e-4, "energy": 1e-6}
"""Changes below these, eV/angstrom and eV/atom, count as none: forces that symmetry makes zero differ by rounding."""


def against_output(
    series: Series, structure: NDArray[np.integer], representative: NDArray[np.bool_]
) -> dict[str, dict[str, list[dict[str, Any] | None]]]:
    """Spearman's rank correlation of drift with the change of output, by step.

    Parameters
    ----------
    series : Series
    structure : (n,) int
        Structure of each of its atoms.
    representative : (n,) bool
        Atoms that count: symmetry-equivalent ones would be counted as often as they occur.

    Returns
    -------
    dict
        ``atoms`` (drift and length of the force change) and ``structures`` (mean drift of the structure's
        representatives and absolute change of energy), each with ``reembedded`` and ``frozen``: a list over steps of
        {value, low, high, n}, None where fewer than `FEWEST` have both numbers or one of them does not vary. Changes
        below `LEAST` count as 0.
    """
    own = structure[representative]
    forces, energy = (_beyond_rounding(getattr(series, name), least) for name, least in LEAST.items())
    means = {kind: structure_means(getattr(series, kind), structure, representative, series.structure)
             for kind in ("reembedded", "frozen")}  # fmt: skip
    steps = range(len(series.checkpoints))
    return {
        "atoms": {
            kind: [rank_correlation(getattr(series, kind)[t][representative], forces[t][representative], own)
                   for t in steps]
            for kind in ("reembedded", "frozen")
        },
        "structures": {
            kind: [rank_correlation(means[kind][t], energy[t], series.structure) for t in steps]
            for kind in ("reembedded", "frozen")
        },
    }  # fmt: skip


def _beyond_rounding(change: NDArray[np.float32], least: float) -> NDArray[np.float64]:
    size = np.abs(change.astype(np.float64))
    return np.where(size < least, 0.0, size)


def structure_means(
    values: NDArray[np.floating], of: NDArray[np.integer], counted: NDArray[np.bool_], structures: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Means over the counted atoms of each structure, (T, m); NaN where it has none that is known."""
    order = np.argsort(structures)
    place = order[np.searchsorted(structures, of[counted], sorter=order)]
    result = np.empty((len(values), len(structures)))
    for row, each in zip(result, values, strict=True):
        known = np.isfinite(each[counted])
        n = np.bincount(place[known], minlength=len(structures))
        with np.errstate(invalid="ignore"):
            row[:] = np.bincount(place[known], each[counted][known], len(structures)) / n
    return result


def rank_correlation(
    x: NDArray[np.floating], y: NDArray[np.floating], structure: NDArray[np.integer]
) -> dict[str, Any] | None:
    """Spearman's correlation with its 95 % interval, structures resampled.

    The correlation of ranks, ties sharing their mean rank (Spearman, Am. J. Psychol. 15, 72 (1904)). For the interval
    structures are drawn with replacement and their atoms weighted, ranks held fixed.

    Parameters
    ----------
    x, y : (n,) float
        NaN where not known.
    structure : (n,) int

    Returns
    -------
    dict or None
        ``value``, ``low``, ``high``, ``n``; None where fewer than `FEWEST` are known or one of them does not vary.
    """
    known = np.isfinite(x) & np.isfinite(y)
    n = int(known.sum())
    if n < FEWEST:
        return None
    a, b = (ranks(v[known]) for v in (x, y))
    a, b = a - a.mean(), b - b.mean()
    if not (a.any() and b.any()):
        return None
    _, owner = np.unique(structure[known], return_inverse=True)
    s = int(owner.max()) + 1
    sums = np.stack([np.bincount(owner, v, s) for v in (np.ones(n), a, b, a * a, b * b, a * b)], axis=1)
    value = float(_correlation(sums.sum(axis=0, keepdims=True))[0])
    low = high = math.nan
    if s > 1:
        drawn = _correlation(counts(s, RESAMPLES, np.random.default_rng(SEED)) @ sums)
        low, high = np.nanquantile(drawn, LEVELS).tolist() if np.isfinite(drawn).any() else (math.nan, math.nan)
    parts = {"value": value, "low": low, "high": high}
    return {part: round(v, 4) if math.isfinite(v) else None for part, v in parts.items()} | {"n": n}


def _correlation(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """From weighted sums of 1, a, b, a², b², ab in each row."""
    n, a, b, aa, bb, ab = sums.T
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (ab - a * b / n) / np.sqrt((aa - a * a / n) * (bb - b * b / n))
    return np.where(np.isfinite(found), np.clip(found, -1, 1), np.nan)


def ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Ranks from 0, ties sharing their mean."""
    _, inverse, n = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(n) - (n + 1) / 2)[inverse]
