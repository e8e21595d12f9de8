"""What the page fetches beside callbacks: one binary array a map, and one table of the atoms."""

from __future__ import annotations

import hashlib
import json

import numpy as np
from dash import Dash
from flask import Response, abort, request
from werkzeug.wrappers import Response as BaseResponse

from dashboard.data import AtlasData
from dashboard.labels import clean
from dashboard.palette import CATEGORIES, CATEGORY_NAMES

# Plotly compiles WebGL code by Function(), so 'unsafe-eval'; Dash writes its settings into inline scripts.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


def points_path(key: str, name: str) -> str:
    """Address of a map's points, relative to the page."""
    return f"data/points/{key}/{name}"


def points_bytes(data: AtlasData, key: str, name: str) -> bytes:
    """A map's points in display order: N little-endian float32 x, then N y."""
    return np.ascontiguousarray(data.points(key, name)[data.order].T, dtype="<f4").tobytes()


def atom_table(data: AtlasData) -> dict[str, object]:
    """What hover and colours need of atoms and structures, each text once."""
    texts = [
        (clean(symmetry, 30), clean(data.wyckoff(atom), 30))
        for atom, symmetry in enumerate(data.of_atoms("site_symmetry"))
    ]
    sites = list(dict.fromkeys(texts))
    code = {site: i for i, site in enumerate(sites)}
    return {
        "order": data.order.tolist(),
        "structure": data.of_atoms("structure").tolist(),
        "number": data.of_atoms("atomic_number").tolist(),
        "counter": data.counter.tolist(),
        "site": [code[t] for t in texts],
        "sites": sites,
        "formula": [clean(f, 80) for f in data.of_structures("formula")],
        "id": [clean(i, 80) for i in data.of_structures("id")],
        "symbols": data.symbols,
        "category": data.code_of_element.tolist(),
        "categories": CATEGORY_NAMES,
        "colours": list(CATEGORIES.values()),
    }


def add_routes(app: Dash, data: AtlasData) -> None:
    """Add the addresses to the app's server, and its security headers to every answer."""
    root = app.config.requests_pathname_prefix

    def answer(body: bytes, kind: str) -> BaseResponse:
        response = Response(body, mimetype=kind)
        response.set_etag(hashlib.sha256(body).hexdigest()[:32])
        response.headers["Cache-Control"] = "private, no-cache"
        return response.make_conditional(request)

    @app.server.get(f"{root}data/points/<key>/<name>")
    def points(key: str, name: str) -> BaseResponse:
        if key not in data.cards or name not in data.cards[key].maps or "-2d" not in name:
            abort(404)
        return answer(points_bytes(data, key, name), "application/octet-stream")

    @app.server.get(f"{root}data/atoms")
    def atoms() -> BaseResponse:
        table = data.keep(("atom table",), lambda: json.dumps(atom_table(data), separators=(",", ":")).encode())
        return answer(table, "application/json")

    @app.server.after_request
    def secure(response: Response) -> Response:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response
