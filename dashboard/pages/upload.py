"""The addresses by which a visitor's crystal is placed, asked after and forgotten."""

from __future__ import annotations

from typing import Any

from dash import Dash
from flask import Blueprint, Response, abort, request

from dashboard.admission import foreign_request
from dashboard.atlases import Atlases
from dashboard.components.upload_panel import why_not
from dashboard.data import AtlasData
from dashboard.labels import clean
from dashboard.routes import compact, refuse, route_data
from dashboard.uploads import MAX_BYTES, UploadRefused, Uploads

NEIGHBOURS_TOLD = 6
ELSEWHERE = "crystals are placed from the atlas's own page only"


def register(app: Dash, atlases: Atlases, enabled: bool, uploads: Uploads | None = None) -> None:
    """Add ``upload`` and ``upload/<token>`` to each atlas; without `enabled` they only say why not."""
    routes = Blueprint("upload", __name__, url_prefix=f"{app.config.routes_pathname_prefix}data/<atlas>/upload")
    closed = why_not(enabled)
    jobs = uploads or (None if closed else Uploads())

    @routes.before_request
    def admit() -> Response | None:
        if closed or jobs is None:
            return refuse(closed, 403)
        return refuse(ELSEWHERE, 403) if request.method != "GET" and foreign_request() else None

    def working() -> Uploads:
        if jobs is None:
            abort(403)
        return jobs

    @routes.post("")
    def send(atlas: str) -> Response:
        data = route_data(atlases, atlas)
        if request.content_length is None:
            return refuse("the length of the file is not said", 411)
        if request.content_length > MAX_BYTES:
            return refuse(f"The file is larger than {MAX_BYTES / 1e6:g} MB", 413)
        content = request.get_data(cache=False)
        try:
            token = working().add(
                atlas,
                data.atlas.path,
                request.args.get("name", ""),
                content,
                models_of(data, request.args.get("models", "")),
            )
        except UploadRefused as error:
            return refuse(str(error), error.status)
        return answer({"token": token}, 201)

    @routes.get("/<token>")
    def state(atlas: str, token: str) -> Response:
        data = route_data(atlases, atlas)
        try:
            return answer(told(data, working().state(token, atlas)))
        except KeyError:
            return refuse("this crystal is no longer kept here; place it again", 404)

    @routes.delete("/<token>")
    @routes.post("/<token>/delete")
    def forget(atlas: str, token: str) -> Response:
        route_data(atlases, atlas)
        try:
            working().delete(token, atlas)
        except KeyError:
            return refuse("this crystal is no longer kept here", 404)
        return Response(status=204)

    app.server.register_blueprint(routes)


def answer(value: Any, status: int = 200) -> Response:
    return Response(compact(value), status, mimetype="application/json", headers={"Cache-Control": "private, no-store"})


def models_of(data: AtlasData, asked: str) -> list[str]:
    """The atlas's models, those that were asked for first; imported embeddings have no model to run."""
    keys = [k for k in data.model_keys if data.cards[k].status != "imported"]
    first = [k for k in dict.fromkeys(asked.split(",")) if k in keys]
    return [*first, *(k for k in keys if k not in first)]


def told(data: AtlasData, state: dict[str, Any]) -> dict[str, Any]:
    """A job's state for the page: neighbours with their names."""
    result = state.pop("result")
    if result is None:
        return state | {"structure": None, "sites": [], "places": {}}
    places = {}
    for key, found in result["models"].items():
        if key in data.cards:
            near = zip(found["neighbours"], found["similarity"], strict=True)
            places[key] = {
                "maps": found["maps"], "interpolated": found["interpolated"], "remarks": clean(found["remarks"], 300),
                "neighbours": [[_neighbour(data, *pair) for pair in zip(atoms[:NEIGHBOURS_TOLD], cosines, strict=False)]
                               for atoms, cosines in near],
            }  # fmt: skip
    return state | {"structure": result["structure"], "sites": result["sites"], "places": places}


def _neighbour(data: AtlasData, atom: int, cosine: float) -> dict[str, Any]:
    formula, identifier = data.crystal_of(atom)
    return {
        "atom": atom, "label": data.label(atom), "formula": clean(formula, 60), "id": clean(identifier, 60),
        "cosine": cosine,
    }  # fmt: skip
