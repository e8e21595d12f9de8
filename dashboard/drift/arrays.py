"""Arrays of a series as the page fetches them: little-endian, atoms in the order in which they are drawn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dashboard.data import AtlasData
from dashboard.drift.series import representatives, series_of
from dashboard.points import NO_PLACE, STEPS
from precompute.drift.records import Series

OF_ATOMS = ("reembedded", "frozen", "retention", "forces")
ANCHORS = {"reembedded": "position", "frozen": "position_frozen"}
MOST_TRAILS = 2_000
Body = tuple[bytes, dict[str, str]]


def drawing_order(data: AtlasData, series: Series) -> NDArray[np.intp]:
    """Places of a series' atoms in the atlas's stored permutation, so that any first part is a fair sample."""
    rank = np.empty(data.n_atoms, np.int64)
    rank[data.order] = np.arange(data.n_atoms)
    return np.argsort(rank[series.atom], kind="stable")


def atoms(data: AtlasData, name: str) -> bytes:
    """Indices of its atoms in the atlas, uint32; then which are representatives, uint8."""
    series = series_of(data, name)
    order = drawing_order(data, series)
    return series.atom[order].astype("<u4").tobytes() + representatives(data, series)[order].astype("u1").tobytes()


def values(data: AtlasData, name: str, measure: str, step: int) -> bytes:
    """A number of every atom at a step, float32; NaN where it is not known."""
    series = series_of(data, name)
    return getattr(series, measure)[step][drawing_order(data, series)].astype("<f4").tobytes()


def structures(data: AtlasData, name: str) -> bytes:
    """Indices of its structures in the atlas, uint32."""
    return series_of(data, name).structure.astype("<u4").tobytes()


def energies(data: AtlasData, name: str, step: int) -> bytes:
    """Change of energy of every structure at a step, eV/atom, float32; NaN where it is not known."""
    return series_of(data, name).energy[step].astype("<f4").tobytes()


def ends_of(data: AtlasData, name: str) -> tuple[float, float, float, float]:
    """The box that holds the atoms at every step, with either anchors: x0, x1, y0, y1."""

    def find() -> tuple[float, float, float, float]:
        series = series_of(data, name)
        ends: list[float] = []
        for axis in (0, 1):
            parts = [places[..., axis] for places in (series.position, series.position_frozen)]
            known = [part[np.isfinite(part)] for part in parts]
            low = min((float(part.min()) for part in known if part.size), default=0.0)
            high = max((float(part.max()) for part in known if part.size), default=1.0)
            ends += [low, high if high > low else low + 1]
        return ends[0], ends[1], ends[2], ends[3]

    return data.keep(("drift ends", name), find)


def places(data: AtlasData, name: str, anchors: str, step: int) -> Body:
    """Where its atoms are on the base's map at a step: x and y of one after the other, uint16 over `ends_of`."""
    series = series_of(data, name)
    xy = getattr(series, ANCHORS[anchors])[step][drawing_order(data, series)].astype(np.float64)
    x0, x1, y0, y1 = ends_of(data, name)
    known = np.isfinite(xy).all(axis=1)
    codes = np.full(xy.shape, NO_PLACE, "<u2")
    codes[known] = np.rint((xy[known] - [x0, y0]) * STEPS / [x1 - x0, y1 - y0])
    headers = {"X-Range": ",".join(repr(v) for v in (x0, x1, y0, y1)), "X-Drawn": str(int(known.sum()))}
    return codes.tobytes(), headers


def trails(data: AtlasData, name: str, anchors: str, most: int) -> Body:
    """Paths of a fair sample of its atoms from the base on: indices, uint32 (s,), and places, float32 (T, s, 2)."""
    series = series_of(data, name)
    order = drawing_order(data, series)
    found = getattr(series, ANCHORS[anchors])
    order = order[np.isfinite(found[:, order]).all(axis=(0, 2))]
    elements = np.asarray(data.of_atoms("atomic_number"))[series.atom[order]]
    chosen = order[fair_order(elements)[:most]]
    body = series.atom[chosen].astype("<u4").tobytes() + found[:, chosen].astype("<f4").tobytes()
    return body, {"X-Trails": str(len(chosen))}


def fair_order(elements: NDArray[np.integer]) -> NDArray[np.intp]:
    """An order of atoms of which any first part holds elements in proportion to their atoms, each once at least.

    Parameters
    ----------
    elements : (n,) int
        Of the atoms in a random order.

    Returns
    -------
    (n,) int
        The first atom of every element, then all others by which part of their element comes before them.
    """
    _, inverse, size = np.unique(elements, return_inverse=True, return_counts=True)
    order = np.argsort(inverse, kind="stable")
    within = np.empty(len(elements), int)
    within[order] = np.arange(len(elements)) - np.repeat(np.cumsum(size) - size, size)
    return np.argsort(within / size[inverse], kind="stable")
