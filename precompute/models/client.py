"""A model in a process of its own, as the main process sees it; its death or silence becomes an error with names."""

from __future__ import annotations

import atexit
import contextlib
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast
from weakref import WeakSet

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError, Structure
from precompute.models.channel import ChannelClosed, receive, send
from precompute.models.environments import python_of
from precompute.models.errors import ModelError, OutOfMemory, Unembeddable, UntrustedFile, WorkerError
from precompute.models.spec import ModelSpec
from precompute.structures.portable import to_json

TIMEOUT_VARIABLE = "PLATONIC_ATLAS_WORKER_TIMEOUT"
_OPENING_SECONDS = 3600.0  # weights may be on their way
_BATCH_SECONDS = 600.0
_ATOM_SECONDS = 1.0
_ERRORS: dict[str, type[Exception]] = {
    "Unembeddable": Unembeddable,
    "OutOfMemory": OutOfMemory,
    "UntrustedFile": UntrustedFile,
    "ModelError": ModelError,
}
_START = "import sys; sys.path.append(sys.argv.pop(1)); from precompute.models.worker import main; main()"


class WorkerEngine:
    """A model in its environment's process."""

    def __init__(self, spec: ModelSpec, threads: int | None = None, trust: bool = False) -> None:
        seconds = _seconds(_OPENING_SECONDS)
        self._worker = _worker_for(spec.environment)
        self.spec = spec
        request = {
            "do": "open",
            "spec": spec.model_dump(mode="json"),
            "threads": threads,
            "trust": trust,
            "path": module_folders(),
        }
        try:
            answer, _ = self._worker.ask(request, seconds, f"{spec.key} was loading")
        except AtlasError:
            self.close()
            raise
        self.spec = ModelSpec.model_validate(answer["spec"])
        self.provenance: dict[str, Any] = answer["provenance"]
        self.can_predict: bool = answer["can_predict"]

    def embed(self, structures: Sequence[Structure]) -> list[NDArray[np.float32]]:
        """Return one (n_atoms, d) float32 array a structure, in order."""
        return self._ask("embed", "embedding", structures)[1]

    def predict(self, structures: Sequence[Structure]) -> list[tuple[float, NDArray[np.float32]]]:
        """Return energy (eV) and forces (n_atoms, 3) (eV/angstrom) of each structure, in order."""
        answer, forces = self._ask("predict", "predicting", structures)
        return list(zip(answer["energies"], forces, strict=True))

    def _ask(self, do: str, verb: str, structures: Sequence[Structure]) -> tuple[dict[str, Any], list[Any]]:
        atoms = sum(map(len, structures))
        doing = f"{self.spec.key} was {verb} {_names(structures)}"
        request = {"do": do, "structures": [to_json(_bare(s)) for s in structures]}
        return self._worker.ask(request, _seconds(_BATCH_SECONDS + _ATOM_SECONDS * atoms), doing)

    def close(self) -> None:
        """Keep the process for the next model of its environment: importing its packages takes longer than loading."""
        if not self._worker.alive():
            self._worker.stop()
            return
        try:
            self._worker.ask({"do": "close"}, _seconds(_BATCH_SECONDS), f"{self.spec.key} was closing")
        except AtlasError:
            return
        with _IDLE_LOCK:
            _IDLE.append(self._worker)


