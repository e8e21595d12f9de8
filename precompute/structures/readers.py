"""From any mix of files, folders and globs to structures; what cannot be read is said, never dropped."""

from __future__ import annotations

import bz2
import glob
import gzip
import lzma
import os
import tempfile
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from precompute.contracts import AtlasError, Skipped, Structure
from precompute.structures.ase_files import read_ase
from precompute.structures.csv_files import read_csv
from precompute.structures.reports import Report, one_line, reported

MAX_DECOMPRESSED = 2 * 1024**3
"""Bytes. A megabyte of gzip can unfold to a gigabyte of zeros."""
_OPENERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
# Programs write these names into a folder a calculation; the folder says which it is.
_GENERIC = ("POSCAR", "CONTCAR", "OUTCAR", "XDATCAR", "VASPRUN", "GEOMETRY", "HISTORY", "CONFIG", "COORD", "INFO")


def read(sources: Sequence[str | Path]) -> Generator[Structure | Skipped, None, None]:
    """Yield what is in files, folders (searched recursively, hidden files aside) and globs, in a fixed order.

    Read are tables with a column ``cif`` (``.csv``) and everything that `ase.io.read` reads, each also compressed
    (``.gz``, ``.bz2``, ``.xz``). Nothing is unpickled. A file named by two sources is read once. Structures are not
    checked here, and ids not compared: see `precompute.structures.collect`.

    Parameters
    ----------
    sources : sequence of str or Path

    Yields
    ------
    Structure or Skipped
        In the order of the sources, files of a folder by name, frames in file order.
    """
    seen: set[Path] = set()
    for source in sources:
        for path in _files(source):
            if isinstance(path, Skipped):
                yield path
            elif path.resolve() not in seen:
                seen.add(path.resolve())
                yield from _read_file(path)


def _files(source: str | Path) -> Iterator[Path | Skipped]:
    name = str(source)
    path = Path(source)
    if path.is_dir():
        found = sorted(_walk(path))
        if not found:
            yield Skipped(one_line(path.name), one_line(name), "the folder holds no files")
        yield from found
    elif path.is_file():
        yield path
    elif path.exists():
        yield Skipped(one_line(path.name), one_line(name), "neither a file nor a folder")
    elif glob.has_magic(name):
        matches = sorted(glob.glob(name, recursive=True))  # noqa: PTH207 (Path.glob takes no absolute pattern)
        if not matches:
            yield Skipped(one_line(name), one_line(name), "no file matches")
        for match in matches:
            yield from _files(match) if not Path(match).is_dir() or not name.endswith("**") else ()
    else:
        yield Skipped(one_line(path.name), one_line(name), "no such file or folder")


def _walk(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        yield from (Path(here, f) for f in files if not f.startswith(".") and Path(here, f).is_file())


def _read_file(path: Path) -> Iterator[Structure | Skipped]:
    source, stem = one_line(str(path)), file_stem(path)
    with tempfile.TemporaryDirectory() as folder:
        plain = reported(lambda: _decompressed(path, Path(folder)), stem)
        if isinstance(plain, Report):
            yield Skipped(plain.id, source, plain.reason)
            return
        reader = read_csv if plain.suffix.lower() == ".csv" else read_ase
        structures = reader(plain, source, stem)
        count = 0
        while (found := reported(lambda: next(structures, None), stem)) is not None:
            count += 1
            if isinstance(found, Report):
                yield Skipped(found.id, source, found.reason)
            else:
                yield replace(found, id=one_line(found.id))
        if count == 0:
            yield Skipped(stem, source, "holds no structure")


def file_stem(path: Path) -> str:
    """Return a file's name without compression and format endings; with its folder's where the name says nothing."""
    name = path.name
    if path.suffix.lower() in _OPENERS:
        name = path.stem
    stem = Path(name).stem if not name.startswith(".") else name
    if stem.upper().startswith(_GENERIC) and path.resolve().parent.name:
        stem = f"{path.resolve().parent.name}-{stem}"
    return one_line(stem)


def _decompressed(path: Path, folder: Path) -> Path:
    """Return `path`, or for a compressed file its content in `folder` under the name without the ending."""
    size = path.stat().st_size
    if size == 0:
        raise AtlasError("the file is empty")
    opener = _OPENERS.get(path.suffix.lower())
    if opener is None:
        return path
    target = folder / path.stem
    written = 0
    with opener(path, "rb") as packed, target.open("wb") as file:
        while block := packed.read(1024**2):
            written += len(block)
            if written > MAX_DECOMPRESSED:
                raise AtlasError(
                    f"unpacks to more than {MAX_DECOMPRESSED / 1024**3:g} GiB; unpack it by hand if that is right"
                )
            file.write(block)
    if written == 0:
        raise AtlasError("the file is empty")
    return target
