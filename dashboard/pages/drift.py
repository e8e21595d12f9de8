"""The addresses of the Drift page: what there is, the numbers of a series, and its arrays at one step."""

from __future__ import annotations

from dash import Dash
from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from dashboard.atlases import Atlases
from dashboard.data import AtlasData
from dashboard.drift import arrays, series
from dashboard.routes import BINARY, respond, respond_json, route_data


def register(app: Dash, atlases: Atlases) -> None:
    """Add the addresses to the app's server."""
    prefix = f"{app.config.routes_pathname_prefix}data/<atlas>/drift"
    routes = Blueprint("drift", __name__, url_prefix=prefix)

    @routes.get("")
    def overview(atlas: str) -> Response:
        return respond_json(series.overview(route_data(atlases, atlas)))

    @routes.get("/<name>")
    def numbers(atlas: str, name: str) -> Response:
        data = known(atlas, name)
        return respond_json(data.keep(("drift told", name), lambda: series.told(data, name)))

    @routes.get("/<name>/atoms")
    def atoms(atlas: str, name: str) -> Response:
        return respond(arrays.atoms(known(atlas, name), name), BINARY)

    @routes.get("/<name>/structures")
    def structures(atlas: str, name: str) -> Response:
        return respond(arrays.structures(known(atlas, name), name), BINARY)

    @routes.get("/<name>/places/<int:step>")
    def places(atlas: str, name: str, step: int) -> Response:
        data = known(atlas, name, step)
        body, headers = arrays.places(data, name, anchors_asked(), step)
        return respond(body, BINARY, headers)

    @routes.get("/<name>/trails")
    def trails(atlas: str, name: str) -> Response:
        data = known(atlas, name)
        most = request.args.get("most", "")
        if not (most.isascii() and most.isdigit() and len(most) < 6 and 0 < int(most) <= arrays.MOST_TRAILS):
            abort(404)
        body, headers = arrays.trails(data, name, anchors_asked(), int(most))
        return respond(body, BINARY, headers)

    @routes.get("/<name>/values/<measure>/<int:step>")
    def values(atlas: str, name: str, measure: str, step: int) -> Response:
        data = known(atlas, name, step)
        if measure == "energy":
            return respond(arrays.energies(data, name, step), BINARY)
        if measure not in arrays.OF_ATOMS:
            abort(404)
        return respond(arrays.values(data, name, measure, step), BINARY)

    def known(atlas: str, name: str, step: int = 0) -> AtlasData:
        """The atlas, where it has that series with that step; answers 404 else."""
        data = route_data(atlases, atlas)
        if name not in series.names(data) or step >= len(series.described(data, name)["checkpoints"]):
            abort(404)
        return data

    app.server.register_blueprint(routes)


def anchors_asked() -> str:
    found = request.args.get("anchors", "reembedded")
    if found not in arrays.ANCHORS:
        abort(404)
    return found
