"""Reading parts of an address: lists, choices, numbers; what does not fit is reported and left at its default."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from urllib.parse import unquote

from dashboard.data import AtlasData
from dashboard.labels import clean

MOST_ITEMS = 500
"""Of one list in an address: more than any atlas has legend entries, quantities or elements."""
MOST_NAMED = 3
"""Notices about one parameter of an address."""


class Reader:
    """What readers of fields need; `told` counts the notices about the parameter that is being read."""

    def __init__(self, data: AtlasData) -> None:
        self.data = data
        self.notices: list[str] = []
        self.told = 0

    def refuse(self, name: str, value: str, instead: str) -> None:
        """Say that the atlas does not have what the address asks for, and what is shown instead."""
        self._tell(f"The address asks for {name} “{clean(value, 60)}”, which this atlas does not have; {instead}.")

    def damaged(self, name: str, value: str, instead: str) -> None:
        """Say that a part of the address cannot be read, and what is done instead."""
        self._tell(f"The address has {name} “{clean(value, 60)}”, which cannot be read; {instead}.")

    def _tell(self, notice: str) -> None:
        self.told += 1
        if self.told <= MOST_NAMED:
            self.notices.append(notice)
        elif self.told == MOST_NAMED + 1:
            self.notices.append("More of the same part of the address is left out.")

    def _split(self, value: str, joint: str = ",") -> list[str]:
        """The items of a list, still escaped, as many as are read."""
        items = [item for item in value.split(joint) if item]
        if len(items) > MOST_ITEMS:
            self._tell(f"A list in the address has {len(items):,} items; the first {MOST_ITEMS} are read.")
        return items[:MOST_ITEMS]

    def _items(self, value: str) -> list[str]:
        return [unquote(item) for item in self._split(value)]

    def _among(self, name: str, value: str, options: Collection[str], instead: str) -> str | None:
        if value in options:
            return value
        self.refuse(name, value, instead)
        return None

    def _known(self, name: str, wanted: Sequence[str], options: Collection[str]) -> tuple[str, ...]:
        known = frozenset(options)
        for w in wanted:
            if w not in known:
                self.refuse(name, w, "it is left out")
        return tuple(dict.fromkeys(w for w in wanted if w in known))

    def _flag(self, name: str, value: str) -> bool | None:
        if value in ("0", "1"):
            return value == "1"
        self.damaged(name, value, "it is ignored")
        return None


def numbers(text: str, n: int) -> tuple[float, ...] | None:
    """`n` finite decimal numbers, or None."""
    parts = text.split(",")
    if len(parts) != n or not all(
        re.fullmatch(r"-?\d{1,320}(\.\d{1,400})?(e[+-]?\d{1,3})?", p, re.ASCII) for p in parts
    ):
        return None
    values = tuple(float(p) for p in parts)
    return values if all(math.isfinite(v) for v in values) else None


def is_box(box: Sequence[float]) -> bool:
    return all(map(math.isfinite, box)) and box[0] < box[1] and box[2] < box[3]


def interval(text: str) -> tuple[float, float] | None:
    low, _, high = text.partition("..")
    found = numbers(f"{low},{high}", 2)
    return None if found is None else (found[0], found[1])
