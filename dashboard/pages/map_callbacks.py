"""The callbacks of the map page: thin, each from controls to one part of the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import plotly.graph_objects as go
from dash import ALL, ClientsideFunction, Dash, Input, Output, State, ctx, no_update
from dash.development.base_component import Component

from dashboard import quality, search
from dashboard.components import crystal_panel
from dashboard.components.controls import describe
from dashboard.data import AtlasData
from dashboard.figures.crystal import crystal_figure
from dashboard.figures.map import Panel, map_figure, padded_range
from dashboard.geometry import scene
from dashboard.palette import CATEGORY_NAMES, THEMES
from dashboard.routes import points_path
from dashboard.state import ViewState, parse, query

NEIGHBOUR_COLUMNS = 4
SITES_SHOWN = 24
LEAST_SIZE, MOST_SIZE = 200, 8_000


def register_address(
    app: Dash, data: AtlasData, layout: Callable[[AtlasData, ViewState, list[str]], Component]
) -> None:
    """The page from the address, and the address from the page."""

    @app.callback(Output("page", "children"), Output("provider", "forceColorScheme"), Input("address", "search"))
    def open_page(address: str | None) -> tuple[Component, str]:
        state, notices = parse(address, data)
        return layout(data, state, notices), state.theme

    @app.callback(
        Output("query", "data"),
        Input({"type": "model", "key": ALL}, "checked"),
        Input("space", "value"),
        Input("method", "value"),
        Input("k", "value"),
        Input("groups", "value"),
        Input("elements", "data"),
        Input("chosen", "data"),
        Input("theme", "data"),
    )
    def write_query(
        checked: Sequence[bool], space: str, method: str, k: int, groups: Sequence[str], elements: Sequence[str],
        chosen: int | None, theme: str,
    ) -> str:  # fmt: skip
        return query(
            ViewState(
                models=models_shown(data, checked), space=space, method=method, k=anchors_at(data, k),
                atom=valid_atom(data, chosen), hidden=tuple(c for c in CATEGORY_NAMES if c not in (groups or [])),
                elements=tuple(e for e in data.symbols if e in (elements or [])), theme=theme,
            ),
            data,
        )  # fmt: skip

    def clientside(name: str, place: str, *wires: Any) -> None:
        app.clientside_callback(ClientsideFunction(place, name), *wires)

    clientside("write", "page", Input("query", "data"))
    clientside("turn", "page", Output("theme", "data"), Input("turn-theme", "n_clicks"), State("theme", "data"))
    clientside("press", "page", Input("elements", "data"))
    clientside("measure", "page", Output("size", "data"), Input("page", "children"))
    app.clientside_callback(
        "theme => theme || dash_clientside.no_update",
        Output("provider", "forceColorScheme", allow_duplicate=True),
        Input("theme", "data"),
        prevent_initial_call=True,
    )


def register_maps(app: Dash, data: AtlasData) -> None:
    """Models, space, method and K to the maps."""

    @app.callback(
        Output("skeleton", "data"),
        Output("quality", "children"),
        Output("drawn", "children"),
        Output("method", "disabled"),
        Output("k", "disabled"),
        Output("k-value", "children"),
        Output("space-hint", "children"),
        Output("no-models", "hidden"),
        Output("untrained-note", "hidden"),
        Input({"type": "model", "key": ALL}, "checked"),
        Input("space", "value"),
        Input("method", "value"),
        Input("k", "value"),
        Input("theme", "data"),
        Input("size", "data"),
        prevent_initial_call=True,
    )
    def lay_out(
        checked: Sequence[bool], space: str, method: str, k: int, theme: str, size: dict[str, float] | None
    ) -> tuple[Any, ...]:
        count = anchors_at(data, k)
        if space == "shared" and method != "pca":
            count = data.n_anchors
        keys = models_shown(data, checked)
        figure, qualities, counts = maps_of(data, keys, space, method, count, theme, size or {})
        hint = ""
        if space == "raw":
            hint = "Private spaces have no anchors: each panel is a PCA of the model's own embedding."
        elif method != "pca":
            hint = f"UMAP is stored for all {data.n_anchors} anchors only."
        fixed_k = space == "raw" or method != "pca"
        return (
            figure.to_plotly_json(),
            quality.statement(space, method, count, qualities, list(counts)),
            quality.drawn(counts, [key for key in keys if key not in counts]),
            space == "raw" or len(data.methods) < 2,
            fixed_k or len(data.anchor_counts) < 2,
            "–" if space == "raw" else str(count),
            hint,
            bool(counts),
            not any(key in counts for _, untrained, _ in data.untrained_to_fetch.values() for key in untrained),
        )

    @app.callback(
        Output({"type": "model", "key": ALL}, "checked"),
        Input("show-all", "n_clicks"),
        Input("show-trained", "n_clicks"),
        Input("show-none", "n_clicks"),
        prevent_initial_call=True,
    )
    def show(*_clicks: int) -> list[bool]:
        wanted = str(ctx.triggered_id).removeprefix("show-")
        return [wanted == "all" or (wanted == "trained" and card.trained) for card in data.cards.values()]

    app.clientside_callback(
        ClientsideFunction("map", "draw"),
        Output("map", "figure"),
        Input("skeleton", "data"),
        Input("groups", "value"),
        Input("elements", "data"),
        State("chosen", "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(ClientsideFunction("map", "mark"), Input("chosen", "data"), prevent_initial_call=True)
    app.clientside_callback(ClientsideFunction("map", "hover"), Input("map", "hoverData"), prevent_initial_call=True)


def register_atom(app: Dash, data: AtlasData) -> None:
    """The chosen atom to its crystal and its neighbours."""
    app.clientside_callback(
        ClientsideFunction("map", "pick"),
        Output("chosen", "data"),
        Input("map", "clickData"),
        prevent_initial_call=True,
    )

    @app.callback(Output("crystal-panel", "children"), Input("chosen", "data"), Input("theme", "data"))
    def show_crystal(chosen: int | None, theme: str) -> Component:
        atom = valid_atom(data, chosen)
        if atom is None:
            return crystal_panel.empty_panel()
        return crystal_of(data, atom, theme if theme in THEMES else "light")

    @app.callback(
        Output("neighbour-panel", "children"),
        Input("chosen", "data"),
        Input({"type": "model", "key": ALL}, "checked"),
    )
    def show_neighbours(chosen: int | None, checked: Sequence[bool]) -> Component | None:
        atom = valid_atom(data, chosen)
        if atom is None:
            return None
        lists = {
            key: [(a, s, data.label(a), *data.crystal_of(a)) for a, s in data.neighbours(key, atom)]
            for key in models_shown(data, checked)
        }
        filled = {key: rows for key, rows in lists.items() if rows}
        ranked = sorted(filled, key=lambda key: not data.cards[key].trained)[:NEIGHBOUR_COLUMNS]
        return crystal_panel.neighbour_lists({key: filled[key] for key in filled if key in ranked})

    @app.callback(Output("find", "data"), Input("find", "searchValue"), State("find", "value"))
    def find(text: str | None, chosen: str | None) -> list[dict[str, str]]:
        return search.crystals(data, text or "", chosen)

    @app.callback(Output("chosen", "data", allow_duplicate=True), Input("find", "value"), prevent_initial_call=True)
    def choose(value: str | None) -> Any:
        # also called with nothing chosen when the page opens, which must not undo the address
        atom = search.first_atom(data, value)
        return no_update if atom is None else atom


def models_shown(data: AtlasData, checked: Sequence[bool]) -> tuple[str, ...]:
    return tuple(key for key, on in zip(data.model_keys, checked, strict=False) if on)


def anchors_at(data: AtlasData, position: object) -> int:
    """The number of anchors at a position of the slider."""
    last = len(data.anchor_counts) - 1
    return data.anchor_counts[min(max(int(position), 0), last)] if isinstance(position, int | float) else data.n_anchors


def valid_atom(data: AtlasData, chosen: object) -> int | None:
    return chosen if isinstance(chosen, int) and 0 <= chosen < data.n_atoms else None


def maps_of(
    data: AtlasData, keys: Sequence[str], space: str, method: str, k: int, theme: str, size: dict[str, float]
) -> tuple[go.Figure, dict[str, dict[str, Any]], dict[str, tuple[int, int]]]:
    """The figure without its points, the maps' qualities, and how many atoms each panel draws."""
    name = data.map_name(space, method, k)
    keys = [key for key in keys if name in data.cards[key].maps]
    linked = space == "shared"
    points = {key: data.points(key, name) for key in keys}
    qualities = {key: data.quality(key, name) for key in keys}
    shared = padded_range(*points.values()) if linked else None
    counts = {key: (data.n_drawn(key, name), data.n_atoms) for key in keys}
    kept = {key: quality.kept(space, method, qualities[key]) for key in keys}
    panels = [
        Panel(
            key=key,
            subtitle=describe(data.cards[key]),
            trained=data.cards[key].trained,
            axes=quality.axis_names(space, method, qualities[key]),
            ranges=shared or padded_range(points[key]),
            kept=kept[key][0],
            kept_meaning=kept[key][1],
            drawn=counts[key][0],
            total=data.n_atoms,
            address=points_path(key, name),
        )
        for key in keys
    ]
    width, height = (min(max(float(size.get(s) or 900), LEAST_SIZE), MOST_SIZE) for s in ("width", "height"))
    look = theme if theme in THEMES else "light"
    return map_figure(panels, linked, width, height, look, f"{space} {method}"), qualities, counts


def crystal_of(data: AtlasData, atom: int, theme: str) -> Component:
    """The crystal panel's content for one atom."""
    site = data.site(atom)
    crystal = site.crystal
    laid_out = scene(
        crystal.numbers, crystal.positions, crystal.cell, crystal.pbc, data.radii, site.centre, data.affinity
    )
    figure = crystal_figure(
        laid_out, crystal.numbers, crystal.cell, crystal.pbc, data.radii, data.colours, data.symbols, theme
    )
    says = f"Crystal {crystal.formula} with {site.label} chosen: " + crystal_panel.shell_text(site, data.symbols, True)
    return crystal_panel.panel(site, figure, says, data.symbols, data.sites(atom, SITES_SHOWN), laid_out.note)
