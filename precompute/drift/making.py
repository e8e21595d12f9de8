"""From what the checkpoints of a series give of the same atoms to the series: every measure and its means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError, frozen
from precompute.drift import movement, outputs
from precompute.drift.forgetting import forgetting
from precompute.drift.records import OF_ELEMENTS, OVERALL, Estimates, K, Series
from precompute.drift.retention import neighbours, retention
from precompute.drift.summary import BOUNDS, mean, means, procrustes_to_base

Place = Callable[[NDArray[np.float32]], NDArray[np.floating]]


@dataclass(frozen=True, eq=False)
class Measured:
    """The n atoms of an atlas that a series is measured on: all atoms of m structures.

    Attributes
    ----------
    atom : (n,) int
        Atom indices in the atlas, ascending.
    structure : (n,) int
        Structure index in the atlas of each.
    orbit : (n,) int
        Atom index in the atlas of each one's orbit representative.
    numbers : (n,) int
        Atomic numbers.
    """

    atom: NDArray[np.int32]
    structure: NDArray[np.int32]
    orbit: NDArray[np.int32]
    numbers: NDArray[np.int16]

    def __post_init__(self) -> None:
        n = len(self.atom)
        for name, dtype in (("atom", np.int32), ("structure", np.int32), ("orbit", np.int32), ("numbers", np.int16)):
            object.__setattr__(self, name, frozen(getattr(self, name), dtype, (n,), f"measured atoms: {name}"))
        if n < 2 or (np.diff(self.atom) <= 0).any():
            raise AtlasError("measured atoms must be two or more, ascending and each once")
        if not np.isin(self.orbit, self.atom).all():
            raise AtlasError("some measured atoms lack their orbit's representative; measure whole structures")

    @property
    def row_of_orbit(self) -> NDArray[np.intp]:
        """Row among the measured atoms of each one's representative, (n,)."""
        return np.searchsorted(self.atom, self.orbit)

    @property
    def is_representative(self) -> NDArray[np.bool_]:
        return self.orbit == self.atom

    @property
    def structures(self) -> NDArray[np.int32]:
        """Structure indices in the atlas, ascending, (m,)."""
        return np.unique(self.structure)


@dataclass(frozen=True, eq=False)
class Seen:
    """What one checkpoint gives of the measured atoms.

    Attributes
    ----------
    name : str
    step : float
    embeddings : (n, d) float
        NaN rows for atoms of structures that it refused.
    anchors : (K, d) float
    energy : (m,) float, or None
        Energy per atom of `Measured.structures`, eV/atom, the model's own zero; NaN where not predicted.
    forces : (n, 3) float, or None
        eV/angstrom; NaN where not predicted.
    """

    name: str
    step: float
    embeddings: NDArray[np.floating]
    anchors: NDArray[np.floating]
    energy: NDArray[np.floating] | None = None
    forces: NDArray[np.floating] | None = None

    def of(self, measured: Measured, anchors: int) -> Seen:
        """Itself, its arrays checked against the atoms and the number of anchors."""
        n, m = len(measured.atom), len(measured.structures)
        wanted: tuple[tuple[str, NDArray[np.floating] | None, tuple[int | None, ...]], ...] = (
            ("embeddings", self.embeddings, (n, None)),
            ("anchors", self.anchors, (anchors, None)),
            ("energy", self.energy, (m,)),
            ("forces", self.forces, (n, 3)),
        )
        for name, array, shape in wanted:
            if array is not None:
                frozen(array, array.dtype, shape, f"checkpoint {self.name!r}: {name}")
        return self


@dataclass(frozen=True, eq=False)
class About:
    """What is known of a series besides its arrays; the fields of `Series` of those names."""

    name: str
    title: str
    kind: str
    base: str
    family: str
    experiment: str = ""
    strategy: str = ""
    seed: int | None = None
    trained_on: tuple[int, ...] = ()
    step_unit: str = "checkpoint"
    record: Mapping[str, Any] | None = None


