"""The command line: what it prints is true, and what it refuses it explains."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from precompute.cli import app
from precompute.contracts import AtlasError
from precompute.store import Atlas


def run(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(a) for a in arguments])


def fails_with(complaint: str, *arguments: object) -> None:
    result = run(*arguments)
    assert isinstance(result.exception, AtlasError), result.output
    assert complaint in str(result.exception)


def test_info_tells_counts_models_refusals_anchors_and_versions(atlas: Atlas) -> None:
    data = json.loads(run("info", atlas.path, "--json").output)
    assert (data["structures"], data["atoms"], data["elements"]) == (38, 294, 15)
    assert [m["key"] for m in data["models"]] == ["fake-a", "fake-b", "element-only"]
    assert data["models"][1]["refused"] == [{"structure": "Kr", "reason": "krypton is not for this model"}]
    assert (data["anchors"]["count"], data["anchors"]["in_this_atlas"]) == (12, 12)
    assert {"numpy", "zarr", "spglib"} <= set(data["software"])
    assert data["bytes"] > 100_000
    assert 0 < data["bytes_of"]["models/fake-a"] < data["bytes"]
    text = run("info", atlas.path).output
    assert "fake-b refused Kr: krypton is not for this model" in text


def test_purity_is_told_for_every_model_with_its_interval_and_null(atlas: Atlas) -> None:
    p = json.loads(run("info", atlas.path, "--json").output)["purity"]
    assert {r["model"] for r in p["rows"]} == {"fake-a", "fake-b", "element-only"}
    for row in p["rows"]:
        assert row["other_elements_low"] <= row["other_elements_value"] <= row["other_elements_high"]
        assert 0 <= row["plain_permuted"] <= 1
    assert p["neighbours"] == 10


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".npz"])
def test_coordinates_come_out_as_a_table_of_the_atoms_that_the_model_knows(
    suffix: str, atlas: Atlas, tmp_path: Path
) -> None:
    out = tmp_path / f"c{suffix}"
    assert run("coordinates", atlas.path, "--model", "fake-b", "--out", out).exit_code == 0
    if suffix == ".csv":
        with out.open() as handle:
            rows = list(csv.DictReader(handle))
        values = np.array([[float(r[f"c{i}"]) for i in range(12)] for r in rows])
        structures, elements = [r["structure"] for r in rows], [r["element"] for r in rows]
    elif suffix == ".parquet":
        from pyarrow import parquet

        table = parquet.read_table(out).to_pydict()
        values = np.array([table[f"c{i}"] for i in range(12)]).T
        structures, elements = table["structure"], table["element"]
    else:
        with np.load(out, allow_pickle=False) as archive:
            values = archive["coordinates"]
            structures, elements = archive["structure"].tolist(), archive["element"].tolist()
    expected = atlas.model("fake-b").coordinates
    kept = np.isfinite(expected).all(axis=1)
    np.testing.assert_allclose(values, expected[kept], atol=1e-6)
    assert len(values) == 290
    assert "Kr" not in structures
    assert set(elements[:8]) == {"Li", "F"}


def test_exports_that_cannot_be_written_are_refused(atlas: Atlas, tmp_path: Path) -> None:
    fails_with(".csv, .parquet, .npz", "coordinates", atlas.path, "--model", "fake-a", "--out", tmp_path / "c.xlsx")
    fails_with("holds no model", "coordinates", atlas.path, "--model", "mace", "--out", tmp_path / "c.csv")
    fails_with("cannot write", "coordinates", atlas.path, "--model", "fake-a", "--out", tmp_path / "no" / "c.npz")


def test_anchors_can_be_saved_shown_and_used(atlas: Atlas, tmp_path: Path) -> None:
    out = tmp_path / "anchors.json"
    assert run("anchors", "save", atlas.path, "--out", out).exit_code == 0
    from_file = json.loads(run("anchors", "show", out, "--json").output)
    from_atlas = json.loads(run("anchors", "show", atlas.path, "--json").output)
    assert from_file == from_atlas
    assert len(from_file) == 12
    numbers = atlas.atoms("atomic_number")[atlas.file.read("anchors/index")]
    assert [r["element"] for r in from_file] == atlas.elements["symbol"][numbers - 1].tolist()
    assert "12 anchors by direct" in run("anchors", "show", out).output


def test_a_dry_run_says_what_would_be_done_and_does_nothing(crystals: Path, fake_models: Path, tmp_path: Path) -> None:
    assert fake_models.exists()
    out = tmp_path / "a.zarr"
    result = run("build", crystals, "--models", "fake-a", "--anchors", "direct", "--out", out, "--dry-run")
    assert result.exit_code == 0
    assert "38 structures, 294 atoms" in result.output
    assert "to embed: fake-a" in result.output
    assert "estimate:" in result.output
    assert not out.exists()


@pytest.mark.slow
@pytest.mark.ci
def test_contradictions_and_unknown_names_are_refused_before_any_work(
    crystals: Path, fake_models: Path, tmp_path: Path
) -> None:
    assert fake_models.exists()
    build = ["build", crystals, "--out", tmp_path / "a.zarr", "--models"]
    fails_with("no model 'fake-c'; closest: fake-", *build, "fake-c")
    fails_with("models named twice: fake-a", *build, "fake-a,fake-a")
    fails_with("no model: name some", *build, ",")
    fails_with("expected one of direct", *build, "fake-a", "--anchors", "best")
    fails_with("pass one of them", *build, "fake-a", "--anchors", "direct", "--anchor-set", "x.json")
    fails_with("--anchor-model needs --anchors", *build, "fake-a", "--anchor-model", "fake-a")
    fails_with("no similarity 'dot'", *build, "fake-a", "--similarity", "dot")
    fails_with("cannot read the anchor set", *build, "fake-a", "--anchor-set", tmp_path / "none.json")
    fails_with("ends in .zarr", "build", crystals, "--out", tmp_path / "a", "--models", "fake-a")
    fails_with("expected KEY=FILE", *build, "fake-a", "--import", "features.npz")
    fails_with("is the key of a known model", *build, "fake-a", "--anchors", "direct", "--import", "fake-b=f.npz")
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.ci
def test_skipped_inputs_are_listed_and_kept_and_strict_stops(crystals: Path, fake_models: Path, tmp_path: Path) -> None:
    assert fake_models.exists()
    (tmp_path / "empty.cif").write_text("")
    (tmp_path / "[bold]junk.cif").write_text("junk\n" * 10)
    options = ["--models", "fake-a", "--anchors", "direct", "--anchor-count", "5", "--no-umap"]
    sources = [crystals, tmp_path / "empty.cif", tmp_path / "[bold]junk.cif"]
    fails_with("empty", "build", *sources, *options, "--out", tmp_path / "s.zarr", "--strict")
    result = run("build", *sources, *options, "--out", tmp_path / "a.zarr")
    assert result.exit_code == 0, result.output
    assert "skipped" in result.output
    assert "[bold]junk" in result.output
    assert len(Atlas(tmp_path / "a.zarr").skipped) == 2


@pytest.mark.slow
@pytest.mark.ci
def test_imported_embeddings_become_a_model_that_is_labelled_so(
    crystals: Path, atlas: Atlas, fake_models: Path, tmp_path: Path
) -> None:
    assert fake_models.exists()
    e = np.random.default_rng(0).normal(size=(294, 6)).astype(np.float32)
    ids = np.array(atlas.structures("id").tolist())
    np.savez(tmp_path / "mine.npz", embeddings=e, id=ids, n_atoms=atlas.structures("n_atoms"))
    options = ["--anchors", "direct", "--anchor-count", "5", "--anchor-model", "fake-a", "--no-umap"]
    out = tmp_path / "a.zarr"
    result = run("build", crystals, "--models", "fake-a", "--import", f"mine={tmp_path / 'mine.npz'}", *options,
                 "--out", out)  # fmt: skip
    assert result.exit_code == 0, result.output
    mine = Atlas(out).model("mine")
    assert mine.status == "imported"
    assert mine.attrs["path"] == "mine.npz"
    np.testing.assert_array_equal(mine.embeddings, e)
    assert Atlas(out).model("fake-a").map_quality("pca-2d")["fitted_on"] == ["fake-a"]


@pytest.mark.slow
@pytest.mark.ci
def test_an_import_without_the_anchors_of_a_ready_set_is_left_out_with_a_reason(
    crystals: Path, atlas: Atlas, fake_models: Path, tmp_path: Path
) -> None:
    from ase.io import read, write

    assert fake_models.exists()
    run("anchors", "save", atlas.path, "--out", tmp_path / "set.json")
    write(tmp_path / "few.extxyz", read(crystals, ":6"))
    ids, n = np.array(atlas.structures("id")[:6].tolist()), atlas.structures("n_atoms")[:6]
    e = np.random.default_rng(0).normal(size=(48, 6)).astype(np.float32)
    common = [
        "build",
        tmp_path / "few.extxyz",
        "--models",
        "fake-a",
        "--anchor-set",
        tmp_path / "set.json",
        "--no-umap",
    ]
    np.savez(tmp_path / "bare.npz", embeddings=e, id=ids, n_atoms=n)
    result = run(*common, "--import", f"mine={tmp_path / 'bare.npz'}", "--out", tmp_path / "a.zarr")
    assert result.exit_code == 3
    assert "holds no embeddings of the 12 anchors" in " ".join(result.output.split())
    assert Atlas(tmp_path / "a.zarr").model_keys == ["fake-a"]
    anchors = np.random.default_rng(1).normal(size=(12, 6)).astype(np.float32)
    np.savez(tmp_path / "full.npz", embeddings=e, id=ids, n_atoms=n, anchor_embeddings=anchors)
    result = run(*common, "--import", f"mine={tmp_path / 'full.npz'}", "--out", tmp_path / "b.zarr")
    assert result.exit_code == 0, result.output
    assert Atlas(tmp_path / "b.zarr").model("mine").coordinates.shape == (48, 12)


def test_models_are_listed_with_what_matters() -> None:
    rows = json.loads(run("models", "--json").output)
    by_key = {r["key"]: r for r in rows}
    wanted = {"key", "family", "weights", "width", "layer", "training_data", "level_of_theory", "licence", "ready"}
    assert wanted <= set(rows[0])
    assert by_key["chgnet-0.3.0"]["weights"] == "bundled"
    assert by_key["mace-mp-0-medium"]["weights"] == "download"
    assert by_key["chgnet-r2scan"]["parent"] == "chgnet-0.3.0"
    assert "chgnet-0.3.0" in run("models").output
