"""Small charts as inline SVG: numbers in, text out. Colours come from the page's style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from precompute.drift_report.parts import number

WIDTH, HEIGHT = 340, 200
LEFT, RIGHT, TOP, BOTTOM = 68, 12, 10, 40


def curves(
    step: NDArray[np.float64],
    lines: Sequence[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]],
    *,
    title: str,
    of_steps: str,
    from_zero: bool = True,
) -> str:
    """Values against step with their intervals as bands, at most two lines.

    Parameters
    ----------
    step : (T,) float
    lines : sequence of (value, low, high), each (T,)
    title : str
        Of the vertical axis, with unit.
    of_steps : str
        Of the horizontal axis.
    from_zero : bool
        Whether the vertical axis begins at 0; else it ends at 1.
    """
    together = np.concatenate([np.concatenate(line) for line in lines])
    known = together[np.isfinite(together)]
    low, high = (0.0, float(known.max())) if from_zero else (float(known.min()), 1.0)
    frame = _Frame((float(step[0]), float(step[-1])), (low, high if high > low else low + 1.0))
    parts = [frame.axes(of_steps, title)]
    for i, (value, below, above) in enumerate(lines):
        kind = " second" if i else ""
        band = np.isfinite(below) & np.isfinite(above)
        if band.any():
            there = zip(step[band], above[band], strict=True)
            back = zip(step[band][::-1], below[band][::-1], strict=True)
            parts.append(f'<polygon class="band{kind}" points="{frame.points([*there, *back])}"/>')
        pairs = [(s, v) for s, v in zip(step, value, strict=True) if np.isfinite(v)]
        parts.append(f'<polyline class="curve{kind}" points="{frame.points(pairs)}"/>')
        for s, v in pairs:
            x, y = frame.at(s, v)
            told = f"<title>{number(s)}: {number(v)}</title>"
            parts.append(f'<circle class="dot{kind}" cx="{x:.1f}" cy="{y:.1f}" r="2.6">{told}</circle>')
    return svg(WIDTH, HEIGHT, parts, f"{title} against {of_steps}")


def histogram(values: Sequence[NDArray[np.float64]], *, title: str) -> str:
    """How many atoms have which value, on a logarithmic axis; at most two sets, drawn side by side in each bin."""
    known = [v[np.isfinite(v) & (v > 0)] for v in values]
    together = np.concatenate(known)
    if not len(together):
        return ""
    low, high = (float(np.log10(q)) for q in (np.quantile(together, 0.005), together.max()))
    edges = np.linspace(low, max(high, low + 0.1), 25)
    counts = [np.histogram(np.clip(np.log10(v), edges[0], edges[-1]), edges)[0] for v in known]
    frame = _Frame((edges[0], edges[-1]), (0.0, float(max(c.max() for c in counts))), logarithmic=True)
    parts = [frame.axes(title, "atoms")]
    share = 1.0 / len(counts)
    for i, count in enumerate(counts):
        for a, b, n in zip(edges[:-1], edges[1:], count, strict=True):
            (x, y), (end, floor) = (
                frame.at(a + (b - a) * share * i, float(n)),
                frame.at(a + (b - a) * share * (i + 1), 0.0),
            )
            if n:
                kind = " second" if i else ""
                title_ = f"{number(10**a)} to {number(10**b)}: {n:,} atoms"
                parts.append(
                    f'<rect class="bar{kind}" x="{x:.1f}" y="{y:.1f}" width="{max(end - x - 0.4, 0.5):.1f}" '
                    f'height="{floor - y:.1f}"><title>{title_}</title></rect>'
                )
    return svg(WIDTH, HEIGHT, parts, f"histogram of {title}")


def scatter(x: NDArray[np.float64], y: NDArray[np.float64], second: NDArray[np.bool_], *, across: str, up: str) -> str:
    """Points on two logarithmic axes; those of `second` in another colour, on top."""
    known = np.isfinite(x) & np.isfinite(y) & (x > 0) & (y > 0)
    if not known.any():
        return ""
    a, b, mark = np.log10(x[known]), np.log10(y[known]), second[known]
    ends = [(float(np.quantile(v, 0.01)), float(v.max()) + 0.05) for v in (a, b)]
    frame = _Frame(ends[0], ends[1], logarithmic=True, both=True)
    parts = [frame.axes(across, up)]
    for i in np.argsort(mark, kind="stable"):
        px, py = frame.at(float(np.clip(a[i], *ends[0])), float(np.clip(b[i], *ends[1])))
        parts.append(f'<circle class="atom{" second" if mark[i] else ""}" cx="{px:.1f}" cy="{py:.1f}" r="1.7"/>')
    return svg(WIDTH, HEIGHT, parts, f"{up} against {across}")


class _Frame:
    """The axes of a chart: from data to places."""

    def __init__(
        self, x: tuple[float, float], y: tuple[float, float], *, logarithmic: bool = False, both: bool = False
    ) -> None:
        self.x, self.y = (x[0], x[1] if x[1] > x[0] else x[0] + 1.0), (y[0], y[1] if y[1] > y[0] else y[0] + 1.0)
        self.log_x, self.log_y = logarithmic, both

    def at(self, x: float, y: float) -> tuple[float, float]:
        across = (x - self.x[0]) / (self.x[1] - self.x[0])
        up = (y - self.y[0]) / (self.y[1] - self.y[0])
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    def points(self, pairs: Sequence[tuple[float, float]]) -> str:
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in (self.at(*p) for p in pairs))

    def axes(self, across: str, up: str) -> str:
        left, bottom = self.at(self.x[0], self.y[0])
        right, top = self.at(self.x[1], self.y[1])
        parts = [f'<path class="axis" d="M{left:.1f},{top:.1f}V{bottom:.1f}H{right:.1f}"/>']
        for v in _ticks(*self.x, self.log_x):
            x, _ = self.at(v, self.y[0])
            shown = number(10**v) if self.log_x else number(v)
            parts.append(f'<path class="axis" d="M{x:.1f},{bottom:.1f}v4"/>')
            parts.append(f'<text class="tick" x="{x:.1f}" y="{bottom + 15:.1f}" text-anchor="middle">{shown}</text>')
        for v in _ticks(*self.y, self.log_y):
            _, y = self.at(self.x[0], v)
            shown = number(10**v) if self.log_y else number(v)
            parts.append(f'<path class="axis" d="M{left:.1f},{y:.1f}h-4"/>')
            parts.append(f'<text class="tick" x="{left - 6:.1f}" y="{y + 3.5:.1f}" text-anchor="end">{shown}</text>')
        middle = (left + right) / 2
        parts.append(f'<text x="{middle:.1f}" y="{HEIGHT - 5}" text-anchor="middle">{escape(across)}</text>')
        height = (top + bottom) / 2
        turned = f'text-anchor="middle" transform="rotate(-90 12 {height:.1f})"'
        parts.append(f'<text x="12" y="{height:.1f}" {turned}>{escape(up)}</text>')
        return "".join(parts)


def _ticks(low: float, high: float, logarithmic: bool) -> list[float]:
    """Round numbers between two, three to six of them; powers of ten and their halves on a logarithmic axis."""
    if logarithmic:
        whole = [float(p) for p in range(int(np.ceil(low)), int(np.floor(high)) + 1)]
        if len(whole) >= 2:
            return whole[:: -(-len(whole) // 5)]
        halves = [p + np.log10(d) for p in range(int(np.floor(low)), int(np.ceil(high))) for d in (1, 2, 5)]
        return [float(v) for v in halves if low <= v <= high]
    span = high - low
    size = 10 ** np.floor(np.log10(span / 4))
    step = next(size * m for m in (1, 2, 5, 10) if span / (size * m) <= 5)
    first = np.ceil(low / step - 1e-9) * step
    return [float(round(v, 12)) for v in np.arange(first, high + step * 1e-6, step)]


def svg(width: int, height: int, parts: Sequence[str], label: str) -> str:
    """A drawing with a name for screen readers."""
    named = f'role="img" aria-label="{escape(label, quote=True)}"'
    return f'<svg viewBox="0 0 {width} {height}" {named}>{"".join(parts)}</svg>'
