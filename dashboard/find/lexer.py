"""From a text to words, quoted strings, comparisons and brackets."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dashboard.find import formulas
from dashboard.find.errors import FindError

KEYWORDS = ("and", "or", "not", "in", "only")
_SPACE = re.compile(r"\s+")
_WORD = re.compile(r"[^\s()\[\]<>=!≤≥≠,\"“”]+")
_COMPARISON = re.compile(r"<=|>=|!=|==|<>|[<>=≤≥≠]")
_SAME = {"==": "=", "<>": "!=", "≤": "<=", "≥": ">=", "≠": "!="}
_QUOTES = {'"': '"', "'": "'", "“": "”"}
_FORMULA_SIGNS = re.compile(r"[A-Za-z0-9.·*₀-₉]")


@dataclass(frozen=True)
class Token:
    """One word of the text.

    Attributes
    ----------
    kind : str
        ``word``, ``quoted``, ``compare``, ``keyword``, ``(``, ``)``, ``,`` or ``end``.
    text : str
        Without quotes; comparisons and keywords in their one spelling.
    start, end : int
        Where it stands.
    """

    kind: str
    text: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """Split a text; the last token is of kind ``end``.

    Raises
    ------
    FindError
    """
    found: list[Token] = []
    place = 0
    while place < len(text):
        if space := _SPACE.match(text, place):
            place = space.end()
            continue
        token = _next(text, place)
        found.append(token)
        place = token.end
    return [*found, Token("end", "", len(text), len(text))]


def _next(text: str, place: int) -> Token:
    sign = text[place]
    if sign in _QUOTES:
        return _quoted(text, place)
    if match := _COMPARISON.match(text, place):
        return Token("compare", _SAME.get(match[0], match[0]), place, match.end())
    if sign in "([" and (end := _formula_end(text, place)):
        return Token("word", text[place:end], place, end)
    if sign in "(),":
        return Token(sign, sign, place, place + 1)
    match = _WORD.match(text, place)
    if match is None:
        raise FindError(f"`{sign}` has no meaning here; put texts that hold it in quotes", place, place + 1)
    word, end = match[0], match.end()
    keyword = word.lower()
    if keyword in KEYWORDS and word != "In":  # indium
        return Token("keyword", keyword, place, end)
    if end < len(text) and text[end] in "([" and (longer := _formula_end(text, place)):
        end = longer
    return Token("word", text[place:end], place, end)


def _quoted(text: str, start: int) -> Token:
    closing = _QUOTES[text[start]]
    value, place = "", start + 1
    while place < len(text):
        if text[place] == closing:
            return Token("quoted", value, start, place + 1)
        if text[place] == "\\" and place + 1 < len(text):
            place += 1
        value += text[place]
        place += 1
    raise FindError(f"this quote is not closed; add {closing} at its end", start, len(text))


def _formula_end(text: str, start: int) -> int | None:
    """Where a formula with brackets ends that begins at `start`; None for brackets that group conditions."""
    depth, place, first_closed = 0, start, 0
    while place < len(text):
        if text[place] in "([":
            depth += 1
        elif text[place] in ")]":
            if depth == 0:
                break
            depth -= 1
            first_closed = first_closed or (place + 1 if depth == 0 else 0)
        elif not _FORMULA_SIGNS.match(text[place]):
            break
        place += 1
    if depth or not first_closed or (text[start] in "([" and first_closed == place):
        return None
    return place if formulas.composition(text[start:place]) else None


def quote(text: str) -> str:
    """A text as one token: as it is where that reads back the same, else in quotes."""
    try:
        found = tokens(text)
    except FindError:
        found = []
    if len(found) == 2 and (found[0].kind, found[0].text) == ("word", text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
