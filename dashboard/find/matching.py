"""From the tree of a text to the atoms it asks for."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from dashboard.data import AtlasData
from dashboard.find import formulas
from dashboard.find.classes import atoms_of_compounds, element_classes
from dashboard.find.errors import FindError, closest
from dashboard.find.fields import Field, field_of, fields, normal
from dashboard.find.index import (
    N_NUMBERS,
    BoolArray,
    called,
    class_values,
    compositions,
    naming,
    structure_texts,
    symbol_of_group,
    words,
)
from dashboard.find.nodes import All, Among, Any, Compare, Node, Not, Phrase, Span, Within
from dashboard.find.parser import measure, parse
from dashboard.labels import unit

# the symbols of structure types that are formulas of boron and carbon too: B1 is rock salt
_STRUKTURBERICHT = re.compile(r"[BC]\d{1,2}")
_YES = ("true", "yes", "1")
_NO = ("false", "no", "0")
_ORDER: dict[str, Callable[..., BoolArray]] = {
    "<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal,
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Found:
    """Which of a level (elements by atomic number, structures or atoms) are meant."""

    level: str
    mask: BoolArray


def matches(data: AtlasData, text: str) -> BoolArray:
    """Which atoms a text asks for, (N,) bool in file order.

    Raises
    ------
    FindError
        Where the text is malformed, or speaks of what the atlas does not have.
    """
    return _atoms(data, _found(data, parse(text)))


def _atoms(data: AtlasData, found: Found) -> BoolArray:
    if found.level == "element":
        return found.mask[data.of_atoms("atomic_number")]
    return found.mask[data.of_atoms("structure")] if found.level == "structure" else found.mask


def _found(data: AtlasData, node: Node) -> Found:
    match node:
        case Phrase():
            return _phrase(data, node)
        case Compare():
            field = field_of(data, node.field, *node.field_span)
            return Found(field.level, _compared(data, field, node.operator, node.value, node.value_span))
        case Among():
            return _among(data, node, "=", np.logical_or)
        case Within(what, where, negated):
            if not isinstance(what, Among) and normal(" ".join(what.words)) in fields(data):
                example = f"{' '.join(what.words)} in ({' '.join(where.words)})"
                raise FindError(f"the values stand in a list in brackets, as in `{example}`", *_span(where))
            elements = _found(data, what) if isinstance(what, Among) else _elements(what)
            inside = Found("structure", _crystals(data, where) ^ negated)
            return _joined(data, [elements, inside], np.logical_and)
        case Not(Among() as among):
            return _among(data, among, "!=", np.logical_and)
        case Not(part):
            inner = _found(data, part)
            return Found(inner.level, ~inner.mask)
        case All(parts):
            return _joined(data, [_found(data, p) for p in parts], np.logical_and)
        case Any(parts):
            return _joined(data, [_found(data, p) for p in parts], np.logical_or)


def _among(data: AtlasData, node: Among, operator: str, join: np.ufunc) -> Found:
    spans = node.spans or ((0, 0),) * len(node.values)
    named = elements_called(node.field) if normal(node.field) not in fields(data) else None
    if named is not None:
        places = [_crystals(data, Phrase((v,), (s,))) for v, s in zip(node.values, spans, strict=True)]
        inside = np.logical_or.reduce(places) ^ (operator == "!=")
        return _joined(data, [Found("element", named), Found("structure", inside)], np.logical_and)
    field = field_of(data, node.field, *node.field_span)
    masks = [_compared(data, field, operator, v, s) for v, s in zip(node.values, spans, strict=True)]
    return Found(field.level, join.reduce(masks))


def _joined(data: AtlasData, parts: list[Found], join: np.ufunc) -> Found:
    levels = {p.level for p in parts}
    if len(levels) == 1:
        return Found(levels.pop(), join.reduce([p.mask for p in parts]))
    return Found("atom", join.reduce([_atoms(data, p) for p in parts]))


# ---- comparisons


def _compared(data: AtlasData, field: Field, operator: str, value: str, span: Span) -> BoolArray:
    if field.kind == "number":
        return _number(field, operator, value, span)
    if field.kind == "spacegroup" and re.match(r"[^a-z]", value.strip(), re.IGNORECASE):
        return _number(field, operator, value, span)
    if operator not in ("=", "!="):
        raise FindError(f"`{field.name}` has no order; use `=`, `!=` or `in`", *span)
    equal, known = _equal(data, field, value, span)
    return equal if operator == "=" else ~equal & known


def _number(field: Field, operator: str, value: str, span: Span) -> BoolArray:
    read = measure(value)
    if read is None:
        raise FindError(f"`{field.name}` is a number; `{value}` is none", *span)
    wanted, written = read
    if written and _one_unit(written) != _one_unit(field.unit):
        stands = f"is in {field.unit}" if field.unit else "has no unit"
        raise FindError(f"`{field.name}` {stands}; `{written}` cannot stand after the number", *span)
    stored = np.asarray(field.numbers(), float)
    stored = np.where(np.isfinite(stored), stored, np.nan)
    if operator in _ORDER:
        return _ORDER[operator](stored, wanted)
    equal = np.isclose(stored, wanted, rtol=1e-9, atol=0)
    return equal if operator == "=" else ~equal & np.isfinite(stored)


def _one_unit(text: str) -> str:
    """A unit in one spelling: ``Å^3``, ``angstrom^3`` and ``Å³`` are the same."""
    return unicodedata.normalize("NFKC", unit(text.strip("()[] "))).replace(" ", "")


def _equal(data: AtlasData, field: Field, value: str, span: Span) -> tuple[BoolArray, BoolArray]:
    """Where a field has a value, and where it has any."""
    if field.kind == "element":
        z = _element(value, span)
        return np.arange(N_NUMBERS) == z, np.arange(N_NUMBERS) > 0
    if field.kind in ("formula", "system"):
        everything = np.ones(data.n_structures, bool)
        if field.kind == "formula":
            wanted = formulas.composition(value.replace(" ", ""))
            if wanted is None:
                raise FindError(f"`{value}` is no formula; write one like `BaCeO3`", *span)
            return compositions(data).equal_to(wanted), everything
        numbers = formulas.system(value) or ((_element(value, span),) if "-" not in value else None)
        if numbers is None:
            raise FindError(f"`{value}` is no chemical system; write one like `Ce-O`", *span)
        return compositions(data).exactly(numbers), everything
    if field.kind == "flag":
        if value.casefold() not in _YES + _NO:
            raise FindError(f"`{field.name}` is true or false, not `{value}`", *span)
        stored = field.numbers()
        return stored == (value.casefold() in _YES), np.isfinite(stored)
    texts = field.texts()
    if field.kind == "spacegroup":
        wanted_symbol = symbol_of_group(value)
        equal = texts.where(lambda t: symbol_of_group(t) == wanted_symbol)
    else:
        equal = texts.same(value)
    if not equal.any() and field.closed:
        known = [v for v in texts.values if v]
        raise FindError(
            f"no {field.label.lower()} is called `{value}`{closest(value, known) or '; there are ' + ', '.join(known)}",
            *span,
        )
    return equal, texts.where(bool) | equal


def _element(value: str, span: Span) -> int:
    by_symbol = formulas.numbers_of_symbols()
    if value in by_symbol or value.capitalize() in by_symbol:
        return by_symbol.get(value) or by_symbol[value.capitalize()]
    named = element_classes().get(words(value).strip())
    if named is not None and named.sum() == 1:
        return int(np.flatnonzero(named)[0])
    names = [name for name, elements in element_classes().items() if elements.sum() == 1]
    raise FindError(f"no element is called `{value}`{closest(value, [*by_symbol, *names])}", *span)


# ---- atoms in crystals


def elements_called(phrase: str) -> BoolArray | None:
    """Elements by atomic number (119 of them) that a symbol, a name or a class names; None where it names none."""
    symbols = formulas.numbers_of_symbols()
    z = symbols.get(phrase) or symbols.get(phrase.capitalize())
    word = words(phrase).strip()
    return np.arange(N_NUMBERS) == z if z else element_classes().get(atoms_of_compounds(word) or word)


def _elements(node: Phrase) -> Found:
    phrase = " ".join(node.words)
    span = _span(node)
    named = elements_called(phrase)
    if named is not None:
        return Found("element", named)
    known = [*formulas.numbers_of_symbols(), *element_classes()]
    hint = closest(phrase, known) or "; before `in` stand elements, as in `Ce in BaCeO3`"
    raise FindError(f"no element is called `{phrase}`{hint}", *span)


def _crystals(data: AtlasData, node: Phrase) -> BoolArray:
    """Structures that words name; an element's symbol is a formula here."""
    found = _whole(data, " ".join(node.words)) if len(node.words) > 1 else None
    if found is None:
        wanted = formulas.composition(node.words[0]) if len(node.words) == 1 else None
        pure = np.zeros(0, bool) if wanted is None else compositions(data).equal_to(wanted)
        found = Found("structure", pure) if pure.any() else _phrase(data, node)
    if found.level != "structure":
        phrase = " ".join(node.words)
        raise FindError(f"`{phrase}` names atoms; after `in` stand crystals, as in `Ce in BaCeO3`", *_span(node))
    return found.mask


