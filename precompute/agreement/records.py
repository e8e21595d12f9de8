"""What a comparison of models gives: scores with their intervals and nulls. Nothing here imports more than numpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.metrics import metric_of
from precompute.contracts import AtlasError, frozen

ATOMS = ("representatives", "all", "within-element")
LEVELS = ("atom", "structure", "cumulants")
SPACES = ("coordinates", "embeddings")
PARTS = ("value", "low", "high", "null", "null_high")
K = 10
N_ATOMS = 1_000


@dataclass(frozen=True, eq=False)
class Score:
    """One metric over M models.

    Attributes
    ----------
    metric : str
        Id in `precompute.agreement.metrics.METRICS`.
    value : (M, M) or (M,) float64
        (M,) for a quantity of one model; NaN where not computed. ``value[i, j]`` of an asymmetric metric is from model
        i to model j.
    low, high : float64, shape of `value`
        95 % bootstrap interval, structures resampled, for the mean of the score over all samples of as many structures
        (see `precompute.agreement.intervals.interval`); NaN where none is defined. Choices are held fixed: bandwidths,
        splits, how many singular values are kept.
    null, null_high : float64, shape of `value`
        Mean and 97.5 % quantile with the atoms of one model permuted; NaN where there is none. Atoms are permuted, not
        structures: that atoms of one structure resemble each other is not in it. Where ``low`` is alike the bound that
        matters is the 2.5 % quantile; as far below the mean as `null_high` is above it.
    n : int
        Atoms (or structures, by the run's level) that it was computed over.
    reason : str
        Why there is no score, in words; `value` is then all NaN.
    """

    metric: str
    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    null: NDArray[np.float64]
    null_high: NDArray[np.float64]
    n: int
    reason: str = ""

    def __post_init__(self) -> None:
        m = len(self.value)
        shape = (m, m) if metric_of(self.metric).per == "pair" else (m,)
        for part in PARTS:
            object.__setattr__(self, part, frozen(getattr(self, part), np.float64, shape, f"{self.metric}: {part}"))
        if self.reason and not np.isnan(self.value).all():
            raise AtlasError(f"{self.metric} has values beside a reason for having none ({self.reason})")

    @classmethod
    def missing(cls, metric: str, n_models: int, n: int, reason: str) -> Score:
        """A score that could not be computed."""
        nothing = np.full((n_models,) * (2 if metric_of(metric).per == "pair" else 1), np.nan)
        return cls(metric, **dict.fromkeys(PARTS, nothing), n=n, reason=reason)


@dataclass(frozen=True, eq=False)
class Run:
    """One comparison of M models: what was compared, how, and its scores.

    Attributes
    ----------
    name : str
        See `run_name`.
    models : tuple of str
        Keys, in the order of the scores' axes.
    atoms : str
        ``representatives``, ``all`` or ``within-element``.
    level : str
        ``atom``, ``structure`` (mean over a structure's atoms) or ``cumulants``.
    space : str
        ``coordinates`` or ``embeddings``.
    k : int
        Neighbours of local scores.
    sample : int
        Atoms (or structures) asked for; 0 for no limit.
    seed : int
    select : str
        The selection in words; empty for none.
    n_atoms, n_structures : int
        Over which the run was made, after sampling.
    resamples, permutations : int
        Of the bootstrap and of the null.
    scores : mapping of metric id to Score
    """

    name: str
    models: tuple[str, ...]
    atoms: str
    level: str
    space: str
    k: int
    sample: int
    seed: int
    select: str
    n_atoms: int
    n_structures: int
    resamples: int
    permutations: int
    scores: Mapping[str, Score]

    def __post_init__(self) -> None:
        object.__setattr__(self, "models", tuple(self.models))
        for name, value, known in (
            ("atoms", self.atoms, ATOMS),
            ("level", self.level, LEVELS),
            ("space", self.space, SPACES),
        ):
            if value not in known:
                raise AtlasError(f"{name} is {value!r}, expected one of {', '.join(known)}")
        for key, score in self.scores.items():
            if score.metric != key:
                raise AtlasError(f"run {self.name!r}: the score called {key!r} is of {score.metric!r}")
            if len(score.value) != len(self.models):
                raise AtlasError(
                    f"run {self.name!r}: {key} is over {len(score.value)} models, expected {len(self.models)}"
                )
        object.__setattr__(self, "scores", MappingProxyType(dict(self.scores)))


@dataclass(frozen=True, eq=False)
class AnchorCounts:
    """Agreement against the number of anchors.

    Attributes
    ----------
    models : tuple of str
    methods : tuple of str
        ``atlas``: the first anchors of the atlas's own set. ``random``: drawn from the candidates. ``direct``: chosen
        anew by DIRECT among the candidates.
    seeds : (S,) int
    counts : (C,) int
    metrics : tuple of str
    by_pair : (method, S, C, metric, pair) float64
        Pairs of models in the order of `pairs`. NaN where there is no such set: more anchors than the atlas has or than
        a model tells apart; ``atlas`` is one set, given at the first seed.
    n : int
        Atoms that every score is over; the same for all, none of them an anchor.
    n_candidates : int
        Atoms that anchors were chosen from.
    """

    models: tuple[str, ...]
    methods: tuple[str, ...]
    seeds: NDArray[np.int64]
    counts: NDArray[np.int64]
    metrics: tuple[str, ...]
    by_pair: NDArray[np.float64]
    n: int
    n_candidates: int

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        return tuple(combinations(self.models, 2))

    @property
    def value(self) -> NDArray[np.float64]:
        """Mean over pairs, (method, S, C, metric)."""
        return self.by_pair.mean(axis=-1)

    @property
    def mean(self) -> NDArray[np.float64]:
        """Mean over pairs and seeds, (method, C, metric)."""
        known = np.isfinite(self.value)
        total = np.where(known, self.value, 0.0).sum(axis=1)
        return np.where(known.any(axis=1), total / np.maximum(known.sum(axis=1), 1), np.nan)

    @property
    def spread(self) -> NDArray[np.float64]:
        """Standard deviation over seeds of the mean over pairs, (method, C, metric); NaN for fewer than two seeds."""
        known = np.isfinite(self.value)
        count = known.sum(axis=1)
        off = np.where(known, self.value - self.mean[:, None], 0.0)
        return np.where(count > 1, np.sqrt((off**2).sum(axis=1) / np.maximum(count - 1, 1)), np.nan)


def run_name(
    atoms: str, level: str, space: str, select: str = "", *, k: int = K, sample: int = N_ATOMS, seed: int = 0
) -> str:
    """Name of a run: ``representatives-atom``, ``all-structure-embeddings``, ``all-atom-k5-seed7-1b2c3d4e``, ...

    What is not the default enters, so that runs that cannot be compared do not replace each other: ``-embeddings``,
    neighbours, atoms asked for, seed, and of a selection, given in words, the first 8 hexadecimal digits of its
    SHA-256.
    """
    from hashlib import sha256

    name = f"{atoms}-{level}" + ("-embeddings" if space == "embeddings" else "")
    for word, value, default in (("k", k, K), ("sample", sample, N_ATOMS), ("seed", seed, 0)):
        name += f"-{word}{value}" if value != default else ""
    return f"{name}-{sha256(select.encode()).hexdigest()[:8]}" if select else name
