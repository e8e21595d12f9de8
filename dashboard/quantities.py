"""Everything that points can be coloured, brushed and tabulated by, under one id each.

Quantities of elements, atoms and structures have one value an atom; those of a model, stored at
``models/<key>/properties/<name>``, have one value an atom and model; those of a comparison one an atom and comparison
(`dashboard.overlap`). Numbers are float64 with NaN where there is no value; categories are codes, 255 where there is
none.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard import labels
from dashboard.data import AtlasData
from dashboard.overlap import arrays, compared
from dashboard.palette import CATEGORIES, OTHER, PALETTE, legible
from precompute.store import Column

NO_CODE = 255
NO_NUMBER = 65_535
STEPS = 65_534
BINS = 64
NAMED = len(PALETTE) - 1
LOG_RATIO = 1_000
BLOCKS = ("s", "p", "d", "f")
CRYSTAL_SYSTEMS = (
    "cubic", "hexagonal", "trigonal", "tetragonal", "orthorhombic", "monoclinic", "triclinic",
    "layer", "chain", "molecule",
)  # fmt: skip


@dataclass(frozen=True)
class Quantity:
    """One quantity.

    Attributes
    ----------
    id : str
        As it stands in addresses.
    label, unit : str
        As pages write it.
    kind : str
        ``category`` or ``number``.
    of : str
        What it is a property of: ``element``, ``atom``, ``structure``, ``model`` or ``comparison``.
    models : tuple of str
        The models that have it, where it is a property of models.
    path : str
        The stored array, where it is read from one; with ``{model}`` for the model's key.
    stored : str
        ``number``, ``flag`` or ``text``.
    """

    id: str
    label: str
    unit: str
    kind: str
    of: str
    models: tuple[str, ...] = ()
    path: str = ""
    stored: str = "number"


_OF_ELEMENTS = (
    Quantity("category", "Element group", "", "category", "element"),
    Quantity("element", "Element", "", "category", "element"),
    Quantity("group", "Group of the periodic table", "", "number", "element"),
    Quantity("period", "Period", "", "number", "element"),
    Quantity("block", "Block", "", "category", "element"),
    Quantity("electronegativity", "Electronegativity (Pauling)", "", "number", "element"),
    Quantity("covalent_radius", "Covalent radius", "Å", "number", "element"),
    Quantity("coordination", "Near atoms (within 1.2 × covalent radii)", "", "number", "atom"),
    Quantity("crystal_system", "Crystal system", "", "category", "structure"),
    Quantity("spacegroup", "Space group", "", "category", "structure"),
)
OVERLAP = Quantity(compared.OVERLAP, "Overlap of neighbours", "", "number", "comparison")
BUILT_IN = tuple(q.id for q in _OF_ELEMENTS)


def listed(data: AtlasData) -> dict[str, Quantity]:
    """All quantities of an atlas by id, in the order in which menus list them."""
    return data.keep(("quantities",), lambda: _listed(data))


def _listed(data: AtlasData) -> dict[str, Quantity]:
    found = {q.id: q for q in _OF_ELEMENTS}
    for of, noun in (("structures", "structure"), ("atoms", "atom")):
        for column in data.columns(of):
            q = _of_column(column, noun)
            found[q.id] = q
    for key in data.model_keys:
        for column in data.columns(f"models/{key}"):
            q = _of_column(column, "model", (key,))
            before = found.get(q.id)
            if before is None:
                found[q.id] = q
            elif before.stored == q.stored:
                found[q.id] = Quantity(**{**vars(before), "models": (*before.models, key)})
    if compared.is_possible(data):
        found[OVERLAP.id] = OVERLAP
    return found


def _of_column(column: Column, of: str, models: tuple[str, ...] = ()) -> Quantity:
    stored = column.path.rpartition("/")[2]
    kind = "number" if column.kind == "number" else "category"
    path = f"models/{{model}}/properties/{stored}" if of == "model" else column.path
    return Quantity(
        f"{of}.{stored}", words(column.name), labels.unit(column.unit), kind, of, models, path, column.kind
    )  # fmt: skip


def words(name: str) -> str:
    """``band_gap`` as ``Band gap``; names that are written with capitals stay as they are."""
    text = labels.clean(re.sub(r"[_\s]+", " ", name), 60)
    return text[:1].upper() + text[1:] if text == text.lower() else text


def values(data: AtlasData, quantity: str, model: str | None = None) -> NDArray:
    """Values of all atoms in file order.

    Parameters
    ----------
    data : AtlasData
    quantity : str
        Id of a quantity of `listed`.
    model : str, optional
        The model, for a quantity of models; the first that has it where none is given. One that does not have it
        has no value for any atom. For a quantity of a comparison its name; by default that of the opening view.

    Returns
    -------
    (N,) float64 or uint8
        Numbers, NaN where unknown; or codes of the legend's entries, 255 where none.

    Raises
    ------
    KeyError
        Where there is no such quantity.
    """
    q = listed(data)[quantity]
    if q.of == "comparison":
        return arrays.of_atoms(data, comparison_of(data, model))
    key = (q.models[0] if model is None else model) if q.of == "model" else None
    if q.of == "model" and key not in q.models:
        return np.full(data.n_atoms, *((NO_CODE, np.uint8) if q.kind == "category" else (np.nan, np.float64)))
    return data.keep(("values", quantity, key), lambda: _values(data, q, key or ""))


def comparison_of(data: AtlasData, name: str | None) -> compared.Comparison:
    """The comparison of a name, or where none is given of the opening view.

    Raises
    ------
    KeyError
    """
    found = compared.opening(data) if name is None else compared.named(data, name)
    if found is None:
        raise KeyError(name)
    return found


def _values(data: AtlasData, q: Quantity, model: str) -> NDArray:
    if q.kind == "category":
        return _coded(data, q, model)[0]
    raw = _numbers(data, q, model).astype(np.float64)
    spread = _over_atoms(data, q)(raw)
    spread[~np.isfinite(spread)] = np.nan
    return spread


def _over_atoms(data: AtlasData, q: Quantity) -> Callable[[NDArray], NDArray]:
    """From one value an element or structure to one value an atom."""
    if q.of == "element":
        return lambda v: v[data.of_atoms("atomic_number") - 1]
    if q.of == "structure":
        return lambda v: v[data.of_atoms("structure")]
    return lambda v: v


def _numbers(data: AtlasData, q: Quantity, model: str) -> NDArray:
    if q.id == "coordination":
        return data.of_atoms("coordination")
    if q.of == "element":
        column = np.asarray(data.elements[q.id], float)
        return np.where(column == 0, np.nan, column) if q.id == "group" else column
    return data.atlas.file.read(q.path.format(model=model))


def _coded(data: AtlasData, q: Quantity, model: str = "") -> tuple[NDArray[np.uint8], list[dict[str, Any]]]:
    """Codes of all atoms, and the legend's entries without their counts."""
    if q.of == "model" and q.stored == "text":
        return _coded_texts(data.atlas.file.read(q.path.format(model=model)), data.keep(
            ("texts", q.id), lambda: _frequent([data.atlas.file.read(q.path.format(model=m)) for m in q.models])
        ))  # fmt: skip
    if q.stored == "flag":
        raw = np.asarray(_numbers(data, q, model), float)
        codes = np.where(np.isfinite(raw), raw != 0, NO_CODE).astype(np.uint8)
        return _over_atoms(data, q)(codes), _entries(["no", "yes"], [OTHER, PALETTE[0]])
    return data.keep(("coded", q.id), lambda: _coded_once(data, q))


