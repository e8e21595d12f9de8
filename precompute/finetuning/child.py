"""The process that trains: reads a run's folder, calls the family's `train`, keeps `run.json` and `log.csv`.

Started by `precompute.finetuning.running`. One JSON line on standard input says what the folder does not: the base's
specification, cores, trust, and where modules are. Standard output carries one JSON line a message; whatever packages
print goes to standard error.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any, TextIO

SAY_EVERY_S = 0.2


def main() -> None:
    """Train what the folder in the arguments describes."""
    messages = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # prints of packages, also those of compiled code, must not mix with the messages
    os.dup2(2, 1)
    # Ctrl-C reaches the whole group; the main process decides, and ends this one
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    request = json.loads(sys.stdin.readline())
    sys.path.extend(p for p in request["path"] if p not in sys.path)

    from precompute.contracts import AtlasError
    from precompute.finetuning.trainers import Diverged

    folder = Path(sys.argv[1])
    try:
        _train(folder, request, messages)
        message = {"end": "finished"}
    except Diverged as error:
        message = {"end": "diverged", "text": str(error)}
    except AtlasError as error:
        message = {"end": "error", "text": str(error)}
    _say(messages, message)


def _train(folder: Path, request: dict[str, Any], messages: TextIO) -> None:
    from dataclasses import replace

    from precompute.finetuning import records
    from precompute.finetuning.labelled import read
    from precompute.finetuning.log import LogWriter, read_log
    from precompute.finetuning.trainers import Diverged, Job, LogRow, Settings
    from precompute.finetuning.watch import LossWatch
    from precompute.models.spec import ModelSpec
    from precompute.models.trust import sha256_of

    record = records.read_run(folder)
    replayed = folder / "replay.extxyz"
    settings = {k: v for k, v in record.settings.items() if k in Settings.__dataclass_fields__}
    job = Job(
        spec=ModelSpec.model_validate(request["spec"]),
        strategy=record.strategy,
        seed=record.seed,
        folder=folder,
        data=tuple(read(folder / "data.extxyz")),
        replay=tuple(read(replayed)) if replayed.is_file() else (),
        settings=Settings(**settings),
        threads=request["threads"],
        device=request["device"],
        trust=request["trust"],
    )
    for part in ("checkpoints", "state"):
        (folder / part).mkdir(exist_ok=True)
    per_epoch = job.updates / job.settings.epochs
    log, watch = LogWriter(folder, per_epoch), LossWatch(job.settings.learning_rate)
    earlier = read_log(folder)
    said = 0.0

    def on_log(row: LogRow) -> None:
        nonlocal said
        while earlier:  # a run that goes on watches its loss from where it was
            if earlier[0].updates < row.updates:
                watch.see(earlier.pop(0))
            else:
                earlier.clear()
        log.write(row)
        watch.see(row)
        if time.monotonic() - said > SAY_EVERY_S:
            said = time.monotonic()
            _say(messages, {"updates": row.updates, "loss": row.loss})

    def on_checkpoint(update: int, file: Path, errors: records.Errors) -> None:
        nonlocal record
        log.flush()
        checkpoint = records.RunCheckpoint(
            file=file.relative_to(folder).as_posix(),
            updates=update,
            epoch=round(update / per_epoch, 4),
            sha256=sha256_of(file),
            energy_mae=errors.energy_mae,
            force_mae=errors.force_mae,
        )
        record = record.with_checkpoint(checkpoint)
        records.write(record, folder)
        message = {"updates": update, "energy_mae": errors.energy_mae, "force_mae": errors.force_mae}
        _say(messages, {"checkpoint": checkpoint.file, **message})

    try:
        request_module(request["trainer"]).train(job, on_checkpoint, on_log)
    except Diverged as error:
        records.write(replace(record, state="diverged", message=str(error)), folder)
        raise
    finally:
        log.close()
    records.write(replace(record, state="finished"), folder)


def request_module(name: str) -> Any:
    """Return the family's training module, imported where its backend is."""
    import importlib

    return importlib.import_module(name)


def _say(messages: TextIO, message: dict[str, Any]) -> None:
    messages.write(json.dumps(message) + "\n")
    messages.flush()


if __name__ == "__main__":
    main()
