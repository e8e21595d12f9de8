"""The addresses of the Agreement page: what there is, a run, a plan of transport, and the comparison of a selection."""

from __future__ import annotations

import logging
import re
from contextlib import suppress
from typing import Any

import numpy as np
from dash import Dash
from flask import Blueprint, Response, abort, request
from numpy.typing import NDArray
from werkzeug.wrappers import Response as BaseResponse

from dashboard import selection
from dashboard.admission import cross_site_request
from dashboard.agreement import results
from dashboard.agreement.comparisons import Comparisons
from dashboard.agreement.errors import ErrorTable, errors_of
from dashboard.atlases import Atlases
from dashboard.data import AtlasData
from dashboard.export.content import Content
from dashboard.export.methods import selection_words
from dashboard.find import FindError
from dashboard.routes import JSON, compact, query_string, refuse, respond, respond_json, route_data
from dashboard.state import parse
from precompute.contracts import AtlasError

ASKER = re.compile(r"[A-Za-z0-9_-]{1,40}")
NO_FOLDER = "The server cannot write its cache folder, so no selection can be compared; its log says why."

log = logging.getLogger(__name__)


def register(
    app: Dash, atlases: Atlases, errors: ErrorTable | None = None, comparisons: Comparisons | None = None
) -> None:
    """Add the addresses to the app's server.

    Parameters
    ----------
    app : Dash
    atlases : Atlases
    errors : ErrorTable, optional
        Energy errors of models; by default those in an atlas's attributes.
    comparisons : Comparisons, optional
        What compares selections.
    """
    prefix = f"{app.config.routes_pathname_prefix}data/<atlas>/agreement"
    routes = Blueprint("agreement", __name__, url_prefix=prefix)
    jobs = comparisons or Comparisons()

    @routes.get("")
    def overview(atlas: str) -> BaseResponse:
        data = route_data(atlases, atlas)
        try:
            known = errors_of(data, errors)
        except AtlasError as error:
            known = {"refused": str(error)}
        return respond_json(results.overview(data, known))

    @routes.get("/runs/<name>")
    def run(atlas: str, name: str) -> BaseResponse:
        data = route_data(atlases, atlas)
        if name not in results.runs(data):
            abort(404)
        return respond(data.keep(("agreement run", name), lambda: run_body(data, name)), JSON)

    @routes.get("/transport")
    def transport(atlas: str) -> BaseResponse:
        data = route_data(atlases, atlas)
        found = results.plan(data, request.args.get("from", ""), request.args.get("to", ""))
        if found is None:
            abort(404)
        return respond_json(found)

    @routes.get("/selection")
    def compare_selection(atlas: str) -> Response:
        # it sets work going, which no other site may
        if cross_site_request():
            return refuse("selections are compared from the atlas's own page only", 403)
        data = route_data(atlases, atlas)
        try:
            return told(jobs.ask(data, *asked(data), seen=request.args.get("seen") == "1"))
        except FindError as error:
            return told({"state": "refused", "error": f"The filter cannot be read: {error.message}"})
        except OSError:
            log.exception("a selection of %s was not compared", data.name)
            return told({"state": "refused", "error": NO_FOLDER})

    @routes.post("/selection/leave")
    def leave_selection(atlas: str) -> Response:
        if cross_site_request():
            return refuse("selections are compared from the atlas's own page only", 403)
        data = route_data(atlases, atlas)
        with suppress(FindError, OSError):  # then nothing was begun
            jobs.leave(data, *asked(data))
        return Response(status=204)

    app.server.register_blueprint(routes)


def asked(data: AtlasData) -> tuple[NDArray[np.bool_], str, str]:
    """What the request selects, the selection in words, and which page asks."""
    view, _ = parse(query_string(), data)
    mask = selection.mask(data, view)
    asker = request.args.get("asker", "")
    return mask, selection_words(Content(data, view, "", mask, {})), asker if ASKER.fullmatch(asker) else ""


def run_body(data: AtlasData, name: str) -> bytes:
    """A run with its scores and trees, as JSON."""
    baselines = [key for key in data.model_keys if data.cards[key].status == results.BASELINE]
    return compact(results.run_of(results.runs(data)[name], baselines))


def told(state: dict[str, Any]) -> Response:
    """How far a comparison is, or what it gave: an answer of the moment."""
    return Response(compact(state), mimetype=JSON, headers={"Cache-Control": "private, no-store"})
