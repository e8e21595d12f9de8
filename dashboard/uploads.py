"""Crystals that visitors send: placed by a process of its own, kept in a private folder for an hour at most.

All state is in files, so that several server processes share it: a folder a job, named by a token that nobody can
guess and that is all one needs to ask after the job or to end it. Whether a job runs is whether its lock is held; the
system lets go of it when the process ends, however it does.

Dash's own background callbacks are not used: their manager forks the server, with its threads and everything that it
has read, and runs the work inside of the copy, where this needs a fresh interpreter; ending a job would leave the
model's own processes; nothing limits how many run; and the file would come inside a callback's JSON, of any size.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib.util
import json
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from dashboard.labels import clean
from dashboard.private import cache_home, locked, read_record, write_record
from precompute.contracts import AtlasError

MAX_BYTES = 2_000_000
MAX_SECONDS = 1_800
KEPT_SECONDS = 3_600
UNSEEN_SECONDS = 300
"""An unfinished job that nobody has asked after for so long ends: its page is gone. Pages in the background ask
once a minute."""
RUNNING = 1
WAITING = 4
LINES_READ = 400
NEEDED = ("torch", "ase", "spglib")
TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")
_ENDINGS = {".cif": "crystal.cif", ".extxyz": "crystal.extxyz", ".xyz": "crystal.extxyz", ".vasp": "POSCAR",
            ".poscar": "POSCAR"}  # fmt: skip
_START = "import sys; sys.path.append(sys.argv.pop(1)); from precompute.placing import main; sys.exit(main())"


class UploadRefused(AtlasError):
    """A file that is not taken, or not now; `status` is HTTP's word for why."""

    def __init__(self, reason: str, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status


def missing() -> str:
    """Why crystals cannot be placed on this machine; empty where they can."""
    if sys.platform == "win32":
        return "Placing a crystal needs a server on Linux or macOS"
    absent = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    return f"The server lacks what placing a crystal needs: {', '.join(absent)}" if absent else ""


def stored_name(name: str, content: bytes) -> str:
    """The name under which a sent file is read.

    Raises
    ------
    UploadRefused
        For an empty or binary file, one that is too large, or a kind that is not taken.
    """
    if not content:
        raise UploadRefused("The file is empty")
    if len(content) > MAX_BYTES:
        raise UploadRefused(f"The file is larger than {MAX_BYTES / 1e6:g} MB", 413)
    if b"\0" in content:
        raise UploadRefused("The file is not text; send a CIF, POSCAR or extxyz file")
    base = Path(name.replace("\\", "/")).name
    if re.match(r"(POSCAR|CONTCAR)", base, re.IGNORECASE):
        return "POSCAR"
    known = _ENDINGS.get(Path(base).suffix.lower())
    if known is None:
        raise UploadRefused(
            f"{clean(base, 60) or 'The file'} is of no kind that is taken; send a CIF (.cif), POSCAR (or .vasp) or "
            "extxyz (.extxyz) file",
            415,
        )
    return known


class Uploads:
    """The jobs of one server.

    Parameters
    ----------
    folder : Path, optional
        Where they live; the user's cache folder where not given.
    command : sequence of str, optional
        What places a crystal, before its arguments; for tests.
    clock : callable
        Seconds since 1970.
    """

    def __init__(
        self, folder: Path | None = None, command: Sequence[str] | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self.folder = folder or cache_home() / "uploads"
        self.clock = clock
        root = str(Path(__file__).resolve().parents[1])
        self._command = [sys.executable, "-P", "-c", _START, root] if command is None else list(command)
        self._own: dict[str, subprocess.Popen[bytes]] = {}
        atexit.register(self.close)

    # ---- what visitors do

    def add(self, atlas: str, atlas_path: Path, name: str, content: bytes, models: Sequence[str]) -> str:
        """Take a file in and return its token; its work begins as soon as there is room.

        Raises
        ------
        UploadRefused
        """
        stored = stored_name(name, content)
        with self._locked():
            self._sweep()
            if len(self._unfinished()) >= RUNNING + WAITING:
                raise UploadRefused("Other crystals are being placed just now; try again in a few minutes", 429)
            token = secrets.token_urlsafe(24)
            job = self.folder / token
            job.mkdir(mode=0o700)
            (job / stored).write_bytes(content)
            record = {
                "atlas": atlas, "path": str(atlas_path.resolve()), "file": stored, "name": clean(name, 80),
                "models": list(models), "created": self.clock(),
            }  # fmt: skip
            write_record(job / "job.json", record)
            self._advance()
        return token

    def state(self, token: str, atlas: str) -> dict[str, Any]:
        """How a job stands.

        Returns
        -------
        dict
            ``state`` (``waiting``, ``running``, ``done``, ``failed``), ``name``, ``models`` (key to its last step),
            ``ahead`` (jobs before it), ``reason`` where it failed, ``result`` as far as there is one.

        Raises
        ------
        KeyError
            Where there is no such job of that atlas.
        """
        with self._locked():
            self._sweep()
            self._advance()
            job, record = self._job(token, atlas)
            write_record(job / "seen.json", {"at": self.clock()})
            waiting = [t for t in self._unfinished() if not (self.folder / t / "started").exists()]
            running = self._runs(token)
            started = (job / "started").exists()
        steps = _lines(job / "progress.jsonl")
        models: dict[str, dict[str, Any]] = {key: {"state": "waiting"} for key in record["models"]}
        for step in steps:
            if step.get("model") in models:
                models[step["model"]] = {k: v for k, v in step.items() if k != "model"}
        last = steps[-1] if steps else {}
        state = "waiting" if not started else "running" if running else "done"
        reason = ""
        if started and not running and last.get("state") != "finished":
            state, reason = (
                "failed",
                clean(last.get("reason") or "The process that placed it ended before its time", 400),
            )
        return {
            "state": state, "name": record["name"], "models": models, "reason": reason,
            "ahead": waiting.index(token) + 1 if token in waiting else 0, "result": read_record(job / "result.json"),
        }  # fmt: skip

    def delete(self, token: str, atlas: str) -> None:
        """End a job and delete all that is kept of it.

        Raises
        ------
        KeyError
            Where there is no such job of that atlas.
        """
        with self._locked():
            self._job(token, atlas)
            self._remove(token)
            self._advance()

    def close(self) -> None:
        """End the jobs that this process has started."""
        for token, process in list(self._own.items()):
            if process.poll() is None and self._runs(token):
                self._kill(token)
            process.wait()
        self._own.clear()

    # ---- under the lock

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            with locked(self.folder):
                yield
        except PermissionError as error:
            raise UploadRefused(str(error), 500) from error

    def _job(self, token: str, atlas: str) -> tuple[Path, dict[str, Any]]:
        record = read_record(self.folder / token / "job.json") if TOKEN.fullmatch(token) else None
        if record is None or record["atlas"] != atlas:
            raise KeyError(token)
        return self.folder / token, record

    def _tokens(self) -> list[str]:
        """Jobs, the oldest first."""
        found = [
            (r["created"], p.name) for p in self.folder.iterdir() if (r := read_record(p / "job.json")) is not None
        ]
        return [token for _, token in sorted(found)]

    def _unfinished(self) -> list[str]:
        return [t for t in self._tokens() if self._runs(t) or not (self.folder / t / "started").exists()]

    def _advance(self) -> None:
        """Begin waiting jobs while there is room."""
        for token in [t for t, p in self._own.items() if p.poll() is not None]:
            del self._own[token]
        tokens = self._tokens()
        room = RUNNING - sum(self._runs(t) for t in tokens)
        for token in [t for t in tokens if not (self.folder / t / "started").exists()][: max(room, 0)]:
            self._begin(token)

    def _begin(self, token: str) -> None:
        import fcntl

        job = self.folder / token
        record = read_record(job / "job.json") or {}
        name, models = Path(record["name"]).stem or "crystal", ",".join(record["models"])
        arguments = [record["path"], str(job / record["file"]), "--out", str(job), f"--models={models}",
                     f"--name={name}", "--limit", str(MAX_SECONDS), "--nice", "10"]  # fmt: skip
        with (job / "alive").open("w") as alive, (job / "progress.jsonl").open("wb") as out:
            fcntl.flock(alive, fcntl.LOCK_EX)
            with (job / "errors.txt").open("wb") as errors:
                process = subprocess.Popen(
                    [*self._command, *arguments], stdin=subprocess.DEVNULL, stdout=out, stderr=errors,
                    start_new_session=True, pass_fds=[alive.fileno()], cwd=job,
                )  # fmt: skip
        (job / "started").write_text(str(process.pid))
        self._own[token] = process

    def _runs(self, token: str) -> bool:
        """Whether a job's process, or one that it started, holds its lock."""
        import fcntl

        try:
            with (self.folder / token / "alive").open() as alive:
                fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def _kill(self, token: str) -> None:
        """End a job's whole process group; call only while its lock is held, for then the number is its own."""
        with contextlib.suppress(ProcessLookupError, ValueError, FileNotFoundError):
            os.killpg(int((self.folder / token / "started").read_text()), signal.SIGKILL)

    def _remove(self, token: str) -> None:
        if self._runs(token):
            self._kill(token)
        own = self._own.pop(token, None)
        if own is not None:
            own.wait()
        shutil.rmtree(self.folder / token, ignore_errors=True)

    def _sweep(self) -> None:
        """Delete what is older than an hour, what nobody waits for any more, and folders that are no job."""
        now = self.clock()
        for entry in self.folder.iterdir():
            if not entry.is_dir():
                continue
            record = read_record(entry / "job.json")
            if record is None or not 0 <= now - record["created"] <= KEPT_SECONDS:
                self._remove(entry.name)
                continue
            seen = (read_record(entry / "seen.json") or {}).get("at", record["created"])
            finished = (entry / "started").exists() and not self._runs(entry.name)
            if not finished and now - seen > UNSEEN_SECONDS:
                self._remove(entry.name)


def _lines(path: Path) -> list[dict[str, Any]]:
    """The steps that a job has told; a half-written last line is left for later."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-LINES_READ:]
    except OSError:
        return []
    steps = []
    for line in lines:
        with contextlib.suppress(ValueError):
            step = json.loads(line)
            if isinstance(step, dict):
                steps.append(step)
    return steps
