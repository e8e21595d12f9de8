"""Overlap in numbers: over all atoms that a view selects, and by what they are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.data import AtlasData
from dashboard.find.lexer import quote
from dashboard.labels import clean
from dashboard.overlap import arrays
from dashboard.overlap.compared import Comparison, obstacle
from dashboard.overlap.means import Means, group_means, resamples
from dashboard.palette import CATEGORY_NAMES
from dashboard.plain import plain

MOST_GROUPS = 14
FEWEST_ATOMS = 3
PROTOTYPES = ("prototype", "structure_type", "prototype_label", "structure_prototype")
LARGEST_COORDINATION = 13


def summary(
    data: AtlasData, comparison: Comparison, selected: NDArray[np.bool_], *, every_group: bool = False
) -> dict[str, Any]:
    """What the page shows of a comparison.

    Parameters
    ----------
    data : AtlasData
    comparison : Comparison
    selected : (N,) bool
    every_group : bool
        Whether rows are of all groups, not only of the first `MOST_GROUPS` of each kind and of frequent prototypes.

    Returns
    -------
    dict
        Ready for JSON: ``label``, ``models``, ``layers`` (of each model, which its vectors are of), ``obstacle``; and
        where there is an overlap ``all`` (a mean), ``control`` (likewise, or None), ``chance``, ``elements`` (mean by
        symbol), ``groups`` (each with ``rows`` of means), ``resamples``, ``lacking`` (by model, selected atoms without
        a list). A mean has ``mean, low, high, atoms, structures``; numbers that are not there are None.
    """
    head: dict[str, Any] = {
        "label": comparison.label, "models": list(comparison.models), "k": comparison.k, "near": comparison.near,
        "layers": {key: clean(data.cards[key].layer, 120) or "not recorded" for key in comparison.models},
        "obstacle": obstacle(data, comparison),
    }  # fmt: skip
    if head["obstacle"]:
        return head
    overlap = arrays.of_atoms(data, comparison)
    chosen = np.flatnonzero(arrays.counted(data, comparison) & selected)
    structure = data.of_atoms("structure")[chosen]
    # in file order, so that equal ones are neighbours
    code = np.cumsum(np.r_[0, structure[1:] != structure[:-1]]) if len(chosen) else structure.astype(np.int64)
    n_structures = int(code[-1]) + 1 if len(chosen) else 0
    drawn = data.keep(("resamples", n_structures), lambda: resamples(n_structures))

    def means(values: NDArray, group: NDArray[np.integer], n_groups: int) -> Means:
        known = np.isfinite(values)
        return group_means(values[known], code[known], group[known], n_groups, drawn)

    everything = np.zeros(len(chosen), np.int64)
    control = arrays.of_control(data, comparison)
    expected = arrays.by_chance(data, comparison)[1][chosen]
    numbers = data.of_atoms("atomic_number")[chosen]
    by_element = means(overlap[chosen], numbers.astype(np.int64) - 1, len(data.symbols))
    return head | {
        "all": _record(means(overlap[chosen], everything, 1), 0),
        "control": None if control is None else _record(means(control[chosen], everything, 1), 0),
        "chance": plain(expected.mean()) if len(chosen) and not comparison.chance else None,
        "elements": {
            data.symbols[z]: _record(by_element, z) for z in np.flatnonzero(by_element.atoms).tolist()
        },
        "groups": [
            group for name in ("category", "crystal_system", "prototype", "coordination")
            if (group := _group(data, name, chosen, lambda codes, n: means(overlap[chosen], codes, n), every_group))
        ],
        "resamples": drawn.shape[1] if n_structures else 0,
        "lacking": {
            key: n for key in comparison.models
            if (n := int((selected & ~arrays.has_list(data, key, comparison.near)).sum()))
        },
    }  # fmt: skip


def _record(means: Means, g: int) -> dict[str, Any]:
    return {name: plain(getattr(means, name)[g]) for name in ("mean", "low", "high")} | {
        "atoms": int(means.atoms[g]), "structures": int(means.structures[g])
    }  # fmt: skip


def _group(data: AtlasData, name: str, chosen: NDArray[np.intp], means: Any, every: bool) -> dict[str, Any] | None:
    """One way of grouping atoms, its rows in their own order or by how many atoms they have; None where unknown."""
    found = _codes(data, name)
    if found is None:
        return None
    label, codes, labels, texts, in_order = found
    result = means(codes[chosen], len(labels))
    least = FEWEST_ATOMS if name == "prototype" and not every else 1
    there = [g for g in range(len(labels)) if result.atoms[g] >= least]
    ranked = there if in_order else sorted(there, key=lambda g: -result.atoms[g])
    rows = [
        _record(result, g) | {"label": labels[g], "find": texts[g]} for g in (ranked if every else ranked[:MOST_GROUPS])
    ]
    return {"id": name, "label": label, "rows": rows, "more": len(ranked) - len(rows)} if rows else None


def _codes(data: AtlasData, name: str) -> tuple[str, NDArray, list[str], list[str], bool] | None:
    """Heading; code of every atom, -1 for none; labels; texts for the find box; whether labels are in an order."""
    return data.keep(("overlap groups", name), lambda: _read_codes(data, name))


def _read_codes(data: AtlasData, name: str) -> tuple[str, NDArray, list[str], list[str], bool] | None:
    structure = data.of_atoms("structure")
    if name == "category":
        codes = data.code_of_element[data.of_atoms("atomic_number") - 1].astype(np.int64)
        texts = [f"category = {quote(c)}" for c in CATEGORY_NAMES]
        return "Element group", codes, list(CATEGORY_NAMES), texts, True
    if name == "coordination":
        raw = np.minimum(data.of_atoms("coordination").astype(np.int64), LARGEST_COORDINATION)
        last = f"{LARGEST_COORDINATION} or more"
        labels = [*map(str, range(LARGEST_COORDINATION)), last]
        texts = [f"coordination = {c}" for c in range(LARGEST_COORDINATION)]
        return "Near atoms", raw, labels, [*texts, f"coordination >= {LARGEST_COORDINATION}"], True
    if name == "crystal_system":
        field, values = name, data.of_structures("crystal_system")
    else:
        known = {c.name.casefold(): c for c in data.columns("structures") if c.kind == "text"}
        column = next((known[p] for p in PROTOTYPES if p in known), None)
        if column is None:
            return None
        field, values = column.name, data.atlas.file.read(column.path)
    found, inverse = np.unique(values, return_inverse=True)
    codes = np.where(found[inverse] == "", -1, inverse)[structure].astype(np.int64)
    labels = [clean(text, 60) for text in found.tolist()]
    heading = "Crystal system" if name == "crystal_system" else "Prototype"
    texts = [f"{field} = {quote(text)}" for text in found.tolist()]
    return heading, codes, labels, texts, False
