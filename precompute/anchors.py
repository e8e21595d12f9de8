"""Choosing anchors: the reference atoms that every model embeds.

Every method returns indices into the rows it was given, ordered so that any prefix is itself a good set.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError

METHODS = ("direct", "farthest-point", "per-element", "random")
K = 100
BIRCH_START = 0.3
BIRCH_STEP = 0.8
BIRCH_TRIES = 60


def choose(
    embeddings: NDArray[np.floating],
    numbers: NDArray[np.integer],
    k: int = K,
    *,
    method: str = "direct",
    seed: int = 0,
) -> NDArray[np.intp]:
    """Choose `k` anchors among candidate atoms, usually the orbit representatives of one data set.

    Parameters
    ----------
    embeddings : (n, d) float
        One model's embeddings of the candidates, arbitrary units. Rows with NaN are never chosen.
    numbers : (n,) int
        Atomic numbers of the candidates.
    k : int
        How many anchors.
    method : str
        ``direct``: one from each of `k` clusters of the space (Qi et al., npj Comput. Mater. 10, 43 (2024)).
        ``farthest-point``: greedily the atom farthest from all chosen. ``per-element``: the elements in turn, each
        time the element's atom farthest from its own anchors. ``random``: uniform.
    seed : int
        Of the random order; the other methods have no chance in them.

    Returns
    -------
    (k,) int
        Rows of `embeddings`, no row twice. In farthest-first order for ``direct`` and ``farthest-point``; for
        ``per-element`` every element once before any comes twice; for ``random`` in the order drawn.

    Raises
    ------
    AtlasError
        For an unknown method, or fewer (distinct) candidates than anchors.
    """
    if method not in METHODS:
        raise AtlasError(f"no way {method!r} of choosing anchors; there are {', '.join(METHODS)}")
    usable = np.flatnonzero(np.isfinite(embeddings).all(axis=1))
    if k < 1 or len(usable) < k:
        raise AtlasError(
            f"{k} anchors were asked for, but there are {len(usable)} symmetry-distinct atoms to choose from; "
            "ask for fewer (--anchor-count), add structures, or use a ready anchor set (--anchor-set)"
        )
    if method == "random":
        return usable[np.random.default_rng(seed).permutation(len(usable))[:k]]
    space = reduced_space(embeddings[usable])
    if method == "farthest-point":
        chosen = farthest_first(space, k)
    elif method == "per-element":
        chosen = _per_element(space, numbers[usable], k)
    else:
        members = _cluster_members(space, k)
        chosen = members[farthest_first(space[members], k)]
    return usable[chosen]


def reduced_space(embeddings: NDArray[np.floating]) -> NDArray[np.float64]:
    """The space in which DIRECT measures distance.

    Features are standardised, principal components with an eigenvalue above 1 kept (at least one), and each scaled to
    a standard deviation of the square root of its explained-variance ratio.

    Parameters
    ----------
    embeddings : (n, d) float

    Returns
    -------
    (n, m) float64
    """
    x = embeddings.astype(np.float64)
    spread = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    values, vectors = np.linalg.eigh(x.T @ x / max(len(x) - 1, 1))
    values, vectors = values[::-1], vectors[:, ::-1]
    kept = max(1, int((values > 1.0).sum()))
    vectors = vectors[:, :kept] * np.sign(vectors[np.abs(vectors[:, :kept]).argmax(axis=0), np.arange(kept)])
    # unit standard deviation times sqrt(value / total) is one division by sqrt(total) for every component
    return (x @ vectors) / np.sqrt(max(values.clip(0).sum(), np.finfo(float).tiny))


def farthest_first(points: NDArray[np.float64], k: int, start: int | None = None) -> NDArray[np.intp]:
    """Order `k` of the points so that each is the one farthest from all before it.

    Parameters
    ----------
    points : (n, m) float
    k : int
    start : int, optional
        First point; the one nearest the mean by default.

    Returns
    -------
    (k,) int
    """
    if start is None:
        start = int(((points - points.mean(axis=0)) ** 2).sum(axis=1).argmin())
    order = [start]
    distance = ((points - points[start]) ** 2).sum(axis=1)
    distance[start] = -1.0
    while len(order) < k:
        following = int(distance.argmax())
        order.append(following)
        distance = np.minimum(distance, ((points - points[following]) ** 2).sum(axis=1))
        distance[order] = -1.0
    return np.array(order, np.intp)


def _cluster_members(space: NDArray[np.float64], k: int) -> NDArray[np.intp]:
    """The point nearest the centroid of each of `k` BIRCH clusters."""
    from sklearn.cluster import AgglomerativeClustering, Birch

    if k == 1:
        return farthest_first(space, 1)
    threshold = BIRCH_START
    for _ in range(BIRCH_TRIES):
        tree = Birch(threshold=threshold, n_clusters=None).fit(space)
        if len(tree.subcluster_centers_) >= k:
            break
        threshold *= BIRCH_STEP
    else:
        distinct = len(np.unique(space, axis=0))
        raise AtlasError(f"{k} anchors were asked for, but the model tells only {distinct} atoms apart; ask for fewer")
    merged = AgglomerativeClustering(n_clusters=k).fit_predict(tree.subcluster_centers_)
    cluster = merged[tree.labels_]
    members = []
    for c in np.unique(cluster):
        mine = np.flatnonzero(cluster == c)
        centroid = space[mine].mean(axis=0)
        members.append(mine[((space[mine] - centroid) ** 2).sum(axis=1).argmin()])
    found = np.array(members, np.intp)
    if len(found) < k:  # a subcluster that BIRCH's assignment left empty
        rest = np.setdiff1d(np.arange(len(space)), found)
        gap = ((space[rest][:, None] - space[found][None]) ** 2).sum(-1).min(axis=1)
        found = np.concatenate([found, rest[np.argsort(-gap, kind="stable")[: k - len(found)]]])
    return found


def _per_element(space: NDArray[np.float64], numbers: NDArray[np.integer], k: int) -> NDArray[np.intp]:
    """One anchor an element, commonest element first, then a second one each, and so on."""
    elements, counts = np.unique(numbers, return_counts=True)
    queues = []
    for element in elements[np.lexsort((elements, -counts))]:
        mine = np.flatnonzero(numbers == element)
        queues.append(list(mine[farthest_first(space[mine], min(len(mine), k))]))
    chosen: list[int] = []
    while len(chosen) < k:
        for queue in queues:
            if queue and len(chosen) < k:
                chosen.append(int(queue.pop(0)))
    return np.array(chosen, np.intp)
