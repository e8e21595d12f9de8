"""Reading the file of a visitor: one structure, of few atoms, in little memory."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from precompute.contracts import Analysis, AtlasError, Skipped, Structure

MAX_ATOMS = 500
MAX_MEMORY = 2 * 1024**3
"""Bytes that reading may take. A POSCAR of a hundred bytes can ask for hundreds of millions of atoms."""
_HEADER_LINES = 7
_TOO_MUCH = f"reading it takes more than {MAX_MEMORY / 1024**3:g} GiB of memory; check the numbers of atoms in it"


def read_one(path: Path, name: str = "", max_atoms: int = MAX_ATOMS) -> tuple[Structure, Analysis]:
    """Read the one structure of a file, checked as a build checks it.

    Raises
    ------
    AtlasError
        Where the file holds none or several, or one that no model can take, or asks for more than `MAX_MEMORY`.
    """
    from precompute.structures.collect import collect_structures
    from precompute.structures.readers import read

    announced = announced_atoms(path)
    if announced > max_atoms:
        raise AtlasError(f"has {announced} atoms, more than the {max_atoms} allowed")
    try:
        with memory_limit(MAX_MEMORY):
            with closing(read([path])) as items:
                found = list(islice(items, 2))
            first, *others = found or [Skipped("", "", "the file holds no structure")]
            if isinstance(first, Skipped):
                raise AtlasError(_refusal(first.reason))
            if others:
                raise AtlasError("the file holds more than one structure; give one crystal at a time")
            structure = replace(first, id=name or first.id, source=name or first.source, properties={})
            collection = _one(collect_structures, structure, max_atoms)
    except MemoryError:
        raise AtlasError(_TOO_MUCH) from None
    return collection.structures[0], collection.analyses[0]


def _refusal(reason: str) -> str:
    return _TOO_MUCH if reason.startswith(MemoryError.__name__) else reason


def announced_atoms(path: Path) -> int:
    """How many atoms the head of a POSCAR or (ext)xyz file speaks of; 0 for other files and where it says nothing."""
    from precompute.structures.ase_files import file_format

    try:
        kind = file_format(path)
        with path.open(encoding="utf-8", errors="replace") as file:
            head = [file.readline(10_000) for _ in range(_HEADER_LINES)]
    except (AtlasError, OSError):
        return 0  # what is wrong with it is for the reader to say
    if kind in ("xyz", "extxyz"):
        return _sum(head[0])
    return (_sum(head[5]) or _sum(head[6])) if kind == "vasp" else 0


def _sum(line: str) -> int:
    """The sum of the whole numbers that a line begins with, comments after a ``!`` aside."""
    total = 0
    for word in line.partition("!")[0].split():
        if not word.isdecimal():
            break
        total += int(word[:18])
    return total


@contextlib.contextmanager
def memory_limit(more: int) -> Iterator[None]:
    """Let the process take `more` bytes beyond what it has; asking for more raises MemoryError inside the block.

    By the soft limit of address space, for the whole process, restored after. Only Linux says what a process has and
    holds to that limit; elsewhere the block runs without one.
    """
    if sys.platform != "linux":
        yield
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = pages * resource.getpagesize() + more
    bounds = [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min([wanted, *bounds]), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _one(collect: Callable[..., Any], structure: Structure, max_atoms: int) -> Any:
    try:
        return collect([structure], strict=True, max_atoms=max_atoms)
    except AtlasError as error:
        text = str(error).removeprefix(f"{structure.id} ({structure.source}): ")
        raise AtlasError(text.partition("; drop it")[0]) from None
