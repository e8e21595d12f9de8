"""Coordinates: an embedding expressed by its similarity to the anchors of the same model."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError

MEASURES = ("cosine", "euclidean", "rbf")
ROWS_PER_BLOCK = 65_536


def coordinates(
    embeddings: NDArray[np.floating],
    anchors: NDArray[np.floating],
    *,
    measure: str = "cosine",
    centre: bool = False,
) -> NDArray[np.float32]:
    """Similarity of every embedding to every anchor.

    ``cosine``: c_ij = e_i . a_j / (|e_i| |a_j|), in [-1, 1] (Li & Walsh, Nat. Mach. Intell. 8, 830 (2026); relative
    representations of Moschella et al., ICLR 2023). ``euclidean``: c_ij = 1 / (1 + |e_i - a_j| / s) and ``rbf``:
    c_ij = exp(-|e_i - a_j|^2 / (2 s^2)), both in (0, 1], with s the root mean square distance between different
    anchors, so that they do not depend on the arbitrary unit of the embedding.

    Parameters
    ----------
    embeddings : (N, d) float
        Arbitrary units; NaN rows stay NaN.
    anchors : (K, d) float
        Embeddings of the anchors by the same model.
    measure : str
        One of `MEASURES`.
    centre : bool
        Subtract the mean of the anchors' embeddings from both first.

    Returns
    -------
    (N, K) float32
        Computed in float64, then rounded.

    Raises
    ------
    AtlasError
        For an unknown measure, widths that differ, anchors that are not finite, or a zero anchor with ``cosine``.
    """
    if measure not in MEASURES:
        raise AtlasError(f"no similarity {measure!r}; there are {', '.join(MEASURES)}")
    if embeddings.ndim != 2 or anchors.ndim != 2 or embeddings.shape[1] != anchors.shape[1]:
        raise AtlasError(f"embeddings {embeddings.shape} and anchors {anchors.shape} are not (N, d) and (K, d)")
    a = anchors.astype(np.float64)
    if not np.isfinite(a).all():
        bad = np.flatnonzero(~np.isfinite(a).all(axis=1)).tolist()
        raise AtlasError(f"anchors {bad} have no finite embedding; choose anchors that every model can embed")
    origin = a.mean(axis=0) if centre else np.zeros(a.shape[1])
    a = a - origin
    result = np.empty((len(embeddings), len(a)), np.float32)
    for start in range(0, len(embeddings), ROWS_PER_BLOCK):
        block = slice(start, start + ROWS_PER_BLOCK)
        result[block] = _similarity(embeddings[block].astype(np.float64) - origin, a, measure)
    return result


def _similarity(e: NDArray[np.float64], a: NDArray[np.float64], measure: str) -> NDArray[np.float64]:
    if measure == "cosine":
        length = np.linalg.norm(a, axis=1)
        if not length.all():
            raise AtlasError(f"anchors {np.flatnonzero(length == 0).tolist()} are zero vectors: no cosine to them")
        own = np.linalg.norm(e, axis=1, keepdims=True)
        # A zero embedding has no direction, hence no coordinates: 0/0 gives the NaN row that says so.
        with np.errstate(invalid="ignore"):
            return np.clip((e / own) @ (a / length[:, None]).T, -1.0, 1.0)
    squared = _squared_distances(e, a)
    between = _squared_distances(a, a)
    k = len(a)
    scale2 = between.sum() / (k * (k - 1)) if k > 1 else 0.0
    if scale2 == 0.0:
        raise AtlasError(
            f"{k} anchors that do not differ set no length scale for {measure!r}; use cosine or more anchors"
        )
    if measure == "rbf":
        return np.exp(-squared / (2.0 * scale2))
    return 1.0 / (1.0 + np.sqrt(squared / scale2))


def _squared_distances(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
    products = x @ y.T
    return np.maximum((x * x).sum(1)[:, None] + (y * y).sum(1)[None] - 2.0 * products, 0.0)
