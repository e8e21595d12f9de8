"""Feature reconstruction errors: what of one model's features does a linear map from another model's not give?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.maps import GlobalMap, Halves, LocalMaps, Map, nearest_fitted
from precompute.agreement.sample import Estimate, Sample
from precompute.contracts import AtlasError

LOCAL_POINTS = 20
LEAST_ATOMS = 8
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

    Influences are of all structures: of those that are predicted by their own errors, of those that are fitted by the
    map (see `maps`) and by the unit of the error, the variance of y among them. The split, and how many singular values
    are kept, are held fixed. The null is that of one permutation of the atoms that are
    predicted, fitted anew; its bound is 1.96 standard errors of a difference of two such scores above it. A model that
    does not vary over the fitted atoms has no score.
    """
    split = halves(sample, seed)
    scaled = _scaled(features, sample, split)
    sources = [None if x is None else GlobalMap(x, split) for x in scaled]
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
    sources = [None if x is None else LocalMaps(x, split, nearest_fitted(x, sample, split, points)) for x in scaled]
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


def _estimate(
    sources: Sequence[Map | None],
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
            left, size = source.left(y), (y[split.train] ** 2).sum(axis=1)
            error = left.squares.mean()
            value[i, j] = np.sqrt(error)
            whole[split.test] = (left.squares - error) / len(left.squares)
            whole[split.train] = left.fitted - left.fitted.mean() - error * (size - size.mean()) / len(size)
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
            squares = source.left(dealt).squares
            mean[i, j] = np.sqrt(squares.mean())
            error[i, j] = squares.std() / (2.0 * mean[i, j] * np.sqrt(len(squares)))
    return Estimate(value, influence, mean, mean + 1.96 * np.sqrt(2.0) * error)
