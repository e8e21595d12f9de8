"""Very many points as one picture: the same discs as the page draws, each in front of those before it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FINER = 2  # drawn this much finer, then averaged, so that discs have smooth edges
MOST_FINE = 4_000_000  # pixels of a picture that is drawn finer; larger ones have small pixels anyway
POINTS_AT_ONCE = 200_000


def stamped(
    places: NDArray[np.floating], colours: NDArray[np.uint8], diameter: float, size: tuple[int, int]
) -> NDArray[np.uint8]:
    """Draw discs.

    Parameters
    ----------
    places : (n, 2) float
        Centres in pixels from the lower left corner, in the order in which they are drawn.
    colours : (n, 3) uint8
    diameter : float
        Pixels.
    size : (int, int)
        Width and height of the picture in pixels.

    Returns
    -------
    (height, width, 4) uint8
        Red, green, blue, opacity; the first row is the lowest.
    """
    finer = FINER if size[0] * size[1] <= MOST_FINE else 1
    width, height = size[0] * finer, size[1] * finer
    front = np.full(width * height, -1, np.int32)  # which point is in front in each pixel
    offsets = _disc(diameter * finer / 2)
    for start in range(0, len(places), POINTS_AT_ONCE):
        centres = np.floor(places[start : start + POINTS_AT_ONCE] * finer).astype(np.int32)
        which = np.arange(start, start + len(centres), dtype=np.int32)
        for dx, dy in offsets:
            x, y = centres[:, 0] + dx, centres[:, 1] + dy
            inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
            np.maximum.at(front, (y * width + x)[inside], which[inside])
    return _averaged(front.reshape(size[1], finer, size[0], finer), colours)


def _averaged(front: NDArray[np.int32], colours: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Colours of whole pixels: the mean where there are any, the more opaque the more of the pixel is covered."""
    rows, finer, columns, _ = front.shape
    sums = np.zeros((rows, columns, 3), np.float32)
    covered = np.zeros((rows, columns, 1), np.float32)
    for i in range(finer):
        for j in range(finer):
            part = front[:, i, :, j]
            drawn = part >= 0
            sums[drawn] += colours[part[drawn]]
            covered[drawn] += 1
    result = np.concatenate([sums / np.maximum(covered, 1), covered * (255 / finer**2)], axis=2)
    return np.rint(result).astype(np.uint8)


def _disc(radius: float) -> list[tuple[int, int]]:
    """Pixels of a disc around the middle of one; that one at least."""
    reach = int(np.ceil(radius))
    around = range(-reach, reach + 1)
    return [(x, y) for x in around for y in around if x * x + y * y <= radius * radius] or [(0, 0)]
