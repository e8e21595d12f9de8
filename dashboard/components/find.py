"""The place of the find box; its content is made by the script."""

from __future__ import annotations

from dash import html
from dash.development.base_component import Component


def find_box() -> Component:
    return html.Div(id="find", className="find", role="search")
