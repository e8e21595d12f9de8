"""An opened model: splits structures into batches, keeps one bad structure from spoiling the others, flags oddities."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import Embedded, Predicted, Structure
from precompute.models.client import WorkerEngine
from precompute.models.engine import Engine, LocalEngine
from precompute.models.errors import ModelError, OutOfMemory, Unembeddable
from precompute.models.geometry import isolation_flag
from precompute.models.spec import MAIN, ModelSpec

# Larger batches are slower on a CPU, whose caches they leave (7net-0, ms/atom: 2.1 with 3,000 edges, 2.4 with 6,000,
# 3.5 with 12,000), and smaller ones pay for every call.
BATCH_EDGES = 3_000
BATCH_ATOMS = 128

Given = TypeVar("Given")
Result = TypeVar("Result")


def _ignore(_message: str) -> None:
    return None


@contextmanager
def open_model(
    spec: ModelSpec,
    *,
    threads: int | None = None,
    trust: bool = False,
    on_message: Callable[[str], None] = _ignore,
) -> Iterator[Session]:
    """Open a model, in this process or in its environment's.

    Parameters
    ----------
    threads : int or None
        Cores for torch; None leaves its own choice.
    trust : bool
        Whether a local checkpoint may be unpickled, which can run code from it.
    on_message : callable
        Receives one line at a time about what takes long.

    Raises
    ------
    ModelError, UntrustedFile
        If the weights cannot be fetched or read.
    EnvironmentMissing
        If the family's environment has not been created.
    """
    if spec.weights == "download":
        on_message(f"{spec.key}: loading; weights that are not here yet come from {spec.url}")
    engine: Engine
    if spec.environment == MAIN and not spec.isolated:
        engine = LocalEngine(spec, threads, trust)
    else:
        engine = WorkerEngine(spec, threads, trust)
    try:
        yield Session(engine)
    finally:
        engine.close()


class Session:
    """An opened model.

    Attributes
    ----------
    spec : ModelSpec
        With the width, cutoff and head that the loaded checkpoint has.
    provenance : dict
        JSON-able: family, checkpoint, hash and name of the weights file, layer, head, width, versions, ...
    can_predict : bool
        Whether the model gives energies and forces too.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.spec = engine.spec
        self.provenance = engine.provenance
        self.can_predict = engine.can_predict

    def embed(self, structures: Sequence[Structure]) -> list[Embedded]:
        """Embed every atom of every structure.

        Returns
        -------
        list of Embedded
            In the order of `structures`; refusals and flags are inside.

        Raises
        ------
        WorkerError
            If the model's process died or stopped answering; names the structures it was working on.
        """
        return _in_batches(
            self._engine.embed, structures, self.spec.cutoff, self._checked, lambda why: Embedded(None, reason=why)
        )

    def predict(self, structures: Sequence[Structure]) -> list[Predicted]:
        """Energy and forces of every structure, by the model's own zero of energy.

        Returns
        -------
        list of Predicted
            In the order of `structures`; refusals are inside.

        Raises
        ------
        ModelError
            If the model predicts nothing.
        WorkerError
            If the model's process died or stopped answering; names the structures it was working on.
        """
        if not self.can_predict:
            raise ModelError(
                f"{self.spec.key} predicts no energies and forces: the adapter of {self.spec.family} has no `predict`"
            )
        return _in_batches(
            self._engine.predict, structures, self.spec.cutoff, _predicted, lambda why: Predicted(np.nan, None, why)
        )

    def _checked(self, structure: Structure, features: NDArray[np.float32]) -> Embedded:
        bad = int(np.sum(~np.isfinite(features).all(axis=1)))
        if bad:
            return Embedded(None, reason=f"features of {bad} of {len(structure)} atoms are not finite")
        return Embedded(features, flags=isolation_flag(structure, self.spec.cutoff))


def _predicted(structure: Structure, pair: tuple[float, NDArray[np.float32]]) -> Predicted:
    energy, forces = pair
    bad = int(np.sum(~np.isfinite(forces).all(axis=1)))
    if bad or not np.isfinite(energy):
        what = f"forces on {bad} of {len(structure)} atoms are" if bad else "the energy is"
        return Predicted(np.nan, None, reason=f"{what} not finite")
    return Predicted(energy, forces.astype(np.float64))


def _in_batches(
    call: Callable[[Sequence[Structure]], list[Given]],
    structures: Sequence[Structure],
    cutoff: float | None,
    checked: Callable[[Structure, Given], Result],
    refusal: Callable[[str], Result],
) -> list[Result]:
    """Call a model on batches; a batch that it does not take is tried by single structures, or by halves."""

    def one(batch: list[Structure]) -> list[Result]:
        try:
            given = call(batch)
        except Unembeddable as error:
            return [refusal(str(error))] if len(batch) == 1 else [r for s in batch for r in one([s])]
        except OutOfMemory:
            if len(batch) == 1:
                return [refusal(f"not enough memory for its {len(batch[0])} atoms")]
            half = len(batch) // 2
            return one(batch[:half]) + one(batch[half:])
        return [checked(s, g) for s, g in zip(batch, given, strict=True)]

    results: dict[int, Result] = {}
    for batch in batches(structures, cutoff):
        results.update(zip(batch, one([structures[i] for i in batch]), strict=True))
    return [results[i] for i in range(len(structures))]


def batches(structures: Sequence[Structure], cutoff: float | None) -> list[list[int]]:
    """Return indices of structures in batches of at most `BATCH_EDGES` estimated edges and `BATCH_ATOMS` atoms.

    A structure larger than that is a batch of its own. Similar sizes go together, so that batches fill up.
    """
    sizes = [(edges_expected(s, cutoff), len(s)) for s in structures]
    result: list[list[int]] = []
    edges = atoms = 0.0
    for i in sorted(range(len(structures)), key=lambda i: sizes[i]):
        if not result or edges + sizes[i][0] > BATCH_EDGES or atoms + sizes[i][1] > BATCH_ATOMS:
            result.append([])
            edges = atoms = 0.0
        result[-1].append(i)
        edges += sizes[i][0]
        atoms += sizes[i][1]
    return result


def edges_expected(structure: Structure, cutoff: float | None) -> float:
    """Return the edges of a graph of radius `cutoff` (angstrom) if the structure's atoms filled its cell evenly."""
    n = len(structure)
    if cutoff is None:
        return 0.0
    volume = abs(float(np.linalg.det(structure.cell))) if structure.pbc.all() else 0.0
    if volume <= 0.0:
        return float(n * max(n - 1, 0))
    return n * n / volume * 4.0 / 3.0 * np.pi * cutoff**3
