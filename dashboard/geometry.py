"""Neighbour shells and what is drawn of a crystal, by numpy alone.

Two atoms are neighbours within 1.2 times the sum of their covalent radii (Cordero et al., Dalton Trans. 2832 (2008)),
periodic images counted. In crystals of large cations that also reaches from cation to cation, so drawings show the
*first shell*: the nearest neighbours up to the first gap of 20 % in distance, or, where the nearest one differs from
the atom by 0.5 or more in Pauling electronegativity, up to the first that differs less than half as much that way.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

REACH = 1.2
GAP = 1.2
POLAR = 0.5
SAME_DISTANCE = 0.02
MAX_ATOMS_WITH_BONDS = 200
MAX_DRAWN = 1_500
MAX_WITH_BONDS = 600
ON_FACE = 0.01


@dataclass(frozen=True, eq=False)
class Shell:
    """Neighbours of one atom, nearest first.

    Attributes
    ----------
    atom : (m,) int
        Index of each neighbour within the structure.
    vector : (m, 3) float
        From the atom to that image of the neighbour, angstrom.
    distance : (m,) float
        Angstrom.
    n_first : int
        How many belong to the first shell.
    """

    atom: NDArray[np.integer]
    vector: NDArray[np.floating]
    distance: NDArray[np.floating]
    n_first: int


@dataclass(frozen=True, eq=False)
class Scene:
    """Atoms and bonds to draw: the cell with atoms on its faces repeated, and the chosen atom's first shell.

    Attributes
    ----------
    atom : (m,) int
        Index within the structure of each drawn atom; the chosen atom is the first.
    position : (m, 3) float
        Angstrom.
    cell : (3, 3) float
        The drawn cell's vectors, angstrom; zero where there is none.
    origin : (3,) float
        Where the drawn cell starts, angstrom.
    bonds : (b, 2) int
        Pairs of drawn atoms, without those of the chosen atom's shell.
    shell : (s, 2) int
        Pairs (0, drawn atom) from the chosen atom to its first shell.
    note : str
        What was left out; empty where nothing was.
    """

    atom: NDArray[np.integer]
    position: NDArray[np.floating]
    cell: NDArray[np.floating]
    origin: NDArray[np.floating]
    bonds: NDArray[np.integer]
    shell: NDArray[np.integer]
    note: str = ""


def images(cell: NDArray[np.floating], pbc: NDArray[np.bool_], cutoff: float) -> NDArray[np.floating]:
    """Lattice translations, (t, 3) in angstrom, that can bring an atom of the cell within `cutoff` of another."""
    counts = []
    for axis in range(3):
        if not pbc[axis]:
            counts.append(0)
            continue
        normal = np.cross(cell[(axis + 1) % 3], cell[(axis + 2) % 3])
        area = float(np.linalg.norm(normal))
        height = abs(float(cell[axis] @ normal)) / area if area > 0 else 0.0
        counts.append(0 if height <= 0 else min(int(np.ceil(cutoff / height)) + 1, 12))
    grid = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in counts], indexing="ij"), axis=-1).reshape(-1, 3)
    return grid @ np.asarray(cell, float)


def neighbour_shell(
    numbers: NDArray[np.integer],
    positions: NDArray[np.floating],
    cell: NDArray[np.floating],
    pbc: NDArray[np.bool_],
    radii: NDArray[np.floating],
    centre: int,
    affinity: NDArray[np.floating] | None = None,
) -> Shell:
    """Find the neighbours of atom `centre`.

    Parameters
    ----------
    numbers : (n,) int
    positions : (n, 3) float
        Angstrom.
    cell : (3, 3) float
        Rows are lattice vectors, angstrom.
    pbc : (3,) bool
    radii : (118,) float
        Covalent radii by atomic number - 1, angstrom; an atom of unknown radius (NaN) has no neighbours.
    centre : int
    affinity : (118,) float, optional
        Electronegativities by atomic number - 1, NaN where unknown; without, only gaps end the first shell.
    """
    radius = np.nan_to_num(radii[np.asarray(numbers) - 1], nan=-np.inf)
    limits = REACH * (radius + radius[centre])
    cutoff = float(limits.max())
    if not cutoff > 0:
        return Shell(np.zeros(0, int), np.zeros((0, 3)), np.zeros(0), 0)
    wrapped = wrap(positions, cell, pbc)
    shifts = images(cell, pbc, cutoff)
    vectors = (wrapped - wrapped[centre])[:, None, :] + shifts[None, :, :]
    distances = np.linalg.norm(vectors, axis=2)
    atom, image = np.nonzero((distances <= limits[:, None]) & (distances > 1e-3))
    found = distances[atom, image]
    order = np.lexsort((atom, np.round(found, 6)))
    distance = found[order]
    ends = distance[1:] >= GAP * distance[:-1]
    if affinity is not None and len(distance):
        differs = affinity[np.asarray(numbers)[atom[order]] - 1] - affinity[numbers[centre] - 1]
        if abs(differs[0]) >= POLAR:
            ends |= ~(differs[1:] / differs[0] >= 0.5)
    gaps = np.nonzero(ends)[0]
    n_first = int(gaps[0]) + 1 if len(gaps) else len(distance)
    return Shell(atom[order], vectors[atom, image][order], distance, n_first)


def wrap(positions: NDArray[np.floating], cell: NDArray[np.floating], pbc: NDArray[np.bool_]) -> NDArray[np.floating]:
    """Positions moved into the cell along the periodic directions; those within 1e-4 of the far face to 0."""
    if not np.any(pbc) or abs(np.linalg.det(cell)) < 1e-9:
        return np.array(positions, float)
    fractional = np.linalg.solve(np.asarray(cell, float).T, np.asarray(positions, float).T).T
    folded = fractional - np.floor(fractional + 1e-4)
    return np.where(np.asarray(pbc)[None, :], folded, fractional) @ np.asarray(cell, float)


def grouped(shell: Shell, numbers: NDArray[np.integer], first_only: bool) -> list[tuple[int, int, float, float]]:
    """Neighbours by element and distance: (count, atomic number, shortest, longest), nearest group first.

    Distances of one element that follow each other within 0.02 angstrom are one group; in the first shell all of one
    element are.
    """
    n = shell.n_first if first_only else len(shell.distance)
    groups: list[list[float]] = []
    for number in dict.fromkeys(np.asarray(numbers)[shell.atom[:n]].tolist()):
        distances = shell.distance[:n][np.asarray(numbers)[shell.atom[:n]] == number]
        for d in distances.tolist():
            last = groups[-1] if groups and groups[-1][1] == number else None
            if last is not None and (first_only or d - last[3] <= SAME_DISTANCE):
                last[0], last[3] = last[0] + 1, d
            else:
                groups.append([1, number, d, d])
    return [(int(c), int(z), low, high) for c, z, low, high in sorted(groups, key=lambda g: g[2])]


def scene(
    numbers: NDArray[np.integer],
    positions: NDArray[np.floating],
    cell: NDArray[np.floating],
    pbc: NDArray[np.bool_],
    radii: NDArray[np.floating],
    chosen: int,
    affinity: NDArray[np.floating] | None = None,
    orbit: NDArray[np.integer] | None = None,
    frame: NDArray[np.floating] | None = None,
) -> Scene:
    """Lay out the crystal around its chosen atom; the first arguments as in `neighbour_shell`.

    Parameters
    ----------
    orbit : (n,) int, optional
        The same number for symmetry-equivalent atoms, whose bonds are equally long and looked for once.
    frame : (3, 3) float, optional
        Another cell of the same crystal to fill with atoms, angstrom; the stored one by default.
    """
    shell = neighbour_shell(numbers, positions, cell, pbc, radii, chosen, affinity)
    inside = wrap(positions, cell, pbc)
    centre, origin = inside[chosen], np.zeros(3)
    if frame is None:
        atom, position = _with_faces(inside, cell, pbc)
    else:
        origin = np.floor(centre @ np.linalg.inv(frame) + 1e-4) @ frame
        atom, position = _filling(inside, cell, frame, origin)
    note = ""
    if len(atom) > MAX_DRAWN:
        near = np.argsort(np.linalg.norm(position - centre, axis=1))[:MAX_DRAWN]
        atom, position = atom[near], position[near]
        note = f"The {MAX_DRAWN:,} atoms nearest to the chosen one are drawn."
    first = np.argmin(np.linalg.norm(position - centre, axis=1))
    order = np.concatenate([[first], np.delete(np.arange(len(atom)), first)])
    atom, position = atom[order], position[order]
    ends = []
    for a, vector in zip(shell.atom[: shell.n_first], shell.vector[: shell.n_first], strict=True):
        target = position[0] + vector
        gaps = np.linalg.norm(position - target, axis=1)
        if gaps.min() > 1e-2:
            atom, position = np.append(atom, a), np.vstack([position, target])
            ends.append(len(atom) - 1)
        else:
            ends.append(int(gaps.argmin()))
    pairs = np.array([(0, e) for e in ends], int).reshape(-1, 2)
    bonds = np.zeros((0, 2), int)
    if len(numbers) <= MAX_ATOMS_WITH_BONDS and len(atom) <= MAX_WITH_BONDS:
        reach = _reach(numbers, positions, cell, pbc, radii, affinity, orbit)
        bonds = _bonds(np.asarray(numbers)[atom], reach[atom], radii, position)
        bonds = bonds[~np.any(bonds == 0, axis=1)]
    elif not note:
        note = "Bonds are drawn at the chosen atom only, for the crystal is large."
    drawn = np.zeros((3, 3)) if not np.any(pbc) else np.asarray(cell if frame is None else frame, float)
    return Scene(atom, position, drawn, origin, bonds, pairs, note)


def _filling(
    inside: NDArray[np.floating], cell: NDArray[np.floating], frame: NDArray[np.floating], origin: NDArray[np.floating]
) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
    """Atoms of the crystal in another cell, those on its faces, edges and corners repeated."""
    corners = (np.indices((2, 2, 2)).reshape(3, -1).T @ frame + origin) @ np.linalg.inv(cell)
    low, high = np.floor(corners.min(axis=0) - 0.02).astype(int) - 1, np.ceil(corners.max(axis=0) + 0.02).astype(int)
    steps = [np.arange(a, b + 1) for a, b in zip(low, high, strict=True)]
    shifts = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3) @ cell
    places = (inside[:, None, :] + shifts[None, :, :]).reshape(-1, 3)
    fractional = (places - origin) @ np.linalg.inv(frame)
    held = np.all((fractional > -ON_FACE) & (fractional < 1 + ON_FACE), axis=1)
    return np.repeat(np.arange(len(inside)), len(shifts))[held], places[held]


def _with_faces(
    inside: NDArray[np.floating], cell: NDArray[np.floating], pbc: NDArray[np.bool_]
) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
    """Repeat the atoms on faces, edges and corners of the cell, so that the drawn cell looks complete."""
    atom = np.arange(len(inside))
    if not np.any(pbc) or abs(np.linalg.det(cell)) < 1e-9:
        return atom, inside
    fractional = np.linalg.solve(np.asarray(cell, float).T, inside.T).T
    for axis in np.nonzero(pbc)[0]:
        on_face = np.abs(fractional[:, axis]) < ON_FACE
        step = np.zeros(3)
        step[axis] = 1
        atom = np.concatenate([atom, atom[on_face]])
        fractional = np.concatenate([fractional, fractional[on_face] + step])
    return atom, fractional @ np.asarray(cell, float)


def _reach(
    numbers: NDArray[np.integer],
    positions: NDArray[np.floating],
    cell: NDArray[np.floating],
    pbc: NDArray[np.bool_],
    radii: NDArray[np.floating],
    affinity: NDArray[np.floating] | None,
    orbit: NDArray[np.integer] | None,
) -> NDArray[np.floating]:
    """How far the first shell of each atom reaches, (n,) in angstrom; 0 for an atom without neighbours."""
    _, first, of = np.unique(
        np.arange(len(numbers)) if orbit is None else orbit, return_index=True, return_inverse=True
    )
    reach = np.zeros(len(first))
    for i, centre in enumerate(first.tolist()):
        shell = neighbour_shell(numbers, positions, cell, pbc, radii, centre, affinity)
        reach[i] = shell.distance[shell.n_first - 1] if shell.n_first else 0.0
    return reach[of]


def _bonds(
    numbers: NDArray[np.integer],
    reach: NDArray[np.floating],
    radii: NDArray[np.floating],
    position: NDArray[np.floating],
) -> NDArray[np.integer]:
    """Pairs of drawn atoms, each the other's first-shell neighbour."""
    distances = np.linalg.norm(position[:, None] - position[None], axis=2)
    limit = reach * 1.001
    allowed = REACH * (radii[numbers - 1][:, None] + radii[numbers - 1][None])
    near = (distances <= np.minimum(limit[:, None], limit[None])) & (distances <= allowed) & (distances > 1e-3)
    return np.argwhere(np.triu(near))
