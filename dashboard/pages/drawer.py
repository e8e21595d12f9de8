"""The drawer under the maps, and the addresses that its tables ask for rows."""

from __future__ import annotations

from dash import Dash, Input, Output, no_update
from dash.development.base_component import Component
from flask import Blueprint, abort, request
from werkzeug.wrappers import Response

from dashboard import columns, rows, selection
from dashboard.atlases import Atlases
from dashboard.components.drawer import drawer, table
from dashboard.data import AtlasData
from dashboard.find import FindError
from dashboard.overlap import compared
from dashboard.recent import Recent
from dashboard.routes import query_string, refuse, respond_json
from dashboard.state import parse, query

ATLASES_KEPT = 4


def layout(_data: AtlasData) -> Component:
    return drawer()


def register(app: Dash, atlases: Atlases) -> None:
    """Add the table, made when it is first opened since its script is large, and the addresses of its rows."""

    @app.callback(Output("table-place", "children"), Input("table-wanted", "data"), prevent_initial_call=True)
    def make_table(wanted: bool | None) -> Component:
        return table() if wanted else no_update

    app.server.register_blueprint(addresses(app, atlases))


def addresses(app: Dash, atlases: Atlases) -> Blueprint:
    """``rows/<table>`` and ``rows/<table>/columns`` of each atlas, for the selection of a view."""
    routes = Blueprint("rows", __name__, url_prefix=f"{app.config.routes_pathname_prefix}data/<atlas>/rows")
    kept: Recent[rows.Tables] = Recent(ATLASES_KEPT)

    def data_of(name: str) -> AtlasData:
        if name not in atlases:
            abort(404)
        return atlases.get(name)

    @routes.get("/<of>/columns")
    def columns_of(atlas: str, of: str) -> Response:
        data = data_of(atlas)
        if of not in columns.TABLES:
            abort(404)
        view = parse(query_string(), data)[0]
        return respond_json(columns.described(data, of, view.models, compared.shown(data, view)))

    @routes.get("/<of>")
    def rows_of(atlas: str, of: str) -> Response:
        data = data_of(atlas)
        if of not in columns.TABLES:
            abort(404)
        view, _ = parse(query_string(), data)
        tables = kept.get(atlas, lambda: rows.Tables(data))
        try:
            page = tables.page(
                rows.asked(of, request.args), query(view, data), lambda: selection.mask(data, view), view.models,
                compared.shown(data, view),
            )  # fmt: skip
        except FindError as error:
            return refuse(error.message, start=error.start, end=error.end)
        except rows.RowsError as error:
            return refuse(str(error))
        return respond_json(page)

    return routes
