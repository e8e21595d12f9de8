"""Where atoms lie on the maps of an atlas, and which of its atoms are near, by their embeddings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError
from precompute.coordinates import coordinates
from precompute.neighbours import N_NEIGHBOURS, top_columns, unit_rows
from precompute.store import Atlas

FITTED_ROWS = 4_000
LARGEST_RESIDUAL = 1e-3
"""Of a recovered map, as a share of the map's extent; a map that misses it is no affine image of its space."""
CHECKED_ROWS = 50
INTERPOLATED_FROM = 5
ROWS_PER_BLOCK = 16_384


@dataclass(frozen=True, eq=False)
class Placed:
    """One model's view of the n inequivalent atoms of a crystal.

    Attributes
    ----------
    embeddings : (n, d) float32
    coordinates : (n, K) float32
    maps : mapping of map name to (n, 2) float32
    interpolated : tuple of str
        Maps on which a place is the mean of those of the nearest atoms, since the map's own rule is not stored.
    index, similarity : (n, 50)
        The nearest representatives of the atlas by cosine of coordinates, nearest first; padded with -1 and NaN.
    """

    embeddings: NDArray[np.float32]
    coordinates: NDArray[np.float32]
    maps: Mapping[str, NDArray[np.float32]]
    interpolated: tuple[str, ...]
    index: NDArray[np.int32]
    similarity: NDArray[np.float32]


def affine(x: NDArray[np.floating], xy: NDArray[np.floating]) -> Callable[[NDArray], NDArray[np.float32]] | None:
    """The affine map that made `xy` (N, 2) of `x` (N, k); None where none did, to `LARGEST_RESIDUAL`.

    Least squares on at most `FITTED_ROWS` rows. Directions in which the rows do not vary count as nothing.
    """
    rows = np.flatnonzero(np.isfinite(x).all(axis=1) & np.isfinite(xy).all(axis=1))
    rows = (
        rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), FITTED_ROWS)).astype(int))] if len(rows) else rows
    )
    if len(rows) < 2:
        return None
    a, b = x[rows].astype(np.float64), xy[rows].astype(np.float64)
    centre, origin = a.mean(axis=0), b.mean(axis=0)
    matrix = np.linalg.lstsq(a - centre, b - origin, rcond=1e-6)[0]
    extent = float(np.ptp(b, axis=0).max()) or 1.0
    residual = np.abs((a - centre) @ matrix + origin - b).max() / extent
    if residual > LARGEST_RESIDUAL:
        return None
    return lambda new: ((new.astype(np.float64) - centre) @ matrix + origin).astype(np.float32)


def nearest_of(
    unit: NDArray[np.float64], stored: NDArray[np.floating], pool: NDArray[np.intp], k: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The `k` rows of `pool` of the highest cosine to each row of `unit`; ties to the lower row.

    Similarities are found in float64 and rounded to float32, as the atlas's own lists are.
    """
    similarity = np.empty((len(unit), len(pool)), np.float32)
    for start in range(0, len(pool), ROWS_PER_BLOCK):
        block = slice(start, start + ROWS_PER_BLOCK)
        similarity[:, block] = unit @ unit_rows(stored[pool[block]]).T
    similarity[np.isnan(similarity)] = -np.inf
    best = top_columns(similarity, min(k, len(pool)))
    values = np.take_along_axis(similarity, best, axis=1)
    index = np.full((len(unit), k), -1, np.int32)
    kept = np.full((len(unit), k), np.nan, np.float32)
    found = np.isfinite(values)
    index[:, : best.shape[1]] = np.where(found, pool[best], -1)
    kept[:, : best.shape[1]] = np.where(found, values, np.nan)
    return index, kept


def place(atlas: Atlas, key: str, embeddings: NDArray[np.floating]) -> Placed:
    """Set atoms among those of an atlas by their embeddings, (n, d), from one of its models.

    Linear maps are recovered from the stored places; on others (UMAP) a place is the mean of those of the five nearest
    atoms, weighted by cosine.

    Raises
    ------
    AtlasError
        Where the atlas does not hold what its own coordinates were made from.
    """
    model = atlas.model(key)
    base = f"models/{key}"
    for name in ("embeddings", "anchor_embeddings", "coordinates"):
        if not atlas.file.has(f"{base}/{name}"):
            raise AtlasError(f"the atlas does not hold the {name.replace('_', ' ')} of {key}")
    own, stored = model.embeddings, model.coordinates
    express = _rule(atlas, key, own, stored)
    new = express(embeddings)
    pool = np.isfinite(stored).all(axis=1)
    representatives = np.flatnonzero(pool & np.asarray(atlas.atoms("is_representative"), bool))
    unit = unit_rows(new)
    index, similarity = nearest_of(unit, stored, representatives, N_NEIGHBOURS)
    near, weight = nearest_of(unit, stored, np.flatnonzero(pool), INTERPOLATED_FROM)
    maps: dict[str, NDArray[np.float32]] = {}
    interpolated: list[str] = []
    for name in (m for m in model.map_names if "-2d" in m):
        points = model.map(name)
        k = int(str(points.quality.get("k", stored.shape[1])))
        raw = name.startswith("raw-")
        rule = None if name.startswith("umap") else affine(own if raw else stored[:, :k], points.xy)
        if rule is None:
            interpolated.append(name)
            maps[name] = _between(points.xy, near, weight)
        else:
            maps[name] = rule(np.asarray(embeddings) if raw else new[:, :k])
    return Placed(np.asarray(embeddings, np.float32), new, maps, tuple(interpolated), index, similarity)


def _between(xy: NDArray, near: NDArray[np.int32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of the places of near atoms, weighted by their cosines."""
    w = np.where(near >= 0, np.nan_to_num(weight).clip(1e-6), 0.0)[:, :, None]
    places = xy[np.maximum(near, 0)].astype(np.float64)
    w = np.where(np.isfinite(places).all(axis=2, keepdims=True), w, 0.0)
    with np.errstate(invalid="ignore"):
        return ((np.nan_to_num(places) * w).sum(axis=1) / w.sum(axis=1)).astype(np.float32)


def _rule(
    atlas: Atlas, key: str, own: NDArray[np.float32], stored: NDArray[np.float32]
) -> Callable[[NDArray[np.floating]], NDArray[np.float32]]:
    """How the atlas made coordinates of embeddings, tried on some of its own atoms."""
    anchors = atlas.file.read(f"models/{key}/anchor_embeddings")
    measure = str(atlas.file.attrs(f"models/{key}/coordinates").get("measure", "cosine"))
    rows = np.flatnonzero(np.isfinite(stored).all(axis=1))
    rows = rows[:: max(1, len(rows) // CHECKED_ROWS)]
    for centre in (False, True):
        made = coordinates(own[rows], anchors, measure=measure, centre=centre)
        if np.allclose(made, stored[rows], atol=1e-4):
            return lambda e: coordinates(e, anchors, measure=measure, centre=centre)
    raise AtlasError(f"the coordinates of {key} do not follow from the embeddings and anchors that the atlas holds")
