"""One crystal as plain lists that the page's script draws on a canvas and turns.

Not a Plotly 3-D graph: measured on two cores with software rendering, its first drawing takes 1.6 s and a further one
on the same graph 80-140 ms, and it holds one of the browser's few WebGL contexts; the canvas needs none and 2-5 ms.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.geometry import Scene
from dashboard.palette import UNKNOWN_ELEMENT

UNKNOWN_RADIUS = 1.5


def crystal_drawing(
    scene: Scene,
    numbers: NDArray[np.integer],
    radii: NDArray[np.floating],
    colours: Sequence[str],
    symbols: Sequence[str],
    first: int = 0,
) -> dict[str, Any]:
    """Return a scene as the page draws it.

    Parameters
    ----------
    scene : Scene
    numbers : (n,) int
        Atomic numbers of the structure.
    radii : (118,) float
        Covalent radii by atomic number - 1, angstrom.
    colours, symbols : sequences of str
        By atomic number - 1.
    first : int
        The structure's first atom in the atlas.

    Returns
    -------
    dict
        ``kinds``: per element drawn ``[symbol, colour, radius]``; ``atoms``: per drawn atom ``[x, y, z, kind, atom of
        the atlas, its count among its element in the structure]``, the chosen one first; ``bonds`` and ``shell``: pairs
        of drawn atoms; ``edges``: lines ``[x, y, z, x, y, z]`` of the cell; ``axes``: where the cell starts,
        and where a, b and c end. Lengths in angstrom.
    """
    numbers = np.asarray(numbers)
    drawn = numbers[scene.atom]
    kinds = list(dict.fromkeys(drawn.tolist()))
    radius = np.nan_to_num(np.asarray(radii, float), nan=UNKNOWN_RADIUS)
    counter = [int((numbers[: i + 1] == z).sum()) for i, z in enumerate(numbers)]
    return {
        "kinds": [[symbols[z - 1], _colour(colours[z - 1]), round(float(radius[z - 1]), 2)] for z in kinds],
        "atoms": [
            [*place, kinds.index(z), first + i, counter[i]]
            for place, z, i in zip(_rounded(scene.position), drawn.tolist(), scene.atom.tolist(), strict=True)
        ],
        "bonds": scene.bonds.tolist(),
        "shell": scene.shell.tolist(),
        "edges": _rounded(cell_edges(scene.cell, scene.origin)),
        "axes": _rounded(np.vstack([scene.origin, scene.cell + scene.origin])) if np.any(scene.cell) else [],
    }


def cell_edges(cell: NDArray[np.floating], origin: NDArray[np.floating]) -> NDArray[np.floating]:
    """The twelve edges of a cell, (12, 6) in angstrom: from x, y, z to x, y, z; none for a cell without volume."""
    if abs(np.linalg.det(cell)) < 1e-9:
        return np.zeros((0, 6))
    corners = np.indices((2, 2, 2)).reshape(3, -1).T
    places = corners @ np.asarray(cell, float) + origin
    pairs = [(a, b) for a, b in combinations(range(8), 2) if np.abs(corners[a] - corners[b]).sum() == 1]
    return np.array([np.concatenate([places[a], places[b]]) for a, b in pairs])


def _colour(text: str) -> str:
    return text if str(text).startswith("#") else UNKNOWN_ELEMENT


def _rounded(values: NDArray[np.floating]) -> list[list[float]]:
    return np.round(np.asarray(values, float) + 0.0, 3).tolist()
