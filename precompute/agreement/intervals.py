"""Intervals for scores: structures are resampled, not atoms, since atoms of one structure are not independent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError

RESAMPLES = 500
LEVELS = (0.025, 0.975)
DRAWS_PER_BLOCK = 4_000_000


def interval(
    value: NDArray[np.float64],
    influence: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    resamples: int = RESAMPLES,
    bounds: tuple[float, float] = (-np.inf, np.inf),
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """95 % bootstrap interval over structures, to first order.

    S structures are drawn with replacement, w_s times each; the score of a resample is value + sum_s w_s u_s, with u_s
    the influence of structure s (its share in the score's first-order change), and the interval is from the 2.5 % to
    the 97.5 % quantile of these, widened by sqrt(S / (S - 1)). For a mean of scores of atoms, as k-NN scores with
    neighbour lists held fixed, that is the bootstrap of a ratio of sums over structures; for Procrustes, CKA and
    distance correlation it is the bootstrap with the score linearised about its value (Efron & Tibshirani, An
    Introduction to the Bootstrap, 1993, chapters 10 and 22). A plain bootstrap would not do: repeating an atom makes it
    its own nearest neighbour, and fewer distinct atoms raise every score that is above 0 by chance.

    It says how much the score at this number of atoms would vary with the structures drawn, not what it would become
    with more atoms.

    Parameters
    ----------
    value : (...) float
    influence : (..., S) float
    rng : numpy.random.Generator
    resamples : int
    bounds : (float, float)
        Range of the score.

    Returns
    -------
    low, high : (...) float
        NaN where `value` is, and with fewer than two structures.

    Raises
    ------
    AtlasError
        For fewer than two resamples.
    """
    if resamples < 2:
        raise AtlasError(f"an interval needs at least 2 resamples, not {resamples}")
    s = influence.shape[-1]
    nothing = np.full(value.shape, np.nan)
    if s < 2:
        return nothing, nothing.copy()
    flat = np.nan_to_num(influence.reshape(-1, s))
    changes = np.empty((resamples, len(flat)))
    step = max(1, DRAWS_PER_BLOCK // s)
    for start in range(0, resamples, step):
        block = changes[start : start + step]
        block[:] = counts(s, len(block), rng) @ flat.T
    changes -= flat.sum(axis=1)
    changes *= np.sqrt(s / (s - 1.0))
    low, high = (value + q.reshape(value.shape) for q in np.quantile(changes, LEVELS, axis=0))
    return np.clip(low, *bounds), np.clip(high, *bounds)


def counts(n: int, resamples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """How often each of n structures is drawn in each resample, (resamples, n)."""
    drawn = rng.integers(n, size=(resamples, n))
    drawn += n * np.arange(resamples)[:, None]
    return np.bincount(drawn.reshape(-1), minlength=n * resamples).reshape(resamples, n).astype(float)
