"""Permutation nulls: of inner products of centred kernels in closed form, of other scores from a few draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


def null_of_draws(
    drawn: NDArray[np.float64], level: float = 0.975, *, skewed: bool = False
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean of B permuted scores, and what one more would exceed with a chance of 1 - level.

    mean + t sd sqrt(1 + 1 / B), with t the quantile of Student's distribution of B - 1 degrees of freedom: the bound of
    one more normal observation, which allows for mean and standard deviation being those of a few draws. The bound on
    the other side lies as far below the mean.

    Parameters
    ----------
    drawn : (B, ...) float
    level : float
    skewed : bool
        For scores that are never negative and may lie near 0: the bound is further off by as much as the quantile of
        the gamma distribution of that mean and standard deviation is further off than that of the normal one.

    Returns
    -------
    mean, bound : (...) float
        The bound is NaN for fewer than two draws.
    """
    from scipy.special import ndtri, stdtrit

    b, mean = len(drawn), np.mean(drawn, axis=0)
    if b < 2:
        return mean, np.full_like(mean, np.nan)
    above = stdtrit(b - 1, level) * np.sqrt(1.0 + 1.0 / b) * np.std(drawn, axis=0, ddof=1)
    if skewed:
        average, quantile = gamma_null(mean, np.var(drawn, axis=0, ddof=1), level=level)
        spread = np.maximum(np.std(drawn, axis=0, ddof=1), np.finfo(float).tiny)
        above = above * np.maximum((quantile - average) / spread / ndtri(level), 1.0)
    return mean, mean + above


@dataclass(frozen=True)
class Invariants:
    """What permuting atoms leaves as it is in a symmetric (n, n) matrix W whose rows sum to 0.

    Attributes
    ----------
    n : int
    trace : float
        sum_i W_ii
    square : float
        sum_ij W_ij^2
    diagonal : float
        sum_i W_ii^2
    """

    n: int
    trace: float
    square: float
    diagonal: float


def moments(a: Invariants, b: Invariants) -> tuple[float, float]:
    """Mean and variance of sum_ij A_ij B_p(i)p(j) over all permutations p of n atoms, exactly.

    mean = tr A tr B / (n - 1); variance as in Kazi-Aoual et al., Comput. Stat. Data Anal. 20, 643 (1995), and Josse,
    Pagès & Husson, Comput. Stat. Data Anal. 53, 82 (2008). For n < 4 the variance is taken as 0.
    """
    n = a.n
    if n < 2:
        return 0.0, 0.0
    mean = a.trace * b.trace / (n - 1)
    if n < 4:
        return mean, 0.0

    def off(w: Invariants) -> float:
        return (n - 1) * w.square - w.trace**2

    def diagonal(w: Invariants) -> float:
        return n * (n + 1) * w.diagonal - (n - 1) * (w.trace**2 + 2.0 * w.square)

    variance = 2.0 * off(a) * off(b) / ((n - 1.0) ** 2 * (n + 1) * (n - 2))
    variance += diagonal(a) * diagonal(b) / ((n + 1.0) * n * (n - 1) * (n - 2) * (n - 3))
    return mean, max(variance, 0.0)


def pair_moments(of: Sequence[Invariants]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`moments` of all pairs of matrices: means and variances, each (M, M)."""
    found = np.array([[moments(a, b) for b in of] for a in of])
    return found[..., 0], found[..., 1]


def gamma_null(
    mean: NDArray[np.float64], variance: NDArray[np.float64], power: float = 1.0, level: float = 0.975
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and quantile of G^power, with G the gamma variable of that mean and variance.

    Inner products of centred kernels of permuted atoms are close to gamma distributed (Gretton et al., NeurIPS 2007).

    Parameters
    ----------
    mean, variance : float, of any one shape
        NaN stays NaN; a mean of 0 gives 0.
    power : float
    level : float
    """
    from scipy.special import gammaincinv, gammaln

    usable = (mean > 0.0) & (variance > 0.0)
    shape = np.where(usable, mean**2 / np.where(usable, variance, 1.0), 1.0)
    scale = np.where(usable, variance / np.where(usable, mean, 1.0), 0.0)
    average = np.exp(gammaln(shape + power) - gammaln(shape)) * scale**power
    quantile = (gammaincinv(shape, level) * scale) ** power
    exact = np.where(np.isnan(mean), np.nan, np.maximum(mean, 0.0) ** power)
    return np.where(usable, average, exact), np.where(usable, quantile, exact)


def shifted_quantile(mean: NDArray[np.float64], variance: NDArray[np.float64], spread: NDArray) -> NDArray[np.float64]:
    """97.5 % quantile of a null about 0 of standard deviation `spread`, of the shape of `gamma_null`."""
    average, quantile = gamma_null(mean, variance)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(variance > 0.0, (quantile - average) / np.sqrt(variance) * spread, 1.96 * spread)
