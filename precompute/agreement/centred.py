"""Inner products of centred N x N kernels of all models at once, in blocks: what CKA and distance correlation share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.permuted import Invariants, gamma_null, pair_moments
from precompute.agreement.sample import Estimate, Sample

CELLS_PER_BLOCK = 4_000_000
CELLS_HELD = 40_000_000

Rows = Callable[[int, int], NDArray[np.float64]]  # rows start to stop of one model's (n, n) kernel
Advance = Callable[[int], None]


@dataclass(frozen=True, eq=False)
class Products:
    """Inner products of centred kernels.

    Attributes
    ----------
    total : (M, M)
        sum_ij A_ij B_ij over pairs of comparable atoms.
    by_structure : (M, M, S)
        The same, split by the structure of atom i.
    mean, variance : (M, M)
        Of `total` with the atoms of one model permuted.
    """

    total: NDArray[np.float64]
    by_structure: NDArray[np.float64]
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]

    def correlation(self, power: float = 1.0) -> Estimate:
        """(total_ab / sqrt(total_aa total_bb)) ^ power, with its influence and null.

        A structure counted once more adds twice its part, since it takes part as i and as j; how the centring changes
        drops out to first order, because rows of centred kernels sum to 0.
        """
        ratio, influence, size = self.ratio()
        null, high = gamma_null(self.mean / size, self.variance / size**2, power)
        if power == 1.0:
            return Estimate(ratio, influence, null, high)
        # noise can take the ratio of unrelated spaces to -1e-17
        value = np.maximum(ratio, 0.0) ** power
        slope = power * np.maximum(ratio, 1e-12) ** (power - 1.0)
        return Estimate(value, influence * slope[..., None], null, high)

    def ratio(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """total_ab / sqrt(total_aa total_bb), its influence, and the denominator; NaN where a kernel is constant."""
        own = np.diagonal(self.total)
        own = np.where(own > 0.0, own, np.nan)
        size = np.sqrt(own[:, None] * own[None, :])
        ratio = self.total / size
        mine = np.diagonal(self.by_structure).T / own[:, None]
        return ratio, 2.0 * self.by_structure / size[..., None] - ratio[..., None] * (mine[:, None] + mine[None]), size


def inner_products(
    kernels: Callable[[NDArray[np.intp]], Sequence[Rows]], m: int, sample: Sample, on_rows: Advance | None = None
) -> Products:
    """Inner products of M kernels, double-centred within each group of the sample: A = H K H, H = 1 - 11'/n.

    Each row of all kernels is made at once, so that no kernel is held whole unless all are small; large ones are made
    twice, first for their means.

    Parameters
    ----------
    kernels : callable
        Given the rows of a group, M functions that give rows start to stop of its kernels.
    m : int
    sample : Sample
    on_rows : callable, optional
        Told how many rows were done.
    """
    total, mean, variance = (np.zeros((m, m)) for _ in range(3))
    by_structure = np.zeros((m, m, sample.n_structures))
    for rows in sample.groups:
        trace, diagonal, square = np.zeros(m), np.zeros(m), np.zeros(m)
        for start, block in _centred_blocks(kernels(rows), len(rows)):
            here = block @ block.transpose(0, 2, 1)  # (b, m, m)
            total += here.sum(axis=0)
            square += np.diagonal(here.sum(axis=0))
            np.add.at(by_structure.transpose(2, 0, 1), sample.codes[rows[start : start + len(block)]], here)
            at = np.arange(len(block))
            own = block[at, :, start + at]
            trace += own.sum(axis=0)
            diagonal += (own * own).sum(axis=0)
            if on_rows is not None:
                on_rows(len(block))
        facts = [Invariants(len(rows), *values) for values in zip(trace, square, diagonal, strict=True)]
        means, variances = pair_moments(facts)
        mean += means
        variance += variances
    return Products(total, by_structure, mean, variance)


def _centred_blocks(of: Sequence[Rows], n: int) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """Blocks (b, M, n) of centred rows, with the row that each starts at."""
    m = len(of)
    step = max(1, CELLS_PER_BLOCK // (m * n))
    held = []
    sums = np.zeros((m, n))
    for start in range(0, n, step):
        block = _block(of, start, min(start + step, n), n)
        sums[:, start : start + step] = block.sum(axis=2).T
        if m * n * n <= CELLS_HELD:
            held.append(block)
    means = sums / n
    grand = means.mean(axis=1)
    for number, start in enumerate(range(0, n, step)):
        block = held[number] if held else _block(of, start, min(start + step, n), n)
        block -= means[None]
        block -= (means[:, start : start + step].T - grand)[:, :, None]
        yield start, block


def _block(of: Sequence[Rows], start: int, stop: int, n: int) -> NDArray[np.float64]:
    block = np.empty((stop - start, len(of), n))
    for i, rows in enumerate(of):
        block[:, i] = rows(start, stop)
    return block


def squared_distances(x: NDArray[np.float64]) -> Rows:
    """Rows of |x_i - x_j|^2, 0 on the diagonal."""
    squares = (x * x).sum(axis=1)

    def rows(start: int, stop: int) -> NDArray[np.float64]:
        block = x[start:stop] @ (-2.0 * x.T)
        block += squares[start:stop, None]
        block += squares
        np.maximum(block, 0.0, out=block)
        at = np.arange(stop - start)
        block[at, start + at] = 0.0
        return block

    return rows
