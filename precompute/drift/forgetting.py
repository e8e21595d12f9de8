"""Elements outside the fine-tuning data that fine-tuning moved by more than chance moves runs apart."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError
from precompute.drift.movement import drift
from precompute.drift.records import Forgetting
from precompute.drift.summary import BOUNDS, means
from precompute.neighbours import unit_rows

FALSE_FLAGS = 0.05
ASSUMED_DIRECTIONS = 4.0
MOST_DIRECTIONS = 10.0  # more would lower the null no further than the drift between runs, which it never is below


def forgetting(
    base: NDArray[np.floating],
    last: Sequence[NDArray[np.floating]],
    structure: NDArray[np.integer],
    numbers: NDArray[np.integer],
    trained_on: Collection[int],
    elements: NDArray[np.integer],
    *,
    seed: int = 0,
) -> Forgetting:
    """Flag elements whose drift from the base exceeds what run-to-run noise gives.

    R runs differ in nothing but their seed. Let v_r be the change of an element's unit coordinates from the base to
    the end of run r, over all its atoms. Its drift from the base is D = <|v_r|^2> / 2, between two runs it is
    N = <|v_r - v_s|^2> / 2, means over atoms and over runs or pairs of runs. If runs moved by independent noise only,
    F = R |<v>|^2 / N would follow an F distribution of d and d (R - 1) degrees of freedom, with d the number of
    directions in which the noise varies, and D = N (R - 1 + F) / 2R. The null is therefore

        max(N, N (R - 1 + f) / 2R),  f the quantile of F at 1 - 0.05 / (number of elements tested),

    and an element outside the fine-tuning data is flagged where the lower end of the interval of D over structures
    (`precompute.drift.summary.means`) exceeds it. The quotient makes the chance of *any* false flag at most about 5 %
    (Bonferroni); the first entry of the maximum lets no element be flagged that moved less than two runs differ.
    In simulations with 89 elements, 2 to 5 runs and noise of 3 to 12 directions, shared by all atoms of an element or
    by all elements, it was 0 to 3 %.

    The number of directions comes from how far two contrasts of three or more runs are from orthogonal: for noise in
    d directions the squared cosine is 1 / d on average, here over elements. Two runs cannot tell it; four directions
    are then assumed.

    A flag says that fine-tuning moved the element systematically. It does not say that predictions for it are worse.

    Parameters
    ----------
    base : (n, K) float
        Coordinates of orbit representatives by the base.
    last : R arrays (n, K) float
        By the last checkpoint of each run, anchors re-embedded.
    structure, numbers : (n,) int
    trained_on : collection of int
        Atomic numbers in the fine-tuning data; never flagged.
    elements : (E,) int
        Atomic numbers to report on.
    seed : int

    Returns
    -------
    Forgetting

    Raises
    ------
    AtlasError
        For fewer than two runs, runs whose last checkpoints are equal, or arrays that are not of the same atoms.
    """
    runs = len(last)
    if runs < 2:
        raise AtlasError(f"run-to-run noise needs at least two runs that differ in their seed only; there is {runs}")
    if not trained_on:
        raise AtlasError("forgetting is defined for elements outside the fine-tuning data, which are not known here")
    known = np.isfinite(base).all(axis=1) & np.logical_and.reduce([np.isfinite(c).all(axis=1) for c in last])
    structure, numbers = structure[known], numbers[known]
    base, last = base[known], [c[known] for c in last]
    between = np.stack([drift(a, b) for a, b in combinations(last, 2)])
    if between.size and (between.max(axis=1) == 0.0).any():
        raise AtlasError("two runs end in the same coordinates and say nothing of run-to-run noise; name others")
    from_base = np.mean([drift(base, c) for c in last], axis=0)
    of_drift = means(from_base[None], structure, numbers, elements, bounds=BOUNDS["reembedded"], seed=seed)
    of_pairs = np.array([between[:, numbers == z].mean() if (numbers == z).any() else np.nan for z in elements])
    low = of_drift.low[0]
    outside = ~np.isin(elements, list(trained_on))
    tested = outside & np.isfinite(low)
    d = _directions(last, numbers, elements)
    quantile = _f_quantile(1.0 - FALSE_FLAGS / max(int(tested.sum()), 1), d, d * (runs - 1))
    null = np.where(np.isfinite(low), of_pairs * max(1.0, (runs - 1 + quantile) / (2 * runs)), np.nan)
    with np.errstate(invalid="ignore"):
        flagged = tested & (low > null)
    source = "assumed, as two runs cannot tell" if runs == 2 else "from the runs"
    rule = (
        "Flagged: outside the fine-tuning data, and the lower end of the 95 % interval of the mean drift from the base "
        f"exceeds both the drift between two of {runs} runs that differ in their seed only and the drift that such "
        f"noise alone gives to any of {int(tested.sum())} elements with a chance of {FALSE_FLAGS:.0%} (F distribution, "
        f"noise in {d:.1f} directions, {source})."
    )
    return Forgetting(of_drift.value[0], low, null, flagged, runs, rule)


def _directions(
    last: Sequence[NDArray[np.floating]], numbers: NDArray[np.integer], elements: NDArray[np.integer]
) -> float:
    """Effective number of directions of run-to-run noise: one over the mean squared cosine of two contrasts of runs."""
    runs = len(last)
    if runs == 2:
        return ASSUMED_DIRECTIONS
    contrasts = _helmert(runs)
    unit = [unit_rows(c) for c in last]
    cosines = []
    for z in elements:
        ends = np.stack([u[numbers == z].reshape(-1) for u in unit])
        w = contrasts @ ends
        size = np.linalg.norm(w, axis=1)
        if size.size and size.min() > 0.0:
            gram = (w @ w.T) / np.outer(size, size)
            cosines.append(np.mean(gram[np.triu_indices(runs - 1, 1)] ** 2))
    if not cosines:
        return ASSUMED_DIRECTIONS
    return float(np.clip(1.0 / np.mean(cosines), 1.0, MOST_DIRECTIONS))


def _helmert(runs: int) -> NDArray[np.float64]:
    """Orthonormal contrasts, (runs - 1, runs)."""
    rows = []
    for i in range(1, runs):
        row = np.zeros(runs)
        row[:i], row[i] = 1.0, -float(i)
        rows.append(row / np.sqrt(i * (i + 1)))
    return np.stack(rows)


def _f_quantile(level: float, numerator: float, denominator: float) -> float:
    from scipy.special import fdtri

    return float(fdtri(numerator, denominator, level))
