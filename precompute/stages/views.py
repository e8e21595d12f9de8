"""The stages that rest on coordinates: neighbours, maps, and whether chemistry is in the space."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from precompute import maps, writing
from precompute.contracts import AtlasError, Map
from precompute.diagnostics.purity import NEIGHBOURS, purity, sample_atoms
from precompute.neighbours import N_NEIGHBOURS, nearest
from precompute.plan import short
from precompute.stages.shared_space import pooled
from precompute.stages.work import Work
from precompute.store import NEIGHBOUR_KINDS

MIN_UMAP_ATOMS = 20
MIN_SHARE = 0.5


def list_neighbours(work: Work, keys: Sequence[str]) -> None:
    """List the nearest neighbours of every atom in every model."""
    for key in keys:
        settings = {"coordinates": short(work.ledger.entries[f"coordinates/{key}"]), "k": N_NEIGHBOURS}
        if work.ledger.holds(f"neighbours/{key}", settings):
            continue
        x = work.file.read(f"models/{key}/coordinates")
        total = len(x) * len(NEIGHBOUR_KINDS)
        with (
            work.display.stage(f"neighbours {key}", total, "atoms") as advance,
            work.ledger.stage(f"neighbours/{key}", settings),
        ):
            for kind in NEIGHBOUR_KINDS:
                found = nearest(x, orbit=work.orbit, kind=kind, labels=work.numbers, on_rows=advance)
                writing.write_neighbours(work.file, key, kind, found.index, found.similarity)


def _after(work: Work, keys: Sequence[str]) -> dict[str, Any]:
    """Settings of a stage that rests on the coordinates of all models."""
    return {"coordinates": {k: short(work.ledger.entries[f"coordinates/{k}"]) for k in keys}}


def draw_maps(work: Work, keys: Sequence[str]) -> None:
    """Draw all maps anew where the set of models has changed: their axes are pooled over models."""
    settings = {**_after(work, keys), "seed": work.request.seed, "umap": work.request.umap}
    if work.ledger.holds("maps", settings):
        return
    with work.display.stage("maps"), work.ledger.stage("maps", settings):
        for key in keys:
            work.file.delete(f"models/{key}/maps")
        for key, name, map_ in _all_maps(work, keys):
            writing.write_map(work.file, key, name, map_)


def _all_maps(work: Work, keys: Sequence[str]) -> Iterator[tuple[str, str, Map]]:
    x = {k: work.file.read(f"models/{k}/coordinates") for k in keys}
    trained = pooled(work, keys)
    representative = work.orbit == np.arange(len(work.orbit))
    knows = {k: np.isfinite(x[k]).all(axis=1) & representative for k in trained}
    for key in [k for k in trained if knows[k].sum() < MIN_SHARE * representative.sum()]:
        if len(trained) > 1:
            trained.remove(key)
            work.display.say(f"maps: {key} refused most atoms, so it is placed on the common axes but sets none")
    rows = np.flatnonzero(np.logical_and.reduce([knows[k] for k in trained]))
    if len(rows) < 3:
        raise AtlasError(f"maps need 3 symmetry-distinct atoms that all models know; there are {len(rows)}")
    for key, named in maps.pca_maps(x, trained, rows).items():
        for name, map_ in named.items():
            yield key, name, map_
    for key in keys:
        for name, map_ in maps.raw_maps(work.file.read(f"models/{key}/embeddings"), rows).items():
            yield key, name, map_
    if not work.request.umap:
        return
    if len(rows) < MIN_UMAP_ATOMS:
        work.display.say(f"no UMAP: it needs {MIN_UMAP_ATOMS} symmetry-distinct atoms, there are {len(rows)}")
        return
    rng = np.random.default_rng(work.request.seed)
    fitted = rows[maps.balanced_rows(work.category[rows], maps.MAX_UMAP_ROWS // len(trained), rng)]
    placed = maps.umap_maps(x, trained, fitted, seed=work.request.seed)
    for key, by_dims in placed.items():
        for dims, xy in by_dims.items():
            quality = {
                "method": "umap",
                "k": x[key].shape[1],
                "dimensions": dims,
                "fitted_on": trained,
                "fitted_atoms": len(fitted),
                "n_atoms": int(np.isfinite(xy).all(axis=1).sum()),
                "seed": work.request.seed,
                **maps.trustworthiness(x[key], xy, np.random.default_rng(work.request.seed)),
            }
            yield key, f"umap-{dims}d", Map(xy, quality)


def score_chemistry(work: Work, keys: Sequence[str]) -> None:
    """Score whether element categories lie together, for all models on the same atoms."""
    settings = {**_after(work, keys), "seed": work.request.seed}
    if work.ledger.holds("diagnostics/purity", settings):
        return
    x = {k: work.file.read(f"models/{k}/coordinates") for k in keys}
    rows = sample_atoms(x, work.orbit, work.request.seed)
    if len(rows) <= NEIGHBOURS:
        work.file.delete("diagnostics/purity")
        work.ledger.forget("diagnostics/purity")
        work.display.say(f"chemistry in the space: not scored, all models share only {len(rows)} atoms")
        return
    structure = work.file.read("atoms/structure")[rows]
    with work.display.stage("chemistry in the space"), work.ledger.stage("diagnostics/purity", settings):
        columns: dict[str, list[Any]] = {"model": list(keys)}
        for name, other in (("other_elements", True), ("plain", False)):
            scores = [
                purity(
                    x[k][rows], work.category[rows], work.numbers[rows], structure,
                    other_elements=other, seed=work.request.seed,
                )
                for k in keys
            ]  # fmt: skip
            for part in ("value", "low", "high", "permuted"):
                columns[f"{name}_{part}"] = [getattr(s, part) for s in scores]
        attrs = {"atoms": len(rows), "structures": len(np.unique(structure)), "neighbours": NEIGHBOURS}
        arrays = {name: np.array(values) for name, values in columns.items()}
        writing.write_table(work.file, "diagnostics/purity", arrays, "model", attrs)
