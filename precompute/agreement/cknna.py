"""CKNNA: CKA over those pairs of atoms only that are near each other in both models."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.cosines import cosine_neighbours
from precompute.agreement.neighbours import permuted
from precompute.agreement.permuted import null_of_draws
from precompute.agreement.sample import Estimate, Sample, counted_twice
from precompute.contracts import AtlasError
from precompute.neighbours import NeighbourLists

K = 10
CELLS_PER_BLOCK = 4_000_000


def cknna(x: NDArray[np.floating], y: NDArray[np.floating], k: int = K) -> float:
    """Centred kernel nearest-neighbour alignment.

    HSIC_1 (see `kernels.cka_unbiased`) of K o M and L o M over the root of its values for (K, K) and (L, L), with K and
    L cosines between atoms and M_ij = 1 where j is among the k nearest of i in both models (Huh et al., ICML 2024,
    appendix, and their published code). Two things differ from that code: the last term of HSIC_1, which for these
    unsymmetric matrices depends on which model comes first, is the mean of both orders, and nothing is added to the
    denominator.

    Neighbours are found in tiles, so N x N numbers are never held (see `cosine_neighbours`).

    Parameters
    ----------
    x : (N, p) float
    y : (N, q) float
    k : int
        At least 2.

    Returns
    -------
    float
        At most 1; about 0 for unrelated spaces.

    Raises
    ------
    AtlasError
        For fewer than four or no more than k atoms, for k below 2, or features not finite.
    """
    n = len(x)
    if not 1 <= k < n:
        raise AtlasError(f"{k} nearest neighbours need more than {k} atoms; there are {n}")
    lists = [cosine_neighbours(z, k) for z in (x, y)]
    for found in lists:
        lost = int((found.index[:, -1] < 0).sum())
        if lost:
            raise AtlasError(f"{lost} of {n} rows of features are zero or not finite; leave those atoms out")
    return float(all_pairs(lists, Sample.of(len(x))).value[0, 1])


def all_pairs(
    lists: Sequence[NeighbourLists],
    sample: Sample,
    *,
    permutations: int = 0,
    rng: np.random.Generator | None = None,
) -> Estimate:
    """`cknna` of all pairs of models from their neighbour lists, with influences of structures and a permutation null.

    Within elements (lists of that kind), HSIC_1 n (n-3) is summed over elements. The null is from
    `permutations` of the atoms of each model (see `null_of_draws`).

    Raises
    ------
    AtlasError
        For lists of fewer than two neighbours, or groups of fewer than four atoms.
    """
    k = lists[0].index.shape[1]
    if k < 2:
        raise AtlasError(f"CKNNA needs k of at least 2, not {k}")
    fewest = min(len(rows) for rows in sample.groups)
    if fewest < 4:
        raise AtlasError(f"CKNNA needs at least 4 comparable atoms; there are {fewest}")
    sized = [NeighbourLists(x.index, x.similarity.astype(np.float64)) for x in lists]
    m = len(sized)
    own = [_alignment(x, x, sample) for x in sized]
    value, variance = np.ones((m, m)), np.zeros((m, m))
    influence = np.zeros((m, m, sample.n_structures))
    for i in range(m):
        for j in range(i, m):
            size = np.sqrt(own[i].total * own[j].total)
            if not size > 0.0:
                value[i, j] = value[j, i] = np.nan
                continue
            if i == j:
                continue
            here = _alignment(sized[i], sized[j], sample)
            value[i, j] = value[j, i] = here.total / size
            each, spread = _influence((sized[i], sized[j]), here, (own[i], own[j]), sample)
            influence[i, j], variance[i, j] = influence[j, i], variance[j, i] = each, spread
    if not permutations or rng is None:
        return Estimate(value, influence, variance=variance)
    sizes = np.sqrt([max(h.total, 0.0) for h in own])
    drawn = np.full((permutations, m, m), np.nan)
    for d in range(permutations):
        dealt = [_dealt(x, sample.permutation(rng)) for x in sized]
        for i in range(m):
            for j in range(i + 1, m):
                size = sizes[i] * sizes[j]
                found = _alignment(dealt[i], dealt[j], sample).total / size if size else np.nan
                drawn[d, i, j] = drawn[d, j, i] = found
    return Estimate(value, influence, *null_of_draws(drawn), variance)


def _dealt(lists: NeighbourLists, order: NDArray[np.intp]) -> NeighbourLists:
    """The lists after atom order[i] took the place of atom i."""
    return NeighbourLists(permuted(lists.index, order), lists.similarity[order])


@dataclass(frozen=True, eq=False)
class _Aligned:
    """n (n-3) HSIC_1 of two masked kernels.

    Attributes
    ----------
    by_atom : (N,) float64
        Split over atoms.
    i, j : (P,) int
        Pairs, in both orders where both name each other.
    joint : (P,) float64
        P_ij Q_ji: what each pair adds but for the means of rows and columns.
    """

    by_atom: NDArray[np.float64]
    i: NDArray[np.intp]
    j: NDArray[np.intp]
    joint: NDArray[np.float64]

    @property
    def total(self) -> float:
        return float(self.by_atom.sum())


def _influence(
    lists: tuple[NeighbourLists, NeighbourLists], here: _Aligned, own: tuple[_Aligned, _Aligned], sample: Sample
) -> tuple[NDArray[np.float64], float]:
    """Influence of structures on CKNNA, and its variance over draws of structures.

    A structure counted once more adds its pairs of atoms, as i and as j. But lists are full: an atom that enters the
    list of another takes the place of the last one, so that its pair counts by what it adds over the list's mean pair.
    """
    n, size = len(sample), np.sqrt(own[0].total * own[1].total)
    weighed = [(here, 1.0 / size), *((part, -0.5 * here.total / size / part.total) for part in own)]
    result = sum(2.0 * w * sample.totals(part.by_atom) for part, w in weighed)
    rows = [w * np.bincount(part.i, weights=part.joint, minlength=n) for part, w in weighed]
    of, to, joint = ([part.i for part, _ in weighed], [part.j for part, _ in weighed],
                     [w * part.joint for part, w in weighed])  # fmt: skip
    for x, mine in zip(lists, rows[1:], strict=True):
        atom, place = np.nonzero(x.index >= 0)
        length = np.bincount(atom, minlength=n)
        of.append(atom)
        to.append(x.index[atom, place].astype(np.intp))
        joint.append(-((0.5 * rows[0] + mine) / np.maximum(length, 1))[atom])
        result += sample.totals(np.bincount(to[-1], weights=joint[-1], minlength=n).astype(float))
    result -= result.mean()
    twice = counted_twice(sample, np.concatenate(of), np.concatenate(to), np.concatenate(joint))
    return result, float(result @ result) - twice


def _alignment(a: NeighbourLists, b: NeighbourLists, sample: Sample) -> _Aligned:
    """n (n-3) HSIC_1 of the masked kernels, split over atoms.

    For matrices P, Q with zero diagonals, p, q their row sums and p', q' their column sums: sum_ij P_ij Q_ji
    + sum P sum Q / ((n-1)(n-2)) - sum_j (p_j q'_j + q_j p'_j) / (n-2). What a pair of atoms adds is shared by both.
    """
    size = len(sample)
    i, j, p_ij, q_ij = _shared(a, b)
    p, q = (np.bincount(i, weights=values, minlength=size) for values in (p_ij, q_ij))
    p_in, q_in = (np.bincount(j, weights=values, minlength=size) for values in (p_ij, q_ij))
    joint = p_ij * _transposed(i, j, q_ij, size)
    both_ways = np.bincount(i, weights=joint, minlength=size)
    n = np.array([len(rows) for rows in sample.groups], np.float64)[sample.group]
    sum_p, sum_q = (np.bincount(sample.group, weights=values)[sample.group] for values in (p, q))
    grand = ((p + p_in) * sum_q + (q + q_in) * sum_p) / (4.0 * (n - 1.0) * (n - 2.0))
    return _Aligned(both_ways + grand - (p_in * q + q_in * p) / (n - 2.0), i, j, joint)


def _shared(a: NeighbourLists, b: NeighbourLists) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Pairs (i, j) with j in both lists of i, and their similarities in both."""
    found = []
    step = max(1, CELLS_PER_BLOCK // (a.index.shape[1] * b.index.shape[1]))
    for start in range(0, len(a.index), step):
        block = slice(start, start + step)
        hit = (a.index[block, :, None] == b.index[block, None, :]) & (a.index[block, :, None] >= 0)
        i, u, v = np.nonzero(hit)
        found.append((i + start, u, v))
    i, u, v = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return i, a.index[i, u].astype(np.intp), a.similarity[i, u], b.similarity[i, v]


def _transposed(i: NDArray[np.intp], j: NDArray[np.intp], values: NDArray, n: int) -> NDArray[np.float64]:
    """For each pair (i, j) the value of (j, i), 0 where that is no pair."""
    if not len(i):
        return np.zeros(0)
    forward = i.astype(np.int64) * n + j
    back = j.astype(np.int64) * n + i
    order = np.argsort(forward)
    place = order[np.minimum(np.searchsorted(forward, back, sorter=order), len(order) - 1)]
    return np.where(forward[place] == back, values[place], 0.0)
