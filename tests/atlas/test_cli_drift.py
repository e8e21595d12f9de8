"""The command `drift`: what it prints, writes and ends with."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from precompute.contracts import AtlasError
from precompute.drift.stored import series_names
from precompute.store import Atlas

from .test_cli import fails_with, run

pytestmark = [pytest.mark.slow, pytest.mark.ci]  # models run in processes of their own

PAIR = ("--base", "fake-a", "--checkpoints", "fake-a-again,fake-a-moved")


@pytest.fixture(scope="module")
def kept(atlas: Atlas, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An atlas that holds a series, as JSON beside it."""
    out = tmp_path_factory.mktemp("kept") / "kept.zarr"
    shutil.copytree(atlas.path, out)
    done = run("drift", out, *PAIR, "--json")
    assert done.exit_code == 0, done.output
    out.with_suffix(".json").write_text(done.stdout)
    return out


def test_json_says_everything_but_single_atoms(kept: Path) -> None:
    data = json.loads(kept.with_suffix(".json").read_text())
    assert data["checkpoints"] == ["fake-a", "fake-a-again", "fake-a-moved"]
    assert data["kind"] == "published"
    assert data["overall"]["reembedded"]["value"][:2] == [0, 0]
    assert data["overall"]["reembedded"]["value"][2] > 0
    assert {e["symbol"] for e in data["elements"]} >= {"Na", "Cl", "Fe", "Kr"}
    assert data["record"]["measured"]["structures"] == 38
    assert sum(g["atoms"] for g in data["groups"]) == data["record"]["measured"]["representatives"]
    assert len(data["structures"]["reembedded"]) == 38
    assert len(data["orbits"]["representative"]) == len(data["orbits"]["reembedded"])
    assert isinstance(data["verdict"]["passed"], bool)
    for check in data["verdict"]["checks"]:
        assert check["meaning"]


def test_the_verdict_decides_the_exit_code_only_where_that_is_asked(kept: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    assert run("drift", kept, *PAIR, "--gate", "--report", report).exit_code == 0
    assert "Verdict: passed" in report.read_text()
    broken = ("--base", "fake-a", "--checkpoints", "fake-a-broken")
    done = run("drift", kept, *broken)
    assert done.exit_code == 0
    assert "verdict: damaged" in done.output
    again = run("drift", kept, *broken, "--gate")
    assert again.exit_code == 4
    assert "which this one replaces" not in again.output
    other = run("drift", kept, *broken, "--structures", "30")
    assert "fake-a-to-fake-a-broken of other checkpoints or settings, which this one replaces" in other.output
    assert run("drift", kept, *broken, "--report", report).exit_code == 4
    assert "Verdict: damaged" in report.read_text()


def test_the_terminal_tells_measures_elements_and_verdict(kept: Path) -> None:
    done = CliRunner(env={"COLUMNS": "60"}).invoke  # a narrow terminal must not cut numbers
    from precompute.cli import app

    text = done(app, ["drift", str(kept), *PAIR]).output
    assert "published fine-tune of the base" in text
    assert "fake-a-moved" in text
    assert "Na" in text
    assert "verdict: passed" in text
    assert "\u2026" not in text


def test_a_table_has_a_row_for_each_checkpoint_element_and_measure(kept: Path, tmp_path: Path) -> None:
    out = tmp_path / "series.csv"
    assert run("drift", kept, *PAIR, "--out", out).exit_code == 0
    with out.open() as handle:
        rows = list(csv.DictReader(handle))
    data = json.loads(kept.with_suffix(".json").read_text())
    assert len(rows) == 3 * (7 + 4 * len(data["elements"]) + 3 * len(data["groups"]))
    sodium = next(e for e in data["elements"] if e["symbol"] == "Na")
    row = next(r for r in rows if (r["over"], r["measure"], r["checkpoint"]) == ("Na", "frozen", "fake-a-moved"))
    assert float(row["value"]) == sodium["frozen"]["value"][2]
    assert int(row["atoms"]) == sodium["atoms"]


def test_info_lists_series(kept: Path) -> None:
    assert (
        "series fake-a-to-fake-a-moved: fake-a to fake-a-moved (published), 2 checkpoints" in run("info", kept).output
    )
    assert json.loads(run("info", kept, "--json").output)["series"][-1]["base"] == "fake-a"


def test_what_is_wrong_is_said_before_anything_is_computed(kept: Path, tmp_path: Path) -> None:
    fails_with("expected a name ending in .json or .csv", "drift", kept, *PAIR, "--out", tmp_path / "x.txt")
    fails_with("expected a name ending in .html", "drift", kept, *PAIR, "--report", tmp_path / "x.pdf")
    fails_with("no checkpoint at gone.pth", "drift", kept, "--base", "fake-a", "--checkpoints", "gone.pth")
    fails_with(
        "comparison of separate trainings", "drift", kept, "--base", "fake-a-again", "--checkpoints", "fake-b", "--gate"
    )
    assert set(series_names(Atlas(kept).file)) <= {"fake-a-to-fake-a-moved", "fake-a-to-fake-a-broken"}
    with pytest.raises(AtlasError):
        Atlas(tmp_path / "nothing.zarr")
