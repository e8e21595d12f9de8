"""Maps as a figure for a paper or a slide: vector axes, texts and legend, with a caption of what it shows.

Drawn by matplotlib without pyplot, which is imported only when a figure is asked for. All lengths are in points.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dashboard.figures.stamping import stamped
from dashboard.figures.typesetting import Typesetter, plain_style
from dashboard.palette import THEMES, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_VECTOR_POINTS = 5_000
POINT = 72 / 25.4  # points in a millimetre
CSS = 72 / 96  # points in a CSS pixel
MARGIN, GAP, TITLE, AXIS_TITLE = 6.0, 9.0, 24.0, 12.0
HEIGHT_OF_WIDTH = 0.82
MOST_WIDE = 330.0  # of a panel
NAME, SMALL, TEXT = 8.0, 6.5, 7.0  # font sizes
LINE = 1.32
BIN = 1.5
LEAST_OPACITY, MOST_MUTED = 0.25, 0.45
RING = 5.2
_one_at_a_time = threading.Lock()  # matplotlib's settings are of the whole process


@dataclass(frozen=True, eq=False)
class PaperPanel:
    """One model's map.

    Attributes
    ----------
    name, subtitle, kept : str
        Heading, small second line, and what the map keeps.
    trained : bool
        False for controls and imported models: tinted ground, dashed frame, italic name.
    axes : (str, str)
    ranges : (x0, x1, y0, y1)
    xy : (n, 2) float
        In the order in which they are drawn; NaN rows have no place.
    colours : (n, 3) uint8
    selected : (n,) bool
        The others are drawn first and grey.
    drawn : int
        Points that have a place in the whole map, which decides their size.
    ring : (float, float) or None
        Where the chosen atom is.
    outline : (m, 2) float or None
        A polygon drawn by hand.
    """

    name: str
    subtitle: str
    kept: str
    trained: bool
    axes: tuple[str, str]
    ranges: tuple[float, float, float, float]
    xy: NDArray[np.floating]
    colours: NDArray[np.uint8]
    selected: NDArray[np.bool_]
    drawn: int
    ring: tuple[float, float] | None = None
    outline: NDArray[np.floating] | None = None


@dataclass(frozen=True)
class Swatches:
    """A legend of categories: label and colour each."""

    title: str
    entries: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Bar:
    """A colour bar from `low` to `high`; `colours` from low to high."""

    title: str
    colours: tuple[str, ...]
    low: float
    high: float
    log: bool


@dataclass(frozen=True)
class Sheet:
    """The figure as a whole.

    Attributes
    ----------
    width : float
        Millimetres.
    linked : bool
        Panels share their axes, so that only the outer ones are named.
    theme : str
    point_size : float
        Factor on the size of points.
    density : bool
        Draw densities instead of points.
    """

    width: float = 183.0
    linked: bool = True
    theme: str = "light"
    point_size: float = 1.0
    density: bool = False


def svg(panels: Sequence[PaperPanel], legend: Swatches | Bar, caption: str, sheet: Sheet, about: str) -> bytes:
    """The figure as SVG; more than `MOST_VECTOR_POINTS` points become one picture inside of it."""
    return _saved(panels, legend, caption, sheet, "svg", 300, {"Title": caption, "Description": about})


def png(
    panels: Sequence[PaperPanel], legend: Swatches | Bar, caption: str, sheet: Sheet, about: str, dpi: int
) -> bytes:
    """The figure as PNG of `dpi` dots an inch."""
    return _saved(panels, legend, caption, sheet, "png", dpi, {"Title": caption, "Description": about})


def _saved(
    panels: Sequence[PaperPanel], legend: Swatches | Bar, caption: str, sheet: Sheet, kind: str, dpi: int,
    metadata: Mapping[str, str],
) -> bytes:  # fmt: skip
    import matplotlib as mpl

    style: Any = plain_style()  # typed by matplotlib as one of all its settings
    creator: dict[str, Any] = {"Creator": "Platonic Atlas", "Date": None} if kind == "svg" else {}
    if kind == "png":
        creator = {"Software": "Platonic Atlas"}
    body = io.BytesIO()
    with _one_at_a_time, mpl.rc_context(style):
        drawn = _figure(panels, legend, caption, sheet, dpi)
        drawn.savefig(body, format=kind, dpi=dpi, metadata={**metadata, **creator})
    return body.getvalue()


def _figure(panels: Sequence[PaperPanel], legend: Swatches | Bar, caption: str, sheet: Sheet, dpi: int) -> Figure:
    from matplotlib.figure import Figure

    look = THEMES[sheet.theme]
    width = sheet.width * POINT
    inner = width - 2 * MARGIN
    figure = Figure(figsize=(width / 72, 1), dpi=72, facecolor=look.surface)
    setter = Typesetter()
    rects, panels_height = _panel_rects(len(panels), inner, sheet.linked)
    key_rows = _swatch_rows(legend, setter, inner) if isinstance(legend, Swatches) else []
    key_height = (len(key_rows) + 1) * SMALL * 1.6 if key_rows else 30.0
    said = setter.wrapped(caption, inner, TEXT)
    height = MARGIN + panels_height + 4 + key_height + 4 + len(said) * TEXT * LINE + MARGIN
    figure.set_size_inches(width / 72, height / 72)
    vector = sum(min(p.drawn, len(p.xy)) for p in panels) <= MOST_VECTOR_POINTS
    for i, (panel, (x, y, w, h)) in enumerate(zip(panels, rects, strict=True)):
        axes = figure.add_axes((x / width, 1 - (y + h) / height, w / width, h / height))
        _draw_panel(axes, panel, sheet, look, (w, h), vector, dpi)
        _frame(axes, panel, look)
        bottom = not sheet.linked or i + columns_for(len(panels)) >= len(panels)
        left = not sheet.linked or i % columns_for(len(panels)) == 0
        _write_heads(figure, setter, panel, look, (x, y, w, h), height, (bottom, left))
    top = MARGIN + panels_height + 4
    if isinstance(legend, Swatches):
        _draw_swatches(figure, legend, key_rows, look, height, top)
    else:
        _draw_bar(figure, legend, look, (width, height), top)
    top += key_height + 4
    for i, line in enumerate(said):
        _text(figure, MARGIN, height - top - (i + 0.8) * TEXT * LINE, line, TEXT, look.text)
    return figure


def columns_for(n: int) -> int:
    """Panels a row, as on the page."""
    return max(1, n) if n <= 3 else 2 if n == 4 else 3 if n <= 6 else 4


def _panel_rects(n: int, inner: float, linked: bool) -> tuple[list[tuple[float, float, float, float]], float]:
    """Where the panels are from the upper left corner, and how far down they reach."""
    columns = columns_for(n)
    rows = -(-n // columns)
    axis_columns, axis_rows = (1, 1) if linked else (columns, rows)
    w = (inner - axis_columns * AXIS_TITLE - (columns - 1) * GAP) / columns
    w = min(w, MOST_WIDE)
    h = w * HEIGHT_OF_WIDTH
    rects = []
    for i in range(n):
        row, column = divmod(i, columns)
        x = MARGIN + AXIS_TITLE + column * (w + GAP + (0 if linked else AXIS_TITLE))
        y = MARGIN + TITLE + row * (h + TITLE + (0 if linked else AXIS_TITLE))
        rects.append((x, y, w, h))
    return rects, rows * (h + TITLE) + axis_rows * AXIS_TITLE


def point_diameter(n: int, width: float, height: float, factor: float) -> float:
    """Diameter in points where `n` points share a panel of that size in points, as the page has it in pixels."""
    area = (width / CSS) * (height / CSS)
    return CSS * factor * min(6.0, max(1.3, 0.85 * (area / max(n, 1)) ** 0.5))


def fitted(ranges: tuple[float, float, float, float], width: float, height: float) -> tuple[float, float, float, float]:
    """Ranges x0, x1, y0, y1 that hold the given ones about the same centre, with one scale on both axes."""
    x0, x1, y0, y1 = ranges
    scale = max((x1 - x0) / width, (y1 - y0) / height)
    dx, dy = (scale * width - (x1 - x0)) / 2, (scale * height - (y1 - y0)) / 2
    return x0 - dx, x1 + dx, y0 - dy, y1 + dy


def _draw_panel(
    axes: Axes, panel: PaperPanel, sheet: Sheet, look: Theme, size: tuple[float, float], vector: bool, dpi: int
) -> None:
    panel = replace(panel, ranges=fitted(panel.ranges, *size))
    x0, x1, y0, y1 = panel.ranges
    axes.set_xlim(x0, x1)
    axes.set_ylim(y0, y1)
    inside = np.isfinite(panel.xy).all(axis=1)
    inside &= (panel.xy[:, 0] >= x0) & (panel.xy[:, 0] <= x1) & (panel.xy[:, 1] >= y0) & (panel.xy[:, 1] <= y1)
    away = np.flatnonzero(inside & ~panel.selected)
    picked = np.flatnonzero(inside & panel.selected)
    if sheet.density:
        image = _densities(panel, away, picked, size, look)
        axes.imshow(image, extent=(x0, x1, y0, y1), origin="lower", aspect="auto", interpolation="nearest", zorder=1)
    else:
        diameter = point_diameter(panel.drawn, *size, sheet.point_size)
        order = np.concatenate([away, picked])
        colours = panel.colours[order]
        colours[: len(away)] = [round(255 * c) for c in _rgb(look.muted)]
        if vector:
            axes.scatter(panel.xy[order, 0], panel.xy[order, 1], s=diameter**2, c=colours / 255, linewidths=0, zorder=1)
        else:  # a hundred times as fast as so many markers
            dots = dpi / 72
            w, h = (max(1, round(length * dots)) for length in size)
            places = (panel.xy[order] - [x0, y0]) / [x1 - x0, y1 - y0] * [w, h]
            dotted = stamped(places, colours, diameter * dots, (w, h))
            axes.imshow(dotted, extent=(x0, x1, y0, y1), origin="lower", aspect="auto", interpolation="auto", zorder=1)
    if panel.outline is not None:
        axes.fill(*panel.outline.T, fill=False, edgecolor=look.accent, linewidth=0.9, linestyle=(0, (4, 2.5)), zorder=2)
    if panel.ring is not None:
        for colour, wide in ((look.surface, 2.6), (look.accent, 1.4)):
            axes.plot(
                *panel.ring, "o", markersize=2 * RING, markerfacecolor="none", markeredgecolor=colour,
                markeredgewidth=wide, zorder=3,
            )  # fmt: skip


def _densities(
    panel: PaperPanel, away: NDArray[np.intp], picked: NDArray[np.intp], size: tuple[float, float], look: Theme
) -> NDArray[np.float64]:
    """Each bin in the mean colour of its points, the more opaque the more they are; (rows, columns, 4)."""
    x0, x1, y0, y1 = panel.ranges
    columns, rows = (max(1, int(np.ceil(length / BIN))) for length in size)
    place = (panel.xy - [x0, y0]) / [x1 - x0, y1 - y0] * [columns, rows]

    def bins(of: NDArray[np.intp]) -> NDArray[np.intp]:
        cell = np.clip(place[of].astype(np.intp), 0, [columns - 1, rows - 1])
        return cell[:, 1] * columns + cell[:, 0]

    where, n = bins(picked), columns * rows
    counts, muted = np.bincount(where, minlength=n), np.bincount(bins(away), minlength=n)
    image = np.zeros((n, 4))
    grey = muted > 0
    image[grey, :3] = _rgb(look.muted)
    image[grey, 3] = MOST_MUTED * np.log1p(muted[grey]) / np.log1p(max(1, muted.max()))
    full = counts > 0
    for channel in range(3):
        total = np.bincount(where, panel.colours[picked, channel] / 255, minlength=n)
        image[full, channel] = total[full] / counts[full]
    most = np.log(max(2, counts.max()))
    image[full, 3] = LEAST_OPACITY + (1 - LEAST_OPACITY) * np.log(counts[full]) / most
    return image.reshape(rows, columns, 4)


def _frame(axes: Axes, panel: PaperPanel, look: Theme) -> None:
    axes.set_facecolor(look.surface if panel.trained else look.tint)
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(color=look.quiet, linewidth=0.5, linestyle="-" if panel.trained else (0, (4, 3)), zorder=4)


def _write_heads(
    figure: Figure, setter: Typesetter, panel: PaperPanel, look: Theme,
    rect: tuple[float, float, float, float], height: float, outer: tuple[bool, bool],
) -> None:  # fmt: skip
    x, y, w, h = rect
    up = height - y
    kept = setter.cut(panel.kept, w, SMALL)
    room = w - setter.width(kept, SMALL) - 6
    style = {"weight": "bold"} if panel.trained else {"style": "italic"}
    name = setter.cut(panel.name, room, NAME, bold=panel.trained)
    _text(figure, x, up + 13, name, NAME, look.text if panel.trained else look.quiet, **style)
    _text(figure, x + w, up + 13, kept, SMALL, look.quiet, ha="right")
    _text(figure, x, up + 4, setter.cut(panel.subtitle, w, SMALL), SMALL, look.quiet)
    bottom, left = outer
    if bottom:
        _text(figure, x + w / 2, up - h - 8, setter.cut(panel.axes[0], w, SMALL), SMALL, look.quiet, ha="center")
    if left:
        label = setter.cut(panel.axes[1], h, SMALL)
        _text(figure, x - 4, up - h / 2, label, SMALL, look.quiet, ha="right", va="center", rotation=90)


def _swatch_rows(legend: Swatches, setter: Typesetter, inner: float) -> list[list[tuple[float, str, str]]]:
    """Entries in rows: (left edge, label, colour)."""
    rows: list[list[tuple[float, str, str]]] = [[]]
    x = 0.0
    for label, colour in legend.entries:
        shown = setter.cut(label, inner / 2, SMALL)
        wide = 9 + setter.width(shown, SMALL) + 9
        if x + wide > inner and rows[-1]:
            rows.append([])
            x = 0.0
        rows[-1].append((x, shown, colour))
        x += wide
    return rows


def _draw_swatches(
    figure: Figure, legend: Swatches, rows: list[list[tuple[float, str, str]]], look: Theme, height: float, top: float
) -> None:
    from matplotlib.patches import Rectangle

    step = SMALL * 1.6
    width = figure.get_size_inches()[0] * 72
    _text(figure, MARGIN, height - top - step * 0.7, legend.title, SMALL, look.text, weight="bold")
    for i, row in enumerate(rows):
        y = height - top - (i + 1.7) * step
        for x, label, colour in row:
            corner = ((MARGIN + x) / width, y / height)
            figure.add_artist(
                Rectangle(
                    corner, 5.5 / width, 5.5 / height, transform=figure.transFigure, facecolor=colour, linewidth=0
                )
            )
            _text(figure, MARGIN + x + 8, y + 0.4, label, SMALL, look.text)


def _draw_bar(figure: Figure, legend: Bar, look: Theme, size: tuple[float, float], top: float) -> None:
    from matplotlib.colorbar import ColorbarBase
    from matplotlib.colors import LinearSegmentedColormap, LogNorm, Normalize
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator

    width, height = size
    _text(figure, MARGIN, height - top - 7, legend.title, SMALL, look.text, weight="bold")
    axes = figure.add_axes((MARGIN / width, (height - top - 18) / height, min(260.0, width / 2) / width, 7 / height))
    high = legend.high if legend.high > legend.low else legend.low + 1
    norm = LogNorm(legend.low, high) if legend.log else Normalize(legend.low, high)
    scale = LinearSegmentedColormap.from_list("scale", list(legend.colours))
    wide = not legend.log or high / legend.low > 100
    ticks = LogLocator(subs=(1.0,) if wide else (1.0, 2.0, 5.0)) if legend.log else MaxNLocator(6)
    plain = FuncFormatter(lambda value, _: f"{value:.6g}".replace("-", "−"))
    bar = ColorbarBase(axes, cmap=scale, norm=norm, orientation="horizontal", ticks=ticks, format=plain)
    bar.minorticks_off()
    bar.outline.set(edgecolor=look.quiet, linewidth=0.4)
    axes.tick_params(labelsize=SMALL, colors=look.text, width=0.4, length=2, pad=1.5)


def _text(figure: Figure, x: float, y: float, text: str, size: float, colour: str, **more: Any) -> None:
    width, height = figure.get_size_inches() * 72
    figure.text(x / width, y / height, text, fontsize=size, color=colour, **more)


def _rgb(colour: str) -> tuple[float, float, float]:
    r, g, b = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return r, g, b
