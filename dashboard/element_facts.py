"""The elements of an atlas: facts, colours, and how many atoms there are of each."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dashboard.palette import CODES
from dashboard.stored import Stored


class ElementFacts(Stored):
    """The elements of an atlas."""

    @cached_property
    def elements(self) -> dict[str, NDArray]:
        return self.atlas.elements

    @cached_property
    def symbols(self) -> list[str]:
        """Symbols by atomic number - 1."""
        return [str(s) for s in self.elements["symbol"]]

    @cached_property
    def radii(self) -> NDArray[np.floating]:
        """Covalent radii by atomic number - 1, angstrom; NaN where unknown."""
        return np.asarray(self.elements["covalent_radius"], float)

    @cached_property
    def affinity(self) -> NDArray[np.floating]:
        """Pauling electronegativities by atomic number - 1; NaN where unknown."""
        return np.asarray(self.elements["electronegativity"], float)

    @cached_property
    def colours(self) -> list[str]:
        """Jmol's colours of the elements by atomic number - 1, for crystals."""
        return [str(c) for c in self.elements["color"]]

    @cached_property
    def code_of_element(self) -> NDArray[np.uint8]:
        """Category codes by atomic number - 1."""
        return np.array([CODES.get(str(c), CODES["nonmetal"]) for c in self.elements["category"]], np.uint8)

    @cached_property
    def atoms_of_element(self) -> NDArray[np.integer]:
        """How many atoms of the atlas are of each element, by atomic number - 1."""
        return np.bincount(self.of_atoms("atomic_number"), minlength=len(self.symbols) + 1)[1:]
