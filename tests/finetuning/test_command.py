"""`platonic-atlas finetune`: options reach the run, and what came of it is said."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from precompute.cli import app
from precompute.contracts import AtlasError
from precompute.finetuning import records


@pytest.mark.usefixtures("in_process")
def test_options_reach_the_run_and_its_command_repeats_it(fake: Path) -> None:
    out = fake / "run"
    options = ["--strategy", "replay", "--epochs", "2", "--batch-size", "9", "--learning-rate", "0.25", "--seed", "3"]
    more = ["--checkpoint-every", "4", "--replay", "7", "--replay-per-batch", "2", "--replay-without", "Au, Ag"]
    typed = ["--model", "fake-sound", "--data", "cu-dimers", *options, *more, "--energy-weight", "2", "--ema", "0.5"]
    result = CliRunner().invoke(app, ["finetune", *typed, "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "2 checkpoints in 6 updates     on the data, energy " in result.output.replace("\n", " ")
    record = records.read_run(out)
    wanted = {
        "epochs": 2, "batch_size": 9, "learning_rate": 0.25, "checkpoint_every": 4, "replay_structures": 7,
        "replay_per_batch": 2, "replay_without": ["Ag", "Au"], "energy_weight": 2.0, "ema": 0.5, "updates": 6,
    }  # fmt: skip
    assert {name: record.settings[name] for name in wanted} == wanted
    assert record.seed == 3

    again = CliRunner().invoke(app, [*record.command[1:], "--out", str(fake / "again")])
    assert again.exit_code == 0, again.output
    assert records.read_run(fake / "again") == record


def test_what_is_wrong_is_an_error_of_the_program(fake: Path) -> None:
    typed = [
        "finetune",
        "--model",
        "chgnet",
        "--data",
        "cu-dimers",
        "--strategy",
        "multihead",
        "--out",
        str(fake / "x"),
    ]
    result = CliRunner().invoke(app, typed)
    assert isinstance(result.exception, AtlasError)
    assert "chgnet-0.3.0: chgnet has no strategy 'multihead'. There is chgnet: naive, replay" in str(result.exception)
    assert not (fake / "x").exists()
