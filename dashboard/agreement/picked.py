"""Agreement over the atoms that a view picks out: sampled, compared beside the page's other work, and kept."""

from __future__ import annotations

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from dashboard.agreement.results import BASELINE, run_of
from dashboard.data import AtlasData
from dashboard.labels import count
from precompute.agreement.metrics import METRICS
from precompute.agreement.records import Run

MOST_ATOMS = 1_000
SEED = 0
K = 10
FEWEST_ATOMS = 2 * K + 2
"""Fewer leave no atom that is not a neighbour, so that a local score would say nothing."""
RESAMPLES, PERMUTATIONS = 100, 20
FIRST = (
    "procrustes", "procrustes-angular", "cka", "cka-unbiased", "cknna", "mutual-knn", "intrinsic-dimension", "collapse",
    "information-imbalance",
)  # fmt: skip
"""Metrics shown while the others are still computed, which takes twice as long."""
LEFT_OUT = ("transport",)
"""Exact transport takes longer than somebody waits."""
FORGOTTEN_AFTER = 10.0
"""Seconds without a question after which nobody waits for a comparison any more."""
KEPT, MOST_WAITING = 24, 8
ROWS_AT_ONCE = 16_384
METRICS_IN_ORDER = (*FIRST, *(m for m in METRICS if m not in FIRST + LEFT_OUT))


class Compare(Protocol):
    """`precompute.agreement.pairs.compare`, or what stands in for it."""

    def __call__(
        self, features: Mapping[str, NDArray], structure: NDArray, *, numbers: NDArray, metrics: Sequence[str], k: int,
        seed: int, resamples: int, permutations: int, sample: int, on_metric: Callable[[str], None],
    ) -> Run: ...  # fmt: skip


@dataclass(frozen=True, eq=False)
class Sample:
    """The atoms that a selection is compared over.

    Attributes
    ----------
    atoms : (n,) int
        Indices in the atlas, ascending.
    selected : int
        Atoms that are selected.
    representatives : int
        Those of them that stand for their orbit.
    """

    atoms: NDArray[np.intp]
    selected: int
    representatives: int


class TooFew(ValueError):
    """The selection holds too few atoms to compare models over; the text says how many there are and are needed."""


def sample(data: AtlasData, mask: NDArray[np.bool_], seed: int = SEED) -> Sample:
    """At most `MOST_ATOMS` of the selected orbit representatives, drawn without replacement.

    Parameters
    ----------
    data : AtlasData
    mask : (N,) bool
    seed : int

    Raises
    ------
    TooFew
    """
    found = np.flatnonzero(mask & data.of_atoms("is_representative"))
    if len(found) < FEWEST_ATOMS:
        raise TooFew(
            f"The selection holds {count(len(found), 'symmetry-distinct atom')}; at least {FEWEST_ATOMS} are needed "
            f"to compare neighbours of k = {K}. Select more."
        )
    if len(found) > MOST_ATOMS:
        drawn = np.random.default_rng(seed).choice(found, MOST_ATOMS, replace=False)
        return Sample(np.sort(drawn), int(mask.sum()), len(found))
    return Sample(found, int(mask.sum()), len(found))


def rows_at(data: AtlasData, path: str, atoms: NDArray[np.intp]) -> NDArray[np.float32]:
    """Rows of a stored array, read block by block, so that large arrays are never held."""
    blocks = atoms // ROWS_AT_ONCE
    parts = []
    for block in np.unique(blocks):
        start = int(block) * ROWS_AT_ONCE
        inside = atoms[blocks == block]
        parts.append(data.atlas.file.rows(path, start, int(inside[-1]) + 1)[inside - start])
    return np.concatenate(parts)


def features_of(data: AtlasData, atoms: NDArray[np.intp]) -> tuple[dict[str, NDArray], NDArray[np.intp]]:
    """Coordinates of all models that have them, and the atoms, less those that a model could not embed.

    Raises
    ------
    TooFew
        Where too few are left.
    """
    paths = {key: f"models/{key}/coordinates" for key in data.model_keys}
    found = {key: rows_at(data, path, atoms) for key, path in paths.items() if data.atlas.file.has(path)}
    if len(found) < 2:
        raise TooFew("The atlas holds coordinates of fewer than two models, so there is nothing to compare.")
    known = np.logical_and.reduce([np.isfinite(rows).all(axis=1) for rows in found.values()])
    if known.sum() < FEWEST_ATOMS:
        raise TooFew(
            f"Only {known.sum()} of the {len(atoms):,} atoms have coordinates in all {len(found)} models; at least "
            f"{FEWEST_ATOMS} are needed. Select more."
        )
    return {key: rows[known] for key, rows in found.items()}, atoms[known]


@dataclass
class Job:
    """One comparison, asked for by one or several pages."""

    work: Callable[[Job], dict[str, Any]]
    metrics: Sequence[str]
    asked: float = field(default_factory=time.monotonic)
    done: int = 0
    now: str = ""
    first: dict[str, Any] | None = None
    result: dict[str, Any] | None = None
    failed: str = ""

    @property
    def ended(self) -> bool:
        return self.result is not None or bool(self.failed)

    def state(self, waiting: int, seen: bool) -> dict[str, Any]:
        if self.failed:
            return {"state": "refused", "error": self.failed}
        if self.result is not None:
            return {"state": "done", "run": self.result}
        told = {"state": "working", "done": self.done, "of": len(self.metrics), "now": self.now, "waiting": waiting}
        return told if seen or self.first is None else told | {"run": self.first}


