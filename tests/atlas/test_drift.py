"""Checkpoints followed over an atlas: what moves, what does not, what is refused, and what is kept."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from precompute.contracts import AtlasError
from precompute.drift.stored import read_series, series_names
from precompute.finetuning import records
from precompute.models.errors import UnknownModel
from precompute.progress import Display
from precompute.stages import drift_store
from precompute.stages.checkpoints import Followed, followed
from precompute.stages.drift import Drifted, Settings, drift, drift_all, sample
from precompute.store import Atlas

from .conftest import Maker

SODIUM = 11


def display() -> Display:
    return Display(Console(file=io.StringIO()))


def run(atlas: Atlas, asked: Followed, **settings: Any) -> Drifted:
    return drift(atlas, asked, Settings(**settings), display())


@pytest.fixture(scope="module")
def moved(atlas: Atlas) -> Drifted:
    """From fake-a to itself, and to where sodium was moved."""
    return run(atlas, followed("fake-a", ["fake-a-again", "fake-a-moved"]))


def test_a_copy_of_the_base_has_not_drifted(moved: Drifted) -> None:
    s = moved.series
    assert np.array_equal(moved.atoms[1], moved.atoms[0])
    for values in (s.reembedded, s.frozen, s.forces, s.energy):
        assert np.nanmax(np.abs(values[:2])) <= 1e-6
    assert np.nanmin(s.retention[:2]) == 1.0
    assert np.array_equal(s.position[1], s.position[0])
    assert s.overall["procrustes"].value[1] == pytest.approx(1.0, abs=1e-6)


def test_the_base_is_as_the_atlas_has_it(atlas: Atlas, moved: Drifted) -> None:
    held = atlas.model("fake-a")
    assert np.array_equal(moved.atoms[0], held.embeddings, equal_nan=True)
    assert np.allclose(moved.series.position[0], held.map("pca-2d").xy, atol=1e-5)
    assert moved.anchors[0].shape == (12, 12)
    assert moved.series.record["notes"] == []


def test_what_was_moved_is_found(atlas: Atlas, moved: Drifted) -> None:
    s = moved.series
    numbers = atlas.atoms("atomic_number")[s.atom]
    frozen = s.frozen[2]
    assert frozen[numbers == SODIUM].min() > 10 * np.median(frozen[numbers != SODIUM])
    assert np.allclose(s.forces[2][numbers == SODIUM], 0.1)
    assert (s.forces[2][numbers != SODIUM] == 0.0).all()
    # the energy changed by a constant for each atom of one element: the shift for each element takes that off
    assert np.nanmax(np.abs(s.energy[2])) < 1e-5
    assert s.kind == "published"
    assert s.checkpoints == ("fake-a", "fake-a-again", "fake-a-moved")
    assert s.name == "fake-a-to-fake-a-moved"


def test_refused_structures_are_empty_rows(atlas: Atlas) -> None:
    s = run(atlas, followed("fake-b", ["fake-b-moved"]), outputs=False).series
    krypton = atlas.atoms("atomic_number")[s.atom] == 36
    assert krypton.any()
    assert np.isnan(s.reembedded[:, krypton]).all()
    assert np.isfinite(s.reembedded[:, ~krypton]).all()
    assert 36 not in s.elements
    assert [c["refused"] for c in s.record["checkpoints"]] == [1, 1]
    assert np.isnan(s.energy).all()


def test_a_sample_holds_every_element_and_is_the_same_each_time(atlas: Atlas) -> None:
    chosen = sample(atlas, 15, 0)
    assert len(chosen) == 15
    assert np.array_equal(chosen, sample(atlas, 15, 0))
    assert not np.array_equal(chosen, sample(atlas, 15, 1))
    of, numbers = atlas.atoms("structure"), atlas.atoms("atomic_number")
    assert set(numbers[np.isin(of, chosen)]) == set(numbers)
    assert len(sample(atlas, 0, 0)) == len(sample(atlas, 1000, 0)) == atlas.n_structures
    with pytest.raises(AtlasError, match="--structures 4: too few"):
        sample(atlas, 4, 0)


def test_a_sample_measures_its_own_structures(atlas: Atlas, moved: Drifted) -> None:
    few = run(atlas, followed("fake-a", ["fake-a-moved"]), structures=15).series
    assert len(few.structure) == 15
    assert few.record["structures"] == {"sampled": 15, "of": atlas.n_structures, "seed": 0}
    rows = np.searchsorted(moved.series.atom, few.atom)
    assert np.array_equal(few.reembedded[1], moved.series.reembedded[2][rows])


def test_several_series_at_once_are_what_each_is_alone(atlas: Atlas, moved: Drifted) -> None:
    asked = [followed("fake-a", ["fake-a-again", "fake-a-moved"]), followed("fake-a-again", ["fake-a-moved"])]
    both = drift_all(atlas, asked, Settings(), display())
    assert [d.series.name for d in both] == ["fake-a-to-fake-a-moved", "fake-a-again-to-fake-a-moved"]
    for d, row in zip(both, (2, 1), strict=True):
        assert np.array_equal(d.series.reembedded[row], moved.series.reembedded[2], equal_nan=True)
        assert np.array_equal(d.series.retention[row], moved.series.retention[2], equal_nan=True)
    assert both[1].series.record["notes"] == ["the base fake-a-again is not among the atlas's models"]


# ---- kept in the atlas


@pytest.fixture
def own(atlas: Atlas, tmp_path: Path) -> Atlas:
    shutil.copytree(atlas.path, tmp_path / "own.zarr")
    return Atlas(tmp_path / "own.zarr")


@pytest.mark.slow
@pytest.mark.ci
def test_a_series_is_kept_and_not_made_twice(own: Atlas, moved: Drifted, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = followed("fake-a", ["fake-a-again", "fake-a-moved"])
    assert not drift_store.is_stored(own, asked, Settings())
    drift_store.store(own, asked, Settings(), moved)
    again = Atlas(own.path)
    assert drift_store.is_stored(again, asked, Settings())
    assert not drift_store.is_stored(again, asked, Settings(structures=15))
    held = read_series(again.file, moved.series.name)
    for name in ("reembedded", "frozen", "retention", "forces", "energy", "position"):
        assert np.array_equal(getattr(held, name), getattr(moved.series, name), equal_nan=True)
    base = f"drift/{held.name}/embeddings/2"
    assert again.file.attrs(base)["parent"] == "fake-a-again"
    assert again.file.attrs(base)["step"] == 2
    assert np.array_equal(again.file.read(f"{base}/atoms"), moved.atoms[2], equal_nan=True)
    monkeypatch.setattr(drift_store, "drift_all", lambda *_: pytest.fail("computed again"))
    drift_store.keep(own.path, [asked], Settings(), display())


@pytest.mark.slow
@pytest.mark.ci
def test_a_name_is_not_taken_from_another_series(own: Atlas, moved: Drifted) -> None:
    asked = followed("fake-a", ["fake-a-again", "fake-a-moved"], name="mine")
    drift_store.store(own, followed("fake-a", ["fake-a-moved"], name="mine"), Settings(), _named(moved, "mine"))
    again = Atlas(own.path)
    drift_store.refuse_collision(again, asked)
    with pytest.raises(AtlasError, match=r"another series 'mine'.*--name"):
        drift_store.refuse_collision(again, followed("fake-b", ["fake-b-moved"], name="mine"))


def _named(drifted: Drifted, name: str) -> Drifted:
    from dataclasses import replace

    return replace(drifted, series=replace(drifted.series, name=name))


@pytest.mark.slow
@pytest.mark.ci
def test_a_build_that_draws_the_map_anew_places_series_anew(own: Atlas, moved: Drifted, make: Maker) -> None:
    asked = followed("fake-a", ["fake-a-again", "fake-a-moved"])
    drift_store.store(own, asked, Settings(), moved)
    make(own.path, models=("fake-a", "fake-b", "element-only", "fake-a-moved"))
    again = Atlas(own.path)
    held = read_series(again.file, moved.series.name)
    assert np.allclose(held.position[0], again.model("fake-a").map("pca-2d").xy, atol=1e-4)
    assert np.allclose(held.position[2], again.model("fake-a-moved").map("pca-2d").xy, atol=1e-4)
    assert not np.allclose(held.position, moved.series.position, atol=1e-3)
    assert drift_store.is_stored(again, asked, Settings())


@pytest.mark.slow
@pytest.mark.ci
def test_a_build_with_other_anchors_takes_series_out(own: Atlas, moved: Drifted, make: Maker) -> None:
    drift_store.store(own, followed("fake-a", ["fake-a-again", "fake-a-moved"]), Settings(), moved)
    make(own.path, anchor_count=8, overwrite=True)
    assert series_names(Atlas(own.path).file) == []


# ---- what is not a series


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        ([], "no checkpoints"),
        (["missing.pth"], "no checkpoint at missing.pth"),
        (["fake:missing"], "no checkpoint at missing"),
        (["fake-a"], "the base itself"),
        (["chgnet-0.3.0"], "chgnet-0.3.0 is of chgnet and fake-a of fake.*one family"),
        (["chgnet:weights"], "fake-a is of fake"),
    ],
)
def test_what_cannot_be_followed_says_why(atlas: Atlas, sources: list[str], words: str) -> None:
    assert atlas.path.exists()
    with pytest.raises(AtlasError, match=words):
        followed("fake-a", sources)


def test_an_unknown_key_names_the_closest(atlas: Atlas) -> None:
    assert atlas.path.exists()
    with pytest.raises(AtlasError, match=r"fake-a-moved.*nor is there a file"):
        followed("fake-a", ["fake-a-move"])
    with pytest.raises(UnknownModel):
        followed("fake-nothing", ["fake-a"])


def test_names_are_one_for_each_checkpoint(atlas: Atlas) -> None:
    assert atlas.path.exists()
    asked = followed("fake-a", ["fake-a-again", "fake-a-moved"], names=("early", "late"))
    assert [c.name for c in asked.checkpoints] == ["early", "late"]
    with pytest.raises(AtlasError, match="1 names for 2 checkpoints"):
        followed("fake-a", ["fake-a-again", "fake-a-moved"], names=("early",))
    with pytest.raises(AtlasError, match="lower case"):
        followed("fake-a", ["fake-a-again"], name="../Up")


def test_published_fine_tunes_are_told_from_comparisons() -> None:
    assert followed("chgnet-0.3.0", ["chgnet-r2scan"]).kind == "published"
    assert followed("chgnet-0.2.0", ["chgnet-0.3.0"]).kind == "comparison"
    assert followed("chgnet-0.3.0", ["chgnet-r2scan", "chgnet-0.2.0"]).kind == "comparison"
    assert followed("7net-mf-0-pbe", ["7net-mf-0-r2scan"]).kind == "comparison"


# ---- runs


def write_run(folder: Path, seed: int = 0, **changed: Any) -> Path:
    """A run's folder, whose checkpoints are only bytes."""
    from precompute.models.trust import sha256_of

    (folder / "checkpoints").mkdir(parents=True)
    checkpoints = []
    for updates in (10, 20):
        file = folder / "checkpoints" / f"{updates:06d}.pth"
        file.write_bytes(f"{seed} {updates}".encode())
        name = file.relative_to(folder).as_posix()
        checkpoints.append(records.RunCheckpoint(name, updates, updates / 10, sha256_of(file), 0.01, 0.02))
    values = {
        "state": "finished", "model": "fake-a", "family": "fake", "base_sha256": "", "strategy": "naive", "seed": seed,
        "data": records.DataRecord("salts", "0" * 64, 3, (SODIUM,), "made up"), "replay": None,
        "settings": {"learning_rate": 0.001}, "experiment": "salts on fake-a", "command": (), "software": {},
        "before": records.Errors(0.1, 0.2), "checkpoints": tuple(checkpoints),
    }  # fmt: skip
    records.write(records.RunRecord(**{**values, **changed}), folder)
    return folder


