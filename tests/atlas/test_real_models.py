"""Real potentials on real crystals, from the table to the atlas, against oracles written out in numpy."""

from __future__ import annotations

import csv
import gzip
import io
import os
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from precompute.asking import Question, answer
from precompute.build import build
from precompute.models import environments
from precompute.progress import Display
from precompute.store import Atlas

TABLE = Path(__file__).parents[3] / "shared" / "data" / "mp20_subset.csv.gz"
N_CRYSTALS = 120

pytestmark = [
    pytest.mark.models,
    pytest.mark.skipif(not TABLE.exists(), reason=f"no crystals to test on: {TABLE.name} is not there"),
]


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    """The first crystals of the table, and the one whose atoms have no neighbours."""
    if not environments.is_ready("sevennet"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "the environment 'sevennet' is not there: platonic-atlas env create sevennet"
        )
    folder = tmp_path_factory.mktemp("mp20")
    with gzip.open(TABLE, "rt") as handle:
        rows = list(csv.DictReader(handle))
    lonely = [r for r in rows if r["material_id"] == "mp-604321"]
    kept = lonely + [r for r in rows if r not in lonely][:N_CRYSTALS]
    with (folder / "few.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, rows[0].keys())
        writer.writeheader()
        writer.writerows(kept)
    display = Display(Console(file=io.StringIO()))
    models = ("chgnet-0.3.0", "chgnet-0.2.0", "7net-0", "element-only")
    question = Question(out=folder / "few.zarr", models=models, sources=(str(folder / "few.csv"),), umap=False)
    report = build(answer(question, display), display)
    assert not report.failed
    return Atlas(folder / "few.zarr")


def test_all_but_the_refused_crystal_are_embedded(atlas: Atlas) -> None:
    assert atlas.n_structures == N_CRYSTALS + 1
    refused = {k: [r.structure for r in atlas.model(k).refused] for k in atlas.model_keys}
    assert refused == {"chgnet-0.3.0": [], "chgnet-0.2.0": ["mp-604321"], "7net-0": [], "element-only": []}
    assert "isolated atom" in atlas.model("chgnet-0.2.0").refused[0].reason
    assert atlas.model("7net-0").attrs["flagged"] == {
        "mp-604321": ["4 of 4 atoms have no neighbour within 5 A"],
    }


def test_the_bundled_anchors_were_embedded_beside_the_data(atlas: Atlas) -> None:
    assert len(atlas.anchors) == 100
    assert len(np.unique(atlas.anchors.numbers)) == 52
    assert (atlas.file.read("anchors/index") == -1).all()
    assert atlas.file.read("models/7net-0/anchor_embeddings").shape == (100, 128)


@pytest.mark.parametrize("key", ["chgnet-0.3.0", "chgnet-0.2.0", "7net-0", "element-only"])
def test_coordinates_and_neighbours_match_a_few_lines_of_numpy(atlas: Atlas, key: str) -> None:
    model = atlas.model(key)
    e = model.embeddings.astype(float)
    a = atlas.file.read(f"models/{key}/anchor_embeddings").astype(float)
    cosine = (e / np.linalg.norm(e, axis=1, keepdims=True)) @ (a / np.linalg.norm(a, axis=1, keepdims=True)).T
    np.testing.assert_allclose(model.coordinates, cosine, atol=1e-6)
    c = model.coordinates.astype(float)
    c /= np.linalg.norm(c, axis=1, keepdims=True)
    s = (c @ c.T).astype(np.float32)
    s[np.isnan(s)] = -np.inf
    index, similarity = model.neighbours("representatives")
    orbit = atlas.atoms("orbit")
    allowed = atlas.atoms("is_representative")[None] & (orbit[None] != orbit[:, None])
    s[~allowed] = -np.inf
    expected = np.argsort(-s, axis=1, kind="stable")[:, :50]
    known = np.isfinite(model.coordinates).all(axis=1)
    np.testing.assert_array_equal(index[known], expected[known])
    np.testing.assert_allclose(similarity[known], np.take_along_axis(s, expected, axis=1)[known], atol=1e-6)