def make_series(
    about: About,
    measured: Measured,
    base: Seen,
    checkpoints: Iterable[Seen],
    place: Place,
    *,
    siblings: Iterable[Seen] = (),
    k: int = K,
    seed: int = 0,
    on_checkpoint: Callable[[str], None] | None = None,
) -> Series:
    """Measure every checkpoint against the base.

    Means are over orbit representatives that the base and all checkpoints embedded, so that all steps are over the same
    atoms; neighbours are looked for among these. Means of forces are over those of them for which all checkpoints
    predict; energies likewise over structures. ``record["measured"]`` counts all of these, and the structures that the
    base answers for and some checkpoint does not: means are blind to them.

    Parameters
    ----------
    about : About
    measured : Measured
    base : Seen
        At step 0.
    checkpoints : iterable of Seen
        Steps ascending; taken one at a time, so they may be embedded as they are asked for.
    place : callable
        From coordinates (n, K) to the base's map, (n, 2); NaN rows stay NaN. See `precompute.drift.placing`.
    siblings : iterable of Seen
        Last checkpoints of runs that differ from this one in their seed only, for `Series.forgetting`; left aside where
        the fine-tuning data are not known.
    k : int
        Neighbours for retention.
    seed : int
        Of the bootstrap.
    on_checkpoint : callable, optional
        Told the name of each checkpoint when it is measured.

    Raises
    ------
    AtlasError
        For arrays that are not of the measured atoms, anchors that are not finite, steps that do not ascend, or fewer
        than two representatives that all checkpoints embedded.
    """
    own = base.of(measured, len(base.anchors))
    seen: list[Seen] = []
    coordinates = [movement.reembedded(own.embeddings, own.anchors)]
    fixed = [coordinates[0]]
    for later in checkpoints:
        later.of(measured, len(own.anchors))
        if later.step < (seen[-1].step if seen else own.step):
            raise AtlasError(f"checkpoint {later.name!r} is at step {later.step:g}, before the one it follows")
        coordinates.append(movement.reembedded(later.embeddings, later.anchors))
        fixed.append(movement.frozen(later.embeddings, own.anchors))
        seen.append(Seen(later.name, later.step, np.empty((0, 0)), np.empty((0, 0)), later.energy, later.forces))
        if on_checkpoint is not None:
            on_checkpoint(later.name)
    usable = np.logical_and.reduce([np.isfinite(c).all(axis=1) for c in coordinates])
    chosen = np.flatnonzero(usable & measured.is_representative)
    if len(chosen) < 2:
        raise AtlasError(
            f"series {about.name!r}: {len(chosen)} symmetry-distinct atoms that the base and all checkpoints embedded; "
            "at least 2 are needed"
        )
    everything = [own, *seen]
    atoms: dict[str, Any] = {
        "reembedded": np.stack([movement.drift(coordinates[0], c) for c in coordinates]),
        "frozen": np.stack([movement.drift(fixed[0], c) for c in fixed]),
        "retention": _retention(coordinates, usable, measured, k),
        "forces": _stacked(outputs.force_change, everything, "forces", len(measured.atom)),
    }
    energy = _energy(everything, measured)
    averaged = {**atoms, "forces": _stacked(outputs.force_error, everything, "forces", len(measured.atom))}
    structure, numbers = measured.structure[chosen], measured.numbers[chosen]
    elements, counts = np.unique(numbers, return_counts=True)
    overall = {
        name: mean(values[:, chosen], structure, bounds=BOUNDS[name], seed=seed) for name, values in averaged.items()
    }
    overall["energy"] = mean(np.abs(energy), measured.structures, bounds=BOUNDS["energy"], seed=seed)
    overall["procrustes"], overall["angular"] = _similarities([c[chosen] for c in coordinates], structure, seed)
    ends = []
    for sibling in siblings if about.trained_on else ():
        sibling.of(measured, len(own.anchors))
        ends.append(movement.reembedded(sibling.embeddings, sibling.anchors)[chosen])
    forgotten = None
    if ends:
        runs = [coordinates[-1][chosen], *ends]
        forgotten = forgetting(coordinates[0][chosen], runs, structure, numbers, about.trained_on, elements, seed=seed)
    record = dict(about.record or {})
    record["measured"] = {
        "atoms": len(measured.atom),
        "atoms_embedded_by_all": int(usable.sum()),
        "representatives": len(chosen),
        "representatives_with_forces": int(np.isfinite(averaged["forces"][:, chosen]).all(axis=0).sum()),
        "structures": len(measured.structures),
        "structures_with_energies": int(np.isfinite(energy).all(axis=0).sum()),
        "structures_unanswered": _unanswered(coordinates[0], usable, everything, measured),
    }
    return Series(
        name=about.name,
        title=about.title,
        kind=about.kind,
        experiment=about.experiment,
        base=about.base,
        family=about.family,
        strategy=about.strategy,
        seed=about.seed,
        trained_on=about.trained_on,
        checkpoints=tuple(s.name for s in everything),
        step=np.array([s.step for s in everything]),
        step_unit=about.step_unit,
        atom=measured.atom,
        structure=measured.structures,
        elements=elements,
        element_atoms=counts.astype(np.int32),
        **atoms,
        energy=energy.astype(np.float32),
        position=np.stack([place(c) for c in coordinates]),
        position_frozen=np.stack([place(c) for c in fixed]),
        overall={name: overall[name] for name in OVERALL},
        of_elements={
            name: means(averaged[name][:, chosen], structure, numbers, elements, bounds=BOUNDS[name], seed=seed)
            for name in OF_ELEMENTS
        },
        k=k,
        anchors=len(own.anchors),
        record=record,
        forgetting=forgotten,
    )


