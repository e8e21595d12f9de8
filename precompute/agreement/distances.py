"""Distance correlation: are atoms far apart in one model far apart in the other?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.centred import Advance, Kernel, inner_products, squared_distances
from precompute.agreement.sample import Estimate, Sample
from precompute.agreement.spaces import Space


def distance_correlation(x: NDArray[np.floating], y: NDArray[np.floating], sample: Sample | None = None) -> float:
    """Distance correlation, V-statistic form.

    dCor^2 = sum_ij A_ij B_ij / sqrt(sum A^2 sum B^2), with A and B the matrices of Euclidean distances between atoms,
    double-centred (Székely, Rizzo & Bakirov, Ann. Stat. 35, 2769 (2007)); returned is its root. Within elements,
    distances are between atoms of one element, centred in each and summed over elements.

    Parameters
    ----------
    x : (N, p) float
    y : (N, q) float
    sample : Sample, optional
        All atoms comparable by default.

    Returns
    -------
    float
        In [0, 1]; NaN where either does not vary. Above 0 for unrelated spaces of finitely many atoms.

    Raises
    ------
    AtlasError
        For features of different numbers of atoms, or not finite.
    """
    return float(all_pairs([x, y], sample or Sample.of(len(x))).value[0, 1])


def all_pairs(
    features: Sequence[NDArray[np.floating] | Space], sample: Sample, on_rows: Advance | None = None
) -> Estimate:
    """`distance_correlation` of all pairs of models, with influences of structures and the permutation null."""
    return inner_products([_distances(sample.space(x)) for x in features], sample, on_rows).correlation(0.5)


def _distances(x: Space) -> Kernel:
    squared = squared_distances(x)

    def kernel(rows: NDArray[np.intp], columns: NDArray[np.intp], tile: NDArray[np.float64]) -> None:
        squared(rows, columns, tile)
        np.sqrt(tile, out=tile)

    return kernel
