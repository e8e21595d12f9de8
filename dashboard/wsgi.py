"""WSGI entry, for servers such as gunicorn: ``PLATONIC_ATLAS=demo.zarr gunicorn "dashboard.wsgi:application()"``."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from dashboard.app import create_app
from precompute.contracts import AtlasError
from precompute.store import Atlas

if TYPE_CHECKING:
    from flask import Flask


def application() -> Flask:
    """The WSGI application of the atlas that the environment variable PLATONIC_ATLAS names."""
    path = os.environ.get("PLATONIC_ATLAS")
    if not path:
        raise AtlasError("the environment variable PLATONIC_ATLAS is not set; set it to the path of an atlas")
    return create_app(Atlas(path)).server
