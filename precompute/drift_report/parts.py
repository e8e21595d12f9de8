"""Pieces of HTML and of text. Cells are HTML already: whoever makes them escapes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

_RAISED = str.maketrans("-0123456789", "\u207b\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079")


def power(exponent: int) -> str:
    """A power of ten."""
    return f"10{str(exponent).translate(_RAISED)}"


def number(value: float, form: str = ".3g") -> str:
    """A number as people write it: three significant digits, a power of ten where Python writes an exponent."""
    return written(format(value + 0.0, form)) if value == value else "\u2013"


def written(text: str) -> str:
    """A text with Python's numbers in it, as people write it."""
    text = re.sub(r"e([+-])0*(\d+)", lambda m: f"\u00b7{power(int(m[1] + m[2]))}", text)
    return re.sub(r"(?<![\w.])-(?=\d)", "\u2212", text)


def cells(head: Sequence[str], body: Iterable[Sequence[str]], text: Sequence[int] = (0,)) -> str:
    """Rows of a table, with its head; columns in `text` are aligned to the left."""

    def row(tag: str, values: Sequence[str]) -> str:
        inside = (
            f"<{tag}{' class=text' if i in text else ''}{' scope=col' if tag == 'th' else ''}>{v}</{tag}>"
            for i, v in enumerate(values)
        )
        return f"<tr>{''.join(inside)}</tr>"

    return f"<thead>{row('th', [escape(h) for h in head])}</thead><tbody>{''.join(row('td', r) for r in body)}</tbody>"


def rows(head: Sequence[str], body: Iterable[Sequence[str]]) -> str:
    """Rows of a table of numbers."""
    return cells(head, body)


def shortened(head: Sequence[str], body: Sequence[Sequence[str]], shown: int) -> str:
    """A table of which the first rows are shown, and the others when they are asked for."""
    first, rest = (
        f'<div class="wide"><table>{rows(head, part)}</table></div>' for part in (body[:shown], body[shown:])
    )
    if len(body) <= shown:
        return first
    return f"{first}<details><summary>The other {len(body) - shown}</summary>{rest}</details>"


def definitions(pairs: Iterable[tuple[str, str]]) -> str:
    """A list of terms and what they are, both plain text."""
    return f"<dl>{''.join(f'<dt>{escape(a)}</dt><dd>{escape(b)}</dd>' for a, b in pairs)}</dl>"


def figure(drawing: str, caption: str) -> str:
    """A drawing with its caption, both HTML."""
    return f"<figure>{drawing}<figcaption>{caption}</figcaption></figure>"


def with_interval(text: str) -> str:
    """A plain text of a value and its interval, the interval on a line of its own."""
    value, bracket, rest = written(text).partition(" [")
    return escape(value) + (f'<span class="interval">[{escape(rest)}</span>' if bracket else "")
