"""MACE's training: naive, and multi-head with replay of the base's own labels ("pseudolabels").

`mace_run_train` prepares everything from arguments that `run_arguments` states in full: the base's weights under one
head or two, data, pseudolabels, optimiser, moving average. Where it would start its loop over epochs, the updates of
the run's plan are taken instead, each by MACE's own `take_step`, so that checkpoints and continuing are possible at any
update and all strategies take the same ones. Two settings that MACE changes by itself in multi-head mode are held:
the learning rate and the moving average (`--force_mh_ft_lr`), and the loss, which stays the mean squared error of
`--loss weighted` (or `stress`) in place of `universal`.

A multi-head batch holds the data's structures under the head `Default` and the replayed ones under `pt_head`; the loss
is the mean over both. All layers before the readouts are shared, so the features of a checkpoint do not depend on the
head; energies and forces are those of `Default`.

Checkpoints are modules of MACE, which only pickle can read: following them needs `--trust`, as for any MACE file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np

from precompute.contracts import AtlasError
from precompute.finetuning.known_elements import check_elements
from precompute.finetuning.trainers import Job, LogRow, OnCheckpoint, OnLog, errors_on
from precompute.models.trust import check_checkpoint, pickles_allowed

strategies = ("naive", "multihead")
options = ("ema",)
SUFFIX = ".model"
_HEADS = {"naive": ("Default",), "multihead": ("pt_head", "Default")}
_EVALUATED_AT_ONCE = 32
# GPa in an eV/angstrom^3, the unit of stress in MACE's loss; the settings' is GPa
_GPA = 160.21766208


class _Prepared(Exception):
    """Ends `mace_run_train` where its own loop would begin; carries what it had prepared."""

    def __init__(self, parts: dict[str, Any]) -> None:
        super().__init__("prepared")
        self.parts = parts


def train(job: Job, on_checkpoint: OnCheckpoint, on_log: OnLog) -> None:
    """Fine-tune a MACE; see `precompute.finetuning.trainers` for what is called when.

    Raises
    ------
    AtlasError
        If the model does not know an element of the data, or MACE's preparation leaves structures out.
    """
    with pickles_allowed():
        import torch

        base = _base_file(job)
        check_elements(job, torch.load(base, map_location="cpu").atomic_numbers.tolist())
        run = _Run(job, _prepared(job, base))
        state = job.state / "training.pt"
        done = run.resume(torch.load(state, weights_only=True)) if state.is_file() else 0
        for batch in job.batches():
            if batch.update <= done:
                continue
            on_log(run.step(batch.update, batch.data, batch.replay))
            if job.is_checkpoint(batch.update):
                file = job.checkpoint_file(batch.update, SUFFIX)
                with run.averaged():
                    _save(run.model, file)
                    predictions = run.predictions()
                on_checkpoint(batch.update, file, errors_on(job.data, predictions))
                _save(run.state(batch.update), state)


def run_arguments(job: Job, base: Path) -> list[str]:
    """Return the arguments of `mace_run_train` for a run, with everything stated that presets would decide."""
    settings = job.settings
    data, work = str(job.folder / "data.extxyz"), str(job.state / "mace")
    several = job.strategy == "multihead"
    arguments: dict[str, Any] = {
        "name": "run",
        "seed": job.seed,
        "work_dir": work,
        "device": job.device,
        "default_dtype": "float32",
        "foundation_model": str(base),
        # without this the elements that are not in the data would be cut out of the model
        "foundation_model_elements": True,
        "multiheads_finetuning": several,
        "E0s": "foundation",
        "train_file": data,
        "valid_file": data,
        "energy_key": "energy",
        "forces_key": "forces",
        "stress_key": "stress",
        "loss": "stress" if _learns_stress(job) else "weighted",
        "energy_weight": settings.energy_weight,
        "forces_weight": settings.force_weight,
        "stress_weight": settings.stress_weight * _GPA**2,
        "optimizer": settings.optimiser,
        "weight_decay": 0.0,
        "lr": settings.learning_rate,
        "clip_grad": None,
        "batch_size": settings.batch_size,
        "valid_batch_size": settings.batch_size,
        "max_num_epochs": settings.epochs,
        "scheduler": "ExponentialLR",
        "lr_scheduler_gamma": 1.0,
        "plot": False,
        "num_workers": 0,
        "pin_memory": False,
        "log_level": "ERROR",
    }
    if job.spec.head:
        arguments["foundation_head"] = job.spec.head
    if settings.ema:
        arguments |= {"ema": "", "ema_decay": settings.ema}
    if several:
        replay = str(job.folder / "replay.extxyz")
        arguments |= {
            "pt_train_file": replay,
            "pt_valid_file": replay,
            "pseudolabel_replay": True,
            "force_mh_ft_lr": True,
            # else a small set of data would be repeated, and the plan's indices would be others
            "real_pt_data_ratio_threshold": 0.0,
        }
    return [f"--{name}" if value == "" else f"--{name}={value}" for name, value in arguments.items()]


def _base_file(job: Job) -> Path:
    """Return the base's file: local, made on the spot, or fetched by MACE's loader."""
    from precompute.models.controls import made_checkpoint

    if job.spec.path:
        check_checkpoint(Path(job.spec.path), job.trust)
        return Path(job.spec.path).resolve()
    if job.spec.weights == "made":
        return made_checkpoint(job.spec)[0]
    from mace.calculators.foundations_models import download_mace_mp_checkpoint

    return Path(download_mace_mp_checkpoint(job.spec.checkpoint)).resolve()


def _prepared(job: Job, base: Path) -> dict[str, Any]:
    """Run `mace_run_train` up to its loop; return what it hands to `mace.tools.train`."""
    from mace import tools
    from mace.cli import run_train

    def stop(**parts: Any) -> None:
        raise _Prepared(parts)

    (job.state / "mace").mkdir(parents=True, exist_ok=True)
    arguments = tools.build_default_arg_parser().parse_args(run_arguments(job, base))
    where: Any = tools
    loop = where.train
    where.train = stop
    try:
        run_train.run(arguments)
    except _Prepared as prepared:
        return prepared.parts
    except (AssertionError, KeyError, ValueError, RuntimeError) as error:
        raise AtlasError(f"{job.spec.key}: mace_run_train cannot prepare this run: {error}") from error
    finally:
        where.train = loop
    raise AtlasError(f"{job.spec.key}: mace_run_train ended before it trained; see {job.state / 'mace' / 'logs'}")


class _Run:
    """What MACE prepared, and the structures of a run by their index."""

    def __init__(self, job: Job, parts: dict[str, Any]) -> None:
        from mace import modules

        self._job = job
        self._parts = parts
        self.model = parts["model"]
        self._device = parts["device"]
        sets = list(parts["train_loader"].dataset.datasets)
        expected = {"Default": job.data, "pt_head": job.replay}
        for name, graphs in zip(_HEADS[job.strategy], sets, strict=True):
            if len(graphs) != len(expected[name]):
                raise AtlasError(
                    f"MACE took {len(graphs)} of {len(expected[name])} structures for the head {name}; it leaves out "
                    "frames with config_type IsolatedAtom: take that entry out of them"
                )
        self._data = sets[-1]
        for group in parts["optimizer"].param_groups:
            group["amsgrad"] = False  # its default, which no argument takes back, is another optimiser than `adam`
        self._replay = sets[0] if job.strategy == "multihead" else []
        s = job.settings
        stress = _learns_stress(job)
        # multi-head mode has put `universal` in place of the loss asked for
        self._loss = (
            modules.WeightedEnergyForcesStressLoss(s.energy_weight, s.force_weight, s.stress_weight * _GPA**2)
            if stress
            else modules.WeightedEnergyForcesLoss(s.energy_weight, s.force_weight)
        ).to(self._device)
        self._outputs = parts["output_args"] | {"stress": stress, "virials": False}
        self._seen: Any = _LastOutput(self._loss)

    def step(self, update: int, data: Any, replay: Any) -> LogRow:
        """Take one step of the optimiser."""
        from mace.tools.train import take_step

        parts = self._parts
        batch = _batch([*(self._data[i] for i in data), *(self._replay[i] for i in replay)])
        loss, _ = take_step(
            model=self.model,
            loss_fn=self._seen,
            batch=batch,
            optimizer=parts["optimizer"],
            ema=parts["ema"],
            output_args=self._outputs,
            max_grad_norm=None,
            device=self._device,
        )
        energy, force = self._seen.errors(slice(0, len(data)))
        again = self._seen.errors(slice(len(data), None)) if len(replay) else (None, None)
        return LogRow(update, float(loss), energy, force, *again)

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Hold the moving average of the weights in the model, where there is one."""
        ema = self._parts["ema"]
        with ema.average_parameters() if ema is not None else nullcontext():
            yield

    def predictions(self) -> list[tuple[float, Any]]:
        """Return energies and forces for the data, by the head `Default`."""
        import torch

        result = []
        for start in range(0, len(self._data), _EVALUATED_AT_ONCE):
            graphs = [self._data[i] for i in range(start, min(start + _EVALUATED_AT_ONCE, len(self._data)))]
            output = self.model(_batch(graphs).to(self._device).to_dict(), compute_stress=False)
            forces = torch.split(output["forces"].detach().cpu(), [len(g.positions) for g in graphs])
            energies = output["energy"].detach().cpu()
            result += [(float(e), f.numpy().astype(np.float64)) for e, f in zip(energies, forces, strict=True)]
        return result

    def state(self, update: int) -> dict[str, Any]:
        """Return what continuing needs."""
        ema = self._parts["ema"]
        return {
            "update": update,
            "model": self.model.state_dict(),
            "optimizer": self._parts["optimizer"].state_dict(),
            "ema": None if ema is None else ema.state_dict(),
        }

    def resume(self, state: dict[str, Any]) -> int:
        """Continue from a state; return its update."""
        self.model.load_state_dict(state["model"])
        self._parts["optimizer"].load_state_dict(state["optimizer"])
        if self._parts["ema"] is not None:
            self._parts["ema"].load_state_dict(state["ema"])
        return int(state["update"])


