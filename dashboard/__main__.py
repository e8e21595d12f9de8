"""``python -m dashboard ATLAS... [--host HOST] [--port PORT] [--views FILE] [--no-upload]``: serve atlases."""

from __future__ import annotations

import argparse
import signal
import sys
from importlib.metadata import version
from pathlib import Path

from dashboard.server import serve
from precompute.contracts import AtlasError

LAST_PORT = 65_535


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m dashboard", description="Show atlases in a browser.")
    parser.add_argument("atlas", nargs="+", help="a folder name.zarr, or a zip of one; the first is shown first")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument(
        "--port", type=_port, default=8050, help="port to listen on, 0 for any free one (default: %(default)s)"
    )
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME",
        help="a further name by which browsers may ask for the page, such as that of a proxy; may be repeated",
    )  # fmt: skip
    parser.add_argument("--views", type=Path, metavar="FILE", help="saved views (JSON) that every visitor is offered")
    parser.add_argument(
        "--errors", type=Path, metavar="FILE", help="the models' energy errors (CSV: model,error,unit,source)"
    )
    parser.add_argument("--no-upload", action="store_true", help="do not let visitors place crystals of their own")
    parser.add_argument("--version", action="version", version=f"platonic-atlas {version('platonic-atlas')}")
    given = parser.parse_args(arguments)
    shown = ", ".join(given.atlas)

    def ready(address: str) -> None:
        print(f"Platonic Atlas: {shown} at {address} (Ctrl-C stops)", flush=True)

    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a polite kill ends it as Ctrl-C does
    try:
        serve(
            given.atlas, given.host, given.port, given.views, not given.no_upload, given.allow_host, ready, given.errors
        )
    except AtlasError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        pass
    print("stopped", flush=True)
    return 0


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; expected 0 to {LAST_PORT}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
