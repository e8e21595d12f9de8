"""Names and notation as text: formulas, symmetry symbols, units, and the escaping that plotly needs."""

from __future__ import annotations

import html
import re

_NOT_PRINTED = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")
Piece = tuple[str, str]


def clean(text: object, limit: int = 200) -> str:
    """User text without control and direction-changing characters, cut to `limit`."""
    plain = _NOT_PRINTED.sub(" ", str(text)).strip()
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


def for_plotly(text: object, limit: int = 200) -> str:
    """User text for titles and annotations, where plotly reads a part of HTML and ``%{...}`` templates."""
    return html.escape(clean(text, limit), quote=False).replace("%{", "%\u2060{").replace("$", "&#36;")


def formula_pieces(formula: str) -> list[Piece]:
    """Split ``BaCeO3`` into ("text" or "sub", piece); only numbers after a symbol or bracket are subscripts."""
    pieces: list[Piece] = []
    for match in re.finditer(r"(?<=[A-Za-z\])])(\d+(?:\.\d+)?)|((?:[^\d]|(?<![A-Za-z\])])\d)+)", clean(formula)):
        pieces.append(("sub", match[1]) if match[1] else ("text", match[2]))
    return pieces


def symmetry_pieces(symbol: str) -> list[Piece]:
    """Split ``Fm-3m`` or ``P6_3/mmc`` into ("text", "over" or "sub", piece): bars above, screw axes below."""
    pieces: list[Piece] = []
    for match in re.finditer(r"-(\d)|_(\d)|([^-_]+|[-_])", clean(symbol)):
        kind = "over" if match[1] else "sub" if match[2] else "text"
        pieces.append((kind, match[1] or match[2] or match[3]))
    return pieces


def percent(ratio: float) -> str:
    """``41 %``, with a space that does not break."""
    return f"{100 * ratio:.0f}\u00a0%" if ratio >= 0.0995 else f"{100 * ratio:.1f}\u00a0%"


def count(n: int, noun: str, plural: str = "") -> str:
    """``1 atom``, ``11,600 atoms``."""
    return f"{n:,} {noun if n == 1 else plural or noun + 's'}"


def number(value: float) -> str:
    """A number at four significant digits, without an exponent where that is readable."""
    if value == int(value) and abs(value) < 1e6:
        return f"{int(value):,}"
    return f"{value:.4g}".replace("-", "−")


def unit(text: str) -> str:
    """``eV/atom`` and the like with typographic signs."""
    signs = {"angstrom": "Å", "A": "Å", "degree": "°", "deg": "°"}
    return signs.get(text, clean(text).replace("angstrom", "Å").replace("^3", "³").replace("^2", "²"))
