"""Where a checkpoint's atoms lie on the base's map, whose axes are not stored but can be had back from its points."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError

ROWS = 40_000
TOLERANCE = 1e-4  # of the map's spread; a principal-component map stored in float32 is fitted to 1e-6


def placing(
    coordinates: Sequence[NDArray[np.floating]], maps: Sequence[NDArray[np.floating]]
) -> Callable[[NDArray[np.floating]], NDArray[np.float64]]:
    """The projection y = c A + b that took coordinates to their principal-component map, by least squares.

    Parameters
    ----------
    coordinates : arrays (N, K) float
        Of several models of the atlas, all those that its map was fitted on, so that A is known also where one
        model's coordinates do not vary.
    maps : arrays (N, 2) float
        Where the atlas's map ``pca-2d`` has these.

    Returns
    -------
    callable
        From coordinates (n, K) to (n, 2) float64; NaN rows stay NaN.

    Raises
    ------
    AtlasError
        Where the maps are not linear in the coordinates.
    """
    every = -(-sum(len(c) for c in coordinates) // ROWS)
    x = np.concatenate([c[::every] for c in coordinates]).astype(np.float64)
    y = np.concatenate([m[::every] for m in maps]).astype(np.float64)
    known = np.isfinite(x).all(axis=1) & np.isfinite(y).all(axis=1)
    if not known.any():
        raise AtlasError("no atom has both coordinates and a place on the map")
    x, y = x[known], y[known]
    middle, origin = x.mean(axis=0), y.mean(axis=0)
    axes = np.linalg.lstsq(x - middle, y - origin, rcond=None)[0]
    left = np.abs((x - middle) @ axes + origin - y).max()
    spread = np.abs(y - origin).max()
    if left > TOLERANCE * spread:
        raise AtlasError(
            f"the map is not a projection of these coordinates: {left:.2g} off, at a spread of {spread:.2g}; "
            "use the atlas's map pca-2d and its coordinates of all anchors"
        )

    def place(of: NDArray[np.floating]) -> NDArray[np.float64]:
        return (of.astype(np.float64) - middle) @ axes + origin

    return place
