"""A crystal of the atlas, placed anew, lands where the atlas has it; a file that cannot be placed says why."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.io import write

from precompute.contracts import AtlasError
from precompute.models import environments
from precompute.placing import command, places, reading, running
from precompute.store import Atlas

KEYS = ("fake-a", "fake-b")


def write_structure(atlas: Atlas, identifier: str, path: Path) -> int:
    """Write a structure of the atlas as a file; return its first atom."""
    index = atlas.structures("id").tolist().index(identifier)
    s = atlas.structure(index)
    write(path, Atoms(numbers=s.numbers, positions=s.positions, cell=s.cell, pbc=s.pbc))
    return int(atlas.structures("first_atom")[index])


def placed(
    atlas: Atlas, path: Path, out: Path, keys: tuple[str, ...]
) -> tuple[dict[str, Any], list[Mapping[str, Any]]]:
    steps: list[Mapping[str, Any]] = []
    out.mkdir()
    running.run(atlas, path, keys, out, steps.append)
    return json.loads((out / "result.json").read_text()), steps


def same_as_stored(atlas: Atlas, result: dict[str, Any], out: Path, first: int) -> None:
    rows = first + np.array([s["atom"] for s in result["sites"]])
    assert (atlas.atoms("orbit")[rows] == rows).all()
    for key, found in result["models"].items():
        model = atlas.model(key)
        with np.load(out / f"{key}.npz", allow_pickle=False) as arrays:
            np.testing.assert_allclose(arrays["coordinates"], model.coordinates[rows], atol=2e-5)
            for name in set(found["maps"]) - set(found["interpolated"]):
                xy = model.map(name).xy
                extent = np.nanmax(xy, axis=0) - np.nanmin(xy, axis=0)
                np.testing.assert_allclose(arrays[f"map/{name}"], xy[rows], atol=1e-4 * extent.max())
                np.testing.assert_allclose(found["maps"][name], arrays[f"map/{name}"], rtol=1e-6)
            # itself first, then the neighbours that the atlas lists, own orbit aside
            similarity = model.neighbours("representatives")[1]
            for site, row in enumerate(rows):
                own, cosines = arrays["index"][site].tolist(), arrays["similarity"][site]
                assert cosines[0] == pytest.approx(1, abs=1e-5)
                assert cosines[own.index(row)] == pytest.approx(1, abs=1e-5)
                others = np.delete(cosines, own.index(row))
                np.testing.assert_allclose(others[:10], similarity[row][:10], atol=2e-5)
        assert found["neighbours"][0][:3] == [a for a in found["neighbours"][0][:3] if a >= 0]


def test_a_crystal_of_the_atlas_lands_on_itself(atlas: Atlas, fake_models: Path, tmp_path: Path) -> None:
    assert fake_models.exists()
    first = write_structure(atlas, "salt-9", tmp_path / "x.extxyz")
    result, steps = placed(atlas, tmp_path / "x.extxyz", tmp_path / "out", KEYS)
    assert result["structure"] == {
        "id": "x", "formula": "KCl", "n_atoms": 8, "spacegroup": 225, "spacegroup_symbol": "Fm-3m",
        "crystal_system": "cubic",
    }  # fmt: skip
    assert [(s["element"], s["n"], s["site_symmetry"]) for s in result["sites"]] == [
        ("K", 4, "m-3m"),
        ("Cl", 4, "m-3m"),
    ]
    assert set(result["models"]) == set(KEYS)
    assert {"pca-2d", "pca-2d-k10", "raw-pca-2d"} <= set(result["models"]["fake-a"]["maps"])
    assert result["models"]["fake-a"]["interpolated"] == ["umap-2d"]
    same_as_stored(atlas, result, tmp_path / "out", first)
    told = [(s.get("model"), s["state"]) for s in steps]
    each = [(key, state) for key in KEYS for state in ("loading", "embedding", "placing", "done")]
    assert told == [(None, "reading"), (None, "read"), *each, (None, "finished")]


def test_one_model_s_refusal_does_not_stop_the_others(atlas: Atlas, fake_models: Path, tmp_path: Path) -> None:
    assert fake_models.exists()
    write_structure(atlas, "Kr", tmp_path / "x.cif")
    result, steps = placed(atlas, tmp_path / "x.cif", tmp_path / "out", ("fake-b", "fake-a"))
    assert list(result["models"]) == ["fake-a"]
    refused = next(s for s in steps if s["state"] == "refused")
    assert "krypton is not for this model" in refused["reason"]


def test_a_model_that_is_not_known_here_is_not_available(
    atlas: Atlas, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLATONIC_ATLAS_MODELS", "")
    write_structure(atlas, "Fe", tmp_path / "x.cif")
    result, steps = placed(atlas, tmp_path / "x.cif", tmp_path / "out", ("fake-a",))
    assert result["models"] == {}
    assert [s["reason"] for s in steps if s["state"] == "unavailable"] == ["it is not among the models known here"]


def test_another_checkpoint_than_the_atlas_s_is_refused(atlas: Atlas, fake_models: Path) -> None:
    from precompute.models.registry import registry

    assert fake_models.exists()
    spec = registry().resolve("element-only")
    recorded = {"sha256": "0" * 64}

    class Session:
        def __init__(self) -> None:
            self.provenance = {"sha256": "1" * 64}

        def __enter__(self) -> Session:
            return self

        def __exit__(self, *_: object) -> None: ...

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("precompute.models.session.open_model", lambda *_, **__: Session())
        with pytest.raises(AtlasError, match="another one than the atlas"):
            running.embed(spec, atlas.structure(0), recorded, lambda _: None)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("x.cif", "not a cif", "."),
        ("two.extxyz", "1\npbc=F\nH 0 0 0\n1\npbc=F\nH 0 0 0\n", "more than one structure"),
        ("x.extxyz", "2\npbc=F\nH 0 0 0\nH 0 0 0.1\n", "closer than 0.4"),
        ("x.extxyz", "501\npbc=F\n" + "".join(f"H 0 0 {2 * i}\n" for i in range(501)), "more than the 500 allowed"),
    ],
)
def test_files_that_are_refused_say_why(tmp_path: Path, name: str, content: str, says: str) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(AtlasError, match=says) as refused:
        reading.read_one(tmp_path / name)
    assert str(tmp_path) not in str(refused.value)


POSCAR = "{}\n1.0\n4 0 0\n0 4 0\n0 0 4\n{}Direct\n0 0 0\n"
MANY = 250_000_000


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("POSCAR", POSCAR.format("salt", f"Na\n{MANY}\n")),
        ("POSCAR", POSCAR.format("salt", f"Na Cl ! two\n{MANY - 1} 1 ! and what they are\n")),
        ("x.vasp", POSCAR.format("Na", f"  {MANY}\n")),
        ("x.extxyz", f"{MANY}\npbc=F\nH 0 0 0\n"),
        ("x.xyz", f"{MANY}\n\nH 0 0 0\n"),
    ],
)
def test_a_file_that_speaks_of_too_many_atoms_is_refused_before_it_is_parsed(
    tmp_path: Path, name: str, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("precompute.structures.readers.read", lambda _: pytest.fail("it was parsed"))
    (tmp_path / name).write_text(content)
    with pytest.raises(AtlasError, match=f"has {MANY} atoms, more than the 500 allowed"):
        reading.read_one(tmp_path / name)


@pytest.mark.parametrize(
    "content", [POSCAR.format("salt", "Na\n1\n"), POSCAR.format("Na", "1\n"), POSCAR.format("500", "Na\n1 ! 501\n")]
)
def test_numbers_elsewhere_in_the_head_of_a_file_are_no_numbers_of_atoms(tmp_path: Path, content: str) -> None:
    (tmp_path / "POSCAR").write_text(content)
    assert reading.read_one(tmp_path / "POSCAR")[1].formula == "Na"


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds to a limit of address space")
def test_a_file_that_asks_for_much_memory_is_refused_and_the_limit_ends_with_the_reading(
    tmp_path: Path,
) -> None:
    import resource

    (tmp_path / "POSCAR").write_text(POSCAR.format("salt", f"Na\n+{MANY}\n"))
    before = resource.getrlimit(resource.RLIMIT_AS)
    with pytest.raises(AtlasError, match="more than 2 GiB of memory"):
        reading.read_one(tmp_path / "POSCAR")
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_affine_maps_are_recovered_and_others_are_not() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 6)).astype(np.float32)
    x[:, 5] = 3 * x[:, 0]  # a space of fewer dimensions than columns
    matrix, shift = rng.normal(size=(6, 2)), np.array([5.0, -2.0])
    xy = (x @ matrix + shift).astype(np.float32)
    xy[3] = np.nan
    rule = places.affine(x, xy)
    assert rule is not None
    new = rng.normal(size=(4, 6))
    new[:, 5] = 3 * new[:, 0]
    np.testing.assert_allclose(rule(new), new @ matrix + shift, atol=1e-4)
    assert places.affine(x, np.tanh(xy)) is None
    assert places.affine(x[:1], xy[:1]) is None


def test_a_place_between_atoms_leans_to_the_nearest() -> None:
    xy = np.array([[0, 0], [1, 0], [np.nan, 0]], np.float32)
    near = np.array([[0, 1, 2, -1]], np.int32)
    weight = np.array([[0.9, 0.3, 0.8, np.nan]], np.float32)
    np.testing.assert_allclose(places._between(xy, near, weight), [[0.25, 0]], atol=1e-6)


def test_the_command_line_tells_its_steps_and_its_failure(
    atlas: Atlas, fake_models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert fake_models.exists()
    write_structure(atlas, "Fe", tmp_path / "POSCAR")
    given = [
        str(atlas.path),
        str(tmp_path / "POSCAR"),
        "--models",
        "fake-a",
        "--out",
        str(tmp_path / "out"),
        "--name",
        "iron",
    ]
    assert command.main(given) == 0
    steps = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert steps[1]["structure"]["id"] == "iron"
    assert steps[-1] == {"state": "finished"}
    (tmp_path / "empty.cif").write_text("")
    assert command.main([str(atlas.path), str(tmp_path / "empty.cif"), "--out", str(tmp_path / "out")]) == 1
    assert "empty" in json.loads(capsys.readouterr().out.splitlines()[-1])["reason"]


@pytest.mark.models
@pytest.mark.parametrize("key", ["chgnet-0.3.0", "7net-0"])
def test_real_potentials_place_a_crystal_of_the_atlas_on_itself(tmp_path: Path, key: str) -> None:
    """On a small atlas of a potential and bundled crystals, built here."""
    from precompute.asking import Question, answer
    from precompute.build import build
    from precompute.progress import Display

    if key == "7net-0" and not environments.is_ready("sevennet"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)("the environment 'sevennet' is not there")
    from ase.build import bulk

    frames = []
    for i, (name, a) in enumerate(
        [("NaCl", 5.64), ("MgO", 4.21), ("LiF", 4.03), ("KBr", 6.6), ("CaO", 4.81), ("NaF", 4.62)]
    ):
        atoms = bulk(name, "rocksalt", a=a, cubic=True)
        atoms.rattle(0.05, seed=i)
        atoms.info["id"] = name
        frames.append(atoms)
    write(tmp_path / "few.extxyz", frames)
    display = Display()
    question = Question(out=tmp_path / "few.zarr", models=(key,), sources=(str(tmp_path / "few.extxyz"),), umap=False,
                        anchor_method="direct", anchor_count=12)  # fmt: skip
    assert not build(answer(question, display), display).failed
    atlas = Atlas(tmp_path / "few.zarr")
    first = write_structure(atlas, "MgO", tmp_path / "x.extxyz")
    result, _ = placed(atlas, tmp_path / "x.extxyz", tmp_path / "out", (key,))
    same_as_stored(atlas, result, tmp_path / "out", first)
