"""The command ``agreement``: how alike the models of an atlas are, printed and put into the atlas."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from precompute.contracts import AtlasError


def agreement(
    atlas: Annotated[Path, typer.Argument(metavar="ATLAS", help="An atlas: a folder name.zarr, or a zip of one.")],
    metrics: Annotated[str, typer.Option(help="Ids, comma-separated; all by default, and the number of anchors.")] = "",
    models: Annotated[str, typer.Option(help="Keys, comma-separated; all by default. Controls join them.")] = "",
    atoms: Annotated[
        str, typer.Option(help="representatives (one atom an orbit), all, or within-element.")
    ] = "representatives",
    level: Annotated[str, typer.Option(help="atom, structure (mean over its atoms), or cumulants.")] = "atom",
    space: Annotated[str, typer.Option(help="coordinates or embeddings.")] = "coordinates",
    k: Annotated[int, typer.Option(min=1, help="Neighbours of the local scores.")] = 10,
    sample: Annotated[int, typer.Option(min=0, help="Atoms (or structures) drawn; 0 for all.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Of everything that draws at random.")] = 0,
    select: Annotated[str, typer.Option(help="Only these, as in the page's find box: 'Ce in oxides'.")] = "",
    resamples: Annotated[int, typer.Option(min=0, help="Of the intervals; 0 for none.")] = 500,
    permutations: Annotated[int, typer.Option(min=0, help="Of the nulls; 0 for none.")] = 20,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    out: Annotated[Path | None, typer.Option(help="File to write too: .json, or .csv with one row a pair.")] = None,
) -> None:
    """Score how alike the models of an atlas are, beside what chance and element identity alone give."""
    from precompute.agreement_tables import print_run, run_data, write_run_table
    from precompute.as_json import print_json
    from precompute.out_files import check_writable
    from precompute.progress import Display
    from precompute.stages import agreement as stage
    from precompute.staging import restore
    from precompute.store import Atlas

    if out is not None:
        check_writable(out)
    if resamples == 1:
        raise AtlasError("--resamples 1: an interval needs at least 2; 0 leaves it out")
    settings = stage.Settings(
        metrics=_listed(metrics), models=_listed(models), atoms=atoms, level=level, space=space, k=k, sample=sample,
        seed=seed, select=select, resamples=resamples, permutations=permutations,
    )  # fmt: skip
    err_console = Console(stderr=True)
    display = Display(err_console)
    restore(atlas)
    opened = Atlas(atlas)
    with display.running():
        compared = stage.agreement(opened, settings, display)
    # kept before it is shown: what was computed is not to be lost by a full disk or a closed pipe
    try:
        stage.store(opened, settings, compared)
        display.say(f"kept in {atlas} as the run {compared.run.name}")
    except AtlasError as error:
        display.say(f"note: not kept in the atlas: {error}")
    statuses = {key: opened.model(key).status for key in compared.run.models}
    if as_json:
        print_json(run_data(compared.run, statuses))
    else:
        print_run(Console(), compared.run, statuses)
    if out is not None:
        write_run_table(compared.run, statuses, out)
    if compared.note:
        display.say(f"note: {compared.note}")


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
