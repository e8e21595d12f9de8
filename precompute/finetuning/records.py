"""What a run of fine-tuning leaves beside its checkpoints: `run.json`, written by a run, read by whoever follows it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from precompute.contracts import AtlasError

SCHEMA = 1
FILE = "run.json"
LAST_ELEMENT = 118
STATES = ("running", "finished", "diverged")
STRATEGIES = ("naive", "replay", "ewc", "replay+ewc", "multihead")


@dataclass(frozen=True)
class DataRecord:
    """Labelled structures of a run.

    Attributes
    ----------
    name : str
        ``cu-dimers`` or the name of a file.
    sha256 : str
        Of the structures and their labels as given (`precompute.finetuning.labelled.sha256_of`), before any shift.
    elements : tuple of int
        Atomic numbers, ascending.
    labels : str
        Where energies and forces come from, in words.
    shift : mapping of symbol to eV
        Taken off the energy for each atom of an element, so that base and labels share their zero.
    """

    name: str
    sha256: str
    n_structures: int
    elements: tuple[int, ...]
    labels: str
    shift: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Errors:
    """Mean absolute errors on the data: energy in eV/atom (of all structures), force components in eV/angstrom."""

    energy_mae: float
    force_mae: float


@dataclass(frozen=True)
class RunCheckpoint:
    """One checkpoint of a run.

    Attributes
    ----------
    file : str
        Relative to the run's folder, with forward slashes.
    updates : int
        Steps of the optimiser since the base.
    epoch : float
        Passes over the data.
    sha256 : str
        Of the file.
    energy_mae, force_mae : float
        Errors on the data (after the shift), eV/atom and eV/angstrom.
    held_out : Errors, or None where no data are held out
        On what is not trained on.
    """

    file: str
    updates: int
    epoch: float
    sha256: str
    energy_mae: float
    force_mae: float
    held_out: Errors | None = None


@dataclass(frozen=True)
class RunRecord:
    """A run of fine-tuning.

    Attributes
    ----------
    state : str
        One of `STATES`.
    model, family : str
        Key and family of the base.
    base_sha256 : str
        Of the base's weights file.
    settings : mapping
        learning_rate, epochs, updates, batch_size, replay_per_batch, ema, optimiser, energy_weight, force_weight,
        stress_weight, checkpoint_every, and what one family or strategy adds (ewc_strength).
    experiment : str
        The same for runs that differ in strategy or seed only.
    command : tuple of str
        Arguments that make this run again, without folders.
    software : mapping of package to version
    before : Errors
        Of the base on the data.
    held_out : int
        Structures that are not trained on; counted in `data`, and no part of the errors on it.
    before_held_out : Errors, or None
        Of the base on them.
    checkpoints : tuple of RunCheckpoint
        Ascending in updates, without the base.
    message : str
        Why a run that diverged was stopped.
    """

    state: str
    model: str
    family: str
    base_sha256: str
    strategy: str
    seed: int
    data: DataRecord
    replay: DataRecord | None
    settings: Mapping[str, Any]
    experiment: str
    command: tuple[str, ...]
    software: Mapping[str, str]
    before: Errors
    held_out: int = 0
    before_held_out: Errors | None = None
    checkpoints: tuple[RunCheckpoint, ...] = ()
    message: str = ""

    def with_checkpoint(self, checkpoint: RunCheckpoint) -> RunRecord:
        """Return the record with one more checkpoint; later ones than it, of an interrupted run, are dropped."""
        earlier = (c for c in self.checkpoints if c.updates < checkpoint.updates)
        return replace(self, checkpoints=(*earlier, checkpoint))


def is_run(folder: Path) -> bool:
    """Return whether a folder holds a run."""
    return (folder / FILE).is_file()


def write(record: RunRecord, folder: Path) -> None:
    """Write `run.json`; whoever reads meanwhile sees the former one or this one, whole."""
    partial = folder / f"{FILE}.partial"
    partial.write_text(json.dumps({"schema": SCHEMA, **asdict(record)}, indent=2, allow_nan=False), encoding="utf-8")
    partial.replace(folder / FILE)


def read_run(folder: Path, check_hashes: bool = False) -> RunRecord:
    """Read the record of a run.

    Parameters
    ----------
    check_hashes : bool
        Compare each checkpoint with its SHA-256, which reads every file.

    Raises
    ------
    AtlasError
        If there is no run, its record is malformed or of another schema, or a checkpoint is missing or has changed.
    """
    file = folder / FILE
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise AtlasError(f"{folder} holds no run of fine-tuning: {FILE} cannot be read ({error})") from None
    except ValueError as error:
        raise AtlasError(f"{file} is not JSON ({error}); it was changed or cut after the run wrote it") from None
    if not isinstance(content, dict) or content.get("schema") != SCHEMA:
        found = content.get("schema") if isinstance(content, dict) else type(content).__name__
        raise AtlasError(f"{file} has schema {found!r}, expected {SCHEMA}: it is of another version, or no run")
    try:
        record = _parsed(content)
    except KeyError as error:
        raise AtlasError(f"{file} lacks {error}; it was changed after the run wrote it") from None
    except (TypeError, ValueError, AttributeError) as error:
        raise AtlasError(f"{file} is malformed: {error}") from None
    for checkpoint in record.checkpoints:
        _check(folder, checkpoint, check_hashes)
    return record


def _parsed(content: dict[str, Any]) -> RunRecord:
    state, strategy = content["state"], content["strategy"]
    for name, value, known in (("state", state, STATES), ("strategy", strategy, STRATEGIES)):
        if value not in known:
            raise ValueError(f"{name} is {value!r}, expected one of {', '.join(known)}")
    checkpoints = tuple(
        RunCheckpoint(
            file=str(c["file"]),
            updates=int(c["updates"]),
            epoch=float(c["epoch"]),
            sha256=str(c["sha256"]),
            energy_mae=_number(c["energy_mae"], "energy_mae"),
            force_mae=_number(c["force_mae"], "force_mae"),
            held_out=_errors(c.get("held_out")),
        )
        for c in content["checkpoints"]
    )
    steps = [c.updates for c in checkpoints]
    if steps != sorted(set(steps)) or any(u <= 0 for u in steps):
        raise ValueError(f"updates of the checkpoints are {steps}, expected positive and ascending ones")
    before = _errors(content["before"])
    if before is None:
        raise ValueError("before is None, expected errors of the base")
    return RunRecord(
        state=state,
        model=str(content["model"]),
        family=str(content["family"]),
        base_sha256=str(content["base_sha256"]),
        strategy=strategy,
        seed=int(content["seed"]),
        data=_data(content["data"]),
        replay=None if content["replay"] is None else _data(content["replay"]),
        settings=dict(content["settings"]),
        experiment=str(content["experiment"]),
        command=tuple(map(str, content["command"])),
        software={str(k): str(v) for k, v in content["software"].items()},
        before=before,
        held_out=int(content.get("held_out", 0)),
        before_held_out=_errors(content.get("before_held_out")),
        checkpoints=checkpoints,
        message=str(content.get("message", "")),
    )


def _data(block: dict[str, Any]) -> DataRecord:
    elements = tuple(int(z) for z in block["elements"])
    if not all(1 <= z <= LAST_ELEMENT for z in elements):
        raise ValueError(f"elements are {list(elements)}, expected atomic numbers")
    return DataRecord(
        name=str(block["name"]),
        sha256=str(block["sha256"]),
        n_structures=int(block["n_structures"]),
        elements=elements,
        labels=str(block["labels"]),
        shift={str(k): float(v) for k, v in block.get("shift", {}).items()},
    )


def _errors(block: dict[str, Any] | None) -> Errors | None:
    if block is None:
        return None
    return Errors(_number(block["energy_mae"], "energy_mae"), _number(block["force_mae"], "force_mae"))


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{name} is {value!r}, expected a number")
    return float(value)


def _check(folder: Path, checkpoint: RunCheckpoint, check_hash: bool) -> None:
    from precompute.models.trust import sha256_of

    relative = PurePosixPath(checkpoint.file)
    if relative.is_absolute() or ".." in relative.parts:
        raise AtlasError(f"{folder / FILE} names the checkpoint {checkpoint.file!r}, which is outside its folder")
    file = folder / relative
    if not file.is_file():
        raise AtlasError(
            f"{folder / FILE} names {checkpoint.file}, which is not there: copy the whole folder of the run"
        )
    if check_hash and sha256_of(file) != checkpoint.sha256:
        raise AtlasError(f"{file} is not the file that its run wrote (SHA-256 differs): it was changed or cut")
