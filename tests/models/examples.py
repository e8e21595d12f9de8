"""Small structures that every model is asked to embed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import Structure

# spans the bundled CHGNets' and SevenNets' elements, the parities, a cell without symmetry and a one-atom cell


def structure(
    id_: str, numbers: Sequence[int], positions: object, cell: object = None, pbc: bool | Sequence[bool] = True
) -> Structure:
    return Structure(
        id=id_,
        source="test",
        numbers=np.array(numbers),
        positions=np.array(positions, dtype=float),
        cell=np.zeros((3, 3)) if cell is None else np.array(cell, dtype=float),
        pbc=np.broadcast_to(np.array(pbc), 3),
    )


def rock_salt() -> Structure:
    a = 5.64
    corners = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    positions = np.vstack([corners, corners + np.array([0.5, 0, 0])]) * a
    return structure("NaCl", [11] * 4 + [17] * 4, positions, np.eye(3) * a)


def triclinic() -> Structure:
    """BaTiO3 with every atom displaced and a skew cell: no symmetry at all."""
    cell = np.array([[4.1, 0.2, 0.1], [-0.3, 4.0, 0.2], [0.1, -0.2, 4.2]])
    fractional = [[0.01, 0.02, 0.0], [0.52, 0.49, 0.53], [0.5, 0.51, 0.03], [0.49, 0.02, 0.5], [0.03, 0.48, 0.51]]
    return structure("BaTiO3", [56, 22, 8, 8, 8], np.array(fractional) @ cell, cell)


def one_atom() -> Structure:
    """Copper, face-centred, one atom in the cell: every neighbour is an image of the atom itself."""
    return structure("Cu", [29], [[0.0, 0.0, 0.0]], 1.805 * np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]))


def water() -> Structure:
    positions = [[0.0, 0.0, 0.1193], [0.0, 0.7632, -0.4770], [0.0, -0.7632, -0.4770]]
    return structure("H2O", [8, 1, 1], positions, pbc=False)


def sparse(distance: float = 7.0) -> Structure:
    """Rubidium atoms so far apart that a graph of 5 or 6 A has no edges."""
    return structure("Rb-sparse", [37], [[0.0, 0.0, 0.0]], np.eye(3) * distance)


def unknown_element() -> Structure:
    """Oganesson, which no model was trained on."""
    return structure("Og", [118], [[0.0, 0.0, 0.0]], np.eye(3) * 4.0)


def rotation() -> NDArray[np.float64]:
    """A proper rotation about a general axis."""
    q = np.array([0.7, 0.3, -0.5, 0.4])
    w, x, y, z = q / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def rotated(s: Structure) -> Structure:
    r = rotation()
    return replace(s, positions=s.positions @ r.T, cell=s.cell @ r.T)


def translated(s: Structure) -> Structure:
    """Moved by a general vector, and some atoms by whole lattice vectors."""
    images = np.zeros((len(s), 3))
    images[::2] = [1, -1, 2]
    return replace(s, positions=s.positions + np.array([0.31, -0.72, 0.55]) + images * s.pbc @ s.cell)


def permuted(s: Structure, order: NDArray[np.integer]) -> Structure:
    return replace(s, numbers=s.numbers[order], positions=s.positions[order])


def trio() -> list[Structure]:
    """Three crystals, the second of which triggers the fault of a faulty model."""
    return [replace(rock_salt(), id=i) for i in ("first", "bad", "last")]
