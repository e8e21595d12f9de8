"""What a text asks for, as a tree; and the tree as text."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from dashboard.find.lexer import quote

Span = tuple[int, int]


@dataclass(frozen=True)
class Phrase:
    """Words without a comparison: a formula, a chemical system, an element, an id, a name, a space group."""

    words: tuple[str, ...]
    spans: tuple[Span, ...] = dataclasses.field(default=(), compare=False, repr=False)


@dataclass(frozen=True)
class Compare:
    """``field operator value``; the operator is one of ``= != < <= > >=``."""

    field: str
    operator: str
    value: str
    field_span: Span = dataclasses.field(default=(0, 0), compare=False, repr=False)
    value_span: Span = dataclasses.field(default=(0, 0), compare=False, repr=False)


@dataclass(frozen=True)
class Among:
    """``field in (values)``."""

    field: str
    values: tuple[str, ...]
    field_span: Span = dataclasses.field(default=(0, 0), compare=False, repr=False)
    spans: tuple[Span, ...] = dataclasses.field(default=(), compare=False, repr=False)


@dataclass(frozen=True)
class Within:
    """``what in where``: atoms of elements (words, or a list) in the crystals that words name, or in all others."""

    what: Phrase | Among
    where: Phrase
    negated: bool = False


@dataclass(frozen=True)
class Not:
    part: Node


@dataclass(frozen=True)
class All:
    """Every part holds; at least two."""

    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Any:
    """One part holds; at least two."""

    parts: tuple[Node, ...]


Node = Phrase | Compare | Among | Within | Not | All | Any


def as_text(node: Node) -> str:
    """The text of a tree; parsing it gives the tree again."""
    match node:
        case Phrase(words):
            return " ".join(map(quote, words))
        case Compare(name, operator, value):
            return f"{quote(name)} {operator} {quote(value)}"
        case Among(name, values):
            return f"{quote(name)} in ({', '.join(map(quote, values))})"
        case Within(what, where, negated):
            elements = ", ".join(map(quote, what.values)) if isinstance(what, Among) else as_text(what)
            return f"{elements} {'not in' if negated else 'in'} {as_text(where)}"
        case Not(Among(name, values)):
            return f"{quote(name)} not in ({', '.join(map(quote, values))})"
        case Not(part):
            return f"not {_inner(part)}"
        case All(parts):
            return " and ".join(map(_inner, parts))
        case Any(parts):
            return " or ".join(as_text(p) if isinstance(p, All) else _inner(p) for p in parts)


def _inner(node: Node) -> str:
    return f"({as_text(node)})" if isinstance(node, All | Any) else as_text(node)