def _span(node: Phrase) -> Span:
    return (node.spans[0][0], node.spans[-1][1]) if node.spans else (0, 0)


# ---- words without a comparison


def _phrase(data: AtlasData, node: Phrase) -> Found:
    if len(node.words) == 1:
        return _word(data, node.words[0], node.spans[0] if node.spans else (0, 0))
    whole = _whole(data, " ".join(node.words))
    if whole is not None:
        return whole
    spans = node.spans or ((0, 0),) * len(node.words)
    return _joined(data, [_word(data, w, s) for w, s in zip(node.words, spans, strict=True)], np.logical_and)


def _whole(data: AtlasData, phrase: str) -> Found | None:
    """What several words mean together, where they do: ``barium cerate``, ``alkaline earth``, ``P 63/mmc``."""
    named = element_classes().get(words(phrase).strip())
    if named is not None and not is_class_of_crystals(data, phrase):
        return Found("element", named)
    joined = phrase.replace(" ", "")
    wanted = formulas.composition(joined)
    for mask in (
        called(data, phrase),
        called(data, joined),
        _of_group(data, joined),
        np.zeros(0, bool) if wanted is None else compositions(data).equal_to(wanted),
    ):
        if mask.any():
            return Found("structure", mask)
    return None


def _word(data: AtlasData, word: str, span: Span) -> Found:
    """What one word means: the first of these that the atlas has.

    An id, an element, a chemical system, a formula, a space group, a class of elements, a crystal system, a name.
    """
    ids = structure_texts(data, "id")
    mask = ids.equal(word)
    if mask.any():
        return Found("structure", mask)
    symbols = formulas.numbers_of_symbols()
    if word in symbols:
        return Found("element", np.arange(N_NUMBERS) == symbols[word])
    together = formulas.system(word)
    if together is not None:
        return Found("structure", compositions(data).containing(together))
    if _STRUKTURBERICHT.fullmatch(word) and (mask := called(data, word)).any():
        return Found("structure", mask)
    wanted = formulas.composition(word)
    if wanted is not None and (mask := compositions(data).equal_to(wanted)).any():
        return Found("structure", mask)
    if (mask := _of_group(data, word)).any():
        return Found("structure", mask)
    if word.capitalize() in symbols:
        return Found("element", np.arange(N_NUMBERS) == symbols[word.capitalize()])
    named = element_classes().get(words(word).strip())
    if named is not None and not is_class_of_crystals(data, word):
        return Found("element", named)
    for mask in (
        structure_texts(data, "crystal_system").same(word),
        called(data, word),
        ids.same(word),
        structure_texts(data, "formula").same(word),
    ):
        if mask.any():
            return Found("structure", mask)
    if wanted is not None:
        return Found("structure", np.zeros(data.n_structures, bool))
    raise _unknown(data, word, span)