class Left(Exception):
    """Nobody waits for the comparison any more."""


class Comparisons:
    """Comparisons of selections, one at a time; those that nobody asks after are given up.

    Parameters
    ----------
    compare : callable, optional
        By default `precompute.agreement.pairs.compare`.
    """

    def __init__(self, compare: Compare | None = None) -> None:
        self._compare = compare
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None

    def ask(self, data: AtlasData, mask: NDArray[np.bool_], seen: bool = False) -> dict[str, Any]:
        """How far the comparison over a selection is; it is begun where it is new.

        Parameters
        ----------
        data : AtlasData
        mask : (N,) bool
        seen : bool
            Whether who asks has the first scores already.

        Returns
        -------
        dict
            ``state`` is ``working`` (with ``done`` of ``of`` metrics, ``now`` the one at work, ``waiting`` comparisons
            before it, ``run`` the first scores), ``done`` (with ``run``), or ``refused`` (with ``error``).
        """
        name = _name(data, mask)
        with self._lock:
            job = self._jobs.get(name)
            if job is None:
                try:
                    chosen = sample(data, mask)
                except TooFew as error:
                    return {"state": "refused", "error": str(error)}
                if sum(not j.ended for j in self._jobs.values()) >= MOST_WAITING:
                    return {"state": "refused", "error": "Too many comparisons are waiting; try again in a minute."}
                job = self._jobs[name] = Job(lambda job: self._run(data, chosen, job), METRICS_IN_ORDER)
                self._trim()
            job.asked = time.monotonic()
            if job.ended:
                self._jobs.move_to_end(name)
            before = list(takewhile(lambda j: j is not job, (j for j in self._jobs.values() if not j.ended)))
            if not job.ended and (self._worker is None or not self._worker.is_alive()):
                self._worker = threading.Thread(target=self._work, daemon=True, name="agreement of a selection")
                self._worker.start()
            return job.state(len(before), seen)

    def leave(self, data: AtlasData, mask: NDArray[np.bool_]) -> None:
        """Say that nobody waits for it any more."""
        name = _name(data, mask)
        with self._lock:
            job = self._jobs.get(name)
            if job is not None and not job.ended:
                job.asked = -np.inf

    def _trim(self) -> None:
        ended = [name for name, job in self._jobs.items() if job.ended]
        for name in ended[: max(0, len(self._jobs) - KEPT)]:
            del self._jobs[name]

    def _next(self) -> tuple[str, Job] | None:
        with self._lock:
            for name, job in list(self._jobs.items()):
                if job.ended:
                    continue
                if _left(job):
                    del self._jobs[name]
                    continue
                return name, job
            self._worker = None
            return None

    def _work(self) -> None:
        while (found := self._next()) is not None:
            name, job = found
            try:
                result = job.work(job)
                with self._lock:
                    job.result = result
            except Left:
                with self._lock:
                    self._jobs.pop(name, None)
            except TooFew as error:
                with self._lock:
                    job.failed = str(error)
            except Exception as error:  # told to whoever waits; the next comparison must not wait for ever
                with self._lock:
                    job.failed = f"The comparison failed: {error}"

    def _run(self, data: AtlasData, chosen: Sample, job: Job) -> dict[str, Any]:
        job.now = "reading coordinates"
        features, atoms = features_of(data, chosen.atoms)
        baselines = [key for key in features if data.cards[key].status == BASELINE]
        about = {"selected": chosen.selected, "representatives": chosen.representatives,
                 "lacking": len(chosen.atoms) - len(atoms)}  # fmt: skip
        compare = self._compare or _default()
        first = compared(data, features, atoms, job, compare, FIRST)
        job.first = run_of(first, baselines) | about
        rest = compared(data, features, atoms, job, compare, METRICS_IN_ORDER[len(FIRST) :])
        scores = {**first.scores, **rest.scores}
        whole = replace(first, scores={name: scores[name] for name in METRICS if name in scores})
        return run_of(whole, baselines) | about


def _name(data: AtlasData, mask: NDArray[np.bool_]) -> str:
    return hashlib.blake2b(np.packbits(mask).tobytes(), digest_size=16).hexdigest() + data.name


def _left(job: Job) -> bool:
    return time.monotonic() - job.asked > FORGOTTEN_AFTER


def _default() -> Compare:
    from precompute.agreement.pairs import compare

    return compare


def compared(
    data: AtlasData, features: Mapping[str, NDArray], atoms: NDArray[np.intp], job: Job, compare: Compare,
    metrics: Sequence[str],
) -> Run:  # fmt: skip
    """Compare, telling the job after each metric how far it is.

    Raises
    ------
    Left
        Where nobody has asked for `FORGOTTEN_AFTER` seconds; noticed between two metrics.
    """

    def told(_metric: str | None = None) -> None:
        if _left(job):
            raise Left
        job.done += _metric is not None
        job.now = METRICS[job.metrics[job.done]].label if job.done < len(job.metrics) else "trees"

    told()
    return compare(
        features, data.of_atoms("structure")[atoms], numbers=data.of_atoms("atomic_number")[atoms],
        metrics=metrics, k=K, seed=SEED, resamples=RESAMPLES, permutations=PERMUTATIONS, sample=MOST_ATOMS,
        on_metric=told,
    )  # fmt: skip
