"""A time limit on one step of reading a file, so that a hostile one cannot stall a build."""

from __future__ import annotations

import signal
import threading
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
    but only in the main thread of a system that has one. Elsewhere, or where a timer is already running, the block
    runs without a limit.
    """
    usable = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if not usable or signal.getitimer(signal.ITIMER_REAL)[0] > 0:
        yield
        return

    def stop(signum: int, frame: FrameType | None) -> None:
        del signum, frame
        raise Overdue(f"reading took longer than {seconds:g} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
