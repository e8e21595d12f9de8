"""The explorer: the maps, what stands around them, and places for the other pages; where callbacks are added."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from dashboard import quality
from dashboard.agreement.errors import ErrorTable
from dashboard.atlases import Atlases
from dashboard.bootstrap import bootstrap
from dashboard.components.export_menu import export_menu
from dashboard.components.find import find_box
from dashboard.components.header import PAGES
from dashboard.components.notes import untrained_note
from dashboard.components.text import named
from dashboard.components.upload_panel import upload_button
from dashboard.data import AtlasData
from dashboard.pages import agreement, chosen, drawer, drift, export, find, header, left, neighbours, upload

STORES = ("view", "mapped", "chosen", "shown", "selection", "look")
TOOLS = (
    ("pan", "Move", "Drag moves the map"),
    ("zoom", "Zoom", "Drag magnifies a rectangle"),
    ("lasso", "Lasso", "Drag selects atoms with a lasso"),
    ("box", "Box", "Drag selects atoms in a rectangle"),
)
ZOOMS = (("+", "0.6", "Zoom in"), ("−", "1.6666", "Zoom out"), ("Reset", "0", "Reset zoom"))


def layout(atlases: Atlases, data: AtlasData, info: dict[str, Any], views: Path | None, uploads: bool) -> Component:
    """The page around the maps; `info` is what `bootstrap` gives."""
    return html.Div(
        [
            *[dcc.Store(id=name) for name in STORES],
            header.layout(
                atlases, data, views, find_box=find_box(), export_menu=export_menu(), upload=upload_button(uploads)
            ),
            left.layout(info),
            _centre(data),
            *[_place(name, label) for name, label in PAGES if name != "map"],
            chosen.layout(info["state"]["near"]),
        ],
        className="page",
    )


def _place(name: str, label: str) -> Component:
    """Where a page beside the maps goes; its script fills it when it is first seen."""
    return html.Main(id=f"page-{name}", className="page-place", **named(label))


def _centre(data: AtlasData) -> Component:
    tools = [
        html.Button(text, className="tool", title=says, **named(says, data_tool=tool, aria_pressed="false"))
        for tool, text, says in TOOLS
    ]
    clear = html.Button("Clear lasso", id="clear-lasso", className="tool", hidden=True)
    zooms = [
        html.Button(text, className="tool", title=says, **named(says, data_zoom=factor)) for text, factor, says in ZOOMS
    ]
    says = "Zoom to the selected atoms"
    zooms.insert(2, html.Button("Fit", id="zoom-selection", className="tool", title=says, disabled=True, **named(says)))
    return html.Main(
        [
            html.Div(id="notices", className="notices"),
            untrained_note(data),
            html.Div(id="map-place", className="map-place"),
            html.Footer(
                [
                    html.P([html.Span(id="drawn", role="status"), " ", html.Span(id="quality")]),
                    html.Div(
                        [clear, *tools, *zooms], className="tools", role="group", **named("What a drag does, and zoom")
                    ),
                ],
                className="below",
            ),
            drawer.layout(data),
        ],
        className="centre",
        **named("Maps of the models"),
    )


def register(app: Dash, atlases: Atlases, views: Path | None, uploads: bool, errors: ErrorTable | None = None) -> None:
    """Add the page and all of its panels' callbacks and addresses to the app."""

    # once a visit and not with `dcc.Location`, which would build the page anew, under the script's feet, on going back
    app.clientside_callback("() => window.location.search", Output("address", "data"), Input("page", "id"))

    @app.callback(Output("page", "children"), Input("address", "data"))
    def open_page(search: str | None) -> Component:
        data = atlases.of(search)
        return layout(atlases, data, bootstrap(atlases, search, app.config.requests_pathname_prefix), views, uploads)

    # by a timer, since what a callback returned is in the document only after it
    app.clientside_callback("() => { setTimeout(() => window.atlas.mounted()); }", Input("page", "children"))

    @app.callback(Output("quality", "children"), Input("mapped", "data"), prevent_initial_call=True)
    def say_quality(store: dict[str, Any] | None) -> str:
        if not store:
            return ""
        data = atlases.of(store)
        models = [key for key in store["models"] if key in data.cards]
        return quality_of(data, models, store["space"], store["method"], int(store["k"]))

    header.register(app, atlases, views)
    left.register(app, atlases)
    find.register(app, atlases)
    chosen.register(app, atlases)
    drawer.register(app, atlases)
    export.register(app, atlases)
    agreement.register(app, atlases, errors)
    neighbours.register(app, atlases)
    drift.register(app, atlases)
    upload.register(app, atlases, uploads)


def quality_of(data: AtlasData, models: Sequence[str], space: str, method: str, k: int) -> str:
    """What the shown maps are and how much they keep."""
    name = data.map_name(space, method, k)
    keys = [key for key in models if name in data.cards[key].maps]
    anchors = k if method == "pca" else data.n_anchors
    return quality.statement(space, method, anchors, {key: data.quality(key, name) for key in keys}, keys)
