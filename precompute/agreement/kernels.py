"""CKA: do pairs of atoms that are alike in one model look alike in the other?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.centred import Advance, Products, Rows, inner_products, squared_distances
from precompute.agreement.permuted import Invariants, pair_moments, shifted_quantile
from precompute.agreement.sample import Estimate, Sample
from precompute.contracts import AtlasError

Features = NDArray[np.floating]


def cka(x: Features, y: Features, sample: Sample | None = None) -> float:
    """Linear centred kernel alignment.

    CKA = HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) with K = XX', L = YY' and HSIC(K, L) = tr(K H L H), which is
    |X'Y|_F^2 for centred columns (Kornblith et al., ICML 2019). Within elements each element is centred by itself and
    only pairs of its atoms count: HSIC is summed over elements.

    Parameters
    ----------
    x : (N, p) float
    y : (N, q) float
    sample : Sample, optional
        All atoms comparable by default.

    Returns
    -------
    float
        In [0, 1]; NaN where either does not vary. Few atoms in many dimensions score high without being related.

    Raises
    ------
    AtlasError
        For features of different numbers of atoms, or not finite.
    """
    return float(linear_pairs([x, y], sample or Sample.of(len(x))).value[0, 1])


def cka_unbiased(x: Features, y: Features, sample: Sample | None = None) -> float:
    """Linear CKA with the unbiased estimator of HSIC, 0 on average for unrelated spaces.

    HSIC_1 = [tr(K~ L~) + 1'K~1 1'L~1 / ((n-1)(n-2)) - 2/(n-2) 1'K~L~1] / (n (n-3)), K~ and L~ with their diagonals set
    to 0 (Song et al., J. Mach. Learn. Res. 13, 1393 (2012), eq. 5); computed without any N x N matrix.

    Raises
    ------
    AtlasError
        As `cka`, and for fewer than four atoms (in any element, within elements).
    """
    return float(unbiased_pairs([x, y], sample or Sample.of(len(x))).value[0, 1])


def cka_rbf(x: Features, y: Features, sample: Sample | None = None) -> float:
    """CKA with Gaussian kernels, biased form: K_ij = exp(-|x_i - x_j|^2 / D), D the mean of |x_i - x_j|^2.

    D is over pairs of different comparable atoms, for each model its own, so that the score does not depend on the
    unit of the features: the bandwidth sigma = sqrt(D / 2) is 0.7 of the root mean square distance (Kornblith et al.
    use multiples of the median distance; a mean needs no list of all distances). Influences hold D fixed.

    Raises
    ------
    AtlasError
        As `cka`.
    """
    return float(rbf_pairs([x, y], sample or Sample.of(len(x))).value[0, 1])


def linear_pairs(features: Sequence[Features], sample: Sample) -> Estimate:
    """`cka` of all pairs of models, with influences of structures and the permutation null."""
    return _biased([sample.centred(x) for x in features], sample).correlation()


def unbiased_pairs(features: Sequence[Features], sample: Sample) -> Estimate:
    """`cka_unbiased` of all pairs of models; its null is 0 on average and has the skewness of that of `cka`."""
    fewest = min((len(rows) for rows in sample.groups), default=0)
    if fewest < 4:
        where = "the rarest element" if sample.labels is not None else "the sample"
        raise AtlasError(f"unbiased CKA needs at least 4 atoms; {where} has {fewest}")
    centred = [sample.centred(x) for x in features]
    biased, unbiased = _biased(centred, sample), _unbiased(centred, sample)
    value, influence, size = unbiased.ratio()
    high = shifted_quantile(biased.mean, biased.variance, np.sqrt(unbiased.variance) / size)
    return Estimate(value, influence, np.where(np.isnan(value), np.nan, 0.0), high)


def rbf_pairs(features: Sequence[Features], sample: Sample, on_rows: Advance | None = None) -> Estimate:
    """`cka_rbf` of all pairs of models."""
    centred = [sample.centred(x) for x in features]
    scales = [_mean_squared_distance(x, sample) for x in centred]

    def kernels(rows: NDArray[np.intp]) -> list[Rows]:
        return [_rbf(x[rows], d) for x, d in zip(centred, scales, strict=True)]

    return inner_products(kernels, len(centred), sample, on_rows).correlation()


def _rbf(x: NDArray[np.float64], scale: float) -> Rows:
    squared = squared_distances(x / np.sqrt(scale) if scale > 0.0 else x)

    def rows(start: int, stop: int) -> NDArray[np.float64]:
        block = squared(start, stop)
        np.negative(block, out=block)
        return np.exp(block, out=block)

    return rows


def _mean_squared_distance(x: NDArray[np.float64], sample: Sample) -> float:
    """Mean of |x_i - x_j|^2 over comparable pairs i != j; sum_ij = 2 n sum_i |x_i|^2 for rows about their mean."""
    total = sum(2.0 * len(rows) * (x[rows] ** 2).sum() for rows in sample.groups)
    pairs = sum(len(rows) * (len(rows) - 1) for rows in sample.groups)
    return float(total / pairs) if pairs else 0.0


def _biased(centred: Sequence[NDArray[np.float64]], sample: Sample) -> Products:
    """H_ab = |X'Y|_F^2; atom i's part is x_i' (X'Y) y_i."""
    m = len(centred)
    by_atom = np.zeros((m, m, len(sample)))
    mean, variance = np.zeros((m, m)), np.zeros((m, m))
    for rows in sample.groups:
        parts = [x[rows] for x in centred]
        facts = []
        for i in range(m):
            for j in range(i, m):
                here = np.einsum("ij,ij->i", parts[i] @ (parts[i].T @ parts[j]), parts[j])
                by_atom[i, j, rows] = by_atom[j, i, rows] = here
            own = (parts[i] ** 2).sum(axis=1)
            facts.append(Invariants(len(rows), own.sum(), by_atom[i, i, rows].sum(), (own * own).sum()))
        means, variances = pair_moments(facts)
        mean += means
        variance += variances
    return _products(by_atom, mean, variance, sample)


def _unbiased(centred: Sequence[NDArray[np.float64]], sample: Sample) -> Products:
    """sum_{i != j} A_ij B_ij, which is n (n-3) HSIC_1, with U-centred kernels (Székely & Rizzo, Ann. Stat. 42, 2014).

    A_ij = K_ij - r_i/(n-2) - r_j/(n-2) + sum(r)/((n-1)(n-2)) for i != j, else 0, r_i the row sums without diagonal. For
    K = XX' of centred X, r_i = -|x_i|^2, so A_ij = x_i.x_j + f_i + f_j + g with f_i = |x_i|^2/(n-2) and
    g = -sum |x|^2/((n-1)(n-2)), and each row's sum of products needs no matrix.
    """
    m = len(centred)
    by_atom = np.zeros((m, m, len(sample)))
    variance = np.zeros((m, m))
    for rows in sample.groups:
        n = len(rows)
        parts = [x[rows] for x in centred]
        shift = [(x * x).sum(axis=1) / (n - 2) for x in parts]
        # row sums of the full form: n f_i + sum f + n g, and its diagonal
        constant = [-f.sum() / (n - 1) for f in shift]
        diagonal = [(x * x).sum(axis=1) + 2.0 * f + g for x, f, g in zip(parts, shift, constant, strict=True)]
        for i in range(m):
            for j in range(i, m):
                x, y, f, h = parts[i], parts[j], shift[i], shift[j]
                c, d = f + constant[i], h + constant[j]
                here = np.einsum("ij,ij->i", x @ (x.T @ y), y) + x @ (x.T @ h) + y @ (y.T @ f) + f @ h
                here += d * f.sum() + c * h.sum() + n * c * d - diagonal[i] * diagonal[j]
                by_atom[i, j, rows] = by_atom[j, i, rows] = here
        facts = [Invariants(n, 0.0, by_atom[i, i, rows].sum(), 0.0) for i in range(m)]
        variance += pair_moments(facts)[1]
    return _products(by_atom, np.zeros((m, m)), variance, sample)


def _products(by_atom: NDArray[np.float64], mean: NDArray, variance: NDArray, sample: Sample) -> Products:
    by_structure = np.array([[sample.totals(part) for part in line] for line in by_atom])
    return Products(by_atom.sum(axis=2), by_structure, mean, variance)
