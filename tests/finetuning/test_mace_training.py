"""MACE through `mace_run_train`: naive and multi-head, what they share, continuing, and agreement with its own loop."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from precompute.finetuning import records
from precompute.finetuning.preparing import Question
from precompute.finetuning.running import finetune
from precompute.finetuning.trainers import Settings
from precompute.models.errors import UntrustedFile
from precompute.models.registry import registry
from precompute.models.session import open_model
from precompute.progress import Display

pytestmark = pytest.mark.models

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def told(folder: Path) -> dict[str, Any]:
    """What `mace_runs` saw."""
    command = [sys.executable, "-P", "-W", "ignore", str(Path(__file__).with_name("mace_runs.py")), str(folder)]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)
    assert done.returncode == 0, done.stderr[-3000:]
    answer: dict[str, Any] = json.loads(done.stdout.split("TOLD")[1])
    return answer


@pytest.mark.parametrize("strategy", ["naive", "multihead"])
def test_before_any_step_the_model_is_the_base(told: dict[str, Any], strategy: str) -> None:
    """Energies of free atoms, scale and shift survive the preparation: the first batch has the base's errors."""
    energy, force = np.array(told["before"])[told["first"]].T
    row = told[strategy]["rows"][0]
    assert row["energy_mae"] == pytest.approx(energy.mean(), abs=1e-5)
    assert row["force_mae"] == pytest.approx(force.mean(), abs=1e-5)


@pytest.mark.parametrize("strategy", ["naive", "multihead"])
def test_a_run_has_the_updates_and_checkpoints_that_were_asked_for(told: dict[str, Any], strategy: str) -> None:
    run = told[strategy]
    assert [row["updates"] for row in run["rows"]] == [1, 2, 3, 4]
    assert [c[:2] for c in run["checkpoints"]] == [[2, "000002.model"], [4, "000004.model"]]
    assert run["checkpoints"][1][2] < np.mean(told["before"], axis=0)[0] * 0.99
    # all elements of the base are kept, and the features have moved
    assert run["elements"] == [11, 13, 17, 29, 79]
    assert run["features"] > 1e-5


def test_strategies_share_what_multi_head_mode_would_change(told: dict[str, Any]) -> None:
    naive, several = (dict(a.partition("=")[::2] for a in told[s]["arguments"]) for s in ("naive", "multihead"))
    differing = {name for name in naive | several if naive.get(name) != several.get(name)}
    assert differing == {
        "--multiheads_finetuning", "--pt_train_file", "--pt_valid_file", "--pseudolabel_replay", "--force_mh_ft_lr",
        "--real_pt_data_ratio_threshold", "--train_file", "--valid_file", "--work_dir",
    }  # fmt: skip
    assert several["--force_mh_ft_lr"] == "True"


def test_replayed_structures_get_the_bases_own_labels(told: dict[str, Any]) -> None:
    """The file that was given had other labels; before the first step the model agrees with what it learns from."""
    before, *later = told["multihead"]["rows"]
    assert before["replay_energy_mae"] < 1e-5
    assert before["replay_force_mae"] < 1e-5
    assert later[-1]["replay_energy_mae"] > 1e-4
    assert all(row["replay_energy_mae"] is None for row in told["naive"]["rows"])
    assert told["multihead"]["heads"] == ["pt_head", "Default"]
    assert told["naive"]["heads"] == ["Default"]
    assert told["multihead"]["head"] == "Default"


def test_an_interrupted_run_with_a_moving_average_ends_with_the_same_weights(told: dict[str, Any]) -> None:
    assert len(told["cut"]["checkpoints"]) == 1
    assert told["again"]["same"] == 0.0
    assert told["again"]["rows"] == told["whole"]["rows"][2:]
    # and the average is not the weights themselves
    assert told["again"]["averaged"] > 0.01


def test_a_step_is_maces(told: dict[str, Any]) -> None:
    """`mace_run_train` with the same arguments, left to its own loop, gives the same weights."""
    assert told["one"]["moved"] > 0.01
    assert told["one"]["apart"] < 1e-4 * told["one"]["moved"]


def test_an_element_that_the_base_does_not_know_is_said(told: dict[str, Any]) -> None:
    assert "does not know Po" in told["element"]


def test_a_run_by_command_is_followed_with_trust_only(told: dict[str, Any], folder: Path, tmp_path: Path) -> None:
    del told  # the base is there
    base = folder / "small.model"
    settings = Settings(epochs=1, batch_size=14, checkpoint_every=2)
    asked = Question(f"mace:{base}", "cu-dimers", tmp_path / "run", settings=settings, trust=(base,))
    record = finetune(asked, Display())
    assert record == records.read_run(tmp_path / "run", check_hashes=True)
    assert [c.updates for c in record.checkpoints] == [2]
    tuned = registry().resolve(f"mace:{tmp_path / 'run' / record.checkpoints[0].file}")
    with pytest.raises(UntrustedFile, match="--trust"), open_model(tuned):
        pass