def test_a_run_tells_what_it_is(atlas: Atlas, tmp_path: Path) -> None:
    assert atlas.path.exists()
    runs = [write_run(tmp_path / f"run{seed}", seed) for seed in (0, 1, 2)]
    asked = followed("fake-a", [str(runs[0])], siblings=runs[1:])
    assert (asked.kind, asked.strategy, asked.seed, asked.trained_on) == ("fine-tuning", "naive", 0, (SODIUM,))
    assert asked.name == "fake-a-naive-seed0"
    assert [(c.name, c.step) for c in asked.checkpoints] == [("10 updates", 10.0), ("20 updates", 20.0)]
    assert {seed: Path(str(c.spec.path)).name for seed, c in asked.siblings.items()} == {
        1: "000020.pth",
        2: "000020.pth",
    }
    assert all(c.spec.status == "fine-tuned" and c.spec.parent == "fake-a" for c in asked.checkpoints)
    with pytest.raises(AtlasError, match="differs in settings"):
        followed("fake-a", [str(runs[0])], siblings=[write_run(tmp_path / "other", 3, settings={"learning_rate": 1.0})])
    with pytest.raises(AtlasError, match="has seed 1, as another"):
        followed("fake-a", [str(runs[0])], siblings=[runs[1], runs[1]])
    with pytest.raises(AtlasError, match="follow it alone"):
        followed("fake-a", [str(runs[0]), "fake-a-moved"])
    with pytest.raises(AtlasError, match="from fake-a, not from the base fake-b"):
        followed("fake-b", [str(runs[0])])


