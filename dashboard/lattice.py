"""The conventional cell of a crystal, from what its stored cell holds and the name of its space group, by numpy alone.

A cell of lattice vectors is conventional where its metric and its centring are those that *International Tables*
(vol. A, section 2.1.3) give the crystal system and the symbol's first letter, and where the rotations of that system
about its axes map the atoms onto atoms: the metric alone cannot tell a tetragonal crystal of nearly equal axes from a
cubic one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
TOLERANCE = 0.03  # of lattice vectors, angstrom
PLACE = 0.01  # of atoms, angstrom, as where space groups are determined
MOST_ATOMS = 128
MOST_TRIED = 12
STORED = "the stored cell is conventional"
CENTRINGS: dict[str, tuple[tuple[float, float, float], ...]] = {
    "P": (), "A": ((0, 0.5, 0.5),), "B": ((0.5, 0, 0.5),), "C": ((0.5, 0.5, 0),), "I": ((0.5, 0.5, 0.5),),
    "F": ((0, 0.5, 0.5), (0.5, 0, 0.5)), "R": ((2 / 3, 1 / 3, 1 / 3),),
}  # fmt: skip
_POINTS = {"P": 1, "A": 2, "B": 2, "C": 2, "I": 2, "F": 4, "R": 3}
# rotations that make the crystal system, on the axes of its conventional cell: columns are where a, b, c go
_TWOFOLD = {axis: np.diag([1 if i == axis else -1 for i in range(3)]) for axis in range(3)}
_FOURFOLD = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
_THREEFOLD = np.array([[0, -1, 0], [1, -1, 0], [0, 0, 1]])
_SIXFOLD = np.array([[1, -1, 0], [1, 0, 0], [0, 0, 1]])
_DIAGONAL = np.array([[0, 0, 1], [1, 0, 0], [0, 1, 0]])
_ROTATIONS: dict[str, tuple[NDArray[np.integer], ...]] = {
    "triclinic": (),
    "monoclinic": (_TWOFOLD[1],),
    "orthorhombic": (_TWOFOLD[0], _TWOFOLD[1]),
    "tetragonal": (_FOURFOLD,),
    "trigonal": (_THREEFOLD,),
    "hexagonal": (_SIXFOLD,),
    "cubic": (_DIAGONAL, _TWOFOLD[2]),
}


@dataclass(frozen=True, eq=False)
class Conventional:
    """The conventional cell, or why there is none to show.

    Attributes
    ----------
    cell : (3, 3) float or None
        Rows are lattice vectors in the axes of the stored cell, angstrom; None where the stored cell is one already, or
        where none was found.
    reason : str
        Why `cell` is None.
    """

    cell: Array | None
    reason: str = ""

    @property
    def stored_is_conventional(self) -> bool:
        return self.reason == STORED


def conventional(
    numbers: NDArray[np.integer], positions: Array, cell: Array, pbc: NDArray[np.bool_], symbol: str, system: str
) -> Conventional:
    """Find the conventional cell of a crystal.

    Parameters
    ----------
    numbers : (n,) int
    positions : (n, 3) float
        Angstrom.
    cell : (3, 3) float
        Rows are lattice vectors, angstrom.
    pbc : (3,) bool
    symbol, system : str
        The space group's short symbol (``Fm-3m``) and crystal system.
    """
    letter = symbol[:1]
    if not np.all(pbc) or system not in _ROTATIONS or letter not in CENTRINGS:
        return Conventional(None, "no space group, so no conventional cell")
    if len(numbers) > MOST_ATOMS:
        return Conventional(None, f"not looked for in cells of more than {MOST_ATOMS} atoms")
    crystal = _Crystal(np.asarray(numbers), np.asarray(positions, float), np.asarray(cell, float))
    primitive = crystal.primitive()
    volume = abs(np.linalg.det(primitive))
    if system == "triclinic":
        if abs(np.linalg.det(cell)) < 1.5 * volume:
            return Conventional(None, STORED)
        return Conventional(primitive)
    candidates = _candidates(primitive, _POINTS[letter] * volume, system, letter)
    for axes in candidates:
        if all(crystal.has(rotation, axes) for rotation in _ROTATIONS[system]):
            if _same_box(axes, cell):
                return Conventional(None, STORED)
            return Conventional(axes if np.linalg.det(axes) > 0 else -axes)
    return Conventional(None, "no conventional cell was found")


class _Crystal:
    """Atoms in a cell, asked for their symmetry within `PLACE`."""

    def __init__(self, numbers: NDArray[np.integer], positions: Array, cell: Array) -> None:
        self.cell = cell
        self.fractional = positions @ np.linalg.inv(cell)
        self.same = numbers[:, None] == numbers[None, :]
        kinds, counts = np.unique(numbers, return_counts=True)
        self.rare = np.flatnonzero(numbers == kinds[counts.argmin()])

    def _coincide(self, fractional: Array) -> bool:
        """Whether atoms at these places are the crystal's own."""
        gaps = fractional[:, None, :] - self.fractional[None, :, :]
        gaps -= np.round(gaps)
        near = np.linalg.norm(gaps @ self.cell, axis=2) < PLACE
        return bool((near & self.same).any(axis=1).all())

    def _shifts(self, fractional: Array) -> list[Array]:
        """Translations, fractional, that bring atoms at these places onto the crystal's own."""
        shifts = self.fractional[self.rare] - fractional[self.rare[0]]
        return [shift for shift in shifts if self._coincide(fractional + shift)]

    def has(self, rotation: NDArray[np.integer], axes: Array) -> bool:
        """Whether a rotation on these axes, or it followed by inversion, with some translation is a symmetry."""
        to_stored = axes @ np.linalg.inv(self.cell)
        turn = np.linalg.inv(to_stored) @ rotation.T @ to_stored
        if np.abs(turn - np.round(turn)).max() > 0.02:  # not even a symmetry of the stored lattice's translations
            turned = self.fractional @ turn
        else:
            turned = self.fractional @ np.round(turn)
        rare = self.rare[0]
        for sign in (1, -1):
            for j in self.rare:
                if self._coincide(sign * turned + (self.fractional[j] - sign * turned[rare])):
                    return True
        return False

    def primitive(self) -> Array:
        """A primitive cell with short vectors, (3, 3) in angstrom."""
        shifts = self._shifts(self.fractional)
        volume = abs(np.linalg.det(self.cell)) / len(shifts)
        if len(shifts) == 1:
            return reduced(self.cell)
        exact = [np.round(s * len(shifts)) / len(shifts) for s in shifts]  # a subgroup's elements have its order
        grid = np.array([s + g for s in exact for g in _grid(1)]) @ self.cell
        length = np.linalg.norm(grid, axis=1)
        vectors = grid[np.argsort(length)][np.sort(length) > 1e-3]
        first = vectors[0]
        second = next(v for v in vectors if np.linalg.norm(np.cross(first, v)) > 1e-3 * volume ** (2 / 3))
        third = next(v for v in vectors if abs(abs(np.dot(np.cross(first, second), v)) - volume) < 0.01 * volume)
        return reduced(np.array([first, second, third]))


