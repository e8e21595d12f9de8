"""Maps: 2-D and 3-D projections of coordinates that all models share, and of each model's own embeddings.

Maps are for looking at. No number is ever computed from one.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import Map
from precompute.neighbours import unit_rows

LOWER_K = (5, 10, 20, 50)
MAX_UMAP_ROWS = 40_000
TRUST_ROWS = 2_000
TRUST_NEIGHBOURS = 10


@dataclass(frozen=True)
class LinearMap:
    """A principal-component projection x -> (x - mean) @ axes.

    Attributes
    ----------
    mean : (d,) float64
    axes : (d, m) float64
        Orthonormal columns, unless an alignment rotated and scaled them.
    explained_variance : (m,) float64
        Share of the variance of the fitted rows along each axis.
    """

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]
    explained_variance: NDArray[np.float64]

    def __call__(self, x: NDArray[np.floating], dims: int) -> NDArray[np.float32]:
        """Project (N, d) rows to (N, dims); NaN rows stay NaN."""
        return ((x.astype(np.float64) - self.mean) @ self.axes[:, :dims]).astype(np.float32)

    def share_of(self, x: NDArray[np.floating], dims: int) -> list[float]:
        """Share of the variance of these rows, finite ones only, that each axis carries."""
        x = x[np.isfinite(x).all(axis=1)].astype(np.float64)
        total = x.var(axis=0).sum()
        axes = self.axes[:, :dims] / np.linalg.norm(self.axes[:, :dims], axis=0)
        return [float(v / total) if total else 0.0 for v in (x @ axes).var(axis=0)]


def fit_pca(blocks: Sequence[NDArray[np.floating]], dims: int = 3) -> LinearMap:
    """Principal components of the pooled rows of several arrays, each (n, d), without making the pool.

    The covariance is accumulated in float64; the largest entry of each axis is positive, so that a map does not flip
    between builds.
    """
    n = sum(len(b) for b in blocks)
    mean = sum((b.sum(axis=0, dtype=np.float64) for b in blocks), np.zeros(blocks[0].shape[1])) / n
    covariance = np.zeros((len(mean), len(mean)))
    for block in blocks:
        centred = block.astype(np.float64) - mean
        covariance += centred.T @ centred
    values, vectors = np.linalg.eigh(covariance / max(n - 1, 1))
    dims = min(dims, len(values))
    axes, values = vectors[:, ::-1][:, :dims], values[::-1].clip(0)
    axes = axes * np.where(axes[np.abs(axes).argmax(axis=0), np.arange(dims)] < 0, -1.0, 1.0)
    return LinearMap(mean, axes, values[:dims] / max(values.sum(), np.finfo(float).tiny))


def align(moving: LinearMap, fixed: LinearMap, moving_rows: NDArray, fixed_rows: NDArray, dims: int) -> LinearMap:
    """Rotate, reflect and scale `moving` so that its map of some rows lies best on the map that `fixed` makes of them.

    Orthogonal Procrustes with a common scale (Schoenemann, Psychometrika 31, 1 (1966)).

    Parameters
    ----------
    moving, fixed : LinearMap
    moving_rows : (n, k) float
        The rows as `moving` takes them.
    fixed_rows : (n, K) float
        The same rows as `fixed` takes them.
    dims : int
    """
    from scipy.linalg import orthogonal_procrustes

    x = moving(moving_rows, dims).astype(np.float64)
    y = fixed(fixed_rows, dims).astype(np.float64)
    shift_x, shift_y = x.mean(axis=0), y.mean(axis=0)
    rotation, nuclear = orthogonal_procrustes(x - shift_x, y - shift_y)
    scale = nuclear / max(float(((x - shift_x) ** 2).sum()), np.finfo(float).tiny)
    axes = moving.axes[:, :dims] @ rotation * scale
    # both maps of the pooled rows then have the same centre: solve (mean' @ axes) for one point of the plane
    mean = moving.mean + np.linalg.pinv(axes).T @ (
        (moving_rows.astype(np.float64) - moving.mean).mean(axis=0) @ axes - shift_y
    )
    mixed = rotation.T**2 @ moving.explained_variance[:dims]
    return LinearMap(mean, axes, mixed)


def balanced_rows(labels: NDArray[np.integer], n: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Choose `n` rows with the labels as evenly represented as their counts allow.

    Returns
    -------
    (min(n, N),) int
        Sorted rows.
    """
    if n >= len(labels):
        return np.arange(len(labels))
    shuffled = rng.permutation(len(labels))
    rank_in_label = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        mine = shuffled[labels[shuffled] == label]
        rank_in_label[mine] = np.arange(len(mine))
    # taking every label's first, then every label's second, ... fills all labels at the same pace
    order = np.lexsort((rng.permutation(len(labels)), rank_in_label))
    return np.sort(order[:n])


