"""Trees of models: the two most alike are joined first, then groups by the mean over all their pairs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.metrics import Metric

ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class Tree:
    """Joins of M models, by ascending distance.

    Attributes
    ----------
    joins : (M - 1, 3) float
        The two groups joined, and their distance. Groups 0 to M - 1 are single models; group M + i is what row i made.
    order : (M,) int
        Models from top to bottom, so that no two branches cross.
    """

    joins: NDArray[np.float64]
    order: NDArray[np.intp]


def distances(value: NDArray[np.floating], metric: Metric) -> NDArray[np.float64]:
    """How far apart models are by a metric of pairs.

    ``metric.high - value`` where a high value means alike, else ``value``; the mean of both directions. Where a score
    has no greatest value, or exceeds it by more than rounding, there is nothing to subtract from: NaN.

    Parameters
    ----------
    value : (M, M) float

    Returns
    -------
    (M, M) float
        Symmetric, not below 0, 0 on the diagonal; NaN where there is no value.
    """
    found = np.asarray(value, np.float64)
    apart = metric.high - found if metric.alike == "high" else found
    apart = np.where(np.isfinite(apart) & (apart >= -ROUNDING), np.maximum(apart, 0.0), np.nan)
    apart = (apart + apart.T) / 2
    np.fill_diagonal(apart, 0.0)
    return apart


def tree(distance: NDArray[np.floating]) -> Tree:
    """Average linkage (UPGMA; Sokal & Michener, Univ. Kansas Sci. Bull. 38, 1409 (1958)).

    The distance of two groups is the mean over pairs of their members. Of equal distances the first in reading order is
    taken; of two groups the one with the earlier model comes first.

    Parameters
    ----------
    distance : (M, M) float
        Symmetric and finite.

    Raises
    ------
    ValueError
        Where a distance is not finite.
    """
    n = len(distance)
    if not np.isfinite(distance).all():
        raise ValueError("a tree needs the distance of every pair")
    between = np.array(distance, np.float64)
    np.fill_diagonal(between, np.inf)
    group, members = list(range(n)), [[i] for i in range(n)]
    joins = np.empty((max(n - 1, 0), 3))
    for step in range(n - 1):
        a, b = divmod(int(np.argmin(between)), len(group))
        a, b = (a, b) if members[a][0] < members[b][0] else (b, a)
        joins[step] = group[a], group[b], between[a, b]
        sizes = len(members[a]), len(members[b])
        joined = (sizes[0] * between[a] + sizes[1] * between[b]) / sum(sizes)
        joined[a] = np.inf
        between[a], between[:, a] = joined, joined
        group[a], members[a] = n + step, members[a] + members[b]
        between = np.delete(np.delete(between, b, 0), b, 1)
        del group[b], members[b]
    return Tree(joins, np.array(members[0] if n else [], np.intp))
