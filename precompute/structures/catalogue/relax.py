"""Relax the crystals whose geometry is an estimate, once, with a named pretrained model.

Run ``python -m precompute.structures.catalogue.relax [ID ...]`` in an environment that has sevenn. Without ids it takes
every row whose origin is ``estimate``; each becomes ``model-relaxed`` in its table. The space group is kept.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError
from precompute.structures.catalogue.cells import expand, lattice, operations, primitive_vectors, snapped
from precompute.structures.catalogue.table import FOLDER, Entry, Site, read_table, write_table
from precompute.structures.symmetry import crystal_system

if TYPE_CHECKING:
    from ase import Atoms
    from ase.calculators.calculator import Calculator

MODEL = "7net-l3i5"
#: eV/angstrom on atoms, and eV per atom on the virial.
FORCE_TOLERANCE = 0.05
MAX_STEPS = 250
#: eV/cubic angstrom (about 80 GPa), a typical bulk modulus; it only sets the step of the volume search.
BULK_GUESS = 0.5


def calculator() -> Calculator:
    """Return the calculator of `MODEL`, with the weights that come inside sevenn's wheel."""
    try:
        from sevenn.calculator import SevenNetCalculator
    except ImportError as error:
        raise AtlasError(
            f"{MODEL} needs sevenn 0.13 ({error}); run this with the interpreter of sevenn's own environment, "
            "which `platonic-atlas env create sevennet` makes"
        ) from error
    return SevenNetCalculator(MODEL, device="cpu")


def version() -> str:
    """Return the version of the installed sevenn."""
    from importlib.metadata import version as installed

    return installed("sevenn")


def as_atoms(entry: Entry, primitive: bool = True) -> Atoms:
    """Return an entry as `ase.Atoms`, the primitive cell unless the conventional one is asked for."""
    from ase import Atoms

    symbols, fractional, cell, _ = expand(entry, primitive)
    return Atoms(symbols, scaled_positions=fractional, cell=cell, pbc=True)


def relax(entry: Entry, calc: Calculator) -> Entry:
    """Relax cell and positions of an entry within its space group.

    The volume is found first, along the pressure, so that a rough estimate does not send atoms astray; then all that
    symmetry leaves free. An entry that does not converge in `MAX_STEPS` is an error.
    """
    from ase.constraints import FixSymmetry
    from ase.filters import FrechetCellFilter
    from ase.optimize import BFGS, FIRE

    _, fractional, _, first = expand(entry, primitive=True)
    atoms = as_atoms(entry)
    atoms.calc = calc
    _find_volume(atoms)
    atoms.set_constraint(FixSymmetry(atoms, symprec=1e-3))
    target: Any = FrechetCellFilter(atoms)  # ASE's optimisers take filters, its annotations only Atoms
    converged = BFGS(target, logfile=None, maxstep=0.1).run(fmax=FORCE_TOLERANCE, steps=MAX_STEPS // 2)
    if not converged:
        converged = FIRE(target, logfile=None).run(fmax=FORCE_TOLERANCE, steps=MAX_STEPS)
    if not converged:
        raise AtlasError(f"{entry.id} did not relax in {MAX_STEPS} steps; check its estimate and its prototype")
    vectors = primitive_vectors(entry)
    moved = atoms.get_scaled_positions(wrap=False) - fractional
    cell = np.linalg.inv(vectors) @ atoms.cell.array
    shifts = [moved[i] @ vectors for i in first]
    return replace(
        entry,
        parameters=_parameters(cell, entry),
        sites=tuple(_moved(site, shift, entry) for site, shift in zip(entry.sites, shifts, strict=True)),
    )


def marked(entry: Entry) -> Entry:
    """Return a relaxed entry with the origin and source that say so."""
    source = f"relaxed with {MODEL} (SevenNet {version()}) in the {entry.prototype} prototype"
    return replace(entry, origin="model-relaxed", source=source)


def _find_volume(atoms: Atoms) -> None:
    """Scale the cell to nearly zero pressure, in at most eight steps of no more than 8 % in length each."""
    for _ in range(8):
        strain = -np.trace(atoms.get_stress(voigt=False)) / 3 / BULK_GUESS / 3
        if abs(strain) < 0.005:
            return
        scale = 1 + float(np.clip(strain, -0.08, 0.08))
        atoms.set_cell(atoms.cell.array * scale, scale_atoms=True)


def _parameters(cell: NDArray[np.float64], entry: Entry) -> tuple[float, float, float, float, float, float]:
    """Return a, b, c, alpha, beta, gamma of the cell averaged over the point group, rounded as the table is."""
    rotations, _, _ = operations(entry.spacegroup, entry.setting)
    metric = cell @ cell.T
    metric = np.mean([r.T @ metric @ r for r in rotations], axis=0)
    lengths = np.sqrt(np.diag(metric))
    cosines = (metric / np.outer(lengths, lengths))[[1, 0, 0], [2, 2, 1]]
    a, b, c = (round(float(x), 4) for x in lengths)
    alpha, beta, gamma = (round(float(x), 4) for x in np.degrees(np.arccos(cosines)))
    return a, b, c, alpha, beta, gamma


def _moved(site: Site, shift: NDArray[np.float64], entry: Entry) -> Site:
    position = snapped(np.array(site.position), entry.spacegroup, entry.setting) + shift
    x, y, z = (float(v) for v in snapped(position, entry.spacegroup, entry.setting))
    return Site(site.symbol, (x, y, z))


def main(argv: list[str] | None = None) -> None:
    """Relax the rows named on the command line, or all estimates, and write the tables back after each row."""
    parser = argparse.ArgumentParser(description=f"Relax catalogue estimates with {MODEL}.")
    parser.add_argument("ids", nargs="*", help="ids of rows to relax; all estimates where left out")
    wanted = set(parser.parse_args(argv).ids)
    calc = calculator()
    for path in sorted(FOLDER.glob("*.csv")):
        entries = read_table(path)
        for i, entry in enumerate(entries):
            if entry.id in wanted if wanted else entry.origin == "estimate":
                entries[i] = marked(relax(entry, calc))
                write_table(path, entries)
                print(f"{entry.id}: {_summary(entry)} -> {_summary(entries[i])}")


def _summary(entry: Entry) -> str:
    volume = abs(np.linalg.det(lattice(entry.parameters)))
    return f"{crystal_system(entry.spacegroup)} {volume:.1f} A^3"


if __name__ == "__main__":
    main()
