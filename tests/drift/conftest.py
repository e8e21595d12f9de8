"""Made-up checkpoints of a made-up model, for tests of drift."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pytest

from precompute.drift.making import About, Measured, Seen, make_series
from precompute.drift.records import Series

ELEMENTS = (3, 8, 13, 26, 79)
PER_STRUCTURE = 4
WIDTH, ANCHORS = 12, 20


@dataclass(frozen=True)
class Made:
    """Atoms of structures that hold four each, of which the last is equivalent to the first, and a base model."""

    measured: Measured
    base: Seen

    def series(self, *checkpoints: Seen, siblings: Iterable[Seen] = (), **about: object) -> Series:
        known = {"name": "made", "title": "Made up", "kind": "fine-tuning", "base": "made-0", "family": "made"} | about
        axes = np.random.default_rng(9).normal(size=(ANCHORS, 2))
        return make_series(About(**known), self.measured, self.base, checkpoints, lambda c: c @ axes, siblings=siblings)

    def moved(self, noise: float, seed: int = 1, step: float = 1.0, rows: np.ndarray | None = None) -> Seen:
        """The base with noise on the embeddings of its orbits, or of those of some atoms; anchors as they were."""
        rng = np.random.default_rng(seed)
        change = noise * rng.normal(size=self.base.embeddings.shape)[self.measured.row_of_orbit]
        if rows is not None:
            change[~rows] = 0.0
        return Seen(f"moved-{step:g}", step, self.base.embeddings + change, self.base.anchors)


def made(structures: int = 60, seed: int = 0) -> Made:
    rng = np.random.default_rng(seed)
    n = structures * PER_STRUCTURE
    atom = np.arange(n) + 100
    structure = np.repeat(np.arange(structures) + 7, PER_STRUCTURE)
    numbers = rng.choice(ELEMENTS, (structures, PER_STRUCTURE))
    orbit = atom.reshape(structures, PER_STRUCTURE).copy()
    orbit[:, -1], numbers[:, -1] = orbit[:, 0], numbers[:, 0]
    centres = 2.0 * rng.normal(size=(120, WIDTH))
    of_site = rng.normal(size=(n, WIDTH)) + np.repeat(rng.normal(size=(structures, WIDTH)), PER_STRUCTURE, axis=0)
    measured = Measured(atom, structure, orbit.reshape(-1), numbers.reshape(-1))
    embeddings = (centres[measured.numbers] + of_site)[measured.row_of_orbit]
    anchors = centres[rng.choice(ELEMENTS, ANCHORS)] + rng.normal(size=(ANCHORS, WIDTH))
    return Made(measured, Seen("made-0", 0.0, embeddings, anchors))


@pytest.fixture(scope="session")
def atoms() -> Made:
    return made()


def rotation(d: int, seed: int = 3) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]
