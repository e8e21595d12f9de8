"""Which structures each update of the weights sees: a function of the seed alone, the same for every family."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Batch:
    """Structures of one update.

    Attributes
    ----------
    update : int
        From 1.
    data : (b,) int
        Indices of the fine-tuning data.
    replay : (r,) int
        Indices of the replayed structures; empty without replay.
    """

    update: int
    data: NDArray[np.int64]
    replay: NDArray[np.int64]


def updates_of(n_data: int, batch_size: int, epochs: int) -> int:
    """Return the number of updates: epochs times the batches of the data, whatever the strategy."""
    return epochs * -(-n_data // batch_size)


def plan(n_data: int, batch_size: int, epochs: int, n_replay: int, replay_per_batch: int, seed: int) -> Iterator[Batch]:
    """Yield the batches of a run.

    Every epoch goes through the data once in an order drawn from the seed; its last batch may be smaller. Where
    structures are replayed, each batch has `replay_per_batch` of them *more*, taken in turn from a shuffled pass over
    all of them, then from the next pass. So a run with replay has the same updates on the same data in the same order
    as the naive run of its seed.
    """
    data_draw = np.random.default_rng([seed, 0])
    replay_draw = np.random.default_rng([seed, 1])
    waiting = np.empty(0, dtype=np.int64)
    update = 0
    for _ in range(epochs):
        order = data_draw.permutation(n_data)
        for start in range(0, n_data, batch_size):
            update += 1
            while n_replay and len(waiting) < replay_per_batch:
                waiting = np.concatenate([waiting, replay_draw.permutation(n_replay)])
            taken = replay_per_batch if n_replay else 0
            yield Batch(update, order[start : start + batch_size], waiting[:taken])
            waiting = waiting[taken:]
