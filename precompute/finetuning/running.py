"""Runs fine-tuning: prepares the folder, starts the family's training in its environment, goes on where one was cut."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Any

from precompute.contracts import AtlasError
from precompute.finetuning import preparing, records
from precompute.finetuning.data import load
from precompute.finetuning.preparing import Question
from precompute.finetuning.records import RunRecord
from precompute.models import environments
from precompute.models.client import module_folders
from precompute.models.engine import DEVICE_VARIABLE
from precompute.models.registry import registry
from precompute.models.session import open_model
from precompute.models.spec import ModelSpec
from precompute.models.trust import sha256_of
from precompute.progress import Display

_START = "import sys; sys.path.append(sys.argv.pop(1)); from precompute.finetuning.child import main; main()"


def finetune(question: Question, display: Display) -> RunRecord:
    """Do a run, or what an interrupted one left to do; return its record.

    Raises
    ------
    AtlasError
        For what cannot be trained, a folder that holds a run of other settings, a loss that diverged (the record in the
        folder says so too), or a process that crashed.
    """
    from filelock import FileLock, Timeout

    spec = preparing.resolved(question)
    data = load(question.data, spec.family)
    folder = question.out
    place = folder.resolve()  # a folder named "." has no name
    lock = FileLock(place.with_name(f".{place.name}.lock"), timeout=0)
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with lock:
            return _finetune(question, spec, data, display)
    except Timeout:
        raise AtlasError(f"{folder}: another process is fine-tuning into this folder; wait for it or end it") from None


def _finetune(question: Question, spec: ModelSpec, data: Any, display: Display) -> RunRecord:
    folder = question.out
    if not environments.is_ready(spec.environment):
        display.say(f"The environment {spec.environment!r} is needed and will be made now (once; about a minute).")
        environments.create(spec.environment, on_message=display.say)
    trusted = spec.path is not None and Path(spec.path).resolve() in {p.resolve() for p in question.trust}
    if records.is_run(folder):
        record = records.read_run(folder)
        others = preparing.differing(question, spec, data, record)
        if spec.path is not None and record.base_sha256 and sha256_of(Path(spec.path)) != record.base_sha256:
            others.append(f"it began from another file than {spec.path} is now (SHA-256 differs)")
        if others:
            raise AtlasError(
                f"{folder} holds another run: {'; '.join(others)}. Give the same command, or another folder"
            )
        if record.state == "finished":
            display.say(f"{folder}: this run is finished; {len(record.checkpoints)} checkpoints")
            return record
        if record.state == "diverged":
            raise AtlasError(f"{folder}: this run diverged: {record.message}")
        last = record.checkpoints[-1].updates if record.checkpoints else 0
        display.say(f"{folder}: going on with an interrupted run, from update {last}")
    else:
        with open_model(spec, threads=question.threads, trust=trusted, on_message=display.say) as session:
            record = preparing.prepare(question, spec, data, session)
    updates = int(record.settings["updates"])
    with display.stage(f"{spec.key}, {question.strategy}, seed {question.seed}", updates, "updates") as advance:
        ended = _train(question, spec, trusted, display, advance)
    record = records.read_run(folder)
    if ended["end"] == "diverged":
        raise AtlasError(f"{folder}: the run diverged and was stopped: {record.message}")
    if ended["end"] == "error":
        raise AtlasError(str(ended["text"]))
    return record


def request_of(question: Question, spec: ModelSpec, trusted: bool) -> dict[str, Any]:
    """Return what the training process is told beside the run's folder."""
    return {
        "spec": spec.model_dump(mode="json"),
        "trainer": registry().families[spec.family].trainer,
        "threads": question.threads,
        "device": os.environ.get(DEVICE_VARIABLE, "cpu"),
        "trust": trusted,
        "path": module_folders(),
    }


def _train(question: Question, spec: ModelSpec, trusted: bool, display: Display, advance: Any) -> dict[str, Any]:
    root = Path(__file__).resolve().parents[2]
    request = request_of(question, spec, trusted)
    # read by torch and its libraries when they are imported
    environment = {**os.environ, **dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS"), str(question.threads))}
    python = environments.python_of(spec.environment)
    with tempfile.TemporaryFile() as printed:
        # -P: the current folder must not shadow packages
        process = subprocess.Popen(
            [str(python), "-P", "-c", _START, str(root), str(question.out.resolve())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=printed, env=environment, text=True,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with process.stdin, process.stdout:
                process.stdin.write(json.dumps(request) + "\n")
                process.stdin.flush()
                ended = _follow(process.stdout, display, advance)
            code = process.wait()
        except BrokenPipeError:
            ended, code = None, process.wait()
        except BaseException:
            process.kill()
            process.wait()
            raise
        if ended is None:
            raise AtlasError(f"{spec.key}: its training {_end(code)}{_tail(printed)}")
    return ended


def _follow(messages: IO[str], display: Display, advance: Any) -> dict[str, Any] | None:
    seen = None
    for line in messages:
        message: dict[str, Any] = json.loads(line)
        if "end" in message:
            return message
        if seen is None:
            seen = 0 if message["updates"] <= 1 else message["updates"] - 1
        advance(message["updates"] - seen)
        seen = message["updates"]
        if "checkpoint" in message:
            errors = f"{message['energy_mae'] * 1000:.1f} meV/atom, {message['force_mae'] * 1000:.0f} meV/A"
            display.say(f"update {seen}: {errors} on the data")
    return None


def _end(code: int) -> str:
    if code == -9:
        return "was killed (signal 9), as the system does when memory runs out; the same command goes on from there"
    return f"crashed (signal {-code})" if code < 0 else f"ended with status {code}"


def _tail(printed: IO[bytes]) -> str:
    printed.seek(0, os.SEEK_END)
    printed.seek(max(0, printed.tell() - 2000))
    lines = printed.read().decode(errors="replace").strip().splitlines()[-8:]
    return ". Last lines it printed:\n" + "\n".join(lines) if lines else ""
