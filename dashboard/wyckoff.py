"""Wyckoff positions as *International Tables* name them: multiplicity in the conventional cell, and letter.

A stored cell may be primitive or a supercell, so atoms cannot simply be counted: the multiplicity is the order of the
crystal's point group over that of the site, times the lattice points of the conventional cell (hexagonal axes for R).
"""

from __future__ import annotations

from functools import cache

# last space group of each crystal class, and the order of its point group
_CLASSES = (
    (1, 1), (2, 2), (5, 2), (9, 2), (15, 4), (24, 4), (46, 4), (74, 8), (80, 4), (82, 4), (88, 8), (98, 8), (110, 8),
    (122, 8), (142, 16), (146, 3), (148, 6), (155, 6), (161, 6), (167, 12), (173, 6), (174, 6), (176, 12), (182, 12),
    (186, 12), (190, 12), (194, 24), (199, 12), (206, 24), (214, 24), (220, 24), (230, 48),
)  # fmt: skip
_SITE_ORDERS = {
    "1": 1, "-1": 2, "2": 2, "m": 2, "2/m": 4, "222": 4, "mm2": 4, "m2m": 4, "2mm": 4, "mmm": 8, "4": 4, "-4": 4,
    "4/m": 8, "422": 8, "4mm": 8, "-42m": 8, "-4m2": 8, "4/mmm": 16, "3": 3, "-3": 6, "32": 6, "3m": 6, "-3m": 12,
    "6": 6, "-6": 6, "6/m": 12, "622": 12, "6mm": 12, "-6m2": 12, "-62m": 12, "6/mmm": 24, "23": 12, "m-3": 24,
    "432": 24, "-43m": 24, "m-3m": 48,
}  # fmt: skip
_LATTICE_POINTS = {"P": 1, "A": 2, "B": 2, "C": 2, "I": 2, "R": 3, "F": 4}


@cache
def position(spacegroup: int, symbol: str, site_symmetry: str, letter: str) -> str:
    """``4a`` from (225, "Fm-3m", "m-3m", "a"); the letter alone where the multiplicity does not follow.

    Parameters
    ----------
    spacegroup : int
        International number.
    symbol : str
        International short symbol; its first letter is the lattice.
    site_symmetry : str
        Oriented symbol, with or without dots, e.g. ``4/mm.m``.
    letter : str
    """
    site = _SITE_ORDERS.get(site_symmetry.replace(".", ""))
    points = _LATTICE_POINTS.get(symbol[:1])
    if len(letter) != 1 or not 1 <= spacegroup <= 230 or site is None or points is None:
        return letter
    order = next(n for last, n in _CLASSES if spacegroup <= last)
    return letter if order % site else f"{points * order // site}{letter}"
