"""One model's features about their means, in float64 for a block of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol, Self

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError

VALUES_PER_BLOCK = 4_000_000
VALUES_HELD = 4_000_000
ROUNDING = 1e-13  # of the largest feature: what varies by less is constant

Rows = slice | NDArray[np.integer]


class Table(Protocol):
    """What has rows of numbers: an array, or a `Space`."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    def __len__(self) -> int: ...
    def __getitem__(self, rows: Rows, /) -> NDArray[np.floating]: ...


class Space:
    """Features about the mean of their group, (n, p): rows of it are made in float64 when they are asked for.

    The features stay as they are, in float32 or mapped from a file, so that wide ones of many atoms take no more memory
    than they do already. Narrow ones are held in float64. Where no feature varies, all rows are 0.

    Parameters
    ----------
    features : (n, p) float
        An array, or another space.
    groups : sequence of int arrays, optional
        The rows of each group; together all rows. One group by default.

    Attributes
    ----------
    squares : (n,) float64
        Squared length of each row.
    varies : bool
        Whether any feature does.

    Raises
    ------
    AtlasError
        For rows that are not finite.
    """

    def __init__(self, features: Table, groups: Sequence[NDArray[np.integer]] | None = None) -> None:
        # the methods of a memory-mapped array make each block a mapped one
        self._features = features.view(np.ndarray) if isinstance(features, np.ndarray) else features
        n, width = features.shape
        self.shape = (n, width)
        self._groups = (np.arange(n),) if groups is None else tuple(groups)
        self._group = np.zeros(n, np.intp)
        for number, rows in enumerate(self._groups):
            self._group[rows] = number
        self._means = np.zeros((len(self._groups), width))
        self._divisor = 1.0
        self.varies = True
        self._held: NDArray[np.float64] | None = None
        largest = self._find_means()
        self.squares = np.zeros(n)
        most = 0.0
        for part in blocks(np.arange(n), width):
            block = self[part]
            self.squares[part] = np.einsum("ij,ij->i", block, block)
            most = max(most, block.max(initial=0.0), -block.min(initial=0.0))
        self.varies = bool(most > ROUNDING * largest)
        if not self.varies:
            self.squares[:] = 0.0
        if n * width <= VALUES_HELD:
            self._held = self[:]
            self._held.flags.writeable = False

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Rows, /) -> NDArray[np.float64]:
        if self._held is not None:
            return self._held[rows]
        block = self._features[rows].astype(np.float64)
        if not self.varies:
            block[:] = 0.0
            return block
        block -= self._means[0] if len(self._means) == 1 else self._means[self._group[rows]]
        if self._divisor != 1.0:
            block /= self._divisor
        return block

    @property
    def is_held(self) -> bool:
        """Whether rows are there in float64 already."""
        return self._held is not None

    def divided(self, by: float) -> Self:
        """The same space in another unit."""
        result = object.__new__(type(self))
        result.__dict__.update(self.__dict__)
        result._divisor = self._divisor * by
        result.squares = self.squares / by**2
        if self._held is not None:
            result._held = self._held / by
            result._held.flags.writeable = False
        return result

    def _find_means(self) -> float:
        largest, bad = 0.0, 0
        for number, rows in enumerate(self._groups):
            for part in blocks(rows, self.shape[1]):
                block = self._features[part].astype(np.float64)
                with np.errstate(invalid="ignore"):
                    total = block.sum(axis=0)
                if not np.isfinite(total).all():
                    bad += int((~np.isfinite(block).all(axis=1)).sum())
                self._means[number] += total
                largest = max(largest, block.max(initial=0.0), -block.min(initial=0.0))
            self._means[number] /= max(len(rows), 1)
        if bad:
            raise AtlasError(f"{bad} of {len(self)} rows of features are not finite; leave those atoms out")
        return largest


def blocks(rows: NDArray[np.integer], width: int) -> Iterator[Rows]:
    """Rows cut so that `width` values of each make a block; rows that follow one another as a slice."""
    step = max(1, VALUES_PER_BLOCK // max(width, 1))
    for start in range(0, len(rows), step):
        part = rows[start : start + step]
        first, last = int(part[0]), int(part[-1])
        if last - first == len(part) - 1 and np.array_equal(part, np.arange(first, last + 1)):
            yield slice(first, last + 1)
        else:
            yield part


def cross(a: Table, b: Table, rows: NDArray[np.integer], rows_b: NDArray[np.integer] | None = None) -> NDArray:
    """Sum over i of a_i' b_i, (p, q), or of a_i' b_j with j the row in `rows_b` that goes with i."""
    total = np.zeros((a.shape[1], b.shape[1]))
    width = max(a.shape[1], b.shape[1])
    for part, part_b in zip(blocks(rows, width), blocks(rows if rows_b is None else rows_b, width), strict=True):
        x = a[part]
        total += x.T @ (x if a is b and rows_b is None else b[part_b])
    return total
