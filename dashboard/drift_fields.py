"""Fields of a view that belong to the Drift page, read from an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.drift.series import described, names
from dashboard.reading import Reader

if TYPE_CHECKING:
    from dashboard.state import View

ANCHORS = ("reembedded", "frozen")
MEASURES = ("drift", "retention", "forces", "energy")
SEEDS = ("one", "mean")
MOVERS = ("atoms", "structures")
STRETCHES = ("0", "1", "10", "100")


class DriftReader(Reader):
    """Reads what the Drift page shows; the step after its series."""

    default: View
    view: View

    def _series(self, value: str) -> str | None:
        return self._among("the series of checkpoints", value, ["", *names(self.data)], "the first one is shown")

    def _step(self, value: str) -> int | None:
        known = names(self.data)
        name = self.view.series or (known[0] if known else "")
        n = len(described(self.data, name)["checkpoints"]) if name else 0
        found = self._among("a step", value, [str(step) for step in range(-1, n)], "the last one is shown")
        return None if found is None else int(found)

    def _anchors(self, value: str) -> str | None:
        return self._among("anchors", value, ANCHORS, "those re-embedded are used")

    def _measure(self, value: str) -> str | None:
        return self._among("a measure of change", value, MEASURES, "drift is shown")

    def _seeds(self, value: str) -> str | None:
        return self._among("seeds", value, SEEDS, "one is shown")

    def _movers(self, value: str) -> str | None:
        return self._among("a ranking of", value, MOVERS, "atoms are ranked")

    def _decades(self, value: str) -> bool | None:
        return self._flag("logarithmic colours of change", value)

    def _grouped(self, value: str) -> bool | None:
        return self._flag("colours of element groups", value)

    def _stretch(self, value: str) -> int | None:
        found = self._among("a length of trails", value, STRETCHES, "they are drawn as long as they are")
        return None if found is None else int(found)

    def _beside(self, value: str) -> bool | None:
        return self._flag("strategies side by side", value)
