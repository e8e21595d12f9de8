"""What the page fetches beside callbacks: binary arrays in display order, legends, names, masks."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from dash import Dash
from flask import Blueprint, Response, abort, request
from numpy.typing import NDArray
from werkzeug.wrappers import Response as BaseResponse

from dashboard.atlases import Atlases
from dashboard.data import AtlasData
from dashboard.find import FindError
from dashboard.labels import clean
from dashboard.overlap import compared
from dashboard.points import NO_PLACE, alignment, gathered, has_map, placed, quantised
from dashboard.quantities import legend, listed, stored_values
from dashboard.selection import text_mask
from dashboard.state import as_json, parse

BINARY, JSON = "application/octet-stream", "application/json"
# Plotly compiles WebGL code by Function(), so 'unsafe-eval'; Dash writes its settings into inline scripts.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def respond(body: bytes, mimetype: str, headers: Mapping[str, str] | None = None) -> BaseResponse:
    """Answer with a body that browsers keep, ask after by its hash, and may fetch in parts."""
    response = Response(body, mimetype=mimetype)
    response.headers.update(headers or {})
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(hashlib.blake2b(body, digest_size=16).hexdigest())
    return response.make_conditional(request, accept_ranges=True, complete_length=len(body))


def respond_json(value: Any) -> BaseResponse:
    return respond(compact(value), JSON)


def refuse(reason: str, status: int = 400, **details: Any) -> Response:
    """Answer that says why it is none, as JSON with ``error``."""
    return Response(compact({"error": reason, **details}), status, mimetype=JSON, headers={"Cache-Control": "no-store"})


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode(errors="replace")


def query_string() -> str:
    """The query of the request, as `dashboard.state.parse` reads it."""
    return request.query_string.decode("ascii", "replace")


def add_routes(app: Dash, atlases: Atlases) -> None:
    """Add the addresses to the app's server, and its security headers to every answer."""
    routes = Blueprint("data", __name__, url_prefix=f"{app.config.routes_pathname_prefix}data/<atlas>")

    @routes.get("/points/<key>/<name>")
    def points(atlas: str, key: str, name: str) -> BaseResponse:
        data = route_data(atlases, atlas)
        align = request.args.get("align", "")
        if not has_map(data, key, name) or (align and align not in data.cards):
            abort(404)
        exact = request.args.get("exact") == "1"
        asked = ("points body", key, name, align, exact)
        body, headers = data.keep(asked, lambda: points_body(data, key, name, align, exact))
        return respond(body, BINARY, headers)

    @routes.get("/values/<quantity>")
    def values(atlas: str, quantity: str) -> BaseResponse:
        data = route_data(atlases, atlas)
        model = request.args.get("model")
        known = listed(data).get(quantity)
        if known is not None and known.of == "comparison":
            name = comparison_asked(data)
            return respond(
                data.keep(("values body", quantity, name), lambda: values_body(data, quantity, name)), BINARY
            )
        if known is None or (known.of == "model" and model is not None and model not in data.cards):
            abort(404)
        key = model if known.of == "model" else None
        if key is not None and key not in known.models:  # not worth keeping
            return respond(values_body(data, quantity, key), BINARY)
        return respond(data.keep(("values body", quantity, key), lambda: values_body(data, quantity, key)), BINARY)

    @routes.get("/legend/<quantity>")
    def legend_of(atlas: str, quantity: str) -> BaseResponse:
        data = route_data(atlases, atlas)
        if quantity not in listed(data):
            abort(404)
        compares = listed(data)[quantity].of == "comparison"
        return respond_json(legend(data, quantity, comparison_asked(data) if compares else None))

    @routes.get("/columns/<name>")
    def columns(atlas: str, name: str) -> BaseResponse:
        data = route_data(atlases, atlas)
        if name not in COLUMNS:
            abort(404)
        return respond(data.keep(("column body", name), lambda: column_body(data, name)), BINARY)

    @routes.get("/names")
    def names(atlas: str) -> BaseResponse:
        data = route_data(atlases, atlas)
        return respond(data.keep(("names body",), lambda: compact(names_of(data))), JSON)

    @routes.get("/mask")
    def mask(atlas: str) -> BaseResponse:
        data = route_data(atlases, atlas)
        view, _ = parse(query_string(), data)
        try:
            chosen = text_mask(data, view)
        except FindError as error:
            return refuse(error.message, start=error.start, end=error.end)
        packed = np.packbits(chosen[data.order], bitorder="little").tobytes()
        return respond(packed, BINARY, {"X-Selected": str(int(chosen.sum()))})

    @routes.get("/state")
    def state(atlas: str) -> BaseResponse:
        view, notices = parse(query_string(), route_data(atlases, atlas))
        return respond_json({"state": as_json(view), "notices": notices})

    app.server.register_blueprint(routes)

    @app.server.after_request
    def secure(response: Response) -> Response:
        for header, value in SECURITY_HEADERS.items():
            response.headers.setdefault(header, value)
        return response


