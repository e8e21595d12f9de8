"""Widths of texts in a matplotlib figure, to cut and wrap them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

FINE = 10  # measured this much larger than points, for their fractions
FAMILIES = ["Inter", "Arial", "Helvetica", "Liberation Sans", "DejaVu Sans"]


def plain_style() -> dict[str, Any]:
    """Settings that do not depend on the person's own: no mathematics in texts, texts stay texts in SVG."""
    from matplotlib import font_manager

    there = {font.name for font in font_manager.fontManager.ttflist}
    return {
        "text.parse_math": False,
        "text.usetex": False,
        "text.hinting": "none",  # else letters are as far apart as whole pixels allow, and lines longer than measured
        "font.family": [name for name in FAMILIES if name in there] or ["sans-serif"],
        "svg.fonttype": "none",
        "svg.hashsalt": "platonic-atlas",
        "savefig.bbox": None,
        "savefig.facecolor": "auto",
        "axes.unicode_minus": True,
        "path.simplify": False,
    }


class Typesetter:
    """Measures texts, in points, in the font that the settings name."""

    def __init__(self) -> None:
        from matplotlib import rcParams
        from matplotlib.backends.backend_agg import RendererAgg
        from matplotlib.font_manager import FontProperties

        renderer = RendererAgg(1, 1, 72 * FINE)

        @lru_cache(4096)
        def width(text: str, size: float, bold: bool) -> float:
            font = FontProperties(family=rcParams["font.family"], size=size, weight="bold" if bold else "normal")
            return float(renderer.get_text_width_height_descent(text, font, ismath=False)[0]) / FINE

        self._width = width

    def width(self, text: str, size: float, bold: bool = False) -> float:
        return self._width(text, size, bold) if text else 0.0

    def cut(self, text: str, room: float, size: float, bold: bool = False) -> str:
        """The text, ended by an ellipsis where it is wider than `room`."""
        if self.width(text, size, bold) <= room:
            return text
        low, high = 0, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            if self.width(text[:middle] + "…", size, bold) <= room:
                low = middle
            else:
                high = middle - 1
        return text[:low].rstrip() + "…" if low else ""

    def wrapped(self, text: str, room: float, size: float) -> list[str]:
        """Lines that fit into `room`; a word that does not is cut."""
        lines: list[str] = []
        line = ""
        for word in text.split():
            longer = f"{line} {word}" if line else word
            if self.width(longer, size) <= room:
                line = longer
                continue
            if line:
                lines.append(line)
            line = self.cut(word, room, size)
        return [*lines, line] if line else lines
