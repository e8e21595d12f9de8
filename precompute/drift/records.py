"""What following a series of checkpoints gives. Nothing here imports more than numpy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError, frozen

KINDS = ("fine-tuning", "published", "training", "comparison")
OVERALL = ("reembedded", "frozen", "retention", "procrustes", "angular", "energy", "forces")
OF_ELEMENTS = ("reembedded", "frozen", "retention", "forces")
K = 10


@dataclass(frozen=True, eq=False)
class Estimates:
    """Values with 95 % bootstrap intervals, structures resampled.

    Attributes
    ----------
    value, low, high : float64, one shape
        NaN where not computed or no interval is defined.
    """

    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    def __post_init__(self) -> None:
        shape = np.shape(self.value)
        for part in ("value", "low", "high"):
            object.__setattr__(self, part, frozen(getattr(self, part), np.float64, shape, part))


@dataclass(frozen=True, eq=False)
class Forgetting:
    """Elements that a series moved by more than runs that differ in their seed only differ from each other.

    Attributes
    ----------
    drift : (E,) float64
        Mean re-embedded drift of the last checkpoints from the base, over runs.
    low : (E,) float64
        Lower bound of its interval.
    null : (E,) float64
        What run-to-run noise alone may give (`precompute.drift.forgetting`); NaN where there are too few atoms.
    flagged : (E,) bool
        Never an element of the fine-tuning data.
    n_runs : int
        Runs that differ in their seed only, this one included.
    rule : str
        In words.
    """

    drift: NDArray[np.float64]
    low: NDArray[np.float64]
    null: NDArray[np.float64]
    flagged: NDArray[np.bool_]
    n_runs: int
    rule: str


@dataclass(frozen=True, eq=False)
class Series:
    """A base model and T - 1 later checkpoints of it, over n atoms of an atlas in m structures, E elements.

    The first checkpoint is the base itself, at step 0.

    Attributes
    ----------
    name : str
        Of the group in the store: lower case, digits, ``._-``.
    title : str
        For people.
    kind : str
        ``fine-tuning`` (a run of ours or of the user), ``published`` (a published fine-tune of the base), ``training``
        (a student trained from random weights) or ``comparison`` (separately trained models or heads: no drift).
    experiment : str
        Series of one experiment share base, data and settings and are shown side by side; empty for none.
    base, family, strategy : str
        Key of the base; family of all checkpoints; ``naive``, ``replay``, ``ewc``, ``replay+ewc``, ``multihead`` or "".
    seed : int, or None where it is not known
    trained_on : tuple of int
        Atomic numbers in the fine-tuning data without replayed structures; empty where not known.
    checkpoints : tuple of str
        T names; the first is the base's.
    step : (T,) float64
        Updates of the weights since the base; 0, 1, 2, ... where not known (`step_unit` says).
    step_unit : str
        ``updates``, ``epochs`` or ``checkpoint``.
    atom : (n,) int32
        Atom indices in the atlas.
    structure : (m,) int32
        Structure indices in the atlas.
    elements : (E,) int16
        Atomic numbers, ascending.
    element_atoms : (E,) int32
        Orbit representatives of each, over which means of elements are taken.
    reembedded, frozen : (T, n) float32
        1 - cosine between base and checkpoint coordinates, the checkpoint's with anchors embedded by the checkpoint, or
        with the base's embeddings of them.
    retention : (T, n) float32
        Share of the k nearest neighbours in the base that are still among the k nearest.
    forces : (T, n) float32
        Length of the change of force against the base, eV/angstrom; NaN where not computed.
    energy : (T, m) float32
        Change of energy against the base, eV/atom, after a per-element least-squares shift; NaN where not computed.
    position, position_frozen : (T, n, 2) float32
        Where atoms are on the base's map ``pca-2d`` with re-embedded and frozen anchors; row 0 is the base's map.
    overall : mapping of a name in `OVERALL` to Estimates of shape (T,)
        Means over orbit representatives that the base and all checkpoints embedded; of `energy`, the mean absolute
        change over structures; of `forces`, the mean absolute change of a component over atoms and axes, which is the
        force MAE against the base and about half the mean of the lengths; Procrustes similarities to the base.
    of_elements : mapping of a name in `OF_ELEMENTS` to Estimates of shape (T, E)
    k, anchors : int
    record : mapping
        JSON: learning rate, updates, batch, EMA, data and its hash, hashes of checkpoints, versions, notes.
    forgetting : Forgetting, or None
        None without a second run that differs in its seed only, or where the fine-tuning data are not known.
    """

    name: str
    title: str
    kind: str
    experiment: str
    base: str
    family: str
    strategy: str
    seed: int | None
    trained_on: tuple[int, ...]
    checkpoints: tuple[str, ...]
    step: NDArray[np.float64]
    step_unit: str
    atom: NDArray[np.int32]
    structure: NDArray[np.int32]
    elements: NDArray[np.int16]
    element_atoms: NDArray[np.int32]
    reembedded: NDArray[np.float32]
    frozen: NDArray[np.float32]
    retention: NDArray[np.float32]
    forces: NDArray[np.float32]
    energy: NDArray[np.float32]
    position: NDArray[np.float32]
    position_frozen: NDArray[np.float32]
    overall: Mapping[str, Estimates]
    of_elements: Mapping[str, Estimates]
    k: int
    anchors: int
    record: Mapping[str, Any] = field(default_factory=dict)
    forgetting: Forgetting | None = None

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise AtlasError(f"series {self.name!r}: kind is {self.kind!r}, expected one of {', '.join(KINDS)}")
        t, n, m, e = len(self.checkpoints), len(self.atom), len(self.structure), len(self.elements)
        if t < 2:
            raise AtlasError(f"series {self.name!r} has {t} checkpoints, expected the base and at least one more")
        shapes: dict[str, tuple[np.typing.DTypeLike, tuple[int, ...]]] = {
            "step": (np.float64, (t,)),
            "atom": (np.int32, (n,)),
            "structure": (np.int32, (m,)),
            "elements": (np.int16, (e,)),
            "element_atoms": (np.int32, (e,)),
            **dict.fromkeys(("reembedded", "frozen", "retention", "forces"), (np.float32, (t, n))),
            "energy": (np.float32, (t, m)),
            **dict.fromkeys(("position", "position_frozen"), (np.float32, (t, n, 2))),
        }
        for name, (dtype, shape) in shapes.items():
            object.__setattr__(self, name, frozen(getattr(self, name), dtype, shape, f"{self.name}: {name}"))
        for names, table, shape in ((OVERALL, self.overall, (t,)), (OF_ELEMENTS, self.of_elements, (t, e))):
            for name in names:
                if name not in table or table[name].value.shape != shape:
                    raise AtlasError(f"series {self.name!r}: {name} must be estimates of shape {shape}")
        object.__setattr__(self, "overall", MappingProxyType(dict(self.overall)))
        object.__setattr__(self, "of_elements", MappingProxyType(dict(self.of_elements)))
