"""Atoms and crystals in the order of how far models disagree about them, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.data import AtlasData
from dashboard.labels import clean
from dashboard.overlap import arrays
from dashboard.overlap.compared import Comparison, obstacle
from dashboard.plain import plain

RANKED = ("atoms", "structures")
SORTS = ("overlap", "control", "crystal", "coordination", "sites")
MOST_ROWS = 200
DECIMALS = 12
"""Means that differ by rounding alone are equal."""


class RankingError(ValueError):
    """What was asked for is no page of a ranking; says why."""


@dataclass(frozen=True)
class Asked:
    """A page of a ranking: of what, from which row, how many, by what, and whether largest first."""

    of: str = "atoms"
    start: int = 0
    rows: int = 50
    sort: str = "overlap"
    descending: bool = False


def asked(of: str, arguments: Mapping[str, str]) -> Asked:
    """Read ``start``, ``rows`` and ``sort`` (with ``-`` before it the largest first) of an address.

    Raises
    ------
    RankingError
    """
    if of not in RANKED:
        raise RankingError(f"there is no ranking of {of[:20]!r}; there are {' and '.join(RANKED)}")
    text = arguments.get("sort", "overlap")
    sort, descending = text.removeprefix("-"), text.startswith("-")
    if sort not in SORTS:
        raise RankingError(f"rankings are sorted by {', '.join(SORTS)}, not by {sort[:20]!r}")
    numbers = {}
    for name, usual in (("start", 0), ("rows", 50)):
        text = arguments.get(name, str(usual))
        if not (text.isascii() and text.isdigit()) or len(text) > 9:
            raise RankingError(f"{name} is a whole number from 0, not {text[:20]!r}")
        numbers[name] = int(text)
    if numbers["rows"] > MOST_ROWS:
        raise RankingError(f"rows={numbers['rows']}: at most {MOST_ROWS} at once")
    return Asked(of, numbers["start"], numbers["rows"], sort, descending)


def page(
    data: AtlasData,
    comparison: Comparison,
    wanted: Asked,
    selection: str,
    select: Callable[[], NDArray[np.bool_]],
    atom: int | None = None,
) -> dict[str, Any]:
    """One page.

    Parameters
    ----------
    data : AtlasData
    comparison : Comparison
    wanted : Asked
    selection : str
        Names the selection: the same text, the same atoms.
    select : callable
        Gives the selected atoms, (N,) bool.
    atom : int, optional
        The atom whose place in the ranking is told.

    Returns
    -------
    dict
        ``rows``, ``total``, ``place`` (None where the atom has none),
        and ``obstacle``.
    """
    reason = obstacle(data, comparison)
    if reason:
        return {"rows": [], "total": 0, "place": None, "obstacle": reason}
    key = ("ranking", comparison, wanted.of, wanted.sort, wanted.descending, selection)
    order = data.keep(key, lambda: _order(data, comparison, wanted, select()))
    shown = order[wanted.start : wanted.start + wanted.rows]
    rows = (
        _atom_rows(data, comparison, shown)
        if wanted.of == "atoms"
        else (_structure_rows(data, comparison, shown, select))
    )
    return {
        "rows": plain_rows(rows),
        "total": len(order), "place": _place(data, order, wanted.of, atom), "obstacle": "",
    }  # fmt: skip


def _order(data: AtlasData, comparison: Comparison, wanted: Asked, selected: NDArray[np.bool_]) -> NDArray[np.int32]:
    chosen = np.flatnonzero(arrays.counted(data, comparison) & selected)
    structure = data.of_atoms("structure")
    members = chosen if wanted.of == "atoms" else np.unique(structure[chosen])

    def over(values: NDArray) -> NDArray[np.float64]:
        """Values of atoms for each member, means for structures."""
        found = values if wanted.of == "atoms" else arrays.mean_of_structures(data, chosen, values)
        return found[members].astype(np.float64)

    overlap = over(arrays.of_atoms(data, comparison))
    # lists that share equally much among the nearest are told apart by what they share further out
    further = np.nan_to_num(over(arrays.of_atoms(data, arrays.widest(data, comparison))))
    key = overlap
    if wanted.sort == "control":
        control = arrays.of_control(data, comparison)
        key = np.full(len(members), np.nan) if control is None else over(control)
    elif wanted.sort == "crystal":
        ranks = _formula_ranks(data)
        key = (ranks[structure] if wanted.of == "atoms" else ranks)[members].astype(np.float64)
    elif wanted.sort == "coordination" and wanted.of == "atoms":
        key = over(data.of_atoms("coordination"))
    elif wanted.sort == "sites" and wanted.of == "structures":
        key = np.bincount(structure[chosen], minlength=data.n_structures)[members].astype(np.float64)
    keys = [np.round(k, DECIMALS) for k in (further, overlap, key)]
    # missing values last either way
    order = np.lexsort([-k for k in keys] if wanted.descending else keys)
    return members[order].astype(np.int32)


def _formula_ranks(data: AtlasData) -> NDArray[np.int64]:
    return data.keep(("formula ranks",), lambda: np.unique(data.of_structures("formula"), return_inverse=True)[1])


def _atom_rows(data: AtlasData, comparison: Comparison, shown: NDArray[np.int32]) -> list[dict[str, Any]]:
    overlap, control = arrays.of_atoms(data, comparison), arrays.of_control(data, comparison)
    rows = []
    for atom in shown.tolist():
        formula, identifier = data.crystal_of(atom)
        s = int(data.of_atoms("structure")[atom])
        rows.append({
            "atom": atom, "label": data.label(atom), "formula": clean(formula, 80), "id": clean(identifier, 80),
            "overlap": overlap[atom], "control": None if control is None else control[atom],
            "coordination": int(data.of_atoms("coordination")[atom]),
            "spacegroup": clean(data.of_structures("spacegroup_symbol")[s], 30),
        })  # fmt: skip
    return rows


def _structure_rows(
    data: AtlasData, comparison: Comparison, shown: NDArray[np.int32],
    select: Callable[[], NDArray[np.bool_]],
) -> list[dict[str, Any]]:  # fmt: skip
    overlap, control = arrays.of_atoms(data, comparison), arrays.of_control(data, comparison)
    counted = arrays.counted(data, comparison) & select()
    rows = []
    for s in shown.tolist():
        first, n = (int(data.of_structures(c)[s]) for c in ("first_atom", "n_atoms"))
        atoms = first + np.flatnonzero(counted[first : first + n])
        least = int(atoms[np.argmin(overlap[atoms])])
        rows.append({
            "atom": least, "label": data.label(least), "formula": clean(data.of_structures("formula")[s], 80),
            "id": clean(data.of_structures("id")[s], 80), "overlap": float(overlap[atoms].mean()),
            "control": None if control is None else float(control[atoms].mean()),
            "sites": len(atoms), "spacegroup": clean(data.of_structures("spacegroup_symbol")[s], 30),
        })  # fmt: skip
    return rows


def plain_rows(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Numbers as JSON has them, None for those that are not there."""
    return [{name: plain(value) for name, value in row.items()} for row in rows]


def _place(data: AtlasData, order: NDArray[np.int32], of: str, atom: int | None) -> int | None:
    if atom is None:
        return None
    wanted = int(data.of_atoms("orbit")[atom]) if of == "atoms" else int(data.of_atoms("structure")[atom])
    found = np.flatnonzero((order == atom) | (order == wanted)) if of == "atoms" else np.flatnonzero(order == wanted)
    return int(found[0]) if len(found) else None