def test_a_changed_or_cut_run_is_refused(atlas: Atlas, tmp_path: Path) -> None:
    assert atlas.path.exists()
    changed = write_run(tmp_path / "changed")
    (changed / "checkpoints" / "000020.pth").write_bytes(b"something else")
    with pytest.raises(AtlasError, match=r"000020.pth is not the file that its run wrote \(SHA-256 differs\)"):
        followed("fake-a", [str(changed)])
    cut = write_run(tmp_path / "cut")
    text = (cut / "run.json").read_text()
    (cut / "run.json").write_text(text[: len(text) // 2])
    with pytest.raises(AtlasError, match=r"run.json is not JSON"):
        followed("fake-a", [str(cut)])
    with pytest.raises(AtlasError, match="no checkpoint yet"):
        followed("fake-a", [str(write_run(tmp_path / "begun", state="running", checkpoints=()))])
    (tmp_path / "empty").mkdir()
    with pytest.raises(AtlasError, match=r"is a folder without run.json: expected that of a run"):
        followed("fake-a", [str(tmp_path / "empty")])


def test_a_base_of_other_weights_is_refused(own: Atlas) -> None:
    metadata = own.path / "models" / "fake-a" / "zarr.json"
    content = json.loads(metadata.read_text())
    content["attributes"]["provenance"]["sha256"] = "1" * 64
    metadata.write_text(json.dumps(content))
    root = own.path / "zarr.json"
    consolidated = json.loads(root.read_text())
    consolidated.pop("consolidated_metadata")
    root.write_text(json.dumps(consolidated))
    with pytest.raises(AtlasError, match=r"the weights of fake-a have SHA-256 None.*expected 1111"):
        run(Atlas(own.path), followed("fake-a", ["fake-a-moved"]))
