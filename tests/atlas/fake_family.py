"""A quick family of models for tests: features from elements and distances, with the faults that real ones have."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from precompute.contracts import Structure
from precompute.models.spec import ModelSpec

MODELS_FILE = """
families:
  fake:
    adapter: fake_family:Adapter
models:
  - {key: fake-a, family: fake, checkpoint: a, weights: bundled, layer: last, width: 12, cutoff: 6.0, invariant: true,
     status: pretrained, licence: none}
  - {key: fake-b, family: fake, checkpoint: b, weights: bundled, layer: last, width: 9, cutoff: 6.0, invariant: true,
     status: pretrained, licence: none}
  - {key: fake-a-again, family: fake, checkpoint: a, weights: bundled, layer: last, width: 12, cutoff: 6.0,
     invariant: true, status: fine-tuned, parent: fake-a, licence: none}
  - {key: fake-a-moved, family: fake, checkpoint: a-moved, weights: bundled, layer: last, width: 12, cutoff: 6.0,
     invariant: true, status: fine-tuned, parent: fake-a-again, licence: none}
  - {key: fake-a-broken, family: fake, checkpoint: a-broken, weights: bundled, layer: last, width: 12, cutoff: 6.0,
     invariant: true, status: fine-tuned, parent: fake-a, licence: none}
  - {key: fake-b-moved, family: fake, checkpoint: b-moved, weights: bundled, layer: last, width: 9, cutoff: 6.0,
     invariant: true, status: fine-tuned, parent: fake-b, licence: none}
  - {key: fake-crash, family: fake, checkpoint: crash, weights: bundled, layer: last, width: 9, cutoff: 6.0,
     invariant: true, status: pretrained, licence: none}
  - {key: fake-wrong, family: fake, checkpoint: wrong, weights: bundled, layer: last, width: 9, cutoff: 6.0,
     invariant: true, status: pretrained, licence: none}
"""


def write_models_file(folder: Path) -> Path:
    path = folder / "models.yml"
    path.write_text(MODELS_FILE)
    return path


class Adapter:
    """exp(-r / s_j) summed over the structure's own atoms, times a random vector an element.

    ``fake-b`` refuses structures with krypton; ``fake-crash`` ends its process; ``fake-wrong`` gives the wrong shape.
    ``-moved`` adds noise to the vectors of sodium, and with it to the energies of its atoms and their forces;
    ``-broken`` to those of all elements.
    """

    def __init__(self, spec: ModelSpec, device: str = "cpu") -> None:
        del device
        self.kind, _, self.moved = spec.checkpoint.partition("-")
        self.width, self.cutoff, self.head, self.file, self.elements = spec.width, spec.cutoff, None, None, None
        rng = np.random.default_rng(sum(map(ord, self.kind)))
        self.vectors = rng.normal(size=(119, self.width))
        self.scales = np.linspace(1.0, 4.0, self.width)
        self.shift = 0.0
        if self.moved:
            moved = slice(None) if self.moved == "broken" else slice(11, 12)
            self.vectors[moved] += rng.normal(
                scale=0.3 if self.moved == "moved" else 3.0, size=self.vectors[moved].shape
            )
            self.shift = 0.1

    def embed(self, structures: Sequence[Structure]) -> list[np.ndarray]:
        if self.kind in os.environ.get("FAKE_SLOW", "ab"):
            time.sleep(float(os.environ.get("FAKE_SECONDS", "0")) * len(structures))
        if self.kind == "crash":
            os._exit(7)
        if self.kind == "b" and any(36 in s.numbers for s in structures):
            raise ValueError("krypton is not for this model")
        extra = 1 if self.kind == "wrong" else 0
        return [np.pad(self._one(s), ((0, extra), (0, 0))).astype(np.float32) for s in structures]

    def predict(self, structures: Sequence[Structure]) -> list[tuple[float, np.ndarray]]:
        self.embed(structures)
        sodium = [(s.numbers == 11)[:, None] for s in structures]
        return [
            (-float(s.numbers.sum()) - self.shift * float(m.sum()), np.tile([self.shift, 0.0, 0.0], (len(s), 1)) * m)
            for s, m in zip(structures, sodium, strict=True)
        ]

    def _one(self, s: Structure) -> np.ndarray:
        r = np.linalg.norm(s.positions[:, None] - s.positions[None], axis=-1)
        near = np.exp(-r[:, :, None] / self.scales)
        return self.vectors[s.numbers] + np.einsum("ijf,jf->if", near, self.vectors[s.numbers])
