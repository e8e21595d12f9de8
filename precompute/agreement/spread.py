"""Distances between atoms in one model's space, in blocks, in units of how far the atoms spread."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError

PAIRS_PER_BLOCK = 4_000_000
# Of the root mean square distance from the mean. On the catalogue, symmetry-equivalent atoms of invariant models lie
# within 1e-5 and fewer than one representative in five hundred has its neighbour between 1e-5 and 1e-4.
COINCIDENT = 1e-5
ROUNDING = 1e-13  # of the largest feature: what varies by less is constant


def scaled(features: NDArray[np.floating], *, at_least: int = 3) -> NDArray[np.float64]:
    """Features centred, and divided by the root mean square distance of the atoms from their mean.

    Parameters
    ----------
    features : (n, p) float
        Finite.
    at_least : int
        How many atoms are needed.

    Returns
    -------
    (n, p) float64
        Zeros where all atoms coincide.

    Raises
    ------
    AtlasError
        For too few atoms, or atoms without finite features.
    """
    if features.ndim != 2 or len(features) < at_least:
        raise AtlasError(f"at least {at_least} atoms with features (n, p) are needed; there are {features.shape}")
    x = features.astype(np.float64)
    largest = np.abs(x).max(initial=0.0)
    x -= x.mean(axis=0)
    if np.abs(x).max(initial=0.0) <= ROUNDING * largest:
        x[:] = 0.0
    spread = np.sqrt(np.einsum("ij,ij->", x, x) / len(x))
    if not np.isfinite(spread):
        bad = int((~np.isfinite(features).all(axis=1)).sum())
        raise AtlasError(f"{bad} of {len(features)} atoms have no finite features; leave them out of all models")
    if spread > 0:
        x /= spread
    return x


def squared_blocks(
    x: NDArray[np.float64], n_arrays: int = 1, labels: NDArray[np.integer] | None = None
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Squared Euclidean distances from blocks of rows to all rows; infinite from an atom to itself.

    Parameters
    ----------
    x : (n, p) float64
    n_arrays : int
        How many such blocks the caller holds at once; the blocks are that much smaller.
    labels : (n,) int, optional
        Distances between atoms of different labels are infinite too.

    Yields
    ------
    slice, (b, n) float64
        The block's memory is used again for the next one.
    """
    n = len(x)
    square = np.einsum("ij,ij->i", x, x)
    step = block_rows(n, n_arrays)
    memory = np.empty((step, n))
    for start in range(0, n, step):
        rows = slice(start, min(start + step, n))
        d = memory[: rows.stop - start]
        np.matmul(x[rows], x.T, out=d)
        d *= -2.0
        d += square[rows, None]
        d += square[None, :]
        np.maximum(d, 0.0, out=d)
        d[np.arange(len(d)), np.arange(start, rows.stop)] = np.inf
        if labels is not None:
            d[labels[rows, None] != labels[None, :]] = np.inf
        yield rows, d


def block_rows(n: int, n_arrays: int = 1) -> int:
    """Rows of a block, so that `n_arrays` blocks of n columns stay within `PAIRS_PER_BLOCK`."""
    return min(max(n, 1), max(1, PAIRS_PER_BLOCK // max(1, n * n_arrays)))
