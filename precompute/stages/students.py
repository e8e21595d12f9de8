"""The training of a student as a series that an atlas can follow, from its random weights on."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

from precompute.contracts import AtlasError
from precompute.models.registry import registry
from precompute.models.spec import ModelSpec
from precompute.stages.checkpoints import Checkpoint, Followed
from precompute.students.records import StudentCheckpoint, Training, checked, read_training


def student_keys() -> tuple[str, ...]:
    """Keys of all students."""
    return tuple(s.key for s in registry().specs if s.status == "student")


def training_of(spec: ModelSpec) -> tuple[Path, Training]:
    """Return the folder and the record of a student's training.

    Raises
    ------
    AtlasError
        If the model is no student, or its record is missing or damaged.
    """
    if spec.status != "student" or spec.path is None:
        raise AtlasError(f"{spec.key} is {spec.status}, not a student; students are {', '.join(student_keys())}")
    folder = Path(spec.path).parents[1]
    return folder, read_training(folder)


def training_series(key: str) -> Followed:
    """Return the checkpoints of a student's training; the base is the one with random weights.

    Raises
    ------
    AtlasError
        If the model is no student, or a checkpoint is missing or is not the file that the training wrote.
    """
    spec = registry().resolve(key)
    folder, training = training_of(spec)
    checkpoints = [_checkpoint(spec, folder, c) for c in training.checkpoints]
    return Followed(
        name=f"{key}-training",
        title=f"{key}: trained here from random weights",
        kind="training",
        base=checkpoints[0],
        checkpoints=tuple(checkpoints[1:]),
        step_unit="updates",
        experiment="students trained here from random weights",
        seed=training.seed,
        trained_on=tuple(training.architecture["elements"]),
        run={
            "teacher": training.teacher,
            "settings": dict(training.settings),
            "data": dict(training.data),
            "command": list(training.command),
            "software": dict(training.software),
        },
    )


def _checkpoint(spec: ModelSpec, folder: Path, made: StudentCheckpoint) -> Checkpoint:
    file = checked(folder, made)
    name = f"{made.updates:,} updates" if made.updates else "random weights"
    key = f"{spec.key}-{made.updates:06d}"
    return Checkpoint(
        spec.model_copy(update={"key": key, "aliases": (), "path": str(file), "checkpoint": file.name}),
        name,
        float(made.updates),
        made.sha256,
        known={n: v for n, v in asdict(made).items() if n in ("energy_mae", "force_mae")},
    )
