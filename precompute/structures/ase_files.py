"""Files that ASE reads, opened in a way that a hostile one cannot exploit."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from precompute.contracts import AtlasError, Structure
from precompute.structures.convert import from_ase, plain_value
from precompute.structures.reports import Report, reported

if TYPE_CHECKING:
    from ase import Atoms

ID_KEYS = ("material_id", "structure_id", "id")
# Folders of a writer's own making, and servers: neither is a file.
_REFUSED_FORMATS = frozenset({"bundletrajectory", "mysql", "postgresql"})
_OCCUPIED = 1.0 - 1e-4
# What ASE's CIF parser adds to say how it read the file.
_CIF_INFO = ("spacegroup", "unit_cell", "occupancy")


def read_ase(path: Path, source: str, stem: str) -> Iterator[Structure | Report]:
    """Yield every structure of a file, or what stands against it.

    The id is what the structure's own ``material_id``, ``structure_id`` or ``id`` says, else the file's stem, with
    ``#`` and the frame's number from 0 where there are several (for ASE databases, the row's own id). What follows
    a frame that cannot be read is lost and reported as one.

    Raises
    ------
    AtlasError
        If the file is of no format that ASE reads.
    """
    format_ = file_format(path)
    frames = _rows(path) if format_ in ("db", "json") else _frames(path, format_)
    number, held = 0, None
    while True:
        frame = reported(lambda: next(frames, None), stem)
        if frame is None:
            break
        if isinstance(frame, Report):
            if held is not None:
                yield _structure(held, f"{stem}#0", source, numbered=True)
            reason = frame.reason if number == 0 else f"frame {number} and what follows: {frame.reason}"
            yield Report(stem if number == 0 else f"{stem}#{number}", reason)
            return
        if number == 0:
            # Whether the first frame needs a number is known when a second one comes.
            held = frame
        else:
            if held is not None:
                yield _structure(held, f"{stem}#0", source, numbered=True)
                held = None
            yield _structure(frame, f"{stem}#{number}", source, numbered=True)
        number += 1
    if held is not None:
        yield _structure(held, stem, source, numbered=False)


def file_format(path: Path) -> str:
    """Return ASE's name of the file's format, by name and first bytes.

    Raises
    ------
    AtlasError
        If there is none, or none that is read here.
    """
    from ase.io.formats import UnknownFileTypeError, filetype, ioformats

    try:
        name = filetype(str(path))
    except UnknownFileTypeError:
        name = ""
    if name not in ioformats or not ioformats[name].can_read or name in _REFUSED_FORMATS:
        raise AtlasError("not a structure file: no format that ASE reads is known by this name or content")
    return str(name)


def read_cif(file: IO[bytes] | str) -> Iterator[Atoms]:
    """Yield the structures of a CIF.

    Raises
    ------
    AtlasError
        If a site is partially occupied or shared.
    """
    from ase.io.cif import iread_cif

    for atoms in iread_cif(file, index=slice(None)):
        sites: Mapping[str, Mapping[str, float]] = atoms.info.get("occupancy", {})
        for label, species in sites.items():
            if len(species) > 1 or min(species.values()) < _OCCUPIED:
                shown = ", ".join(f"{symbol} {share:g}" for symbol, share in species.items())
                raise AtlasError(
                    f"site {label} is partially occupied or shared ({shown}); only ordered structures are read"
                )
        for name in _CIF_INFO:
            atoms.info.pop(name, None)
        atoms.arrays.pop("spacegroup_kinds", None)
        yield atoms


def _structure(frame: tuple[Atoms, dict[str, Any]], id_: str, source: str, numbered: bool) -> Structure | Report:
    atoms, extra = frame
    atoms.info.update(extra)
    own = next((str(atoms.info[k]) for k in ID_KEYS if isinstance(plain_value(atoms.info.get(k)), str | int)), None)
    where = f"{source} frame {id_.rpartition('#')[2]}" if numbered else source
    return reported(lambda: from_ase(atoms, id=own or id_, source=where), own or id_)


def _frames(path: Path, format_: str) -> Iterator[tuple[Atoms, dict[str, Any]]]:
    if format_ == "cif":
        for atoms in read_cif(str(path)):
            yield atoms, {}
        return
    from ase.io import iread

    for atoms in iread(str(path), index=":", format=format_, do_not_split_by_at_sign=True):
        yield atoms, {}


def _rows(path: Path) -> Iterator[tuple[Atoms, dict[str, Any]]]:
    """Yield the rows of an ASE database with their key-value pairs, which `ase.io.read` leaves behind."""
    import ase.db

    if path.suffix == ".db":
        _check_sqlite(path)
    with ase.db.connect(str(path), type="db" if path.suffix == ".db" else "json", serial=True) as database:
        for row in database.select():
            yield row.toatoms(), dict(row.key_value_pairs)


def _check_sqlite(path: Path) -> None:
    """Raise unless the file is an ASE database of plain tables.

    ASE would write its empty tables into any other SQLite file, and a view can be made to run for ever.
    """
    with sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True) as connection:
        entries = connection.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    connection.close()
    if ("table", "systems") not in {(kind, name) for kind, name, _ in entries}:
        raise AtlasError("an SQLite file without the tables of an ASE database")
    if any(kind in ("view", "trigger") or "VIRTUAL" in str(sql).upper().split()[:2] for kind, _, sql in entries):
        raise AtlasError("an ASE database with views, triggers or virtual tables is not read")
