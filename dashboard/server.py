"""Serving atlases on one address by waitress."""

from __future__ import annotations

import errno
import logging
import socket
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path

from precompute.contracts import AtlasError

THREADS = 6


def serve(
    paths: Sequence[str | Path],
    host: str = "127.0.0.1",
    port: int = 8050,
    views: Path | None = None,
    uploads: bool = True,
    allow_hosts: Sequence[str] = (),
    on_ready: Callable[[str], None] | None = None,
    errors: Path | None = None,
) -> None:
    """Serve the atlases at `paths` until interrupted.

    Parameters
    ----------
    paths : sequence of str or Path
    host : str
        Address to listen on; the default is seen from this machine only.
    port : int
        0 lets the system choose.
    views : Path, optional
        A file of saved views; visitors can add to it if it can be written.
    uploads : bool
        Whether visitors may send a crystal to be placed on the maps.
    allow_hosts : sequence of str
        Names by which browsers may ask for the page, beside `host` and those of this machine. Without any, a server
        that others can reach answers to every name.
    on_ready : callable
        Called with the page's address once connections are accepted.
    errors : Path, optional
        A CSV file of the models' energy errors.

    Raises
    ------
    AtlasError
        Where an atlas is not there or given twice, the errors cannot be read, or the address cannot be listened on.
    """
    from waitress.server import create_server

    from dashboard.admission import MAX_BYTES, limit
    from dashboard.agreement.errors import read_errors
    from dashboard.app import create_app
    from dashboard.atlases import Atlases

    atlases = Atlases(paths)
    table = None if errors is None else read_errors(errors)
    listening = _listen(host, port)
    app = create_app(atlases, views=views, uploads=uploads, errors=table)
    alone = ip_address(listening.getsockname()[0].partition("%")[0]).is_loopback
    limit(app.server, [host, *allow_hosts] if alone or allow_hosts else None)
    # a client that leaves early is no news
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = create_server(
        app.server, sockets=[listening], threads=THREADS, ident=None, max_request_body_size=MAX_BYTES
    )
    if on_ready is not None:
        shown = f"[{host}]" if ":" in host else host
        on_ready(f"http://{shown}:{listening.getsockname()[1]}/")
    try:
        server.run()
    finally:
        server.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, proto)
    except (OSError, OverflowError) as error:
        raise AtlasError(f"cannot listen on {host}:{port}: {error}; give an address of this machine") from error
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(address)
        listening.listen(64)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise AtlasError(f"port {port} of {host} is taken; free it, or choose another with --port") from error
        if error.errno == errno.EACCES:
            raise AtlasError(f"port {port} is not open to this account; choose one above 1023 with --port") from error
        raise AtlasError(f"cannot listen on {host}:{port}: {error.strerror}; is {host} this machine's?") from error
    return listening
