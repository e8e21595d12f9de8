"""The command ``export``: what the page's export menu saves, from a pasted address of a view."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer


def export(
    atlas: Annotated[Path, typer.Argument(metavar="ATLAS", help="An atlas: a folder name.zarr, or a zip of one.")],
    out: Annotated[Path, typer.Option(help="File to write; its ending says the format. - writes to standard output.")],
    view: Annotated[str, typer.Option(help="The view: a whole address, or its part from the question mark.")] = "",
    file_format: Annotated[
        str,
        typer.Option("--format", help="csv, parquet, extxyz, chemiscope, html, png, svg, methods, latex or bibtex."),
    ] = "",
    coordinates: Annotated[
        bool, typer.Option(help="Write similarities to the anchors as atom arrays (extxyz).")
    ] = True,
    dpi: Annotated[int | None, typer.Option(min=72, max=600, help="Dots an inch (png).")] = None,
    width: Annotated[int | None, typer.Option(min=40, max=400, help="Width in millimetres (png, svg).")] = None,
) -> None:
    """Save a view of an atlas: a table, crystals, a figure, a page that works offline, or the text for a paper."""
    # a process of its own: the dashboard never shares one with torch or the model packages
    command = [sys.executable, "-m", "dashboard.export", str(atlas), f"--view={view}", f"--out={out}"]
    command += [f"--format={file_format}"] if file_format else []
    command += [] if coordinates else ["--no-coordinates"]
    command += [f"--{name}={value}" for name, value in (("dpi", dpi), ("width", width)) if value is not None]
    sys.exit(subprocess.run(command, check=False).returncode)
