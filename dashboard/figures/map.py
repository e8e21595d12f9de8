"""The maps of several models side by side in one figure, one panel a model.

One graph holds all panels because a browser gives a page only 16 WebGL contexts. Points are either given as arrays, or
left to the page, which fetches each array once from the address in the trace's ``meta``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.labels import for_plotly
from dashboard.palette import FONT, MUTED_CODE, THEMES, scale

TITLE, AXIS_TITLE, GAP, MARGIN = 38, 17, 12, 6
LEAST_ROW = 120


@dataclass(frozen=True, eq=False)
class Panel:
    """One model's map.

    Attributes
    ----------
    key : str
    subtitle : str
        Status, training data and level of theory, shown small.
    trained : bool
        False for untrained, control and imported models: tinted ground, dashed frame, italic name.
    axes : (str, str)
        Names of the two axes.
    ranges : ((float, float), (float, float))
    kept, kept_meaning : str
        How much of this model the map keeps: short, and in words.
    drawn, total : int
        Atoms with a place in this map, and all.
    address : str
        Where the page fetches the points from; empty where `xy` is given.
    xy : (n, 2) float, or None
        Points in the order in which they are drawn.
    codes : (n,) int, or None
        Category codes of those points.
    """

    key: str
    subtitle: str
    trained: bool
    axes: tuple[str, str]
    ranges: tuple[tuple[float, float], tuple[float, float]]
    drawn: int
    total: int
    kept: str = ""
    kept_meaning: str = ""
    address: str = ""
    xy: NDArray[np.floating] | None = None
    codes: NDArray[np.integer] | None = None


def columns_for(n: int) -> int:
    """Panels a row, so that rows are full where they can be."""
    return {0: 1, 1: 1, 2: 2, 3: 3, 4: 2, 5: 3, 6: 3, 7: 4, 8: 4, 9: 3}.get(n, 4)


def padded_range(*arrays: NDArray[np.floating]) -> tuple[tuple[float, float], tuple[float, float]]:
    """Ranges of x and y that hold every finite row of all arrays, with 5 % on either side."""
    low, high = np.full(2, np.inf), np.full(2, -np.inf)
    for xy in arrays:
        finite = xy[np.isfinite(xy).all(axis=1)]
        if len(finite):
            low, high = np.minimum(low, finite.min(axis=0)), np.maximum(high, finite.max(axis=0))
    low, high = np.where(np.isfinite(low), low, -1.0), np.where(np.isfinite(high), high, 1.0)
    pad = 0.05 * np.where(high > low, high - low, 1.0)
    (x0, y0), (x1, y1) = (low - pad).tolist(), (high + pad).tolist()
    return (x0, x1), (y0, y1)


def point_size(n: int, width: float, height: float) -> float:
    """Marker diameter in pixels for `n` points on a panel of that size: about half of the area, 2.4 to 6."""
    return round(min(6.0, max(2.4, 0.85 * math.sqrt(width * height / max(n, 1)))), 1)


def map_figure(
    panels: Sequence[Panel], linked: bool, width: float = 900, height: float = 640, theme: str = "light", view: str = ""
) -> go.Figure:
    """Lay out the panels in rows.

    Parameters
    ----------
    panels : sequence of Panel
    linked : bool
        All panels share their axes: moving one moves all, and only outer panels name the axes.
    width, height : float
        Size of the graph in pixels; the figure becomes higher where rows would be too low to read.
    theme : str
    view : str
        The page keeps the zoom while this text stays the same.
    """
    look = THEMES[theme]
    columns = columns_for(len(panels))
    rows = max(1, math.ceil(len(panels) / columns))
    axis_rows = 1 if linked else rows
    height = max(height, rows * (LEAST_ROW + TITLE) + axis_rows * AXIS_TITLE + (rows - 1) * GAP + 2 * MARGIN)
    left = AXIS_TITLE + 2
    inner_w, inner_h = width - 2 * MARGIN - left, height - 2 * MARGIN
    panel_w = (inner_w - (columns - 1) * (GAP + (0 if linked else AXIS_TITLE))) / columns
    panel_h = (inner_h - axis_rows * AXIS_TITLE - rows * TITLE - (rows - 1) * GAP) / rows
    figure = go.Figure()
    layout: dict[str, object] = {}
    shapes, notes = [], []
    for i, panel in enumerate(panels):
        row, column = divmod(i, columns)
        suffix = "" if i == 0 else str(i + 1)
        x0 = column * (panel_w + GAP + (0 if linked else AXIS_TITLE)) / inner_w
        top = 1 - (TITLE + row * (panel_h + TITLE + GAP + (0 if linked else AXIS_TITLE))) / inner_h
        domain_x = [max(0.0, x0), min(1.0, x0 + panel_w / inner_w)]
        domain_y = [max(0.0, top - panel_h / inner_h), min(1.0, top)]
        last_in_column = i + columns >= len(panels)
        common = {
            "showgrid": False, "zeroline": False, "showticklabels": False, "ticks": "", "showline": True,
            "mirror": True, "linecolor": look.line, "linewidth": 1,
        }  # fmt: skip
        for axis, other, domain, name, outer, limits in (
            ("x", "y", domain_x, panel.axes[0], last_in_column, panel.ranges[0]),
            ("y", "x", domain_y, panel.axes[1], column == 0, panel.ranges[1]),
        ):
            settings = common | {"domain": domain, "anchor": f"{other}{suffix}", "range": list(limits)}
            if outer or not linked:
                font = {"size": 10, "color": look.quiet}
                settings["title"] = {"text": for_plotly(name), "standoff": 3, "font": font}
            if linked and i:
                settings["matches"] = axis
            layout[f"{axis}axis{suffix}"] = settings
        if not panel.trained:
            box = {"type": "rect", "xref": f"x{suffix} domain", "yref": f"y{suffix} domain"}
            corners = {"x0": 0, "x1": 1, "y0": 0, "y1": 1}
            shapes.append(box | corners | {"layer": "below", "line": {"width": 0}, "fillcolor": look.tint})
        notes += _titles(panel, domain_x, domain_y, panel_w, look.text, look.quiet)
        figure.add_trace(_points(panel, suffix, theme, point_size(panel.total, panel_w, panel_h)))
    if not panels:
        layout = {"xaxis": {"visible": False}, "yaxis": {"visible": False}}
    figure.update_layout(
        **layout,
        shapes=shapes,
        annotations=notes,
        width=width,
        height=height,
        margin={"l": MARGIN + left, "r": MARGIN, "t": MARGIN, "b": MARGIN},
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        showlegend=False,
        hovermode="closest",
        hoverdistance=12,
        dragmode="pan",
        font={"family": FONT, "size": 11, "color": look.text},
        meta={"view": view, "linked": linked, "muted": MUTED_CODE, "accent": look.accent, "surface": look.surface},
    )
    return figure


def _points(panel: Panel, suffix: str, theme: str, size: float) -> go.Scattergl:
    xy = np.zeros((0, 2)) if panel.xy is None else panel.xy
    return go.Scattergl(
        x=xy[:, 0],
        y=xy[:, 1],
        xaxis=f"x{suffix}",
        yaxis=f"y{suffix}",
        mode="markers",
        name=for_plotly(panel.key),
        hoverinfo="none",
        meta={"address": panel.address, "key": panel.key, "drawn": panel.drawn},
        marker={
            "size": size,
            "opacity": 0.85,
            "color": panel.codes,
            "colorscale": scale(theme),
            "cmin": -0.5,
            "cmax": MUTED_CODE + 0.5,
            "showscale": False,
            "line": {"width": 0},
        },
    )


def _titles(
    panel: Panel, domain_x: list[float], domain_y: list[float], width: float, text: str, quiet: str
) -> list[dict]:
    """The model's key in bold (italic where it is no trained potential), and a small second line, cut to fit."""
    missing = panel.drawn < panel.total
    count = f"{panel.drawn:,} of {panel.total:,} atoms"
    key = for_plotly(panel.key, max(8, int((width - 54 * bool(panel.kept)) / 7.2)))
    place = {"xref": "paper", "yref": "paper", "showarrow": False, "x": domain_x[0], "y": domain_y[1], "xshift": -2}
    place |= {"xanchor": "left", "yanchor": "bottom", "align": "left"}
    second = f"{count} · {panel.subtitle}" if missing else panel.subtitle
    full = for_plotly(f"{panel.key}: {second}", 400)
    right = place | {"x": domain_x[1], "xshift": 2, "xanchor": "right", "align": "right", "yshift": 15}
    right |= {"text": for_plotly(panel.kept), "font": {"size": 10.5, "color": quiet}}
    right |= {"hovertext": for_plotly(panel.kept_meaning)}
    return [
        place
        | {
            "text": f"<b>{key}</b>" if panel.trained else f"<i>{key}</i>",
            "font": {"size": 12.5, "color": text if panel.trained else quiet},
            "yshift": 15,
            "hovertext": full,
        },
        place
        | {
            "text": for_plotly(second, max(10, int(width / 5.4))),
            "font": {"size": 10, "color": quiet},
            "yshift": 1,
            "hovertext": full,
        },
        *([right] if panel.kept else []),
    ]