def route_data(atlases: Atlases, name: str) -> AtlasData:
    """The atlas of a name in an address; answers 404 where it is not served."""
    if name not in atlases:
        abort(404)
    return atlases.get(name)


def comparison_asked(data: AtlasData) -> str:
    """The name of the comparison that an address asks for by ``between``, or of the opening view.

    Answers 404 where it names none.
    """
    name = request.args.get("between")
    found = compared.opening(data) if name is None else compared.named(data, name)
    if found is None:
        abort(404)
    return found.name


def points_body(data: AtlasData, key: str, name: str, align: str, exact: bool) -> tuple[bytes, dict[str, str]]:
    """Body and headers of a map: x and y of one atom after the other, little-endian uint16, or float32."""
    xy = placed(data, key, name, align)
    found = quantised(xy)
    headers = {"X-Range": ",".join(repr(v) for v in found.ends), "X-Drawn": str(found.drawn)}
    if align not in ("", key) and has_map(data, align, name):
        turn = alignment(data, key, name, align)
        moved = [*(turn.scale * turn.rotation).ravel().tolist(), *turn.shift.tolist()]
        headers["X-Turn"] = ",".join(repr(v) for v in moved)
    if exact:
        rows = np.ascontiguousarray(xy, "<f4")
        missing = found.places[:, 0] == NO_PLACE
        if missing.any():
            rows = np.where(missing[:, None], np.float32(np.nan), rows)
    else:
        rows = found.places.astype("<u2", copy=False)
    return gathered(rows, data.order).tobytes(), headers


def values_body(data: AtlasData, quantity: str, model: str | None) -> bytes:
    """A quantity's codes or places in display order: uint8, or little-endian uint16."""
    found = stored_values(data, quantity, model)[data.order]
    return found.astype(found.dtype.newbyteorder("<"), copy=False).tobytes()


def _order(data: AtlasData) -> NDArray:
    return np.arange(data.n_atoms)


COLUMNS = {
    "order": ("<u4", _order),
    "element": ("u1", lambda data: data.of_atoms("atomic_number")),
    "structure": ("<u4", lambda data: data.of_atoms("structure")),
    "counter": ("<u2", lambda data: np.minimum(data.counter, 65_535)),
    "site": ("<u2", lambda data: data.site_codes[0]),
}
"""Columns of the atoms: (little-endian type, how they are found in file order)."""


def column_body(data: AtlasData, name: str) -> bytes:
    """A column of the atoms in display order."""
    kind, read = COLUMNS[name]
    return read(data)[data.order].astype(kind).tobytes()


def names_of(data: AtlasData) -> dict[str, Any]:
    """Formula and id of every structure, and the sites that the column ``site`` counts."""
    return {
        "formula": [clean(f, 80) for f in data.of_structures("formula").tolist()],
        "id": [clean(i, 80) for i in data.of_structures("id").tolist()],
        "sites": [[clean(symmetry, 30), clean(wyckoff, 30)] for symmetry, wyckoff in data.site_codes[1]],
    }
