"""The crystals that hold selected atoms, as extended XYZ with what the models say as atom arrays."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dashboard.data import AtlasData
from dashboard.export.columns import Column, of_models, properties
from dashboard.export.content import Content, ExportError
from dashboard.labels import clean

MOST_NUMBERS = 10_000_000
# readers give these a meaning of their own (a calculator's results, the geometry itself)
RESERVED = {
    "lattice", "properties", "pbc", "cell", "species", "pos", "positions", "numbers", "z", "symbols", "masses",
    "energy", "free_energy", "energies", "force", "forces", "stress", "stresses", "virial", "virials", "dipole",
    "magmom", "magmoms", "charge", "charges", "dielectric_tensor", "born_effective_charges", "polarization", "info",
    "momenta", "tags", "initial_magmoms", "initial_charges", "constraints", "move_mask", "calc", "arrays",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class AtomArray:
    """One array over the atoms that are written.

    Attributes
    ----------
    name : str
    kind : str
        S text, I integer, L logical, R real: as the format calls them.
    values : (n, m) array
    """

    name: str
    kind: str
    values: NDArray

    @property
    def declared(self) -> str:
        return f"{self.name}:{self.kind}:{self.values.shape[1]}"

    @property
    def form(self) -> str:
        """How one row is written."""
        return " ".join([{"S": "%s", "I": "%d", "L": "%.1s", "R": "%.8g"}[self.kind]] * self.values.shape[1])


def check(content: Content) -> None:
    """Refuse an empty selection and one that would make more than `MOST_NUMBERS` numbers.

    Raises
    ------
    ExportError
    """
    content.require_atoms()
    wide = _coordinate_widths(content)
    n = content.n_atoms_of_structures
    numbers = n * (sum(wide.values()) + 8 + 2 * len(content.models))
    if numbers > MOST_NUMBERS:
        what = f"coordinates of {len(wide)} models" if wide else "positions on the maps"
        instead = ", or leave out the coordinates (coordinates=0)" if wide else ""
        raise ExportError(
            f"The file would hold about {numbers:,} numbers ({what} for {n:,} atoms in {len(content.structures):,} "
            f"crystals); at most {MOST_NUMBERS:,} are written. Select fewer atoms, show fewer models{instead}."
        )


def write(content: Content) -> bytes:
    """Write whole crystals as extended XYZ; ``selected`` says which of their atoms the view selects.

    Coordinates are the K similarities to the anchors, in the order of the anchors, one array a model; they are left out
    with the option ``coordinates=0``.

    Raises
    ------
    ExportError
        As `check`.
    """
    check(content)
    data = content.data
    wide = _coordinate_widths(content)
    members = members_of(data, content.structures)
    arrays = _arrays(content, members, wide)
    per_structure = [c for c in properties(data) if c.per == "structure"]
    form = " ".join(a.form for a in arrays) + "\n"
    declared = ":".join(a.declared for a in arrays)
    columns = {name: data.of_structures(name) for name in ("id", "formula", "spacegroup", "n_atoms", "cell", "pbc")}
    parts: list[str] = []
    first = 0
    for s in content.structures.tolist():
        n = int(columns["n_atoms"][s])
        cell = columns["cell"][s]
        head = [f'Lattice="{" ".join(f"{v:.10g}" for v in cell.ravel())}"'] if np.any(cell) else []
        head += [f"Properties={declared}", f'pbc="{" ".join("FT"[int(p)] for p in columns["pbc"][s])}"']
        head += [f"{k}={_quoted(columns[k][s])}" for k in ("id", "formula")]
        head += [f"spacegroup={int(columns['spacegroup'][s])}", *_info(per_structure, s)]
        parts.append(f"{n}\n{' '.join(head)}\n")
        rows = zip(*(c for a in arrays for c in a.values[first : first + n].T.tolist()), strict=True)
        parts += [form % row for row in rows]
        first += n
    return "".join(parts).encode()


def members_of(data: AtlasData, structures: NDArray[np.integer]) -> NDArray[np.intp]:
    """Indices of all atoms of some structures, structure by structure."""
    starts, lengths = data.of_structures("first_atom")[structures], data.of_structures("n_atoms")[structures]
    before = np.cumsum(lengths) - lengths
    return np.repeat(starts - before, lengths) + np.arange(int(lengths.sum()))


def _coordinate_widths(content: Content) -> dict[str, int]:
    """How many coordinates each model shown has; none where they are not asked for."""
    if not content.flag("coordinates", True):
        return {}
    file = content.data.atlas.file
    return {
        key: file.shape(f"models/{key}/coordinates")[1]
        for key in content.view.models
        if file.has(f"models/{key}/coordinates")
    }


def _arrays(content: Content, members: NDArray[np.intp], wide: dict[str, int]) -> list[AtomArray]:
    data = content.data
    symbols = np.array(["X", *data.symbols], object)[data.of_atoms("atomic_number")[members]]
    found = [
        AtomArray("selected", "L", content.selected[members, None]),
        AtomArray("site_symmetry", "S", _words(data.of_atoms("site_symmetry")[members])),
        AtomArray("wyckoff", "S", _words(data.of_atoms("wyckoff")[members])),
        AtomArray("coordination", "I", data.of_atoms("coordination")[members, None]),
    ]
    for column in (*(c for c in properties(data) if c.per == "atom"), *of_models(content)):
        values = column.of(data, members)
        text = column.kind == "text"
        found.append(
            AtomArray(column.name, "S", _words(values)) if text else AtomArray(column.name, "R", values[:, None])
        )
    found += [AtomArray(f"map_{key}", "R", content.points(key)[members]) for key in content.models]
    low, high = int(members[0]), int(members[-1]) + 1
    for key in wide:
        coordinates = data.atlas.file.rows(f"models/{key}/coordinates", low, high)[members - low]
        found.append(AtomArray(f"coordinates_{key}", "R", coordinates))
    taken = {"species", "pos"}
    named = [AtomArray(_key(a.name, taken), a.kind, a.values) for a in found]
    positions = AtomArray("pos", "R", data.of_atoms("position")[members].astype(float))
    return [AtomArray("species", "S", symbols[:, None]), positions, *named]


def _info(columns: list[Column], s: int) -> list[str]:
    """Properties of a structure as ``key=value``, unknown ones left out."""
    taken = {"id", "formula", "spacegroup"}
    result = []
    for column in columns:
        value, key = column.values[s], _key(column.name, taken)
        if column.kind == "text":
            if str(value):
                result.append(f"{key}={_quoted(value)}")
        elif np.isfinite(value):
            result.append(f"{key}={'FT'[int(bool(value))]}" if column.kind == "flag" else f"{key}={float(value):.10g}")
    return result


def _key(name: str, taken: set[str]) -> str:
    """A name that is one word, has no meaning of its own to readers, and occurs once."""
    word = re.sub(r"[^A-Za-z0-9_.+-]", "_", name).strip("_") or "property"
    word = f"property_{word}" if word.lower() in RESERVED else word
    unique, n = word, 2
    while unique in taken:
        unique, n = f"{word}_{n}", n + 1
    taken.add(unique)
    return unique


def _words(texts: NDArray) -> NDArray:
    """Texts as single words, ``_`` where empty, which is all that a column of the format can hold; (N, 1)."""
    listed = texts.tolist()
    words = {text: re.sub(r"\s+", "_", clean(text, 80)) or "_" for text in set(listed)}
    return np.array([words[text] for text in listed], object)[:, None]


def _quoted(text: object) -> str:
    plain = clean(text, 400).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{plain}"'
