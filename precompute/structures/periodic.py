"""Atoms and those of their periodic images that lie within reach, for distances in any cell."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from precompute.contracts import Structure


@dataclass(frozen=True, eq=False)
class Pairs:
    """Every pair of an atom and an image within a cutoff; a pair appears from both of its ends.

    Attributes
    ----------
    first, second : (p,) int
        Atoms; `second` is the atom whose image it is, possibly `first` itself.
    distance : (p,) float
        Angstrom.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    distance: NDArray[np.float64]


def lattice(structure: Structure) -> NDArray[np.float64]:
    """Return the cell, (3, 3) in A, with each aperiodic direction replaced by a unit vector perpendicular to the rest.

    Aperiodic directions of a file's cell say how big its box is, nothing about the atoms, and may be zero.
    """
    periodic = structure.cell[structure.pbc]
    # The last right singular vectors span what the periodic vectors leave out.
    directions = np.linalg.svd(periodic)[2] if len(periodic) else np.eye(3)
    full = np.empty((3, 3))
    full[structure.pbc] = periodic
    full[~structure.pbc] = directions[len(periodic) :]
    return full


def shortest_vectors(structure: Structure) -> NDArray[np.float64]:
    """Return Minkowski-reduced vectors of the periodic directions, (number of them, 3) in A, shortest first."""
    from ase.geometry import minkowski_reduce

    reduced, _ = minkowski_reduce(lattice(structure), pbc=structure.pbc)
    vectors = np.asarray(reduced)[structure.pbc]
    return vectors[np.argsort(np.linalg.norm(vectors, axis=1))]


def pairs_within(structure: Structure, cutoff: float) -> Pairs:
    """Return all pairs of atoms closer than `cutoff` (A), periodic images counted, an atom with itself left out.

    The work is done in the Minkowski-reduced cell, whose vectors are the shortest possible, so that the number of
    images grows with the volume within reach and not with how skewed the file's cell is.
    """
    vectors = shortest_vectors(structure)
    reduced = np.empty((3, 3))
    reduced[: len(vectors)] = vectors
    if len(vectors) < 3:
        directions = np.linalg.svd(vectors)[2] if len(vectors) else np.eye(3)
        reduced[len(vectors) :] = directions[len(vectors) :]
    fractional = structure.positions @ np.linalg.inv(reduced)
    fractional[:, : len(vectors)] %= 1.0
    positions = fractional @ reduced

    heights = 1.0 / np.linalg.norm(np.linalg.inv(reduced), axis=0)[: len(vectors)]
    reach = [range(-m, m + 1) for m in np.ceil(cutoff / heights).astype(int)]
    low, high = positions.min(axis=0) - cutoff, positions.max(axis=0) + cutoff
    images, owners, shifted = [], [], []
    for shift in itertools.product(*reach):
        moved = positions + np.array(shift) @ vectors if shift else positions
        near = np.flatnonzero(np.all((moved >= low) & (moved <= high), axis=1))
        images.append(moved[near])
        owners.append(near)
        shifted.append(np.full(len(near), any(shift)))
    owner, is_image = np.concatenate(owners), np.concatenate(shifted)
    found = cKDTree(positions).sparse_distance_matrix(cKDTree(np.concatenate(images)), cutoff, output_type="ndarray")
    first, second = found["i"], owner[found["j"]]
    real = (first != second) | is_image[found["j"]]
    return Pairs(first[real], second[real], found["v"][real])
