"""One atom's nearest neighbours compared between models: which atoms which models share, and how much they overlap."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.overlap import mean_overlap
from precompute.agreement.overlap import overlap as pair_overlap

Neighbours = Sequence[tuple[int, float]]
"""(atom, cosine) pairs, nearest first."""


@dataclass(frozen=True)
class Neighbour:
    """An atom that at least one of the compared models has among the nearest.

    Attributes
    ----------
    atom : int
    places : dict of str to (int, float)
        By model: its rank from 1, and the cosine.
    """

    atom: int
    places: dict[str, tuple[int, float]]


@dataclass(frozen=True)
class Overlap:
    """The mean over pairs of models of the shared fraction of their lists.

    Attributes
    ----------
    mean : float
    pairs : int
    k : int
        How many of each list are compared: all of the shortest, which is less than asked for where there are no more
        atoms to list.
    """

    mean: float
    pairs: int
    k: int


def joined(lists: Mapping[str, Neighbours]) -> list[Neighbour]:
    """All neighbours of any model: those of most models first, then by mean rank, then by atom."""
    found: dict[int, dict[str, tuple[int, float]]] = {}
    for key, rows in lists.items():
        for rank, (atom, cosine) in enumerate(rows, start=1):
            found.setdefault(atom, {})[key] = (rank, cosine)
    made = [Neighbour(atom, places) for atom, places in found.items()]
    return sorted(made, key=lambda n: (-len(n.places), sum(r for r, _ in n.places.values()) / len(n.places), n.atom))


def overlap(lists: Mapping[str, Neighbours]) -> Overlap | None:
    """The mean of |A and B| / k over all pairs of models; None with fewer than two lists, or with an empty one."""
    rows, k = _rows(lists.values())
    return Overlap(float(mean_overlap(rows, k)[0]), math.comb(len(rows), 2), k) if k and len(rows) > 1 else None


def overlap_with(lists: Mapping[str, Neighbours], other: Neighbours) -> Overlap | None:
    """The mean of |A and B| / k between each model's list and one other; None without lists, or with an empty one."""
    (own, *rows), k = _rows([other, *lists.values()])
    if not k or not rows:
        return None
    return Overlap(float(np.mean([pair_overlap(own, row, k)[0] for row in rows])), len(rows), k)


def _rows(lists: Iterable[Neighbours]) -> tuple[list[NDArray[np.int64]], int]:
    """Each list as one row of atoms, and the length of the shortest, 0 without lists."""
    rows = [np.array([[atom for atom, _ in found]], dtype=np.int64) for found in lists]
    return rows, min((row.shape[1] for row in rows), default=0)
