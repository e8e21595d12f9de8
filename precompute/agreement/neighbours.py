"""Local agreement: do two models give an atom the same nearest neighbours?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.overlap import overlap
from precompute.contracts import AtlasError
from precompute.neighbours import nearest

K = 10
KINDS = ("all", "within_element", "other_elements")


def neighbour_lists(
    features: NDArray[np.floating],
    k: int = K,
    *,
    kind: str = "all",
    labels: NDArray[np.integer] | None = None,
) -> NDArray[np.int32]:
    """The `k` nearest among n sampled atoms of each of them, by cosine of features, ties by lower row.

    Parameters
    ----------
    features : (n, p) float
        Coordinates or embeddings of the sampled atoms, by one model. NaN rows have no neighbours and are nobody's.
    k : int
    kind : str
        ``all``: every other atom. ``within_element``: atoms of the same label. ``other_elements``: of another label.
    labels : (n,) int, optional
        Atomic numbers; needed by the last two kinds.

    Returns
    -------
    (n, k) int32
        Rows of `features`, nearest first, padded with -1 where there are fewer.

    Raises
    ------
    AtlasError
        For an unknown kind, labels that are missing, or no more than k atoms.
    """
    n = len(features)
    if kind not in KINDS:
        raise AtlasError(f"no neighbours of kind {kind!r} among sampled atoms; there are {', '.join(KINDS)}")
    if kind != "all" and (labels is None or len(labels) != n):
        raise AtlasError(f"neighbours of kind {kind!r} need the element of each of the {n} atoms")
    if not 1 <= k < n:
        raise AtlasError(f"{k} nearest neighbours need more than {k} atoms; there are {n}")
    return nearest(features, orbit=np.arange(n), kind=kind, labels=labels, k=k).index


def mutual_knn(index_a: NDArray[np.integer], index_b: NDArray[np.integer], k: int = K) -> NDArray[np.float64]:
    """Mutual k-nearest-neighbour score of each atom; its mean is the score of two models.

    m_i = |A_i and B_i| / k (Huh et al., ICML 2024, section 3; Li & Walsh use k = 10 over 1,000 random atoms). With the
    atoms of one model permuted it is k / c on average, whatever the spaces, with c the candidates of each atom: n - 1
    without restriction to elements. It falls as n grows: compare it at the same n only.

    Parameters
    ----------
    index_a, index_b : (n, >= k) int
        From `neighbour_lists`, for the same atoms.
    k : int

    Returns
    -------
    (n,) float64
        In [0, 1]; NaN where either list holds fewer than k atoms.
    """
    return overlap(index_a, index_b, k)


def cycle_knn(index_a: NDArray[np.integer], index_b: NDArray[np.integer], k: int = K) -> NDArray[np.float64]:
    """Whether a step to a neighbour by model A and a step to a neighbour by model B can lead back to the atom.

    y_i = 1 if there is an atom j in A_i with i in B_j, else 0; the mean over atoms is the score from A to B, which is
    not that from B to A. Named by Huh et al. (ICML 2024, appendix on other metrics), defined by their published code
    (github.com/minyoungg/platonic-rep, ``cycle_knn``, whose first argument is the model of the way back). It saturates:
    unrelated models of n atoms score 1 - (1 - k / (n - 1))^k, less where some atoms are in many lists, and a model
    against itself may score less than 1, since an atom can be in the list of none of its neighbours.

    Parameters
    ----------
    index_a, index_b : (n, >= k) int
        From `neighbour_lists`, for the same atoms.
    k : int

    Returns
    -------
    (n,) float64
        0 or 1; NaN where the atom's list in A holds fewer than k atoms, or that of one of those neighbours in B.
    """
    mutual_knn(index_a, index_b, k)  # for its checks of the shapes
    a, b = index_a[:, :k], index_b[:, :k]
    home = np.arange(len(a))[:, None]
    back = np.zeros(len(a), np.bool_)
    complete = (a >= 0).all(axis=1)
    for step in a.T:
        back |= (b[step] == home).any(axis=1)
        complete &= b[step, -1] >= 0
    return np.where(complete, back, np.nan)


def permuted(index: NDArray[np.integer], order: NDArray[np.integer]) -> NDArray[np.int32]:
    """Neighbour lists after the rows of the features were dealt anew, without looking for neighbours again.

    `neighbour_lists(x[order], k)` is `permuted(neighbour_lists(x, k), order)` but for ties: a null that costs little.
    For lists within elements the order must keep each atom in its element.

    Parameters
    ----------
    index : (n, k) int
    order : (n,) int
        A permutation of 0..n-1.
    """
    place = np.empty(len(order) + 1, np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    place[-1] = -1  # where the padding points
    return place[index[order]]
