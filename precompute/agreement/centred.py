"""Inner products of centred N x N kernels of all models at once, in blocks: what CKA and distance correlation share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.permuted import Invariants, gamma_null, pair_moments
from precompute.agreement.sample import Estimate, Sample
from precompute.agreement.spaces import Space

CELLS_PER_TILE = 4_000_000
CELLS_HELD = 40_000_000

# given the atoms of some rows and columns of one model's symmetric kernel, puts that part of it into an array
Kernel = Callable[[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]], None]
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


def inner_products(kernels: Sequence[Kernel], sample: Sample, on_rows: Advance | None = None) -> Products:
    """Inner products of M kernels, double-centred within each group of the sample: A = H K H, H = 1 - 11'/n.

    The same tile of all kernels is made at once, and only on one side of the diagonal, so that no kernel is held whole
    unless all are small; large ones are made twice, first for their means.

    Parameters
    ----------
    kernels : M callables
        Given rows and columns (the same array on the diagonal) and where to put that part of the kernel.
    sample : Sample
    on_rows : callable, optional
        Told how many rows were done.
    """
    m = len(kernels)
    total, mean, variance = (np.zeros((m, m)) for _ in range(3))
    by_structure = np.zeros((sample.n_structures, m, m))
    for group in sample.groups:
        trace, diagonal, square = np.zeros(m), np.zeros(m), np.zeros(m)
        for rows, columns, tile in _centred_tiles(kernels, group):
            here = tile.transpose(1, 0, 2) @ tile.transpose(1, 2, 0)  # (b, m, m)
            np.add.at(by_structure, sample.codes[rows], here)
            whole = here.sum(axis=0)
            if rows is columns:
                own = np.diagonal(tile, axis1=1, axis2=2)
                trace += own.sum(axis=1)
                diagonal += (own * own).sum(axis=1)
            else:
                turned = np.ascontiguousarray(tile.transpose(2, 0, 1))
                np.add.at(by_structure, sample.codes[columns], turned @ turned.transpose(0, 2, 1))
                whole *= 2.0
            total += whole
            square += np.diagonal(whole)
            if on_rows is not None and columns[-1] == group[-1]:
                on_rows(len(rows))
        facts = [Invariants(len(group), *values) for values in zip(trace, square, diagonal, strict=True)]
        means, variances = pair_moments(facts)
        mean += means
        variance += variances
    return Products(total, by_structure.transpose(1, 2, 0), mean, variance)


def _centred_tiles(
    of: Sequence[Kernel], group: NDArray[np.intp]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]]:
    """Tiles (M, b, c) of centred kernels on and above the diagonal, with the atoms of their rows and columns."""
    m, n = len(of), len(group)
    step = max(1, int(np.sqrt(CELLS_PER_TILE / m)))
    parts = [group[start : start + step] for start in range(0, n, step)]
    places = [slice(start, start + step) for start in range(0, n, step)]
    pairs = [(i, j) for i in range(len(parts)) for j in range(i, len(parts))]
    held: list[NDArray[np.float64]] = []
    is_held = m * n * n <= CELLS_HELD
    memory = np.empty(m * min(step, n) ** 2)  # of every tile: fresh memory costs as much as the work
    sums = np.zeros((m, n))
    for i, j in pairs:
        tile = _tile(of, parts[i], parts[j], None if is_held else memory)
        sums[:, places[i]] += tile.sum(axis=2)
        if i != j:
            sums[:, places[j]] += tile.sum(axis=1)
        if is_held:
            held.append(tile)
    means = sums / n
    grand = means.mean(axis=1)
    for number, (i, j) in enumerate(pairs):
        tile = held[number] if is_held else _tile(of, parts[i], parts[j], memory)
        tile -= (means[:, places[i]] - grand[:, None])[:, :, None]
        tile -= means[:, None, places[j]]
        yield parts[i], parts[j], tile


def _tile(
    of: Sequence[Kernel], rows: NDArray[np.intp], columns: NDArray[np.intp], memory: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    shape = (len(of), len(rows), len(columns))
    tile = np.empty(shape) if memory is None else memory[: int(np.prod(shape))].reshape(shape)
    for part, kernel in zip(tile, of, strict=True):
        kernel(rows, columns, part)
    return tile


def squared_distances(x: Space) -> Kernel:
    """|x_i - x_j|^2, 0 on the diagonal."""

    def kernel(rows: NDArray[np.intp], columns: NDArray[np.intp], tile: NDArray[np.float64]) -> None:
        a = x[rows]
        np.matmul(a, (a if rows is columns else x[columns]).T, out=tile)
        tile *= -2.0
        tile += x.squares[rows, None]
        tile += x.squares[columns]
        np.maximum(tile, 0.0, out=tile)
        if rows is columns:
            np.fill_diagonal(tile, 0.0)

    return kernel
