"""What the Neighbours page asks: overlap in numbers, a ranking of atoms and crystals, and one atom in two models."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dash import Dash
from flask import Blueprint
from flask import request as asked_for
from werkzeug.wrappers import Response

from dashboard import selection
from dashboard.atlases import Atlases
from dashboard.data import AtlasData
from dashboard.find import FindError
from dashboard.overlap import around, compared, ranking, summary
from dashboard.routes import query_string, refuse, respond_json, route_data
from dashboard.state import View, parse, query


def register(app: Dash, atlases: Atlases) -> None:
    """Add the addresses ``overlap/summary``, ``overlap/ranked/<of>`` and ``overlap/around`` of each atlas.

    All take the query of a view: what is compared, and what is selected. ``overlap/summary?groups=all`` has a row of
    every group.
    """
    prefix = f"{app.config.routes_pathname_prefix}data/<atlas>/overlap"
    routes = Blueprint("overlap", __name__, url_prefix=prefix)

    @routes.get("/summary")
    def overlap_summary(atlas: str) -> Response:
        data, view = asked(atlases, atlas)
        every = asked_for.args.get("groups") == "all"
        found = summary.summary(data, compared.of_view(data, view), selection.mask(data, view), every_group=every)
        return respond_json(found)

    @routes.get("/ranked/<of>")
    def overlap_ranked(atlas: str, of: str) -> Response:
        data, view = asked(atlases, atlas)
        wanted = ranking.asked(of, asked_for.args)
        # neither the atom nor the order is part of the selection, so that a ranking is kept from atom to atom
        named = query(replace(view, atom=None, sort="overlap"), data)
        return respond_json(
            ranking.page(
                data, compared.of_view(data, view), wanted, named, lambda: selection.mask(data, view),
                view.atom,
            )
        )  # fmt: skip

    @routes.get("/around")
    def overlap_around(atlas: str) -> Response:
        data, view = asked(atlases, atlas)
        if view.atom is None:
            return refuse("no atom is named; add atom=<id of its crystal>:<its number>")
        found: dict[str, Any] = around.around(
            data, compared.of_view(data, view), view.models, view.atom, view.pair[0] if view.pair else ""
        )
        return respond_json(found)

    @routes.errorhandler(FindError)
    def not_read(error: FindError) -> Response:
        return refuse(error.message, start=error.start, end=error.end)

    @routes.errorhandler(ranking.RankingError)
    def not_ranked(error: ranking.RankingError) -> Response:
        return refuse(str(error))

    app.server.register_blueprint(routes)


def asked(atlases: Atlases, name: str) -> tuple[AtlasData, View]:
    """The atlas and the view of an address."""
    data = route_data(atlases, name)
    return data, parse(query_string(), data)[0]
