"""Means over groups of atoms with bootstrap intervals over structures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST = 5
"""Structures below which a group has no interval."""
DRAWS = 10_000_000
RESAMPLES = (200, 1_000)
LEVEL = 0.95
CELLS_AT_ONCE = 4_096


@dataclass(frozen=True, eq=False)
class Means:
    """One value a group; NaN where a group has no atom, and intervals where it has fewer than `FEWEST` structures.

    Attributes
    ----------
    mean, low, high : (G,) float64
        Mean over atoms, and the ends of its 95 % interval.
    atoms, structures : (G,) int64
        That the mean is over.
    """

    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    atoms: NDArray[np.int64]
    structures: NDArray[np.int64]


def resamples(n: int, seed: int = 0) -> NDArray[np.uint8]:
    """How often each of `n` structures is drawn in each resample, (n, R) uint8; R is 1,000, fewer for many structures.

    Efron & Tibshirani, *An Introduction to the Bootstrap* (1993): n draws with replacement.
    """
    n_resamples = int(np.clip(DRAWS // max(n, 1), *RESAMPLES))
    rng = np.random.default_rng(seed)
    drawn = np.empty((n, n_resamples), np.uint8)
    for r in range(n_resamples):
        drawn[:, r] = np.bincount(rng.integers(0, n, n), minlength=n) if n else 0
    return drawn


def group_means(
    values: NDArray[np.floating],
    structure: NDArray[np.integer],
    group: NDArray[np.integer],
    n_groups: int,
    drawn: NDArray[np.uint8],
) -> Means:
    """Mean of each group over its atoms, with percentile intervals over resampled structures.

    Parameters
    ----------
    values : (n,) float
        Finite.
    structure : (n,) int
        Below len(drawn).
    group : (n,) int
        Below `n_groups`; negative for atoms of no group.
    n_groups : int
    drawn : (S, R) uint8
        As `resamples` gives.

    Returns
    -------
    Means
    """
    member = group >= 0
    values, structure, group = values[member], structure[member].astype(np.int64), group[member].astype(np.int64)
    cells, cell_of = np.unique(group * len(drawn) + structure, return_inverse=True)
    sums = np.bincount(cell_of, weights=values, minlength=len(cells))
    sizes = np.bincount(cell_of, minlength=len(cells))
    owner, of_structure = np.divmod(cells, max(len(drawn), 1))
    ends = np.searchsorted(owner, np.arange(n_groups + 1))
    mean, low, high = (np.full(n_groups, np.nan) for _ in range(3))
    for g in range(n_groups):
        part = slice(ends[g], ends[g + 1])
        total = sizes[part].sum()
        if not total:
            continue
        mean[g] = sums[part].sum() / total
        if ends[g + 1] - ends[g] < FEWEST:
            continue
        # about the mean, so that float32 loses nothing that is to be seen
        weights = np.stack([sizes[part], sums[part] - mean[g] * sizes[part]]).astype(np.float32)
        n, off = np.zeros((2, drawn.shape[1]))
        for start in range(0, weights.shape[1], CELLS_AT_ONCE):
            block = slice(start, start + CELLS_AT_ONCE)
            times = drawn[of_structure[part][block]].astype(np.float32)
            n, off = np.stack([n, off]) + weights[:, block] @ times
        with np.errstate(invalid="ignore", divide="ignore"):
            shifts = off / n
        tail = (1 - LEVEL) / 2
        low[g], high[g] = mean[g] + np.nanquantile(shifts.astype(np.float64), [tail, 1 - tail])
    return Means(
        mean, low, high, np.bincount(group, minlength=n_groups).astype(np.int64), np.diff(ends).astype(np.int64)
    )
