"""Which models' neighbour lists are compared, of which kind and how far: one record, named as addresses write it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from dashboard.address import escape_item, read_items
from dashboard.data import AtlasData
from precompute.store import NEIGHBOUR_KINDS

NEAREST = (5, 10, 20, 50)
"""Lengths of lists that are compared."""
NOT_POTENTIALS = ("student", "untrained", "control")
"""Status of models that are left out of a mean, as long as two others remain."""
MOST_MODELS = 40
OVERLAP = "overlap"
"""Id of the quantity."""
PAGE = "neighbours"


class Comparing(Protocol):
    """The fields of a view that say what is compared."""

    @property
    def models(self) -> tuple[str, ...]: ...
    @property
    def pair(self) -> tuple[str, ...]: ...
    @property
    def near(self) -> str: ...
    @property
    def nearest(self) -> int: ...
    @property
    def chance(self) -> bool: ...


class Showing(Comparing, Protocol):
    """The fields beside these that say whether overlap is shown."""

    @property
    def page(self) -> str: ...
    @property
    def colour(self) -> str: ...
    @property
    def brush(self) -> Mapping[str, tuple[float, float]] | None: ...


@dataclass(frozen=True)
class Comparison:
    """What is compared.

    Attributes
    ----------
    models : tuple of str
        Keys in the order of the atlas; of more than two, the mean over all their pairs. Fewer than two have no overlap.
    near : str
        Kind of neighbour lists, one of `precompute.store.NEIGHBOUR_KINDS`.
    k : int
        How many of the nearest.
    chance : bool
        Whether overlap is counted from what chance gives.
    """

    models: tuple[str, ...]
    near: str
    k: int
    chance: bool

    @property
    def name(self) -> str:
        """``representatives:10:raw:7net-0,chgnet-0.3.0``; `named` reads it."""
        from_what = "chance" if self.chance else "raw"
        return f"{self.near}:{self.k}:{from_what}:{','.join(map(escape_item, self.models))}"

    @property
    def label(self) -> str:
        """As legends and captions write it."""
        noun = "Overlap above chance" if self.chance else "Overlap"
        if len(self.models) == 2:
            return f"{noun} of {self.models[0]} and {self.models[1]}, k = {self.k}"
        return f"{noun} of {len(self.models)} models, mean over pairs, k = {self.k}"


def of_view(data: AtlasData, view: Comparing) -> Comparison:
    """What a view compares: its pair of models, or without one all potentials that it shows.

    Controls, students and untrained models are left out of a mean unless fewer than two others are shown.
    """
    models = view.pair if len(view.pair) == 2 else potentials(data, view.models)
    return Comparison(_in_order(data, models), view.near, view.nearest, view.chance)


def potentials(data: AtlasData, models: Sequence[str]) -> Sequence[str]:
    """The models that are no controls; all of them where fewer than two are."""
    known = [key for key in models if data.cards[key].status not in NOT_POTENTIALS]
    return known if len(known) > 1 else models


def named(data: AtlasData, name: str) -> Comparison | None:
    """The comparison of a name; None where it names none of this atlas."""
    parts = name.split(":", 3)
    if len(parts) != 4:
        return None
    near, k, from_what, listed = parts
    models = read_items(listed)
    known = set(models) <= set(data.model_keys) and len(set(models)) == len(models) <= MOST_MODELS
    if not known or near not in NEIGHBOUR_KINDS or k not in map(str, NEAREST) or from_what not in ("raw", "chance"):
        return None
    return Comparison(_in_order(data, models), near, int(k), from_what == "chance")


def is_possible(data: AtlasData) -> bool:
    """Whether two models of the atlas have lists to compare."""
    return len([key for key in data.model_keys if stored_kinds(data, key)]) > 1


def stored_kinds(data: AtlasData, key: str) -> list[str]:
    """The kinds of lists that are stored of a model."""
    return [kind for kind in NEIGHBOUR_KINDS if data.atlas.file.has(f"models/{key}/neighbours/{kind}/index")]


def obstacle(data: AtlasData, comparison: Comparison) -> str:
    """Why there is no overlap, in a sentence; empty where there is one."""
    if len(comparison.models) < 2:
        return "An overlap needs two models: choose two above, or show more of them on the left."
    lacking = [key for key in comparison.models if comparison.near not in stored_kinds(data, key)]
    if lacking:
        return f"The atlas holds no such lists of {', '.join(lacking)}; choose other lists or models."
    width = min(list_length(data, key, comparison.near) for key in comparison.models)
    if comparison.k > width:
        return f"The stored lists hold {width} neighbours; choose a smaller k than {comparison.k}."
    return ""


def list_length(data: AtlasData, key: str, near: str) -> int:
    return data.atlas.file.shape(f"models/{key}/neighbours/{near}/index")[1]


def _in_order(data: AtlasData, models: Iterable[str]) -> tuple[str, ...]:
    chosen = set(models)
    return tuple(key for key in data.model_keys if key in chosen)


def shown(data: AtlasData, view: Showing) -> Comparison | None:
    """What the view compares, where that is to be seen: as colours, a range, a chosen pair, or on its own page."""
    uses = view.page == PAGE or len(view.pair) == 2 or OVERLAP in (view.colour, *(view.brush or {}))
    return of_view(data, view) if uses and is_possible(data) else None


def opening(data: AtlasData) -> Comparison:
    """What the opening view compares."""
    return Comparison(_in_order(data, potentials(data, data.first_shown)), "representatives", 10, False)
