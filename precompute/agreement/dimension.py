"""Intrinsic dimension: how many directions the atoms spread in near each of them, and how many two models share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.spaces import Space, Table
from precompute.agreement.spread import COINCIDENT, block_rows, scaled, squared_between, squared_blocks
from precompute.contracts import AtlasError

DISCARD = 0.1
FITS = ("line", "likelihood")
FEWEST = 10


@dataclass(frozen=True, eq=False)
class Ratios:
    """Distances to the second and first neighbour, compared, for each of n atoms of one space.

    Attributes
    ----------
    ratio : (n,) float64
        mu = r_2 / r_1 among distinct atoms, at least 1; NaN for atoms left out because an earlier one coincides.
    collapsed : (n,) bool
        Atoms that coincide with another one, earlier or later: the space does not tell them from their neighbour.
    nearest : (n, 2) int
        The two distinct atoms that the distances are to; -1 where there is no ratio.
    """

    ratio: NDArray[np.float64]
    collapsed: NDArray[np.bool_]
    nearest: NDArray[np.intp]


@dataclass(frozen=True)
class Dimension:
    """Two-NN intrinsic dimension of n atoms.

    Attributes
    ----------
    value : float
    n_distinct : int
        Atoms that it was fitted to: of those that coincide, the first.
    n_atoms : int
    collapse : float
        Share of the n atoms that coincide with another one.
    """

    value: float
    n_distinct: int
    n_atoms: int
    collapse: float


@dataclass(frozen=True)
class DimensionCorrelation:
    """Intrinsic-dimension correlation of two models.

    Attributes
    ----------
    value : float
        (I_a + I_b - I_ab) / max(I_a, I_b)
    dimension_a, dimension_b, joint : float
        I_a, I_b and I_ab.
    null, null_high : float
        Mean and 97.5 % quantile of the value with the atoms of B permuted; NaN without permutations.
    p : float
        (1 + permutations whose joint dimension is not above I_ab) / (1 + permutations); NaN without.
    """

    value: float
    dimension_a: float
    dimension_b: float
    joint: float
    null: float
    null_high: float
    p: float


def intrinsic_dimension(features: NDArray[np.floating], *, discard: float = DISCARD, fit: str = "line") -> Dimension:
    """Two-NN intrinsic dimension and collapse.

    The ratio mu_i = r_2 / r_1 of each atom's distances to its second and first neighbour follows 1 - F(mu) = mu^-d
    where density is constant at that scale, whatever the density is (Facco et al., Sci. Rep. 7, 12140 (2017)); see
    `fitted`.

    Atoms closer than 1e-5 of the root mean square distance from the mean coincide: rounding (float32) parts symmetry-
    equivalent atoms by less, environments that differ at all are further apart. Of those that coincide the first is
    kept, as a distance of zero has no ratio. Their share is the *collapse*: atoms that the model cannot tell from
    another one, for example because they differ beyond its reach. (Edamadaka et al., arXiv:2512.03750, speak of models
    that collapse onto a low-information representation, but define no number for it; this is ours.)

    The estimate is of the smallest scale. Sites that are almost, but not exactly, equivalent are each other's nearest
    neighbours at a distance that has nothing to do with the rest: where they are more than the discarded share, as
    among all atoms of crystals, the dimension comes out near 1. Read it over orbit representatives.

    Parameters
    ----------
    features : (n, p) float
        Coordinates or embeddings; finite. Not changed by rotation, shift, scaling or the order of atoms.
    discard : float
        As `fitted`.
    fit : str

    Raises
    ------
    AtlasError
        For fewer than `FEWEST` distinct atoms, or features that are not finite.
    """
    found = ratios(features)
    value = fitted(found.ratio, discard=discard, fit=fit)
    kept = int(np.isfinite(found.ratio).sum())
    return Dimension(value, kept, len(found.ratio), float(found.collapsed.mean()))


def fitted(ratio: NDArray[np.floating], *, discard: float = DISCARD, fit: str = "line") -> float:
    """Intrinsic dimension from ratios of second to first neighbour distance.

    ``line``: with the n ratios in ascending order and F_i = i / n, d is the slope of the line through the origin that
    fits -ln(1 - F_i) against ln mu_i by least squares, d = sum x_i y_i / sum x_i^2, the largest ones discarded, a share
    of `discard` (Facco et al. discard 10 %: there the density is least constant). ``likelihood``: d = (n - 1) / sum ln
    mu_i over all, the unbiased form of the maximum of the likelihood (Denti et al., Sci. Rep. 12, 20005 (2022)).

    Parameters
    ----------
    ratio : (n,) float
        At least 1; NaN is left out. A bootstrap may repeat ratios.
    discard : float
        In [0, 1); used by ``line``. The largest ratio is always discarded: there F = 1.
    fit : str
        One of `FITS`.

    Raises
    ------
    AtlasError
        For an unknown fit, or fewer than `FEWEST` ratios.
    """
    if fit not in FITS or not 0.0 <= discard < 1.0:
        raise AtlasError(f"a fit is {' or '.join(FITS)} and discards a share in [0, 1); not {fit!r} and {discard}")
    mu = np.sort(ratio[np.isfinite(ratio)])
    n = len(mu)
    if n < FEWEST:
        raise AtlasError(f"an intrinsic dimension needs at least {FEWEST} distinct atoms; there are {n}")
    x = np.log(mu)
    if fit == "likelihood":
        over, under = float(n - 1), float(x.sum())
    else:
        kept = min(int(np.floor((1.0 - discard) * n)), n - 1)
        y = -np.log1p(-np.arange(1, kept + 1) / n)
        over, under = float(x[:kept] @ y), float(x[:kept] @ x[:kept])
    # All first and second neighbours equally far, as in a lattice: no finite dimension.
    return over / under if under > 0 else np.inf


def line_influence(ratio: NDArray[np.floating], *, discard: float = DISCARD) -> NDArray[np.float64]:
    """What each ratio, counted once more, does to `fitted` by ``line``, to first order; (n,), 0 where it is NaN.

    d = A / B with A = int J(F) x dF and B = int x^2 dF up to F = 1 - discard, x = ln mu and J = -ln(1 - F): both are
    sums over ordered ratios with weights by rank, whose influence functions are -int (1(x <= t) - F(t)) J(F(t)) dt and
    the same of x^2 with J = 1 (Serfling, Approximation Theorems of Mathematical Statistics, 1980, section 8.1).

    Parameters
    ----------
    ratio : (n,) float
        As `fitted`.
    discard : float
    """
    result = np.zeros(len(ratio))
    known = np.flatnonzero(np.isfinite(ratio))
    order = known[np.argsort(ratio[known])]
    x, n = np.log(ratio[order]), len(order)
    kept = min(int(np.floor((1.0 - discard) * n)), n - 1)
    below = np.arange(1, kept + 1) / n
    y = -np.log1p(-below)
    under = float(x[:kept] @ x[:kept])
    if not under > 0.0:
        return result
    steps = y * np.diff(x[: kept + 1]) - (x[:kept] @ y) / under * np.diff(x[: kept + 1] ** 2)
    above = np.zeros(n)
    above[:kept] = np.cumsum(steps[::-1])[::-1]
    result[order] = (below @ steps - above) / under
    return result


def ratios(*features: Table, labels: NDArray[np.integer] | None = None) -> Ratios:
    """Ratios of second to first neighbour distance, of one model or of several joined.

    Joined, each model's features are centred and divided by their root mean square distance from the mean, so that all
    weigh alike whatever their units and widths, and rotation of one of them changes nothing.

    Parameters
    ----------
    *features : (n, p_m) float
        Of the same atoms.
    labels : (n,) int, optional
        Neighbours are then sought among atoms of equal label only.

    Raises
    ------
    AtlasError
        For models of different atoms, fewer than three atoms, or features that are not finite.
    """
    return _ratios(features, [tuple(range(len(features)))], labels)[0]


def pair_ratios(
    features: Sequence[Table], *, labels: NDArray[np.integer] | None = None
) -> dict[tuple[int, int], Ratios]:
    """`ratios` of each of M models, at (i, i), and of each pair of them joined, at (i, j) with i < j.

    Distances within each model are computed once for all pairs. Parameters and errors as `ratios`.
    """
    m = len(features)
    spaces: list[tuple[int, ...]] = [(i,) for i in range(m)] + [(i, j) for i in range(m) for j in range(i + 1, m)]
    found = _ratios(features, spaces, labels)
    return {(s[0], s[-1]): r for s, r in zip(spaces, found, strict=True)}


def dimension_correlation(
    a: NDArray[np.floating],
    b: NDArray[np.floating],
    *,
    permutations: int = 0,
    rng: np.random.Generator | None = None,
    discard: float = DISCARD,
    fit: str = "line",
) -> DimensionCorrelation:
    """How many of their directions two models share.

    rho = (I_a + I_b - I_ab) / max(I_a, I_b), with I_ab the dimension of both joined (Basile et al., ICLR 2025,
    arXiv:2406.15812): 1 where one model's position fixes the other's, 0 where the directions add up. Estimates may pass
    either end: noise in one model is joined to less noise in the other. Two-NN dimensions
    above about ten come out too low for a thousand atoms, the joint one most, so unrelated models score above 0 too:
    read it beside its null. The null joins each atom with that of another one; `p` is its share of joint dimensions at
    or below the one found. The authors standardise every feature; here each model is scaled as a whole (see `ratios`),
    so that rotation does not matter.

    Parameters
    ----------
    a, b : (n, p), (n, q) float
        The two models' features of the same atoms; finite.
    permutations : int
    rng : numpy.random.Generator, optional
        Needed for permutations.
    discard : float
        As `fitted`.
    fit : str

    Raises
    ------
    AtlasError
        As `ratios` and `fitted`, and for permutations without a generator.
    """
    if permutations and rng is None:
        raise AtlasError("permutations need a generator; give rng=numpy.random.default_rng(seed)")

    def dimension(*features: NDArray[np.floating]) -> float:
        return fitted(ratios(*features).ratio, discard=discard, fit=fit)

    own_a, own_b, joint = dimension(a), dimension(b), dimension(a, b)
    drawn = [] if rng is None else [dimension(a, b[rng.permutation(len(b))]) for _ in range(permutations)]
    null = np.array([correlated(own_a, own_b, d) for d in drawn])
    return DimensionCorrelation(
        correlated(own_a, own_b, joint),
        own_a,
        own_b,
        joint,
        float(null.mean()) if drawn else np.nan,
        float(np.quantile(null, 0.975)) if drawn else np.nan,
        (1 + sum(d <= joint for d in drawn)) / (1 + permutations) if drawn else np.nan,
    )


def correlated(dimension_a: float, dimension_b: float, joint: float) -> float:
    """(I_a + I_b - I_ab) / max(I_a, I_b), as in `dimension_correlation`."""
    return (dimension_a + dimension_b - joint) / max(dimension_a, dimension_b)


def _ratios(
    features: Sequence[Table],
    joins: Sequence[tuple[int, ...]],
    labels: NDArray[np.integer] | None,
) -> list[Ratios]:
    if len({len(x) for x in features}) != 1:
        raise AtlasError(f"the models have features of {[len(x) for x in features]} atoms; give the same atoms of each")
    spaces = [scaled(x) for x in features]
    n = len(spaces[0])
    ratio = np.full((len(joins), n), np.nan)
    nearest = np.zeros((len(joins), n, 2), np.intp)
    collapsed = np.zeros((len(joins), n), np.bool_)
    repeated = np.zeros((len(joins), n), np.bool_)
    atoms = np.arange(n)
    memory = np.empty((0, 0))
    for blocks in zip(*(squared_blocks(x, len(spaces) + 1, labels) for x in spaces), strict=True):
        rows = blocks[0][0]
        if memory.shape != blocks[0][1].shape:
            memory = np.empty_like(blocks[0][1])
        for at, join in enumerate(joins):
            np.copyto(memory, blocks[join[0]][1])
            for other in join[1:]:
                memory += blocks[other][1]
            near = len(join) * COINCIDENT**2
            same = np.flatnonzero(memory.min(axis=1) <= near)
            collapsed[at, rows.start + same] = True
            earlier = (memory[same] <= near) & (atoms < (rows.start + same)[:, None])
            repeated[at, rows.start + same] = earlier.any(axis=1)
            nearest[at, rows], ratio[at, rows] = _two_nearest(memory, [spaces[i] for i in join], atoms[rows], atoms)
    for at, join in enumerate(joins):
        kept = ~repeated[at]
        again = np.flatnonzero(kept & repeated[at][nearest[at]].any(axis=1))
        ratio[at, ~kept] = np.nan
        pool = np.flatnonzero(kept)
        for part in np.array_split(again, 1 + len(again) // block_rows(len(pool), 2)):
            nearest[at, part], ratio[at, part] = _among([spaces[i] for i in join], part, pool, labels)
    nearest[~np.isfinite(ratio)] = -1
    return [Ratios(*parts) for parts in zip(ratio, collapsed, nearest, strict=True)]


def _two_nearest(
    squared: NDArray[np.float64],
    spaces: Sequence[Space],
    rows: NDArray[np.intp],
    columns: NDArray[np.intp],
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The two atoms nearest each atom of the rows, and the ratio of their distances; overwrites `squared`."""
    here = np.arange(len(rows))
    first = squared.argmin(axis=1)
    squared[here, first] = np.inf
    second = squared.argmin(axis=1)
    found = np.isfinite(squared[here, second])
    near = np.column_stack([columns[first], columns[second]])
    # The differences themselves lose no digits where two atoms are close, as the expanded squares do.
    distance = np.sqrt([sum(((x[rows] - x[j]) ** 2).sum(axis=1) for x in spaces) for j in near.T])
    low, high = distance.min(axis=0), distance.max(axis=0)
    known = found & (low > 0)
    return near, np.where(known, high / np.where(known, low, 1.0), np.nan)


def _among(
    spaces: Sequence[Space],
    rows: NDArray[np.intp],
    pool: NDArray[np.intp],
    labels: NDArray[np.integer] | None,
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """`_two_nearest` of some atoms from a pool, which they are of."""
    if not len(rows) or len(pool) < 3:
        return np.full((len(rows), 2), -1), np.full(len(rows), np.nan)
    squared = np.zeros((len(rows), len(pool)))
    for x in spaces:
        squared += squared_between(x, rows, pool)
    squared[rows[:, None] == pool] = np.inf
    if labels is not None:
        squared[labels[rows][:, None] != labels[pool]] = np.inf
    return _two_nearest(squared, spaces, rows, pool)
