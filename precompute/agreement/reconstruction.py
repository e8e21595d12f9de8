"""Feature reconstruction errors: what of one model's features does a linear map from another model's not give?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.sample import Estimate, Sample
from precompute.contracts import AtlasError
from precompute.neighbours import top_columns

CUTOFFS = np.geomspace(1e-9, 0.9, 20)
LOCAL_POINTS = 20
LEAST_ATOMS = 8
RESOLVED = 3e-7  # of the largest singular value of a neighbourhood: features are stored in float32
VALUES_PER_BLOCK = 4_000_000
FIT_BYTES = 1.5e9
FIT_COPIES = 3  # of all features in float64: scaled, and as singular vectors of the fitted atoms and of the folds
LOCAL_VALUES = 20_000_000  # inner products within all neighbourhoods of a model; some six such arrays are held

Array = NDArray[np.float64]


def gfre(x: NDArray[np.floating], y: NDArray[np.floating], sample: Sample | None = None, *, seed: int = 0) -> float:
    """Global feature reconstruction error from x to y.

    sqrt(sum_i |y_i - x_i W|^2 / n_test): W is fitted by least squares on one half of the atoms, the error is of the
    other half; x and y are centred and scaled to unit total variance by the fitted half, so predicting the mean
    scores 1 (Goscinski et al., Mach. Learn.: Sci. Technol. 2, 025028 (2021); Chorna et al., arXiv:2512.05717;
    the defaults of scikit-matter's ``global_reconstruction_error``). W leaves out singular values of x below a
    fraction of the largest; the fraction, one of 20 from 1e-9 to 0.9 in equal ratios, is that of the least mean of the
    columns' root mean square errors in twofold cross-validation within the fitted half.

    Parameters
    ----------
    x : (N, p) float
    y : (N, q) float
    sample : Sample, optional
        Structures are kept whole by the split, so that no atom is predicted from its own crystal. Within elements,
        features are about their element's mean.
    seed : int
        Of the split into halves, and of the fitted half into folds.

    Returns
    -------
    float
        0 where y is a linear map of x; about 1 (or more) where x says nothing about y.

    Raises
    ------
    AtlasError
        For features of different numbers of atoms or not finite, no two that vary, fewer than 8 atoms, or more than
        fit the memory meant for them.
    """
    return float(global_pairs([x, y], sample or Sample.of(len(x)), seed=seed).value[0, 1])


def lfre(
    x: NDArray[np.floating],
    y: NDArray[np.floating],
    sample: Sample | None = None,
    *,
    points: int = LOCAL_POINTS,
    seed: int = 0,
) -> float:
    """Local feature reconstruction error from x to y.

    As `gfre`, but each atom of the other half is predicted by a map of its own, fitted about the means of its nearest
    `points` atoms (by distance in x) of the fitted half: y~_i = mean y + (x_i - mean x) P_i. The fraction below which
    singular values of the neighbourhoods are left out is the one, for all atoms together, of least squared error in
    twofold cross-validation within the neighbourhoods (scikit-matter's ``local_reconstruction_error`` chooses one an
    atom, from the same ladder, which on 10 + 10 points is mostly noise).

    Parameters
    ----------
    points : int
        Atoms a neighbourhood; at least 4.

    Raises
    ------
    AtlasError
        As `gfre`, and for fewer fitted atoms than `points`. Within elements, those that have too few are left out.
    """
    return float(local_pairs([x, y], sample or Sample.of(len(x)), points=points, seed=seed).value[0, 1])


@dataclass(frozen=True, eq=False)
class Halves:
    """Rows that are fitted and rows that are predicted, and the order in which the fitted ones fall into folds."""

    train: NDArray[np.intp]
    test: NDArray[np.intp]


def halves(sample: Sample, seed: int) -> Halves:
    """Split structures at random, so that about half of the atoms are fitted and half predicted.

    Raises
    ------
    AtlasError
        For fewer than 8 atoms or two structures.
    """
    n = len(sample)
    if n < LEAST_ATOMS or sample.n_structures < 2:
        raise AtlasError(
            f"a reconstruction error needs at least {LEAST_ATOMS} atoms of two structures; there are {n} atoms of "
            f"{sample.n_structures}"
        )
    rng = np.random.default_rng(seed)
    size = np.bincount(sample.codes)
    order = rng.permutation(sample.n_structures)
    cut = int(np.searchsorted(np.cumsum(size[order]), n / 2.0)) + 1
    fitted = np.zeros(sample.n_structures, bool)
    fitted[order[: min(cut, len(order) - 1)]] = True
    train = np.flatnonzero(fitted[sample.codes])
    return Halves(rng.permutation(train), np.flatnonzero(~fitted[sample.codes]))


def global_pairs(
    features: Sequence[NDArray[np.floating]],
    sample: Sample,
    *,
    seed: int = 0,
    permutations: int = 0,
    rng: np.random.Generator | None = None,
) -> Estimate:
    """`gfre` from each model (row) to each (column), with influences of structures and a permutation null.

    The split and the fits are held fixed in the influences. The null is that of one permutation of the atoms that are
    predicted, fitted anew; its bound is 1.96 standard errors of a difference of two such scores above it. A model that
    does not vary over the fitted atoms has no score.
    """
    split = halves(sample, seed)
    scaled = _scaled(features, sample, split)
    sources = [None if x is None else _Global(x, split) for x in scaled]
    return _estimate(sources, scaled, sample, split, permutations, rng)


def local_pairs(
    features: Sequence[NDArray[np.floating]],
    sample: Sample,
    *,
    points: int = LOCAL_POINTS,
    seed: int = 0,
    permutations: int = 0,
    rng: np.random.Generator | None = None,
) -> Estimate:
    """`lfre` from each model (row) to each (column), as `global_pairs`."""
    if points < 4:
        raise AtlasError(f"a local reconstruction error needs at least 4 points a neighbourhood, not {points}")
    split = halves(sample, seed)
    scaled = _scaled(features, sample, split)
    fitted = np.bincount(sample.group[split.train], minlength=len(sample.groups))
    test = split.test[fitted[sample.group[split.test]] >= points]
    if not len(test):
        raise AtlasError(
            f"{points} points a neighbourhood need as many fitted atoms"
            f"{' of an element' if sample.labels is not None else ''}; there are {fitted.max()}"
        )
    split = Halves(split.train, test)
    if len(test) * points**2 > LOCAL_VALUES:
        raise AtlasError(
            f"{len(test):,} local maps of {points} points each do not fit the memory meant for them; "
            "take a smaller --k or --sample"
        )
    sources = [None if x is None else _Local(x, split, _nearest(x, sample, split, points)) for x in scaled]
    n = int((fitted >= points)[sample.group].sum())
    return replace(_estimate(sources, scaled, sample, split, permutations, rng), n=n)


def _scaled(features: Sequence[NDArray[np.floating]], sample: Sample, split: Halves) -> list[Array | None]:
    """Features of zero mean and unit total variance over the fitted atoms (within elements: about each element's).

    None where they do not vary.
    """
    needed = 8.0 * FIT_COPIES * sum(x.size for x in features)
    if needed > FIT_BYTES:
        raise AtlasError(
            f"linear maps between all features of {len(sample):,} atoms need about {needed / 1e9:.1f} GB of memory, "
            f"more than the {FIT_BYTES / 1e9:.1f} GB meant for them; take a smaller --sample"
        )
    result: list[Array | None] = []
    for x in features:
        z = sample.centred(x)
        z -= z[split.train].mean(axis=0)
        variance = (z[split.train] ** 2).sum() / len(split.train)
        result.append(z / np.sqrt(variance) if variance > 0.0 else None)
    if sum(x is not None for x in result) < 2:
        raise AtlasError("the features of all models but one at most do not vary over the atoms that are fitted")
    return result


class _Source(Protocol):
    def squared_errors(self, y: Array) -> Array:
        """|y_i - y~_i|^2 of the predicted atoms, (n_test,)."""
        ...


def _estimate(
    sources: Sequence[_Source | None],
    targets: Sequence[Array | None],
    sample: Sample,
    split: Halves,
    permutations: int,
    rng: np.random.Generator | None,
) -> Estimate:
    m = len(sources)
    value = np.full((m, m), np.nan)
    influence = np.zeros((m, m, sample.n_structures))
    whole = np.zeros(len(sample))
    for i, source in enumerate(sources):
        for j, y in enumerate(targets):
            if source is None or y is None:
                continue
            squares = source.squared_errors(y)
            value[i, j] = np.sqrt(squares.mean())
            whole[split.test] = (squares - squares.mean()) / len(squares)
            influence[i, j] = sample.totals(whole) / max(2.0 * value[i, j], 1e-12)
    if not permutations or rng is None:
        return Estimate(value, influence)
    # one permutation does: it averages over all predicted atoms
    mean, error = np.full((m, m), np.nan), np.full((m, m), np.nan)
    order = sample.permutation(rng)
    for j, y in enumerate(targets):
        if y is None:
            continue
        dealt = y[order]
        for i, source in enumerate(sources):
            if source is None:
                continue
            squares = source.squared_errors(dealt)
            mean[i, j] = np.sqrt(squares.mean())
            error[i, j] = squares.std() / (2.0 * mean[i, j] * np.sqrt(len(squares)))
    return Estimate(value, influence, mean, mean + 1.96 * np.sqrt(2.0) * error)


def _folds(n: int) -> tuple[slice, slice]:
    """Two halves of the fitted atoms, which stand in random order."""
    return slice(0, (n + 1) // 2), slice((n + 1) // 2, n)


class _Global:
    """One linear map from x, ready for any y: singular vectors of the fitted atoms and of both folds."""

    def __init__(self, x: Array, split: Halves) -> None:
        self._split = split
        train = x[split.train]
        first, second = _folds(len(train))
        self._folds = [_Fold(train, first, second), _Fold(train, second, first)]
        self._largest = max(fold.s[0] for fold in self._folds)
        self._u, self._s, vt = np.linalg.svd(train, full_matrices=False)
        self._test = x[split.test] @ vt.T

    def squared_errors(self, y: Array) -> Array:
        train = y[self._split.train]
        losses = [fold.losses(train) for fold in self._folds]
        scores = [
            sum(np.sqrt(by[f.rank(c * self._largest)]).mean() for by, f in zip(losses, self._folds, strict=True))
            for c in CUTOFFS
        ]
        rank = int((self._s > CUTOFFS[int(np.argmin(scores))] * self._largest).sum())
        weights = (self._u[:, :rank].T @ train) / self._s[:rank, None]
        return ((y[self._split.test] - self._test[:, :rank] @ weights) ** 2).sum(axis=1)


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


class _Local:
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

    def squared_errors(self, y: Array) -> Array:
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
        return ((y[self._split.test] - spread @ y) ** 2).sum(axis=1)


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


def _nearest(x: Array, sample: Sample, split: Halves, points: int) -> NDArray[np.intp]:
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
