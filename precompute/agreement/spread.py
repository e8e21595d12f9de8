"""Distances between atoms in one model's space, in blocks, in units of how far the atoms spread."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.spaces import Space, Table, blocks
from precompute.contracts import AtlasError

PAIRS_PER_BLOCK = 4_000_000
PAIRS_PER_PASS = 32_000_000
# Of the root mean square distance from the mean. On the catalogue, symmetry-equivalent atoms of invariant models lie
# within 1e-5 and fewer than one representative in five hundred has its neighbour between 1e-5 and 1e-4.
COINCIDENT = 1e-5


def scaled(features: Table, *, at_least: int = 3) -> Space:
    """Features centred, and divided by the root mean square distance of the atoms from their mean.

    Parameters
    ----------
    features : (n, p) float
        Finite.
    at_least : int
        How many atoms are needed.

    Returns
    -------
    Space
        Zeros where all atoms coincide.

    Raises
    ------
    AtlasError
        For too few atoms, or atoms without finite features.
    """
    if len(features.shape) != 2 or len(features) < at_least:
        raise AtlasError(f"at least {at_least} atoms with features (n, p) are needed; there are {features.shape}")
    x = Space(features)
    spread = np.sqrt(x.squares.sum() / len(x))
    return x.divided(float(spread)) if spread > 0 else x


def squared_blocks(
    x: Space, n_arrays: int = 1, labels: NDArray[np.integer] | None = None
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Squared Euclidean distances from blocks of rows to all rows; infinite from an atom to itself.

    Parameters
    ----------
    x : Space
        Of n atoms.
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
    step = block_rows(n, n_arrays)
    # rows of wide features are made anew for each pass over them, so a pass is to serve many rows
    passed = step if x.is_held else step * max(1, PAIRS_PER_PASS // (step * n * n_arrays))
    memory = np.empty((min(passed, n), n))
    for first in range(0, n, passed):
        mine = x[first : first + passed]
        for columns in blocks(np.arange(n), x.shape[1]):
            np.matmul(mine, x[columns].T, out=memory[: len(mine), columns])
        for start in range(first, first + len(mine), step):
            rows = slice(start, min(start + step, n))
            d = memory[rows.start - first : rows.stop - first]
            d *= -2.0
            d += x.squares[rows, None]
            d += x.squares[None, :]
            np.maximum(d, 0.0, out=d)
            d[np.arange(len(d)), np.arange(start, rows.stop)] = np.inf
            if labels is not None:
                d[labels[rows, None] != labels[None, :]] = np.inf
            yield rows, d


def squared_between(x: Space, rows: NDArray[np.integer], columns: NDArray[np.integer]) -> NDArray[np.float64]:
    """Squared Euclidean distances from some rows to others, (len(rows), len(columns))."""
    a = x[rows]
    result = np.concatenate([a @ x[part].T for part in blocks(columns, x.shape[1])], axis=1)
    result *= -2.0
    result += x.squares[rows, None]
    result += x.squares[columns]
    return np.maximum(result, 0.0, out=result)


def block_rows(n: int, n_arrays: int = 1) -> int:
    """Rows of a block, so that `n_arrays` blocks of n columns stay within `PAIRS_PER_BLOCK`."""
    return min(max(n, 1), max(1, PAIRS_PER_BLOCK // max(1, n * n_arrays)))
