"""Symmetry-equivalent atoms of a molecule, found by trying every isometry that could map it onto itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from precompute.contracts import FloatArray, IntArray

_MAX_TRIALS = 20_000


def molecular_orbits(positions: FloatArray, numbers: IntArray, tolerance: float) -> NDArray[np.int32]:
    """Return for each atom the first atom that some rotation or reflection of the molecule maps to it.

    Every isometry of a finite set of atoms keeps its centroid, and is fixed (up to the reflection in their plane) by
    the images of two atoms that are not collinear with the centroid. All images at the right distances and of the
    right elements are tried; an isometry counts if every atom lands within `tolerance` of one of its own element.

    Parameters
    ----------
    positions : (n, 3) float
        Angstrom.
    numbers : (n,) int
    tolerance : float
        Angstrom.

    Returns
    -------
    (n,) int
        Each atom its own orbit where the molecule has so many like atoms that more than 20,000 isometries would have
        to be tried (a cluster of thousands of equidistant atoms; C60 needs 360).
    """
    n = len(numbers)
    centred = np.asarray(positions) - np.mean(positions, axis=0)
    radius = np.linalg.norm(centred, axis=1)
    orbit = np.arange(n, dtype=np.int32)
    if radius.max() <= tolerance:
        return orbit
    trees = {z: cKDTree(centred[numbers == z]) for z in np.unique(numbers).tolist()}
    members = {z: np.flatnonzero(numbers == z) for z in trees}

    def alike(atom: int) -> NDArray[np.intp]:
        return np.flatnonzero((numbers == numbers[atom]) & (np.abs(radius - radius[atom]) <= tolerance))

    away = np.flatnonzero(radius > tolerance)
    first = min(away.tolist(), key=lambda a: (len(alike(a)), -radius[a]))
    sine = np.linalg.norm(np.cross(centred[first], centred), axis=1) / radius[first]
    off_axis = np.flatnonzero(sine > max(10 * tolerance, 0.1))
    if len(off_axis):
        second = min(off_axis.tolist(), key=lambda a: (len(alike(a)), -sine[a]))
        candidates = [
            (a, b)
            for a in alike(first).tolist()
            for b in alike(second).tolist()
            if abs(centred[a] @ centred[b] - centred[first] @ centred[second]) <= 2 * tolerance * radius.max()
        ]
        source, targets = (
            _frame(centred[first], centred[second]),
            [_frame(centred[a], centred[b]) for a, b in candidates],
        )
    else:
        # A linear molecule: any vector off its axis completes the frame.
        aside = np.eye(3)[np.argmin(np.abs(centred[first]))]
        source, targets = _frame(centred[first], aside), [_frame(centred[a], aside) for a in alike(first)]
    if 2 * len(targets) > _MAX_TRIALS:
        return orbit
    for target in targets:
        for mirror in (1.0, -1.0):
            moved = centred @ (source.T @ np.diag([1.0, 1.0, mirror]) @ target)
            image = np.empty(n, dtype=np.intp)
            for z, tree in trees.items():
                distance, index = tree.query(moved[members[z]], distance_upper_bound=tolerance)
                if not np.isfinite(distance).all() or len(np.unique(index)) < len(index):
                    break
                image[members[z]] = members[z][index]
            else:
                _join(orbit, image)
    return orbit


def _frame(a: FloatArray, b: FloatArray) -> NDArray[np.float64]:
    """Return the right-handed orthonormal frame, rows, of the plane of `a` and `b`."""
    x = a / np.linalg.norm(a)
    z = np.cross(a, b)
    z = z / np.linalg.norm(z)
    return np.array([x, np.cross(z, x), z])


def _join(orbit: NDArray[np.int32], image: NDArray[np.intp]) -> None:
    """Merge, in place, the orbits of atoms and their images; an orbit is named by its first atom."""
    for atom in range(len(orbit)):
        a, b = orbit[atom], orbit[image[atom]]
        if a != b:
            orbit[orbit == max(a, b)] = min(a, b)
