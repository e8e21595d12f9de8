"""What a student's training leaves: `training.json`, `log.csv` and plain checkpoints. No torch is needed to read it."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from precompute.contracts import AtlasError
from precompute.models.trust import sha256_of

SCHEMA = 1
FILE = "training.json"
LOG = "log.csv"
SHIPPED = Path(__file__).with_name("shipped")


@dataclass(frozen=True)
class StudentCheckpoint:
    """One checkpoint.

    Attributes
    ----------
    file : str
        Relative to the folder of the training.
    updates : int
        Of the weights; 0 for random ones.
    energy_mae, force_mae : float
        On held-out crystals: eV/atom, and eV/angstrom over components.
    """

    file: str
    updates: int
    sha256: str
    energy_mae: float
    force_mae: float


@dataclass(frozen=True)
class Training:
    """How a student came to be.

    Attributes
    ----------
    student, family, teacher : str
        Keys of models, and a family.
    seed : int
        Of weights, copies, division and order of the data.
    data : mapping
        Numbers of crystals, structures and atoms learnt from and held out; SHA-256 of all labels.
    settings, architecture : mapping
    command : list of str
        What makes it again.
    software : mapping of package to version
    minutes : float
        The loop's, on the machine named by `device`.
    checkpoints : tuple of StudentCheckpoint
        Ascending; the first has random weights.
    """

    student: str
    family: str
    teacher: str
    seed: int
    data: Mapping[str, Any]
    settings: Mapping[str, Any]
    architecture: Mapping[str, Any]
    command: tuple[str, ...]
    software: Mapping[str, str]
    device: str
    minutes: float
    checkpoints: tuple[StudentCheckpoint, ...]


def write_training(folder: Path, training: Training) -> None:
    """Write `training.json`."""
    text = json.dumps({"schema": SCHEMA, **asdict(training)}, indent=1, allow_nan=False)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def write_log(folder: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Write `log.csv`, one line for each `precompute.students.training.Line`."""
    with (folder / LOG).open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def read_training(folder: Path) -> Training:
    """Read the record of a training.

    Raises
    ------
    AtlasError
        If there is none, or it is of another version or damaged.
    """
    file = folder / FILE
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        schema = content.pop("schema")
        checkpoints = tuple(StudentCheckpoint(**c) for c in content.pop("checkpoints"))
        training = Training(**{**content, "command": tuple(content["command"])}, checkpoints=checkpoints)
    except OSError as error:
        raise AtlasError(
            f"{folder} holds no student's training ({error}); `python -m precompute.students` makes one"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise AtlasError(f"{file} is damaged ({error}): fetch it again or repeat the training") from None
    if schema != SCHEMA:
        raise AtlasError(f"{file} has schema {schema!r}, expected {SCHEMA}: it is of another version of Platonic Atlas")
    return training


def checked(folder: Path, checkpoint: StudentCheckpoint) -> Path:
    """Return a checkpoint's file.

    Raises
    ------
    AtlasError
        If it is missing, or its bytes are not those that the training wrote.
    """
    file = folder / checkpoint.file
    if not file.is_file():
        raise AtlasError(f"no checkpoint at {file}: fetch the folder again or repeat the training")
    found = sha256_of(file)
    if found != checkpoint.sha256:
        raise AtlasError(
            f"{file} is not the checkpoint that {FILE} names (SHA-256 {found[:12]}..., expected "
            f"{checkpoint.sha256[:12]}...): it is truncated or another file; fetch it again or repeat the training"
        )
    return file