def umap_maps(
    coordinates: Mapping[str, NDArray[np.floating]],
    fit_keys: Sequence[str],
    rows: NDArray[np.intp],
    *,
    dims: Sequence[int] = (2, 3),
    seed: int = 0,
    n_neighbours: int = 15,
) -> dict[str, dict[int, NDArray[np.float32]]]:
    """UMAP of all models' coordinates, fitted on the pooled `rows` of the models `fit_keys` (McInnes et al., 2018).

    Parameters
    ----------
    coordinates : mapping of model key to (N, K) float
    fit_keys : sequence of str
    rows : (n,) int
        Atoms on which all models of `fit_keys` have coordinates.
    dims : sequence of int
    seed : int
    n_neighbours : int

    Returns
    -------
    mapping of model key to mapping of dimension to (N, dimension) float32
        NaN rows where coordinates are NaN.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Tensorflow not installed", category=ImportWarning)
        from umap.umap_ import UMAP, nearest_neighbors

    fitted = np.concatenate([coordinates[k][rows] for k in fit_keys]).astype(np.float32)
    result: dict[str, dict[int, NDArray[np.float32]]] = {k: {} for k in coordinates}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="n_jobs value .* overridden", category=UserWarning)
        n_neighbours = min(n_neighbours, len(fitted) - 1)
        knn = nearest_neighbors(
            fitted, n_neighbours, "cosine", {}, False, np.random.RandomState(seed), low_memory=True, n_jobs=1
        )
        for d in dims:
            model = UMAP(
                n_components=d, n_neighbors=n_neighbours, metric="cosine", random_state=seed, precomputed_knn=knn
            )
            placed = model.fit_transform(fitted)
            for key, x in coordinates.items():
                xy = np.full((len(x), d), np.nan, np.float32)
                todo = np.isfinite(x).all(axis=1)
                if key in fit_keys:
                    start = list(fit_keys).index(key) * len(rows)
                    xy[rows] = placed[start : start + len(rows)]
                    todo[rows] = False
                if todo.any():
                    xy[todo] = model.transform(x[todo].astype(np.float32))
                result[key][d] = xy
    return result


def trustworthiness(x: NDArray[np.floating], xy: NDArray[np.floating], rng: np.random.Generator) -> dict[str, Any]:
    """Trustworthiness of a map (Venna & Kaski, Neural Networks 19, 889 (2006)) on a sample of its finite rows.

    Parameters
    ----------
    x : (N, K) float
        Coordinates; similarity is cosine, as for neighbours.
    xy : (N, 2) or (N, 3) float
    rng : numpy Generator

    Returns
    -------
    mapping
        ``trustworthiness`` in [0, 1] (None for fewer than 22 rows), ``trustworthiness_atoms``, ``..._neighbours``.
    """
    from sklearn.manifold import trustworthiness as score

    rows = np.flatnonzero(np.isfinite(x).all(axis=1) & np.isfinite(xy).all(axis=1))
    rows = np.sort(rng.permutation(rows)[:TRUST_ROWS])
    k = TRUST_NEIGHBOURS
    value = float(score(unit_rows(x[rows]), xy[rows], n_neighbors=k)) if len(rows) > 2 * k + 1 else None
    return {"trustworthiness": value, "trustworthiness_atoms": len(rows), "trustworthiness_neighbours": k}


def pca_maps(
    coordinates: Mapping[str, NDArray[np.floating]], fit_keys: Sequence[str], rows: NDArray[np.intp]
) -> dict[str, dict[str, Map]]:
    """The shared PCA maps of every model: ``pca-2d``, ``pca-3d``, and ``pca-2d-k<k>`` for fewer anchors.

    Parameters
    ----------
    coordinates : mapping of model key to (N, K) float
    fit_keys : sequence of str
    rows : (n,) int
        Atoms on which the pooled components are fitted.

    Returns
    -------
    mapping of model key to mapping of map name to Map
    """
    k_all = coordinates[fit_keys[0]].shape[1]
    pooled = [coordinates[key][rows] for key in fit_keys]
    full = fit_pca(pooled)
    common = {"method": "pca", "fitted_on": list(fit_keys), "fitted_atoms": len(rows)}
    result: dict[str, dict[str, Map]] = {key: {} for key in coordinates}

    def add(name: str, linear: LinearMap, k: int, dims: int, more: dict[str, Any]) -> None:
        for key, x in coordinates.items():
            quality = common | more | {
                "k": k,
                "dimensions": dims,
                "explained_variance": [float(v) for v in linear.explained_variance[:dims]],
                "explained_variance_of_model": linear.share_of(x[:, :k], dims),
                "n_atoms": int(np.isfinite(x).all(axis=1).sum()),
            }  # fmt: skip
            result[key][name] = Map(linear(x[:, :k], dims), quality)

    for dims in (2, 3):
        if full.axes.shape[1] >= dims:
            add(f"pca-{dims}d", full, k_all, dims, {})
    for k in LOWER_K:
        if 2 <= k < k_all:
            lower = fit_pca([b[:, :k] for b in pooled])
            stacked = np.concatenate(pooled)
            aligned = align(lower, full, stacked[:, :k], stacked, 2)
            add(f"pca-2d-k{k}", aligned, k, 2, {"aligned_to": "pca-2d"})
    return result


def raw_maps(embeddings: NDArray[np.floating], rows: NDArray[np.intp]) -> dict[str, Map]:
    """PCA of one model's own embeddings, the picture before anchors: ``raw-pca-2d`` and ``raw-pca-3d``.

    Parameters
    ----------
    embeddings : (N, d) float
        Divided by their root-mean-square length first, since their unit is arbitrary.
    rows : (n,) int
        Atoms on which the components are fitted.
    """
    finite = rows[np.isfinite(embeddings[rows]).all(axis=1)]
    scale = np.sqrt((embeddings[finite].astype(np.float64) ** 2).sum(axis=1).mean())
    x = embeddings / (scale or 1.0)
    linear = fit_pca([x[finite]])
    maps = {}
    for dims in (2, 3):
        if linear.axes.shape[1] >= dims:
            quality = {
                "method": "pca of raw embeddings",
                "dimensions": dims,
                "explained_variance": [float(v) for v in linear.explained_variance[:dims]],
                "fitted_atoms": len(finite),
                "n_atoms": int(np.isfinite(embeddings).all(axis=1).sum()),
            }
            maps[f"raw-pca-{dims}d"] = Map(linear(x, dims), quality)
    return maps
