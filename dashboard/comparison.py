"""One atom's nearest neighbours compared between models: which atoms which models share, and how much they overlap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

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
        Length of the lists; less than asked for where there are no more atoms to list.
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
    """The mean of |A and B| / k over all pairs of models; None with fewer than two lists."""
    return _mean(list(lists.values()), list(combinations(range(len(lists)), 2)))


def overlap_with(lists: Mapping[str, Neighbours], other: Neighbours) -> Overlap | None:
    """The mean of |A and B| / k between each model's list and one other."""
    return _mean([other, *lists.values()], [(0, i + 1) for i in range(len(lists))])


def _mean(lists: Sequence[Neighbours], pairs: Sequence[tuple[int, int]]) -> Overlap | None:
    k = max((len(rows) for rows in lists), default=0)
    if not pairs or not all(lists):
        return None
    atoms = [{atom for atom, _ in rows} for rows in lists]
    return Overlap(sum(len(atoms[a] & atoms[b]) for a, b in pairs) / k / len(pairs), len(pairs), k)
