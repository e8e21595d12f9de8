"""SevenNet through its own trainer: strategies, what they share, continuing, and agreement with `sevenn train`."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from precompute.finetuning import records
from precompute.finetuning.preparing import Question
from precompute.finetuning.running import finetune
from precompute.finetuning.trainers import Settings
from precompute.models import environments
from precompute.models.registry import registry
from precompute.models.session import open_model
from precompute.progress import Display
from tests.models.examples import rock_salt

pytestmark = pytest.mark.models

ROOT = Path(__file__).resolve().parents[2]
STRATEGIES = ("naive", "replay", "ewc", "replay+ewc")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `sevennet_runs` saw."""
    if not environments.is_ready("sevennet"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "the environment 'sevennet' is not there: platonic-atlas env create sevennet"
        )
    script = Path(__file__).with_name("sevennet_runs.py")
    python = str(environments.python_of("sevennet"))
    command = [python, "-P", "-W", "ignore", str(script), str(tmp_path_factory.mktemp("runs"))]
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=surroundings)
    assert done.returncode == 0, done.stderr[-3000:]
    answer: dict[str, Any] = json.loads(done.stdout.split("TOLD")[1])
    return answer


@pytest.mark.parametrize("key", ["7net-0", "7net-0-22may2024", "7net-l3i5"])
def test_before_any_step_the_model_is_the_base(told: dict[str, Any], key: str) -> None:
    """SevenNet builds the model anew from an input file, whose defaults are not those of every checkpoint."""
    assert len(told[key]) == 2
    assert max(told[key]) < 1e-4


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_run_has_the_updates_and_checkpoints_that_were_asked_for(told: dict[str, Any], strategy: str) -> None:
    run = told[strategy]
    assert [row["updates"] for row in run["rows"]] == [1, 2, 3, 4]
    assert [c[:2] for c in run["checkpoints"]] == [[2, "000002.pth"], [4, "000004.pth"]]


def test_strategies_share_what_the_presets_would_make_differ(told: dict[str, Any]) -> None:
    naive, *others = (told[s]["input"] for s in STRATEGIES)
    for other in others:
        assert other["model"] == naive["model"]
        for name in ("optimizer", "optim_param", "scheduler", "scheduler_param", "epoch", "loss", "force_loss_weight"):
            assert other["train"][name] == naive["train"][name]
        assert other["data"]["batch_size"] == naive["data"]["batch_size"]
    assert naive["train"]["optim_param"] == {"lr": 1e-3}
    assert naive["train"]["scheduler_param"] == {"gamma": 1.0}
    assert naive["train"]["loss"] == "mse"


def test_all_strategies_see_the_same_data_first(told: dict[str, Any]) -> None:
    first = [told[s]["rows"][0] for s in STRATEGIES]
    assert len({row["energy_mae"] for row in first}) == 1
    assert len({row["force_mae"] for row in first}) == 1


def test_replayed_structures_have_the_bases_own_labels(told: dict[str, Any]) -> None:
    before, *later = told["replay"]["rows"]
    assert before["replay_energy_mae"] < 1e-5
    assert before["replay_force_mae"] < 1e-5
    # one step on the data has moved the model off them, so that from then on they count
    assert later[0]["replay_energy_mae"] > 1e-4
    assert told["replay"]["moved"] != told["naive"]["moved"]
    assert all(row["replay_energy_mae"] is None for row in told["naive"]["rows"] + told["ewc"]["rows"])


def test_consolidation_holds_the_weights_that_matter(told: dict[str, Any]) -> None:
    for strategy in ("ewc", "replay+ewc"):
        assert told[strategy]["penalty"] < 0.1 * told["naive"]["penalty"]
        assert told[strategy]["moved"] < told["naive"]["moved"]
        # the penalty is in the loss, and is nothing before the first step
        assert told[strategy]["rows"][0]["loss"] == told["naive"]["rows"][0]["loss"]
        assert told[strategy]["rows"][1]["loss"] > 2 * told["naive"]["rows"][1]["loss"]


def test_an_interrupted_run_ends_with_the_same_weights(told: dict[str, Any]) -> None:
    assert told["cut"]["ended"] == "interrupted"
    assert told["again"]["same"] == 0.0
    assert told["again"]["rows"] == told["replay"]["rows"][2:]


@pytest.mark.parametrize("strategy", ["naive", "ewc"])
def test_a_step_is_sevennets(told: dict[str, Any], strategy: str) -> None:
    """`sevenn train` on the input file that the run left gives the same weights, where an epoch is one batch."""
    run = told[f"one-{strategy}"]
    assert run["moved"] > 0.01
    assert run["apart"] < 1e-5 * run["moved"]


def test_the_bases_own_labels_teach_it_nothing(told: dict[str, Any]) -> None:
    """Signs and units of energy, forces and stress are right: the loss on the base's own is rounding."""
    assert abs(told["stress"]) > 0.01
    assert told["own"]["rows"][0]["loss"] < 1e-10


def test_fisher_information_is_the_curvature_of_sevennets_loss(told: dict[str, Any]) -> None:
    for found, curvature, slope in told["fisher"]:
        assert found == pytest.approx(curvature, rel=1e-2)
        # while the gradient, and so its square, is nothing
        assert slope < 1e-6


def test_what_cannot_be_trained_is_said(told: dict[str, Any]) -> None:
    assert told["too-fast"]["ended"].startswith("diverged: the loss is nan")
    assert "several modals" in told["modal"]
    assert "7net-l3i5" in told["modal"]
    assert "does not know Po" in told["element"]


def test_a_run_of_7net_0_leaves_checkpoints_that_need_no_trust(told: dict[str, Any], tmp_path: Path) -> None:
    del told  # the environment is there
    settings = Settings(epochs=1, batch_size=9, replay_per_batch=1, checkpoint_every=3, ewc_strength=10.0)
    asked = Question("7net-0", "cu-dimers", tmp_path / "run", "replay+ewc", settings=settings, replay=2)
    record = finetune(asked, Display())
    assert record == records.read_run(tmp_path / "run", check_hashes=True)
    assert record.state == "finished"
    assert [c.updates for c in record.checkpoints] == [3]
    assert record.checkpoints[0].force_mae < record.before.force_mae
    base = registry().resolve("7net-0")
    path = str(tmp_path / "run" / record.checkpoints[0].file)
    tuned = base.model_copy(
        update={"key": "tuned", "path": path, "weights": "local", "status": "fine-tuned", "parent": base.key}
    )
    features = []
    for spec in (base, tuned):
        with open_model(spec, threads=1) as session:
            features.append(session.embed([rock_salt()])[0].features)
    assert features[0] is not None
    assert features[1] is not None
    assert 0 < abs(features[0] - features[1]).max() < 0.5 * abs(features[0]).max()
