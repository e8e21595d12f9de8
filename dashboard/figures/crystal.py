"""One crystal in 3-D: four line and marker traces, whatever its size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from dashboard.geometry import Scene
from dashboard.palette import FONT, THEMES, UNKNOWN_ELEMENT

PANEL = 250
EYE = (0.72, -1.75, 0.62)
MOST_PIXELS_PER_ANGSTROM = 40.0
UNKNOWN_RADIUS = 1.5
SPHERE, LARGEST = 0.36, 48


def crystal_figure(
    scene: Scene,
    numbers: NDArray[np.integer],
    cell: NDArray[np.floating],
    pbc: NDArray[np.bool_],
    radii: NDArray[np.floating],
    colours: Sequence[str],
    symbols: Sequence[str],
    theme: str = "light",
) -> go.Figure:
    """Draw a scene: cell edges, bonds, the chosen atom's shell, atoms by covalent radius, the chosen atom haloed.

    Parameters
    ----------
    scene : Scene
    numbers : (n,) int
        Atomic numbers of the structure.
    cell : (3, 3) float
        Angstrom.
    pbc : (3,) bool
    radii : (118,) float
        Covalent radii by atomic number - 1, angstrom.
    colours, symbols : sequences of str
        By atomic number - 1.
    theme : str
    """
    look = THEMES[theme]
    z = np.asarray(numbers)[scene.atom]
    radius = np.nan_to_num(np.asarray(radii, float)[z - 1], nan=UNKNOWN_RADIUS)
    edges = cell_edges(cell, pbc)
    everything = np.vstack([scene.position, edges[np.isfinite(edges).all(axis=1)]])
    low, high = everything.min(axis=0), everything.max(axis=0)
    # one factor for all atoms, so that their sizes stay in proportion
    per_angstrom = _pixels_per_angstrom(everything - (high + low) / 2)
    pixels = radius * min(2 * SPHERE * per_angstrom, LARGEST / float(radius.max()))
    fill = np.array([c if str(c).startswith("#") else UNKNOWN_ELEMENT for c in colours])[z - 1]
    # markers are flat discs: a bond to their middle would cross those in front
    trim = 0.7 * SPHERE * radius
    figure = go.Figure()
    if len(edges):
        figure.add_trace(_line(edges, look.quiet, 1.5, "cell"))
    figure.add_trace(_line(_segments(scene.position, scene.bonds, trim), look.bond, 3, "bonds"))
    figure.add_trace(_line(_segments(scene.position, scene.shell, trim), look.accent, 6, "shell"))
    x, y, w = scene.position.T
    figure.add_trace(
        go.Scatter3d(
            x=x[:1],
            y=y[:1],
            z=w[:1],
            mode="markers",
            hoverinfo="skip",
            name="chosen",
            marker={"size": [pixels[0] * 1.5 + 6], "color": look.accent, "opacity": 0.28, "line": {"width": 0}},
        )
    )
    distance = np.linalg.norm(scene.position - scene.position[0], axis=1)
    text = [f"{symbols[n - 1]}, {d:.2f} Å away" for n, d in zip(z, distance, strict=True)]
    text[0] = f"{symbols[z[0] - 1]}, the chosen atom"
    figure.add_trace(
        go.Scatter3d(
            x=x,
            y=y,
            z=w,
            mode="markers",
            name="atoms",
            text=text,
            hovertemplate="%{text}<extra></extra>",
            marker={
                "size": pixels,
                "color": fill,
                "opacity": 1,
                "line": {"color": "#2b3039" if theme == "light" else "#05060a", "width": 1.5},
            },
        )
    )
    hidden = {"visible": False, "showspikes": False}
    span = float((high - low).max()) or 3.0
    middle = (high + low) / 2
    ranges = [[float(m - max((h - lo) / 2, 0.18 * span) - 0.6), float(m + max((h - lo) / 2, 0.18 * span) + 0.6)]
              for m, lo, h in zip(middle, low, high, strict=True)]  # fmt: skip
    # plotly shows an axis of aspect ratio 1 over half of the panel
    widths = np.array([b - a for a, b in ranges]) * per_angstrom / (0.5 * PANEL)
    figure.update_layout(
        height=PANEL,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        showlegend=False,
        paper_bgcolor=look.surface,
        font={"color": look.text, "size": 12, "family": FONT},
        hoverlabel={"bgcolor": look.surface, "bordercolor": look.line, "font": {"color": look.text}},
        uirevision="crystal",
        scene={
            **{f"{axis}axis": hidden | {"range": r} for axis, r in zip("xyz", ranges, strict=True)},
            "aspectmode": "manual",
            "aspectratio": dict(zip("xyz", widths.tolist(), strict=True)),
            "bgcolor": look.surface,
            "dragmode": "turntable",
            "camera": {
                "projection": {"type": "orthographic"},
                "eye": dict(zip("xyz", EYE, strict=True)),
                "center": {"x": 0, "y": 0, "z": 0},
            },
        },
    )
    return figure


def _pixels_per_angstrom(points: NDArray[np.floating]) -> float:
    """The scale at which points around the origin, (n, 3) in angstrom, fill the panel as first seen."""
    forward = -np.array(EYE) / np.linalg.norm(EYE)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    seen = np.abs(points @ np.stack([right, np.cross(right, forward)], axis=1)).max()
    return min((PANEL / 2 - LARGEST / 2 - 2) / max(float(seen), 1e-6), MOST_PIXELS_PER_ANGSTROM)


def cell_edges(cell: NDArray[np.floating], pbc: NDArray[np.bool_]) -> NDArray[np.floating]:
    """The cell's edges as points, (3 m, 3) in angstrom, NaN rows between; none without periodicity."""
    if not np.any(pbc) or abs(np.linalg.det(cell)) < 1e-9:
        return np.zeros((0, 3))
    corners = np.array([[i, j, k] for i in (0, 1) for j in (0, 1) for k in (0, 1)])
    pairs = [(a, b) for a in range(8) for b in range(a + 1, 8) if np.abs(corners[a] - corners[b]).sum() == 1]
    return _segments(corners @ np.asarray(cell, float), np.array(pairs))


def _segments(
    position: NDArray[np.floating], pairs: NDArray[np.integer], trim: NDArray[np.floating] | None = None
) -> NDArray[np.floating]:
    """Lines between pairs of points, each end drawn back by its `trim` (at most 40 % of the line), NaN rows between."""
    points = np.full((3 * len(pairs), 3), np.nan)
    if not len(pairs):
        return points
    a, b = position[pairs[:, 0]], position[pairs[:, 1]]
    if trim is not None:
        length = np.linalg.norm(b - a, axis=1, keepdims=True)
        way = (b - a) / length
        a, b = (
            a + way * np.minimum(trim[pairs[:, 0], None], 0.4 * length),
            b - way * np.minimum(trim[pairs[:, 1], None], 0.4 * length),
        )
    points[0::3], points[1::3] = a, b
    return points


def _line(points: NDArray[np.floating], colour: str, width: float, name: str) -> go.Scatter3d:
    x, y, z = points.T
    return go.Scatter3d(
        x=x, y=y, z=z, mode="lines", name=name, hoverinfo="skip", line={"color": colour, "width": width}
    )
