"""Fields of a view that belong to the pages beside the maps, read from an address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dashboard.data import AtlasData
from dashboard.overlap.compared import NEAREST
from dashboard.overlap.ranking import RANKED, SORTS
from dashboard.reading import Reader
from precompute.agreement.metrics import METRICS
from precompute.agreement.stored import RUNS

if TYPE_CHECKING:
    from dashboard.state import View

ORDERS = ("tree", "list")
FIGURES = ("metrics", "scatter", "anchors", "imbalance", "dimension", "transport", "errors")
OVER = ("atlas", "selection")


class PageReader(Reader):
    """Reads what the Agreement page and the Neighbours page show."""

    default: View

    def _run(self, value: str) -> str | None:
        return self._among("the run of agreement", value, ["", *run_names(self.data)], "the first one is shown")

    def _metric(self, value: str) -> str | None:
        known = [name for name, metric in METRICS.items() if metric.per == "pair"]
        return self._among("the metric", value, known, f"{self.default.metric} is shown")

    def _order(self, value: str) -> str | None:
        return self._among("the order", value, ORDERS, "the order of the tree is used")

    def _figure(self, value: str) -> str | None:
        return self._among("the figure", value, FIGURES, "another is shown")

    def _pair(self, value: str) -> tuple[str, ...] | None:
        wanted = self._items(value)
        found = self._known("model", wanted, self.data.model_keys)
        if len(found) == 2 or not wanted:
            return found
        if len(found) == len(wanted):
            self.damaged("a pair of models", value, "none is chosen")
        return None

    def _axes(self, value: str) -> tuple[str, ...] | None:
        wanted = self._items(value)
        if len(wanted) == 2 and all(name in METRICS and METRICS[name].per == "pair" for name in wanted):
            return tuple(wanted)
        self.damaged("two metrics", value, "others are drawn")
        return None

    def _over(self, value: str) -> str | None:
        return self._among("agreement over", value, OVER, "all of the atlas is compared")

    def _nearest(self, value: str) -> int | None:
        counts = [str(k) for k in NEAREST]
        found = self._among("a number of neighbours", value, counts, f"{self.default.nearest} are compared")
        return None if found is None else int(found)

    def _chance(self, value: str) -> bool | None:
        return self._flag("overlap above chance", value)

    def _ranked(self, value: str) -> str | None:
        return self._among("a ranking of", value, RANKED, f"{self.default.ranked} are ranked")

    def _sort(self, value: str) -> str | None:
        known = [f"{sign}{column}" for column in SORTS for sign in ("", "-")]
        return self._among("a ranking by", value, known, "they are ranked by overlap")


def run_names(data: AtlasData) -> list[str]:
    """Names of the runs of agreement that an atlas holds."""
    return data.atlas.file.names(RUNS, "groups")
