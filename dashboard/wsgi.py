"""WSGI entry, for servers such as gunicorn: ``PLATONIC_ATLAS=demo.zarr gunicorn "dashboard.wsgi:application()"``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from dashboard.admission import limit
from dashboard.agreement.errors import read_errors
from dashboard.app import create_app
from dashboard.atlases import Atlases
from precompute.contracts import AtlasError

if TYPE_CHECKING:
    from flask import Flask


def application() -> Flask:
    """The WSGI application of the atlases that the environment names.

    ``PLATONIC_ATLAS`` holds one path, or several joined as in ``PATH`` (by ``:``, on Windows by ``;``);
    ``PLATONIC_ATLAS_VIEWS``, where set, a file of saved views; ``PLATONIC_ATLAS_UPLOADS=0`` closes uploads;
    ``PLATONIC_ATLAS_ERRORS``, where set, a CSV file of the models' energy errors;
    ``PLATONIC_ATLAS_HOSTS``, where set, the names by which browsers may ask, joined by commas.

    Raises
    ------
    AtlasError
        Where the variable is not set, or what it names is no finished atlas.
    """
    paths = [p for p in os.environ.get("PLATONIC_ATLAS", "").split(os.pathsep) if p]
    if not paths:
        raise AtlasError("the environment variable PLATONIC_ATLAS is not set; set it to the path of an atlas")
    views = os.environ.get("PLATONIC_ATLAS_VIEWS")
    uploads = os.environ.get("PLATONIC_ATLAS_UPLOADS", "1") != "0"
    errors = os.environ.get("PLATONIC_ATLAS_ERRORS")
    app = create_app(
        Atlases(paths), views=Path(views) if views else None, uploads=uploads,
        errors=read_errors(Path(errors)) if errors else None,
    )  # fmt: skip
    server = app.server
    hosts = [name for name in os.environ.get("PLATONIC_ATLAS_HOSTS", "").split(",") if name.strip()]
    limit(server, hosts or None)
    return server
