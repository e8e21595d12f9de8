"""``python -m dashboard ATLAS [--host HOST] [--port PORT]``: serve one atlas."""

from __future__ import annotations

import argparse
import sys

from dashboard.server import serve
from precompute.contracts import AtlasError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m dashboard", description="Show an atlas in a browser.")
    parser.add_argument("atlas", help="a folder name.zarr, or a zip of one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--port", type=int, default=8050, help="port to listen on (default: %(default)s)")
    given = parser.parse_args(arguments)

    def ready(address: str) -> None:
        print(f"Platonic Atlas: {given.atlas} at {address} (Ctrl-C stops)", flush=True)

    try:
        serve(given.atlas, given.host, given.port, ready)
    except AtlasError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
