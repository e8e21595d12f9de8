"""Embeddings from elsewhere: the documented layouts, and everything that can be wrong with them."""

from __future__ import annotations

import os
from pathlib import Path

import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from precompute.contracts import AtlasError
from precompute.models.errors import UntrustedFile
from precompute.models.imported import load_imported

IDS = ("mp/1", "b", "c")
COUNTS = (2, 1, 3)
WIDTH = 4


def arrays() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(1)
    return {i: rng.normal(size=(n, WIDTH)) for i, n in zip(IDS, COUNTS, strict=True)}


def write(file: Path, data: dict[str, np.ndarray]) -> Path:
    flat = np.vstack(list(data.values()))
    if file.suffix == ".npy":
        np.save(file, flat)
    elif file.name == "flat.npz":
        counts = [len(a) for a in data.values()]
        np.savez(file, embeddings=flat, id=np.array(list(data)), n_atoms=counts)
    elif file.suffix == ".npz":
        np.savez(file, **data)
    elif file.suffix == ".h5":
        with h5py.File(file, "w") as h:
            for i, a in data.items():
                h[i] = a
    else:
        columns = {f"f{k}": flat[:, k] for k in range(WIDTH)}
        owner = [i for i, a in data.items() for _ in a]
        atom = [k for a in data.values() for k in range(len(a))]
        table = pa.table({"structure": owner, "atom": atom, **columns})
        pq.write_table(table.take(np.random.default_rng(0).permutation(len(flat))), file)
    return file


@pytest.mark.parametrize("name", ["flat.npz", "named.npz", "a.npy", "a.h5", "a.parquet"])
def test_every_layout_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    data = arrays()
    found = load_imported("mine", write(tmp_path / name, data), IDS, COUNTS)
    for id_, e in zip(IDS, found.embedded, strict=True):
        assert e.features is not None
        assert np.array_equal(e.features, data[id_].astype(np.float32))
    assert (found.spec.key, found.spec.status, found.spec.width) == ("mine", "imported", WIDTH)
    assert len(found.provenance["sha256"]) == 64
    assert found.provenance["file"] == name


@pytest.mark.parametrize("name", ["flat.npz", "named.npz", "a.h5", "a.parquet"])
def test_ids_decide_and_not_the_order_in_the_file(tmp_path: Path, name: str) -> None:
    data = arrays()
    file = write(tmp_path / name, dict(reversed(data.items())))
    found = load_imported("mine", file, IDS, COUNTS)
    assert np.array_equal(found.embedded[0].features, data[IDS[0]].astype(np.float32))


def test_anchors_may_come_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "a.npz"
    anchors = np.ones((7, WIDTH))
    np.savez(file, anchor_embeddings=anchors, **arrays())
    assert np.array_equal(load_imported("mine", file, IDS, COUNTS).anchors, anchors.astype(np.float32))
    np.savez(file, anchor_embeddings=np.ones((7, WIDTH + 1)), **arrays())
    with pytest.raises(AtlasError, match="anchor_embeddings"):
        load_imported("mine", file, IDS, COUNTS)


def test_a_structure_of_nans_is_one_that_the_model_refused(tmp_path: Path) -> None:
    data = arrays()
    data["b"][:] = np.nan
    found = load_imported("mine", write(tmp_path / "a.npz", data), IDS, COUNTS)
    assert [e.features is None for e in found.embedded] == [False, True, False]


