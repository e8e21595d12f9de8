"""The command ``agreement``: what it prints and stores is what was computed, and nothing is lost when it cannot."""

from __future__ import annotations

import csv
import json
import os
import shutil
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import zarr
from rich.console import Console

from precompute.agreement.metrics import METRICS
from precompute.agreement.pairs import compare
from precompute.agreement.stored import anchor_counts_of, runs
from precompute.contracts import AtlasError
from precompute.progress import Display
from precompute.stages import agreement as stage
from precompute.staging import Ledger, amended
from precompute.store import Atlas

from .conftest import Maker
from .test_cli import fails_with, run

QUICK = ("--resamples", 20, "--permutations", 3)


@pytest.fixture
def own(atlas: Atlas, tmp_path: Path) -> Path:
    """A copy of the small atlas that a test may add to."""
    return Path(shutil.copytree(atlas.path, tmp_path / "own.zarr"))


@pytest.fixture(scope="module")
def compared(atlas: Atlas, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with the default run in it, by the command line."""
    path = Path(shutil.copytree(atlas.path, tmp_path_factory.mktemp("compared") / "own.zarr"))
    result = run("agreement", path, *QUICK, "--out", path.parent / "run.csv")
    assert result.exit_code == 0, result.output
    (path.parent / "printed.txt").write_text(result.output)
    return path


@pytest.mark.slow
@pytest.mark.ci
def test_the_run_in_the_atlas_is_that_of_its_atoms(compared: Path) -> None:
    atlas = Atlas(compared)
    found = runs(atlas)["representatives-atom"]
    assert found.models == ("fake-a", "fake-b", "element-only")
    rows = np.flatnonzero(atlas.atoms("is_representative"))
    known = np.logical_and.reduce([np.isfinite(atlas.model(m).coordinates[rows]).all(axis=1) for m in found.models])
    rows = rows[known]
    assert (found.n_atoms, found.k, found.sample) == (len(rows), 10, 1000)
    again = compare(
        {m: atlas.model(m).coordinates[rows] for m in found.models},
        atlas.atoms("structure")[rows],
        numbers=atlas.atoms("atomic_number")[rows],
        resamples=20,
        permutations=3,
    )
    assert set(found.scores) == set(METRICS)
    for name, score in again.scores.items():
        np.testing.assert_allclose(found.scores[name].value, score.value, atol=1e-9, err_msg=name)
        np.testing.assert_allclose(found.scores[name].null, score.null, atol=1e-9, err_msg=name)


@pytest.mark.slow
@pytest.mark.ci
def test_what_is_printed_and_written_to_a_file_is_the_run(compared: Path) -> None:
    printed = (compared.parent / "printed.txt").read_text()
    found = runs(Atlas(compared))["representatives-atom"]
    score = found.scores["cka"]
    assert "Linear CKA (cka); high is alike; 73 atoms" in printed
    assert f"{score.value[0, 1]:.3f}" in printed
    assert "of these with element-only" in printed
    with (compared.parent / "run.csv").open() as handle:
        rows = {(r["metric"], r["model"], r["model_to"]): r for r in csv.DictReader(handle)}
    assert float(rows["cka", "fake-a", "fake-b"]["value"]) == pytest.approx(score.value[0, 1])
    assert rows["transport", "fake-a", "fake-b"]["low"] == ""
    assert len(rows) == 14 * 9 + 2 * 3


@pytest.mark.slow
@pytest.mark.ci
def test_plans_and_numbers_of_anchors_stand_beside_the_default_run(compared: Path) -> None:
    atlas = Atlas(compared)
    assert atlas.file.names("agreement/transport") == ["fake-a~element-only", "fake-a~fake-b", "fake-b~element-only"]
    plan = atlas.file.read("agreement/transport/fake-a~fake-b/plan")
    attrs = atlas.file.attrs("agreement/transport/fake-a~fake-b/plan")
    assert plan.shape == (len(attrs["elements"]),) * 2
    assert plan.sum() == pytest.approx(1.0)
    assert attrs["n"] == 73
    assert {"Li", "F", "Fe"} <= set(attrs["elements"])
    counts = anchor_counts_of(atlas)
    assert counts is not None
    assert counts.models == ("fake-a", "fake-b")
    stored = atlas.file.read("agreement/anchor-counts/value")
    np.testing.assert_allclose(stored, counts.value)
    assert atlas.file.dims("agreement/anchor-counts/value") == ("method", "seed", "count", "metric")


@pytest.mark.slow
@pytest.mark.ci
def test_the_atlas_stays_whole_and_readable_by_others(compared: Path, atlas: Atlas) -> None:
    assert Atlas(compared).model_keys == atlas.model_keys
    group = zarr.open_group(compared, mode="r")
    assert "agreement" in group
    assert group.metadata.consolidated_metadata is not None
    assert not list(compared.parent.glob("*.amended"))


@pytest.mark.slow
@pytest.mark.ci
def test_metrics_are_added_to_a_run_of_the_same_settings_and_others_stand_beside_it(own: Path) -> None:
    for metrics in ("cka", "procrustes,cka", "collapse"):
        assert run("agreement", own, *QUICK, "--metrics", metrics).exit_code == 0
    assert list(runs(Atlas(own))["representatives-atom"].scores) == ["procrustes", "cka", "collapse"]
    other = ("--metrics", "mutual-knn", "--seed", 1, "--sample", 40, "--k", 4)
    assert run("agreement", own, *QUICK, *other).exit_code == 0
    found = runs(Atlas(own))
    assert set(found) == {"representatives-atom", "representatives-atom-k4-sample40-seed1"}
    assert len(found["representatives-atom"].scores) == 3
    (beside,) = (r for name, r in found.items() if name != "representatives-atom")
    assert (beside.k, beside.sample, beside.seed, beside.n_atoms) == (4, 40, 1, 40)


@pytest.mark.slow
@pytest.mark.ci
def test_a_run_with_fewer_metrics_and_other_draws_replaces_none(own: Path) -> None:
    assert run("agreement", own, *QUICK, "--metrics", "cka,collapse").exit_code == 0
    result = run("agreement", own, "--permutations", 3, "--metrics", "cka", "--json")
    assert "with 20 resamples, 3 permutations and more metrics (collapse), which is kept" in " ".join(
        result.stderr.split()
    )
    assert runs(Atlas(own))["representatives-atom"].resamples == 20
    assert run("agreement", own, "--permutations", 3, "--metrics", "cka,collapse").exit_code == 0
    assert runs(Atlas(own))["representatives-atom"].resamples == 500


def compute(path: Path, *metrics: str) -> tuple[Atlas, stage.Settings, stage.Compared]:
    settings = stage.Settings(metrics=metrics, resamples=20, permutations=3)
    atlas = Atlas(path)
    return atlas, settings, stage.agreement(atlas, settings, Display(Console(file=StringIO())))


@pytest.mark.slow
@pytest.mark.ci
def test_of_two_runs_at_the_same_time_neither_is_lost(own: Path) -> None:
    first, second = compute(own, "cka"), compute(own, "procrustes")
    stage.store(*first)
    stage.store(*second)
    assert list(runs(Atlas(own))["representatives-atom"].scores) == ["procrustes", "cka"]


@pytest.mark.slow
@pytest.mark.ci
def test_a_run_of_models_that_changed_while_it_was_made_is_refused(own: Path) -> None:
    made = compute(own, "cka")
    with amended(own) as file:
        ledger = Ledger(file)
        with ledger.stage("coordinates/fake-a", {"anchors": "others"}):
            pass
    with pytest.raises(AtlasError, match="changed while they were compared; run this again"):
        stage.store(*made)
    assert runs(Atlas(own)) == {}


@pytest.mark.slow
@pytest.mark.ci
def test_plans_and_numbers_of_anchors_go_when_their_run_is_replaced(compared: Path, tmp_path: Path) -> None:
    path = Path(shutil.copytree(compared, tmp_path / "own.zarr"))
    with amended(path) as file:
        ledger = Ledger(file)
        with ledger.stage("coordinates/fake-a", {"anchors": "others"}):
            pass
    assert run("agreement", path, *QUICK, "--metrics", "cka").exit_code == 0
    assert list(runs(Atlas(path))["representatives-atom"].scores) == ["cka"]
    assert Atlas(path).file.names("agreement/transport") == []
    assert anchor_counts_of(Atlas(path)) is None


@pytest.mark.slow
@pytest.mark.ci
def test_an_atlas_whose_exchange_was_cut_short_is_found_again(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    rename = Path.rename

    def once(self: Path, target: Path) -> Path:
        if self.name == "own.zarr.amended":
            raise Killed
        return rename(self, target)

    made = compute(own, "cka")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", once)
        with pytest.raises(Killed):
            stage.store(*made)
    assert not own.exists()
    with pytest.raises(AtlasError, match=r"rename .*own\.zarr\.replaced to"):
        Atlas(own)
    assert run("agreement", own, *QUICK, "--metrics", "procrustes").exit_code == 0
    assert list(runs(Atlas(own))["representatives-atom"].scores) == ["procrustes"]
    assert not own.with_name("own.zarr.replaced").exists()


@pytest.mark.slow
@pytest.mark.ci
def test_other_anchors_are_measured_as_those_of_the_atlas(tmp_path: Path, make: Maker) -> None:
    make(tmp_path / "rbf.zarr", similarity="rbf", centre=True, umap=False)
    atlas = Atlas(tmp_path / "rbf.zarr")
    asked: list[dict[str, object]] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "anchor_counts", lambda *_, **of: asked.append(of))
        stage.agreement(atlas, stage.Settings(permutations=0, resamples=0), Display(Console(file=StringIO())))
    assert (asked[0]["measure"], asked[0]["centre"]) == ("rbf", True)


@pytest.mark.slow
@pytest.mark.ci
def test_kinds_of_atoms_levels_and_spaces_are_runs_of_their_own(own: Path) -> None:
    for options in (
        ("--atoms", "all"),
        ("--atoms", "within-element", "--k", 2),
        ("--level", "structure"),
        ("--level", "cumulants"),
        ("--space", "embeddings"),
    ):
        result = run("agreement", own, *QUICK, "--metrics", "cka,mutual-knn", *options)
        assert result.exit_code == 0, (options, result.output)
    found = runs(Atlas(own))
    assert set(found) == {
        "all-atom", "within-element-atom-k2", "representatives-structure", "representatives-cumulants",
        "representatives-atom-embeddings",
    }  # fmt: skip
    assert found["representatives-structure"].n_structures == 37
    assert found["representatives-structure"].scores["cka"].n == 37


@pytest.mark.slow
@pytest.mark.ci
def test_a_selection_in_the_words_of_the_page_limits_the_atoms(own: Path) -> None:
    result = run("agreement", own, "--select", "element = F", "--metrics", "cka", "--json")
    data = json.loads(result.stdout)
    assert (data["n_atoms"], data["select"]) == (9, "element = F")
    (name,) = runs(Atlas(own))
    assert name == data["name"]
    assert name.startswith("representatives-atom-")
    fails_with("no element is called `Unobtainium`", "agreement", own, "--select", "element = Unobtainium")
    fails_with("no atoms of", "agreement", own, "--select", "element = U")
    for text in ("--help", "-x"):  # words to look for, not options
        fails_with(f"--select {text!r}: ", "agreement", own, f"--select={text}")


@pytest.mark.slow
@pytest.mark.ci
def test_what_is_unknown_names_the_closest(own: Path) -> None:
    fails_with("no metric 'mutualknn'; did you mean mutual-knn", "agreement", own, "--metrics", "mutualknn")
    fails_with("no model 'fake-c'; did you mean fake-b or fake-a", "agreement", own, "--models", "fake-c")
    fails_with("atoms are representatives, all, within-element", "agreement", own, "--atoms", "some")
    for space in ("foo", "status"):
        fails_with(f"--space {space}: expected coordinates or embeddings", "agreement", own, "--space", space)
    for folder, complaint in ((own.parent / "none", "there is no folder"), (own.parent, "cannot be written")):
        (own.parent / "a.csv").mkdir(exist_ok=True)
        fails_with(complaint, "agreement", own, "--metrics", "cka", "--out", folder / "a.csv")
    assert runs(Atlas(own)) == {}
    fails_with(".json or .csv", "agreement", own, "--out", own.parent / "a.txt")
    fails_with("at least 2; 0 leaves it out", "agreement", own, "--resamples", 1)
    fails_with("no atlas there", "agreement", own.parent / "nothing.zarr")


@pytest.mark.slow
@pytest.mark.ci
def test_models_asked_for_stand_beside_the_controls_and_a_fuller_run_is_kept(own: Path) -> None:
    data = json.loads(run("agreement", own, "--models", "fake-a", "--metrics", "cka", "--json").stdout)
    assert [m["key"] for m in data["models"]] == ["fake-a", "element-only"]
    assert run("agreement", own, *QUICK, "--metrics", "cka").exit_code == 0
    result = run("agreement", own, "--models", "fake-a", "--metrics", "cka", "--json")
    assert "not kept in the atlas" in result.stderr
    assert len(runs(Atlas(own))["representatives-atom"].models) == 3


@pytest.mark.slow
@pytest.mark.ci
def test_a_zip_is_compared_but_not_added_to(own: Path) -> None:
    packed = shutil.make_archive(str(own.parent / "packed"), "zip", own)
    before = Path(packed).read_bytes()
    result = run("agreement", packed, "--metrics", "cka", "--json")
    assert json.loads(result.stdout)["scores"]["cka"]["reason"] == ""
    assert "not kept in the atlas" in result.stderr
    assert Path(packed).read_bytes() == before


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to the superuser")
def test_a_read_only_atlas_is_compared_but_not_added_to(own: Path) -> None:
    own.parent.chmod(0o555)
    try:
        result = run("agreement", own, "--metrics", "cka", "--json")
    finally:
        own.parent.chmod(0o755)
    assert json.loads(result.stdout)["scores"]["cka"]["reason"] == ""
    assert "cannot write" in result.stderr


@pytest.mark.slow
@pytest.mark.ci
def test_a_run_that_is_cut_short_leaves_the_atlas_as_it_was(own: Path) -> None:
    class Killed(BaseException):
        pass

    def cut_short() -> None:
        with amended(own) as file:
            file.require_group("agreement/runs/half")
            file.delete("models/fake-a")
            raise Killed

    with pytest.raises(Killed):
        cut_short()
    assert Atlas(own).model_keys == ["fake-a", "fake-b", "element-only"]
    assert runs(Atlas(own)) == {}
    shutil.copytree(own, own.with_name("own.zarr.amended"))  # as a killed process leaves it
    assert run("agreement", own, "--metrics", "collapse").exit_code == 0
    assert list(runs(Atlas(own))) == ["representatives-atom"]


@pytest.mark.slow
@pytest.mark.ci
def test_the_default_run_is_not_computed_twice_and_again_when_models_change(own: Path, make: Maker) -> None:
    said = StringIO()
    display = Display(Console(file=said, width=200))
    settings = stage.Settings(metrics=("cka",))
    stage.keep(own, settings, display)
    assert "agreement: done" in said.getvalue()
    assert stage.is_stored(Atlas(own), settings)
    said.truncate(0)
    stage.keep(own, settings, display)
    assert said.getvalue().strip("\0") == ""
    with pytest.raises(AtlasError, match="no metric"):
        stage.keep(own, stage.Settings(metrics=("nothing",)), display)
    make(own)  # finds all there already
    assert stage.is_stored(Atlas(own), settings)


@pytest.mark.slow
@pytest.mark.ci
def test_a_run_of_models_that_changed_since_is_forgotten(own: Path) -> None:
    assert run("agreement", own, *QUICK, "--metrics", "cka,transport").exit_code == 0
    with amended(own) as file:
        ledger = Ledger(file)
        stage.forget_stale(file, ledger)
        assert "agreement/representatives-atom" in ledger.entries
        ledger.entries["coordinates/fake-a"]["measure"] = "another"
        stage.forget_stale(file, ledger)
    assert runs(Atlas(own)) == {}
    assert Atlas(own).file.names("agreement/transport") == []
