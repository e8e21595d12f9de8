"""The students that come with the package: whole, labelled as students, placed on maps that others made."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from typer.testing import CliRunner

from dashboard.data import AtlasData
from precompute.asking import Question, answer
from precompute.build import build
from precompute.cli import app
from precompute.drift.stored import read_series
from precompute.models.registry import registry
from precompute.models.spec import ModelSpec
from precompute.progress import Display
from precompute.stages import students
from precompute.store import Atlas
from precompute.students.records import checked

MEGABYTES = 7.0


@pytest.fixture(params=["mace-student", "orb-student"])
def spec(request: pytest.FixtureRequest) -> ModelSpec:
    return registry().resolve(request.param)


def test_a_student_is_labelled_so_wherever_it_is_named(spec: ModelSpec) -> None:
    assert spec.status == "student"
    assert spec.parent is None
    assert "trained here" in str(spec.note)
    assert "7net-l3i5" in str(spec.training_data)


def test_checkpoints_are_whole_and_the_model_is_the_last_of_them(spec: ModelSpec) -> None:
    folder, training = students.training_of(spec)
    files = [checked(folder, c) for c in training.checkpoints]
    assert training.checkpoints[0].updates == 0
    assert files[-1] == Path(str(spec.path))
    assert (folder / "log.csv").read_text(encoding="utf-8").count("\n") > len(files)


def test_learning_lowers_the_errors_on_crystals_held_out(spec: ModelSpec) -> None:
    _, training = students.training_of(spec)
    first, last = training.checkpoints[0], training.checkpoints[-1]
    assert last.energy_mae < first.energy_mae / 1.5
    assert last.force_mae < first.force_mae / 1.4


def test_all_checkpoints_together_are_small() -> None:
    folders = {students.training_of(registry().resolve(k))[0] for k in students.student_keys()}
    size = sum(f.stat().st_size for folder in folders for f in folder.rglob("*") if f.is_file())
    assert size < MEGABYTES * 1e6


def test_the_series_begins_at_random_weights(spec: ModelSpec) -> None:
    series = students.training_series(spec.key)
    assert series.kind == "training"
    assert series.base.step == 0
    steps = [c.step for c in series.checkpoints]
    assert steps == sorted(steps)
    assert {c.spec.status for c in (series.base, *series.checkpoints)} == {"student"}


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An atlas of seven salts with a foundation model and both students."""
    from ase.build import bulk
    from ase.io import write

    folder = tmp_path_factory.mktemp("few")
    salts = {"NaCl": 5.64, "MgO": 4.21, "LiF": 4.03, "KBr": 6.6, "CaO": 4.8, "LiCl": 5.13, "NaBr": 5.97}
    for name, a in salts.items():
        write(folder / f"{name}.cif", bulk(name, "rocksalt", a=a, cubic=True))
    display = Display(Console(file=io.StringIO(), width=200))
    question = Question(
        out=folder / "few.zarr",
        models=("chgnet-0.3.0", "mace-student", "orb-student"),
        sources=tuple(str(folder / f"{name}.cif") for name in salts),
        anchor_method="random",
        anchor_count=8,
        umap=False,
    )
    report = build(answer(question, display), display)
    assert not report.failed
    return folder / "few.zarr"


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.models
def test_a_build_keeps_students_apart_from_what_maps_are_fitted_on(few: Path) -> None:
    atlas = Atlas(few)
    for key in ("mace-student", "orb-student"):
        model = atlas.model(key)
        assert model.status == "student"
        assert np.isfinite(model.embeddings).all()
        assert model.map_quality("pca-2d")["fitted_on"] == ["chgnet-0.3.0"]
        assert "/" not in str(model.attrs["provenance"]["file"])
    cards = AtlasData(atlas).cards
    assert not cards["mace-student"].trained
    assert cards["mace-student"].subtitle.startswith("student trained here")


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.models
def test_an_atlas_follows_a_student_from_random_weights(few: Path) -> None:
    result = CliRunner().invoke(app, ["students", str(few), "--models", "orb-student"])
    assert result.exit_code == 0, result.output
    series = read_series(Atlas(few).file, "orb-student-training")
    assert series.kind == "training"
    assert series.checkpoints[0] == "random weights"
    assert np.allclose(series.reembedded[0], 0, atol=1e-6)
    assert (series.overall["reembedded"].value[1:] > 1e-4).all()
    held_out = [c["energy_mae"] for c in series.record["checkpoints"]]
    assert held_out[-1] < held_out[0]
