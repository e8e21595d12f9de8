"""What a text in the find box can go on with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Any

import numpy as np

from dashboard.data import AtlasData
from dashboard.find import formulas
from dashboard.find.classes import ANIONS, atoms_of_compounds, class_names
from dashboard.find.errors import FindError
from dashboard.find.fields import Field, fields, normal
from dashboard.find.index import (
    BoolArray,
    Haystack,
    class_values,
    compositions,
    name_words,
    naming,
    structure_texts,
    words,
)
from dashboard.find.lexer import Token, quote, tokens
from dashboard.find.matching import elements_called, is_class_of_crystals, matches
from dashboard.find.parser import LONGEST
from dashboard.labels import clean, count

MOST = 12
MOST_CRYSTALS = 8
MOST_ELEMENTS = 3
MOST_CLASSES = 2
SHORTEST_CLASS = 3
"""Letters of a class before it is offered; fewer begin formulas."""
ORDERED = ("=", "!=", "<", "<=", ">", ">=", "in")
UNORDERED = ("=", "!=", "in")
Suggestion = dict[str, Any]
Made = tuple[str, str, str, int | None]
"""The value, its label, its kind and, of a crystal, the atom to show."""


def suggest(data: AtlasData, text: str, cursor: int | None = None) -> list[Suggestion]:
    """What may stand at the cursor.

    Parameters
    ----------
    data : AtlasData
    text : str
    cursor : int, optional
        Where in the text; its end where not given.

    Returns
    -------
    list of dict
        ``value``, the whole text with the suggestion in it; ``label``; ``kind``: ``crystal``, ``element``, ``class``,
        ``quantity``, ``operator`` or ``value``; ``caret``, where the cursor goes; and for a crystal ``atom``, the one
        to show. Where nothing else is to be said, the text itself and what it finds, of the kind ``text``.
    """
    return _continued(data, text, cursor) or _itself(data, text)


def _itself(data: AtlasData, text: str) -> list[Suggestion]:
    whole = text.strip()
    if not whole or len(text) > LONGEST:
        return []
    return [
        {"value": value, "label": label, "kind": "text", "caret": len(value)}
        for value, label, _, _ in _counted(data, whole, whole, whole)
    ]


def _continued(data: AtlasData, text: str, cursor: int | None) -> list[Suggestion]:
    place = len(text) if cursor is None else max(0, min(cursor, len(text)))
    if len(text) > LONGEST:
        return []
    before, after = text[:place], text[place:]
    known = _tokens(before)
    partial = ""
    start = place
    if known and known[-1].kind in ("word", "keyword", "quoted") and known[-1].end == place:
        last = known.pop()
        partial, start = last.text, last.start
    begin = start
    made: Iterable[Made]
    run = _run(known)
    field = _field_being_compared(data, known, run)
    if field is not None:
        made = _values(data, field, partial)
    elif run and (named := fields(data).get(normal(" ".join(t.text for t in run)))) is not None:
        made = _operators(named, partial)
    else:
        alone = len(run) == len(known) and not after.strip()
        begin = run[0].start if run else start
        whole = " ".join(t.text for t in run) + f" {partial}" if run else partial
        inside = _before_in(data, known[: len(known) - len(run)])
        if inside is not None:
            what, elements = inside
            made = [
                *_classes_of_crystals(data, whole, what),
                *(_crystals(data, before[begin:].strip(), elements, before[:begin]) if not after.strip() else ()),
            ]
            return _written(made, before, after, begin, begin)
        crystals = _crystals(data, before[begin:].strip()) if alone else []
        made = [
            *_classes(data, whole),
            *crystals,
            *(_elements(data, partial) if not (run and crystals) else ()),
            *_quantities(data, partial),
        ]
    return _written(made, before, after, start, begin)


def _written(made: Iterable[Made], before: str, after: str, start: int, begin: int) -> list[Suggestion]:
    """Suggestions in place of the word that begins at `start`; classes in place of all words since `begin`."""
    result: list[Suggestion] = []
    for value, label, kind, atom in made:
        if kind == "crystal":
            result.append({"value": value, "label": label, "kind": kind, "caret": len(value), "atom": atom})
        else:
            head = f"{before[: begin if kind == 'class' else start]}{value} "
            result.append({"value": head + after.lstrip(), "label": label, "kind": kind, "caret": len(head)})
    return result[:MOST]


def _tokens(text: str) -> list[Token]:
    """The tokens of a text that may be unfinished."""
    try:
        return tokens(text)[:-1]
    except FindError as error:
        opened = text[error.start :]
        if opened[:1] in ('"', "'", "“"):
            return [*tokens(text[: error.start])[:-1], Token("quoted", opened[1:], error.start, len(text))]
        return []


def _run(known: Sequence[Token]) -> list[Token]:
    """The words that the tokens end with."""
    n = len(known)
    while n and known[n - 1].kind in ("word", "quoted"):
        n -= 1
    return list(known[n:])


def _field_being_compared(data: AtlasData, known: Sequence[Token], run: Sequence[Token]) -> Field | None:
    """The field whose value stands next; None where none does."""
    if run or not known:
        return None
    place = len(known) - 1
    if known[place].kind == "compare":
        pass
    elif known[place].kind in ("(", ","):
        while place and known[place].kind != "(":
            place -= 1
        place -= 1
        if place < 0 or known[place].text != "in":
            return None
        place -= known[place - 1].text == "not"
    else:
        return None
    return fields(data).get(normal(" ".join(t.text for t in _run(known[:place]))))


def _operators(field: Field, partial: str) -> list[tuple[str, str, str, None]]:
    listed = ORDERED if field.kind in ("number", "spacegroup") else UNORDERED
    meaning = {"=": "is", "!=": "is not", "<": "less than", "<=": "at most", ">": "more than", ">=": "at least",
               "in": "one of"}  # fmt: skip
    return [
        (o if o != "in" else "in (", f"{o}  {meaning[o]}", "operator", None) for o in listed if o.startswith(partial)
    ]


def _values(data: AtlasData, field: Field, partial: str) -> list[tuple[str, str, str, None]]:
    if field.kind == "number":
        return []
    if field.kind == "flag":
        options = ["true", "false"]
    elif field.kind == "element":
        return [(v, label, "value", None) for v, label, _, _ in _elements(data, partial, MOST)]
    elif field.kind == "formula":
        options = structure_texts(data, "formula").values
    elif field.kind == "system":
        return []
    else:
        texts = field.texts()
        times = np.bincount(texts.codes, minlength=len(texts.values))
        options = [texts.values[i] for i in np.argsort(-times, kind="stable") if texts.values[i]]
    wanted = partial.casefold()
    begins = (o for o in options if o.casefold().startswith(wanted))
    within = (o for o in options if wanted and f" {wanted}" in words(o) and not o.casefold().startswith(wanted))
    found = islice((o for o in chain(begins, within) if o != partial), MOST)
    return [(quote(o), clean(o, 60), "value", None) for o in found]


def _elements(data: AtlasData, partial: str, most: int = MOST_ELEMENTS) -> list[tuple[str, str, str, None]]:
    wanted = partial.casefold()
    names = data.elements["name"].tolist()
    present = data.atoms_of_element
    ranked = []
    for z, (symbol, name) in enumerate(zip(data.symbols, names, strict=True)):
        if symbol.casefold() == wanted:
            ranked.append((0, -int(present[z]), z))
        elif present[z] and (symbol.casefold().startswith(wanted) or name.casefold().startswith(wanted)):
            ranked.append((1, -int(present[z]), z))
    if not wanted and most == MOST_ELEMENTS:
        return []
    return [
        (data.symbols[z], f"{data.symbols[z]} · {names[z].lower()} · {count(int(present[z]), 'atom')}", "element", None)
        for _, _, z in sorted(ranked)[:most]
    ]


def _quantities(data: AtlasData, partial: str) -> list[tuple[str, str, str, None]]:
    wanted = normal(partial)
    listed = dict.fromkeys(fields(data).values())
    begins = [f for f in listed if normal(f.name).startswith(wanted)]
    within = [
        f for f in listed if wanted and f not in begins and any(w.startswith(wanted) for w in words(f.label).split())
    ]
    return [
        (quote(f.name), f"{f.label} ({f.unit})" if f.unit else f.label, "quantity", None) for f in [*begins, *within]
    ]


# ---- classes


def _classes(data: AtlasData, text: str) -> list[Made]:
    """Classes of elements, and of crystals, that begin so, each with the atoms that it finds."""
    wanted = words(text).strip()
    if len(wanted) < SHORTEST_CLASS:
        return []
    atoms = atoms_of_compounds(wanted)
    named = [c for c in class_names() if c.startswith(wanted) or c == atoms]
    if atoms and not named:
        named = [atoms]
    made: list[Made] = []
    for word in named[:MOST_CLASSES]:
        value = word
        if is_class_of_crystals(data, word):
            present = [data.symbols[z - 1] for z in np.flatnonzero(class_names()[word]) if data.atoms_of_element[z - 1]]
            value = f"element in ({', '.join(present)})"
        made += _counted(data, value, word, value)
    compounds = [compound for compound, of in ANIONS.items() if of in named]
    called = dict(pair for word in (wanted, *compounds) for pair in _classes_called(data, word))
    for value, name in list(called.items())[:MOST_CLASSES]:
        condition = f"{quote(name)} = {quote(value)}"
        made += _counted(data, condition, f"{name} = {value}", condition)
    return made


def _classes_of_crystals(data: AtlasData, text: str, what: str) -> list[Made]:
    """Classes of crystals after ``what in``."""
    wanted = words(text).strip()
    if len(wanted) < SHORTEST_CLASS:
        return []
    return [
        made
        for value, _ in _classes_called(data, wanted)
        for made in _counted(data, value, f"{what} {value}", f"{what} {value}")
    ]


def _classes_called(data: AtlasData, wanted: str) -> list[tuple[str, str]]:
    single = wanted.removesuffix("s")
    known = class_values(data).items()
    return [(v, name) for v, name in known if v.startswith(wanted) or v in (single, f"{single}s")][:MOST_CLASSES]


def _counted(data: AtlasData, value: str, named: str, condition: str) -> list[Made]:
    """A class, unless it has no atoms."""
    try:
        n = int(matches(data, condition).sum())
    except FindError:
        return []
    return [(value, f"{clean(named, 60)} · {count(n, 'atom')}", "class", None)] if n else []


def _before_in(data: AtlasData, known: Sequence[Token]) -> tuple[str, BoolArray] | None:
    """``Ce in`` and the elements that it means, where the tokens end so."""
    if not known or (known[-1].kind, known[-1].text) != ("keyword", "in"):
        return None
    negated = len(known) > 1 and (known[-2].kind, known[-2].text) == ("keyword", "not")
    run = _run(known[: -2 if negated else -1])
    phrase = " ".join(t.text for t in run)
    elements = elements_called(phrase) if run and normal(phrase) not in fields(data) else None
    if elements is None:
        return None
    return f"{' '.join(quote(t.text) for t in run)} {'not in' if negated else 'in'}", elements


# ---- crystals


def _crystals(data: AtlasData, text: str, elements: BoolArray | None = None, head: str = "") -> list[Made]:
    """Crystals of a formula, in any order of its elements, then those whose formula, name or id begins so.

    Of `elements`, where given (by atomic number, 119 of them), the crystal must hold one, and its atom is shown.
    """
    wanted = " ".join(text.split()).casefold()
    if not words(wanted).strip():
        return []
    composition = formulas.composition("".join(text.split()))
    ranks = np.full(data.n_structures, 9, np.int8)
    for name in naming(data):
        rank = np.full(len(structure_texts(data, name).values), 9, np.int8)
        rank[name_words(data, name).holding(words(wanted))] = 4
        rank[name_words(data, name).holding("\n" + words(wanted))] = 3
        ranks = np.minimum(ranks, rank[structure_texts(data, name).codes])
    ids, of = structure_texts(data, "id"), structure_texts(data, "formula")
    folded = data.keep(("find folded ids",), lambda: Haystack.of(v.casefold() for v in ids.values))
    ranks = np.where((ranks == 9) & folded.holding(wanted)[ids.codes], 5, ranks)
    ranks[of.where(lambda t: t.casefold().startswith(wanted))] = 2
    if composition is not None:
        ranks[compositions(data).equal_to(composition)] = 1
    ranks[of.same(wanted)] = 1
    ranks[ids.same(wanted)] = 0
    if elements is not None:
        held = data.of_atoms("structure")[elements[data.of_atoms("atomic_number")]]
        ranks[np.bincount(held, minlength=data.n_structures) == 0] = 9
    sizes = data.of_structures("n_atoms")
    best = np.lexsort((np.arange(len(ranks)), sizes, ranks))[:MOST_CRYSTALS]
    return [
        (head + quote(_id(data, s)), f"{head}{label(data, s)}", "crystal", first_atom(data, s, elements))
        for s in best
        if ranks[s] < 9
    ]


def _id(data: AtlasData, structure: int) -> str:
    return str(data.of_structures("id")[structure])


def first_atom(data: AtlasData, structure: int, elements: BoolArray | None = None) -> int:
    """The atom to show of a crystal: the first of `elements`, or else of its least electronegative kind."""
    first, n = (int(data.of_structures(c)[structure]) for c in ("first_atom", "n_atoms"))
    numbers = data.of_atoms("atomic_number")[first : first + n]
    if elements is not None:
        return first + int(np.argmax(elements[numbers]))
    affinity = data.affinity[numbers - 1]
    return first + int(np.argmin(np.nan_to_num(affinity, nan=9.0)))


def label(data: AtlasData, structure: int) -> str:
    """``BaCeO3 · barium cerate · mp-3187``, each part once."""
    texts = (data.of_structures("formula")[structure], data.crystal_names[structure], _id(data, structure))
    return " · ".join(dict.fromkeys(clean(t, 50) for t in texts if str(t)))
