"""Overlap of every atom: read, computed and kept."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from dashboard.data import AtlasData
from dashboard.overlap.compared import NEAREST, Comparison, list_length, obstacle, stored_kinds
from precompute.agreement.overlap import candidates, chance, corrected, mean_overlap, overlap
from precompute.store import BYTES_PER_CHUNK

CONTROL = "element-only"
CHUNKS_AT_ONCE = 4


def of_atoms(data: AtlasData, comparison: Comparison) -> NDArray[np.float64]:
    """Overlap of every atom, (N,) float64 in file order; NaN where a compared model has no list of k atoms."""
    return data.keep(("overlap", comparison), lambda: _of_atoms(data, comparison))


def _of_atoms(data: AtlasData, comparison: Comparison) -> NDArray[np.float64]:
    if obstacle(data, comparison):
        return np.full(data.n_atoms, np.nan)
    raw = _shared(data, comparison.models, comparison.near, comparison.k)
    if not comparison.chance:
        return raw
    counts, expected = by_chance(data, comparison)
    return corrected(raw, comparison.k, counts, expected)


def _shared(data: AtlasData, models: tuple[str, ...], near: str, k: int) -> NDArray[np.float64]:
    if len(models) > 2:
        return data.keep(("mean overlap", models, near, k), lambda: _compared(data, models, near, [k]))[k]
    # reading lists takes longer than comparing two of them, so one reading serves every k
    return data.keep(("overlaps", models, near), lambda: _compared(data, models, near, NEAREST))[k]


def _compared(
    data: AtlasData, models: tuple[str, ...], near: str, counts: Iterable[int]
) -> dict[int, NDArray[np.float64]]:
    """Overlap at each k that the lists are long enough for; in blocks of rows, since whole lists take 56 MB a model."""
    paths = [f"models/{key}/neighbours/{near}/index" for key in models]
    width = min(data.atlas.file.shape(path)[1] for path in paths)
    step = CHUNKS_AT_ONCE * max(1, BYTES_PER_CHUNK // (4 * width))
    found: dict[int, list[NDArray]] = {k: [] for k in counts if k <= width}
    listed: list[list[NDArray]] = [[] for _ in models]
    for start in range(0, data.n_atoms, step):
        stop = min(start + step, data.n_atoms)
        lists = [data.atlas.file.rows(path, start, stop) for path in paths]
        for k, blocks in found.items():
            blocks.append(overlap(lists[0], lists[1], k) if len(lists) == 2 else mean_overlap(lists, k))
        for flags, rows in zip(listed, lists, strict=True):
            flags.append(rows[:, 0] >= 0)
    for key, flags in zip(models, listed, strict=True):
        data.keep(("has list", key, near), partial(np.concatenate, flags))
    return {k: np.concatenate(blocks) for k, blocks in found.items()}


def has_list(data: AtlasData, key: str, near: str) -> NDArray[np.bool_]:
    """Atoms that have neighbours in a model, (N,) bool; none where such lists are not stored."""
    if near not in stored_kinds(data, key):
        return np.zeros(data.n_atoms, bool)
    path = f"models/{key}/neighbours/{near}/index"
    return data.keep(("has list", key, near), lambda: data.atlas.file.read(path)[:, 0] >= 0)


def by_chance(data: AtlasData, comparison: Comparison) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The fewest atoms that any of the lists could hold, and the overlap that chance gives on average; both (N,)."""
    return data.keep(("chance", comparison), lambda: _by_chance(data, comparison))


def _by_chance(data: AtlasData, comparison: Comparison) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    orbit, numbers = data.of_atoms("orbit"), data.of_atoms("atomic_number")
    known = {key: has_list(data, key, comparison.near) for key in comparison.models}
    counts = {key: candidates(comparison.near, orbit, numbers, mask) for key, mask in known.items()}
    found = []
    for a, b in combinations(comparison.models, 2):
        same = np.array_equal(known[a], known[b])
        common = counts[a] if same else candidates(comparison.near, orbit, numbers, known[a] & known[b])
        found.append(chance(comparison.k, counts[a], counts[b], common))
    return np.min(list(counts.values()), axis=0), np.mean(found, axis=0)


def of_control(data: AtlasData, comparison: Comparison) -> NDArray[np.float64] | None:
    """Overlap of the compared models with the control that knows elements only, mean over the models; (N,).

    None where the atlas has no such control, or it is one of the models compared.
    """
    if CONTROL not in data.cards or CONTROL in comparison.models:
        return None
    pairs = [
        Comparison(tuple(k for k in data.model_keys if k in (key, CONTROL)), comparison.near, comparison.k,
                   comparison.chance)
        for key in comparison.models
    ]  # fmt: skip
    if any(obstacle(data, pair) for pair in pairs):
        return None
    return np.mean([of_atoms(data, pair) for pair in pairs], axis=0)


def widest(data: AtlasData, comparison: Comparison) -> Comparison:
    """The same with the longest lists there are, which tells atoms apart that share nothing among the nearest.

    A mean over many pairs tells them apart by itself, and takes seconds for long lists of many atoms.
    """
    if obstacle(data, comparison) or len(comparison.models) > 2:
        return comparison
    width = min(list_length(data, key, comparison.near) for key in comparison.models)
    return Comparison(comparison.models, comparison.near, max(k for k in NEAREST if k <= width), comparison.chance)


def counted(data: AtlasData, comparison: Comparison) -> NDArray[np.bool_]:
    """Atoms that means and rankings are over: one per site, or every atom where lists hold all; (N,) bool."""
    known = np.isfinite(of_atoms(data, comparison))
    return known if comparison.near == "all" else known & (data.of_atoms("orbit") == np.arange(data.n_atoms))


def of_structures(data: AtlasData, comparison: Comparison) -> NDArray[np.float64]:
    """Mean over each structure's counted atoms, (number of structures,); NaN where it has none."""
    chosen = np.flatnonzero(counted(data, comparison))
    return mean_of_structures(data, chosen, of_atoms(data, comparison))


def mean_of_structures(data: AtlasData, chosen: NDArray[np.intp], values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean of some atoms' values in each structure, (number of structures,); NaN where it has none of them."""
    structure = data.of_atoms("structure")[chosen]
    n = np.bincount(structure, minlength=data.n_structures)
    total = np.bincount(structure, weights=values[chosen], minlength=data.n_structures)
    return np.divide(total, n, out=np.full(data.n_structures, np.nan), where=n > 0)
