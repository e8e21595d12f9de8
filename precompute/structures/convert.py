"""Structure to and from `ase.Atoms`, the form in which potentials and file formats know a structure."""

from __future__ import annotations

import math
from collections.abc import Container
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError, PropertyValue, Structure

if TYPE_CHECKING:
    from ase import Atoms

# Results that describe the structure itself; others (free_energy, energies) would repeat or confuse them.
RESULT_UNITS = {"energy": "eV", "magmom": "mu_B"}
ATOM_RESULT_UNITS = {"forces": "eV/A", "magmoms": "mu_B", "charges": "e"}
_MAX_TEXT = 500
_OWN_ARRAYS = frozenset({"numbers", "positions"})


def to_ase(structure: Structure) -> Atoms:
    """Return `structure` as a new `ase.Atoms`: species, positions, cell and periodicity, without properties.

    The arrays are copies, so whatever a calculator does to the atoms leaves the structure as it was.
    """
    from ase import Atoms

    return Atoms(
        numbers=np.array(structure.numbers, dtype=int),
        positions=np.array(structure.positions),
        cell=np.array(structure.cell),
        pbc=np.array(structure.pbc),
    )


def from_ase(atoms: Atoms, id: str, source: str) -> Structure:
    """Return `atoms` as a Structure.

    ``atoms.info`` becomes structure properties (numbers, truth values and text; nothing else has a column to stand
    in), ``atoms.arrays`` atom properties. Results of a single-point calculator are kept with their units (energy in
    eV, forces in eV/A, magnetic moments in Bohr magnetons) where the file gave no property of that name.

    Raises
    ------
    AtlasError
        If an atomic number is outside 0-118 (0 is ASE's dummy ``X``, for `checks.problem` to name).
    """
    strange = atoms.numbers[(atoms.numbers < 0) | (atoms.numbers > 118)]
    if len(strange):
        raise AtlasError(f"{id}: atomic number {strange[0]} is no element; expected 1-118")
    properties: dict[str, PropertyValue] = {}
    units: dict[str, str] = {}
    for name, value in atoms.info.items():
        plain = plain_value(value)
        if plain is not None:
            properties[property_name(name, properties)] = plain
    atom_properties: dict[str, NDArray] = {}
    for name, values in atoms.arrays.items():
        if name not in _OWN_ARRAYS and _is_column(values):
            atom_properties[property_name(name, atom_properties)] = np.array(values)
    results: dict[str, Any] = getattr(atoms.calc, "results", {}) if atoms.calc is not None else {}
    for name, unit in RESULT_UNITS.items():
        value = plain_value(results.get(name))
        if value is not None and name not in properties:
            properties[name] = value
            units[name] = unit
    for name, unit in ATOM_RESULT_UNITS.items():
        column = results.get(name)
        if column is not None and len(column) == len(atoms) and name not in atom_properties:
            atom_properties[name] = np.array(column, dtype=np.float64)
            units[name] = unit
    return Structure(
        id=id,
        source=source,
        numbers=atoms.numbers,
        positions=atoms.positions,
        cell=atoms.cell.array,
        pbc=atoms.pbc,
        properties=properties,
        atom_properties=atom_properties,
        units=units,
    )


def plain_value(value: object) -> PropertyValue | None:
    """Return `value` as a number, truth value or text; None for a missing value (NaN, infinity) and anything else.

    Text is cut at 500 characters: one page of it in one structure would cost every structure of the atlas a page.
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 2**63:
        return float(value) if abs(value) < 10**300 else None
    if isinstance(value, str) and len(value) > _MAX_TEXT:
        return value[: _MAX_TEXT - 1] + "…"
    return value if isinstance(value, bool | int | str) else None


def property_name(name: object, taken: Container[str] = ()) -> str:
    """Return a property's name fit for a column: no slashes or control characters, no leading dot, at most 80 long.

    Names of columns become names of arrays on disk, and those in a file may be anything. A name in `taken` gets an
    underscore at its end.
    """
    clean = "".join(c if c.isprintable() and c not in "/\\" else "_" for c in str(name).strip())[:80]
    clean = f"_{clean.lstrip('.')}" if clean.startswith(".") or not clean else clean
    while clean in taken:
        clean += "_"
    return clean


def _is_column(values: NDArray) -> bool:
    return isinstance(values, np.ndarray) and values.dtype.kind in "biufUS" and values.ndim in (1, 2)
