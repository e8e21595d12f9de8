"""Space group, orbits and site symmetry of a structure, by spglib where it is periodic."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import Analysis, AtlasError, Structure
from precompute.structures.coordination import coordination_numbers
from precompute.structures.formula import molecular_formula, reduced_formula
from precompute.structures.periodic import lattice
from precompute.structures.point_symmetry import molecular_orbits

SYMPREC = 0.01
"""Angstrom: how far an atom may be from where a symmetry operation puts it. Spglib's usual value for relaxed cells."""
_VACUUM = 17.3
_SYSTEMS = (
    (2, "triclinic"),
    (15, "monoclinic"),
    (74, "orthorhombic"),
    (142, "tetragonal"),
    (167, "trigonal"),
    (194, "hexagonal"),
    (230, "cubic"),
)
_APERIODIC = {0: "molecule", 1: "chain", 2: "layer"}


def analyse(structure: Structure, symprec: float = SYMPREC) -> Analysis:
    """Return formula, symmetry and coordination numbers of a structure that `checks.problem` finds nothing against.

    Crystals (periodic in three directions) are analysed by spglib at `symprec`; where it finds no symmetry at any
    of ``symprec`` and a tenth of it, the structure is taken as P1 with every atom its own orbit.

    What is not periodic in three directions has no space group: number 0, empty symbol and Wyckoff letters, and
    ``molecule``, ``chain`` or ``layer`` (periodic in 0, 1, 2 directions) as crystal system. Molecules have their
    full formula (``C2H4``) and the orbits of their point group (`molecular_orbits`), without site symmetry symbols.
    Chains and layers are set into vacuum and given to spglib; a chain axis other than 1, 2 or 4 is not seen, so
    orbits of chains can be finer than the truth, never coarser.

    Parameters
    ----------
    structure : Structure
    symprec : float
        Angstrom.

    Returns
    -------
    Analysis
    """
    n, periodic = len(structure), int(structure.pbc.sum())
    formula = reduced_formula(structure.numbers) if periodic else molecular_formula(structure.numbers)
    coordination = coordination_numbers(structure)
    if periodic == 0:
        orbit = molecular_orbits(structure.positions, structure.numbers, symprec)
        return Analysis(formula, 0, "", "molecule", orbit, np.full(n, ""), np.full(n, ""), coordination)
    dataset = _dataset(structure, symprec)
    if dataset is None:
        orbit, site_symmetry, wyckoff = np.arange(n, dtype=np.int32), np.full(n, "1"), np.full(n, "a")
        number, symbol = 1, "P1"
    else:
        orbit = first_of_each(dataset.crystallographic_orbits)
        site_symmetry, wyckoff = np.array(dataset.site_symmetry_symbols), np.array(dataset.wyckoffs)
        number, symbol = int(dataset.number), str(dataset.international)
    if periodic < 3:
        return Analysis(formula, 0, "", _APERIODIC[periodic], orbit, site_symmetry, np.full(n, ""), coordination)
    return Analysis(formula, number, symbol, crystal_system(number), orbit, site_symmetry, wyckoff, coordination)


def crystal_system(spacegroup: int) -> str:
    """Return the crystal system of a space group number, 1-230.

    Raises
    ------
    AtlasError
        For any other number.
    """
    if not 1 <= spacegroup <= 230:
        raise AtlasError(f"space group {spacegroup}: expected a number from 1 to 230")
    return next(system for last, system in _SYSTEMS if spacegroup <= last)


def first_of_each(labels: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return for each entry the index of the first entry with the same label."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    return first[inverse].astype(np.int32)


def _dataset(structure: Structure, symprec: float) -> Any | None:
    """Return spglib's dataset, or None where it finds none.

    Spglib gives up on a few cells whose distortions are as large as the tolerance; a tighter one separates them.
    """
    # Its library writes to the terminal what it then returns as a missing dataset.
    os.environ.setdefault("SPGLIB_WARNING", "OFF")
    import spglib

    cell = _with_vacuum(structure)
    crystal: Any = (cell, structure.positions @ np.linalg.inv(cell), structure.numbers)
    for tolerance in (symprec, symprec / 10):
        with warnings.catch_warnings():
            # Spglib 2.8 warns on every call that 3.0 will raise where it now returns None; both are handled here.
            warnings.filterwarnings("ignore", message="Set OLD_ERROR_HANDLING", category=DeprecationWarning)
            try:
                dataset = spglib.get_symmetry_dataset(crystal, symprec=tolerance)
            except spglib.SpglibError:
                continue
        if dataset is not None:
            return dataset
    return None


def _with_vacuum(structure: Structure) -> NDArray[np.float64]:
    """Return the cell with aperiodic directions long enough to hold the atoms and vacuum."""
    cell = lattice(structure)
    across = cell[~structure.pbc]
    if len(across):
        extent = np.ptp(structure.positions @ across.T, axis=0).max() + _VACUUM
        cell[~structure.pbc] = across * extent
    return cell
