"""The stage that follows checkpoints: from an atlas and a series of them to what moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError, Structure
from precompute.drift.making import About, Measured, Seen, make_series
from precompute.drift.placing import placing
from precompute.drift.records import K, Series
from precompute.progress import Display
from precompute.stages.checkpoints import Checkpoint, Followed
from precompute.stages.following import Given, follow
from precompute.staging import Ledger
from precompute.store import Atlas
from precompute.structures.portable import digest

MAP = "pca-2d"
PER_ELEMENT = 3  # structures of each element that a sample holds where it can


@dataclass(frozen=True)
class Settings:
    """On what a series is measured.

    Attributes
    ----------
    structures : int
        How many to sample; 0 for all of the atlas.
    seed : int
        Of the sample and of the intervals.
    outputs : bool
        Whether energies and forces are predicted too.
    k : int
        Neighbours for retention.
    """

    structures: int = 0
    seed: int = 0
    outputs: bool = True
    k: int = K


@dataclass(frozen=True, eq=False)
class Drifted:
    """A series, and the features that it was measured on: of the base, then of each checkpoint.

    Attributes
    ----------
    series : Series
    models : tuple of mapping
        What is recorded of each.
    atoms : tuple of (n, d) float32
    anchors : tuple of (K, d) float32
    """

    series: Series
    models: tuple[dict[str, Any], ...]
    atoms: tuple[NDArray[np.float32], ...]
    anchors: tuple[NDArray[np.float32], ...]


@dataclass(frozen=True, eq=False)
class _Ground:
    """What series of one atlas are measured on."""

    atlas: Atlas
    settings: Settings
    place: Callable[[NDArray[np.floating]], NDArray[np.float64]]
    measured: Measured
    structures: list[Structure]
    chosen: int
    anchor_rows: NDArray[np.intp]


def drift(atlas: Atlas, followed: Followed, settings: Settings, display: Display) -> Drifted:
    """Embed an atlas's atoms and anchors with every checkpoint, and measure what moved.

    Raises
    ------
    AtlasError
        For an atlas of other coordinates than cosines, a base whose weights are not those that the atlas holds, a
        checkpoint that cannot be used, or a sample too small for the elements.
    """
    return drift_all(atlas, (followed,), settings, display)[0]


def drift_all(atlas: Atlas, asked: Sequence[Followed], settings: Settings, display: Display) -> list[Drifted]:
    """`drift` of several series at once; a checkpoint that several have, as their base, is run once."""
    place = _placing(atlas)
    chosen = sample(atlas, settings.structures, settings.seed)
    structures, anchor_rows = _with_anchors(atlas, [atlas.structure(int(i)) for i in chosen])
    ground = _Ground(atlas, settings, place, _measured(atlas, chosen), structures, len(chosen), anchor_rows)
    asked = [replace(f, base=_expected(atlas, f.base)) for f in asked]
    needed = {_identity(c): c for f in asked for c in (f.base, *f.checkpoints, *f.siblings.values())}
    # from random weights, as students are trained, a change of output says nothing
    wanted = len(chosen) if settings.outputs and any(f.kind != "training" for f in asked) else 0
    found = dict(zip(needed, follow(tuple(needed.values()), structures, wanted, display), strict=True))
    with display.stage("measuring drift", sum(len(f.checkpoints) for f in asked), "checkpoints") as advance:
        return [_measure(ground, f, found, advance) for f in asked]


def _identity(checkpoint: Checkpoint) -> tuple[str, str, str]:
    return checkpoint.spec.key, checkpoint.spec.path or "", checkpoint.sha256


def _measure(
    ground: _Ground, followed: Followed, found: Mapping[tuple[str, str, str], Given], advance: Callable[[int], None]
) -> Drifted:
    checkpoints = (followed.base, *followed.checkpoints, *followed.siblings.values())
    given = [found[_identity(c)] for c in checkpoints]
    _check_widths(checkpoints, given)
    n, t = len(ground.measured.atom), 1 + len(followed.checkpoints)
    outputs = followed.kind != "training"
    seen = [
        Seen(
            c.name,
            c.step,
            g.embeddings[:n],
            g.embeddings[ground.anchor_rows],
            g.energy if outputs else None,
            g.forces if outputs else None,
        )
        for c, g in zip(checkpoints, given, strict=True)
    ]
    series = make_series(
        About(
            name=followed.name,
            title=followed.title,
            kind=followed.kind,
            base=followed.base.spec.key,
            family=followed.base.spec.family,
            experiment=followed.experiment,
            strategy=followed.strategy,
            seed=followed.seed,
            trained_on=followed.trained_on,
            step_unit=followed.step_unit,
            record=_record(ground, followed, checkpoints[:t], given[:t]),
        ),
        ground.measured,
        seen[0],
        seen[1:t],
        ground.place,
        siblings=seen[t:],
        k=ground.settings.k,
        seed=ground.settings.seed,
        on_checkpoint=lambda _: advance(1),
    )
    return Drifted(
        series,
        tuple(_model_attrs(c, g, followed.base) for c, g in zip(checkpoints[:t], given[:t], strict=True)),
        tuple(np.asarray(s.embeddings, np.float32) for s in seen[:t]),
        tuple(np.asarray(s.anchors, np.float32) for s in seen[:t]),
    )


def sample(atlas: Atlas, count: int, seed: int) -> NDArray[np.intp]:
    """Indices of the structures to measure on, ascending: `count` of them, or all for 0.

    The structures are shuffled once; of the shuffled list each element, rarest first, gets its first structures until
    it has three (or all it has, or the sample is full), then the list is taken from its start. So every element is
    there, and rare elements weigh more than in the whole atlas.

    Raises
    ------
    AtlasError
        Where `count` structures cannot hold every element.
    """
    total = atlas.n_structures
    if not 0 < count < total:
        return np.arange(total)
    of, numbers = atlas.atoms("structure"), atlas.atoms("atomic_number")
    pairs = np.unique(np.stack([of, numbers]), axis=1)
    order = np.random.default_rng(seed).permutation(total)
    rank = np.empty(total, np.intp)
    rank[order] = np.arange(total)
    holding = {z: sorted(pairs[0][pairs[1] == z], key=rank.__getitem__) for z in np.unique(numbers).tolist()}
    taken = np.zeros(total, np.bool_)
    for wanted in range(1, PER_ELEMENT + 1):
        for z in sorted(holding, key=lambda z: (len(holding[z]), z)):
            missing = wanted - int(taken[holding[z]].sum())
            if missing > 0 and taken.sum() < count:
                taken[[i for i in holding[z] if not taken[i]][:missing]] = True
        if wanted == 1 and not all(taken[of_element].any() for of_element in holding.values()):
            raise AtlasError(f"--structures {count}: too few to hold each of the {len(holding)} elements; ask for more")
    taken[[i for i in order if not taken[i]][: max(0, count - int(taken.sum()))]] = True
    return np.flatnonzero(taken)


def _placing(atlas: Atlas) -> Callable[[NDArray[np.floating]], NDArray[np.float64]]:
    made = Ledger(atlas.file).entries.get("anchors", {})
    measure, centred = made.get("measure", "cosine"), made.get("centre", False)
    if measure != "cosine" or centred:
        what = f"{measure}{', centred' if centred else ''}"
        raise AtlasError(f"{atlas.path} has coordinates of another kind ({what}); drift is defined by cosines")
    views = [atlas.model(key) for key in atlas.model_keys]
    if any(MAP not in v.map_names for v in views):
        raise AtlasError(
            f"{atlas.path} has no map {MAP}, on which checkpoints are placed; it needs two anchors or more"
        )
    fitted = set(views[0].map_quality(MAP)["fitted_on"])
    fitted_views = [v for v in views if v.key in fitted] or views
    return placing([v.coordinates for v in fitted_views], [v.map(MAP).xy for v in fitted_views])


def _expected(atlas: Atlas, base: Checkpoint) -> Checkpoint:
    """The base with the hash that the atlas has of it; a base need not be in the atlas, but must not differ from it."""
    key = base.spec.key
    if key not in atlas.model_keys:
        return base
    held = atlas.model(key).attrs["provenance"].get("sha256") or ""
    if base.sha256 and held and base.sha256 != held:
        raise AtlasError(
            f"the run began from {key} with SHA-256 {base.sha256[:16]}..., and {atlas.path} holds {key} with "
            f"{held[:16]}...: they are not the same model"
        )
    return replace(base, sha256=base.sha256 or held)


def _with_anchors(atlas: Atlas, structures: list[Structure]) -> tuple[list[Structure], NDArray[np.intp]]:
    """The structures, then those of the anchors that are not among them; and the atom of each anchor, counted so."""
    anchors = atlas.anchors
    together = list(structures)
    where = {digest(s): i for i, s in reversed(list(enumerate(structures)))}
    for s in anchors.structures:
        if digest(s) not in where:
            where[digest(s)] = len(together)
            together.append(s)
    first = np.cumsum([0, *(len(s) for s in together)])
    of = [where[digest(s)] for s in anchors.structures]
    pairs = zip(anchors.structure.tolist(), anchors.atom.tolist(), strict=True)
    return together, np.array([first[of[s]] + a for s, a in pairs], np.intp)


def _measured(atlas: Atlas, chosen: NDArray[np.intp]) -> Measured:
    structure = atlas.atoms("structure")
    atom = np.flatnonzero(np.isin(structure, chosen))
    return Measured(
        atom=atom.astype(np.int32),
        structure=structure[atom],
        orbit=atlas.atoms("orbit")[atom],
        numbers=atlas.atoms("atomic_number")[atom],
    )


def _check_widths(checkpoints: Sequence[Checkpoint], given: Sequence[Given]) -> None:
    """A later checkpoint of the base has the base's architecture; a published model may have another."""
    width = given[0].embeddings.shape[1]
    for c, g in zip(checkpoints[1:], given[1:], strict=True):
        if c.spec.path and g.embeddings.shape[1] != width:
            raise AtlasError(
                f"{c.spec.path} has features {g.embeddings.shape[1]} wide, and its base {checkpoints[0].spec.key} has "
                f"{width}: expected a later checkpoint of the same architecture"
            )


