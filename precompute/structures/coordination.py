"""Coordination numbers by a stated rule."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import Structure
from precompute.elements import covalent_radii
from precompute.structures.periodic import pairs_within

TOLERANCE = 1.2


def coordination_numbers(structure: Structure) -> NDArray[np.int32]:
    """Return how many atoms lie within 1.2 times the sum of covalent radii of each atom, (n,).

    Periodic images count, an atom's own included. Radii: Cordero et al., Dalton Trans. 2832 (2008).
    """
    radii = covalent_radii(structure.numbers)
    pairs = pairs_within(structure, TOLERANCE * 2.0 * float(radii.max()))
    bonded = pairs.distance <= TOLERANCE * (radii[pairs.first] + radii[pairs.second])
    return np.bincount(pairs.first[bonded], minlength=len(structure)).astype(np.int32)
