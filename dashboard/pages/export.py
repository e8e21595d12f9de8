"""The addresses of exports: ``export/<format>`` with the query of a view gives a file."""

from __future__ import annotations

from dash import Dash
from flask import Blueprint
from werkzeug.wrappers import Response as BaseResponse

from dashboard.atlases import Atlases
from dashboard.export import methods
from dashboard.export.content import Content, ExportError
from dashboard.export.formats import contents, export
from dashboard.routes import query_string, refuse, respond, respond_json, route_data


def register(app: Dash, atlases: Atlases) -> None:
    """Add the addresses to the app's server."""
    prefix = f"{app.config.routes_pathname_prefix}data/<atlas>/export"
    routes = Blueprint("export", __name__, url_prefix=prefix)

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
        file = export(content_of(atlas), name)
        # always to be saved: a page or a picture of someone's data must not run as a page of this server
        return respond(file.body, file.mimetype, {"Content-Disposition": f'attachment; filename="{file.name}"'})

    @routes.errorhandler(ExportError)
    def not_exported(error: ExportError) -> BaseResponse:
        return refuse(str(error))

    app.server.register_blueprint(routes)
