"""The Dash app of one or several atlases."""

from __future__ import annotations

from pathlib import Path

import dash
import dash_mantine_components as dmc
from dash import dcc, html
from flask import Response

from dashboard.agreement.errors import ErrorTable
from dashboard.atlases import Atlases
from dashboard.index import make_app
from dashboard.pages import map as map_page
from dashboard.palette import FONT
from dashboard.routes import add_routes
from dashboard.scripts import explorer

THEME = {
    "primaryColor": "blue",
    "fontFamily": FONT,
    "defaultRadius": "sm",
    "cursorType": "pointer",
}
# Mantine's blue, moved to the accent of `palette.THEMES`
ACCENT = [
    "#e8f3fe", "#cfe4fb", "#9ecbf7", "#6ab0f2", "#3f97ec", "#2485e3", "#0b6bcb", "#0a5fb4", "#08529c", "#064382"
]  # fmt: skip


def create_app(
    atlases: Atlases, views: Path | None = None, uploads: bool = True, errors: ErrorTable | None = None
) -> dash.Dash:
    """Make the app that shows `atlases` and nothing else.

    Parameters
    ----------
    atlases : Atlases
    views : Path or None
        A file of saved views, for everybody who opens the page.
    uploads : bool
        Whether crystals may be sent to be placed on the maps.
    errors : ErrorTable, optional
        Energy errors of the models.
    """
    app = make_app(atlases)
    app.layout = dmc.MantineProvider(
        id="provider",
        theme=THEME | {"colors": {"blue": ACCENT}},
        children=html.Div([dcc.Store(id="address"), html.Div(id="page")], className="root"),
    )
    add_routes(app, atlases)
    _add_script(app)
    map_page.register(app, atlases, views, uploads, errors)
    return app


def _add_script(app: dash.Dash) -> None:
    @app.server.get(f"{app.config.routes_pathname_prefix}atlas.js")
    def script() -> Response:
        text, digest = explorer()
        # its address changes with its content
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "ETag": f'"{digest}"'}
        return Response(text, mimetype="text/javascript", headers=headers)
