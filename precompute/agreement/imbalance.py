"""Information imbalance: does knowing what is near in one model tell what is near in another?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.spaces import Space
from precompute.agreement.spread import COINCIDENT, block_rows, scaled, squared_blocks
from precompute.contracts import AtlasError

MOST_TIED = 256
TIED = 1e-12  # what rounding may part equal squared distances by, in units of the mean square distance from the mean

Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]


def information_imbalance(a: NDArray[np.floating], b: NDArray[np.floating]) -> tuple[float, float]:
    """Information imbalance of two models of the same atoms, from A to B and from B to A.

    Delta(A -> B) = 2 / n < r_B | r_A = 1 >: the mean rank in B of each atom's nearest neighbour in A, over half the
    number of atoms (Glielmo et al., PNAS Nexus 1, pgac039 (2022)). Near 0 where A tells all about B, its least value
    being 2 / n; 1 on average where it tells nothing, and exactly so over permutations of the atoms of A or B; above 1
    where what is near in A is far in B. Ranks run from 1 to n - 1 by Euclidean distance, as in the paper (lists of
    neighbours go by cosine).

    Ties, which the definition leaves open: an atom among t at equal distance has the mean of the ranks that they share,
    and where an atom has several nearest neighbours in A, the mean over them counts (over 256 of them at most). Atoms
    closer than 1e-5 of the root mean square distance from the mean coincide: rounding (float32) parts equivalent atoms
    by less, and environments that differ at all are further apart.

    Parameters
    ----------
    a, b : (n, p), (n, q) float
        Coordinates or embeddings by the two models; finite. Not changed by rotation, shift or scaling of either.

    Returns
    -------
    float, float
        Delta(A -> B), Delta(B -> A).

    Raises
    ------
    AtlasError
        For fewer than three atoms, models of different atoms, or features that are not finite.
    """
    each = imbalances((a, b))
    return float(each[0, 1].mean()), float(each[1, 0].mean())


def imbalances(
    features: Sequence[NDArray[np.floating]], *, labels: NDArray[np.integer] | None = None
) -> NDArray[np.float64]:
    """Each atom's share in the information imbalance between all pairs of models: 2 r / n.

    Parameters
    ----------
    features : M arrays (n, p_m) float
        As in `information_imbalance`.
    labels : (n,) int, optional
        Neighbours and ranks are then among the atoms of equal label only, and n is their number.

    Returns
    -------
    (M, M, n) float64
        ``[i, j]`` from model i to model j; its mean over atoms is Delta(i -> j). NaN for the only atom of a label.

    Raises
    ------
    AtlasError
        As `information_imbalance`.
    """
    return shares(nearest_pairs(features, labels=labels), features, labels=labels)


def shares(
    near: Sequence[Pairs],
    features: Sequence[NDArray[np.floating]],
    *,
    labels: NDArray[np.integer] | None = None,
    n_exact: int | None = None,
) -> NDArray[np.float64]:
    """2 r / n of each atom, r the mean rank in each of M spaces of the nearest neighbours that each of L lists names.

    Parameters
    ----------
    near : L pairs of arrays
        From `nearest_pairs`, or such pairs of permuted atoms.
    features, labels
        As `imbalances`.
    n_exact : int, optional
        For lists after so many, distances that float32 rounds to one tie; all are exact by default.

    Returns
    -------
    (L, M, n) float64
    """
    n, m = len(features[0]), len(features)
    _, of_label, counts = np.unique(np.zeros(n) if labels is None else labels, return_inverse=True, return_counts=True)
    size = counts[of_label]
    which = np.repeat(np.arange(len(near)), [len(of) for of, _ in near])
    of, to = (np.concatenate(parts) for parts in zip(*near, strict=True))
    order = np.argsort(of, kind="stable")
    which, of, to = which[order], of[order], to[order]
    exact = len(near) if n_exact is None else n_exact
    result = np.empty((len(near), m, n))
    for j in range(m):
        for rows, squared in squared_blocks(scaled(features[j]), 2, labels):
            _join(squared)
            ordered = squared.astype(np.float32)
            ordered.sort(axis=1)
            here = slice(*np.searchsorted(of, (rows.start, rows.stop)))
            row = of[here] - rows.start
            below, through = _places(squared, ordered, row, squared[row, to[here]], which[here] < exact)
            rank = (below + through + 1) / 2  # the mean of below + 1, ..., through
            slot, slots = which[here] * len(ordered) + row, len(near) * len(ordered)
            total = np.bincount(slot, weights=rank, minlength=slots) / np.bincount(slot, minlength=slots)
            result[:, j, rows] = 2.0 / size[rows] * total.reshape(len(near), -1)
    return np.where(size > 1, result, np.nan)


def nearest_pairs(
    features: Sequence[NDArray[np.floating]], *, labels: NDArray[np.integer] | None = None
) -> list[Pairs]:
    """For each model the pairs (atom, one of its nearest neighbours), as two arrays in the order of the atoms.

    Of more than `MOST_TIED` neighbours at the same distance, that many stand for all, evenly spread over the rows.

    Raises
    ------
    AtlasError
        As `information_imbalance`.
    """
    if len({len(x) for x in features}) != 1:
        raise AtlasError(f"the models have features of {[len(x) for x in features]} atoms; give the same atoms of each")
    return [_nearest(scaled(x), labels) for x in features]


def permuted_pairs(pairs: Pairs, order: NDArray[np.integer]) -> Pairs:
    """`nearest_pairs` after the atoms were dealt anew, atom order[i] to place i, which has its label."""
    place = np.empty(len(order), np.intp)
    place[order] = np.arange(len(order))
    return place[pairs[0]], place[pairs[1]]


def _nearest(x: Space, labels: NDArray[np.integer] | None) -> Pairs:
    of, to = [], []
    for rows, squared in squared_blocks(x, 2, labels):
        row, column = np.nonzero(squared <= _join(squared)[:, None] + TIED)
        ties = np.bincount(row, minlength=rows.stop - rows.start)
        place = np.arange(len(row)) - np.repeat(np.cumsum(ties) - ties, ties)
        ties = ties[row]
        kept = (place + 1) * MOST_TIED // ties > place * MOST_TIED // ties
        of.append(row[kept] + rows.start)
        to.append(column[kept])
    return np.concatenate(of), np.concatenate(to)


def _join(squared: NDArray[np.float64]) -> NDArray[np.float64]:
    """Set distances between coincident atoms to zero; returns the least of each row."""
    least = squared.min(axis=1)
    rows = np.flatnonzero(least <= COINCIDENT**2)
    squared[rows] = np.where(squared[rows] <= COINCIDENT**2, 0.0, squared[rows])
    least[rows] = 0.0
    return least


def _places(
    squared: NDArray[np.float64],
    ordered: NDArray[np.float32],
    row: NDArray[np.intp],
    value: NDArray[np.float64],
    exact: NDArray[np.bool_],
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """How many squared distances in its row lie below each value, and how many below or level with it."""
    rounded = value.astype(np.float32)
    below, through = _insert(ordered, row, rounded, True), _insert(ordered, row, rounded, False)
    # Rows are ordered by float32 numbers, which is seven times as fast; it leaves open what is level by rounding only.
    open_ = np.flatnonzero((through - below > 1) & (value > 0) & exact)
    for part in np.array_split(open_, 1 + len(open_) // block_rows(squared.shape[1], 2)):
        d, v = squared[row[part]], value[part, None]
        below[part] = np.count_nonzero(d < v - TIED, axis=1)
        through[part] = np.count_nonzero(d <= v + TIED, axis=1)
    return below, through


def _insert(
    ordered: NDArray[np.float32], row: NDArray[np.intp], value: NDArray[np.float32], left: bool
) -> NDArray[np.intp]:
    """Where each value would stand in its row of ascending numbers: before its equals, or after them."""
    low = np.zeros(len(row), np.intp)
    high = np.full(len(row), ordered.shape[1], np.intp)
    while (low < high).any():
        middle = (low + high) // 2
        found = ordered[row, np.minimum(middle, ordered.shape[1] - 1)]
        right = (found < value) if left else (found <= value)
        right &= low < high
        low = np.where(right, middle + 1, low)
        high = np.where(right, high, middle)
    return low
