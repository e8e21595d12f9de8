"""The place of the periodic table: the table itself, with its 118 buttons, is made by the page's script."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component

from dashboard.components.controls import section
from dashboard.components.text import named


def periodic_table() -> Component:
    """Legend, selector and heat map of elements; and the dialog that holds it enlarged."""
    links = html.Div(
        [
            html.Button("all elements", id="clear-elements", className="link", type="button", hidden=True,
                        **named("Show the atoms of all elements in colour")),
            html.Button("enlarge", id="enlarge-elements", className="link", type="button",
                        **named("Open the periodic table large", aria_haspopup="dialog")),
        ],
        className="links",
    )  # fmt: skip
    return section(
        "Elements",
        html.Div(id="elements-controls", className="elements-controls"),
        html.Div(id="periodic-table", className="periodic-table", role="group", **named("Periodic table")),
        html.P(id="elements-hint", className="hint", role="status"),
        extra=links,
    )
