"""What an interruption can leave behind at the worst moments, and what must never be overwritten."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from precompute.contracts import AtlasError
from precompute.staging import Ledger, Staging
from precompute.store import Atlas, AtlasFile

from .comparing import assert_same_arrays

pytestmark = [pytest.mark.slow, pytest.mark.ci]


class Killed(BaseException):
    """Stands for a kill: nothing in the program handles it."""


def kill_in(monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    def die(*_: object, **__: object) -> None:
        raise Killed

    monkeypatch.setattr(target, die)


def test_killed_between_consolidation_and_renaming(tmp_path: Path, make, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        kill_in(patch, "pathlib.Path.rename")
        with pytest.raises(Killed):
            make(tmp_path / "a.zarr", models=("fake-a",), umap=False)
    make(tmp_path / "a.zarr", models=("fake-a", "element-only"), umap=False)
    atlas = Atlas(tmp_path / "a.zarr")
    assert atlas.model_keys == ["fake-a", "element-only"]
    assert np.isfinite(atlas.model("element-only").coordinates).all()
    assert atlas.model("element-only").neighbours("all")[0].shape == (294, 50)


def test_killed_while_throwing_a_working_folder_away(tmp_path: Path, make, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        kill_in(patch, "precompute.stages.views.draw_maps")
        with pytest.raises(Killed):
            make(tmp_path / "a.zarr", umap=False)
    staging = Staging(tmp_path / "a.zarr")
    assert staging.unfinished is not None
    with monkeypatch.context() as patch:
        kill_in(patch, "shutil.rmtree")
        with pytest.raises(Killed):
            staging.discard()
    assert staging.unfinished is None
    make(tmp_path / "a.zarr", umap=False)
    make(tmp_path / "b.zarr", umap=False)
    assert_same_arrays(tmp_path / "a.zarr", tmp_path / "b.zarr")
    assert sorted(p.name for p in tmp_path.glob("[!.]*")) == ["a.zarr", "b.zarr"]


def test_killed_between_the_two_renames_of_an_exchange(tmp_path: Path, make, atlas: Atlas) -> None:
    out = tmp_path / "a.zarr"
    shutil.copytree(atlas.path, tmp_path / "a.zarr.replaced")
    make(out)
    assert Atlas(out).n_atoms == atlas.n_atoms
    assert not (tmp_path / "a.zarr.replaced").exists()


def test_overwriting_is_for_atlases_only(tmp_path: Path, make) -> None:
    thesis = tmp_path / "a.zarr" / "thesis.txt"
    thesis.parent.mkdir()
    thesis.write_text("years of work")
    with pytest.raises(AtlasError, match="replaces atlases only"):
        make(tmp_path / "a.zarr", overwrite=True)
    AtlasFile.create(tmp_path / "climate.zarr", {"title": "rain"})
    with pytest.raises(AtlasError, match="replaces atlases only"):
        make(tmp_path / "climate.zarr", overwrite=True)
    assert thesis.read_text() == "years of work"


def test_an_interrupted_overwriting_goes_on_too(
    tmp_path: Path, make, atlas: Atlas, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "a.zarr"
    shutil.copytree(atlas.path, out)
    changed = {"anchor_count": 7, "umap": False, "overwrite": True}
    with monkeypatch.context() as patch:
        kill_in(patch, "precompute.stages.views.draw_maps")
        with pytest.raises(Killed):
            make(out, **changed)
    assert Atlas(out).model("fake-a").coordinates.shape[1] == 12
    _, said = make(out, **changed)
    assert "Going on with the unfinished build" in said
    assert "embedding" not in said
    assert Atlas(out).model("fake-a").coordinates.shape[1] == 7


def test_a_link_stays_a_link(tmp_path: Path, make) -> None:
    make(tmp_path / "real.zarr", models=("fake-a",), umap=False)
    (tmp_path / "link.zarr").symlink_to(tmp_path / "real.zarr")
    make(tmp_path / "link.zarr", models=("element-only",), umap=False)
    assert (tmp_path / "link.zarr").is_symlink()
    assert Atlas(tmp_path / "real.zarr").model_keys == ["fake-a", "element-only"]


def test_title_and_order_of_models_stay_and_umap_can_come_later(tmp_path: Path, make) -> None:
    out = tmp_path / "a.zarr"
    make(out, models=("fake-b", "element-only"), title="Salts", umap=False)
    assert "umap-2d" not in Atlas(out).model("fake-b").map_names
    make(out, models=("fake-a",))
    atlas = Atlas(out)
    assert (atlas.title, atlas.model_keys) == ("Salts", ["fake-b", "element-only", "fake-a"])
    assert all("umap-2d" in atlas.model(k).map_names for k in atlas.model_keys)
    report, _ = make(out, models=("fake-a",), title="More salts")
    assert report.built
    assert Atlas(out).title == "More salts"


def test_another_file_under_the_same_key_is_refused(tmp_path: Path, make, crystals: Path) -> None:
    for folder, scale in (("one", 1.0), ("two", 2.0)):
        (tmp_path / folder).mkdir()
        np.save(tmp_path / folder / "mine.npy", np.random.default_rng(0).normal(size=(294, 5)) * scale)
    both = {"models": ("fake-a",), "umap": False, "sources": (str(crystals),), "anchor_model": "fake-a"}
    make(tmp_path / "a.zarr", imports=(f"mine={tmp_path / 'one' / 'mine.npy'}",), **both)
    with pytest.raises(AtlasError, match="model mine: another file"):
        make(tmp_path / "a.zarr", imports=(f"mine={tmp_path / 'two' / 'mine.npy'}",), **both)


def test_a_stage_is_in_the_ledger_only_when_its_work_is_done(tmp_path: Path) -> None:
    file = AtlasFile.create(tmp_path / "a.zarr", {"provenance": {}})
    ledger = Ledger(file)
    with pytest.raises(Killed), ledger.stage("maps", {"seed": 0}):
        raise Killed
    assert not Ledger(file).holds("maps", {"seed": 0})
    with ledger.stage("maps", {"seed": 0}):
        assert not Ledger(file).holds("maps", {"seed": 0})
    assert Ledger(file).holds("maps", {"seed": 0})
    assert Ledger(file).differences("maps", {"seed": 1, "k": 2}) == ["seed: was 0, now 1", "k: was None, now 2"]
