"""The Dash app of one atlas."""

from __future__ import annotations

from pathlib import Path

import dash
import dash_mantine_components as dmc
from dash import dcc, html

from dashboard.components.text import marked
from dashboard.data import AtlasData
from dashboard.labels import clean
from dashboard.pages import map as map_page
from dashboard.palette import FONT
from dashboard.routes import add_routes
from precompute.store import Atlas

HERE = Path(__file__).resolve().parent
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


def assets_folder() -> Path:
    """Styles and scripts: inside the package where it is installed, at the top level of a checkout."""
    packaged = HERE / "_assets"
    return packaged if packaged.is_dir() else HERE.parent / "assets"


def create_app(atlas: Atlas) -> dash.Dash:
    """Make the app that shows `atlas` and nothing else."""
    data = AtlasData(atlas)
    app = dash.Dash(
        __name__,
        title=f"{clean(data.title, 60)} · Platonic Atlas",
        update_title="",
        assets_folder=str(assets_folder()),
        serve_locally=True,
        compress=False,
        suppress_callback_exceptions=True,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    app.layout = dmc.MantineProvider(
        id="provider",
        theme=THEME | {"colors": {"blue": ACCENT}},
        forceColorScheme="light",
        children=html.Div(
            [
                dcc.Location(id="address", refresh=False),
                html.Div(map_page.waiting(), id="page"),
            ],
            className="root",
            **marked(data_root=app.config.requests_pathname_prefix),
        ),
    )
    map_page.register(app, data)
    add_routes(app, data)
    return app
