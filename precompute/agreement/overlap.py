"""How far two models agree on one atom's neighbours: overlap of lists, corrected for chance, and likeness of order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError

CELLS_PER_BLOCK = 4_000_000
PERSISTENCE = 0.9
KINDS = ("all", "representatives", "within_element", "other_elements")


def overlap(index_a: NDArray[np.integer], index_b: NDArray[np.integer], k: int) -> NDArray[np.float64]:
    """Shared fraction of each atom's `k` nearest neighbours in two models.

    o_i = |A_i and B_i| / k, with A_i and B_i the first k atoms of the two lists of atom i. Its mean over atoms is the
    mutual k-nearest-neighbour score (Huh et al., ICML 2024; Li & Walsh, Nat. Mach. Intell. 8, 830 (2026)).

    Parameters
    ----------
    index_a, index_b : (N, >= k) int
        Neighbours, nearest first, no atom twice in a row; padded with -1 at the end.
    k : int
        At least 1.

    Returns
    -------
    (N,) float64
        In [0, 1]; NaN where either list holds fewer than k atoms.

    Raises
    ------
    AtlasError
        For lists of different numbers of atoms, or `k` beyond their width.
    """
    shared, known = _shared_pairs((index_a, index_b), k)
    return np.where(known, shared / k, np.nan)


def mean_overlap(lists: Sequence[NDArray[np.integer]], k: int) -> NDArray[np.float64]:
    """Overlap of each atom's neighbours averaged over all pairs of several models.

    o_i = 2 / (M (M - 1)) times the sum over pairs of models a < b of |A_i and B_i| / k.

    Parameters
    ----------
    lists : M arrays (N, >= k) int
        One a model, as in `overlap`.
    k : int

    Returns
    -------
    (N,) float64
        In [0, 1]; NaN where any of the models has fewer than k neighbours of the atom.

    Raises
    ------
    AtlasError
        For fewer than two models, and as `overlap`.
    """
    m = len(lists)
    if m < 2:
        raise AtlasError(f"an overlap among models needs at least two of them; there is {m}")
    shared, known = _shared_pairs(lists, k)
    return np.where(known, 2.0 * shared / (m * (m - 1) * k), np.nan)


def _shared_pairs(lists: Sequence[NDArray[np.integer]], k: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Per atom, shared neighbours summed over all pairs of lists, and whether every list is `k` long."""
    n = _check(lists, k)
    m = len(lists)
    shared = np.zeros(n, np.int64)
    known = np.ones(n, np.bool_)
    step = max(1, CELLS_PER_BLOCK // (m * k))
    for start in range(0, n, step):
        rows = slice(start, start + step)
        joined = np.concatenate([x[rows, :k] for x in lists], axis=1)
        known[rows] = (joined >= 0).all(axis=1)
        joined.sort(axis=1)
        # An atom in c of the lists stands c times in a row, which gives c - s equals at distance s: c (c - 1) / 2 in
        # all.
        for s in range(1, m):
            shared[rows] += np.count_nonzero(joined[:, s:] == joined[:, :-s], axis=1)
    return shared, known


def _check(lists: Sequence[NDArray[np.integer]], k: int) -> int:
    shapes = [x.shape for x in lists]
    if any(len(s) != 2 for s in shapes) or len({s[0] for s in shapes}) != 1:
        raise AtlasError(f"neighbour lists of shapes {shapes} are not of the same atoms, one list a row")
    width = min(s[1] for s in shapes)
    if not 1 <= k <= width:
        raise AtlasError(f"the lists hold {width} neighbours, so k can be 1 to {width}, not {k}")
    return int(shapes[0][0])


def chance(
    k: int,
    candidates: NDArray[np.integer] | int,
    candidates_b: NDArray[np.integer] | int | None = None,
    common: NDArray[np.integer] | int | None = None,
) -> NDArray[np.float64]:
    """Overlap expected of two lists of `k` atoms drawn at random and independently.

    e = k c_ab / (c_a c_b), the mean of a hypergeometric count over k, with c_a and c_b the number of atoms that each
    list could hold and c_ab the number that both could; e = k / c where the candidates are the same. Among
    all atoms c = n - 1, and this chance is too low an expectation: the atoms of one orbit come into a list together.
    Representatives have no such blocks, which is why lists of them are the default everywhere.

    Parameters
    ----------
    k : int
    candidates : (N,) int or int
        Atoms that the first list could hold, see `candidates`.
    candidates_b, common : (N,) int or int, optional
        Atoms that the second list could hold, and that both could, where the models lack different atoms; give both
        or neither, for which all three are the same.

    Returns
    -------
    (N,) float64, or a scalar array
        NaN where there are fewer than k candidates.

    Raises
    ------
    AtlasError
        For one of `candidates_b` and `common` without the other.
    """
    if (candidates_b is None) != (common is None):
        raise AtlasError("candidates that differ between two models need both models' numbers and the number in common")
    a = np.asarray(candidates, np.float64)
    b = a if candidates_b is None else np.asarray(candidates_b, np.float64)
    both = a if common is None else np.asarray(common, np.float64)
    enough = np.minimum(a, b) >= k
    return np.where(enough, k * both / np.where(enough, a * b, 1.0), np.nan)


def corrected(
    overlap: NDArray[np.floating], k: int, candidates: NDArray[np.integer] | int, expected: NDArray | None = None
) -> NDArray[np.float64]:
    """Overlap above chance, as a share of the most that it could be above chance.

    o' = (o - e) / (1 - e) with e = `chance`: 1 for equal lists, 0 on average for unrelated ones, negative for lists
    that avoid each other (the form of Cohen's kappa, Educ. Psychol. Meas. 20, 37 (1960)).

    Parameters
    ----------
    overlap : (N,) float
    k : int
    candidates : (N,) int or int
        Atoms that each list could hold: n - 1 for all atoms, within an element that element's representatives but one.
    expected : (N,) float, optional
        In place of k / candidates, where the models' candidates differ.

    Returns
    -------
    (N,) float64
        NaN where there are no more than k candidates: then all lists are equal and overlap says nothing.
    """
    e = chance(k, candidates) if expected is None else np.asarray(expected, np.float64)
    informative = (np.asarray(candidates) > k) & (e < 1.0)
    return np.where(informative, (overlap - e) / np.where(informative, 1.0 - e, 1.0), np.nan)


def candidates(
    kind: str,
    orbit: NDArray[np.integer],
    numbers: NDArray[np.integer],
    usable: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """How many atoms each atom's neighbour list of one kind could hold.

    Parameters
    ----------
    kind : str
        One of `KINDS`, as in `precompute.neighbours.nearest`.
    orbit : (N,) int
        Atom index of each atom's orbit representative.
    numbers : (N,) int
        Atomic numbers.
    usable : (N,) bool, optional
        Atoms that the model embedded (for `chance`'s `common`: that both models embedded); all by default.

    Returns
    -------
    (N,) int64
        0 for atoms that are not usable.

    Raises
    ------
    AtlasError
        For an unknown kind.
    """
    if kind not in KINDS:
        raise AtlasError(f"no neighbours of kind {kind!r}; there are {', '.join(KINDS)}")
    n = len(orbit)
    known = np.ones(n, np.bool_) if usable is None else np.asarray(usable, np.bool_)
    if kind == "all":
        return np.where(known, known.sum() - 1, 0)
    pool = known & (orbit == np.arange(n))
    of_element = np.bincount(numbers[pool], minlength=int(numbers.max(initial=0)) + 1)[numbers]
    own = pool[orbit].astype(np.int64)
    counts = {
        "representatives": pool.sum() - own,
        "within_element": of_element - own,
        "other_elements": pool.sum() - of_element,
    }[kind]
    return np.where(known, counts, 0).astype(np.int64)


def rank_overlap(
    index_a: NDArray[np.integer], index_b: NDArray[np.integer], k: int, *, persistence: float = PERSISTENCE
) -> NDArray[np.float64]:
    """Rank-biased overlap of two neighbour lists, extrapolated: how alike they are in membership and order.

    RBO = (X_k / k) p^k + (1 - p) / p * sum over d = 1..k of (X_d / d) p^d, with X_d the number of atoms that the first
    d of both lists share and p the persistence: a reader who goes from each rank to the next with probability p sees
    this share agreed on average, if agreement goes on beyond k as at k (Webber, Moffat & Zobel, ACM Trans. Inf. Syst.
    28, 20 (2010)). With p = 0.9 the first ten ranks carry 86 % of the weight. Defined for lists that share only some
    atoms, which a rank correlation is not; unrelated lists of c candidates give (k p^k + (1 - p) / p * sum d p^d) / c,
    near 0.

    Parameters
    ----------
    index_a, index_b : (N, >= k) int
        As in `overlap`.
    k : int
    persistence : float
        p, between 0 and 1.

    Returns
    -------
    (N,) float64
        In [0, 1]: 1 for equal lists, 0 for lists that share nothing; NaN where either holds fewer than k atoms.

    Raises
    ------
    AtlasError
        As `overlap`, and for a persistence outside (0, 1).
    """
    if not 0.0 < persistence < 1.0:
        raise AtlasError(f"the persistence of a rank-biased overlap lies between 0 and 1, not {persistence}")
    n = _check((index_a, index_b), k)
    depth = np.arange(1, k + 1)
    # An atom that both lists hold by depth d counts in X_d, X_d+1, ..., X_k: the weights from d to k, summed, and the
    # last.
    each = (1.0 - persistence) / persistence * persistence**depth / depth
    weight = np.cumsum(each[::-1])[::-1] + persistence**k / k
    result = np.empty(n)
    step = max(1, CELLS_PER_BLOCK // (2 * k))
    for start in range(0, n, step):
        rows = slice(start, start + step)
        a, b = index_a[rows, :k], index_b[rows, :k]
        known = ((a >= 0) & (b >= 0)).all(axis=1)
        # Atom and rank in one integer: one sort brings equal atoms together, and each keeps its rank.
        joined = np.concatenate([a.astype(np.int64) * k + (depth - 1), b.astype(np.int64) * k + (depth - 1)], axis=1)
        joined.sort(axis=1)
        atom, rank = np.divmod(joined, k)
        met = np.where(atom[:, 1:] == atom[:, :-1], weight[np.maximum(rank[:, 1:], rank[:, :-1])], 0.0)
        result[rows] = np.where(known, met.sum(axis=1), np.nan)
    return result
