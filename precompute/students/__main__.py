"""Train a student: ``python -m precompute.students --model mace --out DIR``.

Labels of the teacher are made first and kept in DIR/labels.npz; give ``--labels`` to share them between students. A
GPU is used if there is one; on one core either student takes less than an hour. The same seed gives the same student on
the same machine with the same versions.
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from precompute.contracts import AtlasError, Structure
from precompute.models.plain import write_plain
from precompute.models.torch_state import kept_torch_state, limited_threads, quiet_packages
from precompute.models.trust import sha256_of
from precompute.students.data import (
    COPIES,
    TEACHER,
    Labelled,
    copies,
    divided,
    read_labels,
    reference_energies,
    write_labels,
)
from precompute.students.learners import LEARNERS, Learner
from precompute.students.records import StudentCheckpoint, Training, write_log, write_training
from precompute.students.training import Line, Schedule, train

_PACKAGES = {"mace": ("mace-torch", "e3nn"), "orb": ("orb-models",)}


def main(argv: Sequence[str] | None = None) -> int:
    """Train one student and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m precompute.students", description="Train a student from scratch.")
    parser.add_argument("--model", choices=sorted(LEARNERS), required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints, log and record")
    parser.add_argument("--labels", type=Path, help="labels to read, or to write where there are none")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--updates", type=int, default=Schedule.updates)
    parser.add_argument(
        "--threads", type=int, default=1, help="cores for torch; sums in another order differ in rounding"
    )
    asked = parser.parse_args(argv)
    try:
        made = copies(_catalogue(), asked.seed)
        labels = asked.labels or asked.out / "labels.npz"
        asked.out.mkdir(parents=True, exist_ok=True)
        if not labels.is_file():
            label(made, labels)
        schedule = Schedule(updates=asked.updates)
        teach(asked.model, read_labels(labels, made), asked.out, schedule, asked.seed, asked.threads)
    except AtlasError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def _catalogue() -> list[Structure]:
    from precompute.structures.catalogue.load import load

    return load()


def label(made: Sequence[tuple[int, Structure]], file: Path) -> None:
    """Ask the teacher for energies and forces, and keep them."""
    from precompute.models.registry import registry
    from precompute.models.session import open_model

    print(f"labelling {len(made)} structures with {TEACHER}", flush=True)
    with open_model(registry().resolve(TEACHER)) as session:
        answers = session.predict([s for _, s in made])
    kept = [
        (np.nan, np.full((len(s), 3), np.nan)) if a.forces is None else (a.energy, a.forces)
        for (_, s), a in zip(made, answers, strict=True)
    ]
    write_labels(file, made, kept)


def teach(
    family: str, labelled: Sequence[Labelled], out: Path, schedule: Schedule, seed: int, threads: int = 1
) -> Training:
    """Train a student on labelled structures, and write its checkpoints, log and record into `out`."""
    import torch

    learnt, held_out = divided(labelled, seed)
    references = reference_energies(learnt)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    folder = out / "checkpoints"
    folder.mkdir(parents=True, exist_ok=True)
    lines: list[Line] = []
    checkpoints: list[StudentCheckpoint] = []

    with quiet_packages(), kept_torch_state(), limited_threads(threads):
        torch.manual_seed(seed)
        learner: Learner = LEARNERS[family](_statistics(learnt, references), references, device)

        def on_line(line: Line) -> None:
            lines.append(line)
            write_log(out, [asdict(x) for x in lines])
            print(
                f"{line.updates:6d} updates  loss {line.loss:.4f}  held out: {line.energy_mae:.4f} eV/atom, "
                f"{line.force_mae:.4f} eV/A",
                file=sys.stderr,
                flush=True,
            )

        def on_checkpoint(line: Line) -> None:
            file = folder / f"{line.updates:06d}.pt"
            write_plain(file, family, learner.architecture, learner.module)
            name = file.relative_to(out).as_posix()
            checkpoints.append(StudentCheckpoint(name, line.updates, sha256_of(file), line.energy_mae, line.force_mae))

        began = time.monotonic()
        # TorchScript's optimiser rounds otherwise from its second call on, so a second training would differ
        with torch.jit.optimized_execution(False):
            train(learner, learnt, held_out, schedule, seed, on_line, on_checkpoint)
        minutes = (time.monotonic() - began) / 60
    training = Training(
        student=f"{family}-student",
        family=family,
        teacher=TEACHER,
        seed=seed,
        data=_described(learnt, held_out),
        settings={**asdict(schedule), "learning_rate": learner.learning_rate, "optimiser": "Adam", "threads": threads},
        architecture=learner.architecture,
        command=("python", "-m", "precompute.students", "--model", family, "--seed", str(seed))
        + (("--updates", str(schedule.updates)) if schedule.updates != Schedule.updates else ()),
        software={n: metadata.version(n) for n in ("torch", "numpy", *_PACKAGES[family])},
        device=device if device == "cuda" else platform.machine(),
        minutes=round(minutes, 1),
        checkpoints=tuple(checkpoints),
    )
    write_training(out, training)
    return training


def _statistics(learnt: Sequence[Labelled], references: dict[int, float]) -> dict[str, float]:
    """Return scales of the targets: spread of energy, eV/atom, and of force components, eV/A; neighbours within 5 A."""
    from precompute.structures.periodic import pairs_within

    left = [(x.energy - sum(references[z] for z in x.structure.numbers.tolist())) / len(x.structure) for x in learnt]
    forces = np.concatenate([x.forces for x in learnt])
    sample = learnt[:: max(len(learnt) // 200, 1)]
    pairs = sum(len(pairs_within(x.structure, 5.0).first) for x in sample)
    return {
        "energy": float(np.std(left)),
        "force": float(np.sqrt(np.mean(forces**2))),
        "neighbours": pairs / sum(len(x.structure) for x in sample),
    }


def _described(learnt: Sequence[Labelled], held_out: Sequence[Labelled]) -> dict[str, Any]:
    def of(labelled: Sequence[Labelled]) -> dict[str, int]:
        return {
            "crystals": len({x.crystal for x in labelled}),
            "structures": len(labelled),
            "atoms": sum(len(x.structure) for x in labelled),
        }

    return {
        "text": f"crystals of the bundled catalogue and {COPIES} rattled and strained copies of each",
        "labels": f"energies and forces of {TEACHER}",
        "learnt": of(learnt),
        "held_out": of(held_out),
    }


if __name__ == "__main__":
    sys.exit(main())