class _Worker:
    def __init__(self, environment: str, python: Path) -> None:
        self.environment = environment
        self.python = python
        root = Path(__file__).resolve().parents[2]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
        # -P: the current folder must not shadow packages
        self._process = subprocess.Popen(
            [str(python), "-P", "-c", _START, str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )
        self._requests = cast(BinaryIO, self._process.stdin)
        self._answers = cast(BinaryIO, self._process.stdout)
        self._inbox: queue.Queue[Any] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        _ALL.add(self)

    def alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, request: dict[str, Any], seconds: float, doing: str) -> tuple[dict[str, Any], list[Any]]:
        try:
            send(self._requests, request)
            answer = self._inbox.get(timeout=seconds)
        except queue.Empty:
            self.kill()
            text = f"{doing} and gave no answer for {seconds:g} s; its process was ended. "
            text += f"{TIMEOUT_VARIABLE} sets the seconds to wait{self._tail()}"
            self._release()
            raise WorkerError(text) from None
        except ChannelClosed:
            answer = None
        except BaseException:
            # Ctrl-C while waiting: the answer that is still to come must not be taken for the next one
            self.kill()
            self._release()
            raise
        if answer is None:
            text = f"{doing} when its process {self._end()}{self._tail()}"
            self._release()
            raise WorkerError(text)
        message, arrays = answer
        if "error" in message:
            raise _ERRORS[message["error"]](message["text"])
        return message, arrays

    def kill(self) -> None:
        """End the process at once."""
        with contextlib.suppress(OSError):
            self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Close the channel, on which the process ends by itself; kill it where it does not."""
        with contextlib.suppress(OSError):
            self._requests.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.kill()
        self._release()

    def _release(self) -> None:
        with contextlib.suppress(OSError):
            self._requests.close()
        self._errors.close()
        self._listener.join()

    def _listen(self) -> None:
        with self._answers:
            while True:
                try:
                    answer = receive(self._answers)
                except ChannelClosed:
                    self._inbox.put(None)
                    return
                self._inbox.put(answer)

    def _end(self) -> str:
        try:
            code = self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self.kill()
            return "closed its channel"
        if code == -9:
            return "was killed (signal 9), as the system does when memory runs out"
        return f"crashed (signal {-code})" if code < 0 else f"ended with status {code}"

    def _tail(self) -> str:
        if self._errors.closed:
            return ""
        self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, self._errors.tell() - 2000))
        lines = self._errors.read().decode(errors="replace").strip().splitlines()[-8:]
        return ". Last lines it printed:\n" + "\n".join(lines) if lines else ""


_ALL: WeakSet[_Worker] = WeakSet()
_IDLE: list[_Worker] = []
_IDLE_LOCK = threading.Lock()  # models may run side by side, each in a thread that waits for its process


def stop_idle_workers() -> None:
    """End the processes that wait for another model."""
    while _IDLE:
        _IDLE.pop().stop()


atexit.register(stop_idle_workers)


def kill_workers() -> None:
    """End all model processes at once, for an interruption: whoever waits for one gets a WorkerError."""
    for worker in list(_ALL):
        if worker.alive():
            worker.kill()


def _worker_for(environment: str) -> _Worker:
    python = python_of(environment)
    with _IDLE_LOCK:
        for worker in list(_IDLE):
            if not worker.alive():
                _IDLE.remove(worker)
                worker.stop()  # killed while it waited: its pipes are still open
            elif (worker.environment, worker.python) == (environment, python):
                _IDLE.remove(worker)
                return worker
    return _Worker(environment, python)


def _seconds(default: float) -> float:
    text = os.environ.get(TIMEOUT_VARIABLE)
    if not text:
        return default
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise AtlasError(f"{TIMEOUT_VARIABLE} is {text!r}, expected a number of seconds above 0")
    return seconds


def module_folders() -> list[str]:
    """Return the folders of modules that another environment's process cannot know: those that hold no packages."""
    return [p for p in sys.path if p and Path(p).is_dir() and not _is_packages(p)]


def _is_packages(folder: str) -> bool:
    return Path(folder).name in ("site-packages", "dist-packages", "lib-dynload") or folder.startswith(sys.base_prefix)


def _names(structures: Sequence[Structure]) -> str:
    ids = [s.id for s in structures[:8]]
    more = f" and {len(structures) - 8} more" if len(structures) > 8 else ""
    return ", ".join(ids) + more


def _bare(structure: Structure) -> Structure:
    """Return `structure` without atom properties, which no model reads; the properties may hold charge and spin."""
    if not structure.atom_properties:
        return structure
    return Structure(
        id=structure.id,
        source=structure.source,
        numbers=structure.numbers,
        positions=structure.positions,
        cell=structure.cell,
        pbc=structure.pbc,
        properties=structure.properties,
    )