def reduced(cell: Array) -> Array:
    """The same lattice by short vectors: each in turn made shorter by whole multiples of the others."""
    vectors = np.array(cell, float)
    for _ in range(60):
        before = np.linalg.norm(vectors, axis=1)
        for i in range(3):
            others = np.delete(vectors, i, axis=0)
            tried = vectors[i] + _PLANE @ others
            vectors[i] = tried[np.linalg.norm(tried, axis=1).argmin()]
        if np.allclose(np.linalg.norm(vectors, axis=1), before, atol=1e-9):
            break
    return vectors


def _grid(n: int) -> NDArray[np.integer]:
    return np.stack(np.meshgrid(*[np.arange(-n, n + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)


# the whole multiples of two vectors that a third is tried with; the smallest first, so that ties change nothing
_PLANE = np.array(
    sorted(((i, j) for i in range(-2, 3) for j in range(-2, 3)), key=lambda p: (abs(p[0]) + abs(p[1]), p))
)
_HALF = np.array([g for g in _grid(3).tolist() if tuple(g) > (0, 0, 0) and np.gcd.reduce(g) == 1])


def _candidates(primitive: Array, volume: float, system: str, letter: str) -> list[Array]:
    """Cells of that volume, metric and centring, those of shortest vectors first."""
    vectors = _HALF @ primitive
    length = np.linalg.norm(vectors, axis=1)
    order = np.argsort(length, kind="stable")
    vectors, length = vectors[order], length[order]
    gram = vectors @ vectors.T
    longer = np.maximum(length[:, None], length[None])
    upright = np.abs(gram) < TOLERANCE * longer
    equal = np.abs(length[:, None] - length[None]) < TOLERANCE
    pairs = {
        "monoclinic": np.ones_like(upright),
        "orthorhombic": upright,
        "tetragonal": upright & equal,
        "cubic": upright & equal,
    }.get(system, equal & (np.abs(2 * np.abs(gram) - length[:, None] ** 2) < 2 * TOLERANCE * longer))
    first, second = np.nonzero(np.triu(pairs & (upright.astype(int) @ upright > 0), 1))
    area = np.linalg.norm(np.cross(vectors[first], vectors[second]), axis=1)
    flat = area > 1e-3
    first, second, area = first[flat], second[flat], area[flat]
    height = volume / area
    slack = TOLERANCE * (1 + height / length[first])
    across = upright[first] & upright[second] & (np.abs(length[None] - height[:, None]) < slack[:, None])
    if system == "cubic":
        across &= equal[first]
    pair, third = np.nonzero(across)
    total = length[first[pair]] + length[second[pair]] + length[third]
    inverse = np.linalg.inv(primitive)
    found: list[Array] = []
    for n in np.argsort(np.round(total, 3), kind="stable"):
        u, v, w = vectors[first[pair[n]]], vectors[second[pair[n]]], vectors[third[n]]
        for axes in _arranged(u, v, w, system):
            if all(_whole(np.array(c) @ axes @ inverse) for c in CENTRINGS[letter]):
                found.append(axes)
                break
        if len(found) == MOST_TRIED:
            break
    return found


def _arranged(u: Array, v: Array, upright: Array, system: str) -> list[Array]:
    """Orders of three vectors, the third at right angles to the others, that the system's conventions allow."""
    if system == "monoclinic":
        v = -v if u @ v > 0 else v
        return [np.array([u, upright, v]), np.array([v, upright, u])]
    if system == "orthorhombic":
        return [np.array(p) for p in permutations((u, v, upright))]
    if system in ("trigonal", "hexagonal"):
        v = -v if u @ v > 0 else v
        return [np.array([u, v, upright]), np.array([v, u, upright])]  # obverse and reverse
    return [np.array([u, v, upright])]


def _whole(coefficients: Array) -> bool:
    return bool(np.abs(coefficients - np.round(coefficients)).max() < 0.02)


def _same_box(axes: Array, cell: Array) -> bool:
    """Whether two cells have the same edges, whatever their order and direction."""
    turns = np.abs(axes @ np.linalg.inv(np.asarray(cell, float)))
    return bool(np.abs(turns - np.round(turns)).max() < 0.02 and np.allclose(np.round(turns).sum(axis=1), 1))


def parameters(cell: Array) -> tuple[Array, Array]:
    """Lengths a, b, c in angstrom and angles alpha, beta, gamma in degrees, each (3,)."""
    lengths = np.linalg.norm(cell, axis=1)
    angles = [np.degrees(np.arccos(np.clip(cell[j] @ cell[k] / lengths[j] / lengths[k], -1, 1)))
              for j, k in ((1, 2), (0, 2), (0, 1))]  # fmt: skip
    return lengths, np.array(angles)
