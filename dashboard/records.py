"""What pages are told of a model, a crystal, an atom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.geometry import Shell
from dashboard.labels import clean


@dataclass(frozen=True)
class ModelCard:
    """What pages say about one model; texts are empty where the atlas does not say.

    Attributes
    ----------
    key, family, status, training_data, level_of_theory, parent, licence, citation, layer : str
    width : int
        Of the embedding; 0 where unknown.
    trained : bool
        Whether the model may be shown as a foundation model: pretrained or fine-tuned.
    maps : frozenset of str
    """

    key: str
    family: str
    status: str
    training_data: str
    level_of_theory: str
    parent: str
    licence: str
    citation: str
    layer: str
    width: int
    trained: bool
    maps: frozenset[str]

    @property
    def subtitle(self) -> str:
        """Status, parent, training data and level of theory in one line, as far as known."""
        status = self.status + (f" from {self.parent}" if self.parent and self.status == "fine-tuned" else "")
        status = {"untrained": "untrained: random weights", "student": "student trained here"}.get(status, status)
        parts = [status, *(t for t in (self.training_data, self.level_of_theory) if t and self.trained)]
        if not self.trained and self.status != "untrained":
            parts.append("not a potential" if self.status == "control" else self.training_data or "not checked")
        return " · ".join(clean(p, 80) for p in parts)


@dataclass(frozen=True, eq=False)
class Crystal:
    """One structure as the crystal panel needs it; lengths in angstrom."""

    id: str
    formula: str
    source: str
    spacegroup: int
    spacegroup_symbol: str
    crystal_system: str
    numbers: NDArray[np.integer]
    positions: NDArray[np.floating]
    cell: NDArray[np.floating]
    pbc: NDArray[np.bool_]
    properties: dict[str, tuple[Any, str]]


@dataclass(frozen=True, eq=False)
class Site:
    """One atom and the crystal it is in.

    Attributes
    ----------
    atom : int
        Index in the atlas.
    centre : int
        Index in the structure.
    symbol, label : str
        ``Ce`` and ``Ce 1``: the element, and its count within the structure.
    site_symmetry, wyckoff : str
        ``wyckoff`` with the multiplicity in front where it is known.
    coordination : int
        As stored.
    shell : Shell
    """

    atom: int
    centre: int
    symbol: str
    label: str
    category: str
    site_symmetry: str
    wyckoff: str
    coordination: int
    crystal: Crystal
    shell: Shell
