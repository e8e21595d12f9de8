"""A build makes the atlas that the design describes, reuses what it can, and refuses what it must."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import zarr

from precompute import anchor_files
from precompute.contracts import AtlasError
from precompute.store import NEIGHBOUR_KINDS, SCHEMA_VERSION, Atlas, NotAnAtlas

from .comparing import arrays_of

N, K = 36 * 8 + 2 + 4, 12


def test_names_shapes_and_dimension_names_are_those_of_the_contract(atlas: Atlas) -> None:
    root = zarr.open_group(atlas.path, mode="r")
    assert root.attrs["schema_version"] == SCHEMA_VERSION
    assert {"title", "created", "software", "provenance", "seeds"} <= set(root.attrs)
    expected = {
        "structures/id": ((38,), ("structure",)),
        "structures/cell": ((38, 3, 3), ("structure", "vector", "xyz")),
        "structures/pbc": ((38, 3), ("structure", "vector")),
        "structures/properties/hardness": ((38,), ("structure",)),
        "atoms/structure": ((N,), ("atom",)),
        "atoms/position": ((N, 3), ("atom", "xyz")),
        "atoms/display_order": ((N,), ("atom",)),
        "atoms/properties/ionicity": ((N,), ("atom",)),
        "anchors/index": ((K,), ("anchor",)),
        "elements/symbol": ((118,), ("element",)),
        "models/fake-a/embeddings": ((N, 12), ("atom", "feature")),
        "models/fake-a/coordinates": ((N, K), ("atom", "anchor")),
        "models/fake-a/maps/pca-2d": ((N, 2), ("atom", "axis_of_2")),
        "models/fake-a/maps/umap-3d": ((N, 3), ("atom", "axis_of_3")),
        "models/fake-a/maps/pca-2d-k10": ((N, 2), ("atom", "axis_of_2")),
        "models/fake-a/maps/raw-pca-2d": ((N, 2), ("atom", "axis_of_2")),
    }
    for kind in NEIGHBOUR_KINDS:
        for part in ("index", "similarity"):
            expected[f"models/fake-a/neighbours/{kind}/{part}"] = ((N, 50), ("atom", "rank"))
    for name, (shape, dims) in expected.items():
        array = root[name]
        assert isinstance(array, zarr.Array)
        assert (array.shape, array.metadata.dimension_names) == (shape, dims), name
    assert root["models/fake-a/embeddings"].dtype == np.float32


def test_it_opens_in_xarray_without_a_warning(atlas: Atlas) -> None:
    import xarray

    atoms = xarray.open_zarr(str(atlas.path), group="atoms")
    assert dict(atoms.sizes) == {"atom": N, "xyz": 3}
    assert xarray.open_zarr(str(atlas.path), group="models/fake-b").coordinates.dims == ("atom", "anchor")


def test_coordinates_are_cosines_of_the_stored_embeddings_to_the_stored_anchors(atlas: Atlas) -> None:
    anchors = atlas.file.read("anchors/index")
    for key in ("fake-a", "element-only"):
        e = atlas.model(key).embeddings.astype(float)
        u = e / np.linalg.norm(e, axis=1, keepdims=True)
        np.testing.assert_allclose(atlas.model(key).coordinates, u @ u[anchors].T, atol=1e-6)


def test_structures_come_back_as_they_were_read(atlas: Atlas) -> None:
    i = atlas.structures("id").tolist().index("salt-9")
    s = atlas.structure(i)
    assert sorted(s.numbers.tolist()) == [17] * 4 + [19] * 4
    assert s.cell[0, 0] == pytest.approx(4.45)
    assert (atlas.structures("formula")[i], atlas.structures("spacegroup")[i]) == ("KCl", 225)
    columns = {c.name: c for c in atlas.columns("structures")}
    assert columns["colour"].kind == "text"
    assert atlas.structures(columns["hardness"].path.removeprefix("structures/"))[i] == 9.0
    with pytest.raises(AtlasError, match="no structure 99"):
        atlas.structure(99)


def test_display_order_is_a_permutation_and_representatives_are_their_own_orbit(atlas: Atlas) -> None:
    assert sorted(atlas.atoms("display_order").tolist()) == list(range(N))
    orbit = atlas.atoms("orbit")
    np.testing.assert_array_equal(atlas.atoms("is_representative"), orbit == np.arange(N))
    np.testing.assert_array_equal(orbit[orbit], orbit)


def test_a_refused_structure_is_a_nan_row_with_a_reason_in_that_model_only(atlas: Atlas) -> None:
    b = atlas.model("fake-b")
    assert [(r.structure, r.reason) for r in b.refused] == [("Kr", "krypton is not for this model")]
    missing = np.flatnonzero(np.isnan(b.embeddings).all(axis=1))
    assert atlas.atoms("atomic_number")[missing].tolist() == [36] * 4
    assert (b.neighbours("all")[0][missing] == -1).all()
    assert np.isnan(b.map("pca-2d").xy[missing]).all()
    assert np.isfinite(atlas.model("fake-a").embeddings).all()
    assert 36 not in atlas.anchors.numbers


def test_the_same_command_again_does_nothing(atlas: Atlas, make) -> None:
    before = (atlas.path / "zarr.json").read_text()
    report, _ = make(atlas.path)
    assert not report.built
    assert (atlas.path / "zarr.json").read_text() == before


@pytest.mark.slow
@pytest.mark.ci
def test_adding_a_model_keeps_the_rest_and_equals_building_both_at_once(tmp_path: Path, make) -> None:
    make(tmp_path / "a.zarr", models=("fake-a",))
    _, said = make(tmp_path / "a.zarr", models=("fake-b",))
    assert "embedding fake-a" not in said
    make(tmp_path / "b.zarr", models=("fake-a", "fake-b"))
    one, both = arrays_of(tmp_path / "a.zarr"), arrays_of(tmp_path / "b.zarr")
    # anchors were chosen before fake-b refused krypton, so only what does not rest on them must agree
    assert set(one) == set(both)
    for name in one:
        if name.startswith(("structures", "atoms", "elements")) or name.endswith("/embeddings"):
            np.testing.assert_array_equal(one[name], both[name], err_msg=name)


@pytest.mark.slow
@pytest.mark.ci
def test_other_settings_are_refused_by_name_and_leave_the_atlas_alone(tmp_path: Path, make, atlas: Atlas) -> None:
    out = tmp_path / "salts.zarr"
    shutil.copytree(atlas.path, out)
    with pytest.raises(AtlasError, match="anchors count: was 12, now 7"):
        make(out, anchor_count=7)
    with pytest.raises(AtlasError, match="structures seed: was 0, now 1"):
        make(out, seed=1)
    assert Atlas(out).n_atoms == N
    report, _ = make(out, anchor_count=7, overwrite=True)
    assert report.built
    assert Atlas(out).model("fake-a").coordinates.shape == (N, 7)


@pytest.mark.slow
@pytest.mark.ci
def test_a_crashing_model_is_named_and_the_others_go_on(tmp_path: Path, make) -> None:
    report, said = make(tmp_path / "a.zarr", models=("fake-a", "fake-crash", "fake-wrong"))
    assert set(report.failed) == {"fake-crash", "fake-wrong"}
    assert "fake-crash was embedding" in report.failed["fake-crash"]
    assert "features of shape" in report.failed["fake-wrong"]
    assert "fake-crash FAILED" in said
    assert Atlas(tmp_path / "a.zarr").model_keys == ["fake-a"]


@pytest.mark.slow
@pytest.mark.ci
def test_if_no_model_runs_there_is_no_atlas(tmp_path: Path, make) -> None:
    with pytest.raises(AtlasError, match="no model could be run"):
        make(tmp_path / "a.zarr", models=("fake-wrong",))
    assert not list(tmp_path.glob("[!.]*"))


def test_anchors_of_another_atlas_put_both_into_one_space(tmp_path: Path, make, atlas: Atlas, crystals: Path) -> None:
    from ase.io import read, write

    anchor_files.save(atlas.anchors, tmp_path / "set.json")
    write(tmp_path / "few.extxyz", read(crystals, ":10"))
    make(tmp_path / "few.zarr", sources=(str(tmp_path / "few.extxyz"),), anchor_method="", anchor_count=None,
         anchor_set=tmp_path / "set.json")  # fmt: skip
    few = Atlas(tmp_path / "few.zarr")
    n = few.n_atoms
    assert (few.file.read("anchors/index") == -1).any()
    assert anchor_files.identity(few.anchors) == anchor_files.identity(atlas.anchors)
    np.testing.assert_allclose(few.model("fake-a").coordinates, atlas.model("fake-a").coordinates[:n], atol=1e-6)


@pytest.mark.slow
@pytest.mark.ci
def test_a_prefix_of_a_set_gives_the_first_columns(tmp_path: Path, make, atlas: Atlas) -> None:
    anchor_files.save(atlas.anchors, tmp_path / "set.json")
    make(tmp_path / "a.zarr", anchor_method="", anchor_set=tmp_path / "set.json", anchor_count=5)
    np.testing.assert_array_equal(
        Atlas(tmp_path / "a.zarr").model("fake-a").coordinates, atlas.model("fake-a").coordinates[:, :5]
    )


@pytest.mark.slow
@pytest.mark.ci
def test_fewer_atoms_than_anchors_is_an_error_that_says_so(tmp_path: Path, make) -> None:
    with pytest.raises(AtlasError, match="100 anchors were asked for, but there are"):
        make(tmp_path / "a.zarr", anchor_count=100)
    assert not (tmp_path / "a.zarr").exists()


def test_a_zip_reads_like_the_folder(tmp_path: Path, atlas: Atlas) -> None:
    path = Path(shutil.make_archive(str(tmp_path / "salts.zarr"), "zip", atlas.path))
    zipped = Atlas(path)
    assert zipped.model_keys == atlas.model_keys
    np.testing.assert_array_equal(zipped.model("fake-a").coordinates, atlas.model("fake-a").coordinates)


def test_what_is_no_atlas_is_refused_with_a_reason(tmp_path: Path, atlas: Atlas) -> None:
    with pytest.raises(NotAnAtlas, match="no atlas there"):
        Atlas(tmp_path / "nowhere.zarr")
    (tmp_path / "empty.zarr").mkdir()
    with pytest.raises(NotAnAtlas, match="is not an atlas"):
        Atlas(tmp_path / "empty.zarr")
    (tmp_path / "junk.zip").write_bytes(b"PK junk")
    with pytest.raises(NotAnAtlas):
        Atlas(tmp_path / "junk.zip")
    for change, complaint in (({"schema_version": 99}, "schema version 99"), ({"complete": False}, "unfinished build")):
        path = tmp_path / "changed.zarr"
        shutil.copytree(atlas.path, path, dirs_exist_ok=True)
        head = json.loads((path / "zarr.json").read_text())
        head["attributes"].update(change)
        (path / "zarr.json").write_text(json.dumps(head))
        with pytest.raises(NotAnAtlas, match=complaint):
            Atlas(path)


def test_unknown_names_say_what_there_is(atlas: Atlas) -> None:
    with pytest.raises(AtlasError, match="holds no model 'mace'; it holds fake-a"):
        atlas.model("mace")
    with pytest.raises(AtlasError, match="pca-2d"):
        atlas.model("fake-a").map("tsne")
    with pytest.raises(AtlasError, match="within_element"):
        atlas.model("fake-a").neighbours("near")


@pytest.mark.slow
@pytest.mark.ci
def test_something_else_in_the_way_is_not_overwritten(tmp_path: Path, make) -> None:
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr" / "thesis.txt").write_text("years of work")
    with pytest.raises(AtlasError, match="in the way"):
        make(tmp_path / "a.zarr")
    assert (tmp_path / "a.zarr" / "thesis.txt").exists()
