"""What is told of every atom, as named columns with units; the same in every table and structure file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from dashboard.data import AtlasData
from dashboard.export.content import Content
from dashboard.labels import clean
from dashboard.overlap import arrays, compared

FIXED = 15  # columns of `identity` and `symmetry`


@dataclass(frozen=True, eq=False)
class Column:
    """One quantity of every atom of the atlas.

    Attributes
    ----------
    name, unit, about : str
    kind : str
        ``number``, ``integer``, ``flag`` or ``text``.
    per : str
        Whether `values` are over atoms or over structures.
    values : (N,) or (number of structures,) array
        NaN or an empty text where unknown.
    """

    name: str
    unit: str
    about: str
    kind: Literal["number", "integer", "flag", "text"]
    per: Literal["atom", "structure"]
    values: NDArray

    def of(self, data: AtlasData, atoms: NDArray[np.integer]) -> NDArray:
        """The values of some atoms."""
        return self.values[atoms] if self.per == "atom" else self.values[data.of_atoms("structure")[atoms]]

    @property
    def heading(self) -> str:
        """``band_gap [eV]``."""
        return f"{self.name} [{self.unit}]" if self.unit else self.name


def identity(data: AtlasData) -> list[Column]:
    """Which atom of which crystal, and where it is."""
    of, first = data.of_atoms("structure"), data.of_structures("first_atom")
    numbers = data.of_atoms("atomic_number")
    position = data.of_atoms("position")
    symbols = np.array(["", *data.symbols])
    return [
        Column("id", "", "identifier of the crystal", "text", "structure", _cleaned(data.of_structures("id"))),
        Column("formula", "", "reduced formula", "text", "structure", _cleaned(data.of_structures("formula"))),
        Column("atom", "", "number of the atom within its crystal, from 1", "integer", "atom",
               np.arange(len(of)) - first[of] + 1),
        Column("element", "", "symbol", "text", "atom", symbols[numbers]),
        Column("atomic_number", "", "", "integer", "atom", numbers.astype(np.int64)),
        *(Column(axis, "angstrom", f"Cartesian {axis}", "number", "atom", position[:, i])
          for i, axis in enumerate("xyz")),
    ]  # fmt: skip


def symmetry(data: AtlasData) -> list[Column]:
    """What symmetry and geometry say of the atom and its crystal."""
    first, of = data.of_structures("first_atom"), data.of_atoms("structure")
    return [
        Column("space_group", "", "international short symbol", "text", "structure",
               _cleaned(data.of_structures("spacegroup_symbol"))),
        Column("space_group_number", "", "1-230; 0 where there is none", "integer", "structure",
               data.of_structures("spacegroup").astype(np.int64)),
        Column("crystal_system", "", "", "text", "structure", _cleaned(data.of_structures("crystal_system"))),
        Column("site_symmetry", "", "oriented symbol", "text", "atom", data.of_atoms("site_symmetry")),
        Column("wyckoff", "", "letter of the Wyckoff position", "text", "atom", data.of_atoms("wyckoff")),
        Column("orbit", "", "number of the atom of this crystal that represents all symmetry-equivalent ones, from 1",
               "integer", "atom", data.of_atoms("orbit") - first[of] + 1),
        Column("coordination", "", "atoms within 1.2 times the sum of covalent radii", "integer", "atom",
               data.of_atoms("coordination").astype(np.int64)),
    ]  # fmt: skip


def properties(data: AtlasData) -> Iterator[Column]:
    """What the data set says of crystals and of atoms; components of vectors one by one."""
    for per, group in (("structure", "structures"), ("atom", "atoms")):
        for stored in data.atlas.columns(group):
            read = data.of_structures if per == "structure" else data.of_atoms
            values = read(stored.path.removeprefix(f"{group}/"))
            about = f"as given with the {'crystals' if per == 'structure' else 'atoms'}"
            yield from _split(clean(stored.name, 80), clean(stored.unit, 40), about, stored.kind, per, values)


def of_models(content: Content) -> Iterator[Column]:
    """Quantities that differ between models, of the models shown; the model's key stands first in the name."""
    data = content.data
    for key in content.view.models:
        for stored in data.columns(f"models/{key}"):
            name, unit = clean(stored.name, 80), clean(stored.unit, 40)
            values = data.atlas.file.read(stored.path)
            yield from _split(f"{key} {name}", unit, f"in {key}", stored.kind, "atom", values)


def of_comparison(content: Content) -> Iterator[Column]:
    """Overlap of neighbours, where the view shows it: by its colours, a range, or a pair of models."""
    compares = compared.shown(content.data, content.view)
    if compares is not None:
        about = f"shared fraction of the {compares.k} nearest neighbours, lists: {compares.near}"
        yield Column(compares.label, "", about, "number", "atom", arrays.of_atoms(content.data, compares))


def on_maps(content: Content) -> Iterator[Column]:
    """Where the atom is on the maps shown; model and map stand in the name."""
    turned = f", turned onto {content.view.align}" if content.view.align else ""
    for key in content.models:
        xy = content.points(key)
        for i, axis in enumerate("xy"):
            about = f"on the map {content.map} of {key}{turned if content.view.align != key else ''}; arbitrary units"
            yield Column(f"{key} {content.map} {axis}", "", about, "number", "atom", xy[:, i])


def all_columns(content: Content) -> list[Column]:
    """Every column of a view's table, with names that occur once."""
    data = content.data
    found = [*identity(data), *symmetry(data), *properties(data), *of_models(content), *of_comparison(content)]
    found += on_maps(content)
    taken: set[str] = set()
    result = []
    for column in found:
        name, n = column.name, 2
        while name in taken:
            name, n = f"{column.name} {n}", n + 1
        taken.add(name)
        result.append(replace(column, name=name))
    return result


def n_columns(content: Content) -> int:
    """How many columns `all_columns` gives, without reading them."""
    data = content.data
    stored = [c for of in ("structures", "atoms") for c in data.atlas.columns(of)]
    stored += [c for key in content.view.models for c in data.columns(f"models/{key}")]
    shapes = [data.atlas.file.shape(c.path)[1:] if c.kind != "text" else () for c in stored]
    own = compared.shown(data, content.view) is not None
    return FIXED + sum(int(np.prod(s)) for s in shapes) + own + 2 * len(content.models)


def _split(name: str, unit: str, about: str, kind: str, per: str, values: NDArray) -> Iterator[Column]:
    where: Literal["atom", "structure"] = "structure" if per == "structure" else "atom"
    if kind == "text":
        yield Column(name, unit, about, "text", where, _cleaned(values))
        return
    sort: Literal["flag", "number"] = "flag" if kind == "flag" else "number"
    flat = values.reshape(len(values), -1)
    for i in range(flat.shape[1]):
        yield Column(f"{name} {i + 1}" if flat.shape[1] > 1 else name, unit, about, sort, where, flat[:, i])


def _cleaned(texts: NDArray) -> NDArray:
    """Texts without control and direction-changing characters."""
    listed = texts.tolist()
    known = {text: clean(text, 400) for text in set(listed)}
    return np.array([known[text] for text in listed], np.dtypes.StringDType())
