"""The one training loop of all students."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from precompute.contracts import AtlasError
from precompute.students.data import Labelled
from precompute.students.learners import Learner


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a student learns.

    The learning rate rises linearly over `warmup` updates and falls as a half cosine to 1 % of its largest value. The
    loss is ``energy_weight * H(dE / n_atoms) + force_weight * H(dF)`` with Huber's H (delta = `huber`, eV/atom and
    eV/angstrom), means over structures and over force components; gradients are clipped to the norm `clip`.
    """

    updates: int = 4000
    batch_size: int = 8
    warmup: int = 100
    energy_weight: float = 2.0
    force_weight: float = 1.0
    huber: float = 0.1
    clip: float = 5.0
    log_every: int = 500

    def __post_init__(self) -> None:
        for name in (f.name for f in fields(self)):
            if getattr(self, name) < (0 if name == "warmup" else 1e-12):
                raise AtlasError(f"{name} is {getattr(self, name)}, expected a positive number")

    @property
    def checkpoints(self) -> tuple[int, ...]:
        """Numbers of updates after which a checkpoint is kept: 0, steps by about a factor of three, the last."""
        steps = [n * 10**p for p in range(1, 9) for n in (1, 3)]
        return (0, *(s for s in steps if 30 <= s <= self.updates / 1.9), self.updates)

    def rate(self, update: int, largest: float) -> float:
        """Return the learning rate of an update, counted from 0."""
        if update < self.warmup:
            return largest * (update + 1) / self.warmup
        progress = (update - self.warmup) / max(self.updates - self.warmup, 1)
        return largest * (0.01 + 0.99 * (1 + math.cos(math.pi * progress)) / 2)


@dataclass(frozen=True)
class Line:
    """One line of a training log.

    Attributes
    ----------
    updates, epoch : int
        Updates made so far; passes over the data begun.
    loss : float
        Mean over the updates since the last line; NaN on the first.
    energy_mae, force_mae : float
        On held-out crystals: eV/atom, and eV/angstrom over components.
    """

    updates: int
    epoch: int
    loss: float
    energy_mae: float
    force_mae: float


def train(
    learner: Learner,
    learnt: Sequence[Labelled],
    held_out: Sequence[Labelled],
    schedule: Schedule,
    seed: int,
    on_line: Callable[[Line], None],
    on_checkpoint: Callable[[Line], None],
) -> None:
    """Train a student; its weights come from torch's generator, the order of the data from `seed`.

    Raises
    ------
    AtlasError
        If the loss is no longer a number.
    """
    import torch

    graphs = [learner.graph(x.structure) for x in learnt]
    tested = [(learner.graph(x.structure), x) for x in held_out]
    parameters = [p for p in learner.module.parameters() if p.requires_grad]
    optimiser = torch.optim.Adam(parameters, lr=learner.learning_rate)
    order = _order(len(learnt), schedule.batch_size, np.random.default_rng(seed))
    losses: list[float] = []
    epoch = 0
    for update in range(schedule.updates + 1):
        if update in schedule.checkpoints or update % schedule.log_every == 0:
            energy_mae, force_mae = errors(learner, tested)
            line = Line(update, epoch, float(np.mean(losses)) if losses else math.nan, energy_mae, force_mae)
            losses.clear()
            on_line(line)
            if update in schedule.checkpoints:
                on_checkpoint(line)
        if update == schedule.updates:
            return
        epoch, rows = next(order)
        for group in optimiser.param_groups:
            group["lr"] = schedule.rate(update, learner.learning_rate)
        learner.module.train()
        energy, forces = learner.ask([graphs[i] for i in rows], training=True)
        loss = _loss(energy, forces, [learnt[i] for i in rows], schedule)
        if not torch.isfinite(loss):
            raise AtlasError(
                f"the loss is {loss.item()} at update {update}: the learning rate is too large for this data"
            )
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, schedule.clip)
        optimiser.step()
        losses.append(loss.item())


def errors(learner: Learner, tested: Sequence[tuple[Any, Labelled]], batch_size: int = 32) -> tuple[float, float]:
    """Return mean absolute errors of energy, eV/atom, and of force components, eV/angstrom."""
    learner.module.eval()
    energy_errors: list[float] = []
    force_errors: list[float] = []
    for first in range(0, len(tested), batch_size):
        part = tested[first : first + batch_size]
        energy, forces = learner.ask([g for g, _ in part], training=False)
        sizes = np.array([len(x.structure) for _, x in part])
        wanted = np.array([x.energy for _, x in part])
        energy_errors.extend(np.abs(energy.detach().cpu().numpy() - wanted) / sizes)
        force_errors.extend(np.abs(forces.detach().cpu().numpy() - np.concatenate([x.forces for _, x in part])).ravel())
    return float(np.mean(energy_errors)), float(np.mean(force_errors))


def _loss(energy: Any, forces: Any, labelled: Sequence[Labelled], schedule: Schedule) -> Any:
    import torch

    huber = torch.nn.functional.huber_loss
    sizes = energy.new_tensor([len(x.structure) for x in labelled])
    wanted = energy.new_tensor([x.energy for x in labelled])
    wanted_forces = forces.new_tensor(np.concatenate([x.forces for x in labelled]))
    return schedule.energy_weight * huber(
        energy / sizes, wanted / sizes, delta=schedule.huber
    ) + schedule.force_weight * huber(forces, wanted_forces, delta=schedule.huber)


def _order(n: int, batch_size: int, rng: np.random.Generator) -> Iterator[tuple[int, list[int]]]:
    """Yield (epoch, rows) for ever: each pass in a new order, the odd rows at its end left to the next."""
    epoch = 0
    while True:
        epoch += 1
        rows = rng.permutation(n).tolist()
        for first in range(0, max(n - batch_size, 0) + 1, batch_size):
            yield epoch, rows[first : first + batch_size]
