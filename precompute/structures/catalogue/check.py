"""Check every crystal of the catalogue: geometry, symmetry, coverage and, with sevenn, forces and pressure.

``python -m precompute.structures.catalogue.check`` checks what needs no model; with ``--model`` it must run in an
environment that has sevenn. It prints what is wrong and ends with status 1 if anything is.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from precompute.contracts import Structure
from precompute.structures.catalogue.cells import expand, quiet_spglib
from precompute.structures.catalogue.table import Entry, read_all

if TYPE_CHECKING:
    from ase.calculators.calculator import Calculator

#: Shortest distance in units of the sum of covalent radii (Cordero et al., Dalton Trans. 2832 (2008)).
SHORTEST_RATIO = 0.7
SYMMETRY_TOLERANCE = 0.01  # angstrom
GRAPH_RADIUS = 5.0  # angstrom; cutoff of 7net-l3i5
LARGEST_FORCE = 0.1  # eV/angstrom
LARGEST_PRESSURE = 5.0  # GPa
FEWEST_COMPOUNDS = 6
#: Elements of the Materials Project's models: H to Bi, Ac to Pu.
ELEMENTS = (*range(1, 84), *range(89, 95))
#: Elements without six crystals that could be named.
EXEMPT = frozenset({2, 10, 18, 36, 54})
#: How the remark of an entry begins that may exceed the limits of force and pressure; the reason follows.
EXCUSE = "outside the limits of the check: "


def shortest_ratio(entry: Entry) -> float:
    """Return the shortest interatomic distance in units of the sum of the two covalent radii; inf where above 1."""
    from ase.data import atomic_numbers, covalent_radii
    from ase.neighborlist import primitive_neighbor_list

    symbols, fractional, cell, _ = expand(entry, primitive=True)
    radii = covalent_radii[[atomic_numbers[s] for s in symbols]]
    i, j, distance = primitive_neighbor_list("ijd", (True, True, True), cell, fractional @ cell, list(radii))
    if len(distance) == 0:
        return np.inf
    return float((distance / (radii[i] + radii[j])).min())


def unseen_atoms(structure: Structure) -> int:
    """Return how many atoms have no neighbour within the graph radius of the model that relaxed them."""
    from precompute.structures.periodic import pairs_within

    first = pairs_within(structure, GRAPH_RADIUS).first
    return len(structure) - len(np.unique(first))


def found_spacegroup(structure: Structure) -> int:
    """Return the space group number that spglib finds within `SYMMETRY_TOLERANCE`; 0 if it finds none."""
    import spglib

    fractional = np.linalg.solve(structure.cell.T, structure.positions.T).T
    cell: Any = (structure.cell, fractional, structure.numbers)
    with quiet_spglib():
        dataset = spglib.get_symmetry_dataset(cell, symprec=SYMMETRY_TOLERANCE)
    return 0 if dataset is None else int(dataset.number)


def compounds(entries: Iterable[Entry]) -> dict[str, set[tuple[frozenset[str], str]]]:
    """Return, for each element, its compounds as distinct (partners, prototype); elemental crystals do not count."""
    found: dict[str, set[tuple[frozenset[str], str]]] = {}
    for entry in entries:
        symbols = frozenset(site.symbol for site in entry.sites)
        for symbol in symbols if len(symbols) > 1 else ():
            found.setdefault(symbol, set()).add((symbols - {symbol}, entry.prototype))
    return found


def geometry_faults(entries: Iterable[Entry]) -> Iterator[str]:
    """Name entries whose atoms are too close or lost, or whose declared space group spglib does not find."""
    from precompute.structures.catalogue.load import structure

    for entry in entries:
        ratio = shortest_ratio(entry)
        if ratio < SHORTEST_RATIO:
            yield f"{entry.id}: two atoms at {ratio:.2f} of the sum of their covalent radii"
        made = structure(entry)
        if entry.origin == "model-relaxed" and (unseen := unseen_atoms(made)):
            yield f"{entry.id}: {unseen} atoms have no neighbour within {GRAPH_RADIUS:g} A, so no force held them"
        number = found_spacegroup(made)
        if number != entry.spacegroup:
            yield f"{entry.id}: declared space group {entry.spacegroup}, spglib finds {number}"


def coverage_faults(entries: Iterable[Entry]) -> Iterator[str]:
    """Name elements with too few compounds."""
    from ase.data import chemical_symbols

    found = compounds(entries)
    for number in ELEMENTS:
        symbol = chemical_symbols[number]
        count = len(found.get(symbol, ()))
        if number not in EXEMPT and count < FEWEST_COMPOUNDS:
            yield f"{symbol}: {count} compounds, expected at least {FEWEST_COMPOUNDS}"


def strain(entry: Entry, calc: Calculator) -> tuple[float, float]:
    """Return the largest force (eV/angstrom) and the pressure (GPa) that the calculator finds."""
    from ase.units import GPa

    from precompute.structures.catalogue.relax import as_atoms

    atoms = as_atoms(entry)
    atoms.calc = calc
    force = float(np.linalg.norm(atoms.get_forces(), axis=1).max())
    return force, float(-np.trace(atoms.get_stress(voigt=False)) / 3 / GPa)


def model_faults(entries: Iterable[Entry], calc: Calculator) -> Iterator[str]:
    """Name entries with forces or pressure beyond the limits and no reason given in their remark."""
    for entry in entries:
        force, pressure = strain(entry, calc)
        outside = force > LARGEST_FORCE or abs(pressure) > LARGEST_PRESSURE
        if outside and not entry.remark.startswith(EXCUSE):
            yield f"{entry.id}: force {force:.3f} eV/A, pressure {pressure:.2f} GPa"


def main(argv: list[str] | None = None) -> int:
    """Print the faults and return the exit status."""
    parser = argparse.ArgumentParser(description="Check the crystals of the catalogue.")
    parser.add_argument("--model", action="store_true", help="check forces and pressure too (needs sevenn)")
    entries = read_all()
    faults = [f"{e.id}: still an estimate; run the relax module" for e in entries if e.origin == "estimate"]
    faults += [*geometry_faults(entries), *coverage_faults(entries)]
    if parser.parse_args(argv).model:
        from precompute.structures.catalogue.relax import calculator

        faults += model_faults(entries, calculator())
    print("\n".join(faults))
    print(f"{len(entries)} crystals checked, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
