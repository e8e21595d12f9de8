"""Is chemistry in the space? Purity of nearest neighbours by element category."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError
from precompute.neighbours import nearest

N_ATOMS = 1_000
NEIGHBOURS = 10
RESAMPLES = 500
PERMUTATIONS = 20


@dataclass(frozen=True)
class Purity:
    """Mean share of an atom's nearest neighbours that are of its category, with an interval and a null.

    Attributes
    ----------
    value : float
        In [0, 1]; NaN where no atom has a neighbour of the kind asked for.
    low, high : float
        95 % bootstrap interval, structures resampled.
    permuted : float
        The same score with coordinates dealt to atoms at random, mean over permutations.
    """

    value: float
    low: float
    high: float
    permuted: float


def sample_atoms(
    coordinates: Mapping[str, NDArray[np.floating]],
    orbit: NDArray[np.integer],
    seed: int,
    n: int = N_ATOMS,
) -> NDArray[np.intp]:
    """Choose `n` orbit representatives that all models have coordinates of; fewer where there are fewer.

    k-nearest-neighbour scores depend on the number of atoms, so models are compared on the same atoms.
    """
    known = np.logical_and.reduce([np.isfinite(x).all(axis=1) for x in coordinates.values()])
    rows = np.flatnonzero(known & (orbit == np.arange(len(orbit))))
    return np.sort(np.random.default_rng(seed).permutation(rows)[:n])


def purity(
    coordinates: NDArray[np.floating],
    category: NDArray,
    numbers: NDArray[np.integer],
    structure: NDArray[np.integer],
    *,
    other_elements: bool,
    k: int = NEIGHBOURS,
    seed: int = 0,
) -> Purity:
    """Purity by category of the `k` nearest atoms, by cosine of coordinates, among the atoms given.

    p = mean over atoms i of |{j in NN_k(i): category_j = category_i}| / k.

    With `other_elements` the neighbours are drawn from other elements only. Without it, element identity alone gives
    most of the score, since atoms of one element are of one category by definition.

    Parameters
    ----------
    coordinates : (n, K) float
        Of orbit representatives; finite.
    category : (n,)
        Element category of each atom.
    numbers : (n,) int
        Atomic numbers.
    structure : (n,) int
        Structure of each atom; the unit that is resampled for the interval.
    other_elements : bool
    k : int
    seed : int

    Raises
    ------
    AtlasError
        For fewer than ``k + 1`` atoms.
    """
    n = len(coordinates)
    if n <= k:
        raise AtlasError(f"purity over {k} neighbours needs more than {k} atoms; there are {n}")
    rng = np.random.default_rng(seed)
    score = _scores(coordinates, category, numbers, other_elements, k)
    if not np.isfinite(score).any():  # atoms of one element have no neighbours of another
        return Purity(np.nan, np.nan, np.nan, np.nan)
    nulls = [
        np.nanmean(_scores(coordinates[rng.permutation(n)], category, numbers, other_elements, k))
        for _ in range(PERMUTATIONS)
    ]
    known = np.isfinite(score)
    _, of = np.unique(structure, return_inverse=True)
    totals = np.bincount(of, weights=np.where(known, score, 0.0))
    counts = np.bincount(of, weights=known.astype(float))
    drawn = rng.integers(len(counts), size=(RESAMPLES, len(counts)))
    resampled = totals[drawn].sum(axis=1) / np.maximum(counts[drawn].sum(axis=1), 1.0)
    low, high = np.quantile(resampled, [0.025, 0.975])
    return Purity(float(np.nanmean(score)), float(low), float(high), float(np.mean(nulls)))


def _scores(
    coordinates: NDArray[np.floating],
    category: NDArray,
    numbers: NDArray[np.integer],
    other_elements: bool,
    k: int,
) -> NDArray[np.float64]:
    kind = "other_elements" if other_elements else "all"
    lists = nearest(coordinates, orbit=np.arange(len(coordinates)), kind=kind, labels=numbers, k=k)
    found = lists.index >= 0
    same = (category[lists.index] == category[:, None]) & found
    return np.where(found.any(axis=1), same.sum(axis=1) / np.maximum(found.sum(axis=1), 1), np.nan)