def _coded_once(data: AtlasData, q: Quantity) -> tuple[NDArray[np.uint8], list[dict[str, Any]]]:
    over_atoms = _over_atoms(data, q)
    if q.id == "category":
        return over_atoms(data.code_of_element), _entries(list(CATEGORIES), list(CATEGORIES.values()))
    if q.id == "element":
        present = np.flatnonzero(data.atoms_of_element)
        code_of = np.full(len(data.symbols), NO_CODE, np.uint8)
        code_of[present] = np.arange(len(present))
        return over_atoms(code_of), _entries(
            [data.symbols[z] for z in present], [legible(data.colours[z]) for z in present]
        )
    if q.id in ("block", "crystal_system"):
        known = BLOCKS if q.id == "block" else CRYSTAL_SYSTEMS
        texts = data.elements["block"] if q.id == "block" else data.of_structures("crystal_system")
        colour = {name: PALETTE[i] for i, name in enumerate(known) if (texts == name).any()}
        codes = np.full(len(texts), NO_CODE, np.uint8)
        for code, name in enumerate(colour):
            codes[texts == name] = code
        return over_atoms(codes), _entries(list(colour), list(colour.values()))
    if q.id == "spacegroup":
        texts = data.of_structures("spacegroup_symbol")
        weights = data.of_structures("n_atoms")
    else:
        texts = data.atlas.file.read(q.path)
        weights = data.of_structures("n_atoms") if q.of == "structure" else np.ones(len(texts), int)
    codes, entries = _coded_texts(texts, _frequent([texts], weights))
    return over_atoms(codes), entries


def _frequent(columns: list[NDArray], weights: NDArray | None = None) -> list[str]:
    """Texts that deserve a colour: all where there are few, else the most frequent; most frequent first."""
    texts = np.concatenate(columns)
    found, inverse = np.unique(texts, return_inverse=True)
    counts = np.bincount(inverse, weights=weights, minlength=len(found))
    ranked = [str(found[i]) for i in np.argsort(-counts, kind="stable") if str(found[i])]
    return ranked if len(ranked) <= len(PALETTE) else [*ranked[:NAMED], ""]