def _retention(
    coordinates: list[NDArray[np.float32]], usable: NDArray[np.bool_], measured: Measured, k: int
) -> NDArray[np.float64]:
    common = [np.where(usable[:, None], c, np.nan) for c in coordinates]
    lists = [neighbours(c, measured.row_of_orbit, k) for c in common]
    return np.stack([retention(lists[0], later, k) for later in lists])


def _stacked(measure: Callable[..., NDArray[np.float64]], seen: list[Seen], what: str, n: int) -> NDArray[np.float64]:
    """A measure of each checkpoint's output against the base's, (T, n); NaN where either has none."""
    own = getattr(seen[0], what)
    nothing = np.full(n, np.nan)
    pairs = [(own, getattr(s, what)) for s in seen]
    return np.stack([nothing if a is None or b is None else measure(a, b) for a, b in pairs])


def _unanswered(of_base: NDArray[np.float32], usable: NDArray[np.bool_], seen: list[Seen], measured: Measured) -> int:
    """How many structures the base answers for in finite numbers, and some checkpoint does not."""
    lost = np.isfinite(of_base).all(axis=1) & ~usable
    row = np.searchsorted(measured.structures, measured.structure)
    own = seen[0]
    for later in seen[1:]:
        if own.energy is not None and later.energy is not None:
            lost |= (np.isfinite(own.energy) & ~np.isfinite(later.energy))[row]
        if own.forces is not None and later.forces is not None:
            lost |= np.isfinite(own.forces).all(axis=1) & ~np.isfinite(later.forces).all(axis=1)
    return len(np.unique(row[lost]))


def _energy(seen: list[Seen], measured: Measured) -> NDArray[np.float64]:
    m = len(measured.structures)
    row = np.searchsorted(measured.structures, measured.structure)
    composition = outputs.fractions(row, measured.numbers, m)
    # the shift is fitted on the structures that all predict, so that all steps' residuals are of one fit
    known = np.logical_and.reduce(
        [np.ones(m, np.bool_), *(np.isfinite(s.energy) for s in seen if s.energy is not None)]
    )

    def change(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float64]:
        return outputs.energy_change(np.where(known, a, np.nan), b, composition)

    return _stacked(change, seen, "energy", m)


def _similarities(
    coordinates: list[NDArray[np.float32]], structure: NDArray[np.integer], seed: int
) -> tuple[Estimates, Estimates]:
    found = [procrustes_to_base(coordinates[0], c, structure, seed=seed) for c in coordinates]

    def joined(which: int) -> Estimates:
        return Estimates(*(np.stack([getattr(f[which], part) for f in found]) for part in ("value", "low", "high")))

    return joined(0), joined(1)
