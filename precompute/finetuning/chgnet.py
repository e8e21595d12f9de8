"""CHGNet: its own `Trainer` (loss, optimiser, step), given the batches of a run instead of a shuffled loader.

`Trainer.train` writes checkpoints by epoch and prunes them, and its files do not hold what continuing needs. So its
inner loop `Trainer._train`, which takes the steps, is called on the batches between two checkpoints, with the
composition model frozen as `train` freezes it. Magnetic moments are not trained.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from precompute.finetuning.batches import Batch
from precompute.finetuning.labelled import Labelled
from precompute.finetuning.trainers import Job, LogRow, OnCheckpoint, OnLog, errors_on

strategies: tuple[str, ...] = ("naive", "replay")
options: tuple[str, ...] = ()

SUFFIX = ".pth.tar"
GPA_OF_EV_PER_A3 = 160.21766208


def train(job: Job, on_checkpoint: OnCheckpoint, on_log: OnLog) -> None:
    """Train as `precompute.finetuning.trainers` says.

    The loss is CHGNet's `CombinedLoss` (mean squared errors of energy per atom, of force and of stress components) over
    the batch's data, plus the same over its replayed structures: one backward pass, one step. So what the data weigh
    does not depend on how many structures are replayed or how large they are.
    """
    import torch

    torch.manual_seed(job.seed)
    adapter = _adapter(job)
    run = _Run(job, adapter, on_log)
    state = job.state / f"state{SUFFIX}"
    done = run.restore(state) if state.is_file() else 0
    waiting: list[Batch] = []
    for batch in job.batches():
        if batch.update <= done:
            continue
        waiting.append(batch)
        if job.is_checkpoint(batch.update):
            run.step(waiting)
            waiting = []
            file = job.checkpoint_file(batch.update, SUFFIX)
            _save({"model": adapter._model.as_dict()}, file)
            on_checkpoint(batch.update, file, errors_on(job.data, run.predictions()))
            run.save(state, batch.update)


def _adapter(job: Job) -> Any:
    from precompute.models.adapters.chgnet import Adapter
    from precompute.models.trust import check_checkpoint

    if job.spec.path is not None:
        check_checkpoint(Path(job.spec.path), job.trust)
    return Adapter(job.spec, device=job.device)


class _Run:
    """A model with its optimiser and the graphs that it is trained on."""

    def __init__(self, job: Job, adapter: Any, on_log: OnLog) -> None:
        from chgnet.trainer.trainer import CombinedLoss, Trainer

        s = job.settings
        self._job, self._adapter, self._on_log = job, adapter, on_log
        self._model = adapter._model.requires_grad_(True)
        self._targets: Literal["ef", "efs"] = "efs" if s.stress_weight else "ef"
        self._data = [self._example(item) for item in job.data]
        self._replay = [self._example(item) for item in job.replay]
        self._trainer = Trainer(
            model=_kept_apart(self._model),
            targets=self._targets,
            energy_loss_ratio=s.energy_weight,
            force_loss_ratio=s.force_weight,
            stress_loss_ratio=s.stress_weight,
            optimizer="Adam",
            scheduler="ExponentialLR",
            scheduler_params={"gamma": 1.0},  # constant
            learning_rate=s.learning_rate,
            use_device=job.device,
            print_freq=10**9,
        )
        for parameter in self._model.composition_model.parameters():
            parameter.requires_grad = False
        self._criterion = self._trainer.criterion
        # replayed structures have no stress
        self._replay_criterion = CombinedLoss(
            target_str="ef", criterion="MSE", energy_loss_ratio=s.energy_weight, force_loss_ratio=s.force_weight
        )
        self._trainer.criterion = cast(Any, self._watched)
        self._now: Iterator[Batch] = iter(())

    def step(self, batches: Sequence[Batch]) -> None:
        """Take one step of the optimiser for each batch."""
        self._now = iter(batches)
        loader = [self._collated(batch) for batch in batches]
        self._trainer._train(cast(Any, loader), 0)

    def predictions(self) -> list[tuple[float, NDArray[np.float32]]]:
        """Return energy and forces of the data as the model is now."""
        self._model.eval()
        return self._adapter.predict([item.structure for item in self._job.data])

    def save(self, file: Path, update: int) -> None:
        """Write what `restore` reads."""
        optimiser = self._trainer.optimizer.state_dict()
        _save({"update": update, "weights": self._model.state_dict(), "optimiser": optimiser}, file)

    def restore(self, file: Path) -> int:
        """Take over weights and optimiser; return the update after which they were saved."""
        import torch

        state = torch.load(file, map_location=self._job.device, weights_only=True)
        self._model.load_state_dict(state["weights"])
        self._trainer.optimizer.load_state_dict(state["optimiser"])
        return int(state["update"])

    def _example(self, item: Labelled) -> tuple[Any, dict[str, Any]]:
        import torch

        graph = self._adapter._graph(item.structure)
        per = len(item) if self._model.is_intensive else 1
        targets = {"e": torch.tensor(item.energy / per, dtype=torch.float32), "f": _tensor(item.forces)}
        if self._targets == "efs":
            targets["s"] = _tensor(np.zeros((3, 3)) if item.stress is None else item.stress * GPA_OF_EV_PER_A3)
        return graph, targets

    def _collated(self, batch: Batch) -> tuple[list[Any], dict[str, Any]]:
        from chgnet.data.dataset import collate_graphs

        chosen = [self._data[i] for i in batch.data] + [self._replay[i] for i in batch.replay]
        return collate_graphs(chosen)

    def _watched(self, targets: dict[str, Any], prediction: dict[str, Any]) -> dict[str, Any]:
        """Return the loss in the form that `Trainer` wants, after telling of it."""
        batch = next(self._now)
        n = len(batch.data)
        losses = self._criterion(*({k: v[:n] for k, v in part.items()} for part in (targets, prediction)))
        replayed: dict[str, float] = {}
        if len(batch.replay):
            again = self._replay_criterion(*({k: v[n:] for k, v in part.items()} for part in (targets, prediction)))
            losses["loss"] = losses["loss"] + again["loss"]
            replayed = {"replay_energy_mae": float(again["e_MAE"]), "replay_force_mae": float(again["f_MAE"])}
        loss = float(losses["loss"].detach())
        self._on_log(LogRow(batch.update, loss, float(losses["e_MAE"]), float(losses["f_MAE"]), **replayed))
        return losses


def _kept_apart(model: Any) -> Any:
    """Return `model` with structures that have angles and those that have none run apart.

    In a batch with angles, CHGNet 0.2.0 also updates the bonds of structures that have none, which it does not do for
    such a structure alone. A dimer has no angle and replayed crystals have some, so it would be trained in a way in
    which it is never used.
    """
    from torch import cat, nn

    class KeptApart(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, graphs: Sequence[Any], task: str) -> dict[str, Any]:
            parts: dict[int, dict[str, Any]] = {}
            for with_angles in (True, False):
                chosen = [i for i, g in enumerate(graphs) if (len(g.bond_graph) > 0) == with_angles]
                if not chosen:
                    continue
                output = self.model([graphs[i] for i in chosen], task=task)
                for place, i in enumerate(chosen):
                    parts[i] = {key: output[key][place] for key in task}
            ordered = [parts[i] for i in range(len(graphs))]
            energies = cat([part["e"].reshape(1) for part in ordered])
            return {"e": energies, **{key: [part[key] for part in ordered] for key in task if key != "e"}}

    return KeptApart()


def _tensor(values: NDArray[np.floating]) -> Any:
    import torch

    return torch.tensor(np.array(values), dtype=torch.float32)


def _save(content: dict[str, Any], file: Path) -> None:
    import torch

    partial = file.with_name(f"{file.name}.partial")
    torch.save(content, partial)
    with contextlib.suppress(OSError):
        os.sync()
    partial.replace(file)
