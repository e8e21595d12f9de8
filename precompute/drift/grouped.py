"""Drift of a series by element group, by orbit and by structure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError
from precompute.drift.records import Estimates, Series
from precompute.drift.summary import BOUNDS, averaged, means

GROUPED = ("reembedded", "frozen", "retention")


@dataclass(frozen=True, eq=False)
class Averages:
    """Plain means over the atoms of each orbit or structure at the last checkpoint.

    Attributes
    ----------
    index : (G,) int
        Of the orbit's representative atom, or of the structure, in the atlas; ascending.
    atoms : (G,) int
        Over how many atoms the mean of `reembedded` is.
    values : mapping of a name in `GROUPED` to (G,) float64
        NaN where no atom is left.
    """

    index: NDArray[np.integer]
    atoms: NDArray[np.int64]
    values: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class Grouped:
    """A series by element group, orbit and structure.

    Attributes
    ----------
    categories : tuple of str
        C element groups.
    category_atoms : (C,) int
        Orbit representatives of each that the means are over.
    of_categories : mapping of a name in `GROUPED` to Estimates of shape (T, C)
        Means over orbit representatives, with 95 % bootstrap intervals over structures, as those of elements.
    orbits, structures : Averages
    """

    categories: tuple[str, ...]
    category_atoms: NDArray[np.int64]
    of_categories: Mapping[str, Estimates]
    orbits: Averages
    structures: Averages


def grouped(
    series: Series,
    category: NDArray[np.str_],
    structure: NDArray[np.integer],
    orbit: NDArray[np.integer],
    *,
    seed: int = 0,
) -> Grouped:
    """Average a series' atoms over element groups, orbits and structures.

    Parameters
    ----------
    series : Series
        Of n atoms.
    category : (n,) str
        Element group of each.
    structure, orbit : (n,) int
        Its structure, and the representative atom of its orbit, as the atlas counts them.
    seed : int
        Of the bootstrap.

    Raises
    ------
    AtlasError
        For arrays that are not of the series' atoms.
    """
    n = len(series.atom)
    if not len(category) == len(structure) == len(orbit) == n:
        raise AtlasError(f"labels of {len(category)}, {len(structure)} and {len(orbit)} atoms for a series of {n}")
    known = np.isfinite(series.reembedded).all(axis=0)
    chosen = np.flatnonzero((orbit == series.atom) & known)
    names, code = np.unique(category[chosen], return_inverse=True)
    return Grouped(
        categories=tuple(map(str, names)),
        category_atoms=np.bincount(code, minlength=len(names)),
        of_categories={
            name: means(
                getattr(series, name)[:, chosen], structure[chosen], code, np.arange(len(names)),
                bounds=BOUNDS[name], seed=seed,
            )
            for name in GROUPED
        },
        orbits=_averages(series, orbit),
        structures=_averages(series, structure),
    )  # fmt: skip


def _averages(series: Series, labels: NDArray[np.integer]) -> Averages:
    found = {name: averaged(getattr(series, name)[-1:], labels) for name in GROUPED}
    index, _, atoms = found["reembedded"]
    return Averages(index, atoms, {name: mean[0] for name, (_, mean, _) in found.items()})
