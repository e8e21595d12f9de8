"""Which points lie inside a polygon, by the rule that the page's script uses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def inside(xy: NDArray[np.floating], polygon: Sequence[Sequence[float]]) -> NDArray[np.bool_]:
    """Even-odd rule: a ray to the right crosses an odd number of edges.

    Parameters
    ----------
    xy : (N, 2) float64
        NaN rows are outside.
    polygon : sequence of (x, y)
        Closed by an edge from the last vertex to the first.

    Returns
    -------
    (N,) bool
    """
    x, y = xy[:, 0], xy[:, 1]
    corners = np.asarray(polygon, np.float64).reshape(-1, 2)
    result = np.zeros(len(xy), bool)
    if len(corners) < 3:
        return result
    low, high = corners.min(axis=0), corners.max(axis=0)
    near = np.flatnonzero((x >= low[0]) & (x <= high[0]) & (y >= low[1]) & (y <= high[1]))
    x, y = x[near], y[near]
    odd = np.zeros(len(near), bool)
    for (xi, yi), (xj, yj) in zip(corners, np.roll(corners, 1, axis=0), strict=True):
        if yi == yj:  # no ray to the right crosses a level edge
            continue
        odd ^= ((yi > y) != (yj > y)) & (x < (xj - xi) * (y - yi) / (yj - yi) + xi)
    result[near] = odd
    return result
