"""CKA: do pairs of atoms that are alike in one model look alike in the other?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.centred import Advance, Kernel, Products, inner_products, squared_distances
from precompute.agreement.permuted import Invariants, pair_moments, shifted_quantile
from precompute.agreement.sample import Estimate, Sample
from precompute.agreement.spaces import Space, blocks, cross
from precompute.contracts import AtlasError

Features = NDArray[np.floating] | Space
Row = NDArray[np.float64]


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


@dataclass(frozen=True, eq=False)
class Linear:
    """Inner products of linear kernels, by both estimators; `unbiased` is None for groups of fewer than four atoms."""

    biased: Products
    unbiased: Products | None


def linear_pairs(features: Sequence[Features], sample: Sample) -> Estimate:
    """`cka` of all pairs of models, with influences of structures and the permutation null."""
    return of_biased(linear(features, sample))


def unbiased_pairs(features: Sequence[Features], sample: Sample) -> Estimate:
    """`cka_unbiased` of all pairs of models; its null is 0 on average and has the skewness of that of `cka`."""
    return of_unbiased(linear(features, sample), sample)


def of_biased(found: Linear) -> Estimate:
    """`linear_pairs` from what was found already."""
    return found.biased.correlation()


def of_unbiased(found: Linear, sample: Sample) -> Estimate:
    """`unbiased_pairs` from what was found already."""
    if found.unbiased is None:
        where = "the rarest element" if sample.labels is not None else "the sample"
        raise AtlasError(f"unbiased CKA needs at least 4 atoms; {where} has {sample.fewest}")
    value, influence, size = found.unbiased.ratio()
    spread = np.sqrt(found.unbiased.variance) / size
    high = shifted_quantile(found.biased.mean, found.biased.variance, spread)
    return Estimate(value, influence, np.where(np.isnan(value), np.nan, 0.0), high)


def rbf_pairs(features: Sequence[Features], sample: Sample, on_rows: Advance | None = None) -> Estimate:
    """`cka_rbf` of all pairs of models."""
    kernels = [_rbf(sample.space(x), sample) for x in features]
    return inner_products(kernels, sample, on_rows).correlation()


def _rbf(x: Space, sample: Sample) -> Kernel:
    scale = _mean_squared_distance(x, sample)
    squared = squared_distances(x.divided(float(np.sqrt(scale))) if scale > 0.0 else x)

    def kernel(rows: NDArray[np.intp], columns: NDArray[np.intp], tile: NDArray[np.float64]) -> None:
        squared(rows, columns, tile)
        np.negative(tile, out=tile)
        np.exp(tile, out=tile)

    return kernel


def _mean_squared_distance(x: Space, sample: Sample) -> float:
    """Mean of |x_i - x_j|^2 over comparable pairs i != j; sum_ij = 2 n sum_i |x_i|^2 for rows about their mean."""
    total = sum(2.0 * len(rows) * x.squares[rows].sum() for rows in sample.groups)
    pairs = sum(len(rows) * (len(rows) - 1) for rows in sample.groups)
    return float(total / pairs) if pairs else 0.0


def linear(features: Sequence[Features], sample: Sample) -> Linear:
    """Inner products of the kernels XX' of all models, and their null's moments, without any N x N matrix.

    Biased: H_ab = |X'Y|_F^2, of which x_i' (X'Y) y_i is atom i's part.

    Unbiased: sum_{i != j} A_ij B_ij, which is n (n-3) HSIC_1, with U-centred kernels (Székely & Rizzo, Ann. Stat. 42,
    2014). A_ij = K_ij - r_i/(n-2) - r_j/(n-2) + sum(r)/((n-1)(n-2)) for i != j, else 0, r_i the row sums without
    diagonal. For K = XX' of centred X, r_i = -|x_i|^2, so A_ij = x_i.x_j + f_i + f_j + g with f_i = |x_i|^2/(n-2) and
    g = -sum |x|^2/((n-1)(n-2)), and each row's sum of products needs no matrix.
    """
    spaces = [sample.space(x) for x in features]
    m = len(spaces)
    biased, unbiased = (np.zeros((m, m, sample.n_structures)) for _ in range(2))
    mean, variance, variance_unbiased = (np.zeros((m, m)) for _ in range(3))
    has_unbiased = sample.fewest >= 4
    for rows in sample.groups:
        facts, facts_unbiased = [], []
        for i in range(m):
            for j in range(i, m):
                here, along = _linear_parts(spaces[i], spaces[j], rows)
                _add(biased, i, j, here, rows, sample)
                if has_unbiased:
                    without = _without_bias(here, along, spaces[i].squares[rows], spaces[j].squares[rows])
                    _add(unbiased, i, j, without, rows, sample)
                if i == j:
                    own = spaces[i].squares[rows]
                    facts.append(Invariants(len(rows), own.sum(), here.sum(), (own * own).sum()))
                    facts_unbiased.append(Invariants(len(rows), 0.0, without.sum() if has_unbiased else 0.0, 0.0))
        means, variances = pair_moments(facts)
        mean += means
        variance += variances
        variance_unbiased += pair_moments(facts_unbiased)[1]
    return Linear(
        Products(biased.sum(axis=2), biased, mean, variance),
        Products(unbiased.sum(axis=2), unbiased, np.zeros((m, m)), variance_unbiased) if has_unbiased else None,
    )


def _linear_parts(x: Space, y: Space, rows: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """x_i' (X'Y) y_i of each atom of a group, and x_i' sum_j x_j |y_j|^2 + y_i' sum_j y_j |x_j|^2, (n,) each."""
    width = max(x.shape[1], y.shape[1])
    product = cross(x, y, rows)
    of_x, of_y = np.zeros(x.shape[1]), np.zeros(y.shape[1])
    for part in blocks(rows, width):
        of_x += y.squares[part] @ x[part]
        of_y += x.squares[part] @ y[part]
    here, along = [], []
    for part in blocks(rows, width):
        a, b = x[part], y[part]
        here.append(np.einsum("ij,ij->i", a @ product, b))
        along.append(a @ of_x + b @ of_y)
    return np.concatenate(here), np.concatenate(along)


def _without_bias(here: Row, along: Row, own: Row, other: Row) -> Row:
    """Each atom's part of sum_{i != j} A_ij B_ij, from `_linear_parts` and squared lengths."""
    n = len(here)
    f, h = own / (n - 2), other / (n - 2)
    constant, constant_other = -f.sum() / (n - 1), -h.sum() / (n - 1)
    # row sums of the full form, n f_i + sum f + n g, and its diagonal
    c, d = f + constant, h + constant_other
    diagonal = (own + 2.0 * f + constant) * (other + 2.0 * h + constant_other)
    return here + along / (n - 2) + f @ h + d * f.sum() + c * h.sum() + n * c * d - diagonal


def _add(total: NDArray[np.float64], i: int, j: int, here: Row, rows: NDArray[np.intp], sample: Sample) -> None:
    part = np.bincount(sample.codes[rows], weights=here, minlength=sample.n_structures)
    total[i, j] += part
    if i != j:
        total[j, i] += part
