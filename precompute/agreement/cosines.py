"""The nearest neighbours of every atom by cosine, for features too wide to copy: exact, each pair of atoms once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.spaces import blocks
from precompute.neighbours import NeighbourLists, top_columns

Found = Iterator[tuple[NDArray[np.integer], NDArray[np.integer], NDArray[np.float32]]]

ATOMS_PER_TILE = 1_024
PAIRS_PER_BLOCK = 16_000_000


def cosine_neighbours(
    x: NDArray[np.floating],
    k: int,
    *,
    groups: tuple[NDArray[np.intp], ...] | None = None,
    order: NDArray[np.integer] | None = None,
    on_rows: Callable[[int], None] | None = None,
) -> NeighbourLists:
    """The k nearest rows of each row by cosine, as `precompute.neighbours.nearest`.

    Products of float32 rows, tile by tile on one side of the diagonal, pick the candidates of both their rows and their
    columns: all whose cosine could, within the rounding bound (p + 8) 2^-24 of a sum of p products, be among the k
    largest. Their cosines are then computed in float64 and rounded to float32, so the lists are exact. Where ties leave
    too many candidates, the row is compared with all others in float64. Held besides the features are some blocks.

    Parameters
    ----------
    x : (n, p) float
        Rows without direction (zero, or not finite) have no neighbours and are nobody's.
    k : int
    groups : tuple of int arrays, optional
        Neighbours are sought within each only; one of all rows by default.
    order : (n,) int, optional
        A permutation of the rows: of those that tie, the one that stands first in it comes first; ties go to the lower
        row by default.
    on_rows : callable, optional
        Told how many rows were done.

    Returns
    -------
    NeighbourLists
        Arrays of shape (n, k).
    """
    n = len(x)
    x = x.view(np.ndarray)
    length = _lengths(x)
    place = np.empty(n, np.intp)
    place[np.arange(n) if order is None else order] = np.arange(n)
    index = np.full((n, k), -1, np.int32)
    similarity = np.full((n, k), np.nan, np.float32)
    for rows in (np.arange(n),) if groups is None else groups:
        pool = rows[np.isfinite(length[rows])]
        pool = pool[np.argsort(place[pool])]
        width = min(k, len(pool) - 1)
        if width < 1:
            continue
        for own, near, cosines in _Search(x, length, pool, width).found(on_rows):
            index[pool[own], :width], similarity[pool[own], :width] = pool[near], cosines
    return NeighbourLists(index, similarity)


def _lengths(x: NDArray[np.floating]) -> NDArray[np.float64]:
    """Length of each row, NaN where it has no direction."""
    length = np.empty(len(x))
    for part in blocks(np.arange(len(x)), x.shape[1]):
        length[part] = np.linalg.norm(x[part].astype(np.float64), axis=1)
    length[~(np.isfinite(length) & (length > 0.0))] = np.nan
    return length


class _Search:
    """Neighbours within one pool, its rows numbered by their place in it; of those that tie the lower comes first."""

    def __init__(self, x: NDArray[np.floating], length: NDArray[np.float64], pool: NDArray[np.intp], k: int) -> None:
        self._x, self._length, self._pool, self._k = x, length, pool, k
        n, width = len(pool), x.shape[1]
        self._margin = np.float32(2.0 * (width + 8) * 2.0**-24)
        # what could still be a neighbour of each row, and the least that it takes
        self._most = min(n - 1, 4 * k + 24)
        self._close = np.full((n, self._most), -np.inf, np.float32)
        self._near = np.zeros((n, self._most), np.int32)
        self._count = np.zeros(n, np.intp)
        self._least = np.full(n, -np.inf, np.float32)
        self._crowded = np.zeros(n, np.bool_)

    def found(self, on_rows: Callable[[int], None] | None) -> Found:
        """Rows of the pool, their neighbours in it, and the cosines, a block of rows at a time."""
        n = len(self._pool)
        memory = np.empty(ATOMS_PER_TILE**2, np.float32)  # of every tile: fresh memory costs as much as the work
        for start in range(0, n, ATOMS_PER_TILE):
            mine = self._unit(slice(start, start + ATOMS_PER_TILE))
            for left in range(start, n, ATOMS_PER_TILE):
                other = mine if left == start else self._unit(slice(left, left + ATOMS_PER_TILE))
                tile = memory[: len(mine) * len(other)].reshape(len(mine), len(other))
                np.matmul(mine, other.T, out=tile)
                if left == start:
                    np.fill_diagonal(tile, -np.inf)
                else:
                    self._offer(left, start, tile.T)
                self._offer(start, left, tile)
            if on_rows is not None:
                on_rows(len(mine))
        yield from self._exact(np.flatnonzero(~self._crowded))
        yield from self._in_full(np.flatnonzero(self._crowded))

    def _unit(self, places: slice) -> NDArray[np.float32]:
        rows = self._pool[places]
        return (self._x[rows] / self._length[rows, None]).astype(np.float32)

    def _offer(self, start: int, left: int, tile: NDArray[np.float32]) -> None:
        """Keep of a tile, rows from `start` and columns from `left`, what could be a neighbour of its rows."""
        rows = slice(start, start + len(tile))
        least = self._least[rows]
        fresh = np.flatnonzero(np.isneginf(least))
        if len(fresh) and tile.shape[1] > self._k:
            kth = tile.shape[1] - self._k
            least[fresh] = np.partition(tile[fresh], kth, axis=1)[:, kth] - self._margin
        row, column = np.nonzero(tile >= least[:, None])
        if not len(row):
            return
        more = np.bincount(row, minlength=len(tile))
        full = np.flatnonzero(self._count[rows] + more > self._most)
        if len(full):
            self._forget(start + full)
            over = np.zeros(len(tile), np.bool_)
            over[full] = self._count[start + full] + more[full] > self._most
            self._crowded[start + np.flatnonzero(over)] = True
            least[over] = np.inf
            row, column = row[~over[row]], column[~over[row]]
            more[over] = 0
        first = np.cumsum(more) - more
        slot = self._count[start + row] + np.arange(len(row)) - first[row]
        self._close[start + row, slot] = tile[row, column]
        self._near[start + row, slot] = left + column
        self._count[rows] += more
        changed = np.flatnonzero((more > 0) & (self._count[rows] >= self._k))
        kth = self._most - self._k
        best = np.partition(self._close[start + changed], kth, axis=1)[:, kth]
        least[changed] = np.maximum(least[changed], best - self._margin)

    def _forget(self, rows: NDArray[np.intp]) -> None:
        """Drop candidates that are none any more."""
        close, near = self._close[rows], self._near[rows]
        close[close < self._least[rows, None]] = -np.inf
        order = np.argsort(-close, axis=1)
        self._close[rows] = np.take_along_axis(close, order, axis=1)
        self._near[rows] = np.take_along_axis(near, order, axis=1)
        self._count[rows] = np.isfinite(close).sum(axis=1)

    def _exact(self, rows: NDArray[np.intp]) -> Found:
        for part in blocks(rows, self._most):
            own = np.arange(part.start, part.stop) if isinstance(part, slice) else part
            at, slot = np.nonzero(self._close[own] >= np.maximum(self._least[own, None], -2.0))
            near = self._near[own[at], slot]
            cosines = self._cosines(own[at], near)
            order = np.lexsort((near, -cosines, at))
            kept = order[np.searchsorted(at, np.arange(len(own)))[:, None] + np.arange(self._k)]
            yield own, near[kept], cosines[kept]

    def _cosines(self, a: NDArray[np.integer], b: NDArray[np.integer]) -> NDArray[np.float32]:
        result = np.empty(len(a), np.float32)
        for part in blocks(np.arange(len(a)), 2 * self._x.shape[1]):
            i, j = self._pool[a[part]], self._pool[b[part]]
            products = np.einsum("ij,ij->i", self._x[i].astype(np.float64), self._x[j].astype(np.float64))
            result[part] = products / (self._length[i] * self._length[j])
        return result

    def _in_full(self, rows: NDArray[np.intp]) -> Found:
        n, everyone = len(self._pool), np.arange(len(self._pool))
        step = max(1, PAIRS_PER_BLOCK // n)
        for start in range(0, len(rows), step):
            own = rows[start : start + step]
            mine = self._x[self._pool[own]] / self._length[self._pool[own], None]
            cosines = np.empty((len(own), n), np.float32)
            for part in blocks(everyone, self._x.shape[1]):
                pool = self._pool[part]
                cosines[:, part] = mine @ (self._x[pool] / self._length[pool, None]).T
            cosines[np.arange(len(own)), own] = -np.inf
            best = top_columns(cosines, self._k)
            yield own, best, np.take_along_axis(cosines, best, axis=1)
