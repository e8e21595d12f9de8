"""``python -m dashboard.export ATLAS --view QUERY --out FILE``: the page's exports from the command line."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from dashboard.atlases import Atlases
from dashboard.export.content import Content, ExportError
from dashboard.export.formats import FORMATS, export, format_of
from precompute.contracts import AtlasError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m dashboard.export", description="Export a view of an atlas.")
    parser.add_argument("atlas", type=Path)
    parser.add_argument("--view", default="", help="query of a view, or the whole address of one")
    parser.add_argument("--format", choices=list(FORMATS), help="by default as the name of the file asks for")
    parser.add_argument("--out", type=Path, required=True, help="file to write; - writes to standard output")
    parser.add_argument("--coordinates", action=argparse.BooleanOptionalAction, help="similarities to anchors (extxyz)")
    parser.add_argument("--dpi", type=int, help="dots an inch (png)")
    parser.add_argument("--width", type=int, help="width in millimetres (png, svg)")
    given = parser.parse_args(arguments)
    try:
        written = _write(given)
    except (AtlasError, ExportError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(written, file=sys.stderr)
    return 0


def _write(given: argparse.Namespace) -> str:
    to_output = str(given.out) == "-"
    if to_output and not given.format:
        raise ExportError("--out -: say with --format what to write")
    kind = given.format or format_of(given.out)
    atlases = Atlases([given.atlas])
    options = {"coordinates": None if given.coordinates is None else int(given.coordinates), "dpi": given.dpi,
               "width": given.width}  # fmt: skip
    asked = {name: str(value) for name, value in options.items() if value is not None}
    content = Content.of(atlases.get(atlases.default), given.view, asked)
    file = export(content, kind)
    try:
        if to_output:
            sys.stdout.buffer.write(file.body)
        else:
            given.out.write_bytes(file.body)
    except OSError as error:
        raise ExportError(f"cannot write {given.out}: {error.strerror}") from error
    notices = "".join(f"\nnote: {notice}" for notice in content.notices)
    return f"{given.out}: {FORMATS[kind].holds(content)}{notices}"


if __name__ == "__main__":
    sys.exit(main())
