"""The readable table of the catalogue: one row a crystal, in the CSV files of the folder ``crystals``."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path

from precompute.contracts import AtlasError
from precompute.structures.symmetry import crystal_system

FOLDER = Path(__file__).parent / "crystals"
ORIGINS = ("literature", "prototype database", "model-relaxed", "estimate")
#: Cell parameters that symmetry leaves free; the table gives these and leaves the others empty.
FREE_PARAMETERS = {
    "triclinic": ("a", "b", "c", "alpha", "beta", "gamma"),
    "monoclinic": ("a", "b", "c", "beta"),
    "orthorhombic": ("a", "b", "c"),
    "tetragonal": ("a", "c"),
    "trigonal": ("a", "c"),
    "hexagonal": ("a", "c"),
    "cubic": ("a",),
}


@dataclass(frozen=True)
class Site:
    """One atom of the asymmetric unit: element symbol and fractional coordinates in the conventional cell."""

    symbol: str
    position: tuple[float, float, float]


@dataclass(frozen=True)
class Entry:
    """One row of the table.

    Attributes
    ----------
    id, name, formula, prototype, family, source, remark : str
        The name is the common one; the prototype carries its Strukturbericht or AFLOW label.
    spacegroup : int
        International number; monoclinic cells have unique axis b and cell choice 1, rhombohedral groups
        hexagonal axes.
    setting : int
        Origin choice of the groups that have two, as in `ase.spacegroup`; 1 otherwise.
    parameters : tuple of float
        a, b, c in angstrom, alpha, beta, gamma in degrees; all six, also those that symmetry fixes.
    sites : tuple of Site
    cell : str
        The cell that `load` returns: conventional, or primitive where the conventional one is wasteful.
    origin : str
        literature, prototype database, model-relaxed; or estimate, which waits for `relax`.
    hypothetical : bool
    """

    id: str
    name: str
    formula: str
    prototype: str
    family: str
    spacegroup: int
    setting: int
    parameters: tuple[float, float, float, float, float, float]
    sites: tuple[Site, ...]
    cell: str
    origin: str
    hypothetical: bool
    source: str
    remark: str


COLUMNS = (
    "id", "name", "formula", "prototype", "family", "spacegroup", "setting", "a", "b", "c", "alpha", "beta",
    "gamma", "sites", "cell", "origin", "hypothetical", "source", "remark",
)  # fmt: skip
_PARAMETERS = ("a", "b", "c", "alpha", "beta", "gamma")


def read_table(path: Path) -> list[Entry]:
    """Read one CSV file of the catalogue; an error names the file, the row and the column."""
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise AtlasError(f"{path.name} has the columns {reader.fieldnames}, expected {list(COLUMNS)}")
        return [_entry(row, path.name) for row in reader]


def read_all(folder: Path = FOLDER) -> list[Entry]:
    """Read every table of the folder, in the order of the file names."""
    return [entry for path in sorted(folder.glob("*.csv")) for entry in read_table(path)]


def write_table(path: Path, entries: Iterable[Entry]) -> None:
    """Write one CSV file of the catalogue."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows([_row(entry)[column] for column in COLUMNS] for entry in entries)


def fill_parameters(spacegroup: int, given: dict[str, float]) -> tuple[float, float, float, float, float, float]:
    """Complete the free cell parameters by those that the crystal system fixes."""
    system = crystal_system(spacegroup)
    free = FREE_PARAMETERS[system]
    if set(given) != set(free):
        raise AtlasError(f"a {system} cell is given by {', '.join(free)}; found {', '.join(given) or 'nothing'}")
    a = given["a"]
    gamma = 120.0 if system in ("trigonal", "hexagonal") else 90.0
    return (
        a,
        given.get("b", a),
        given.get("c", a),
        given.get("alpha", 90.0),
        given.get("beta", 90.0),
        given.get("gamma", gamma),
    )


def _entry(row: dict[str, str], file: str) -> Entry:
    try:
        number = int(row["spacegroup"])
        entry = Entry(
            **{name: row[name] for name in ("id", "name", "formula", "prototype", "family", "cell", "origin")},
            spacegroup=number,
            setting=int(row["setting"]),
            parameters=fill_parameters(number, {p: float(row[p]) for p in _PARAMETERS if row[p]}),
            sites=tuple(_site(text) for text in row["sites"].split(";")),
            hypothetical={"yes": True, "no": False}[row["hypothetical"]],
            source=row["source"],
            remark=row["remark"],
        )
    except (ValueError, KeyError, AtlasError) as error:
        raise AtlasError(f"{file}, row {row.get('id')!r}: {error}") from error
    if entry.origin not in ORIGINS:
        raise AtlasError(f"{file}, row {entry.id!r}: origin {entry.origin!r}, expected one of {', '.join(ORIGINS)}")
    if entry.cell not in ("conventional", "primitive"):
        raise AtlasError(f"{file}, row {entry.id!r}: cell {entry.cell!r}, expected conventional or primitive")
    return entry


def _site(text: str) -> Site:
    symbol, *coordinates = text.split()
    x, y, z = (float(Fraction(word)) for word in coordinates)
    return Site(symbol, (x, y, z))


def _row(entry: Entry) -> dict[str, str]:
    row = {f.name: str(getattr(entry, f.name)) for f in fields(entry)}
    free = FREE_PARAMETERS[crystal_system(entry.spacegroup)]
    for name, value in zip(_PARAMETERS, entry.parameters, strict=True):
        row[name] = f"{value:.4f}".rstrip("0").rstrip(".") if name in free else ""
    row["sites"] = "; ".join(f"{s.symbol} {' '.join(_coordinate(x) for x in s.position)}" for s in entry.sites)
    row["hypothetical"] = "yes" if entry.hypothetical else "no"
    return row


def _coordinate(value: float) -> str:
    """Write the fractions of special positions exactly, other coordinates to five decimals."""
    fraction = Fraction(value).limit_denominator(12)
    if abs(float(fraction) - value) < 1e-6:
        return str(fraction)
    return f"{value:.5f}".rstrip("0").rstrip(".")
