"""CHGNet's published pair, a copy of its weights, and files that are no later checkpoints of it."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from precompute.asking import Question, answer
from precompute.build import build
from precompute.contracts import AtlasError
from precompute.drift.verdict import verdict
from precompute.models import client
from precompute.progress import Display
from precompute.stages.checkpoints import followed
from precompute.stages.drift import Drifted, Settings, drift_all
from precompute.store import Atlas

pytestmark = [pytest.mark.models, pytest.mark.slow, pytest.mark.ci]


def weights() -> Path:
    import chgnet

    return next((Path(chgnet.__file__).parent / "pretrained" / "0.3.0").glob("*.pth.tar"))


def display() -> Display:
    return Display(Console(file=io.StringIO()))


@pytest.fixture(scope="module")
def atlas(tmp_path_factory: pytest.TempPathFactory) -> Atlas:
    """Twenty crystals of eleven elements; four are not where forces vanish."""
    from ase.build import bulk
    from ase.io import write

    folder = tmp_path_factory.mktemp("crystals")
    rng = np.random.default_rng(0)
    frames = []
    for i, (a, b) in enumerate((a, b) for a in ("Li", "Na", "K", "Mg") for b in ("F", "Cl", "Br", "O")):
        frames.append(bulk(a + b, "rocksalt", a=4.2 + 0.1 * i, cubic=False))
    for name in ("Cu", "Ag", "Au"):
        frames.append(bulk(name, cubic=True))
    frames.append(bulk("Cu", cubic=True))
    for atoms in frames[-4:]:
        atoms.positions += rng.normal(scale=0.05, size=atoms.positions.shape)
    for i, atoms in enumerate(frames):
        atoms.info = {"id": f"{atoms.get_chemical_formula()}-{i}"}
    write(folder / "crystals.extxyz", frames)
    out = folder / "crystals.zarr"
    question = Question(
        out=out, models=("chgnet-0.3.0",), sources=(str(folder / "crystals.extxyz"),), umap=False,
        anchor_method="direct", anchor_count=10,
    )  # fmt: skip
    build(answer(question, display()), display())
    return Atlas(out)


@pytest.fixture(scope="module")
def found(atlas: Atlas, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Drifted]:
    copy = tmp_path_factory.mktemp("copy") / "copy.pth.tar"
    copy.write_bytes(weights().read_bytes())
    asked = [followed("chgnet-0.3.0", ["chgnet-r2scan"]), followed("chgnet-0.3.0", [str(copy)])]
    drifted = drift_all(atlas, asked, Settings(), display())
    client.stop_idle_workers()
    return {"published": drifted[0], "copy": drifted[1]}


def test_zero_steps_are_zero_drift(found: dict[str, Drifted]) -> None:
    s = found["copy"].series
    assert s.kind == "fine-tuning"
    for values in (s.reembedded, s.frozen, s.energy, s.forces):
        assert np.nanmax(np.abs(values)) <= 1e-6
    assert np.nanmin(s.retention) == 1.0
    assert s.record["checkpoints"][0]["sha256"] == s.record["checkpoints"][1]["sha256"]
    assert verdict(s).passed


def test_the_published_fine_tune_moved_and_is_not_called_damaged(atlas: Atlas, found: dict[str, Drifted]) -> None:
    s = found["published"].series
    assert s.kind == "published"
    assert 1e-4 < s.overall["reembedded"].value[1] < 0.1
    # the two kinds of anchors answer different questions
    assert s.overall["frozen"].value[1] != pytest.approx(s.overall["reembedded"].value[1], rel=0.01)
    assert s.overall["forces"].value[1] > 0.0
    assert np.allclose(s.position[0], atlas.model("chgnet-0.3.0").map("pca-2d").xy, atol=1e-5)
    assert s.record["checkpoints"][1]["level_of_theory"] == "r2SCAN"


def _truncated(file: Path) -> None:
    data = weights().read_bytes()
    file.write_bytes(data[: len(data) // 2])


def _other_family(file: Path) -> None:
    import torch

    torch.save({"model_state_dict": {"weight": torch.zeros(3)}, "config": {"channel": 128}}, file)


def _other_width(file: Path) -> None:
    import torch
    from chgnet.model import CHGNet

    model = CHGNet(
        atom_fea_dim=16, bond_fea_dim=16, angle_fea_dim=16, atom_conv_hidden_dim=16, mlp_hidden_dims=(16, 16)
    )
    torch.save({"model": model.as_dict()}, file)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_truncated, "not a checkpoint that torch can read"),
        (_other_family, "cannot be loaded as chgnet"),
        (_other_width, "has features 16 wide, and its base chgnet-0.3.0 has 64"),
    ],
)
def test_a_file_that_is_no_later_checkpoint_is_refused_by_name(
    atlas: Atlas, tmp_path: Path, spoil: Callable[[Path], None], words: str
) -> None:
    file = tmp_path / "spoilt.pth.tar"
    spoil(file)
    before = _listing(atlas.path)
    with pytest.raises(AtlasError) as caught:
        drift_all(atlas, [followed("chgnet-0.3.0", [str(file)])], Settings(outputs=False), display())
    client.stop_idle_workers()
    told = str(caught.value)
    assert words in told
    assert str(file) in told
    assert "chgnet" in told
    assert _listing(atlas.path) == before


def _listing(folder: Path) -> dict[str, Any]:
    return {str(p): p.stat().st_mtime_ns for p in folder.rglob("*")}
