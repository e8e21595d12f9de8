"""Which share of an atom's nearest neighbours in the base it still has in a checkpoint."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.overlap import overlap
from precompute.contracts import AtlasError
from precompute.drift.records import K
from precompute.neighbours import NeighbourLists, nearest


def neighbours(coordinates: NDArray[np.floating], orbit: NDArray[np.integer], k: int = K) -> NeighbourLists:
    """The `k` nearest orbit representatives of each atom by cosine of coordinates, its own orbit excluded.

    Ties go to the lower row in every checkpoint alike: what a checkpoint ties as the base did, it has not changed.

    Parameters
    ----------
    coordinates : (n, K) float
        Of the measured atoms, with re-embedded anchors; NaN rows have no neighbours and are nobody's.
    orbit : (n,) int
        Row of each atom's representative.
    k : int

    Raises
    ------
    AtlasError
        For orbits that are not rows of `coordinates`, or k below 1.
    """
    n = len(coordinates)
    if len(orbit) != n or (n and not (orbit.min() >= 0 and orbit.max() < n)):
        raise AtlasError(f"orbits of {len(orbit)} atoms are not rows of coordinates of {n} atoms")
    if k < 1:
        raise AtlasError(f"neighbour retention needs at least 1 neighbour, not {k}")
    return nearest(coordinates, orbit=orbit, k=k)


def retention(base: NeighbourLists, later: NeighbourLists, k: int = K) -> NDArray[np.float64]:
    """Neighbour retention of each atom, |A_i and B_i| / k: 1 where all k neighbours in the base are still there.

    The overlap of `precompute.agreement.overlap` between a base and its checkpoint. It looks at order only, so a space
    that is stretched keeps it, and it depends on how many atoms there are to choose from: compare at the same atoms.

    Returns
    -------
    (n,) float64
        In [0, 1]; NaN where either list holds fewer than k atoms. Unrelated spaces give k / (representatives - 1).
    """
    return overlap(base.index, later.index, k)
