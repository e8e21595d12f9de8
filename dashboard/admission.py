"""What a server answers at all: requests under a name that it has, of a bounded size; and changes from its own page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from flask import Flask, Response, request

from dashboard.labels import clean

MAX_BYTES = 4_000_000
"""Of a request; crystals and saved views have lower limits of their own."""
LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^:\[\]]+)(?::\d*)?", re.IGNORECASE | re.ASCII)


def limit(server: Flask, hosts: Iterable[str] | None = None) -> None:
    """Bound the size of requests, and refuse those for another host.

    A page of another site can have its own name lead to this machine, and would then read the atlas as if it were the
    atlas's own page; what it cannot change is the name that the browser asks for.

    Parameters
    ----------
    server : Flask
    hosts : iterable of str, optional
        Names under which the server is asked, beside those of this machine; None for any.
    """
    server.config["MAX_CONTENT_LENGTH"] = MAX_BYTES
    if hosts is None:
        return
    known = dict.fromkeys([*LOOPBACK, *map(_plain, hosts)])

    @server.before_request
    def admit() -> Response | None:
        asked = request.headers.get("Host", "")
        match = _HOST.fullmatch(asked)
        if match and match[1].lower() in known:
            return None
        said = (
            f"This server is asked as “{clean(asked, 100)}”, but answers as {', '.join(known)} only. If that is a name "
            "of it, name it with --allow-host, or in PLATONIC_ATLAS_HOSTS where a WSGI server runs it.\n"
        )
        return Response(said, 403, mimetype="text/plain", headers={"Cache-Control": "no-store"})


def _plain(host: str) -> str:
    """A name as it stands in a request: lower case, addresses with colons in brackets."""
    bare = host.strip().strip("[]").lower()
    return f"[{bare}]" if ":" in bare else bare


def foreign_request() -> bool:
    """Whether a change comes from elsewhere than a page of this server.

    Browsers say where a request comes from, and no page can make them lie: ``Sec-Fetch-Site`` on addresses that they
    trust (https and this machine), ``Origin`` everywhere. Behind a proxy the first is right even where the host is
    another.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site != "same-origin"
    origin = request.headers.get("Origin", "")
    return not origin or urlsplit(origin).netloc != request.host


def cross_site_request() -> bool:
    """Whether a page of another site asks, as far as the browser says."""
    return request.headers.get("Sec-Fetch-Site") == "cross-site"
