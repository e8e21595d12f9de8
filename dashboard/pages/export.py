"""The addresses of exports: ``export/<format>`` with the query of a view gives a file."""

from __future__ import annotations

import threading

from dash import Dash
from flask import Blueprint, Response
from werkzeug.wrappers import Response as BaseResponse

from dashboard.admission import cross_site_request
from dashboard.atlases import Atlases
from dashboard.export import methods
from dashboard.export.content import Content, ExportError
from dashboard.export.formats import FORMATS, contents, export
from dashboard.routes import query_string, refuse, respond, respond_json, route_data


def register(app: Dash, atlases: Atlases) -> None:
    """Add the addresses to the app's server."""
    prefix = f"{app.config.routes_pathname_prefix}data/<atlas>/export"
    routes = Blueprint("export", __name__, url_prefix=prefix)

    making = threading.Lock()

    @routes.before_request
    def admit() -> Response | None:
        return refuse("exports are asked for from the atlas's own page only", 403) if cross_site_request() else None

    def content_of(atlas: str) -> Content:
        return Content.of(route_data(atlases, atlas), query_string())

    # for these two an answer like any other: browsers note other statuses as errors of the page
    @routes.get("/contents")
    def export_contents(atlas: str) -> BaseResponse:
        try:
            return respond_json(contents(content_of(atlas)))
        except ExportError as error:
            return respond_json({"error": str(error)})

    @routes.get("/words")
    def export_words(atlas: str) -> BaseResponse:
        try:
            content = content_of(atlas)
        except ExportError as error:
            return respond_json({"error": str(error)})
        return respond_json(
            {"text": methods.paragraph(content), "latex": methods.latex(content), "bibtex": methods.bibtex(content)}
        )

    @routes.get("/<name>")
    def export_file(atlas: str, name: str) -> BaseResponse:
        heavy = name not in FORMATS or FORMATS[name].heavy
        if heavy and not making.acquire(blocking=False):
            return refuse("Another export is being made; try again in a few seconds.", 429)
        try:
            file = export(content_of(atlas), name)
        finally:
            if heavy:
                making.release()
        # always to be saved: a page or a picture of someone's data must not run as a page of this server
        return respond(file.body, file.mimetype, {"Content-Disposition": f'attachment; filename="{file.name}"'})

    @routes.errorhandler(ExportError)
    def not_exported(error: ExportError) -> BaseResponse:
        return refuse(str(error))

    app.server.register_blueprint(routes)
