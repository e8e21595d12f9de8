"""The nearest neighbours of every atom in one model's coordinates, exact at any size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_NEIGHBOURS = 50
PAIRS_PER_BLOCK = 16_000_000


@dataclass(frozen=True)
class NeighbourLists:
    """Neighbours of N atoms, nearest first: atom indices padded with -1, similarities padded with NaN, both (N, k)."""

    index: NDArray[np.int32]
    similarity: NDArray[np.float32]


def unit_rows(x: NDArray[np.floating]) -> NDArray[np.float64]:
    """Rows scaled to length one, float64; rows that are NaN or zero become NaN."""
    x = x.astype(np.float64)
    with np.errstate(invalid="ignore"):
        return x / np.linalg.norm(x, axis=1, keepdims=True)


def nearest(
    coordinates: NDArray[np.floating],
    *,
    orbit: NDArray[np.integer],
    kind: str = "representatives",
    labels: NDArray[np.integer] | None = None,
    k: int = N_NEIGHBOURS,
    order: NDArray[np.integer] | None = None,
    on_rows: Callable[[int], None] | None = None,
) -> NeighbourLists:
    """Exact nearest neighbours by cosine of coordinates.

    Similarities are computed in float64 and rounded to float32, so that they do not depend on how the rows are cut
    into blocks, and atoms that symmetry makes equal tie exactly; ties go to the lower atom index.

    Parameters
    ----------
    coordinates : (N, K) float
        NaN rows have no neighbours and are nobody's neighbour.
    orbit : (N,) int
        Atom index of each atom's orbit representative.
    kind : str
        ``all``: every atom but itself. ``representatives``: one atom an orbit, own orbit excluded.
        ``within_element``: representatives that share the atom's label, own orbit excluded.
        ``other_elements``: representatives of another label.
    labels : (N,) int, optional
        Atomic numbers; needed by the last two kinds.
    k : int
        Length of the lists.
    order : (N,) int, optional
        A permutation of the atoms: of those that tie, the one that stands first in it comes first.
    on_rows : callable
        Told how many rows were done, after each block.

    Returns
    -------
    NeighbourLists
        Arrays of shape (N, k).
    """
    n = len(coordinates)
    unit = unit_rows(coordinates)
    usable: NDArray[np.bool_] = np.asarray(np.isfinite(unit).all(axis=1))
    pool_mask = usable if kind == "all" else usable & (orbit == np.arange(n))
    index = np.full((n, k), -1, np.int32)
    similarity = np.full((n, k), np.nan, np.float32)
    place = None if order is None else np.argsort(order)
    for rows, pool in _problems(kind, usable, pool_mask, labels):
        if place is not None:
            pool = pool[np.argsort(place[pool])]
        step = max(1, PAIRS_PER_BLOCK // max(len(pool), 1))
        for start in range(0, len(rows), step):
            block = rows[start : start + step]
            s = (unit[block] @ unit[pool].T).astype(np.float32)
            own = block if kind == "all" else orbit[block]
            s[pool[None, :] == own[:, None]] = -np.inf
            if kind == "other_elements" and labels is not None:
                s[labels[pool][None, :] == labels[block][:, None]] = -np.inf
            best = top_columns(s, min(k, len(pool)))
            values = np.take_along_axis(s, best, axis=1)
            found = np.isfinite(values)
            width = best.shape[1]
            index[block, :width] = np.where(found, pool[best], -1)
            similarity[block, :width] = np.where(found, values, np.nan)
            if on_rows is not None:
                on_rows(len(block))
    return NeighbourLists(index, similarity)


def _problems(
    kind: str, usable: NDArray[np.bool_], pool_mask: NDArray[np.bool_], labels: NDArray[np.integer] | None
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """The (rows, pool) pairs that a kind falls into: one, or one an element."""
    if kind in ("all", "representatives"):
        yield np.flatnonzero(usable), np.flatnonzero(pool_mask)
        return
    if labels is None:
        raise ValueError(f"neighbours of kind {kind!r} need the atoms' labels")
    if kind == "other_elements":
        yield np.flatnonzero(usable), np.flatnonzero(pool_mask)
        return
    if kind != "within_element":
        raise ValueError(f"no neighbours of kind {kind!r}")
    for label in np.unique(labels):
        mine = labels == label
        yield np.flatnonzero(usable & mine), np.flatnonzero(pool_mask & mine)


def top_columns(values: NDArray[np.floating], k: int) -> NDArray[np.intp]:
    """Columns of the `k` largest values of each row, largest first, ties by lower column.

    Parameters
    ----------
    values : (n, m) float
        Without NaN.
    k : int
        At most m.

    Returns
    -------
    (n, k) int
    """
    n, m = values.shape
    if k == 0:
        return np.empty((n, 0), np.intp)
    if k == m:
        return np.argsort(-values, axis=1, kind="stable")
    best = np.argpartition(-values, k - 1, axis=1)[:, :k]
    # A partition cuts through ties at random: where the last value kept also stands outside, take the lowest columns.
    last = np.take_along_axis(values, best, axis=1).min(axis=1, keepdims=True)
    for row in np.flatnonzero((values >= last).sum(axis=1) > k):
        above = np.flatnonzero(values[row] > last[row])
        level = np.flatnonzero(values[row] == last[row])
        best[row] = np.concatenate([above, level[: k - len(above)]])
    best.sort(axis=1)
    order = np.argsort(-np.take_along_axis(values, best, axis=1), axis=1, kind="stable")
    return np.take_along_axis(best, order, axis=1)
