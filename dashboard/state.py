"""What a view shows, and how it is read from an address: damaged values are replaced by the default and reported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any
from urllib.parse import parse_qs

from dashboard.address import PARAMETERS, format_view
from dashboard.data import AtlasData
from dashboard.drift_fields import DriftReader
from dashboard.map_fields import MapReader
from dashboard.page_fields import PageReader


@dataclass(frozen=True)
class View:
    """One view of the atlas; the page's script holds the same record.

    Attributes
    ----------
    atlas : str
        Name of the atlas within the server.
    models : tuple of str
        Keys of the models shown.
    space : str
        ``shared`` (coordinates) or ``raw`` (each model's own embedding).
    method : str
        ``pca`` or ``umap``; UMAP exists in the shared space only.
    align : str
        Key of the model that the maps are turned onto; empty for none.
    k : int
        Number of anchors.
    colour : str
        Id of the quantity that colours the points.
    palette : str
        Name of the colour scale.
    limits : (float, float) or None
        Ends of the colour scale.
    log, reverse : bool
        Of the colour scale.
    colours : mapping of legend label to ``#rrggbb``
        Colours that the visitor chose.
    hide : tuple of str
        Legend entries drawn grey.
    elements : tuple of str
        Symbols picked out; none means all.
    find : str
        Text of the filter.
    brush : mapping of quantity id to (float, float)
    lasso : mapping or None
        ``model``, and ``points`` in the coordinates of that model's map.
    atom : int or None
        The chosen atom.
    near : str
        Kind of neighbour lists.
    draw : str
        ``points`` or ``density``.
    size : float
        Factor on the size of points.
    zoom : mapping of model key (empty for linked axes) to (x0, x1, y0, y1)
    panel : str
        What the drawer shows.
    charts : tuple of str
        Quantities of the histograms; none means those that the page opens with.
    counts : str
        Axis of the histograms: ``linear``, ``log`` or ``share``.
    once : bool
        Whether histograms of structures' quantities count each structure once.
    cells : str
        What the periodic table shows: ``legend``, ``count``, or the mean of a quantity.
    theme : str
        ``light``, ``dark``, or empty for the system's.
    page : str
        What of the atlas is seen: ``map``, ``agreement``, ``neighbours`` or ``drift``.
    run : str
        The run of agreement; empty for the one that the page opens with.
    metric : str
        Of the matrix and the tree.
    order : str
        Of the matrix: ``tree`` or ``list``.
    figure : str
        Beside the matrix.
    pair : tuple of str
        The two models looked at, or none.
    axes : (str, str)
        The metrics that all pairs are drawn against.
    over : str
        Agreement over all of the ``atlas``, or over the ``selection``.
    nearest : int
        How many of the nearest neighbours are compared.
    chance : bool
        Whether overlap is counted from what chance gives.
    ranked : str
        What is ranked by overlap: ``atoms`` or ``structures``.
    sort : str
        The column that they are ranked by; with ``-`` before it the largest first.
    series : str
        The series of checkpoints; empty for the one that the page opens with.
    step : int
        Which of its checkpoints, from 0 (the base); -1 for the last.
    anchors : str
        Whether the checkpoint's anchors are ``reembedded``, or ``frozen`` at the base.
    measure : str
        Of change: ``drift``, ``retention``, ``forces`` or ``energy``.
    seeds : str
        Curves of ``one`` seed, or the ``mean`` over the seeds of each strategy.
    movers : str
        What is ranked by change, and drawn against change of output: ``atoms`` or ``structures``.
    decades : bool
        Whether colours of change are logarithmic.
    grouped : bool
        Whether atoms on maps of drift have the colours of their element groups in place of those of change.
    stretch : int
        How many times their length trails are drawn; 0 for none.
    beside : bool
        Whether other strategies of the experiment are shown beside the series.
    """

    atlas: str
    models: tuple[str, ...]
    space: str
    method: str
    k: int
    align: str = ""
    colour: str = "category"
    palette: str = "viridis"
    limits: tuple[float, float] | None = None
    log: bool = False
    reverse: bool = False
    colours: Mapping[str, str] | None = None
    hide: tuple[str, ...] = ()
    elements: tuple[str, ...] = ()
    find: str = ""
    brush: Mapping[str, tuple[float, float]] | None = None
    lasso: Mapping[str, Any] | None = None
    atom: int | None = None
    near: str = "representatives"
    draw: str = "points"
    size: float = 1
    zoom: Mapping[str, tuple[float, ...]] | None = None
    panel: str = "none"
    charts: tuple[str, ...] = ()
    counts: str = "linear"
    once: bool = False
    cells: str = "legend"
    theme: str = ""
    page: str = "map"
    run: str = ""
    metric: str = "procrustes"
    order: str = "tree"
    figure: str = "metrics"
    pair: tuple[str, ...] = ()
    axes: tuple[str, ...] = ("procrustes", "mutual-knn")
    over: str = "atlas"
    nearest: int = 10
    chance: bool = False
    ranked: str = "atoms"
    sort: str = "overlap"
    series: str = ""
    step: int = -1
    anchors: str = "reembedded"
    measure: str = "drift"
    seeds: str = "one"
    movers: str = "atoms"
    decades: bool = False
    grouped: bool = False
    stretch: int = 1
    beside: bool = True

    def __post_init__(self) -> None:
        for name in ("colours", "brush", "zoom"):
            object.__setattr__(self, name, dict(getattr(self, name) or {}))

    @property
    def linked(self) -> bool:
        """Whether all panels share their axes."""
        return self.space == "shared" or self.align != ""


def as_json(view: View) -> dict[str, Any]:
    """The record as the page's script holds it."""
    return {name: getattr(view, name) for name in PARAMETERS}


def default_view(data: AtlasData) -> View:
    method = "pca" if "pca" in data.methods else data.methods[0] if data.methods else "pca"
    space = "shared" if data.methods else "raw"
    return View(data.first_atlas, tuple(data.first_shown), space, method, data.n_anchors)


def query(view: View, data: AtlasData) -> str:
    """The query of a view, with a leading ``?``, or an empty text for the default view."""
    text = format_view(as_json(view), as_json(default_view(data)), data.atom_name)
    return f"?{text}" if text else ""


def parse(search: str | None, data: AtlasData) -> tuple[View, list[str]]:
    """Read the query of an address; for each value that does not fit this atlas keep the default and say so.

    Returns
    -------
    view : View
        Of the atlas `data`, whatever atlas the address names.
    notices : list of str
    """
    asked = {
        k: v[-1] for k, v in parse_qs((search or "").lstrip("?"), keep_blank_values=True, errors="replace").items()
    }
    reader = _Reader(data, asked)
    for field in fields(View):
        if PARAMETERS[field.name][0] in asked:
            reader.read(field.name)
    return reader.view, reader.notices


class _Reader(MapReader, PageReader, DriftReader):
    """Reads one field after another."""

    def __init__(self, data: AtlasData, asked: Mapping[str, str]) -> None:
        super().__init__(data)
        self.asked = asked
        self.default = default_view(data)
        self.view = replace(self.default, atlas=data.name)

    def read(self, field: str) -> None:
        self.told = 0
        value = getattr(self, f"_{field}")(self.asked[PARAMETERS[field][0]])
        if value is not None:
            self.view = replace(self.view, **{field: value})
