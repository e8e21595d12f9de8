"""One progress display: bars with rates on a terminal, quiet lines elsewhere."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

LINE_EVERY_S = 30.0


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        unit = task.fields.get("unit", "")
        if not task.speed or not unit:
            return Text("")
        return Text(f"{task.speed:,.0f} {unit}/s", style="cyan")


class Display:
    """Tells a person what a build is doing.

    Parameters
    ----------
    console : rich Console
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(stderr=True)
        self._lock = threading.Lock()
        self._progress: Progress | None = None

    def say(self, message: str) -> None:
        """Print a line above the bars; markup in it is shown as it stands."""
        self.console.print(message, markup=False, highlight=False, soft_wrap=True)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Show bars for the stages that run inside this context."""
        if not self.console.is_terminal:
            yield
            return
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:>3.0f} %"),
            _Rate(),
            TimeRemainingColumn(compact=True),
        )
        with Progress(*columns, console=self.console, transient=True) as self._progress:
            yield
        self._progress = None

    @contextmanager
    def stage(self, name: str, total: int = 0, unit: str = "") -> Iterator[Callable[[int], None]]:
        """Show one stage from its start to its end; yields the function that is told of finished units."""
        started = time.monotonic()
        done = 0
        said = started
        task = self._progress.add_task(name, total=total or None, unit=unit) if self._progress else None

        def advance(n: int) -> None:
            nonlocal done, said
            with self._lock:
                done += n
                if self._progress is not None and task is not None:
                    self._progress.advance(task, n)
                elif time.monotonic() - said > LINE_EVERY_S:
                    said = time.monotonic()
                    rate = done / (said - started)
                    left = (total - done) / rate if rate and total > done else 0.0
                    self.say(f"{name}: {done:,} of {total:,} {unit} ({rate:,.0f}/s, {left:,.0f} s left)")

        try:
            yield advance
        finally:
            if self._progress is not None and task is not None:
                self._progress.remove_task(task)
        seconds = time.monotonic() - started
        rate = f" ({done / seconds:,.0f} {unit}/s)" if done and unit and seconds > 0.05 else ""
        self.say(f"{name}: done in {seconds:,.1f} s{rate}")
