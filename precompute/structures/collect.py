"""Everything between files and models: reading, checking, naming once, analysing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from precompute.contracts import Analysis, AtlasError, Skipped, Structure
from precompute.structures.checks import MAX_ATOMS, problem
from precompute.structures.readers import read
from precompute.structures.symmetry import analyse

_SHOWN = 5
Progress = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Collection:
    """Structures fit for an atlas, what symmetry says of each, and what was left out."""

    structures: tuple[Structure, ...]
    analyses: tuple[Analysis, ...]
    skipped: tuple[Skipped, ...]


def collect(
    sources: Sequence[str | Path],
    *,
    strict: bool = False,
    max_atoms: int = MAX_ATOMS,
    on_progress: Progress | None = None,
) -> Collection:
    """Return what is in files, folders and globs (`readers.read`), checked and analysed.

    Parameters
    ----------
    sources : sequence of str or Path
    strict : bool
        Stop at the first input that would be skipped.
    max_atoms : int
        Largest structure taken.
    on_progress : callable
        Called after each input with the numbers of structures taken and of inputs skipped so far.

    Raises
    ------
    AtlasError
        If nothing is left, or, with `strict`, if anything is skipped.
    """
    # closed also when a strict run stops halfway: the reader holds unpacked files
    with closing(read(sources)) as items:
        return collect_structures(items, strict=strict, max_atoms=max_atoms, on_progress=on_progress)


def collect_structures(
    structures: Iterable[Structure | Skipped],
    *,
    strict: bool = False,
    max_atoms: int = MAX_ATOMS,
    on_progress: Progress | None = None,
) -> Collection:
    """Return structures that are already made, checked and analysed; parameters and errors as in `collect`.

    Of several structures with one id, the first that passes the checks stays.
    """
    taken: list[Structure] = []
    analyses: list[Analysis] = []
    skipped: list[Skipped] = []
    where: dict[str, str] = {}
    for item in structures:
        left_out = item if isinstance(item, Skipped) else _objection(item, max_atoms, where)
        if left_out is None and isinstance(item, Structure):
            taken.append(item)
            analyses.append(analyse(item))
            where[item.id] = item.source
        elif left_out is not None:
            if strict:
                raise AtlasError(f"{_line(left_out)}; drop it, mend it, or build without --strict to leave it out")
            skipped.append(left_out)
        if on_progress is not None:
            on_progress(len(taken), len(skipped))
    if not taken:
        raise AtlasError(_nothing_left(skipped))
    return Collection(tuple(taken), tuple(analyses), tuple(skipped))


def _objection(structure: Structure, max_atoms: int, where: dict[str, str]) -> Skipped | None:
    reason = problem(structure, max_atoms)
    if reason is None and structure.id in where:
        reason = f"a structure with this id was already read from {where[structure.id]}"
    return None if reason is None else Skipped(structure.id, structure.source, reason)


def _nothing_left(skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return "no structures were given; name files, folders or globs that hold some"
    lines = [f"  {_line(s)}" for s in skipped[:_SHOWN]]
    if len(skipped) > _SHOWN:
        lines.append(f"  and {len(skipped) - _SHOWN} more")
    return "\n".join([f"no structure is left: {len(skipped)} of {len(skipped)} inputs were skipped", *lines])


def _line(skipped: Skipped) -> str:
    return f"{skipped.id} ({skipped.source}): {skipped.reason}"
