"""The columns of the tables of atoms and of structures: what they are called, and what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dashboard import quantities
from dashboard.data import AtlasData
from dashboard.labels import clean
from dashboard.overlap import arrays
from dashboard.overlap.compared import Comparison
from dashboard.quantities import Quantity

Kind = Literal["formula", "text", "symmetry", "number"]
TABLES = ("atoms", "structures")
# said already by columns of their own
REPEATED = {"elements", "formula", "pretty_formula", "name", "spacegroup", "spacegroup.number"}
MOST_DECIMALS = 6
OF_COMPARISON: dict[str, str] = {"atom": "overlap", "structure": "mean_overlap"}


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    id : str
        ``formula``, ``structure.<property>``, ``model.<name>@<key>``, ...
    label, unit : str
    kind : str
        ``formula`` and ``symmetry`` are texts with their own notation.
    of : str
        ``structure``, ``atom`` or ``model``: what one value belongs to.
    model : str
        Key of the model, or name of the comparison; empty where the quantity is of none.
    """

    id: str
    label: str
    unit: str
    kind: Kind
    of: str
    model: str = ""


@dataclass(frozen=True, eq=False)
class Texts:
    """Texts, each once and sorted; `codes` say which of them a structure or atom has."""

    codes: NDArray[np.int32]
    texts: tuple[str, ...]

    def ranks(self, descending: bool) -> NDArray[np.int32]:
        """Sort keys; empty texts last either way."""
        n = len(self.texts)
        of_text = np.arange(n, dtype=np.int32)
        if descending:
            of_text = of_text[::-1].copy()
        of_text[[i for i, t in enumerate(self.texts) if not t]] = n
        return of_text[self.codes]


@dataclass(frozen=True, eq=False)
class Numbers:
    """Numbers, NaN where there is none, and how many decimals tell them apart (None: powers of ten)."""

    values: NDArray[np.floating]
    decimals: int | None

    def ranks(self, descending: bool) -> NDArray[np.floating]:
        """Sort keys; missing values last either way."""
        return -self.values if descending else self.values


def listed(
    data: AtlasData, of: str, models: Sequence[str] = (), compares: Comparison | None = None
) -> dict[str, Column]:
    """The columns of the table of ``atoms`` or ``structures``, those of `models` and of a comparison among them."""
    found = [Column("formula", "Crystal", "", "formula", "structure")]
    if any(data.crystal_names):
        found.append(Column("name", "Name", "", "text", "structure"))
    found.append(Column("id", "Id", "", "text", "structure"))
    if of == "atoms":
        found.append(Column("atom", "Atom", "", "text", "atom"))
    found.append(Column("spacegroup", "Space group", "", "symmetry", "structure"))
    if of == "atoms":
        found.append(Column("site", "Site symmetry", "", "symmetry", "atom"))
        found.append(Column("coordination", "Near atoms", "", "number", "atom"))
    else:
        found.append(Column("crystal_system", "Crystal system", "", "text", "structure"))
        found.append(Column("n_atoms", "Atoms", "", "number", "structure"))
    nouns = ("structure", "atom") if of == "atoms" else ("structure",)
    stored = [q for q in quantities.listed(data).values() if q.path]
    for q in stored:
        if q.of in nouns and (q.of != "structure" or q.path.rpartition("/")[2] not in REPEATED):
            found.append(Column(q.id, q.label, q.unit, _kind(q), q.of))
    if of == "atoms":
        for key in (k for k in data.model_keys if k in models):
            found += [
                Column(f"{q.id}@{key}", f"{q.label}, {clean(key, 40)}", q.unit, _kind(q), "model", key)
                for q in stored
                if q.of == "model" and key in q.models
            ]
    if compares is not None and quantities.OVERLAP.id in quantities.listed(data):
        noun, mean = ("atom", "") if of == "atoms" else ("structure", "Mean ")
        label = clean(f"{mean}{compares.label[:1].lower() if mean else compares.label[:1]}{compares.label[1:]}", 120)
        found.append(Column(f"{OF_COMPARISON[noun]}@{compares.name}", label, "", "number", noun, compares.name))
    return {column.id: column for column in found}


