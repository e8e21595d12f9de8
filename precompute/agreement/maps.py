"""The linear maps of reconstruction errors: what they leave, and what each atom that they are fitted to does to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.sample import Sample
from precompute.neighbours import top_columns

CUTOFFS = np.geomspace(1e-9, 0.9, 20)
RESOLVED = 3e-7  # of the largest singular value of a neighbourhood: features are stored in float32
VALUES_PER_BLOCK = 4_000_000
LEAST_FREEDOM = 0.1  # of 1 - leverage: beyond, a fit that follows its atom says nothing of what it would be without

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Halves:
    """Rows that are fitted and rows that are predicted, and the order in which the fitted ones fall into folds."""

    train: NDArray[np.intp]
    test: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Left:
    """What a map leaves of the features that it predicts.

    Attributes
    ----------
    squares : (n_test,) float64
        |y_i - y~_i|^2 of the predicted atoms.
    fitted : (n_train,) float64
        What each fitted atom, counted once more, does to the mean of these, by the map that changes.
    """

    squares: Array
    fitted: Array


class Map(Protocol):
    """A map, or one an atom, from one model's features, ready for any other's."""

    def left(self, y: Array) -> Left: ...


def _folds(n: int) -> tuple[slice, slice]:
    """Two halves of the fitted atoms, which stand in random order."""
    return slice(0, (n + 1) // 2), slice((n + 1) // 2, n)


class GlobalMap:
    """One linear map from x, ready for any y: singular vectors of the fitted atoms and of both folds."""

    def __init__(self, x: Array, split: Halves) -> None:
        self._split = split
        train = x[split.train]
        first, second = _folds(len(train))
        self._folds = [_Fold(train, first, second), _Fold(train, second, first)]
        self._largest = max(fold.s[0] for fold in self._folds)
        self._u, self._s, vt = np.linalg.svd(train, full_matrices=False)
        self._test = x[split.test] @ vt.T

    def left(self, y: Array) -> Left:
        """See `Map`; the influence of fitted atoms is the derivative at the rank that was chosen.

        With W = (X'X)^-1 X'Y of centred X and Y, atom i counted once more moves W by (X'X)^-1 x_i r_i', where
        r_i = y_i - x_i W, and the prediction at the means by r_i / n (Cook & Weisberg, Residuals and Influence in
        Regression, 1982, chapter 3).
        """
        train = y[self._split.train]
        losses = [fold.losses(train) for fold in self._folds]
        scores = [
            sum(np.sqrt(by[f.rank(c * self._largest)]).mean() for by, f in zip(losses, self._folds, strict=True))
            for c in CUTOFFS
        ]
        rank = int((self._s > CUTOFFS[int(np.argmin(scores))] * self._largest).sum())
        u, s, test = self._u[:, :rank], self._s[:rank, None], self._test[:, :rank]
        along = u.T @ train
        left = y[self._split.test] - test @ (along / s)
        moved = u @ ((test.T @ left) / s) + left.sum(axis=0) / len(train)
        fitted = -2.0 / len(left) * np.einsum("ij,ij->i", moved, train - u @ along)
        return Left((left**2).sum(axis=1), fitted)


class _Fold:
    """A fit on one half of the fitted atoms, judged on the other, at every rank at once."""

    def __init__(self, x: Array, fitted: slice, judged: slice) -> None:
        self._fitted, self._judged = fitted, judged
        self._u, self.s, vt = np.linalg.svd(x[fitted], full_matrices=False)
        self._usable = int((self.s > max(x.shape) * np.finfo(float).eps).sum())
        self._x = x[judged] @ vt.T
        self._gram = self._x.T @ self._x

    def rank(self, cutoff: float) -> int:
        return min(self._usable, int((self.s > cutoff).sum()))

    def losses(self, y: Array) -> Array:
        """Mean squared error of each column, by how many components are used, (rank + 1, q)."""
        weights = self._u.T @ y[self._fitted] / np.maximum(self.s, np.finfo(float).tiny)[:, None]
        weights[self._usable :] = 0.0
        judged = y[self._judged]
        steps = _steps(weights, self._x.T @ judged, self._gram)
        losses = np.concatenate([(judged * judged).sum(axis=0)[None], steps]).cumsum(axis=0)
        return np.maximum(losses, 0.0) / len(judged)


def _steps(weights: Array, cross: Array, gram: Array) -> Array:
    """What each component adds to the squared error: |y - sum_a x_a w_a|^2, from X'Y, X'X and w, (rank, q)."""
    below = np.tril(gram, -1)
    return weights * (2.0 * (below @ weights) + np.diagonal(gram)[:, None] * weights - 2.0 * cross)


class LocalMaps:
    """A linear map of its own for every predicted atom, ready for any y."""

    def __init__(self, x: Array, split: Halves, near: NDArray[np.intp]) -> None:
        self._split, self._near = split, near
        n, k = near.shape
        self._even, self._odd = slice(0, k, 2), slice(1, k, 2)
        width = x.shape[1]
        gram = np.empty((n, k, k))
        self._to_test = np.empty((n, k))
        for rows in _blocks(n, k * width):
            around = x[near[rows]]
            mean = around.mean(axis=1, keepdims=True)
            around -= mean
            gram[rows] = around @ around.transpose(0, 2, 1)
            self._to_test[rows] = (around @ (x[split.test[rows], None] - mean).transpose(0, 2, 1))[..., 0]
        self._folds = [_LocalFold(gram, self._even, self._odd), _LocalFold(gram, self._odd, self._even)]
        largest = np.maximum(self._folds[0].squares[:, 0], self._folds[1].squares[:, 0])
        self._thresholds = np.maximum(CUTOFFS**2, RESOLVED**2)[:, None] * largest
        self._ranks = [[fold.ranks(t) for t in self._thresholds] for fold in self._folds]
        self._squares, self._vectors = _eigen(gram)

    def left(self, y: Array) -> Left:
        """See `Map`; the influence of fitted atoms is what their deletion from a neighbourhood takes away.

        The prediction sum_k w_k y_k loses w_k e_k / (1 - h_k) with atom k deleted, e_k being what the local map leaves
        of it and h_k its leverage (Cook & Weisberg, 1982, chapter 2): near 1 in maps of some twenty points, where the
        derivative w_k e_k would be far too small. What the next atom, which takes the place, does is not followed: the
        mean over the neighbourhood stands for it.
        """
        from scipy.sparse import csr_array

        n, k = self._near.shape
        gram = np.empty((n, k, k))
        for rows in _blocks(n, k * y.shape[1]):
            around = y[self._near[rows]]
            around -= around.mean(axis=1, keepdims=True)
            gram[rows] = around @ around.transpose(0, 2, 1)
        at = np.arange(n)
        losses = np.zeros(len(CUTOFFS))
        for fold, ranks in zip(self._folds, self._ranks, strict=True):
            by_rank = fold.losses(gram)
            losses += [by_rank[at, r].sum() for r in ranks]
        threshold = self._thresholds[int(np.argmin(losses))]
        used = self._squares > threshold[:, None]
        inverse = np.where(used, 1.0 / np.where(used, self._squares, 1.0), 0.0)
        along = np.einsum("nk,nka->na", self._to_test, self._vectors) * inverse
        weights = np.einsum("na,nka->nk", along, self._vectors)
        # mean y + sum_k w_k (y_k - mean y), as one sparse product
        weights += (1.0 - weights.sum(axis=1, keepdims=True)) / k
        spread = csr_array((weights.reshape(-1), self._near.reshape(-1), np.arange(0, n * k + 1, k)), (n, len(y)))
        left = y[self._split.test] - spread @ y
        onto = np.empty((n, k))
        for rows in _blocks(n, k * y.shape[1]):
            onto[rows] = (y[self._near[rows]] @ left[rows, :, None])[..., 0]
        onto -= onto.mean(axis=1, keepdims=True)
        kept = np.where(used[:, None], self._vectors, 0.0)
        remain = onto - np.einsum("nka,na->nk", kept, np.einsum("nka,nk->na", kept, onto))
        freedom = 1.0 - 1.0 / k - np.einsum("nka,nka->nk", kept, kept)
        effect = -2.0 * weights * remain / np.maximum(freedom, LEAST_FREEDOM)
        effect -= effect.mean(axis=1, keepdims=True)
        total = np.bincount(self._near.reshape(-1), weights=effect.reshape(-1), minlength=len(y))
        return Left((left**2).sum(axis=1), total[self._split.train] / n)


class _LocalFold:
    """`_Fold` for every neighbourhood, from inner products: X2 X1' = cross, X1 X1' = U S^2 U'."""

    def __init__(self, gram: Array, fitted: slice, judged: slice) -> None:
        self._fitted, self._judged = fitted, judged
        self.squares, self._vectors = _eigen(gram[:, fitted, fitted])
        usable = self.squares > RESOLVED**2 * self.squares[:, :1]
        inverse = np.where(usable, 1.0 / np.where(usable, self.squares, 1.0), 0.0)
        self._along = (gram[:, judged, fitted] @ self._vectors) * inverse[:, None]
        self._gram = self._along.transpose(0, 2, 1) @ self._along

    def ranks(self, threshold: Array) -> NDArray[np.intp]:
        return (self.squares > threshold[:, None]).sum(axis=1)

    def losses(self, gram: Array) -> Array:
        """Squared error of the judged atoms by how many components are used, (n, rank + 1)."""
        turned = self._vectors.transpose(0, 2, 1) @ gram[:, self._fitted, self._fitted] @ self._vectors
        both = np.tril(self._gram * turned, -1).sum(axis=2) * 2.0 + np.einsum("naa,naa->na", self._gram, turned)
        cross = np.einsum("nja,nja->na", self._along, gram[:, self._judged, self._fitted] @ self._vectors)
        start = np.einsum("njj->n", gram[:, self._judged, self._judged])
        return np.concatenate([start[:, None], both - 2.0 * cross], axis=1).cumsum(axis=1)


def _eigen(gram: Array) -> tuple[Array, Array]:
    """Eigenvalues and vectors of symmetric matrices, largest first."""
    values, vectors = np.linalg.eigh(gram)
    return values[:, ::-1], vectors[:, :, ::-1]


def nearest_fitted(x: Array, sample: Sample, split: Halves, points: int) -> NDArray[np.intp]:
    """For each predicted atom the `points` nearest fitted ones of its group, nearest first, (n_test, points)."""
    result = np.empty((len(split.test), points), np.intp)
    squares = (x * x).sum(axis=1)
    for group in range(len(sample.groups)):
        pool = split.train[sample.group[split.train] == group]
        wanted = np.flatnonzero(sample.group[split.test] == group)
        for rows in _blocks(len(wanted), len(pool)):
            atoms = split.test[wanted[rows]]
            closeness = 2.0 * x[atoms] @ x[pool].T - squares[pool]
            result[wanted[rows]] = pool[top_columns(closeness, points)]
    return result


def _blocks(n: int, values_a_row: int) -> Iterator[slice]:
    step = max(1, VALUES_PER_BLOCK // max(values_a_row, 1))
    return (slice(start, min(start + step, n)) for start in range(0, n, step))
