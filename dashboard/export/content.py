"""What an export holds: the view, its selected atoms, and where they lie on the maps of the models shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, urlencode

import numpy as np
from numpy.typing import NDArray

from dashboard import selection, state
from dashboard.data import AtlasData
from dashboard.find import FindError
from dashboard.labels import count
from dashboard.overlap import compared
from dashboard.points import has_map, placed
from dashboard.state import View
from precompute.contracts import AtlasError

OPTIONS = ("coordinates", "dpi", "width")


class ExportError(AtlasError):
    """What was asked for cannot be exported; the message says why and what to do."""


def split_options(address: str) -> tuple[str, dict[str, str]]:
    """Take the export's own parameters out of an address: (query of the view, options).

    Parameters
    ----------
    address : str
        The query of a view, with or without its question mark, or a whole address that was pasted.
    """
    text = address.strip().partition("#")[0]
    before, mark, after = text.partition("?")
    if mark and "=" not in before:
        text = after
    elif "://" in before:
        text = ""
    pairs = parse_qsl(text, keep_blank_values=True)
    options = {k: v for k, v in pairs if k in OPTIONS}
    rest = urlencode([(k, v) for k, v in pairs if k not in OPTIONS])
    return (f"?{rest}" if rest else ""), options


def as_drawn(data: AtlasData, view: View) -> View:
    """The view with the maps that its page shows: of the Neighbours page those of the compared models, by overlap."""
    if view.page != compared.PAGE or not compared.is_possible(data):
        return view
    own: dict[str, Any] = {"hide": (), "colours": {}, "zoom": {}, "draw": "points", "colour": compared.OVERLAP}
    if view.colour != compared.OVERLAP:
        own |= {"limits": None, "log": False, "reverse": False}
    return replace(view, models=compared.of_view(data, view).models, **own)


@dataclass(frozen=True, eq=False)
class Content:
    """One view of one atlas, ready to be written.

    Attributes
    ----------
    data : AtlasData
    view : View
    query : str
        Of the view, as the page writes it.
    selected : (N,) bool
        In file order.
    options : mapping of str to str
        What belongs to the export and not to the view: ``coordinates``, ``dpi``, ``width``.
    notices : tuple of str
        What of the address could not be followed.
    """

    data: AtlasData
    view: View
    query: str
    selected: NDArray[np.bool_]
    options: Mapping[str, str]
    notices: tuple[str, ...] = ()

    @classmethod
    def of(cls, data: AtlasData, query: str, more: Mapping[str, str] | None = None) -> Content:
        """Read a view's query; the export's own parameters may stand in it, and those in `more` count first.

        Raises
        ------
        ExportError
            Where the text of the filter cannot be read.
        """
        asked, options = split_options(query)
        view, notices = state.parse(asked, data)
        try:
            selected = selection.mask(data, view)
        except FindError as error:
            raise ExportError(f"The filter cannot be read: {error.message}") from error
        view = as_drawn(data, view)
        return cls(data, view, state.query(view, data), selected, {**options, **(more or {})}, tuple(notices))

    @cached_property
    def atoms(self) -> NDArray[np.intp]:
        """Indices of the selected atoms, ascending."""
        return np.flatnonzero(self.selected)

    @cached_property
    def structures(self) -> NDArray[np.integer]:
        """Indices of the structures that hold selected atoms, ascending."""
        return np.unique(self.data.of_atoms("structure")[self.atoms])

    @cached_property
    def n_atoms_of_structures(self) -> int:
        """All atoms of the structures that hold selected ones."""
        return int(self.data.of_structures("n_atoms")[self.structures].sum())

    @cached_property
    def map(self) -> str:
        """The stored map that the view shows."""
        return self.data.map_name(self.view.space, self.view.method, self.view.k)

    @cached_property
    def models(self) -> list[str]:
        """The models shown that have this map."""
        return [k for k in self.view.models if has_map(self.data, k, self.map)]

    @property
    def k(self) -> int:
        """How many anchors the map rests on; only PCA maps are stored for fewer than all."""
        return self.view.k if self.view.method == "pca" else self.data.n_anchors

    def points(self, key: str) -> NDArray[np.floating]:
        """Where the atoms lie on a model's map, turned onto another model's where the view says so; (N, 2)."""
        return placed(self.data, key, self.map, self.view.align)

    def require_atoms(self) -> None:
        """Refuse an empty selection."""
        if not len(self.atoms):
            raise ExportError("No atom is selected, so there is nothing to export. Clear a filter and try again.")

    def require_models(self) -> None:
        """Refuse a view without a map."""
        if not self.models:
            raise ExportError("No map is shown, so there is nothing to draw. Choose a model and try again.")

    def flag(self, name: str, default: bool) -> bool:
        """An option that is 1 or 0."""
        return {"1": True, "0": False}.get(self.options.get(name, ""), default)

    @property
    def stem(self) -> str:
        """A file name for what is exported, without ending."""
        return f"{self.data.name or 'atlas'}-{self.map}"

    def said(self) -> str:
        """``212 atoms in 61 crystals, 3 models``."""
        return ", ".join(
            (
                f"{count(len(self.atoms), 'atom')} in {count(len(self.structures), 'crystal')}",
                count(len(self.models), "model"),
            )
        )