def is_class_of_crystals(data: AtlasData, phrase: str) -> bool:
    """Whether a family or prototype of the atlas is called so; it comes before a class of elements."""
    word = words(phrase).strip()
    single = word.removesuffix("s")
    known = class_values(data)
    several = word in element_classes() and element_classes()[word].sum() > 1
    return several and (word in known or single in known or f"{single}s" in known)


def _of_group(data: AtlasData, symbol: str) -> BoolArray:
    wanted = symbol_of_group(symbol)
    return structure_texts(data, "spacegroup_symbol").where(lambda t: t != "" and symbol_of_group(t) == wanted)


def _unknown(data: AtlasData, word: str, span: Span) -> FindError:
    known = fields(data)
    if normal(word) in known:
        field = known[normal(word)]
        example = f"{field.name} > 2" if field.kind == "number" else f"{field.name} = ..."
        return FindError(f"`{word}` is a quantity; compare it, as in `{example}`", *span)
    read = measure(word)
    if read is not None and word.strip().isdigit() and 1 <= read[0] <= 230:
        return FindError(f"a number alone finds nothing; for the space group write `spacegroup = {word}`", *span)
    if read is not None:
        return FindError("a number alone finds nothing; say of what, as in `band_gap > 2`", *span)
    texts = [v for name in naming(data) for v in structure_texts(data, name).values]
    names = {w for v in texts[:2000] for w in words(v).split()}
    names |= {*element_classes(), *structure_texts(data, "crystal_system").values, *(f.name for f in known.values())}
    if atoms := atoms_of_compounds(word):
        return FindError(f"no crystals here are called `{word}`; for the atoms write `{atoms}`", *span)
    return FindError(f"nothing here is called `{word}`{closest(word, names)}", *span)
