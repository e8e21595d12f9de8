"""Agreement over the atoms that a view picks out: which of them are taken, and how they are compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
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
ROWS_AT_ONCE = 16_384
METRICS_IN_ORDER = (*FIRST, *(m for m in METRICS if m not in FIRST + LEFT_OUT))


class Compare(Protocol):
    """`precompute.agreement.pairs.compare`, or what stands in for it."""

    def __call__(
        self, features: Mapping[str, NDArray], structure: NDArray, *, numbers: NDArray, metrics: Sequence[str], k: int,
        seed: int, resamples: int, permutations: int, sample: int, select: str, on_metric: Callable[[str], None],
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


def compared(
    data: AtlasData, chosen: Sample, select: str, tell: Callable[[int, str, dict[str, Any] | None], None],
    compare: Compare | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Compare all models over a sample.

    Parameters
    ----------
    data : AtlasData
    chosen : Sample
    select : str
        The selection in words, for the record.
    tell : callable
        Told before each metric how many of `METRICS_IN_ORDER` are done, which is next, and, once they are there, the
        first scores; may raise to give up.
    compare : callable, optional
        By default `precompute.agreement.pairs.compare`.

    Returns
    -------
    dict
        The run with its scores, ready for JSON; with ``selected``, ``representatives`` and ``lacking``: numbers of
        atoms.

    Raises
    ------
    TooFew
    """
    tell(0, "reading coordinates", None)
    features, atoms = features_of(data, chosen.atoms)
    baselines = [key for key in features if data.cards[key].status == BASELINE]
    about = {"selected": chosen.selected, "representatives": chosen.representatives,
             "lacking": len(chosen.atoms) - len(atoms)}  # fmt: skip
    begun = 0

    def told(_metric: str) -> None:
        nonlocal begun
        begun += 1
        tell(begun, _label(begun), None)

    def scores_of(metrics: Sequence[str]) -> Run:
        return (compare or _default())(
            features, data.of_atoms("structure")[atoms], numbers=data.of_atoms("atomic_number")[atoms], metrics=metrics,
            k=K, seed=SEED, resamples=RESAMPLES, permutations=PERMUTATIONS, sample=MOST_ATOMS, select=select,
            on_metric=told,
        )  # fmt: skip

    tell(0, _label(0), None)
    first = scores_of(FIRST)
    tell(begun, _label(begun), run_of(first, baselines) | about)
    rest = scores_of(METRICS_IN_ORDER[len(FIRST) :])
    scores = {**first.scores, **rest.scores}
    whole = replace(first, scores={name: scores[name] for name in METRICS if name in scores})
    return run_of(whole, baselines) | about


def _label(done: int) -> str:
    return METRICS[METRICS_IN_ORDER[done]].label if done < len(METRICS_IN_ORDER) else "trees"


def _default() -> Compare:
    from precompute.agreement.pairs import compare

    return compare
