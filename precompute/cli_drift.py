"""The command ``drift``: what later checkpoints did to the map of a base model, printed and put into the atlas."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from precompute.contracts import AtlasError

DAMAGED = 4  # exit code


def drift(
    atlas: Annotated[Path, typer.Argument(metavar="ATLAS", help="An atlas: a folder name.zarr.")],
    base: Annotated[str, typer.Option(help="Key of the base model, or family:path of a local one.")],
    checkpoints: Annotated[
        list[str],
        typer.Option(help="Files, keys, or the folder of a run; comma-separated, or named again."),
    ],
    names: Annotated[str, typer.Option(help="Of the checkpoints, comma-separated.")] = "",
    siblings: Annotated[
        list[str] | None,
        typer.Option(help="Folders of runs that differ in their seed only; what chance does, for flags of forgetting."),
    ] = None,
    structures: Annotated[
        int, typer.Option(min=0, help="Measure on a fixed sample of so many that holds every element; 0 for all.")
    ] = 0,
    outputs: Annotated[bool, typer.Option(help="Predict energies and forces too.")] = True,
    name: Annotated[str, typer.Option(help="Of the series in the atlas; made up if none.")] = "",
    seed: Annotated[int, typer.Option(min=0, help="Of the sample and the intervals.")] = 0,
    trust: Annotated[
        list[Path] | None,
        typer.Option(help="A checkpoint, or the folder of a run, that may be unpickled, which can run code."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    out: Annotated[
        Path | None, typer.Option(help="File to write too: .json, or .csv with one row an element and measure.")
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Report to write: one .html file; the exit code is then the verdict's.")
    ] = None,
    gate: Annotated[
        bool, typer.Option("--gate", help="End with exit code 4 where the verdict is that the model is damaged.")
    ] = False,
) -> None:
    """Follow checkpoints of a model over an atlas: how far atoms moved, and what became of the predictions."""
    from precompute.as_json import print_json
    from precompute.drift.stored import series_names
    from precompute.drift.verdict import judged, verdict
    from precompute.drift_report.page import write_report
    from precompute.drift_tables import print_series, series_data, write_series_table
    from precompute.models.client import stop_idle_workers
    from precompute.out_files import check_writable
    from precompute.progress import Display
    from precompute.stages import drift as stage
    from precompute.stages import drift_store
    from precompute.stages.checkpoints import followed
    from precompute.staging import restore
    from precompute.store import Atlas

    if out is not None:
        check_writable(out)
    if report is not None:
        check_writable(report, (".html",), "--report")
    display = Display(Console(stderr=True))
    settings = stage.Settings(structures=structures, seed=seed, outputs=outputs)
    restore(atlas)
    opened = Atlas(atlas)
    asked = followed(
        base,
        _listed(",".join(checkpoints)),
        names=_listed(names),
        siblings=[Path(p) for p in _listed(",".join(siblings or []))],
        name=name,
        trust=trust or (),
    )
    if gate and asked.kind == "comparison":
        raise AtlasError(f"--gate: {asked.title} is a comparison of separate trainings or heads, which has no verdict")
    drift_store.refuse_collision(opened, asked)
    if drift_store.is_stored(opened, asked, settings):
        series = drift_store.stored(opened, asked)
        display.say(f"{atlas} holds this already as the series {series.name}")
    else:
        if asked.name in series_names(opened.file):
            display.say(
                f"{atlas} holds a series {asked.name} of other checkpoints or settings, which this one replaces; "
                "--name keeps both"
            )
        with display.running():
            drifted = stage.drift(opened, asked, settings, display)
        stop_idle_workers()
        series = drifted.series
        # kept before it is shown: what was computed is not to be lost by a full disk or a closed pipe
        try:
            drift_store.store(opened, asked, settings, drifted)
            display.say(f"kept in {atlas} as the series {series.name}")
        except AtlasError as error:
            display.say(f"note: not kept in the atlas: {error}")
    found = verdict(series) if judged(series) else None
    grouped = drift_store.grouped_of(opened, series)
    data = series_data(series, found, grouped)
    if as_json:
        print_json(data)
    else:
        print_series(Console(), series, found)
    if out is not None:
        write_series_table(series, data, out)
    if report is not None:
        write_report(opened, series, found, grouped, report)
        display.say(f"report: {report}")
    if (gate or report is not None) and found is not None and not found.passed:
        sys.exit(DAMAGED)


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
