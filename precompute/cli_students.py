"""The command ``students``: the emergence of a map in the training of small models, put into an atlas."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def students(
    atlas: Annotated[Path, typer.Argument(metavar="ATLAS", help="An atlas: a folder name.zarr.")],
    models: Annotated[str, typer.Option(help="Keys of students, comma-separated; all by default.")] = "",
    structures: Annotated[int, typer.Option(min=0, help="Structures to follow them on; 0 for all.")] = 0,
    seed: Annotated[int, typer.Option(min=0, help="Of the sample and of the intervals.")] = 0,
) -> None:
    """Follow students from random weights to the end of their training, for the Drift page.

    Students are small models trained here on the bundled catalogue, to watch a map emerge; no foundation models.
    """
    from precompute.progress import Display
    from precompute.stages import drift_store
    from precompute.stages.drift import Settings
    from precompute.stages.students import student_keys, training_series

    display = Display(Console(stderr=True))
    settings = Settings(structures=structures, seed=seed, outputs=False)
    wanted = tuple(k.strip() for k in models.split(",") if k.strip()) or student_keys()
    for followed in [training_series(key) for key in wanted]:
        with display.running():
            drift_store.keep(atlas, [followed], settings, display)
        display.say(f"kept in {atlas} as the series {followed.name}")
