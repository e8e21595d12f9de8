"""Tables of crystals: one row each, a column `cif`, the other columns properties (the layout of MP-20 and Perov-5)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path

from precompute.contracts import AtlasError, PropertyValue, Structure
from precompute.structures.ase_files import read_cif
from precompute.structures.convert import plain_value, property_name
from precompute.structures.reports import Report, reported

UNITS = {
    "formation_energy_per_atom": "eV/atom",
    "energy_per_atom": "eV/atom",
    "e_above_hull": "eV/atom",
    "band_gap": "eV",
    "heat_all": "eV/atom",
    "heat_ref": "eV/atom",
    "dir_gap": "eV",
    "ind_gap": "eV",
}
"""Units of the columns that the published tables have."""
ID_COLUMNS = ("material_id", "structure_id", "id")
_INDEX_COLUMNS = ("", "Unnamed: 0")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_MISSING = frozenset({"", "nan", "none", "null"})


def read_csv(path: Path, source: str, stem: str) -> Iterator[Structure | Report]:
    """Yield the rows of a table as structures, or what stands against each.

    The id is the row's ``material_id`` (or ``structure_id`` or ``id``), else the file's stem and the row's number
    from 0. A CIF is read by ASE.

    Raises
    ------
    AtlasError
        If the table has no column ``cif``.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        columns = list(rows.fieldnames or ())
        if "cif" not in columns:
            shown = ", ".join(map(repr, columns[:8])) or "none"
            raise AtlasError(f"table has no column 'cif'; its columns are {shown}")
        for number, row in enumerate(rows):
            id_ = next((row[c].strip() for c in ID_COLUMNS if row.get(c)), f"{stem}:{number}")
            yield reported(partial(_read_row, row, id_, f"{source} row {number}"), id_)


def _read_row(row: Mapping[str, str | None], id_: str, source: str) -> Structure:
    text = row["cif"]
    if not text or not text.strip():
        raise AtlasError("the row has no CIF")
    frames = list(read_cif(io.BytesIO(text.encode())))
    if len(frames) != 1:
        raise AtlasError(f"the row's CIF holds {len(frames)} structures, expected 1")
    properties: dict[str, PropertyValue] = {}
    used = {"cif", *_INDEX_COLUMNS, *(c for c in ID_COLUMNS[:1] if row.get(c))}
    for column, cell in row.items():
        if column in used or not isinstance(column, str) or not isinstance(cell, str):
            continue
        value = _value(column, cell.strip())
        if value is not None:
            properties[property_name(column, properties)] = value
    atoms = frames[0]
    return Structure(
        id=id_,
        source=source,
        numbers=atoms.numbers,
        positions=atoms.positions,
        cell=atoms.cell.array,
        pbc=atoms.pbc,
        properties=properties,
        units={name: unit for name, unit in UNITS.items() if name in properties},
    )


def _value(column: str, cell: str) -> PropertyValue | None:
    if "formula" in column or column == "elements":
        # InF and NaN are compounds, 1e5 is not a formula.
        return plain_value(cell) if cell else None
    if cell.lower() in _MISSING:
        return None
    if _NUMBER.fullmatch(cell):
        is_integer = cell.lstrip("+-").isdigit()
        return plain_value(int(cell) if is_integer and len(cell) < 20 else float(cell))
    if cell in ("True", "False"):
        return cell == "True"
    return plain_value(cell)
