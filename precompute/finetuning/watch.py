"""When a loss has left its course."""

from __future__ import annotations

import math
from collections import deque

from precompute.finetuning.trainers import Diverged, LogRow

FACTOR = 100.0
SPAN = 5
# mean squared errors, (eV/atom)^2 and (eV/angstrom)^2, of a fit so good that a hundredfold of them is no disaster
SMALL = 0.01


class LossWatch:
    """Raises `Diverged` where a loss is not finite, or the mean of the last `SPAN` exceeds `FACTOR` times that of the
    first `SPAN` (or `SMALL`, where that is larger)."""

    def __init__(self, learning_rate: float) -> None:
        self._first: list[float] = []
        self._last: deque[float] = deque(maxlen=SPAN)
        self._learning_rate = learning_rate

    def see(self, row: LogRow) -> None:
        """Take one update's loss into account."""
        advice = f"; start again in another folder with --learning-rate below {self._learning_rate:g}"
        if not math.isfinite(row.loss):
            raise Diverged(f"the loss at update {row.updates} is {row.loss}{advice}")
        self._last.append(row.loss)
        if len(self._first) < SPAN:
            self._first.append(row.loss)
            return
        limit = FACTOR * max(sum(self._first) / SPAN, SMALL)
        recent = sum(self._last) / SPAN
        if recent > limit:
            raise Diverged(
                f"the loss, {recent:.3g} over updates {row.updates - SPAN + 1} to {row.updates}, is above {limit:.3g}, "
                f"{FACTOR:g} times that of the first updates{advice}"
            )
