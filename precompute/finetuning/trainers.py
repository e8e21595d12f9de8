"""What a family's training is given and what it offers; which family has which.

A family that can be fine-tuned names a module as `trainer` in `models.yml`. The module imports without its backend and
offers

strategies : tuple of str
    Of `precompute.finetuning.records.STRATEGIES`, those that it has.
options : tuple of str
    Of `OPTIONS`, those that it heeds; another that is not at its neutral value is an error.
check(spec) -> None
    Raises AtlasError for a model that it cannot train, where that is known before the model is loaded; may be missing.
train(job, on_checkpoint, on_log) -> None
    Trains from `job.spec`, in the family's environment and a process of its own (`precompute.finetuning.child`).

`train` takes the steps of `job.batches()`, calls `on_log(LogRow)` after each update, and at each update for which
`job.is_checkpoint(update)`

1. writes `job.checkpoint_file(update, suffix)`, which the family's adapter opens without trust where that can be,
2. calls `on_checkpoint(update, file, errors_on(job.data, predictions))`, which records it,
3. writes to `job.state` (atomically) what continuing needs: weights, optimiser, update.

In this order a run killed at any moment repeats at most what it had not recorded. Where `job.state` holds something,
`train` continues from there to the identical result. `on_log` raises `Diverged`, which `train` lets pass. The learning
rate is constant: a schedule would differ between packages.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from precompute.contracts import AtlasError, FloatArray
from precompute.finetuning.batches import Batch, plan, updates_of
from precompute.finetuning.labelled import Labelled
from precompute.finetuning.records import STRATEGIES, Errors
from precompute.models.registry import Registry, registry
from precompute.models.spec import ModelSpec

OPTIONS = ("ema", "ewc_strength")
REPLAYING = ("replay", "replay+ewc", "multihead")


@dataclass(frozen=True)
class Settings:
    """What strategies that are compared share, and what one of them adds.

    Attributes
    ----------
    learning_rate : float
        Constant through the run.
    epochs : int
        Passes over the data, without replayed structures.
    batch_size : int
        Structures of the data in a batch.
    replay_per_batch : int
        Replayed structures added to each batch; 0 without replay.
    checkpoint_every : int
        Updates between checkpoints; the last update is one too.
    ema : float
        Decay of the exponential moving average of the weights; 0 for none.
    optimiser : str
        ``adam``, without weight decay.
    energy_weight, force_weight, stress_weight : float
        In the loss, of the mean squared errors of energy (eV/atom), force components (eV/angstrom) and stress
        components (GPa).
    ewc_strength : float
        Of the penalty of elastic weight consolidation; 0 without it.
    """

    learning_rate: float = 1e-3
    epochs: int = 20
    batch_size: int = 8
    replay_per_batch: int = 0
    checkpoint_every: int = 20
    ema: float = 0.0
    optimiser: str = "adam"
    energy_weight: float = 1.0
    force_weight: float = 1.0
    stress_weight: float = 0.1
    ewc_strength: float = 0.0


@dataclass(frozen=True, eq=False)
class Job:
    """One run, as a family's `train` gets it.

    Attributes
    ----------
    spec : ModelSpec
        The base; a local checkpoint has its `path`.
    folder : Path
        The run's.
    data : tuple of Labelled
        Energies are on the base's zero already.
    replay : tuple of Labelled
        Labelled by the base, without stress; also what a Fisher term is taken over. Empty for `naive`.
    threads : int
        Cores for torch.
    device : str
    trust : bool
        Whether the base's checkpoint may be unpickled.
    """

    spec: ModelSpec
    strategy: str
    seed: int
    folder: Path
    data: tuple[Labelled, ...]
    replay: tuple[Labelled, ...]
    settings: Settings
    threads: int = 1
    device: str = "cpu"
    trust: bool = False

    @property
    def updates(self) -> int:
        """Updates of the whole run."""
        return updates_of(len(self.data), self.settings.batch_size, self.settings.epochs)

    @property
    def state(self) -> Path:
        """Folder for what continuing needs."""
        return self.folder / "state"

    def batches(self) -> Iterator[Batch]:
        """Yield the batches of all updates, from the first; see `precompute.finetuning.batches.plan`."""
        s = self.settings
        return plan(len(self.data), s.batch_size, s.epochs, len(self.replay), s.replay_per_batch, self.seed)

    def is_checkpoint(self, update: int) -> bool:
        """Return whether a checkpoint is due after this update."""
        return update % self.settings.checkpoint_every == 0 or update == self.updates

    def checkpoint_file(self, update: int, suffix: str) -> Path:
        """Return where the checkpoint after this update belongs, e.g. ``checkpoints/000040.pth``."""
        return self.folder / "checkpoints" / f"{update:06d}{suffix}"


@dataclass(frozen=True)
class LogRow:
    """One update, as `log.csv` has it.

    Attributes
    ----------
    loss : float
        What the optimiser stepped on, over the batch.
    energy_mae, force_mae : float
        Of the batch's data before the step, eV/atom and eV/angstrom.
    replay_energy_mae, replay_force_mae : float or None
        Of the batch's replayed structures.
    """

    updates: int
    loss: float
    energy_mae: float
    force_mae: float
    replay_energy_mae: float | None = None
    replay_force_mae: float | None = None


OnCheckpoint = Callable[[int, Path, Errors], None]
OnLog = Callable[[LogRow], None]


class Diverged(Exception):
    """The loss is no number any more, or many times what it was."""


def errors_on(data: Sequence[Labelled], predictions: Sequence[tuple[float, FloatArray]]) -> Errors:
    """Return the errors of predictions, one (energy in eV, forces (n, 3) in eV/angstrom) a structure.

    Energy: mean over structures of ``|E - E'| / n``. Forces: mean over all components of all atoms.
    """
    energy = [abs(e - item.energy) / len(item) for item, (e, _) in zip(data, predictions, strict=True)]
    force = [np.abs(np.asarray(f) - item.forces).ravel() for item, (_, f) in zip(data, predictions, strict=True)]
    return Errors(float(np.mean(energy)), float(np.mean(np.concatenate(force))))


def supported(known: Registry | None = None) -> dict[str, tuple[str, ...]]:
    """Return the families that can be fine-tuned, with their strategies."""
    known = known or registry()
    return {f.name: tuple(_module(f.trainer).strategies) for f in known.families.values() if f.trainer}


def trainer_of(spec: ModelSpec, strategy: str, settings: Settings) -> ModuleType:
    """Return the module that trains a model by a strategy.

    Raises
    ------
    AtlasError
        If the family cannot be fine-tuned here, lacks the strategy, or does not heed an option; lists what there is.
    """
    if strategy not in STRATEGIES:
        raise AtlasError(f"no strategy {strategy!r}; there are {', '.join(STRATEGIES)}")
    pairs = supported()
    shown = "; ".join(f"{family}: {', '.join(names)}" for family, names in pairs.items())
    if spec.family not in pairs:
        raise AtlasError(f"{spec.key}: models of {spec.family} cannot be fine-tuned here. There is {shown}")
    if spec.status in ("control", "imported", "student"):
        raise AtlasError(f"{spec.key} is {spec.status}: there is nothing to fine-tune. There is {shown}")
    if strategy not in pairs[spec.family]:
        raise AtlasError(f"{spec.key}: {spec.family} has no strategy {strategy!r}. There is {shown}")
    module = module_of(spec.family)
    for option in OPTIONS:
        if getattr(settings, option) and option not in module.options:
            raise AtlasError(
                f"{spec.key}: training of {spec.family} has no {option.replace('_', ' ')}; leave "
                f"--{option.replace('_', '-')} out"
            )
    if hasattr(module, "check"):
        module.check(spec)
    if not settings.ewc_strength and "ewc" in strategy:
        raise AtlasError(f"strategy {strategy!r} needs a strength above 0: --ewc-strength")
    return module


def module_of(family: str) -> Any:
    """Return the module that trains a family's models."""
    trainer = registry().families[family].trainer
    if trainer is None:
        raise AtlasError(f"models of {family} cannot be fine-tuned here")
    return _module(trainer)


def _module(name: str) -> Any:
    return importlib.import_module(name)
