"""Training is repeatable, and what it writes opens as a model like any other."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from precompute.contracts import AtlasError
from precompute.models.errors import ModelError
from precompute.models.registry import registry
from precompute.models.session import open_model
from precompute.models.spec import ModelSpec
from precompute.students import records
from precompute.students.__main__ import teach
from precompute.students.data import Labelled
from precompute.students.learners import rotations
from precompute.students.records import Training
from precompute.students.training import Schedule

FEW = Schedule(updates=6, batch_size=4, warmup=2, log_every=3)
# half precision keeps 11 bits of each large matrix
HALVED = 2e-3


def test_steps_of_checkpoints_are_log_spaced() -> None:
    assert Schedule(updates=5000).checkpoints == (0, 30, 100, 300, 1000, 5000)
    assert Schedule(updates=6000).checkpoints == (0, 30, 100, 300, 1000, 3000, 6000)
    assert FEW.checkpoints == (0, 6)


def test_the_learning_rate_rises_and_falls() -> None:
    schedule = Schedule(updates=1000, warmup=100)
    rates = [schedule.rate(u, 0.01) for u in range(1000)]
    assert max(rates) == rates[99] == pytest.approx(0.01)
    assert np.all(np.diff(rates[:100]) > 0)
    assert np.all(np.diff(rates[100:]) < 0)
    assert rates[-1] < 0.0002


def test_a_schedule_without_updates_is_refused() -> None:
    with pytest.raises(AtlasError, match="updates is 0"):
        Schedule(updates=0)


def test_random_orientations_are_properrotations() -> None:
    turns = rotations(200)
    assert torch.allclose(turns @ turns.transpose(1, 2), torch.eye(3).expand(200, 3, 3), atol=1e-5)
    assert torch.allclose(torch.linalg.det(turns), torch.ones(200), atol=1e-5)
    # uniform over the group: no direction is preferred
    assert turns.mean(dim=0).abs().max() < 0.15


@pytest.fixture(scope="module", params=["orb", "mace"])
def twice(
    request: pytest.FixtureRequest, labelled: list[Labelled], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Training, Path]:
    """A short training, and the same one again with another state of torch's generator before it."""
    folders = [tmp_path_factory.mktemp(f"{request.param}-{name}") for name in ("first", "second")]
    training = teach(request.param, labelled, folders[0], FEW, seed=0)
    torch.manual_seed(99)
    teach(request.param, labelled, folders[1], FEW, seed=0)
    return folders[0], training, folders[1]


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.models
def test_the_same_seed_gives_the_same_student(twice: tuple[Path, Training, Path]) -> None:
    first, training, second = twice
    assert (first / records.LOG).read_bytes() == (second / records.LOG).read_bytes()
    for checkpoint in training.checkpoints:
        a, b = (torch.load(f / checkpoint.file, weights_only=True)["weights"] for f in (first, second))
        assert all(torch.equal(a[n], b[n]) for n in a)
    start, end = (torch.load(first / c.file, weights_only=True)["weights"] for c in training.checkpoints)
    assert any(not torch.equal(start[n], end[n]) for n in start)
    assert records.read_training(first) == training


def opened_as(folder: Path, training: Training, step: int) -> ModelSpec:
    spec = registry().resolve(f"{training.family}-student")
    return spec.model_copy(update={"path": str(folder / training.checkpoints[step].file)})


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.models
def test_checkpoints_open_as_models_with_the_errors_that_the_record_states(
    twice: tuple[Path, Training, Path], labelled: list[Labelled]
) -> None:
    from precompute.students.data import divided

    folder, training, _ = twice
    _, held_out = divided(labelled, 0)
    with open_model(opened_as(folder, training, 1), threads=1) as session:
        assert session.provenance["status"] == "student"
        assert session.provenance["sha256"] == training.checkpoints[1].sha256
        given = session.predict([x.structure for x in held_out])
        (embedded,) = session.embed([held_out[0].structure])
    assert embedded.features is not None
    assert embedded.features.shape == (len(held_out[0].structure), 64)
    off = np.mean([abs(p.energy - x.energy) / len(x.structure) for p, x in zip(given, held_out, strict=True)])
    assert off == pytest.approx(training.checkpoints[1].energy_mae, abs=HALVED)
    forces = np.concatenate([np.abs(p.forces - x.forces).ravel() for p, x in zip(given, held_out, strict=True)])
    assert forces.mean() == pytest.approx(training.checkpoints[1].force_mae, abs=HALVED)


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.models
def test_truncated_and_foreign_checkpoints_are_refused_in_words(
    twice: tuple[Path, Training, Path], tmp_path: Path
) -> None:
    folder, training, _ = twice
    file = folder / training.checkpoints[1].file
    spec = opened_as(folder, training, 1)

    def refusal(path: Path, of: ModelSpec = spec) -> str:
        with pytest.raises(ModelError) as caught, open_model(of.model_copy(update={"path": str(path)})):
            pass
        return str(caught.value)

    cut = tmp_path / "cut.pt"
    cut.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    assert "truncated" in refusal(cut)
    with pytest.raises(AtlasError, match="truncated or another file"):
        records.checked(tmp_path, records.StudentCheckpoint("cut.pt", 6, training.checkpoints[1].sha256, 0.0, 0.0))

    content = torch.load(file, weights_only=True)
    other = tmp_path / "other.pt"
    torch.save({**content, "weights": dict(list(content["weights"].items())[1:])}, other)
    assert "do not fit its architecture" in refusal(other)
    torch.save({**content, "family": "chgnet"}, other)
    assert f"expected '{training.family}'" in refusal(other)
    torch.save({**content, "format": "platonic-atlas plain checkpoint 9"}, other)
    assert "update Platonic Atlas" in refusal(other)
    torch.save({"state": torch.zeros(3)}, other)
    assert "cannot be loaded as" in refusal(other)


def test_a_damaged_record_is_named(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match="holds no student's training"):
        records.read_training(tmp_path)
    (tmp_path / records.FILE).write_text('{"schema": 1, "checkpoints": [{"file": "a"}]}', encoding="utf-8")
    with pytest.raises(AtlasError, match="damaged"):
        records.read_training(tmp_path)
