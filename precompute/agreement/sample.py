"""The atoms that a comparison is made over: the structures to resample, the elements to stay within."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.spaces import ROUNDING, Space
from precompute.contracts import AtlasError


@dataclass(frozen=True, eq=False)
class Sample:
    """N sampled atoms (or structures).

    Attributes
    ----------
    structure : (N,) int
        The structure of each atom, in any numbering; the unit of the bootstrap.
    labels : (N,) int, optional
        Where given, scores look only at pairs of equal label and at features about their label's mean: the
        *within-element* form.
    """

    structure: NDArray[np.integer]
    labels: NDArray[np.integer] | None = None

    def __post_init__(self) -> None:
        if self.labels is not None and len(self.labels) != len(self.structure):
            raise AtlasError(f"{len(self.labels)} labels for {len(self.structure)} atoms")

    @classmethod
    def of(cls, n: int) -> Sample:
        """`n` atoms, each a structure of its own, all comparable."""
        return cls(np.arange(n))

    def __len__(self) -> int:
        return len(self.structure)

    @cached_property
    def codes(self) -> NDArray[np.intp]:
        """Structures numbered from 0, (N,)."""
        return np.unique(self.structure, return_inverse=True)[1].reshape(-1)

    @cached_property
    def n_structures(self) -> int:
        return int(self.codes.max(initial=-1)) + 1

    @cached_property
    def group(self) -> NDArray[np.intp]:
        """For each atom the index of its group in `groups`, (N,)."""
        if self.labels is None:
            return np.zeros(len(self), np.intp)
        return np.unique(self.labels, return_inverse=True)[1].reshape(-1)

    @cached_property
    def groups(self) -> tuple[NDArray[np.intp], ...]:
        """Rows that are compared with each other: all, or one array a label."""
        order = np.argsort(self.group, kind="stable")
        return tuple(np.split(order, np.cumsum(np.bincount(self.group))[:-1])) if len(self) else ()

    @cached_property
    def fewest(self) -> int:
        """Atoms of the smallest group."""
        return min((len(rows) for rows in self.groups), default=0)

    def centred(self, x: NDArray[np.floating]) -> NDArray[np.float64]:
        """Features about the mean of their group, (N, p) float64.

        Raises
        ------
        AtlasError
            Where the rows are not those of the sample, or not finite.
        """
        if x.ndim != 2 or len(x) != len(self):
            raise AtlasError(f"features have shape {x.shape}, expected ({len(self)}, any)")
        result = x.astype(np.float64)
        if not np.isfinite(result).all():
            bad = np.flatnonzero(~np.isfinite(result).all(axis=1))
            raise AtlasError(f"{len(bad)} of {len(x)} rows of features are not finite; leave those atoms out")
        largest = np.abs(result).max(initial=0.0)
        for rows in self.groups:
            result[rows] -= result[rows].mean(axis=0)
        if np.abs(result).max(initial=0.0) <= ROUNDING * largest:  # what does not vary is not to vary by rounding
            result[:] = 0.0
        return result

    def space(self, x: NDArray[np.floating] | Space) -> Space:
        """Features about the mean of their group, which are made a block of rows at a time.

        Raises
        ------
        AtlasError
            Where the rows are not those of the sample, or not finite.
        """
        if isinstance(x, Space):
            return x
        if x.ndim != 2 or len(x) != len(self):
            raise AtlasError(f"features have shape {x.shape}, expected ({len(self)}, any)")
        return Space(x, self.groups)

    def totals(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Sums over each structure's atoms, (S,)."""
        return np.bincount(self.codes, weights=np.asarray(values, float), minlength=self.n_structures).astype(float)

    def permutation(self, rng: np.random.Generator) -> NDArray[np.intp]:
        """A random order of the atoms, within groups, (N,)."""
        order = np.arange(len(self))
        for rows in self.groups:
            order[rows] = rng.permutation(rows)
        return order


@dataclass(frozen=True, eq=False)
class Estimate:
    """What a metric gives for all pairs of M models (or for M models).

    Attributes
    ----------
    value : (M, M) or (M,) float64
    influence : (M, M, S) or (M, S) float64, or None
        What each structure's atoms contribute to the change of the score when they are counted once more, to first
        order (the influence function of the score); sums to 0 over structures. None where no interval is defined.
    null, null_high : as `value`, or None
        Mean and 97.5 % quantile with atoms permuted, as in `precompute.agreement.records.Score`.
    variance : as `value`, or None
        Of the score over draws of structures, where it is not the sum of squared influences.
    n : int
        Atoms that the score is over, where they are fewer than the sample; else 0.
    """

    value: NDArray[np.float64]
    influence: NDArray[np.float64] | None = None
    null: NDArray[np.float64] | None = None
    null_high: NDArray[np.float64] | None = None
    variance: NDArray[np.float64] | None = None
    n: int = 0


def mean_influence(scores: NDArray[np.floating], sample: Sample) -> NDArray[np.float64]:
    """Influence of structures on the mean of scores of atoms: (a_i - mean a) / n summed over atoms, NaN left out."""
    known = np.isfinite(scores)
    n = max(int(known.sum()), 1)
    return sample.totals(np.where(known, scores - scores[known].sum() / n, 0.0)) / n


def counted_twice(sample: Sample, i: NDArray[np.integer], j: NDArray[np.integer], joint: NDArray[np.floating]) -> float:
    """What the sum of squared influences counts twice: sum over pairs of structures of their joint part, squared.

    What atoms i and j do to a score only together is in the influence of both their structures, S and T. For a score
    sum_S a_S + sum_{S<T} b_ST the variance is sum a_S^2 + sum b_ST^2, while u_S = a_S + sum_T b_ST gives
    sum a_S^2 + 2 sum b_ST^2: the upward bias of the jackknife (Efron & Stein, Ann. Stat. 9, 586 (1981), section 4).

    Parameters
    ----------
    i, j : (P,) int
        Atoms of P ordered pairs; a pair may come more than once.
    joint : (P,) float
        Their joint part.
    """
    from scipy.sparse import coo_array

    a, b = sample.codes[i], sample.codes[j]
    apart = a != b
    ends = (np.minimum(a, b)[apart], np.maximum(a, b)[apart])
    sums = coo_array((joint[apart], ends), shape=(sample.n_structures,) * 2).tocsr().data
    return float(sums @ sums)


def with_neighbours(sample: Sample, influence: NDArray[np.floating], nearest: NDArray[np.integer]) -> float:
    """Variance of a score whose atoms' parts depend on those of the atoms next to them.

    The sum of u_i u_j over atoms i, j of one structure or one of which is among the other's nearest: parts of atoms
    further apart are taken as independent (Conley, J. Econometrics 92, 1 (1999), with a cutoff in place of weights).

    Parameters
    ----------
    influence : (N,) float
        Of atoms.
    nearest : (N, t) int
        -1 for none.
    """
    i, j = np.repeat(np.arange(len(nearest)), nearest.shape[1]), nearest.reshape(-1).astype(np.intp)
    apart = (j >= 0) & (sample.codes[i] != sample.codes[j])
    pairs = np.unique(np.minimum(i, j)[apart] * len(sample) + np.maximum(i, j)[apart])
    beside = influence[pairs // len(sample)] @ influence[pairs % len(sample)]
    return float((sample.totals(influence) ** 2).sum() + 2.0 * beside)
