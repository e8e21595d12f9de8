"""The left column: what is shown, in which colours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dash import Dash, Input, html
from dash.development.base_component import Component

from dashboard.atlases import Atlases
from dashboard.components import colour_controls, controls
from dashboard.components.binding import bind
from dashboard.components.periodic_table import periodic_table
from dashboard.components.text import named

BINDINGS = controls.BINDINGS + colour_controls.BINDINGS


def layout(info: Mapping[str, Any]) -> Component:
    """The column for what the page knows of an atlas and its view at the start (the page's ``info``)."""
    return html.Nav(
        [
            controls.model_list(info["models"], info["state"]["models"]),
            controls.space_controls(info),
            colour_controls.colour_controls(info),
            periodic_table(),
            colour_controls.point_controls(info),
        ],
        className="left",
        **named("What is shown"),
    )


def register(app: Dash, atlases: Atlases) -> None:  # noqa: ARG001  # the signature of every part of the page
    """Tie the column's controls to the view; they ask nothing of the server."""
    for component_id, prop, field in BINDINGS:
        bind(app, component_id, prop, field)
    app.clientside_callback(
        'position => window.atlas.bind("k", window.atlas.info.anchor_counts[position])',
        Input("k", "value"),
        prevent_initial_call=True,
    )
