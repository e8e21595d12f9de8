"""What the demonstration adds to its atlas, and that one part's failure does not hide the others."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from precompute import demonstration
from precompute.contracts import AtlasError
from precompute.drift.stored import series_names
from precompute.stages import agreement
from precompute.store import Atlas

from .test_drift import write_run


@pytest.mark.slow
@pytest.mark.ci
def test_what_fails_is_told_and_the_rest_is_kept(atlas: Atlas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "demo.zarr"
    shutil.copytree(atlas.path, out)
    monkeypatch.setattr(demonstration, "BASE", "fake-a")
    monkeypatch.setattr(demonstration, "PUBLISHED", "fake-a-moved")
    monkeypatch.setattr(demonstration, "STRUCTURES", 0)

    def fails(*_: object) -> None:
        raise AtlasError("no comparison today")

    monkeypatch.setattr(agreement, "keep", fails)
    said = io.StringIO()
    demonstration.add_results(out, Console(file=said, width=200))
    assert series_names(Atlas(out).file) == ["fake-a-to-fake-a-moved"]
    told = said.getvalue()
    assert "agreement of the models was left out: no comparison today" in told
    # the quick family cannot be fine-tuned: its processes end with an error
    for strategy in demonstration.STRATEGIES:
        assert f"fine-tuning ({strategy}) was left out: " in told
    said.truncate(0)
    monkeypatch.setattr(demonstration, "_fine_tune", lambda *_: {})
    demonstration.add_results(out, Console(file=said, width=200))
    assert "following" not in said.getvalue()


def test_a_finished_run_is_not_started_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demonstration, "BASE", "fake-a")
    settings = {"epochs": demonstration.EPOCHS, "checkpoint_every": demonstration.CHECKPOINT_EVERY}
    assert demonstration._is_done(write_run(tmp_path / "done", settings=settings))
    assert not demonstration._is_done(write_run(tmp_path / "other", settings={**settings, "epochs": 1}))
    assert not demonstration._is_done(write_run(tmp_path / "cut", state="running", settings=settings))
    assert not demonstration._is_done(tmp_path / "nothing")