def _coded_texts(texts: NDArray, named: list[str]) -> tuple[NDArray[np.uint8], list[dict[str, Any]]]:
    """Codes of texts by the names that got a colour; a last empty name stands for all others."""
    shown = [n for n in named if n]
    codes = np.full(len(texts), len(shown) if len(named) > len(shown) else NO_CODE, np.uint8)
    for code, name in enumerate(shown):
        codes[texts == name] = code
    codes[texts == ""] = NO_CODE
    names = [labels.clean(n, 60) for n in shown]
    others = ["other"] if len(named) > len(shown) else []
    return codes, _entries(names + others, [*PALETTE[: len(names)], *[OTHER] * len(others)])


def _entries(names: list[str], colours: list[str]) -> list[dict[str, Any]]:
    """Entries with labels that are each there once, as addresses need them."""
    unique: dict[str, None] = {}
    for name in names:
        label, n = name, 2
        while label in unique:
            label, n = f"{name} {n}", n + 1
        unique[label] = None
    return [{"label": label, "colour": colour} for label, colour in zip(unique, colours, strict=True)]


def legend(data: AtlasData, quantity: str, comparison: str | None = None) -> dict[str, Any]:
    """What a quantity's colours mean, ready for JSON; the counts are of atoms, over all models that have it.

    Of a comparison's quantity `comparison` is the name. The range of overlap is the same for all pairs of models: 0 to
    1, or above chance from the lowest value to 1.

    Returns
    -------
    dict
        ``id, label, kind, unit, of, models``; a category has ``entries`` (label, colour, n; the code of an entry is
        its place); a number has ``lo, hi, log, integer, n, missing`` and ``counts`` in 64 equal bins from lo to hi
        (equal in log10 where ``log``).
    """
    q = listed(data)[quantity]
    if q.of == "comparison":
        compares = comparison_of(data, comparison)
        return data.keep(("legend", quantity, compares), lambda: _legend_of(data, q, compares))
    return data.keep(("legend", quantity), lambda: _legend(data, q))


def _legend_of(data: AtlasData, q: Quantity, compares: compared.Comparison) -> dict[str, Any]:
    found = arrays.of_atoms(data, compares)
    known = found[np.isfinite(found)]
    lo = min(0.0, float(known.min())) if compares.chance and len(known) else 0.0
    return {
        "id": q.id, "label": compares.label, "kind": q.kind, "unit": q.unit, "of": q.of, "models": [],
        "comparison": compares.name, "lo": lo, "hi": 1.0, "log": False, "integer": False, "n": len(known),
        "missing": len(found) - len(known), "counts": np.histogram(known, BINS, (lo, 1.0))[0].tolist(),
    }  # fmt: skip


def _legend(data: AtlasData, q: Quantity) -> dict[str, Any]:
    head = {"id": q.id, "label": q.label, "kind": q.kind, "unit": q.unit, "of": q.of, "models": list(q.models)}
    columns = [values(data, q.id, model) for model in q.models or (None,)]
    if q.kind == "category":
        entries = _coded(data, q, q.models[0] if q.models else "")[1]
        n = np.bincount(np.concatenate(columns), minlength=NO_CODE + 1)
        return head | {
            "entries": [e | {"n": int(n[code])} for code, e in enumerate(entries)],
            "missing": int(n[NO_CODE]),
        }  # fmt: skip
    known = np.concatenate([c[np.isfinite(c)] for c in columns])
    missing = sum(len(c) for c in columns) - len(known)
    lo, hi = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    log = bool(lo > 0 and hi / lo > LOG_RATIO)
    ends = (np.log10(lo), np.log10(hi)) if log else (lo, hi)
    counts, _ = np.histogram(np.log10(known) if log else known, BINS, ends if ends[1] > ends[0] else (lo, lo + 1))
    return head | {
        "lo": lo, "hi": hi, "log": log, "integer": bool(len(known)) and bool((known == np.rint(known)).all()),
        "n": len(known), "missing": int(missing), "counts": counts.tolist(),
    }  # fmt: skip


def stored_values(data: AtlasData, quantity: str, model: str | None = None) -> NDArray:
    """Values as the page fetches them, in file order: codes as they are, numbers as places on the legend's range.

    Returns
    -------
    (N,) uint8 or uint16
        A number's place from 0 (lo) to 65534 (hi), in log10 where the legend says so; 65535 where there is none.
    """
    found = values(data, quantity, model)
    if found.dtype == np.uint8:
        return found
    meaning = legend(data, quantity, model if listed(data)[quantity].of == "comparison" else None)
    lo, hi = meaning["lo"], meaning["hi"]
    if meaning["log"]:
        found, lo, hi = np.log10(found), np.log10(lo), np.log10(hi)
    known = np.isfinite(found)
    result = np.full(len(found), NO_NUMBER, np.uint16)
    span = hi - lo
    result[known] = np.rint((found[known] - lo) * (STEPS / span)) if span > 0 else 0
    return result
