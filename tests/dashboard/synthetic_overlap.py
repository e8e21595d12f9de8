"""The synthetic atlas with coordinates, anchors, and neighbour lists that follow from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from precompute import writing
from precompute.contracts import AnchorSet
from precompute.neighbours import nearest
from precompute.store import NEIGHBOUR_KINDS, AtlasFile
from tests.dashboard.synthetic import MODELS, REFUSING, structures, write_atlas

WIDTH = 20
"""Length of the lists."""
N_ANCHORS = 20
OUTSIDE = 3
"""The anchor that is no atom of the atlas."""


def write_overlap_atlas(path: Path, copies: int = 6) -> Path:
    return write_atlas(path, copies=copies, add=lambda file: add_lists(file, copies))


def add_lists(file: AtlasFile, copies: int) -> None:
    rng = np.random.default_rng(7)
    crystals = [s for s, _ in structures(copies)]
    numbers = np.concatenate([s.numbers for s in crystals])
    orbit = file.read("atoms/orbit")
    n = len(numbers)
    of_element = rng.normal(size=(120, N_ANCHORS))[numbers]
    around = rng.normal(size=(n, N_ANCHORS))[orbit]
    holders = np.arange(N_ANCHORS) % len(crystals)
    first = file.read("structures/first_atom")
    index = first[holders].astype(np.int64)
    index[OUTSIDE] = -1
    anchors = AnchorSet("test", tuple(crystals), holders, np.zeros(N_ANCHORS, int), "random", "", 0)
    writing.write_anchors(file, anchors, index)
    for key in MODELS:
        own = rng.normal(size=(n, N_ANCHORS))[orbit]
        parts = (1.0, 0.0, 0.01) if key == "element-only" else (1.0, 0.7, 0.4)
        raw = parts[0] * of_element + parts[1] * around + parts[2] * own
        coordinates = (raw / np.linalg.norm(raw, axis=1, keepdims=True)).astype(np.float32)
        if key == REFUSING:
            coordinates[:3] = np.nan
        writing.write_coordinates(file, key, coordinates, np.ones((N_ANCHORS, 8), np.float32), "cosine")
        for kind in NEIGHBOUR_KINDS:
            lists = nearest(coordinates, orbit=orbit, kind=kind, labels=numbers, k=WIDTH)
            writing.write_neighbours(file, key, kind, lists.index, lists.similarity)