def _record(
    ground: _Ground, followed: Followed, checkpoints: Sequence[Checkpoint], given: Sequence[Given]
) -> dict[str, Any]:
    atlas = ground.atlas
    notes = [f"{c.name}: {g.unpredicted}" for c, g in zip(checkpoints, given, strict=True) if g.unpredicted]
    base = checkpoints[0].spec.key
    if base not in atlas.model_keys:
        notes.append(f"the base {base} is not among the atlas's models")
    return {
        "checkpoints": [
            {
                "name": c.name,
                "step": c.step,
                "key": c.spec.key,
                "file": Path(c.spec.path).name if c.spec.path else None,
                "sha256": g.provenance["sha256"],
                "status": c.spec.status,
                "training_data": c.spec.training_data,
                "level_of_theory": c.spec.level_of_theory,
                "licence": c.spec.licence,
                "refused": len(g.refused),
                **c.known,
            }
            for c, g in zip(checkpoints, given, strict=True)
        ],
        "structures": {"sampled": ground.chosen, "of": atlas.n_structures, "seed": ground.settings.seed},
        "atlas": atlas.title,
        "anchor_set": atlas.anchors.name,
        "run": dict(followed.run),
        "notes": notes,
        "versions": dict(given[0].provenance["versions"]),
    }


def _model_attrs(checkpoint: Checkpoint, given: Given, base: Checkpoint) -> dict[str, Any]:
    spec = checkpoint.spec
    return {
        "key": spec.key,
        "name": checkpoint.name,
        "family": spec.family,
        "status": spec.status,
        "parent": spec.parent,
        "base": base.spec.key,
        "step": checkpoint.step,
        "sha256": given.provenance["sha256"],
        "refused": [asdict(r) for r in given.refused],
        "provenance": dict(given.provenance),
    }
