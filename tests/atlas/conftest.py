"""A small world: forty crystals, two quick models, and the atlas that a build makes of them."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from precompute.asking import Question, answer
from precompute.build import build
from precompute.models.registry import FILES_VARIABLE
from precompute.progress import Display
from precompute.stages.work import Report
from precompute.store import Atlas

from .fake_family import write_models_file

SALTS = [(a, x) for a in (3, 11, 19, 37, 55, 12, 20, 29, 47) for x in (9, 17, 35, 53)]


@pytest.fixture(scope="session")
def crystals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An extxyz file of 36 rock salts of eight atoms, iron, and a krypton crystal."""
    from ase.build import bulk
    from ase.data import chemical_symbols
    from ase.io import write

    path = tmp_path_factory.mktemp("crystals") / "salts.extxyz"
    frames = []
    for i, (a, x) in enumerate(SALTS):
        atoms = bulk(chemical_symbols[a] + chemical_symbols[x], "rocksalt", a=4.0 + 0.05 * i, cubic=True)
        atoms.info = {"id": f"salt-{i}", "hardness": float(i), "colour": "white" if i % 2 else "clear"}
        atoms.arrays["ionicity"] = np.where(atoms.numbers == a, 1.0, -1.0)
        frames.append(atoms)
    for name, prototype in (("Fe", "bcc"), ("Kr", "fcc")):
        atoms = bulk(name, prototype, cubic=True)
        atoms.info = {"id": name}
        frames.append(atoms)
    write(path, frames)
    return path


@pytest.fixture(scope="session")
def fake_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Make the quick models known to the registry."""
    path = write_models_file(tmp_path_factory.mktemp("models"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(FILES_VARIABLE, str(path))
        patch.syspath_prepend(Path(__file__).parent)  # workers are told of it
        patch.setattr("precompute.maps.umap_maps", _quick_umap)
        yield path


def _quick_umap(coordinates: dict[str, np.ndarray], *_: Any, **__: Any) -> dict[str, dict[int, np.ndarray]]:
    """UMAP compiles for a minute; builds that are not about UMAP use the first coordinates in its place."""
    return {k: {2: x[:, :2], 3: x[:, :3]} for k, x in coordinates.items()}


Maker = Callable[..., tuple[Report, str]]


@pytest.fixture(scope="session")
def make(crystals: Path, fake_models: Path) -> Maker:
    """Build an atlas; returns the report and what was said."""
    assert fake_models.exists()

    def run(out: Path, **changed: Any) -> tuple[Report, str]:
        said = io.StringIO()
        display = Display(Console(file=said, width=200))
        defaults = {
            "models": ("fake-a", "fake-b", "element-only"),
            "sources": (str(crystals),),
            "anchor_method": "direct",
            "anchor_count": 12,
        }
        question = Question(out=out, **{**defaults, **changed})
        report = build(answer(question, display), display)
        return report, said.getvalue()

    return run


@pytest.fixture(scope="session")
def atlas(tmp_path_factory: pytest.TempPathFactory, make: Maker) -> Atlas:
    out = tmp_path_factory.mktemp("atlas") / "salts.zarr"
    make(out)
    return Atlas(out)
