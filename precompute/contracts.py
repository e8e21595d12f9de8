"""Data that the stages hand each other, checked when it is created.

Lengths are in angstrom, angles in degrees, energies in eV. Arrays are stored read-only, so that a stage cannot
change what another one made. Nothing here imports more than numpy: the dashboard uses these classes too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.integer]
BoolArray = NDArray[np.bool_]
PropertyValue = float | int | bool | str


class AtlasError(Exception):
    """An error whose message is written for the person who runs the program: what, expected what, what to do."""


def frozen(array: object, dtype: np.typing.DTypeLike, shape: tuple[int | None, ...], name: str) -> NDArray:
    """Return a read-only copy of `array`, or say how its shape differs from `shape` (None: any length)."""
    result = np.array(array, dtype=dtype)
    if result.ndim != len(shape) or any(w is not None and w != g for w, g in zip(shape, result.shape, strict=True)):
        wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
        raise AtlasError(f"{name} has shape {result.shape}, expected {wanted}")
    result.setflags(write=False)
    return result


@dataclass(frozen=True, eq=False)
class Structure:
    """A crystal or molecule: cell, periodicity, species, positions.

    Attributes
    ----------
    id : str
        Unique within one build.
    source : str
        File (and row) it came from, as the person named it; or a citation for catalogue entries.
    numbers : (n,) int
        Atomic numbers, 1-118.
    positions : (n, 3) float
        Cartesian, angstrom.
    cell : (3, 3) float
        Rows are lattice vectors, angstrom; zeros for a molecule.
    pbc : (3,) bool
    properties : mapping of str to number, bool or text
        Properties of the whole structure; units, where known, stand in `units`.
    atom_properties : mapping of str to (n,) array
    units : mapping of property name to unit
    """

    id: str
    source: str
    numbers: IntArray
    positions: FloatArray
    cell: FloatArray
    pbc: BoolArray
    properties: Mapping[str, PropertyValue] = field(default_factory=dict)
    atom_properties: Mapping[str, NDArray] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        set_(self, "numbers", frozen(self.numbers, np.int16, (None,), f"{self.id}: numbers"))
        n = len(self.numbers)
        set_(self, "positions", frozen(self.positions, np.float64, (n, 3), f"{self.id}: positions"))
        set_(self, "cell", frozen(self.cell, np.float64, (3, 3), f"{self.id}: cell"))
        set_(self, "pbc", frozen(self.pbc, np.bool_, (3,), f"{self.id}: pbc"))
        set_(self, "properties", MappingProxyType(dict(self.properties)))
        set_(self, "atom_properties", MappingProxyType(dict(self.atom_properties)))
        set_(self, "units", MappingProxyType(dict(self.units)))
        for name, values in self.atom_properties.items():
            if len(values) != n:
                raise AtlasError(f"{self.id}: atom property {name!r} has {len(values)} values for {n} atoms")

    def __len__(self) -> int:
        return len(self.numbers)


@dataclass(frozen=True, eq=False)
class Analysis:
    """What symmetry and geometry say about one structure.

    Attributes
    ----------
    formula : str
        Reduced formula, e.g. ``BaCeO3``.
    spacegroup : int
        International number, 1-230; 0 where there is none (molecules).
    spacegroup_symbol : str
        International short symbol, e.g. ``Fm-3m``; empty where there is none.
    crystal_system : str
        triclinic, monoclinic, orthorhombic, tetragonal, trigonal, hexagonal, cubic; or ``molecule``, ``chain``,
        ``layer`` where fewer than three directions are periodic.
    orbit : (n,) int
        Index within the structure of the first atom of each atom's orbit, so a representative's orbit is itself.
    site_symmetry : (n,) str
    wyckoff : (n,) str
    coordination : (n,) int
        Atoms within 1.2 times the sum of covalent radii (Cordero et al., Dalton Trans. 2832 (2008)), periodic
        images counted.
    """

    formula: str
    spacegroup: int
    spacegroup_symbol: str
    crystal_system: str
    orbit: IntArray
    site_symmetry: NDArray
    wyckoff: NDArray
    coordination: IntArray

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        n = len(self.orbit)
        set_(self, "orbit", frozen(self.orbit, np.int32, (n,), "orbit"))
        set_(self, "site_symmetry", frozen(self.site_symmetry, np.str_, (n,), "site_symmetry"))
        set_(self, "wyckoff", frozen(self.wyckoff, np.str_, (n,), "wyckoff"))
        set_(self, "coordination", frozen(self.coordination, np.int32, (n,), "coordination"))


@dataclass(frozen=True)
class Skipped:
    """An input that was left out of an atlas, and why."""

    id: str
    source: str
    reason: str


@dataclass(frozen=True)
class Refused:
    """A structure that one model could not embed, and why."""

    structure: str
    reason: str


@dataclass(frozen=True, eq=False)
class Embedded:
    """One structure as one model sees it.

    Attributes
    ----------
    features : (n_atoms, d) float32, or None where the model refused
    reason : str
        Why the model refused; empty where it did not.
    flags : tuple of str
        Remarks that do not stop the embedding, e.g. ``"4 of 4 atoms have no neighbour within 5 A"``.
    """

    features: NDArray[np.float32] | None
    reason: str = ""
    flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.features is None) != bool(self.reason):
            raise AtlasError("an embedded structure has either features or a reason for having none")
        if self.features is not None:
            object.__setattr__(self, "features", frozen(self.features, np.float32, (None, None), "features"))


@dataclass(frozen=True, eq=False)
class Predicted:
    """What one model says of one structure.

    Attributes
    ----------
    energy : float
        Total energy, eV, on the model's own zero; NaN where nothing could be predicted.
    forces : (n_atoms, 3) float64, eV/angstrom, or None where nothing could be predicted
    reason : str
        Why nothing could be predicted; empty where it could.
    """

    energy: float
    forces: NDArray[np.float64] | None
    reason: str = ""

    def __post_init__(self) -> None:
        if (self.forces is None) != bool(self.reason):
            raise AtlasError("a predicted structure has either forces or a reason for having none")
        if self.forces is not None:
            object.__setattr__(self, "forces", frozen(self.forces, np.float64, (None, 3), "forces"))


@dataclass(frozen=True, eq=False)
class AnchorSet:
    """Reference atoms that every model embeds; a file of its own, portable between atlases.

    Attributes
    ----------
    name : str
    structures : tuple of Structure
        The structures that hold the anchors, each once.
    structure : (K,) int
        For each anchor, index into `structures`.
    atom : (K,) int
        For each anchor, index of the atom within its structure.
    method : str
        direct, random, farthest-point, per-element
    model : str
        Key of the model whose embeddings the choice was made on; empty where the method needs none.
    seed : int
    chosen_from : str
        The data the anchors were chosen from, in words.
    """

    name: str
    structures: tuple[Structure, ...]
    structure: IntArray
    atom: IntArray
    method: str
    model: str
    seed: int
    chosen_from: str = ""

    def __post_init__(self) -> None:
        set_ = object.__setattr__
        k = len(self.structure)
        set_(self, "structure", frozen(self.structure, np.int32, (k,), "anchor structure"))
        set_(self, "atom", frozen(self.atom, np.int32, (k,), "anchor atom"))
        for s, a in zip(self.structure, self.atom, strict=True):
            if not 0 <= s < len(self.structures) or not 0 <= a < len(self.structures[s]):
                raise AtlasError(f"anchor set {self.name!r}: atom {a} of structure {s} does not exist")

    def __len__(self) -> int:
        return len(self.structure)

    @property
    def numbers(self) -> IntArray:
        """Atomic numbers of the anchors, (K,)."""
        return np.array([self.structures[s].numbers[a] for s, a in zip(self.structure, self.atom, strict=True)])

    def prefix(self, k: int) -> AnchorSet:
        """Return the first `k` anchors; anchors are ordered so that any prefix is itself a good set."""
        if not 1 <= k <= len(self):
            raise AtlasError(f"anchor set {self.name!r} has {len(self)} anchors; {k} were asked for")
        used = sorted(set(self.structure[:k].tolist()))
        renumbered = {old: new for new, old in enumerate(used)}
        return AnchorSet(
            name=self.name,
            structures=tuple(self.structures[i] for i in used),
            structure=np.array([renumbered[s] for s in self.structure[:k].tolist()]),
            atom=self.atom[:k],
            method=self.method,
            model=self.model,
            seed=self.seed,
            chosen_from=self.chosen_from,
        )


@dataclass(frozen=True, eq=False)
class Map:
    """A 2-D or 3-D projection of one model's coordinates (or raw embeddings), for looking at, never for measuring.

    Attributes
    ----------
    xy : (N, 2) or (N, 3) float32
        Arbitrary units; NaN rows for atoms that the model could not embed.
    quality : mapping
        What the map keeps: explained variance ratios, or trustworthiness, and on how many atoms it was found.
    """

    xy: NDArray[np.float32]
    quality: Mapping[str, object] = field(default_factory=dict)
