"""The header's content, and the address of the saved views that everybody sees."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dash import Dash
from dash.development.base_component import Component
from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from dashboard.admission import foreign_request
from dashboard.atlases import Atlases
from dashboard.components.header import header
from dashboard.data import AtlasData
from dashboard.routes import compact, refuse
from dashboard.saved_views import (
    MAX_BYTES,
    SavedView,
    ViewsConflict,
    ViewsError,
    ViewsFile,
    decode,
    document_of,
    views_of,
)


def layout(
    atlases: Atlases,
    data: AtlasData,
    views: Path | None,
    *,
    find_box: Component | None = None,
    export_menu: Component | None = None,
    upload: Component | None = None,
) -> Component:
    """The header for an atlas; the other parts bring their own controls."""
    named = [(name, atlases.get(name).title) for name in atlases.names]
    return header(
        data.title, data.n_atoms, data.n_structures, atlas=data.name, atlases=named,
        find_box=find_box, export_menu=export_menu, upload=upload, views_served=views is not None,
    )  # fmt: skip


def register(app: Dash, _atlases: Atlases, views_path: Path | None) -> None:
    """Add the address ``views``: GET answers the saved views, POST replaces them.

    Raises
    ------
    ViewsError
        Where there is something at `views_path` that is no file of saved views.
    """
    if views_path is None:
        return
    file = ViewsFile(views_path)
    address = f"{app.config.routes_pathname_prefix}views"

    @app.server.get(address)
    def saved_views() -> Response:
        try:
            return _answer(file, *file.read())
        except ViewsError as error:
            return refuse(str(error), 500)

    @app.server.post(address)
    def save_views() -> Response:
        if foreign_request():
            return refuse("saved views are changed from the atlas's own page only", 403)
        if request.mimetype != "application/json":
            return refuse("saved views are sent as application/json", 415)
        request.max_content_length = MAX_BYTES
        try:
            sent = request.get_data()
        except RequestEntityTooLarge:
            return refuse(f"saved views have at most {MAX_BYTES:,} bytes", 413)
        try:
            return _save(file, sent)
        except ViewsConflict as error:
            now, revision = file.read()
            return refuse(str(error), 409, **document_of(now), revision=revision)
        except ViewsError as error:
            return refuse(str(error), 400)


def _save(file: ViewsFile, sent: bytes) -> Response:
    document = decode(sent)
    views = views_of(document)
    return _answer(file, views, file.replace(views, str(document.get("revision"))))


def _answer(file: ViewsFile, views: Sequence[SavedView], revision: str) -> Response:
    body = {**document_of(views), "revision": revision, "writable": file.writable, "file": file.path.name}
    return Response(compact(body), mimetype="application/json", headers={"Cache-Control": "private, no-store"})
