"""SevenNet's training: naive, with replay, with elastic weight consolidation (EWC), with both.

Every step is one of `sevenn.train.trainer.Trainer`, on losses made from SevenNet's own input file: mean squared errors
over the batch's data, SevenNet's `EWCLoss` where there is EWC, and, where there is replay, the same mean squared errors
over the batch's replayed structures, added with weight 1:

    L = L_data + L_replay + ewc_strength / 2 * sum_i F_i (theta_i - theta_i*)^2

SevenNet's own rehearsal (`ReewcTrainer`) takes a second step of the optimiser on each batch of replayed structures, and
so twice the updates of a naive run at the same epochs; here all strategies take the same updates on the same data in
the same order. SevenNet has no moving average of weights. F is the diagonal Fisher information of the base on the
replayed structures (`precompute.finetuning.fisher`) in the units of the loss, so that at `ewc_strength` 1 the penalty
is the replay loss to second order in the weights, cross terms left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.finetuning.fisher import diagonal_fisher
from precompute.finetuning.known_elements import check_elements
from precompute.finetuning.sevennet_input import (
    base_checkpoint,
    graphs_of,
    plain,
    read_input,
    refuse_modals,
    replays,
    write_input,
)
from precompute.finetuning.trainers import Job, LogRow, OnCheckpoint, OnLog, Settings, errors_on
from precompute.models.spec import ModelSpec

strategies = ("naive", "replay", "ewc", "replay+ewc")
options = ("ewc_strength",)
SUFFIX = ".pth"
# random signs for each replayed structure in the Fisher information
_DRAWS = 4
_EVALUATED_AT_ONCE = 32


def check(spec: ModelSpec) -> None:
    """Refuse a model of several modals, before anything is loaded."""
    if spec.head is not None:
        refuse_modals(spec.key, (spec.head,))


def train(job: Job, on_checkpoint: OnCheckpoint, on_log: OnLog) -> None:
    """Fine-tune a SevenNet model of one modal; see `precompute.finetuning.trainers` for what is called when.

    Raises
    ------
    AtlasError
        If the model has several modals, does not know an element of the data, or needs the user's trust.
    """
    import torch

    checkpoint = base_checkpoint(job)
    check_elements(job, checkpoint.config["_type_map"])
    run = _Run(job, checkpoint)
    state = job.state / "training.pt"
    done = run.resume(torch.load(state, weights_only=True)) if state.is_file() else 0
    for batch in job.batches():
        if batch.update <= done:
            continue
        on_log(run.step(batch.update, batch.data, batch.replay))
        if job.is_checkpoint(batch.update):
            file = job.checkpoint_file(batch.update, SUFFIX)
            _save(run.checkpoint(batch.update), file)
            on_checkpoint(batch.update, file, errors_on(job.data, run.predictions()))
            _save(run.state(batch.update), state)


class _Run:
    """SevenNet's trainer with the graphs of a run."""

    def __init__(self, job: Job, checkpoint: Any) -> None:
        from sevenn.model_build import build_E3_equivariant_model
        from sevenn.scripts.processing_continue import processing_continue_v2
        from sevenn.train.trainer import Trainer

        self._job = job
        ewc = _ewc_files(job, checkpoint) if "ewc" in job.strategy else (None, None)
        self._config = read_input(write_input(job, checkpoint, *ewc))
        weights, _ = processing_continue_v2(self._config)
        model = build_E3_equivariant_model(self._config)
        self._trainer = Trainer.from_config(model, self._config)
        self._trainer.load_state_dicts(*weights, strict=False)
        cutoff = float(self._config["cutoff"])
        self._data = graphs_of(job.data, cutoff)
        self._replay = graphs_of(job.replay, cutoff) if replays(job) else []
        losses = self._trainer.loss_functions
        # SevenNet fixes the weight of the energy at 1
        losses[0] = (losses[0][0], job.settings.energy_weight)
        of_labels = [(loss, weight) for loss, weight in losses if loss.ref_key is not None]
        self._replayed = _replay_loss(of_labels)
        self._parts = [_observed(loss) for loss, _ in losses]
        self._trainer.loss_functions = [(part, weight) for part, (_, weight) in zip(self._parts, losses, strict=True)]
        if self._replay:
            part = _observed(self._replayed)
            self._parts.append(part)
            self._trainer.loss_functions.append((part, 1.0))

    def step(self, update: int, data: NDArray[np.int64], replay: NDArray[np.int64]) -> LogRow:
        """Take one step of the optimiser."""
        self._replayed.batch = _batch([self._replay[i] for i in replay]) if len(replay) else None
        seen = _Outputs()
        self._trainer.run_one_epoch([_batch([self._data[i] for i in data])], is_train=True, error_recorder=seen)
        weights = [weight for _, weight in self._trainer.loss_functions]
        loss = sum(part.value * weight for part, weight in zip(self._parts, weights, strict=True))
        energy, force = seen.errors
        again = self._replayed.errors if len(replay) else (None, None)
        return LogRow(update, loss, energy, force, *again)

    def predictions(self) -> list[tuple[float, Any]]:
        """Return energies and forces for the data."""
        import sevenn._keys as keys
        import torch

        model = self._trainer.model.eval()
        result = []
        for start in range(0, len(self._data), _EVALUATED_AT_ONCE):
            graphs = self._data[start : start + _EVALUATED_AT_ONCE]
            output = model(_batch(graphs).to(self._trainer.device))
            forces = torch.split(output[keys.PRED_FORCE].detach().cpu(), [len(g.x) for g in graphs])
            energies = output[keys.PRED_TOTAL_ENERGY].detach().cpu().reshape(-1)
            result += [(float(e), f.numpy().astype(np.float64)) for e, f in zip(energies, forces, strict=True)]
        return result

    def checkpoint(self, update: int) -> dict[str, Any]:
        """Return what SevenNet's loader reads: weights and settings, no objects, so that no pickle is needed."""
        content = self._trainer.get_checkpoint_dict()
        # the clock and a random name would make the same run give other bytes
        fixed = {
            "time": "",
            "hash": f"{update:032x}",
            "epoch": 0,
            "optimizer_state_dict": {},
            "scheduler_state_dict": {},
        }
        config = {k: v for k, v in plain(self._config).items() if k not in ("continue", "when") and "path" not in k}
        return content | fixed | {"config": config | {"continue": {"checkpoint": False}}}

    def state(self, update: int) -> dict[str, Any]:
        """Return what continuing needs."""
        trainer = self._trainer
        return {"update": update, "model": trainer.model.state_dict(), "optimizer": trainer.optimizer.state_dict()}

    def resume(self, state: dict[str, Any]) -> int:
        """Continue from a state; return its update."""
        self._trainer.load_state_dicts(state["model"], state["optimizer"])
        return int(state["update"])


