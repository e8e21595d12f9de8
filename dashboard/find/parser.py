"""The grammar of the find box, never evaluated as code.

    text     = part { "or" part }
    part     = factor { "and" factor }
    factor   = "not" factor | "(" text ")" | "only" words | condition | words | list [ [ "not" ] "in" words ]
    list     = symbol "," symbol { "," symbol }
    condition = words compare words [ compare words ] | words [ "not" ] "in" ( words | "(" words { "," words } ")" )
    compare  = "=" | "!=" | "<" | "<=" | ">" | ">="
    words    = word { word } [ "(" unit ")" ]

A word is anything without spaces, comparisons, commas and brackets, a formula with brackets, or text in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from dashboard.find import formulas
from dashboard.find.errors import FindError
from dashboard.find.lexer import Token, tokens
from dashboard.find.nodes import All, Among, Any, Compare, Node, Not, Phrase, Span, Within

LONGEST = 500
DEEPEST = 20
JOINING = "a joining word (`and`, `or`)"
_MEASURE = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)(\s+[^\s:_][^:_]*|[^\W\d_][^:_]*|[°%])?")
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


def parse(text: str) -> Node:
    """What a text asks for.

    Raises
    ------
    FindError
        With the place of what is wrong.
    """
    if len(text) > LONGEST:
        raise FindError(f"the text is {len(text)} characters long; {LONGEST} are allowed", LONGEST, len(text))
    return _Parser(text).all()


def measure(text: str) -> tuple[float, str] | None:
    """The number that a text is, and what stands after it as a unit: ``2``, ``2 eV``, ``−1.5e3``; else None."""
    match = _MEASURE.fullmatch(text.strip().replace("−", "-"))
    return None if match is None else (float(match[1]), (match[2] or "").strip())


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = tokens(text)
        self.place = 0

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def take(self) -> Token:
        token = self.next
        self.place += 1
        return token

    def at(self, kind: str, text: str = "") -> bool:
        return self.next.kind == kind and (not text or self.next.text == text)

    def all(self) -> Node:
        if self.at("end"):
            raise FindError("the text is empty; try `BaCeO3`, `Ce-O` or `band_gap > 2`", 0, 0)
        node = self.any_of(0)
        if not self.at("end"):
            raise self.unexpected(JOINING)
        return node

    def unexpected(self, wanted: str) -> FindError:
        token = self.next
        if token.kind == "end":
            return FindError(f"the text ends where {wanted} is expected", token.start, token.end)
        return FindError(f"expected {wanted}, not `{token.text}`", token.start, token.end)

    def any_of(self, depth: int) -> Node:
        parts = [self.all_of(depth)]
        while self.at("keyword", "or"):
            self.take()
            parts.append(self.all_of(depth))
        return parts[0] if len(parts) == 1 else Any(_flat(parts, Any))

    def all_of(self, depth: int) -> Node:
        parts = [self.factor(depth)]
        while self.at("keyword", "and"):
            self.take()
            parts.append(self.factor(depth))
        return parts[0] if len(parts) == 1 else All(_flat(parts, All))

    def factor(self, depth: int) -> Node:
        self.bound(depth)
        if self.at("keyword", "not"):
            self.take()
            return Not(self.factor(depth + 1))
        if self.at("("):
            opening = self.take()
            node = self.any_of(depth + 1)
            if not self.at(")"):
                if self.at("end"):
                    raise FindError("this bracket is not closed", opening.start, opening.end)
                raise self.unexpected(f"{JOINING} or `)`")
            self.take()
            return node
        if self.at("keyword", "only"):
            only = self.take()
            words = self.words("a chemical system such as `Ce-O`")
            return Compare("system", "=", _joined(words), (only.start, only.end), _span_of(words))
        words = self.words("a formula, a name or a condition")
        if [t.kind for t in self.tokens[self.place :][:4]] == ["(", "word", ")", "compare"]:
            self.place += 3  # the unit in a label such as `Band gap (eV)`
        if self.at("compare"):
            return self.comparison(words, depth)
        if self.at(","):
            elements = self.symbols(words)
            negated = self.inside()
            if negated is None:
                return elements
            return Within(elements, _phrase(self.words("a crystal such as `BaCeO3`")), negated)
        negated = self.inside()
        if negated is None:
            return _phrase(words)
        if not self.at("("):
            where = self.words("a crystal such as `BaCeO3`, or a list in brackets such as `(Ti, Zr)`")
            return Within(_phrase(words), _phrase(where), negated)
        among = self.among(words)
        return Not(among) if negated else among

    def inside(self) -> bool | None:
        """Take ``in`` (False) or ``not in`` (True); None where neither stands next."""
        negated = self.at("keyword", "not") and self.tokens[self.place + 1].kind == "keyword"
        negated = negated and self.tokens[self.place + 1].text == "in"
        if negated:
            self.take()
        if not self.at("keyword", "in"):
            return None
        self.take()
        return negated

    def symbols(self, first: list[Token]) -> Among:
        """The elements of a list without brackets."""
        values = [first]
        while self.at(","):
            self.take()
            values.append(self.words("an element"))
        for value in values:
            if _joined(value).capitalize() not in formulas.numbers_of_symbols():
                message = "a list is of elements, as in `F, Cl, Br`; join other words with `or`"
                raise FindError(message, *_span_of(value))
        return Among("element", tuple(map(_joined, values)), _span_of(first), tuple(map(_span_of, values)))

    def words(self, wanted: str) -> list[Token]:
        found = []
        while self.next.kind in ("word", "quoted"):
            found.append(self.take())
        if not found:
            raise self.unexpected(wanted)
        return found

    def bound(self, depth: int) -> None:
        if depth > DEEPEST:
            raise FindError(f"more than {DEEPEST} levels of brackets and `not`", self.next.start, self.next.end)

    def comparison(self, left: list[Token], depth: int) -> Node:
        first = self.take()
        middle = self.words("a value")
        turned = measure(_joined(left)) is not None and measure(_joined(middle)) is None
        if not self.at("compare"):
            if turned:
                return _compare(middle, _TURNED[first.text], left)
            return _compare(left, first.text, middle)
        self.bound(depth + 1)  # it is written with brackets, and must be read again
        second = self.take()
        right = self.words("a value")
        if first.text[0] not in "<>" or second.text[0] != first.text[0]:
            message = "two comparisons in a row must point the same way, as in `2 < band_gap < 4`; else join with `and`"
            raise FindError(message, first.start, second.end)
        if not turned:
            message = "a quantity stands between two numbers, as in `2 < band_gap < 4`"
            raise FindError(message, left[0].start, right[-1].end)
        return All((_compare(middle, _TURNED[first.text], left), _compare(middle, second.text, right)))

    def among(self, name: list[Token]) -> Among:
        self.take()
        values = [self.words("a value")]
        while self.at(","):
            self.take()
            values.append(self.words("a value"))
        if not self.at(")"):
            raise self.unexpected("`,` or `)`")
        self.take()
        return Among(_joined(name), tuple(map(_joined, values)), _span_of(name), tuple(map(_span_of, values)))


def _flat(parts: Sequence[Node], kind: type[All] | type[Any]) -> tuple[Node, ...]:
    flat: list[Node] = []
    for part in parts:
        flat += part.parts if isinstance(part, kind) else [part]
    return tuple(flat)


def _compare(name: list[Token], operator: str, value: list[Token]) -> Compare:
    return Compare(_joined(name), operator, _joined(value), _span_of(name), _span_of(value))


def _phrase(words: list[Token]) -> Phrase:
    return Phrase(tuple(w.text for w in words), tuple((w.start, w.end) for w in words))


def _joined(words: list[Token]) -> str:
    return " ".join(w.text for w in words)


def _span_of(words: list[Token]) -> Span:
    return words[0].start, words[-1].end
