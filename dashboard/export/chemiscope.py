"""The selected atoms and their crystals for the chemiscope viewer (JSON; Fraux et al., J. Open Source Softw. 2020)."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.data import AtlasData
from dashboard.export.columns import Column, all_columns
from dashboard.export.content import Content, ExportError
from dashboard.export.methods import caption, citations
from dashboard.labels import clean

MOST_ATOMS = 200_000
CUTOFF = 4.0  # angstrom: how far the viewer shows an environment at first
_NO_NUMBER = "\x00"


def check(content: Content) -> None:
    """Refuse an empty selection and one of too many atoms.

    Raises
    ------
    ExportError
    """
    content.require_atoms()
    if content.n_atoms_of_structures > MOST_ATOMS:
        raise ExportError(
            f"The crystals of the selection have {content.n_atoms_of_structures:,} atoms; at most {MOST_ATOMS:,} are "
            "written for chemiscope. Select fewer atoms."
        )


def write(content: Content) -> bytes:
    """Write structures, an environment for each selected atom, and properties with units and descriptions.

    A number that is not known is written ``NaN``, as chemiscope itself writes and reads it; nothing else is outside
    of the JSON standard.

    Raises
    ------
    ExportError
        As `check`.
    """
    check(content)
    data = content.data
    rank = np.full(data.n_structures, -1)
    rank[content.structures] = np.arange(len(content.structures))
    of, first = data.of_atoms("structure")[content.atoms], data.of_structures("first_atom")
    centres = content.atoms - first[of]
    dataset: dict[str, Any] = {
        "meta": {
            "name": clean(data.title, 200),
            "description": caption(content),
            "references": [c.plain for c in citations(content)],
        },
        "structures": [_structure(data, s) for s in content.structures.tolist()],
        "environments": [
            {"structure": s, "center": c, "cutoff": CUTOFF}
            for s, c in zip(rank[of].tolist(), centres.tolist(), strict=True)
        ],
        "properties": {},
    }
    columns = [c for c in all_columns(content) if c.name not in ("atom", "x", "y", "z")]
    for column in columns:
        if column.per == "structure":
            dataset["properties"][column.name] = _property(column, "structure", column.values[content.structures])
        else:
            dataset["properties"][column.name] = _property(column, "atom", column.values[content.atoms])
    maps = [c.name for c in columns if content.models and c.name.startswith(f"{content.models[0]} {content.map} ")]
    if len(maps) == 2:
        dataset["settings"] = {
            "target": "atom",
            "map": {"x": {"property": maps[0]}, "y": {"property": maps[1]}, "color": {"property": "element"}},
            "structure": [{"unitCell": True, "bonds": True}],
        }
    return _dumps(dataset)


def _structure(data: AtlasData, s: int) -> dict[str, Any]:
    first, n = (int(data.of_structures(c)[s]) for c in ("first_atom", "n_atoms"))
    span = slice(first, first + n)
    position = data.of_atoms("position")[span]
    result: dict[str, Any] = {
        "size": n,
        "names": [data.symbols[z - 1] for z in data.of_atoms("atomic_number")[span].tolist()],
        **{axis: position[:, i].round(6).tolist() for i, axis in enumerate("xyz")},
    }
    cell = data.of_structures("cell")[s]
    if np.linalg.det(cell):
        result["cell"] = cell.ravel().tolist()
    return result


def _property(column: Column, target: str, values: NDArray) -> dict[str, Any]:
    if column.kind == "text":
        listed: list[Any] = values.tolist()
    else:
        numbers = np.asarray(values, float)
        listed = [v if known else _NO_NUMBER for v, known in zip(numbers.tolist(), np.isfinite(numbers), strict=True)]
    found = {"target": target, "values": listed, "units": column.unit, "description": column.about}
    return {k: v for k, v in found.items() if k in ("target", "values") or v}


def _dumps(dataset: dict[str, Any]) -> bytes:
    text = json.dumps(dataset, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # the viewer replaces the word NaN everywhere, also in a text such as the formula of sodium nitride
    return text.replace("NaN", "Na\\u004e").replace(json.dumps(_NO_NUMBER), "NaN").encode()
