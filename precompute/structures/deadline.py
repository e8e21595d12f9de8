"""A time limit on one step of reading a file, so that a hostile one cannot stall a build."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STEP_SECONDS = 30.0
"""The largest trajectories tried read a frame in under 0.1 s and a file's index in under 5 s."""


class Overdue(Exception):
    """A step took longer than its limit."""


@contextmanager
def deadline(seconds: float = STEP_SECONDS) -> Iterator[None]:
    """Raise Overdue inside the block after `seconds`.

    Parsers offer no limit of their own and cannot be stopped from another thread; an interval timer reaches them,
    but only in the main thread of a system that has one. Elsewhere the block runs without a limit. A timer that is
    already running is left in charge if it ends sooner, and set again with what remains of it if it does not.
    """
    usable = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    remaining = signal.getitimer(signal.ITIMER_REAL)[0] if usable else 0.0
    if not usable or 0.0 < remaining <= seconds:
        yield
        return

    def stop(signum: int, frame: FrameType | None) -> None:
        del signum, frame
        raise Overdue(f"reading took longer than {seconds:g} s")

    started = time.monotonic()
    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
        if remaining:
            signal.setitimer(signal.ITIMER_REAL, max(remaining - (time.monotonic() - started), 1e-3))
