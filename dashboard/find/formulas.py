"""Compositions from formulas as people type them: any order, brackets, fractions, hydrates."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from functools import cache

from precompute.elements import table

LONGEST = 200
DEEPEST = 8
LARGEST = 10_000
"""Amounts beyond are no formula."""
FINEST = 100
"""Amounts are fractions of at most this denominator, so that 0.333 is a third."""

Composition = dict[int, int]
_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
_WATER = re.compile(r"\.(\d*H2O)$")
_TOKEN = re.compile(r"([A-Z][a-z]?)|([(\[])|([)\]])|(\d+(?:\.\d+)?)")
_SYSTEM = re.compile(r"[A-Z][a-z]?(?:-[A-Z][a-z]?)+")


@cache
def numbers_of_symbols() -> dict[str, int]:
    """Atomic numbers by symbol."""
    return {str(s): z for z, s in enumerate(table()["symbol"], 1)}


def composition(text: str) -> Composition | None:
    """Whole numbers of atoms by atomic number, in lowest terms; None where the text is no formula.

    ``CeBaO3``, ``Lu(SiPd)2``, ``Ce0.5Zr0.5O2`` and ``CuSO4·5H2O`` (also with ``.`` or ``*``) are formulas.
    """
    if not 0 < len(text) <= LONGEST:
        return None
    plain = _WATER.sub(r"·\1", text.translate(_SUBSCRIPTS)).replace("*", "·")
    total: dict[int, Fraction] = {}
    for place, part in enumerate(plain.split("·")):
        factor = re.match(r"\d{1,4}(?=[A-Z(\[])", part) if place else None
        amounts = _amounts(part[factor.end() :] if factor else part)
        if amounts is None:
            return None
        for z, n in amounts.items():
            total[z] = total.get(z, Fraction(0)) + n * (int(factor[0]) if factor else 1)
    if not total or max(total.values()) > LARGEST:
        return None
    scale = math.lcm(*(n.denominator for n in total.values()))
    whole = {z: int(n * scale) for z, n in total.items()}
    divisor = math.gcd(*whole.values())
    return {z: n // divisor for z, n in sorted(whole.items())}


def _amounts(text: str) -> dict[int, Fraction] | None:
    """Amounts by atomic number of a formula without hydrates."""
    symbols = numbers_of_symbols()
    stack: list[tuple[str, dict[int, Fraction]]] = [("", {})]
    last: dict[int, Fraction] = {}
    place = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            return None
        symbol, opening, closing, amount = match.groups()
        place = match.end()
        if symbol is not None:
            if symbol not in symbols:
                if symbol[0] not in symbols:
                    return None
                symbol, place = symbol[0], match.start() + 1
            _add(stack[-1][1], last)
            last = {symbols[symbol]: Fraction(1)}
        elif opening is not None:
            _add(stack[-1][1], last)
            last = {}
            stack.append(({"(": ")", "[": "]"}[opening], {}))
            if len(stack) > DEEPEST:
                return None
        elif closing is not None:
            ending, inner = stack.pop() if len(stack) > 1 else ("", {})
            _add(inner, last)
            if ending != closing or not inner:
                return None
            last = inner
        else:
            factor = Fraction(amount).limit_denominator(FINEST)
            if not last or not 0 < factor <= LARGEST:
                return None
            _add(stack[-1][1], {z: n * factor for z, n in last.items()})
            last = {}
    _add(stack[-1][1], last)
    return stack[0][1] if len(stack) == 1 else None


def _add(to: dict[int, Fraction], more: dict[int, Fraction]) -> None:
    for z, n in more.items():
        to[z] = to.get(z, Fraction(0)) + n


def system(text: str) -> tuple[int, ...] | None:
    """Atomic numbers of a chemical system such as ``Ce-O``, ascending; None where the text is none."""
    if len(text) > LONGEST or not _SYSTEM.fullmatch(text):
        return None
    symbols = numbers_of_symbols()
    parts = text.split("-")
    return tuple(sorted({symbols[p] for p in parts})) if all(p in symbols for p in parts) else None