def change(data: dict[str, np.ndarray], what: str) -> dict[str, np.ndarray]:
    if what == "missing":
        del data["b"]
    elif what == "atoms":
        data["b"] = np.ones((2, WIDTH))
    elif what == "width":
        data["c"] = np.ones((3, WIDTH + 1))
    elif what == "infinite":
        data["c"][1, 2] = np.inf
    elif what == "too large for float32":
        data["c"][1, 2] = 1e300
    elif what == "text":
        data["b"] = np.array([["x"] * WIDTH])
    elif what == "one dimension":
        data["b"] = np.ones(WIDTH)
    return data


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("missing", "no embeddings for structure 'b'"),
        ("atoms", "'b' has 2 atoms there and 1 in the atlas"),
        ("width", "'c' has features of shape \\(3, 5\\)"),
        ("infinite", "'c', atom 1"),
        ("too large for float32", "'c', atom 1"),
        ("text", "'b' holds <U1"),
        ("one dimension", "'b' has"),
    ],
)
@pytest.mark.parametrize("name", ["named.npz", "a.h5"])
def test_the_first_mismatch_is_named(tmp_path: Path, name: str, what: str, words: str) -> None:
    if (name, what) == ("a.h5", "text"):
        pytest.skip("HDF5 has no such text array")
    file = write_any(tmp_path / name, change(arrays(), what))
    with pytest.raises(AtlasError, match=words):
        load_imported("mine", file, IDS, COUNTS)


def write_any(file: Path, data: dict[str, np.ndarray]) -> Path:
    if file.suffix == ".npz":
        np.savez(file, **data)
        return file
    with h5py.File(file, "w") as h:
        for i, a in data.items():
            h[i] = a
    return file


def test_wrong_totals_are_told(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.ones((5, WIDTH)))
    with pytest.raises(AtlasError, match="5 atoms, the structures have 6"):
        load_imported("mine", tmp_path / "a.npy", IDS, COUNTS)
    np.savez(tmp_path / "b.npz", embeddings=np.ones((6, WIDTH)), id=["a", "a"], n_atoms=[3, 3])
    with pytest.raises(AtlasError, match="'a' occurs more than once"):
        load_imported("mine", tmp_path / "b.npz", IDS, COUNTS)
    np.savez(tmp_path / "c.npz", embeddings=np.ones((6, WIDTH)), id=["a", "b"], n_atoms=[3, 2])
    with pytest.raises(AtlasError, match="5 atoms"):
        load_imported("mine", tmp_path / "c.npz", IDS, COUNTS)
    np.savez(tmp_path / "d.npz", embeddings=np.ones((6, WIDTH)))
    with pytest.raises(AtlasError, match="id and n_atoms"):
        load_imported("mine", tmp_path / "d.npz", IDS, COUNTS)
    pq.write_table(pa.table({"structure": ["b", "b"], "atom": [0, 2], "f0": [1.0, 2.0]}), tmp_path / "e.parquet")
    with pytest.raises(AtlasError, match="atom must count"):
        load_imported("mine", tmp_path / "e.parquet", IDS, COUNTS)


class Trap:
    """Pickled, this makes a folder when it is read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_pickles_are_not_opened(tmp_path: Path, suffix: str) -> None:
    file, sprung = tmp_path / f"trap{suffix}", tmp_path / "sprung"
    array = np.array([Trap(sprung)], dtype=object)
    np.save(file, array) if suffix == ".npy" else np.savez(file, **{"mp/1": array})
    with pytest.raises(UntrustedFile, match="--trust"):
        load_imported("mine", file, IDS, COUNTS)
    assert not sprung.exists()


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".h5", ".parquet"])
@pytest.mark.parametrize("content", [b"", b"junk" * 1000, b"PK\x03\x04" + b"\0" * 50])
def test_broken_files_are_named(tmp_path: Path, suffix: str, content: bytes) -> None:
    file = tmp_path / f"broken{suffix}"
    file.write_bytes(content)
    with pytest.raises(AtlasError, match="broken"):
        load_imported("mine", file, IDS, COUNTS)


@pytest.mark.parametrize("name", ["flat.npz", "a.npy", "a.h5", "a.parquet"])
def test_truncated_files_are_named(tmp_path: Path, name: str) -> None:
    file = write(tmp_path / name, arrays())
    file.write_bytes(file.read_bytes()[:-40])
    with pytest.raises(AtlasError, match=name):
        load_imported("mine", file, IDS, COUNTS)


def test_missing_and_foreign_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match="nowhere"):
        load_imported("mine", tmp_path / "nowhere.npz", IDS, COUNTS)
    (tmp_path / "a.csv").write_text("1,2")
    with pytest.raises(AtlasError, match=r"\.npz, \.npy, \.h5"):
        load_imported("mine", tmp_path / "a.csv", IDS, COUNTS)
