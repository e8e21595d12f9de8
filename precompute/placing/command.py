"""The command line, ``python -m precompute.placing``."""

from __future__ import annotations

import argparse
import json
import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from precompute.contracts import AtlasError
from precompute.placing.running import Tell, run
from precompute.store import Atlas


def _watch(out: Path, seconds: float, tell: Tell) -> None:
    """End the program when its time is over, or when nobody keeps a folder for its results any more."""
    from precompute.models.client import kill_workers

    end = time.monotonic() + seconds
    while time.monotonic() < end and out.is_dir():
        time.sleep(1)
    tell({"state": "failed", "reason": f"it took longer than {seconds:g} s"})
    kill_workers()
    os._exit(1)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m precompute.placing", description="Place a crystal among the atoms of an atlas."
    )
    made.add_argument("atlas", type=Path)
    made.add_argument("file", type=Path)
    made.add_argument("--models", default="", help="keys, joined by commas (default: all of the atlas)")
    made.add_argument("--out", type=Path, required=True, help="folder for the results")
    made.add_argument("--name", default="", help="what to call the crystal (default: as the file says)")
    made.add_argument("--limit", type=float, default=0, help="seconds after which to give up (default: never)")
    made.add_argument("--nice", type=int, default=0, help="how far to stand back for other programs, 0 to 19")
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    given = parser().parse_args(arguments)

    def tell(step: Mapping[str, Any]) -> None:
        print(json.dumps(dict(step)), flush=True)

    try:
        given.out.mkdir(parents=True, exist_ok=True)
        os.nice(given.nice)
        if given.limit > 0:
            threading.Thread(target=_watch, args=(given.out, given.limit, tell), daemon=True).start()
        atlas = Atlas(given.atlas)
        keys = [k for k in given.models.split(",") if k] or atlas.model_keys
        run(atlas, given.file, keys, given.out, tell, given.name)
    except AtlasError as error:
        tell({"state": "failed", "reason": str(error)})
        return 1
    return 0