class _Outputs:
    """Stands where SevenNet's trainer expects its recorder of errors; keeps those of the last batch."""

    errors: tuple[float, float]

    def update(self, output: Any) -> None:
        self.errors = _errors(output)


def _observed(loss: Any) -> Any:
    """Return a loss that also keeps its last value, which SevenNet's trainer does not give."""
    from sevenn.train.loss import LossDefinition

    class Observed(LossDefinition):
        value = 0.0

        def get_loss(self, batch_data: Any, model: Any = None) -> Any:
            result = loss.get_loss(batch_data, model)
            self.value = float(result)
            return result

    return Observed(name=loss.name, unit=loss.unit, ref_key=loss.ref_key, pred_key=loss.pred_key)


def _replay_loss(of_labels: Sequence[tuple[Any, float]]) -> Any:
    """Return the loss over replayed structures: those of `batch`, set before each step, by the same losses."""
    from sevenn.train.loss import LossDefinition

    class Replayed(LossDefinition):
        batch: Any = None
        errors: tuple[float, float]

        def get_loss(self, _batch_data: Any, model: Any = None) -> Any:
            assert model is not None
            output = model(self.batch.to(next(model.parameters()).device))
            self.errors = _errors(output)
            return sum(loss.get_loss(output, model) * weight for loss, weight in of_labels)

    return Replayed(name="Replay")


def _errors(output: Any) -> tuple[float, float]:
    """Return the mean absolute errors of a batch: energy in eV/atom, force components in eV/angstrom."""
    import sevenn._keys as keys

    energy = (output[keys.PRED_TOTAL_ENERGY] - output[keys.ENERGY]).reshape(-1) / output[keys.NUM_ATOMS]
    force = output[keys.PRED_FORCE] - output[keys.FORCE]
    return float(energy.detach().abs().mean()), float(force.detach().abs().mean())


def _ewc_files(job: Job, checkpoint: Any) -> tuple[Path, Path]:
    """Return files with the base's Fisher information and its weights, as SevenNet's input names them; made once."""
    import torch

    fisher, base = job.state / "fisher.pt", job.state / "base.pt"
    if fisher.is_file() and base.is_file():
        return fisher, base
    job.state.mkdir(parents=True, exist_ok=True)
    model = checkpoint.build_model().to(torch.device(job.device))
    model.set_is_batch_data(True)
    model.train()  # forces stay differentiable with respect to weights
    parameters = {name: p for name, p in model.named_parameters() if p.requires_grad}
    graphs = graphs_of(job.replay, float(model.cutoff))
    information = diagonal_fisher(
        lambda graph: weighted_outputs(model, graph, job.settings), graphs, parameters, _DRAWS, job.seed
    )
    _save({name: p.detach().cpu().clone() for name, p in parameters.items()}, base)
    _save({name: f.cpu() for name, f in information.items()}, fisher)
    return fisher, base


def weighted_outputs(model: Any, graph: Any, settings: Settings) -> Any:
    """Return energy and forces of one structure, scaled such that half their squared error is its loss.

    The loss of a structure of n atoms is ``w_E (dE/n)^2 + w_F |dF|^2 / 3n``, eV/atom and eV/angstrom, hence
    ``z = (sqrt(2 w_E) E/n, sqrt(2 w_F / 3n) F)``, shape (1 + 3n,). Stresses are not replayed.
    """
    import sevenn._keys as keys
    import torch

    output = model(_batch([graph]).to(next(model.parameters()).device))
    energy = output[keys.PRED_TOTAL_ENERGY].reshape(-1) / output[keys.NUM_ATOMS]
    force = output[keys.PRED_FORCE].reshape(-1)
    scale_energy = (2 * settings.energy_weight) ** 0.5
    scale_force = (2 * settings.force_weight / len(force)) ** 0.5
    return torch.cat([scale_energy * energy, scale_force * force])


def _batch(graphs: Sequence[Any]) -> Any:
    from torch_geometric.data import Batch

    return Batch.from_data_list(list(graphs))


def _save(content: Any, file: Path) -> None:
    """Write a file that is whole or not there."""
    import torch

    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    torch.save(content, partial)
    partial.replace(file)
