"""What the metrics of one comparison share, each computed once when first asked for."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from precompute.agreement import dimension, kernels, procrustes
from precompute.agreement.cosines import cosine_neighbours
from precompute.agreement.sample import Estimate, Sample
from precompute.agreement.spaces import Space
from precompute.agreement.transport import Transport
from precompute.contracts import AtlasError
from precompute.neighbours import NeighbourLists

PROCRUSTES_PERMUTATIONS = 8  # a singular value decomposition a pair, each

OnTransport = Callable[[str, str, Transport, NDArray[np.intp]], None]


class Inputs:
    """What the metrics of one comparison share."""

    def __init__(
        self,
        models: tuple[str, ...],
        metrics: tuple[str, ...],
        features: list[NDArray[np.floating]],
        sample: Sample,
        k: int,
        seed: int,
        resamples: int,
        permutations: int,
        on_transport: OnTransport | None,
        space: str = "coordinates",
        level: str = "atom",
    ) -> None:
        self.models, self.metrics, self.features, self.sample = models, metrics, features, sample
        self.k, self.seed, self.resamples, self.permutations = k, seed, resamples, permutations
        self.on_transport, self.space, self.level = on_transport, space, level

    def rng(self, name: str) -> np.random.Generator:
        return np.random.default_rng([self.seed, *name.encode()])

    @property
    def has_lists(self) -> bool:
        return 1 <= self.k < self.sample.fewest

    @cached_property
    def spaces(self) -> list[Space]:
        """Features about the mean of their group."""
        return [self.sample.space(x) for x in self.features]

    @cached_property
    def linear(self) -> kernels.Linear:
        return kernels.linear(self.spaces, self.sample)

    @cached_property
    def lists(self) -> list[NeighbourLists]:
        """Nearest neighbours by cosine, with similarities.

        Equal similarities come in a random order, each model's own: by row, atoms that two models cannot tell apart
        would be named by both, and pass for agreement.
        """
        n, fewest = len(self.sample), self.sample.fewest
        if not self.has_lists:
            of = "of each element" if self.sample.labels is not None else ""
            raise AtlasError(f"{self.k} nearest neighbours need more than {self.k} atoms {of}; there are {fewest}")
        orders = [self.rng(f"ties of {key}").permutation(n) for key in self.models]
        return [
            cosine_neighbours(x, self.k, groups=self.sample.groups, order=order)
            for x, order in zip(self.features, orders, strict=True)
        ]

    @cached_property
    def procrustes(self) -> Estimate:
        return procrustes.all_pairs(
            self.spaces,
            self.sample,
            permutations=min(self.permutations, PROCRUSTES_PERMUTATIONS),
            rng=self.rng("procrustes"),
        )

    @cached_property
    def ratios(self) -> dict[tuple[int, int], dimension.Ratios]:
        return dimension.pair_ratios(self.spaces, labels=self.sample.labels)

    @cached_property
    def own_ratios(self) -> list[dimension.Ratios]:
        """Of each model by itself; cut from those of pairs where they are needed anyway."""
        if "id-correlation" in self.metrics:
            return [self.ratios[i, i] for i in range(len(self.models))]
        return [dimension.ratios(x, labels=self.sample.labels) for x in self.spaces]
