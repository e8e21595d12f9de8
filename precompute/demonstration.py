"""What the demonstration atlas shows beside its maps: agreement of the models, and what fine-tuning does."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from precompute.contracts import AtlasError
from precompute.finetuning import records
from precompute.progress import Display
from precompute.stages import agreement, drift_store
from precompute.stages.checkpoints import followed
from precompute.stages.drift import Settings

BASE = "chgnet-0.3.0"
PUBLISHED = "chgnet-r2scan"
STRATEGIES = ("naive", "replay")
EPOCHS = 10
CHECKPOINT_EVERY = 20  # updates
STRUCTURES = 200


def add_results(atlas: Path, console: Console) -> None:
    """Put agreement and series of checkpoints into the demonstration atlas, unless they are there already.

    What fails is told and left out: the maps are worth showing without it.
    """
    display = Display(console)
    with display.running():
        _told("agreement of the models", lambda: agreement.keep(atlas, agreement.Settings(), display), display)
        _told("drift", lambda: _keep_series(atlas, display), display)


def _told(what: str, work: Callable[[], None], display: Display) -> None:
    try:
        work()
    except AtlasError as error:
        display.say(f"{what} was left out: {error}")


def _keep_series(atlas: Path, display: Display) -> None:
    """A published fine-tune, and two short runs on the copper dimer that differ in their strategy."""
    runs = atlas.with_name(f"{atlas.name.removesuffix('.zarr')}-runs")
    asked = [followed(BASE, [PUBLISHED])]
    for strategy, error in _fine_tune(runs, display).items():
        if error:
            display.say(f"fine-tuning ({strategy}) was left out: {error}")
        else:
            asked.append(followed(BASE, [str(_folder(runs, strategy))]))
    drift_store.keep(atlas, asked, Settings(structures=STRUCTURES), display)


def _folder(runs: Path, strategy: str) -> Path:
    return runs / f"{strategy}-seed0"


def _fine_tune(runs: Path, display: Display) -> dict[str, str]:
    """Do the runs, side by side on a core each; for each strategy what went wrong, or nothing."""
    # processes of their own: two threads that load a model would put back each other's output and warnings
    processes: dict[str, subprocess.Popen[str]] = {}
    errors = {s: "" for s in STRATEGIES if _is_done(_folder(runs, s))}
    missing = [s for s in STRATEGIES if s not in errors]
    if not missing:
        return errors
    with display.stage("fine-tuning on the copper dimer", len(missing), "runs") as advance:
        try:
            for strategy in missing:
                out = _folder(runs, strategy)
                command = [sys.executable, "-m", "precompute", "finetune", "--model", BASE, "--data", "cu-dimers"]
                command += ["--strategy", strategy, "--epochs", str(EPOCHS), "--out", str(out)]
                command += ["--checkpoint-every", str(CHECKPOINT_EVERY)]
                processes[strategy] = subprocess.Popen(
                    command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
                )
            for strategy, process in processes.items():
                _, said = process.communicate()
                lines = said.strip().splitlines() or ["it ended without a word"]
                errors[strategy] = lines[-1].removeprefix("error: ") if process.returncode else ""
                advance(1)
        except BaseException:
            for process in processes.values():
                process.terminate()
            raise
    return errors


def _is_done(folder: Path) -> bool:
    """Whether a folder holds the run, finished; anything else is for the command to judge."""
    if not records.is_run(folder):
        return False
    try:
        run = records.read_run(folder)
    except AtlasError:
        return False
    wanted = {"epochs": EPOCHS, "checkpoint_every": CHECKPOINT_EVERY}
    return run.state == "finished" and run.model == BASE and wanted.items() <= run.settings.items()
