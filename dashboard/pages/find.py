"""What the find box asks: how a text can go on, and how much it finds."""

from __future__ import annotations

from dash import Dash
from flask import Blueprint, request
from werkzeug.wrappers import Response

from dashboard.atlases import Atlases
from dashboard.data import AtlasData
from dashboard.find import FindError, matches, suggest
from dashboard.routes import respond_json, route_data


def register(app: Dash, atlases: Atlases) -> None:
    """Add the addresses ``suggest?text=&cursor=`` and ``found?text=`` of each atlas."""
    routes = Blueprint("find", __name__, url_prefix=f"{app.config.routes_pathname_prefix}data/<atlas>")

    @routes.get("/suggest")
    def suggestions(atlas: str) -> Response:
        cursor = request.args.get("cursor", "")
        place = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 6 else None
        return respond_json(suggest(route_data(atlases, atlas), request.args.get("text", ""), place))

    @routes.get("/found")
    def found(atlas: str) -> Response:
        data = route_data(atlases, atlas)
        try:
            return respond_json(count_found(data, request.args.get("text", "")))
        except FindError as error:
            # an answer like any other: browsers note other statuses as errors of the page
            return respond_json({"error": error.message, "start": error.start, "end": error.end})

    app.server.register_blueprint(routes)


def count_found(data: AtlasData, text: str) -> dict[str, int]:
    """How many atoms a text finds, and in how many structures.

    Raises
    ------
    FindError
    """
    mask = matches(data, text)
    touched = data.of_atoms("structure")[mask]  # in file order, so equal ones are neighbours
    return {"atoms": int(mask.sum()), "structures": int((touched[1:] != touched[:-1]).sum()) + bool(len(touched))}
