"""What SevenNet's training reads: its `input.yaml`, with every setting stated, and graphs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from precompute.contracts import AtlasError
from precompute.finetuning.labelled import Labelled
from precompute.finetuning.trainers import Job
from precompute.structures.convert import to_ase

# SevenNet states stress in kbar; the settings in GPa
_KBAR = 10.0


def base_checkpoint(job: Job) -> Any:
    """Return the base as `sevenn.checkpoint.SevenNetCheckpoint`.

    Raises
    ------
    AtlasError
        If it has several modals, which SevenNet's replay and EWC do not support, or needs the user's trust.
    """
    from sevenn.util import load_checkpoint

    from precompute.models.trust import check_checkpoint

    if job.spec.path:
        check_checkpoint(Path(job.spec.path), job.trust)
    checkpoint = load_checkpoint(job.spec.path or job.spec.checkpoint)
    refuse_modals(job.spec.key, tuple(checkpoint.config.get("_modal_map") or ()))
    return checkpoint


def refuse_modals(key: str, modals: Sequence[str]) -> None:
    """Raise AtlasError where a model has modals, which SevenNet's replay and EWC do not support."""
    if modals:
        raise AtlasError(
            f"{key} is a model of several modals, here {', '.join(modals)}; SevenNet's replay and EWC are for models "
            "of one, and so is fine-tuning here: 7net-0, 7net-0-22may2024 or 7net-l3i5"
        )


def write_input(job: Job, checkpoint: Any, fisher: Path | None = None, base: Path | None = None) -> Path:
    """Write `state/input.yaml`, after the package's preset `reewc`.

    The preset is the template of keys; all that decides the result is set here, because the presets' own values differ
    between strategies. The model's section is the base's.

    Parameters
    ----------
    fisher, base : Path or None
        Files of the Fisher information and of the weights it holds to; None without EWC.
    """
    import sevenn
    import yaml

    settings = job.settings
    job.state.mkdir(parents=True, exist_ok=True)
    preset = yaml.safe_load((Path(sevenn.__file__).parent / "presets" / "reewc.yaml").read_text(encoding="utf-8"))
    model = checkpoint.yaml_dict("continue")["model"] | {"train_shift_scale": False, "train_denominator": False}
    # left out there, and 7net-0-22may2024 has it otherwise than SevenNet's default
    model["_normalize_sph"] = bool(checkpoint.config["_normalize_sph"])
    continued: dict[str, Any] = {
        "reset_optimizer": True,
        "reset_scheduler": True,
        "reset_epoch": True,
        "checkpoint": checkpoint.checkpoint_path,
    }
    if fisher is not None and base is not None:
        continued |= {"fisher_information": str(fisher), "opt_params": str(base), "ewc_lambda": settings.ewc_strength}
    train = preset["train"] | {
        "random_seed": job.seed,
        "device": job.device,
        "epoch": settings.epochs,
        "per_epoch": settings.epochs,
        "is_train_stress": learns_stress(job),
        "loss": "mse",
        "loss_param": {},
        "optimizer": settings.optimiser,
        "optim_param": {"lr": settings.learning_rate},
        "scheduler": "exponentiallr",
        "scheduler_param": {"gamma": 1.0},
        "force_loss_weight": settings.force_weight,
        "stress_loss_weight": settings.stress_weight / _KBAR**2,
        "continue": continued,
    }
    data: dict[str, Any] = {
        "batch_size": settings.batch_size,
        "data_format_args": {"index": ":"},
        "load_trainset_path": [str(job.folder / "data.extxyz")],
    }
    if replays(job):
        data |= {
            "rehearsal": True,
            "load_memory_path": [str(job.folder / "replay.extxyz")],
            "mem_batch_size": settings.replay_per_batch,
            "mem_ratio": 1,
        }
    file = job.state / "input.yaml"
    file.write_text(yaml.safe_dump({"model": model, "train": train, "data": data}, sort_keys=False), encoding="utf-8")
    return file


def read_input(file: Path) -> dict[str, Any]:
    """Return SevenNet's settings from an input file, with its defaults, as its own `train` command makes them."""
    from sevenn.main.sevenn import global_config
    from sevenn.parse_input import read_config_yaml_global

    config: dict[str, Any] = {**global_config, **read_config_yaml_global(str(file))}
    return config | {"is_ddp": False, "local_rank": 0, "rank": 0, "world_size": 1}


def replays(job: Job) -> bool:
    """Return whether structures are replayed; with EWC alone they only serve its Fisher information."""
    return "replay" in job.strategy and job.settings.replay_per_batch > 0


def learns_stress(job: Job) -> bool:
    """Return whether stresses are in the loss."""
    return job.settings.stress_weight > 0 and any(item.stress is not None for item in job.data)


def graphs_of(data: Sequence[Labelled], cutoff: float) -> list[Any]:
    """Return SevenNet's graphs with their labels; one that is missing is NaN, which its losses leave out."""
    from ase.calculators.singlepoint import SinglePointCalculator
    from sevenn.atom_graph_data import AtomGraphData
    from sevenn.train.dataload import atoms_to_graph

    graphs = []
    for item in data:
        atoms = to_ase(item.structure)
        labels: dict[str, Any] = {"energy": item.energy, "forces": item.forces}
        if item.stress is not None:
            labels["stress"] = item.stress[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
        atoms.calc = SinglePointCalculator(atoms, **labels)
        graphs.append(AtomGraphData.from_numpy_dict(atoms_to_graph(atoms, cutoff, False, y_from_calc=True)))
    return graphs


def plain(value: Any) -> Any:
    """Return settings as text, numbers, lists and mappings, which a checkpoint may hold without pickle."""
    if isinstance(value, dict):
        return {key: plain(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    if hasattr(value, "tolist"):
        return value.tolist()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
