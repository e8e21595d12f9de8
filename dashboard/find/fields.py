"""What conditions can be about: the quantities of an atlas by the names that people type."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.data import AtlasData
from dashboard.find.errors import FindError, closest
from dashboard.find.index import N_NUMBERS, Texts, atom_texts, compositions, structure_texts
from dashboard.labels import unit
from dashboard.quantities import words
from precompute.store import Column

MOST_NAMED = 8
_UNIT = re.compile(r"\s*[(\[][^()\[\]]*[)\]]\s*$")
_SEPARATOR = re.compile(r"[\s_-]+")


@dataclass(frozen=True, eq=False)
class Field:
    """One thing to compare.

    Attributes
    ----------
    name : str
        As completions write it.
    label, unit : str
    kind : str
        ``number``, ``text``, ``flag``, ``element``, ``formula``, ``system`` or ``spacegroup``.
    level : str
        ``element``, ``structure`` or ``atom``: what the values are of.
    numbers : callable
        Values of a number or flag over its level (elements: by atomic number, 119 of them); NaN where unknown.
    texts : callable
        Values of a text.
    closed : bool
        Whether a text that is not among the values is an error.
    """

    name: str
    label: str
    unit: str
    kind: str
    level: str
    numbers: Callable[[], NDArray] = lambda: np.empty(0)
    texts: Callable[[], Texts] = lambda: Texts([], np.empty(0, np.int32))
    closed: bool = False


def normal(name: str) -> str:
    """``Band gap (eV)``, ``band_gap`` and ``band-gap`` are one name."""
    return _SEPARATOR.sub("_", _UNIT.sub("", name.strip()).casefold())


def fields(data: AtlasData) -> Mapping[str, Field]:
    """All fields of an atlas by their normal names."""
    return data.keep(("find fields",), lambda: _fields(data))


def field_of(data: AtlasData, name: str, start: int, end: int) -> Field:
    """The field of a name.

    Raises
    ------
    FindError
        Where there is none, or each of several models has one.
    """
    known = fields(data)
    wanted = normal(name)
    if wanted in known:
        return known[wanted]
    of_models = [f.name for key, f in known.items() if key.partition(":")[2] == wanted]
    if len(of_models) == 1:
        return known[normal(of_models[0])]
    if of_models:
        raise FindError(f"each model has its own `{name}`; write for example `{of_models[0]}`", start, end)
    *before, last = name.split(" ")
    if before and normal(last) in known:
        raise FindError(f"join conditions with `and`: `{' '.join(before)} and {last} ...`", start, end)
    names = list(dict.fromkeys(f.name for f in known.values()))
    shown = (
        "; there are "
        + ", ".join(f"`{n}`" for n in names[:MOST_NAMED])
        + " and more, offered as you type; the empty box shows examples"
    )
    raise FindError(f"there is no quantity `{name}`{closest(wanted, names) or shown}", start, end)


def _fields(data: AtlasData) -> dict[str, Field]:
    listed = [*_of_elements(data), *_of_structures(data), *_of_atoms(data)]
    result = {normal(f.name): f for f in listed}
    result["space_group"] = result["spacegroup"]
    result["category"] = result["element_group"] = next(f for f in listed if f.name == "category")
    for level in ("structure", "atom"):
        for column in data.columns(f"{level}s"):
            field = _property(data, level, column)
            if field is not None:
                result.setdefault(normal(column.name), field)
                result[normal(f"{level}.{column.name}")] = field
    for key in data.model_keys:
        for field in _of_model(data, key):
            result[normal(field.name)] = field
    for field in list(result.values()):
        if ":" not in field.name:
            result.setdefault(normal(field.label), field)
    return result


def _of_elements(data: AtlasData) -> list[Field]:
    table = data.elements

    def numbers(column: str) -> Callable[[], NDArray]:
        return lambda: np.concatenate([[np.nan], table[column]])

    def texts(column: str) -> Callable[[], Texts]:
        return lambda: Texts.of(["", *table[column].tolist()])

    def groups() -> NDArray:
        return _without_zeros(numbers("group")())

    return [
        Field("element", "Element", "", "element", "element", lambda: np.arange(N_NUMBERS)),
        Field("category", "Element group", "", "text", "element", texts=texts("category"), closed=True),
        Field("group", "Group of the periodic table", "", "number", "element", groups),
        Field("period", "Period", "", "number", "element", numbers("period")),
        Field("block", "Block", "", "text", "element", texts=texts("block"), closed=True),
        Field(
            "electronegativity", "Electronegativity (Pauling)", "", "number", "element", numbers("electronegativity")
        ),
        Field("covalent_radius", "Covalent radius", "Å", "number", "element", numbers("covalent_radius")),
        Field("atomic_number", "Atomic number", "", "number", "element", lambda: np.arange(N_NUMBERS, dtype=float)),
    ]


def _of_structures(data: AtlasData) -> list[Field]:
    def texts(name: str) -> Callable[[], Texts]:
        return lambda: structure_texts(data, name)

    def numbers(name: str) -> Callable[[], NDArray]:
        return lambda: data.of_structures(name)

    return [
        Field("id", "Id", "", "text", "structure", texts=texts("id")),
        Field("formula", "Formula", "", "formula", "structure"),
        Field("system", "Chemical system", "", "system", "structure"),
        Field("source", "Source", "", "text", "structure", texts=texts("source")),
        Field("spacegroup", "Space group", "", "spacegroup", "structure",
              lambda: _without_zeros(data.of_structures("spacegroup")), texts("spacegroup_symbol")),
        Field("crystal_system", "Crystal system", "", "text", "structure", texts=texts("crystal_system"), closed=True),
        Field("n_atoms", "Atoms in the cell", "", "number", "structure", numbers("n_atoms")),
        Field("n_elements", "Number of elements", "", "number", "structure", lambda: compositions(data).n_elements),
    ]  # fmt: skip


def _without_zeros(stored: NDArray) -> NDArray[np.float64]:
    """Groups and space groups, which are stored as 0 where there is none."""
    return np.where(stored == 0, np.nan, stored)


def _of_atoms(data: AtlasData) -> list[Field]:
    def texts(name: str) -> Callable[[], Texts]:
        return lambda: atom_texts(data, name)

    return [
        Field("coordination", "Coordination number", "", "number", "atom", lambda: data.of_atoms("coordination")),
        Field("site_symmetry", "Site symmetry", "", "text", "atom", texts=texts("site_symmetry")),
        Field("wyckoff", "Wyckoff letter", "", "text", "atom", texts=texts("wyckoff")),
    ]


def _property(data: AtlasData, level: str, column: Column) -> Field | None:
    """A stored property; None where it has more than one value a row."""
    if len(data.atlas.file.shape(column.path)) != 1:
        return None
    name = column.path.partition("/")[2]
    label = words(column.name)
    if column.kind == "text":
        read = structure_texts if level == "structure" else atom_texts
        return Field(column.name, label, unit(column.unit), "text", level, texts=lambda: read(data, name))
    values = data.of_structures if level == "structure" else data.of_atoms
    return Field(column.name, label, unit(column.unit), column.kind, level, lambda: values(name))


def _of_model(data: AtlasData, key: str) -> list[Field]:
    """What is stored of each atom for one model, written ``7net-0:typicality``."""
    columns = [c for c in data.columns(f"models/{key}") if len(data.atlas.file.shape(c.path)) == 1]
    return [_property_of_model(data, key, column) for column in columns]


def _property_of_model(data: AtlasData, key: str, column: Column) -> Field:
    name, label = f"{key}:{column.name}", f"{words(column.name)} in {key}"

    def numbers() -> NDArray:
        return data.keep(("find model", column.path), lambda: data.atlas.file.read(column.path))

    def texts() -> Texts:
        return data.keep(("find model", column.path), lambda: Texts.of(data.atlas.file.read(column.path).tolist()))

    if column.kind == "text":
        return Field(name, label, unit(column.unit), "text", "atom", texts=texts)
    return Field(name, label, unit(column.unit), column.kind, "atom", numbers)
