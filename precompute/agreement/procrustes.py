"""Procrustes similarity: how well a rotation lays one model's atoms onto another's."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.permuted import null_of_draws
from precompute.agreement.sample import Estimate, Sample
from precompute.agreement.spaces import Space, Table, blocks, cross

KEPT_VARIANCE = 1.0 - 1e-4  # of a null only: the nuclear norm of unrelated spaces lies in their large directions

SCORES_HELD = 16_000_000  # numbers of one model


def procrustes(x: NDArray[np.floating], y: NDArray[np.floating], sample: Sample | None = None) -> float:
    """Procrustes similarity, nuclear-norm form.

    s = |X'Y|_* / (|X|_F |Y|_F), columns centred (within an element: about that element's mean); |.|_* is the sum of
    singular values, so s is the largest correlation of X Q and Y over rotations Q, and 1 where Y is a rotation and
    scaling of X. The least squares residual of unit-norm spaces is 2 (1 - s) (Schönemann, Psychometrika 31, 1 (1966);
    Williams et al., NeurIPS 2021). Unrelated spaces score above 0, the more so the fewer the atoms.

    Parameters
    ----------
    x : (N, p) float
    y : (N, q) float
        Any widths; the narrower one is taken as padded with zeros.
    sample : Sample, optional
        All atoms comparable by default.

    Returns
    -------
    float
        In [0, 1]; NaN where either does not vary.

    Raises
    ------
    AtlasError
        For features of different numbers of atoms, or not finite.
    """
    return float(all_pairs([x, y], sample or Sample.of(len(x))).value[0, 1])


def angular(x: NDArray[np.floating], y: NDArray[np.floating], sample: Sample | None = None) -> float:
    """Procrustes angular score: 1 - (2 / pi) arccos s, with s as in `procrustes`.

    arccos s is the angle between two shapes, a metric in the mathematical sense (Williams et al., NeurIPS 2021).
    """
    return float(to_angular(np.array(procrustes(x, y, sample))))


def to_angular(s: NDArray[np.floating]) -> NDArray[np.float64]:
    """The angular score of a nuclear-norm similarity."""
    return 1.0 - np.arccos(np.clip(s, -1.0, 1.0)) * 2.0 / np.pi


def angular_estimate(of: Estimate) -> Estimate:
    """The angular score from what `all_pairs` found, its influence by the derivative 2 / (pi sqrt(1 - s^2))."""
    slope = 2.0 / (np.pi * np.sqrt(np.maximum(1.0 - of.value**2, 1e-12)))
    influence = None if of.influence is None else of.influence * slope[..., None]
    # the null is the angle of the mean, not the mean angle: over draws that differ little the two are one
    null, high = (None if part is None else to_angular(part) for part in (of.null, of.null_high))
    return Estimate(to_angular(of.value), influence, null, high)


def all_pairs(
    features: Sequence[NDArray[np.floating] | Space],
    sample: Sample,
    *,
    permutations: int = 0,
    rng: np.random.Generator | None = None,
) -> Estimate:
    """`procrustes` of all pairs of M models, with influences of structures and a permutation null.

    With X'Y = U S V', atom i adds x_i' U V' y_i to the numerator: its influence is
    s (x_i' U V' y_i / |X'Y|_* - |x_i|^2 / 2|X|^2 - |y_i|^2 / 2|Y|^2), since U V' is the derivative of the nuclear norm.
    The null is from `permutations` of the atoms of each model (see `null_of_draws`). Atoms are gone through in blocks;
    held besides are matrices of p by q.
    """
    scaled = [_unit(sample.space(x)) for x in features]
    m, rows = len(scaled), np.arange(len(sample))
    value = np.eye(m)
    influence = np.zeros((m, m, sample.n_structures))
    own = [sample.totals(x.squares) for x in scaled]
    for i in range(m):
        for j in range(i + 1, m):
            u, s, vt = np.linalg.svd(cross(scaled[i], scaled[j], rows), full_matrices=False)
            value[i, j] = value[j, i] = s.sum()
            together = sample.totals(_matched(scaled[i], scaled[j], u @ vt))
            influence[i, j] = influence[j, i] = together - s.sum() * (own[i] + own[j]) / 2.0
    degenerate = np.array([not x.varies for x in scaled])
    value[degenerate] = value[:, degenerate] = np.nan
    value = np.minimum(value, 1.0)
    if not permutations or rng is None:
        return Estimate(value, influence)
    null, high = _null(scaled, sample, permutations, rng)
    return Estimate(value, influence, null, high)


def _unit(x: Space) -> Space:
    size = np.sqrt(x.squares.sum())
    return x.divided(float(size)) if size else x


def _matched(x: Space, y: Space, turn: NDArray[np.float64]) -> NDArray[np.float64]:
    """x_i' Q y_i of each atom, (N,)."""
    result = np.empty(len(x))
    for part in blocks(np.arange(len(x)), max(x.shape[1], y.shape[1])):
        result[part] = np.einsum("ij,ij->i", x[part] @ turn, y[part])
    return result


def _null(
    scaled: Sequence[Space], sample: Sample, permutations: int, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    reduced = [_reduced(x) for x in scaled]
    m = len(reduced)
    drawn = np.full((permutations, m, m), np.nan)
    for d in range(permutations):
        orders = [sample.permutation(rng) for _ in reduced]
        for i in range(m):
            for j in range(i + 1, m):
                product = cross(reduced[i], reduced[j], orders[i], orders[j])
                drawn[d, i, j] = drawn[d, j, i] = np.linalg.svd(product, compute_uv=False).sum()
    mean, high = null_of_draws(drawn, skewed=True)
    return mean, np.minimum(high, 1.0)


def _reduced(x: Space) -> Table:
    """Scores on the principal components that hold all but 1e-4 of the variance; the space itself if these are many."""
    rows = np.arange(len(x))
    values, vectors = np.linalg.eigh(cross(x, x, rows))
    share = np.cumsum(values[::-1]) / max(values.sum(), np.finfo(float).tiny)
    keep = int(np.searchsorted(share, KEPT_VARIANCE)) + 1
    if len(x) * keep > SCORES_HELD:
        return x
    axes = vectors[:, ::-1][:, :keep]
    return np.concatenate([x[part] @ axes for part in blocks(rows, x.shape[1])])
