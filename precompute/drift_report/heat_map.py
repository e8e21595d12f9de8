"""A heat map over the periodic table as inline SVG."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from html import escape

import numpy as np

from precompute.drift_report.charts import svg
from precompute.drift_report.parts import number, power
from precompute.elements import table

CELL = 48
DECADES = 2.0  # of the colour scale, below its largest value
_LIGHT, _MIDDLE, _DARK = (238, 243, 246), (120, 170, 205), (16, 52, 96)


def periodic_table(
    values: Mapping[int, float],
    *,
    in_data: Collection[int] = (),
    flagged: Collection[int] = (),
    atoms: Mapping[int, int],
    label: str,
) -> str:
    """A heat map over the periodic table; elements of the data outlined, flagged ones marked, missing ones empty."""
    elements = table()
    known = [v for v in values.values() if np.isfinite(v)]
    top = max(known, default=0.0)
    exponent = int(np.floor(np.log10(top))) if top > 0.0 else 0
    parts = []
    for z in range(1, len(elements["symbol"]) + 1):
        x, y = _place(z)
        symbol = escape(str(elements["symbol"][z - 1]))
        value = values.get(z, np.nan)
        outline = " in-data" if z in in_data else ""
        inset = 2 if outline else 0.5
        box = f'x="{x + inset}" y="{y + inset}" width="{CELL - 2 - 2 * inset}" height="{CELL - 2 - 2 * inset}" rx="2"'
        if not np.isfinite(value):
            parts.append(f'<rect class="cell empty{outline}" {box}/>')
            parts.append(f'<text class="none" x="{x + 23}" y="{y + 28}" text-anchor="middle">{symbol}</text>')
            continue
        colour = colour_of(_share(value, top))
        ink = "#ffffff" if luminance(colour) < 0.18 else "#000000"  # where both have the same contrast
        told = f"{symbol}: {number(value)}, {atoms.get(z, 0):,} atoms"
        told += ", in the fine-tuning data" if outline else ""
        told += ", flagged" if z in flagged else ""
        parts.append(f'<g><title>{told}</title><rect class="cell{outline}" {box} style="fill:rgb{colour}"/>')
        mark = "\u2009!" if z in flagged else ""
        style = f'style="fill:{ink}" text-anchor="middle"'
        parts.append(f'<text class="symbol" x="{x + 23}" y="{y + 21}" {style}>{symbol}{mark}</text>')
        parts.append(f'<text class="small" x="{x + 23}" y="{y + 37}" {style}>{value / 10.0**exponent:.2f}</text></g>')
    parts.append(_scale(top, exponent))
    return svg(18 * CELL, int(9.4 * CELL), parts, label)


def _place(z: int) -> tuple[float, float]:
    """Left upper corner of an element's cell; the f block stands below."""
    elements = table()
    group, period = int(elements["group"][z - 1]), int(elements["period"][z - 1])
    if group:
        return (group - 1) * CELL, (period - 1) * CELL
    first = 57 if period == 6 else 89
    return (2 + z - first) * CELL, (period + 1.4) * CELL


def _scale(top: float, exponent: int) -> str:
    """Legend in the empty room above the transition elements."""
    x, y, width = 3.2 * CELL, 0.9 * CELL, 6.0 * CELL
    steps = 40
    parts = [
        f'<rect x="{x + width * i / steps:.1f}" y="{y:.1f}" width="{width / steps + 0.5:.1f}" height="11" '
        f'style="fill:rgb{colour_of((i + 0.5) / steps)}"/>'
        for i in range(steps)
    ]
    for at, value in ((0.0, top / 10**DECADES), (0.5, top / 10 ** (DECADES / 2)), (1.0, top)):
        less = "\u2264\u2009" if at == 0.0 else ""
        where = f'x="{x + at * width:.1f}" y="{y + 26:.1f}" text-anchor="middle"'
        parts.append(f'<text class="tick" {where}>{less}{number(value)}</text>')
    unit = f"in the cells: in units of {power(exponent)}" if exponent else ""
    parts.append(f'<text class="tick" x="{x + width / 2:.1f}" y="{y - 10:.1f}" text-anchor="middle">{unit}</text>')
    return "".join(parts)


def _share(value: float, top: float) -> float:
    """Place on the logarithmic colour scale, 0 to 1."""
    if value <= 0.0 or top <= 0.0:
        return 0.0
    return float(np.clip(1.0 + np.log10(value / top) / DECADES, 0.0, 1.0))


def colour_of(share: float) -> tuple[int, int, int]:
    a, b, t = (_LIGHT, _MIDDLE, 2 * share) if share < 0.5 else (_MIDDLE, _DARK, 2 * share - 1)
    r, g, blue = (round(p + (q - p) * t) for p, q in zip(a, b, strict=True))
    return r, g, blue


def luminance(colour: tuple[int, int, int]) -> float:
    """Relative luminance as WCAG 2 defines it."""
    r, g, b = (((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