class _LastOutput:
    """MACE's loss, keeping by how much each structure of the batch was wrong."""

    def __init__(self, loss: Any) -> None:
        self._loss = loss
        self._energy: Any = None
        self._force: Any = None

    def __call__(self, pred: Any, ref: Any) -> Any:
        counts = ref.ptr[1:] - ref.ptr[:-1]
        self._energy = ((pred["energy"] - ref["energy"]).detach().abs() / counts).cpu()
        self._force = [f.cpu() for f in (pred["forces"] - ref["forces"]).detach().abs().split(counts.tolist())]
        return self._loss(pred=pred, ref=ref)

    def errors(self, which: slice) -> tuple[float, float]:
        """Return the mean absolute errors of some structures: eV/atom, eV/angstrom."""
        force = np.concatenate([f.numpy().ravel() for f in self._force[which]])
        return float(self._energy[which].mean()), float(force.mean())


def _learns_stress(job: Job) -> bool:
    return job.settings.stress_weight > 0 and any(item.stress is not None for item in job.data)


def _batch(graphs: list[Any]) -> Any:
    from mace.tools.torch_geometric import Batch

    return Batch.from_data_list(graphs)


def _save(content: Any, file: Path) -> None:
    """Write a file that is whole or not there."""
    import torch

    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    torch.save(content, partial)
    partial.replace(file)
