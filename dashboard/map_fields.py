"""Fields of a view that say what the maps and the panels around them show, read from an address."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from dashboard.address import as_written, read_items
from dashboard.labels import clean
from dashboard.palette import SCALES, THEMES
from dashboard.quantities import legend, listed
from dashboard.reading import Reader, interval, is_box, numbers
from precompute.store import NEIGHBOUR_KINDS

if TYPE_CHECKING:
    from dashboard.state import View

PAGES = ("map", "agreement", "neighbours", "drift")
SPACES = ("shared", "raw")
DRAWN = ("points", "density")
PANELS = ("none", "atoms", "structures", "histograms")
COUNTS = ("linear", "log", "share")
MOST_CHARTS = 4
SIZES = (0.5, 4.0)
MOST_VERTICES = 40
LONGEST_FIND = 500


class MapReader(Reader):
    """Reads one field after another; later ones may depend on those before, in the order of `View`."""

    default: View
    view: View

    def _atlas(self, value: str) -> None:
        if value != self.data.name:
            self.notices.append(
                f"The address asks for the atlas “{clean(value, 60)}”, which is not served here; "
                f"“{clean(self.data.title, 60)}” is shown."
            )

    def _page(self, value: str) -> str | None:
        return self._among("the page", value, PAGES, "the maps are shown")

    def _models(self, value: str) -> tuple[str, ...] | None:
        wanted = self._items(value)
        found = self._known("model", wanted, self.data.model_keys)
        return found if found or not wanted else None

    def _space(self, value: str) -> str | None:
        options = SPACES if self.data.has_raw else SPACES[:1]
        return self._among("space", value, options, f"{self.default.space} is shown")

    def _method(self, value: str) -> str | None:
        return self._among("map", value, self.data.methods, f"{self.default.method} is shown")

    def _align(self, value: str) -> str | None:
        return self._among("alignment to", value, ["", *self.data.model_keys], "maps are not aligned")

    def _k(self, value: str) -> int | None:
        counts = [str(k) for k in self.data.anchor_counts]
        found = self._among("a number of anchors", value, counts, f"{self.default.k} are used")
        return None if found is None else int(found)

    def _colour(self, value: str) -> str | None:
        return self._among("colouring by", value, listed(self.data), "element groups are shown")

    def _palette(self, value: str) -> str | None:
        return self._among("colour scale", value, SCALES, f"{self.default.palette} is used")

    def _limits(self, value: str) -> tuple[float, float] | None:
        if not value:
            return None
        found = interval(value)
        if found is None or found[0] >= found[1]:
            self.damaged("a colour range", value, "the whole range is used")
            return None
        return found

    def _log(self, value: str) -> bool | None:
        return self._flag("logarithmic colours", value)

    def _reverse(self, value: str) -> bool | None:
        return self._flag("reversed colours", value)

    def _labels(self) -> list[str]:
        """Legend entries of the colouring asked for."""
        if listed(self.data)[self.view.colour].kind == "number":
            return []
        return [e["label"] for e in legend(self.data, self.view.colour)["entries"]]

    def _colours(self, value: str) -> dict[str, str]:
        labels, found = frozenset(self._labels()), {}
        for item in self._split(value):
            label, _, colour = item.partition(":")
            (label,) = read_items(label) or [""]
            if label not in labels:
                self.refuse("a colour of", label, "it is ignored")
            elif not re.fullmatch("[0-9a-f]{6}", colour.lower()):
                self.damaged("a colour", colour, "it is ignored")
            else:
                found[label] = f"#{colour.lower()}"
        return found

    def _hide(self, value: str) -> tuple[str, ...]:
        return self._known("the legend entry", self._items(value), self._labels())

    def _elements(self, value: str) -> tuple[str, ...]:
        return self._known("element", self._items(value), self.data.symbols)

    def _find(self, value: str) -> str | None:
        if len(value) <= LONGEST_FIND:
            return value
        self.damaged("a search text", value, f"it has more than {LONGEST_FIND} characters, so it is ignored")
        return None

    def _brush(self, value: str) -> dict[str, tuple[float, float]]:
        quantities, found = listed(self.data), {}
        for item in self._split(value):
            name, _, ends = item.partition(":")
            (name,) = read_items(name) or [""]
            between = interval(ends)
            if name not in quantities or quantities[name].kind != "number":
                self.refuse("a range of", name, "it is ignored")
            elif between is None or between[0] > between[1]:
                self.damaged("a range", item, "it is ignored")
            else:
                found[name] = between
        return found

    def _lasso(self, value: str) -> dict[str, Any] | None:
        if not value:
            return None
        model, _, rest = value.partition(":")
        named = read_items(model)
        model = named[0] if len(named) == 1 else ""
        points = [numbers(p, 2) for p in rest.split(";", MOST_VERTICES)]
        known = [p for p in points if p is not None]
        if model in self.data.model_keys and len(known) == len(points) and 3 <= len(points) <= MOST_VERTICES:
            columns = [as_written(axis) for axis in zip(*known, strict=True)]
            if all(math.isfinite(v) for column in columns for v in column):
                return {"model": model, "points": [list(p) for p in zip(*columns, strict=True)]}
        self.damaged("a lasso", value, "nothing is picked out by it")
        return None

    def _atom(self, value: str) -> int | None:
        atom = self.data.find_atom(value) if value else None
        if atom is None and value:
            self.refuse("atom", value, "none is chosen")
        return atom

    def _near(self, value: str) -> str | None:
        return self._among("neighbours", value, NEIGHBOUR_KINDS, f"{self.default.near} are shown")

    def _draw(self, value: str) -> str | None:
        return self._among("drawing", value, DRAWN, f"{self.default.draw} are shown")

    def _size(self, value: str) -> float | None:
        found = numbers(value, 1)
        if found is None or not SIZES[0] <= found[0] <= SIZES[1]:
            self.damaged("a point size", value, "the usual one is used")
            return None
        return found[0]

    def _zoom(self, value: str) -> dict[str, tuple[float, ...]]:
        found = {}
        for item in self._split(value, ";"):
            key, colon, rest = item.rpartition(":")
            (key,) = read_items(key) or [""]
            box = numbers(rest, 4)
            box = box and (*as_written(box[:2]), *as_written(box[2:]))
            fits = not key if self.view.linked else key in self.data.model_keys
            if not fits or bool(colon) != bool(key) or box is None or not is_box(box):
                self.damaged("a zoom", item, "the whole map is shown")
            else:
                found[key] = box
        return found

    def _panel(self, value: str) -> str | None:
        return self._among("the drawer", value, PANELS, "it is closed")

    def _charts(self, value: str) -> tuple[str, ...]:
        return self._known("a histogram of", self._items(value), listed(self.data))[:MOST_CHARTS]

    def _counts(self, value: str) -> str | None:
        return self._among("an axis of counts", value, COUNTS, "it is linear")

    def _once(self, value: str) -> bool | None:
        return self._flag("counting structures once", value)

    def _cells(self, value: str) -> str | None:
        numbers = [q.id for q in listed(self.data).values() if q.kind == "number"]
        known = ["legend", "count", *numbers]
        return self._among("the periodic table of", value, known, "it shows the colours of the maps")

    def _theme(self, value: str) -> str | None:
        return self._among("theme", value, ["", *THEMES], "the system's is used")
