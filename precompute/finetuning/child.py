"""The process that trains: reads a run's folder, calls the family's `train`, keeps `run.json` and `log.csv`.

Started by `precompute.finetuning.running`. One JSON line on standard input says what the folder does not: the base's
specification, cores, trust, and where modules are. Standard output carries one JSON line a message; whatever packages
print goes to standard error.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from precompute.finetuning.records import Errors
    from precompute.finetuning.trainers import Job

SAY_EVERY_S = 0.2
# a process of an interrupted run ends at once when its input does
LOCK_S = 10.0


def main() -> None:
    """Train what the folder in the arguments describes."""
    messages = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # prints of packages, also those of compiled code, must not mix with the messages
    os.dup2(2, 1)
    # Ctrl-C reaches the whole group; the main process decides, and ends this one
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    request = json.loads(sys.stdin.readline())
    # where the main process is gone, nobody waits for this one, and its folder must be free for the next
    threading.Thread(target=_end_with_input, daemon=True).start()
    sys.path.extend(p for p in request["path"] if p not in sys.path)

    def say(message: dict[str, Any]) -> None:
        messages.write(json.dumps(message) + "\n")
        messages.flush()

    say(train(Path(sys.argv[1]), request, say))


def train(folder: Path, request: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    """Train what a folder describes, telling `say` of updates and checkpoints; return how it ended."""
    from filelock import FileLock, Timeout

    from precompute.contracts import AtlasError
    from precompute.finetuning.trainers import Diverged

    (folder / "state").mkdir(exist_ok=True)
    try:
        with FileLock(folder / "state" / "lock", timeout=LOCK_S):
            _train(folder, request, say)
    except Diverged as error:
        return {"end": "diverged", "text": str(error)}
    except Timeout:
        return {"end": "error", "text": f"{folder}: another process is fine-tuning into this folder"}
    except AtlasError as error:
        return {"end": "error", "text": str(error)}
    return {"end": "finished"}


def _train(folder: Path, request: dict[str, Any], say: Callable[[dict[str, Any]], None]) -> None:
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
    (folder / "checkpoints").mkdir(exist_ok=True)
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
            say({"updates": row.updates, "loss": row.loss})

    def on_checkpoint(update: int, file: Path, errors: records.Errors) -> None:
        nonlocal record
        log.flush()
        held_out = _errors_held_out(job, file)
        numbers = [x for e in (errors, held_out) if e is not None for x in (e.energy_mae, e.force_mae)]
        if not all(map(math.isfinite, numbers)):
            # the last step may spoil the weights after its loss was seen; such a file is no checkpoint
            file.unlink()
            raise Diverged(
                f"after update {update} energies or forces of the data are not finite; start again in another folder "
                f"with --learning-rate below {job.settings.learning_rate:g}"
            )
        checkpoint = records.RunCheckpoint(
            file=file.relative_to(folder).as_posix(),
            updates=update,
            epoch=round(update / per_epoch, 4),
            sha256=sha256_of(file),
            energy_mae=errors.energy_mae,
            force_mae=errors.force_mae,
            held_out=held_out,
        )
        record = record.with_checkpoint(checkpoint)
        records.write(record, folder)
        message = {"updates": update, "energy_mae": errors.energy_mae, "force_mae": errors.force_mae}
        say({"checkpoint": checkpoint.file, **message})

    try:
        importlib.import_module(request["trainer"]).train(job, on_checkpoint, on_log)
    except Diverged as error:
        records.write(replace(record, state="diverged", message=str(error)), folder)
        raise
    finally:
        log.close()
    records.write(replace(record, state="finished"), folder)


def _errors_held_out(job: Job, file: Path) -> Errors | None:
    """Return a checkpoint's errors on the data that it is not trained on, as whoever opens the file would find them."""
    from precompute.finetuning.labelled import read
    from precompute.finetuning.trainers import errors_on
    from precompute.models.engine import LocalEngine
    from precompute.models.local import local_spec

    if not (job.folder / "held_out.extxyz").is_file():
        return None
    data = read(job.folder / "held_out.extxyz")
    # a file of our own making
    engine = LocalEngine(local_spec(job.spec, file, f"{job.spec.family}-checkpoint"), trust=True)
    try:
        return errors_on(data, [engine.predict([item.structure])[0] for item in data])
    finally:
        engine.close()


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    main()
