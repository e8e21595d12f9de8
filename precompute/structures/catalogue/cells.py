"""From a row of the table to a cell full of atoms, by the symmetry operations that spglib tabulates."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError
from precompute.structures.catalogue.table import Entry

#: Two images of a site closer than this (fractional) are one atom; sites are written to 1e-5.
SAME_POSITION = 1e-3

#: Boxes per lattice vector in the search for coinciding images.
_GRID = 7919.3713

#: Rows are primitive lattice vectors in units of the conventional ones (International Tables, obverse R).
_PRIMITIVE = {
    "P": np.eye(3),
    "A": np.array([[1, 0, 0], [0, 1 / 2, 1 / 2], [0, -1 / 2, 1 / 2]]),
    "C": np.array([[1 / 2, -1 / 2, 0], [1 / 2, 1 / 2, 0], [0, 0, 1]]),
    "F": np.array([[0, 1 / 2, 1 / 2], [1 / 2, 0, 1 / 2], [1 / 2, 1 / 2, 0]]),
    "I": np.array([[-1 / 2, 1 / 2, 1 / 2], [1 / 2, -1 / 2, 1 / 2], [1 / 2, 1 / 2, -1 / 2]]),
    "R": np.array([[2 / 3, 1 / 3, 1 / 3], [-1 / 3, 1 / 3, 1 / 3], [-1 / 3, -2 / 3, 1 / 3]]),
}


@contextmanager
def quiet_spglib() -> Iterator[None]:
    """Silence the warning that spglib 2.7 gives on every call about its own change of error handling."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Set OLD_ERROR_HANDLING", category=DeprecationWarning)
        yield


@cache
def _hall_numbers() -> dict[tuple[int, int], int]:
    """Return {(space group number, setting): Hall number}: spglib's default, and origin choice 2 as setting 2."""
    import spglib

    numbers: dict[tuple[int, int], int] = {}
    with quiet_spglib():
        kinds: dict[int, Any] = {hall: spglib.get_spacegroup_type(hall) for hall in range(1, 531)}
    for hall, kind in kinds.items():
        numbers.setdefault((kind.number, 1), hall)
        if kind.choice == "2":
            numbers[kind.number, 2] = hall
    return numbers


@cache
def operations(spacegroup: int, setting: int) -> tuple[NDArray[np.int32], NDArray[np.float64], str]:
    """Return rotations (n, 3, 3), translations (n, 3) and the centring letter of a space group."""
    import spglib

    try:
        hall = _hall_numbers()[spacegroup, setting]
    except KeyError:
        raise AtlasError(
            f"space group {spacegroup} has no setting {setting}; 2 is origin choice 2 of the groups with two"
        ) from None
    with quiet_spglib():
        symmetry: Any = spglib.get_symmetry_from_database(hall)
        kind: Any = spglib.get_spacegroup_type(hall)
    return symmetry["rotations"], symmetry["translations"], kind.international_short[0]


def lattice(parameters: tuple[float, ...]) -> NDArray[np.float64]:
    """Return the cell (3, 3), rows in angstrom, a along x and b in the xy plane."""
    a, b, c = parameters[:3]
    ca, cb, cg = np.cos(np.radians(parameters[3:]))
    ca, cb, cg = (0.0 if abs(x) < 1e-12 else x for x in (ca, cb, cg))
    sg = np.sqrt(1 - cg**2)
    y = (ca - cb * cg) / sg
    return np.array([[a, 0, 0], [b * cg, b * sg, 0], [c * cb, c * y, c * np.sqrt(1 - cb**2 - y**2)]])


def snapped(position: NDArray[np.float64], spacegroup: int, setting: int) -> NDArray[np.float64]:
    """Move a position that stands within `SAME_POSITION` of a special one exactly there.

    The mean over the operations that map the position onto itself is fixed by all of them.
    """
    rotations, translations, _ = operations(spacegroup, setting)
    images = rotations @ position + translations
    shift = images - position
    shift -= np.rint(shift)
    stabiliser = np.abs(shift).max(axis=1) < SAME_POSITION
    return position + shift[stabiliser].mean(axis=0)


def orbit(position: NDArray[np.float64], spacegroup: int, setting: int) -> NDArray[np.float64]:
    """Return all images (m, 3) of a position in the conventional cell; the first is the snapped position itself."""
    rotations, translations, _ = operations(spacegroup, setting)
    images = rotations @ snapped(position, spacegroup, setting) + translations
    return _distinct(images)


def _distinct(positions: NDArray[np.float64]) -> NDArray[np.float64]:
    """Wrap fractional positions into the cell and keep the first of those that coincide.

    Images of a snapped position coincide to rounding error or not at all, so sorting them into the boxes of a grid is
    enough, and 15 times as fast as comparing all pairs. The grid's irregular spacing and origin keep its lines off
    coordinates of five decimals and off simple fractions.
    """
    wrapped = positions - np.floor(positions + SAME_POSITION / 10)
    box = np.floor(wrapped * _GRID + 0.3719).astype(np.int64)
    key = (box[:, 0] * 1_000_003 + box[:, 1]) * 1_000_003 + box[:, 2]
    _, first = np.unique(key, return_index=True)
    return wrapped[np.sort(first)]


def primitive_vectors(entry: Entry) -> NDArray[np.float64]:
    """Return the primitive lattice vectors (3, 3) in units of the conventional ones."""
    return _PRIMITIVE[operations(entry.spacegroup, entry.setting)[2]]


def expand(
    entry: Entry, primitive: bool | None = None
) -> tuple[list[str], NDArray[np.float64], NDArray[np.float64], list[int]]:
    """Fill the cell of an entry.

    Parameters
    ----------
    entry : Entry
    primitive : bool, optional
        Which cell; the one that the entry names where left out.

    Returns
    -------
    symbols : list of str, n atoms
    fractional : (n, 3) float
        In the returned cell.
    cell : (3, 3) float
        Angstrom; the primitive vectors keep the orientation of the conventional cell.
    first : list of int
        For each site of the entry, the index of the atom that stands at the listed position.
    """
    if primitive is None:
        primitive = entry.cell == "primitive"
    vectors = primitive_vectors(entry) if primitive else np.eye(3)
    to_cell = np.linalg.inv(vectors)
    symbols: list[str] = []
    blocks: list[NDArray[np.float64]] = []
    first: list[int] = []
    for site in entry.sites:
        images = orbit(np.array(site.position), entry.spacegroup, entry.setting)
        if primitive:
            images = _distinct(images @ to_cell)
        first.append(len(symbols))
        symbols += [site.symbol] * len(images)
        blocks.append(images)
    return symbols, np.concatenate(blocks), vectors @ lattice(entry.parameters), first
