"""A control that sees nothing but the element: one Gaussian vector per element, and 1 % noise per atom."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import Structure
from precompute.models.spec import ModelSpec

NOISE = 0.01


class Adapter:
    """Embeds structures by atomic number alone.

    The noise of an atom depends on the seed, the structure's id and the atom's index only, so the same atom gets the
    same vector whatever it is embedded with.
    """

    def __init__(self, spec: ModelSpec, device: str = "cpu") -> None:
        del device
        self._seed = 0 if spec.seed is None else spec.seed
        self.width = spec.width or 128
        self.cutoff = None
        self.head = None
        self.file = None
        self.elements = None
        self._elements = np.random.default_rng(self._seed).standard_normal((119, self.width))

    def embed(self, structures: Sequence[Structure]) -> list[NDArray[np.float32]]:
        """Return one (n_atoms, d) array a structure."""
        return [self._embed(s) for s in structures]

    def _embed(self, structure: Structure) -> NDArray[np.float32]:
        digest = hashlib.blake2b(f"{self._seed}/{structure.id}".encode(), digest_size=8).digest()
        noise = np.random.default_rng(int.from_bytes(digest, "little")).standard_normal((len(structure), self.width))
        return (self._elements[structure.numbers] + NOISE * noise).astype(np.float32)
