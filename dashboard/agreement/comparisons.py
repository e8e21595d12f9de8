"""Comparisons of selections: one at a time whatever number of server processes there are, and kept for an hour.

All state is in files of the user's private cache folder, so that any process can say how far a comparison is: a folder
a comparison, named by what is compared. Whoever computes holds the lock ``turn``; the system lets go of it when the
process ends, however it does, and the next question begins the comparison anew.
"""

from __future__ import annotations

import hashlib
import logging
import math
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from dashboard.agreement.picked import METRICS_IN_ORDER, Compare, Sample, TooFew, compared, sample
from dashboard.data import AtlasData
from dashboard.private import cache_home, locked, read_record, write_record

FORGOTTEN_AFTER = 10.0
"""Seconds without a question after which a page waits no more."""
KEPT, KEPT_SECONDS, MOST_WAITING = 24, 3_600, 8
MOST_PAGES = 200
ASKED_AGAIN = "asked-again"
FAILED = "The comparison failed on the server, which has noted why."
TOO_MANY = "Too many comparisons are waiting; try again in a minute."

log = logging.getLogger(__name__)


class Left(Exception):
    """No page waits for the comparison any more."""


class Comparisons:
    """The comparisons of one server, in one or several processes.

    Parameters
    ----------
    compare : callable, optional
        By default `precompute.agreement.pairs.compare`.
    folder : Path, optional
        Where they are kept; the user's cache folder where not given.
    clock : callable
        Seconds since 1970.
    """

    def __init__(
        self, compare: Compare | None = None, folder: Path | None = None, clock: Callable[[], float] = time.time
    ) -> None:
        self._compare = compare
        self.folder = folder or cache_home() / "comparisons"
        self.clock = clock

    def ask(
        self, data: AtlasData, mask: NDArray[np.bool_], select: str = "", page: str = "", seen: bool = False
    ) -> dict[str, Any]:
        """How far the comparison over a selection is; it is begun where it is new.

        A page waits for one comparison: what it asked for before is left.

        Parameters
        ----------
        data : AtlasData
        mask : (N,) bool
        select : str
            The selection in words.
        page : str
            Who asks.
        seen : bool
            Whether who asks has the first scores already.

        Returns
        -------
        dict
            ``state`` is ``working`` (with ``done`` of ``of`` metrics, ``now`` the one at work, ``waiting`` comparisons
            before it, ``run`` the first scores), ``done`` (with ``run``), or ``refused`` (with ``error``).
        """
        job = self.folder / _name(data, mask, select)
        with locked(self.folder):
            self._sweep(page, job)
            ended = self._ended(job, page)
            if ended is not None:
                return ended
            if read_record(job / "job.json") is None:
                try:
                    sample(data, mask)
                except TooFew as error:
                    return {"state": "refused", "error": str(error)}
                if len(self._unfinished()) >= MOST_WAITING and not self._make_room():
                    return {"state": "refused", "error": TOO_MANY}
                job.mkdir(mode=0o700, exist_ok=True)
                write_record(job / "job.json", {"created": self.clock()})
            self._wait(job, page)
            before = self._unfinished()[: self._unfinished().index(job)]
            if not before:
                self._begin(data, mask, select, job)
            told = {"state": "working", "done": 0, "of": len(METRICS_IN_ORDER), "now": "", "waiting": len(before)}
            told |= read_record(job / "progress.json") or {}
            first = None if seen else read_record(job / "first.json")
            return told if first is None else told | {"run": first}

    def leave(self, data: AtlasData, mask: NDArray[np.bool_], select: str = "", page: str = "") -> None:
        """Say that a page waits for it no more; others may."""
        job = self.folder / _name(data, mask, select)
        with locked(self.folder):
            if job.exists():
                self._wait(job, page, leaves=True)

    # ---- under the lock

    def _begin(self, data: AtlasData, mask: NDArray[np.bool_], select: str, job: Path) -> None:
        # given to another thread, which lets go of it
        turn = FileLock(self.folder / "turn", thread_local=False)
        try:
            turn.acquire(blocking=False)
        except Timeout:  # it is being computed, here or by another process
            return
        try:
            for name in ("progress.json", "first.json"):
                (job / name).unlink(missing_ok=True)
            work = (data, sample(data, mask), select, job, turn)
            threading.Thread(target=self._work, args=work, daemon=True, name="agreement of a selection").start()
        except BaseException:
            turn.release()
            raise

    def _ended(self, job: Path, page: str) -> dict[str, Any] | None:
        """What it gave; a failure is told to each page that waited for it, and forgotten then."""
        result = read_record(job / "result.json")
        if result is None or not result.get("failed"):
            return result
        told = page in self._pages(job)
        self._wait(job, page, leaves=True)
        if not told or not self._pages(job):
            shutil.rmtree(job, ignore_errors=True)
        return {"state": "refused", "error": FAILED} if told else None

    def _make_room(self) -> bool:
        """Give up the oldest comparison that waits its turn and that no page has asked for a second time.

        Whoever invents pages takes places no longer than it goes on asking for each of them; a page that loses its
        place gets another when it asks again.
        """
        for job in self._unfinished()[1:]:
            if not (job / ASKED_AGAIN).exists():
                shutil.rmtree(job, ignore_errors=True)
                return True
        return False

    def _wait(self, job: Path, page: str, leaves: bool = False) -> None:
        pages = self._pages(job)
        known = pages.pop(page, None) is not None
        if not leaves:
            if known:
                (job / ASKED_AGAIN).touch()
            pages[page] = self.clock()
        write_record(job / "pages.json", dict(list(pages.items())[-MOST_PAGES:]))

    def _pages(self, job: Path) -> dict[str, float]:
        """Pages that wait for it, and when each asked last."""
        found = read_record(job / "pages.json") or {}
        return {page: at for page, at in found.items() if self.clock() - at <= FORGOTTEN_AFTER}

    def _jobs(self) -> list[Path]:
        """All of them, the oldest first."""
        made = [
            (r["created"], job) for job in self.folder.iterdir() if (r := read_record(job / "job.json")) is not None
        ]
        return [job for _, job in sorted(made)]

    def _unfinished(self) -> list[Path]:
        return [job for job in self._jobs() if not (job / "result.json").exists()]

    def _sweep(self, page: str, asked: Path) -> None:
        """Forget what is old, what no page waits for, and what this page has left for another."""
        ended = []
        for job in self._jobs():
            if (job / "result.json").exists():
                ended.append(job)
                continue
            if job != asked and page in self._pages(job):
                self._wait(job, page, leaves=True)
            if job != asked and not self._pages(job):
                shutil.rmtree(job, ignore_errors=True)  # who computes it notices
        for i, job in enumerate(reversed(ended)):
            age = self.clock() - (read_record(job / "job.json") or {}).get("created", -math.inf)
            if i >= KEPT or not 0 <= age <= KEPT_SECONDS:
                shutil.rmtree(job, ignore_errors=True)

    # ---- in a thread of its own

    def _work(self, data: AtlasData, chosen: Sample, select: str, job: Path, turn: FileLock) -> None:
        def tell(done: int, now: str, first: dict[str, Any] | None) -> None:
            if not self._pages(job):
                raise Left
            try:
                if first is not None:
                    write_record(job / "first.json", named(first))
                write_record(job / "progress.json", {"done": done, "now": now})
            except FileNotFoundError:  # its folder is gone
                raise Left from None

        def named(run: dict[str, Any]) -> dict[str, Any]:
            return run | {"name": f"selection-{job.name[:8]}"}

        try:
            result: dict[str, Any] = {
                "state": "done",
                "run": named(compared(data, chosen, select, tell, self._compare)),
            }
        except Left:
            result = {}
        except TooFew as error:
            result = {"state": "refused", "error": str(error)}
        except Exception:  # the thread's boundary: whoever waits is told, and why is in the log
            log.exception("the comparison of a selection of %s failed", data.name)
            result = {"failed": True}
        try:
            with locked(self.folder):
                if not result:
                    shutil.rmtree(job, ignore_errors=True)
                elif job.exists():
                    write_record(job / "result.json", result)
        finally:
            turn.release()


def _name(data: AtlasData, mask: NDArray[np.bool_], select: str) -> str:
    """A name that is equal for the same atoms, words and atlas, as it was last written."""
    path = data.atlas.path.resolve()
    about = f"{path}\n{path.stat().st_mtime_ns}\n{select}\n"
    return hashlib.blake2b(about.encode() + np.packbits(mask).tobytes(), digest_size=16).hexdigest()
