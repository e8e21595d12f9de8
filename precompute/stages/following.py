"""Runs the checkpoints of a series over the same structures, side by side: features, and energies and forces."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError, Embedded, Predicted, Refused, Structure
from precompute.embedding import cut, join, run_all, share_of_cores
from precompute.progress import Display
from precompute.stages.checkpoints import Checkpoint

ATOMS_PER_BLOCK = 500


@dataclass(frozen=True, eq=False)
class Given:
    """What one checkpoint gives.

    Attributes
    ----------
    embeddings : (N, d) float32
        All atoms of all structures, in order; NaN rows where the model refused.
    energy : (P,) float64, or None
        Energy per atom of the first P structures, eV/atom; NaN where none was predicted.
    forces : (M, 3) float64, or None
        Of their atoms, eV/angstrom.
    refused : tuple of Refused
    provenance : mapping
    unpredicted : str
        Why there are no energies and forces at all.
    """

    embeddings: NDArray[np.float32]
    energy: NDArray[np.float64] | None
    forces: NDArray[np.float64] | None
    refused: tuple[Refused, ...]
    provenance: Mapping[str, Any]
    unpredicted: str = ""


def follow(
    checkpoints: Sequence[Checkpoint], structures: Sequence[Structure], predicted: int, display: Display
) -> list[Given]:
    """Run every checkpoint over the structures, as many at a time as there are cores.

    All run in processes of their own with equally many threads, so that two copies of one checkpoint give the same
    numbers.

    Parameters
    ----------
    checkpoints : sequence of Checkpoint
    structures : sequence of Structure
        All are embedded.
    predicted : int
        Energies and forces are wanted of so many of them, from the first; 0 for none.
    display : Display

    Raises
    ------
    AtlasError
        Where a checkpoint cannot be opened, is not the file that it should be, or fails; names it.
    """
    from precompute.models.client import kill_workers

    found: dict[str, Given] = {}

    def failed(key: str, error: AtlasError) -> None:
        c = checkpoints[int(key)]
        if not c.spec.path:
            raise error
        file = "" if c.spec.path in str(error) else f"{c.spec.path}: "
        expected = f"expected a checkpoint of {c.spec.family} that was made from {checkpoints[0].spec.key}"
        raise AtlasError(f"{file}{error}; {expected}") from error

    jobs, threads = share_of_cores(len(checkpoints))
    tasks = {str(i): partial(_run, c, structures, predicted, threads, display) for i, c in enumerate(checkpoints)}
    run_all(tasks, jobs, found.__setitem__, failed, kill_workers)
    return [found[str(i)] for i in range(len(checkpoints))]


def _run(
    checkpoint: Checkpoint,
    structures: Sequence[Structure],
    predicted: int,
    threads: int,
    display: Display,
    stop: threading.Event,
) -> Given:
    from precompute.models.session import open_model

    spec = checkpoint.spec.model_copy(update={"isolated": True})
    atoms = sum(len(s) for s in structures) + sum(len(s) for s in structures[:predicted])
    embedded: list[Embedded] = []
    outputs: list[Predicted] = []
    with (
        display.stage(f"following {spec.key}", atoms, "atoms") as advance,
        open_model(spec, threads=threads, trust=checkpoint.trusted, on_message=display.say) as session,
    ):
        _check_hash(checkpoint, session.provenance)
        wanted = predicted if session.can_predict else 0
        for block in _blocks(structures, stop, advance):
            embedded += session.embed(block)
        for block in _blocks(structures[:wanted], stop, advance):
            outputs += session.predict(block)
        provenance = dict(session.provenance)
    try:
        run = join(structures, embedded, provenance)
    except AtlasError as error:
        raise AtlasError(f"{spec.key}: {error}") from None
    why = f"{spec.family} gives features only" if predicted and not wanted else ""
    energy, forces = _outputs(structures[:wanted], outputs) if wanted else (None, None)
    return Given(run.embeddings, energy, forces, run.refused, provenance, why)


def _blocks(
    structures: Sequence[Structure], stop: threading.Event, advance: Callable[[int], None]
) -> Iterator[Sequence[Structure]]:
    for block in cut(structures, ATOMS_PER_BLOCK):
        if stop.is_set():
            raise AtlasError("stopped")
        yield structures[block]
        advance(sum(len(s) for s in structures[block]))


def _check_hash(checkpoint: Checkpoint, provenance: Mapping[str, Any]) -> None:
    found = provenance["sha256"]
    if checkpoint.sha256 and found != checkpoint.sha256:
        raise AtlasError(
            f"{checkpoint.name}: the weights of {checkpoint.spec.key} have SHA-256 {str(found)[:16]}..., expected "
            f"{checkpoint.sha256[:16]}...: the series began from other weights, or the file was changed"
        )


def _outputs(
    structures: Sequence[Structure], outputs: Sequence[Predicted]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    pairs = list(zip(structures, outputs, strict=True))
    energy = np.array([p.energy / len(s) for s, p in pairs])
    return energy, np.concatenate([np.full((len(s), 3), np.nan) if p.forces is None else p.forces for s, p in pairs])
