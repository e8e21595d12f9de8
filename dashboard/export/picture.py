"""The view as a figure: what `dashboard.figures.paper` needs, taken from the atlas."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard import quality
from dashboard.export.content import Content, ExportError
from dashboard.export.methods import caption
from dashboard.figures import paper
from dashboard.figures.paper import Bar, PaperPanel, Sheet, Swatches
from dashboard.labels import clean
from dashboard.palette import SCALES, THEMES
from dashboard.points import grid
from dashboard.quantities import NO_CODE, legend, listed, values
from dashboard.selection import comparison_name

WIDTHS = {"one column": 89, "one and a half columns": 120, "two columns": 183, "slide": 254}
"""Widths of figures in millimetres; journals differ by a few."""
DPI = (72, 150, 300, 600)
MOST_POINTS = 4_000_000


def check(content: Content) -> None:
    """Refuse a view without maps and one of too many points.

    Raises
    ------
    ExportError
    """
    content.require_models()
    n = content.data.n_atoms * len(content.models)
    if n > MOST_POINTS:
        raise ExportError(
            f"The figure would have {n:,} points; at most {MOST_POINTS:,} are drawn. Show fewer models at once."
        )


def png(content: Content) -> bytes:
    """The figure as PNG; the options are ``width`` (mm) and ``dpi``."""
    dpi = _number(content, "dpi", 300, DPI[0], DPI[-1])
    return paper.png(*_parts(content), dpi)


def svg(content: Content) -> bytes:
    """The figure as SVG; the option is ``width`` (mm)."""
    return paper.svg(*_parts(content))


def _parts(content: Content) -> tuple[list[PaperPanel], Swatches | Bar, str, Sheet, str]:
    check(content)
    view = content.view
    width = _number(content, "width", WIDTHS["two columns"], 40, 400)
    theme = view.theme or "light"
    sheet = Sheet(float(width), view.linked, theme, view.size, view.draw == "density")
    meaning = legend(content.data, view.colour, comparison_name(content.data, view))
    about = f"Platonic Atlas, {content.data.title}, view {content.query or '?'}"
    return _panels(content, meaning, theme), _key(content, meaning), caption(content), sheet, clean(about, 2000)


def _number(content: Content, name: str, default: int, least: int, most: int) -> int:
    text = content.options.get(name, "")
    if not text:
        return default
    if not (text.isascii() and text.isdigit()) or not least <= int(text[:9]) <= most:
        raise ExportError(f"{name}={clean(text, 20)}: expected a whole number from {least} to {most}")
    return int(text)


def _panels(content: Content, meaning: dict[str, Any], theme: str) -> list[PaperPanel]:
    data, view = content.data, content.view
    order = data.order
    ends = {key: grid(data, key, content.map, view.align).ends for key in content.models}
    home = padded(list(ends.values()))
    panels = []
    for key in content.models:
        card, found = data.cards[key], data.quality(key, content.map)
        kept, _ = quality.kept(view.space, view.method, found)
        x_name, y_name = quality.axis_names(view.space, view.method, found)
        turned = f", turned onto {view.align}" if view.align and view.align != key else ""
        xy = np.asarray(content.points(key), np.float64)
        drawn = grid(data, key, content.map, view.align).drawn
        missing = f"{drawn:,} of {data.n_atoms:,} atoms · " if drawn < data.n_atoms else ""
        zoom = (view.zoom or {}).get("" if view.linked else key)
        x0, x1, y0, y1 = zoom or (home if view.linked else padded([ends[key]]))
        outline = np.array(view.lasso["points"]) if view.lasso and view.lasso["model"] == key else None
        panels.append(
            PaperPanel(
                name=clean(key, 80), subtitle=clean(missing + card.subtitle), kept=kept, trained=card.trained,
                axes=(clean(x_name + turned), clean(y_name + turned)), ranges=(x0, x1, y0, y1), xy=xy[order],
                colours=_colours(content, meaning, key, theme)[order], selected=content.selected[order], drawn=drawn,
                ring=_ring(xy, view.atom), outline=outline,
            )
        )  # fmt: skip
    return panels


def _ring(xy: NDArray[np.float64], atom: int | None) -> tuple[float, float] | None:
    if atom is None or not np.isfinite(xy[atom]).all():
        return None
    return float(xy[atom, 0]), float(xy[atom, 1])


def padded(ends: list[tuple[float, float, float, float]]) -> tuple[float, float, float, float]:
    """The range of all, with a twentieth on either side, as the page shows maps at first."""
    x0, y0 = (min(e[i] for e in ends) for i in (0, 2))
    x1, y1 = (max(e[i] for e in ends) for i in (1, 3))
    w, h = x1 - x0 or 1.0, y1 - y0 or 1.0
    return x0 - 0.05 * w, x1 + 0.05 * w, y0 - 0.05 * h, y1 + 0.05 * h


def _colours(content: Content, meaning: dict[str, Any], key: str, theme: str) -> NDArray[np.uint8]:
    """Colours of all atoms in file order, (N, 3)."""
    data, view = content.data, content.view
    compares = listed(data)[view.colour].of == "comparison"
    found = values(data, view.colour, comparison_name(data, view) if compares else key)
    none = _rgb(THEMES[theme].muted)
    if meaning["kind"] == "category":
        table = np.tile(none, (NO_CODE + 1, 1))
        for code, (_, colour) in enumerate(_entries(content, meaning)):
            table[code] = _rgb(colour)
        return table[found]
    low, high, log = scale_ends(content, meaning)
    stops = np.array([_rgb(c) for c in _stops(content)], float)
    known = np.isfinite(found)
    if high <= low:
        at = np.full(len(found), 0.5)
    elif log:
        at = np.log(np.maximum(np.where(known, found, low), np.finfo(float).tiny) / low) / np.log(high / low)
    else:
        at = (np.where(known, found, low) - low) / (high - low)
    place = np.clip(at, 0, 1) * (len(stops) - 1)
    result = np.column_stack([np.interp(place, np.arange(len(stops)), stops[:, c]) for c in range(3)])
    result = np.rint(result).astype(np.uint8)
    result[~known] = none
    return result


def scale_ends(content: Content, meaning: dict[str, Any]) -> tuple[float, float, bool]:
    """Ends of the colour scale, and whether it is logarithmic; from zero or below it starts four decades under its end.

    As in the page's script (assets/points/lut.js).
    """
    low, high = content.view.limits or (meaning["lo"], meaning["hi"])
    log = bool(content.view.log and high > 0)
    return (low if low > 0 or not log else high / 1e4), high, log


def _stops(content: Content) -> list[str]:
    stops = SCALES[content.view.palette]
    return stops[::-1] if content.view.reverse else stops


def _entries(content: Content, meaning: dict[str, Any]) -> list[tuple[str, str]]:
    """Labels and colours of the legend, the viewer's own colours put in."""
    own = content.view.colours or {}
    return [(e["label"], own.get(e["label"], e["colour"])) for e in meaning["entries"]]


def _key(content: Content, meaning: dict[str, Any]) -> Swatches | Bar:
    unit = f" ({meaning['unit']})" if meaning["unit"] else ""
    title = clean(meaning["label"], 80) + unit
    if meaning["kind"] == "category":
        there = {e["label"] for e in meaning["entries"] if e["n"] > 0} - set(content.view.hide)
        return Swatches(title, tuple((clean(n, 60), c) for n, c in _entries(content, meaning) if n in there))
    low, high, log = scale_ends(content, meaning)
    return Bar(title, tuple(_stops(content)), low, high, log)


def _rgb(colour: str) -> NDArray[np.uint8]:
    return np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)], np.uint8)
