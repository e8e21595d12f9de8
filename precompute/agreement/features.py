"""Which atoms are compared, and as what: one seeded sample of the atoms that all models have, or their structures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.records import ATOMS, LEVELS, N_ATOMS
from precompute.agreement.spaces import blocks
from precompute.contracts import AtlasError

CUMULANTS = 3


@dataclass(frozen=True, eq=False)
class Features:
    """What is compared: n rows (atoms, or structures), by every model.

    Attributes
    ----------
    of : mapping of model key to (n, p) float
        Atoms in the precision that they came in; structures in float64.
    structure : (n,) int
        The structure of each row.
    numbers : (n,) int
        Atomic number of each row; 0 for structures.
    atoms : (n,) int
        The atom of each row; empty for structures.
    n_atoms, n_structures : int
        How many atoms and structures took part.
    """

    of: Mapping[str, NDArray[np.floating]]
    structure: NDArray[np.integer]
    numbers: NDArray[np.integer]
    atoms: NDArray[np.integer]
    n_atoms: int
    n_structures: int


def features(
    models: Mapping[str, NDArray[np.floating]],
    *,
    structure: NDArray[np.integer],
    orbit: NDArray[np.integer],
    numbers: NDArray[np.integer],
    atoms: str = "representatives",
    level: str = "atom",
    k: int = 10,
    sample: int = N_ATOMS,
    seed: int = 0,
    selected: NDArray[np.bool_] | None = None,
) -> Features:
    """Choose what is compared.

    Atoms that any of the models could not embed are left out of all. Of what remains, `sample` atoms (or structures)
    are drawn without replacement. Within elements, elements with no more than `k` of the drawn atoms are then left out,
    since their atoms have no k neighbours.

    Parameters
    ----------
    models : mapping of model key to (N, p) float
        Coordinates or embeddings of all atoms of the atlas; NaN rows where a model refused. Gone through twice, one
        model after the other, so that a mapping that reads them when asked holds one at a time.
    structure, orbit, numbers : (N,) int
    atoms : str
        ``representatives`` (one atom an orbit), ``all``, or ``within-element`` (representatives).
    level : str
        ``atom``; ``structure``, the mean over the structure's atoms of that kind, a representative counting for all
        atoms of its orbit; ``cumulants``, the first three
        cumulants of each feature over them (mean, variance, third central moment; after Chorna et al.,
        arXiv:2512.05717), each kind scaled to unit total variance over structures so that all three weigh alike.
    k : int
        Neighbours that every atom must have, within elements.
    sample : int
        0 for all.
    seed : int
    selected : (N,) bool, optional
        Only these atoms.

    Raises
    ------
    AtlasError
        For fewer than two models, an unknown kind or level, or nothing left to compare.
    """
    if atoms not in ATOMS or level not in LEVELS:
        raise AtlasError(f"atoms are {', '.join(ATOMS)} and levels {', '.join(LEVELS)}; not {atoms!r} and {level!r}")
    if level != "atom" and atoms == "within-element":
        raise AtlasError("structures have no one element to stay within; use --level atom, or other --atoms")
    if len(models) < 2:
        raise AtlasError(f"agreement is between models; there is only {', '.join(models) or 'none'}")
    usable = np.logical_and.reduce([_finite(x) for x in models.values()])
    if atoms != "all":
        usable &= orbit == np.arange(len(orbit))
    if selected is not None:
        usable &= selected
    rng = np.random.default_rng(seed)
    if level != "atom":
        each = np.ones(len(orbit)) if atoms == "all" else np.bincount(orbit, minlength=len(orbit))
        return _of_structures(models, structure, np.flatnonzero(usable), each, level, sample, rng)
    rows = _drawn(np.flatnonzero(usable), sample, rng)
    if atoms == "within-element":
        rows = rows[np.bincount(numbers[rows], minlength=120)[numbers[rows]] > k]
        if not len(rows):
            raise AtlasError(
                f"no element has more than {k} of the atoms compared; take a larger --sample or smaller --k"
            )
    _check(len(rows), "atoms")
    of = {key: x if len(rows) == len(x) else x[rows] for key, x in models.items()}
    return Features(of, structure[rows], numbers[rows], rows, len(rows), len(np.unique(structure[rows])))


def _finite(x: NDArray[np.floating]) -> NDArray[np.bool_]:
    result = np.empty(len(x), np.bool_)
    for part in blocks(np.arange(len(x)), x.shape[1]):
        result[part] = np.isfinite(x[part]).all(axis=1)
    return result


def _drawn(rows: NDArray[np.intp], sample: int, rng: np.random.Generator) -> NDArray[np.intp]:
    return rows if not sample or len(rows) <= sample else np.sort(rng.permutation(rows)[:sample])


def _check(n: int, what: str) -> None:
    if n < 2:
        raise AtlasError(f"{n} {what} that all models have: too few to compare; choose more atoms or other models")


def _of_structures(
    models: Mapping[str, NDArray[np.floating]],
    structure: NDArray[np.integer],
    rows: NDArray[np.intp],
    each: NDArray[np.number],
    level: str,
    sample: int,
    rng: np.random.Generator,
) -> Features:
    chosen = _drawn(np.unique(structure[rows]), sample, rng)
    _check(len(chosen), "structures")
    rows = rows[np.isin(structure[rows], chosen)]
    into = _Pool(rows, np.searchsorted(chosen, structure[rows]), len(chosen), each[rows].astype(np.float64))
    pooled = _cumulants if level == "cumulants" else _means
    of = {key: pooled(x, into) for key, x in models.items()}
    nothing = np.zeros(0, np.intp)
    return Features(of, chosen, np.zeros(len(chosen), np.int64), nothing, len(rows), len(chosen))


@dataclass(frozen=True, eq=False)
class _Pool:
    """Atoms (their rows), the structure out of n that each goes into, and how much it weighs there."""

    rows: NDArray[np.intp]
    place: NDArray[np.intp]
    n: int
    weights: NDArray[np.float64]


def _means(
    x: NDArray[np.floating], into: _Pool, about: NDArray[np.float64] | None = None, power: int = 1
) -> NDArray[np.float64]:
    """Mean over each structure's atoms of (x - about) ^ power, (n, p)."""
    total = np.zeros((into.n, x.shape[1]))
    for part in blocks(np.arange(len(into.rows)), x.shape[1]):
        block, place = x[into.rows[part]].astype(np.float64), into.place[part]
        if about is not None:
            block -= about[place]
            block **= power
        block *= into.weights[part, None]
        np.add.at(total, place, block)
    return total / np.bincount(into.place, weights=into.weights, minlength=into.n)[:, None]


def _cumulants(x: NDArray[np.floating], into: _Pool) -> NDArray[np.float64]:
    mean = _means(x, into)
    parts = [mean] + [_means(x, into, mean, power) for power in range(2, CUMULANTS + 1)]
    scaled = []
    for part in parts:
        part -= part.mean(axis=0)
        spread = np.sqrt((part**2).sum() / into.n)
        scaled.append(part / spread if spread > 0.0 else part)
    return np.concatenate(scaled, axis=1)
