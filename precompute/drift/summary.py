"""Means of per-atom measures over representatives, elements, categories, orbits and structures, with intervals."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from precompute.agreement import procrustes
from precompute.agreement.intervals import RESAMPLES, interval
from precompute.agreement.sample import Sample, mean_influence
from precompute.contracts import AtlasError
from precompute.drift.records import Estimates

BOUNDS = {
    "reembedded": (0.0, 2.0),
    "frozen": (0.0, 2.0),
    "retention": (0.0, 1.0),
    "procrustes": (0.0, 1.0),
    "angular": (0.0, 1.0),
    "energy": (0.0, np.inf),
    "forces": (0.0, np.inf),
}


def means(
    values: NDArray[np.floating],
    structure: NDArray[np.integer],
    labels: NDArray[np.integer],
    wanted: NDArray[np.integer],
    *,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Estimates:
    """Means over the atoms of each label, with 95 % bootstrap intervals over structures.

    The interval is that of `precompute.agreement.intervals.interval` over the structures that hold the label. In
    simulations with drifts as skewed as real ones it covered the mean of all structures 87 to 92 times in 100 for 2 to
    6 structures, 92 to 94 times from 10 structures on.

    Parameters
    ----------
    values : (T, n) float
        One row a checkpoint; an atom that is NaN in any row is left out of all, so that rows are over the same atoms.
    structure : (n,) int
        Each atom's structure, in any numbering.
    labels : (n,) int
        Atomic numbers, categories, ...
    wanted : (G,) int
        Labels to take means of.
    bounds : (float, float)
        Range of the measure.
    seed, resamples : int

    Returns
    -------
    Estimates
        (T, G); the value NaN for a label without atoms, the interval for one that a single structure holds.

    Raises
    ------
    AtlasError
        For arrays that are not of the same atoms.
    """
    if values.ndim != 2 or not values.shape[1] == len(structure) == len(labels):
        raise AtlasError(
            f"values {values.shape}, expected (checkpoints, atoms), do not go with {len(structure)} structures and "
            f"{len(labels)} labels of atoms"
        )
    shape = (len(values), len(wanted))
    value, low, high = np.full(shape, np.nan), np.full(shape, np.nan), np.full(shape, np.nan)
    known = np.isfinite(values).all(axis=0)
    for g, label in enumerate(wanted):
        rows = np.flatnonzero(known & (labels == label))
        if not len(rows):
            continue
        sample = Sample(structure[rows])
        x = values[:, rows].astype(np.float64)
        value[:, g] = x.mean(axis=1)
        influence = np.stack([mean_influence(row, sample) for row in x])
        rng = np.random.default_rng([seed, int(label)])
        low[:, g], high[:, g] = interval(value[:, g], influence, rng, resamples=resamples, bounds=bounds)
    return Estimates(value, low, high)


def mean(
    values: NDArray[np.floating],
    structure: NDArray[np.integer],
    *,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> Estimates:
    """`means` over all atoms, (T,)."""
    alike = np.zeros(len(structure), np.intp)
    of = means(values, structure, alike, np.zeros(1, np.intp), bounds=bounds, seed=seed, resamples=resamples)
    return Estimates(of.value[:, 0], of.low[:, 0], of.high[:, 0])


def procrustes_to_base(
    base: NDArray[np.floating],
    later: NDArray[np.floating],
    structure: NDArray[np.integer],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> tuple[Estimates, Estimates]:
    """Procrustes similarity of a checkpoint's coordinates to the base's: nuclear norm, and angular.

    `precompute.agreement.procrustes`, where formulas and sources are: how well one rotation and scaling lays the
    checkpoint's atoms onto the base's. The ends of the angular interval are the angular scores of the other's ends.

    Parameters
    ----------
    base, later : (n, K) float
        Coordinates of representatives that both embedded.
    structure : (n,) int

    Returns
    -------
    nuclear, angular : Estimates of shape ()
    """
    sample = Sample(structure)
    found = procrustes.all_pairs([base, later], sample)
    value = found.value[0, 1]
    if not np.isfinite(value) or found.influence is None:
        nothing = Estimates(*(np.array(np.nan) for _ in range(3)))
        return nothing, nothing
    rng = np.random.default_rng(seed)
    low, high = interval(
        np.array([value]), found.influence[0, 1][None], rng, resamples=resamples, bounds=BOUNDS["procrustes"]
    )
    ends = (np.array(value), low[0], high[0])
    return Estimates(*ends), Estimates(*(procrustes.to_angular(np.asarray(x)) for x in ends))


def averaged(
    values: NDArray[np.floating], labels: NDArray[np.integer]
) -> tuple[NDArray[np.integer], NDArray[np.float64], NDArray[np.int64]]:
    """Plain means over atoms that share a label: their orbit, their structure.

    Parameters
    ----------
    values : (T, n) float
        Atoms that are NaN in any row are left out of all.
    labels : (n,) int

    Returns
    -------
    labels : (G,) int
        Ascending.
    mean : (T, G) float64
        NaN where no atom is left.
    count : (G,) int
        Atoms that the means are over.
    """
    if values.ndim != 2 or values.shape[1] != len(labels):
        raise AtlasError(f"values {values.shape}, expected (checkpoints, atoms), do not go with {len(labels)} labels")
    of, code = np.unique(labels, return_inverse=True)
    known = np.isfinite(values).all(axis=0)
    count = np.bincount(code[known], minlength=len(of))
    sums = np.stack([np.bincount(code[known], weights=row[known].astype(float), minlength=len(of)) for row in values])
    return of, np.where(count > 0, sums / np.maximum(count, 1), np.nan), count
