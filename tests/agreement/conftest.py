"""What tests of agreement share: features that real potentials give of real crystals."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import pytest
from ase.io import write
from rich.console import Console

from precompute.asking import Question, answer
from precompute.build import build
from precompute.progress import Display
from precompute.store import Atlas
from precompute.structures import catalogue
from precompute.structures.convert import to_ase

MODELS = ("chgnet-0.3.0", "chgnet-0.2.0", "element-only")
EVERY = 8


@dataclass(frozen=True)
class RealAtoms:
    """Orbit representatives of real crystals: each model's features of them, and their elements."""

    coordinates: dict[str, np.ndarray]
    embeddings: dict[str, np.ndarray]
    numbers: np.ndarray


@pytest.fixture(scope="session")
def real_atoms(tmp_path_factory: pytest.TempPathFactory) -> RealAtoms:
    """Every eighth crystal of the catalogue by models of the main environment, from crystals to atlas."""
    folder = tmp_path_factory.mktemp("real")
    frames = [to_ase(s) for s in catalogue.load()[::EVERY]]
    for i, frame in enumerate(frames):
        frame.info = {"id": f"crystal-{i}"}
    write(folder / "some.extxyz", frames)
    display = Display(Console(file=io.StringIO()))
    question = Question(out=folder / "some.zarr", models=MODELS, sources=(str(folder / "some.extxyz"),), umap=False)
    report = build(answer(question, display), display)
    assert not report.failed
    atlas = Atlas(folder / "some.zarr")
    models = {m: atlas.model(m) for m in MODELS}
    kept = atlas.atoms("is_representative").astype(bool)
    for model in models.values():
        kept &= np.isfinite(model.embeddings).all(axis=1)
    return RealAtoms(
        {m: model.coordinates[kept] for m, model in models.items()},
        {m: model.embeddings[kept] for m, model in models.items()},
        atlas.atoms("atomic_number")[kept],
    )
