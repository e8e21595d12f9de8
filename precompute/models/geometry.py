"""Geometry that adapters share: vacuum around what is not periodic, and atoms that no model can see beyond."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import numpy as np

from precompute.contracts import FloatArray, Structure

# nearest-neighbour distances do not depend on the model, and up to a dozen models ask for the same structures
_NEAREST: WeakKeyDictionary[Structure, tuple[float, FloatArray]] = WeakKeyDictionary()


def in_vacuum(structure: Structure, cutoff: float) -> Structure:
    """Return `structure` periodic in all directions, with vacuum where it was not.

    Atoms and their images across the vacuum are more than `cutoff` (angstrom) apart, so a graph of that radius is the
    one of the structure itself. For packages that know only crystals.
    """
    if structure.pbc.all():
        return structure
    free = np.flatnonzero(~structure.pbc)
    periodic = structure.cell[structure.pbc]
    # the last rows of V span what is perpendicular to every periodic vector
    directions = np.linalg.svd(periodic)[2][len(periodic) :] if len(periodic) else np.eye(3)
    along = structure.positions @ directions.T
    cell = np.array(structure.cell)
    cell[free] = directions * (np.ptp(along, axis=0) + 2 * cutoff)[:, None]
    return Structure(
        id=structure.id,
        source=structure.source,
        numbers=structure.numbers,
        positions=structure.positions,
        cell=cell,
        pbc=np.ones(3, dtype=bool),
    )


def isolated_atoms(structure: Structure, cutoff: float) -> int:
    """Return how many atoms have no other atom (periodic images included) nearer than `cutoff`, angstrom."""
    searched, nearest = _NEAREST.get(structure, (0.0, None))
    if nearest is None or searched < cutoff:
        nearest = _nearest(structure, cutoff)
        _NEAREST[structure] = (cutoff, nearest)
    return int(np.sum(nearest >= cutoff))


def isolation_flag(structure: Structure, cutoff: float | None) -> tuple[str, ...]:
    """Return the remark that some atoms have an empty environment, or nothing."""
    count = isolated_atoms(structure, cutoff) if cutoff is not None else 0
    if not count:
        return ()
    verb = "has" if count == 1 else "have"
    return (f"{count} of {len(structure)} atoms {verb} no neighbour within {cutoff:g} A",)


def _nearest(structure: Structure, cutoff: float) -> FloatArray:
    from matscipy.neighbours import neighbour_list

    crystal = in_vacuum(structure, cutoff)
    first, distance = neighbour_list(
        "id",
        positions=np.array(crystal.positions),
        cell=np.array(crystal.cell),
        pbc=np.ones(3, dtype=bool),
        cutoff=cutoff,
    )
    nearest = np.full(len(structure), np.inf)
    np.minimum.at(nearest, first, distance)
    return nearest
