"""Turning one model's map onto another's, so that they can be looked at side by side."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FEWEST = 3


@dataclass(frozen=True, eq=False)
class Similarity:
    """A map x -> scale * x R + shift: rotation or reflection R, one scale, a shift.

    Attributes
    ----------
    rotation : (d, d) float
        Orthogonal.
    scale : float
    shift : (d,) float
    n : int
        Points that it was fitted on; 0 for the identity that stands in where there are too few.
    """

    rotation: NDArray[np.float64]
    scale: float
    shift: NDArray[np.float64]
    n: int

    def apply(self, xy: NDArray[np.floating]) -> NDArray[np.float64]:
        """Move points, (N, d); NaN rows stay NaN."""
        return self.scale * (np.asarray(xy, np.float64) @ self.rotation) + self.shift


def similarity(moved: NDArray[np.floating], reference: NDArray[np.floating]) -> Similarity:
    """The similarity transform of `moved` that comes nearest to `reference` in least squares.

    Ordinary Procrustes analysis (Gower & Dijksterhuis, *Procrustes Problems*, 2004): with centred X, Y and
    X^T Y = U S V^T, R = U V^T and scale = tr S / |X|^2.

    Parameters
    ----------
    moved, reference : (N, d) float
        The same points in the same order; only rows finite in both are used.

    Returns
    -------
    Similarity
        The identity where fewer than three points are in both, or where either set is a single place.
    """
    both = np.isfinite(moved).all(axis=1) & np.isfinite(reference).all(axis=1)
    d = moved.shape[1]
    identity = Similarity(np.eye(d), 1.0, np.zeros(d), 0)
    if both.sum() < FEWEST:
        return identity
    x, y = moved[both].astype(np.float64), reference[both].astype(np.float64)
    x_mean, y_mean = x.mean(axis=0), y.mean(axis=0)
    x, y = x - x_mean, y - y_mean
    if not x.any() or not y.any():
        return identity
    u, s, vt = np.linalg.svd(x.T @ y)
    rotation = u @ vt
    scale = float(s.sum() / (x * x).sum())
    return Similarity(rotation, scale, y_mean - scale * x_mean @ rotation, len(x))