def _kind(quantity: Quantity) -> Kind:
    return "number" if quantity.stored == "number" else "text"


def described(
    data: AtlasData, of: str, models: Sequence[str], compares: Comparison | None = None
) -> list[dict[str, Any]]:
    """Columns as the page gets them, numbers with their decimals."""
    result = []
    for column in listed(data, of, models, compares).values():
        held = contents(data, column)
        decimals = {"decimals": held.decimals} if isinstance(held, Numbers) else {}
        result.append(asdict(column) | decimals)
    return result


def contents(data: AtlasData, column: Column) -> Texts | Numbers:
    """What a column holds, over structures or over atoms as its `of` says."""
    return data.keep(("column", column.id), lambda: _read(data, column))


def _read(data: AtlasData, column: Column) -> Texts | Numbers:
    name = column.id
    if name.partition("@")[0] in OF_COMPARISON.values():
        compares = quantities.comparison_of(data, column.model)
        return _numbers(
            arrays.of_atoms(data, compares) if column.of == "atom" else arrays.of_structures(data, compares)
        )
    quantity = quantities.listed(data).get(name.removesuffix(f"@{column.model}") if column.model else name)
    if quantity is not None and quantity.path:
        raw = data.atlas.file.read(quantity.path.format(model=column.model))
        if quantity.stored == "number":
            return _numbers(raw)
        if quantity.stored == "text":
            return _unique(raw)
        flags = np.asarray(raw, float)
        return Texts(np.where(np.isfinite(flags), flags != 0, 2).astype(np.int32), ("no", "yes", ""))
    if name == "atom":
        return _atoms(data)
    if name == "spacegroup":
        symbols = _unique(data.of_structures("spacegroup_symbol"))
        pairs = data.of_structures("spacegroup").astype(np.int64) * len(symbols.texts) + symbols.codes
        found, codes = np.unique(pairs, return_inverse=True)
        texts = [(int(p) // len(symbols.texts), symbols.texts[int(p) % len(symbols.texts)]) for p in found]
        return Texts(
            codes.astype(np.int32), tuple(f"{symbol} {number}" if number else symbol for number, symbol in texts)
        )
    if name == "name":
        return _unique(data.crystal_names)
    if column.of == "atom":
        values = data.of_atoms({"site": "site_symmetry"}.get(name, name))
    else:
        values = data.of_structures(name)
    return _numbers(values) if column.kind == "number" else _unique(values)


def _unique(values: Sequence[Any] | NDArray) -> Texts:
    """Raw texts in order, upper and lower case alike."""
    raw = [str(v) for v in values]
    plain = {text: clean(text) for text in set(raw)}
    texts = sorted(set(plain.values()), key=lambda t: (t.casefold(), t))
    code = {text: i for i, text in enumerate(texts)}
    return Texts(np.array([code[plain[text]] for text in raw], np.int32), tuple(texts))


def _atoms(data: AtlasData) -> Texts:
    """``Ce 1``: symbol, and count within the structure; sorted by symbol, then count."""
    numbers, counts = data.of_atoms("atomic_number").astype(np.int64), np.asarray(data.counter, np.int64)
    place = np.argsort(np.argsort(data.symbols))
    base = int(counts.max(initial=1)) + 1
    found, codes = np.unique(place[numbers - 1] * base + counts, return_inverse=True)
    symbols = sorted(data.symbols)
    return Texts(codes.astype(np.int32), tuple(f"{symbols[int(f) // base]} {int(f) % base}" for f in found))


def _numbers(values: NDArray) -> Numbers:
    plain = np.asarray(values, float)
    size = np.abs(plain[np.isfinite(plain) & (plain != 0)])
    plain = np.where(np.isfinite(plain), plain, np.nan)
    if not len(size) or (np.isnan(plain) | (plain == np.round(plain))).all():
        return Numbers(plain, 0 if not len(size) or size.max() < 1e9 else None)
    if np.log10(np.quantile(size, 0.95) / np.quantile(size, 0.05)) > 4 or size.max() >= 1e7:
        return Numbers(plain, None)
    return Numbers(plain, int(np.clip(3 - np.floor(np.log10(np.median(size))), 0, MOST_DECIMALS)))
