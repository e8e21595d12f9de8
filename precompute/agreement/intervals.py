"""Intervals for scores: structures are resampled, not atoms, since atoms of one structure are not independent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError

RESAMPLES = 500
LEVELS = (0.025, 0.975)
DRAWS_PER_BLOCK = 4_000_000
LEAST_VARIANCE = 0.5
FAR = 100.0  # a change by more on a logarithmic scale is to the bound


def interval(
    value: NDArray[np.float64],
    influence: NDArray[np.float64],
    rng: np.random.Generator,
    *,
    variance: NDArray[np.float64] | None = None,
    resamples: int = RESAMPLES,
    bounds: tuple[float, float] = (-np.inf, np.inf),
    turned: bool = False,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """95 % bootstrap interval over structures, to first order.

    It is for the mean of the score over all samples of as many structures, drawn independently as these were: how much
    the score at this number of atoms would vary with the structures drawn, not what it would become with more atoms.

    S structures are drawn with replacement, w_s times each; the score of a resample is value + sum_s w_s u_s, with u_s
    the influence of structure s (its share in the score's first-order change), and the interval is from the 2.5 % to
    the 97.5 % quantile of these (Efron & Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 22),
    widened by sqrt(S / (S - 1)) and from normal to Student quantiles, t(0.975, S - 1) / 1.96 (the expanded percentile
    interval of Hesterberg, Am. Stat. 69, 371 (2015)). A plain bootstrap would not do: repeating an atom makes it its
    own nearest neighbour, and fewer distinct atoms raise every score that is above 0 by chance.

    Where the squared influences do not add up to the variance of the score, because structures act on it only together
    (see `sample.counted_twice` and `sample.with_neighbours`), the changes are scaled to the variance given. Nothing
    that acts in pairs can halve the sum, so a variance below half of it is an accident and taken as half.

    `turned`, the interval is made on the scale on which both bounds lie at infinity, and turned back: of ln v for a
    score from 0 without end, of ln (v - low) / (high - v) for one between two ends (from -1 to 1 that is Fisher's z,
    twice). Near a bound the spread of a score goes with the score itself: an interval of fixed width about a low score
    is too narrow, about a high one too wide (Efron & Tibshirani, 1993, section 12.6).

    Parameters
    ----------
    value : (...) float
    influence : (..., S) float
    rng : numpy.random.Generator
    variance : (...) float, optional
    resamples : int
    bounds : (float, float)
        Range of the score.
    turned : bool

    Returns
    -------
    low, high : (...) float
        NaN where `value` is, and with fewer than two structures.

    Raises
    ------
    AtlasError
        For fewer than two resamples.
    """
    from scipy.special import ndtri, stdtrit

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
    changes *= np.sqrt(s / (s - 1.0)) * stdtrit(s - 1, LEVELS[1]) / ndtri(LEVELS[1])
    if variance is not None:
        plain = (flat * flat).sum(axis=1)
        ratio = np.divide(variance.reshape(-1), plain, out=np.ones(len(flat)), where=plain > 0.0)
        changes *= np.sqrt(np.maximum(ratio, LEAST_VARIANCE))
    low, high = (q.reshape(value.shape) for q in np.quantile(changes, LEVELS, axis=0))
    if turned:
        low, high = (_turned(value, change, bounds) for change in (low, high))
    else:
        low, high = value + low, value + high
    return np.clip(low, *bounds), np.clip(high, *bounds)


def _turned(
    value: NDArray[np.float64], change: NDArray[np.float64], bounds: tuple[float, float]
) -> NDArray[np.float64]:
    """The value after a change that is linear on the scale on which the bounds lie at infinity."""
    if np.isinf(bounds).all():
        return value + change
    below, above = value - bounds[0], bounds[1] - value
    inside = (below > 0.0) & (above > 0.0)
    below, above = np.where(inside, below, 1.0), np.where(inside, above, 1.0)
    if np.isinf(bounds[1]):
        moved = bounds[0] + below * np.exp(np.clip(change / below, -FAR, FAR))
    else:
        odds = below / above * np.exp(np.clip(change * (1.0 / below + 1.0 / above), -FAR, FAR))
        moved = bounds[0] + (bounds[1] - bounds[0]) * odds / (1.0 + odds)
    return np.where(inside, moved, value + change)


def counts(n: int, resamples: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """How often each of n structures is drawn in each resample, (resamples, n)."""
    drawn = rng.integers(n, size=(resamples, n))
    drawn += n * np.arange(resamples)[:, None]
    return np.bincount(drawn.reshape(-1), minlength=n * resamples).reshape(resamples, n).astype(float)
