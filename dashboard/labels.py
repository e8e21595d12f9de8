"""Names and notation as text: formulas, symmetry symbols, units, identifiers of public databases."""

from __future__ import annotations

import re

# control characters, what changes the direction of text, halves of characters, and what XML cannot hold
NOT_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
Piece = tuple[str, str]


def clean(text: object, limit: int = 200) -> str:
    """User text without control and direction-changing characters, cut to `limit`."""
    plain = NOT_TEXT.sub(" ", str(text)).strip()
    return plain if len(plain) <= limit else plain[: limit - 1] + "…"


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


_IDS = re.compile(
    r"(?P<mp>\bm(?:p|vc)-\d{1,9}\b)"
    r"|(?P<aflow>\b(?:[A-Z]\d{0,3}){1,12}_[amothc][PABCIFRS]\d{1,4}_\d{1,3}(?:_[a-zA-Z0-9]{1,40}){0,12}(?:-\d{3})?\b)"
    r"|(?P<icsd>\bICSD[ :#-]{1,2}(?P<icsd_n>\d{1,7})\b)"
    r"|(?P<cod>\bCOD[ :#-]{1,2}(?P<cod_n>\d{7})\b)"
    r"|(?P<doi>\b10\.\d{4,9}/[A-Za-z0-9._()/-]{1,80}[A-Za-z0-9])"
)


def linked_pieces(text: object, limit: int = 200) -> list[tuple[str, str]]:
    """Split text into (piece, address): identifiers of public databases and DOIs have one, the rest an empty one.

    Addresses are put together from what these patterns match, never from other text: Materials Project (``mp-149``),
    AFLOW prototypes (``AB_cF8_225_a_b``), ``ICSD 12345``, ``COD 1000041`` and DOIs.
    """
    plain = clean(text, limit)
    pieces: list[tuple[str, str]] = []
    end = 0
    for match in _IDS.finditer(plain):
        if match.start() > end:
            pieces.append((plain[end : match.start()], ""))
        pieces.append((match[0], _address(match)))
        end = match.end()
    if end < len(plain):
        pieces.append((plain[end:], ""))
    return pieces


def _address(match: re.Match[str]) -> str:
    if match["mp"]:
        return f"https://materialsproject.org/materials/{match['mp']}"
    if match["aflow"]:
        page = match["aflow"] if match["aflow"][-4:-3] == "-" else f"{match['aflow']}.html"
        return f"https://aflow.org/prototype-encyclopedia/{page}"
    if match["icsd"]:
        return f"https://icsd.fiz-karlsruhe.de/linkicsd.xhtml?coll_code={match['icsd_n']}"
    if match["cod"]:
        return f"https://www.crystallography.net/cod/{match['cod_n']}.html"
    return f"https://doi.org/{match['doi']}"
