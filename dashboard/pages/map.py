"""The map page: models side by side, and the crystal of the chosen atom."""

from __future__ import annotations

import shlex
from typing import Any

import dash_mantine_components as dmc
from dash import Dash, dcc, html
from dash.development.base_component import Component

from dashboard.components.controls import legend, model_list, section, space_controls
from dashboard.components.crystal_panel import empty_panel
from dashboard.components.periodic_table import periodic_table
from dashboard.components.text import UNSPOKEN, named
from dashboard.data import AtlasData
from dashboard.labels import clean, count
from dashboard.pages import map_callbacks
from dashboard.palette import THEMES
from dashboard.state import ViewState

BLANK = {
    "data": [],
    "layout": {"xaxis": {"visible": False}, "yaxis": {"visible": False}, "paper_bgcolor": "rgba(0,0,0,0)",
               "plot_bgcolor": "rgba(0,0,0,0)"},
}  # fmt: skip
GRAPH_CONFIG: Any = {"displayModeBar": False, "scrollZoom": True, "doubleClick": False, "responsive": False}


def waiting() -> Component:
    """The frame that is painted before the page's own content is there."""
    return html.Div(
        [html.Header(html.H1("Platonic Atlas"), className="top"), html.P("Opening the atlas …", className="waiting")]
    )


def header(data: AtlasData) -> Component:
    facts = f"{count(data.n_atoms, 'atom')} in {count(data.n_structures, 'crystal')}"
    return html.Header(
        [
            html.H1("Platonic Atlas"),
            html.Span(clean(data.title, 90), className="atlas-title"),
            html.Span(facts, className="quiet"),
            dmc.ActionIcon(
                html.Span(className="theme-mark", **UNSPOKEN),
                id="turn-theme", variant="default", size="md", n_clicks=0,
                **named("Switch between light and dark"),
            ),
        ],
        className="top",
    )  # fmt: skip


def untrained_note(data: AtlasData) -> Component:
    """Say which panels are untrained controls only for want of weights, and how to fetch them."""
    families = data.untrained_to_fetch
    names = " and ".join(name for name, _, _ in families.values())
    checkpoints = ",".join(checkpoint for _, _, checkpoint in families.values())
    sources = data.sources
    given = "... " if sources is None else "".join(f"{shlex.quote(s)} " for s in sources)
    command = f"platonic-atlas build {given}--models {checkpoints} --out {shlex.quote(str(data.atlas.path))}"
    return html.Div(
        [
            html.P(
                [
                    html.B(f"{names} panels are untrained controls"),
                    " (random weights) until trained weights are fetched",
                    ". “...” stands for this atlas’s structures:" if sources is None else ", for this atlas by",
                ]
            ),
            html.Div(
                [html.Code(command, id="fetch-command", tabIndex=0),
                 dcc.Clipboard(target_id="fetch-command", className="copy", title="Copy the command")],
                className="command",
            ),
        ],
        id="untrained-note",
        className="note",
        role="note",
        hidden=not families,
    )  # fmt: skip


def layout(data: AtlasData, state: ViewState, notices: list[str]) -> Component:
    """The page in a given state; `notices` say what of the address could not be followed."""
    theme = state.theme if state.theme in THEMES else "light"
    return html.Div(
        [
            dcc.Store(id="theme", data=theme),
            dcc.Store(id="size"),
            dcc.Store(id="skeleton"),
            dcc.Store(id="query"),
            dcc.Store(id="chosen", data=state.atom),
            dcc.Store(id="elements", data=list(state.elements)),
            header(data),
            _left(data, state),
            _centre(data, notices),
            html.Aside(
                [
                    section("Crystal", _search(), html.Div(empty_panel(), id="crystal-panel")),
                    html.Div(id="neighbour-panel", className="section"),
                ],
                className="right",
                **named("The chosen atom"),
            ),
        ],
        className="page",
    )


def _left(data: AtlasData, state: ViewState) -> Component:
    clear = html.Button("all elements", id="clear-elements", className="link", hidden=not state.elements)
    return html.Nav(
        [
            model_list(list(data.cards.values()), state.models),
            space_controls(state.space, state.method, state.k, data.methods, data.anchor_counts, data.has_raw),
            section("Element groups", legend(data.atoms_of_category, state.hidden)),
            section(
                "Elements",
                periodic_table(data.elements, data.atoms_of_element.tolist(), state.elements),
                extra=clear,
            ),
        ],
        className="left",
        **named("What is shown"),
    )


def _centre(data: AtlasData, notices: list[str]) -> Component:
    said = [html.P(n) for n in notices]
    warning = dmc.Alert(said, color="yellow", withCloseButton=True, className="notice") if said else None
    zoom = [
        html.Button(text, className="tool", title=label, **named(label, data_zoom=factor))
        for text, factor, label in (("+", "0.6", "Zoom in"), ("−", "1.6666", "Zoom out"), ("Reset", "0", "Reset zoom"))
    ]
    return html.Main(
        [
            warning,
            untrained_note(data),
            html.Div(
                [
                    dcc.Graph(
                        id="map", config=GRAPH_CONFIG,
                        figure=BLANK, clear_on_unhover=True,
                    ),
                    html.P("Choose a model on the left.", id="no-models", className="waiting", hidden=True),
                    html.Div(id="tip", className="tip", hidden=True, role="status"),
                ],
                id="map-place", className="map-place",
            ),
            html.Footer(
                [
                    html.P([html.Span(id="quality"), " ", html.Span(id="drawn", className="nowrap")]),
                    html.Div(zoom, className="tools"),
                ],
                className="below",
            ),
        ],
        className="centre",
        **named("Maps of the models"),
    )  # fmt: skip


def _search() -> Component:
    return dmc.Select(
        id="find", data=[], searchable=True, clearable=False, size="xs", placeholder="Find a crystal: BaCeO3, name, id",
        nothingFoundMessage="No crystal matches", limit=40, **named("Find a crystal"),
    )  # fmt: skip


def register(app: Dash, data: AtlasData) -> None:
    """Add the page's callbacks to the app."""
    map_callbacks.register_address(app, data, layout)
    map_callbacks.register_maps(app, data)
    map_callbacks.register_atom(app, data)
