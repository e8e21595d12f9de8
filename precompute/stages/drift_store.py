"""Series of checkpoints in an atlas: put there, kept, brought up to date when the atlas is built again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from precompute.contracts import AtlasError
from precompute.drift import movement
from precompute.drift.grouped import Grouped, grouped
from precompute.drift.placing import placing
from precompute.drift.records import Series
from precompute.drift.stored import DRIFT, read_series, series_attrs, series_names, write_series
from precompute.elements import table
from precompute.plan import identity, short
from precompute.progress import Display
from precompute.stages.checkpoints import Followed
from precompute.stages.drift import MAP, Drifted, Settings, drift_all
from precompute.staging import Ledger, amended, restore
from precompute.store import Atlas, AtlasFile


def provenance(atlas: Atlas | AtlasFile, followed: Followed, settings: Settings) -> dict[str, Any]:
    """What decides a series, for the ledger: the settings, the models, and what the atlas holds."""
    file = atlas.file if isinstance(atlas, Atlas) else atlas
    models = (followed.base, *followed.checkpoints, *followed.siblings.values())
    return {
        "settings": asdict(settings),
        "kind": followed.kind,
        "experiment": followed.experiment,
        "models": [
            {"name": c.name, "step": c.step, "sha256": c.sha256, "model": short(identity(c.spec))} for c in models
        ],
        "siblings": list(followed.siblings),
        **_held(Ledger(file), followed.base.spec.key),
    }


def _held(ledger: Ledger, base: str) -> dict[str, Any]:
    entries = ledger.entries
    names = {"structures": "structures", "anchors": "anchors", "base": f"coordinates/{base}", "maps": "maps"}
    return {what: short(entries[name]) if name in entries else None for what, name in names.items()}


def is_stored(atlas: Atlas, followed: Followed, settings: Settings) -> bool:
    """Whether the atlas holds this series of its present structures, anchors and base."""
    held = Ledger(atlas.file).entries.get(f"{DRIFT}/{followed.name}")
    return held == provenance(atlas, followed, settings)


def stored(atlas: Atlas, followed: Followed) -> Series:
    """The series as the atlas holds it."""
    return read_series(atlas.file, followed.name)


def grouped_of(atlas: Atlas, series: Series) -> Grouped:
    """A series of the atlas by element group, orbit and structure."""
    numbers, structure, orbit = (atlas.atoms(n)[series.atom] for n in ("atomic_number", "structure", "orbit"))
    seed = int(series.record["structures"]["seed"])
    return grouped(series, table()["category"][numbers - 1], structure, orbit, seed=seed)


def refuse_collision(atlas: Atlas, followed: Followed) -> None:
    """Refuse to replace a series of another experiment that happens to have the same name.

    Raises
    ------
    AtlasError
    """
    if followed.name not in series_names(atlas.file):
        return
    held = series_attrs(atlas.file, followed.name)
    names = ("kind", "experiment", "base")
    mine = (followed.kind, followed.experiment, followed.base.spec.key)
    if tuple(held[n] for n in names) != mine:
        raise AtlasError(
            f"{atlas.path} holds another series {followed.name!r} ({held['title']}); name this one with --name"
        )


def store(atlas: Atlas, followed: Followed, settings: Settings, drifted: Drifted) -> None:
    """Put a series into its atlas, in place of one of the same name.

    Raises
    ------
    AtlasError
        Where the atlas cannot be written, or changed meanwhile.
    """
    store_all(atlas, [followed], settings, [drifted])


def store_all(atlas: Atlas, asked: Sequence[Followed], settings: Settings, drifted: Sequence[Drifted]) -> None:
    """`store` several series, all or none."""
    with amended(atlas.path) as file:
        ledger = Ledger(file)
        for followed, made in zip(asked, drifted, strict=True):
            entry = provenance(atlas, followed, settings)
            if provenance(file, followed, settings) != entry:
                raise AtlasError(f"{atlas.path} changed while the checkpoints were followed; run this again")
            with ledger.stage(f"{DRIFT}/{made.series.name}", entry):
                _write(file, made)


def _write(file: AtlasFile, drifted: Drifted) -> None:
    write_series(file, drifted.series)
    base = f"{DRIFT}/{drifted.series.name}/embeddings"
    file.require_group(base)
    for i, attrs in enumerate(drifted.models):
        file.require_group(f"{base}/{i}", attrs)
        file.write(f"{base}/{i}/atoms", drifted.atoms[i], ["drift_atom", "feature"], {"unit": "arbitrary"})
        file.write(f"{base}/{i}/anchors", drifted.anchors[i], ["anchor", "feature"], {"unit": "arbitrary"})


def keep(atlas_path: Path, asked: Sequence[Followed], settings: Settings, display: Display) -> None:
    """Make sure that an atlas holds some series, computing those that it does not hold."""
    restore(atlas_path)
    atlas = Atlas(atlas_path)
    missing = [f for f in asked if not is_stored(atlas, f, settings)]
    for followed in missing:
        refuse_collision(atlas, followed)
    if missing:
        store_all(atlas, missing, settings, drift_all(atlas, missing, settings, display))


def forget_stale(file: AtlasFile, ledger: Ledger) -> None:
    """Bring series up to date in an atlas that is being made.

    One whose structures, anchors or base have changed is taken out; where only the map was drawn anew, atoms are placed
    on it from the stored features.
    """
    for name in series_names(file):
        stage = f"{DRIFT}/{name}"
        entry = ledger.entries.get(stage, {})
        now = _held(ledger, str(series_attrs(file, name)["base"]))
        changed = {what for what, of in now.items() if entry.get(what) != of}
        if changed - {"maps"}:
            ledger.forget(stage)
            file.delete(f"{DRIFT}/{name}")
        elif changed:
            with ledger.stage(stage, {**entry, **now}):
                _place_again(file, name)


def _place_again(file: AtlasFile, name: str) -> None:
    keys = [k for k in file.names("models", "groups") if file.has(f"models/{k}/maps/{MAP}")]
    fitted = [k for k in keys if k in file.attrs(f"models/{keys[0]}/maps/{MAP}")["fitted_on"]] or keys
    place = placing(
        [file.read(f"models/{k}/coordinates") for k in fitted], [file.read(f"models/{k}/maps/{MAP}") for k in fitted]
    )
    base = f"{DRIFT}/{name}"
    steps = range(len(file.read(f"{base}/step")))
    atoms = [file.read(f"{base}/embeddings/{i}/atoms") for i in steps]
    anchors = [file.read(f"{base}/embeddings/{i}/anchors") for i in steps]
    for array, of_anchors in (("position", anchors), ("position_frozen", [anchors[0]] * len(atoms))):
        make = movement.reembedded if array == "position" else movement.frozen
        placed = np.stack([place(make(x, a)) for x, a in zip(atoms, of_anchors, strict=True)])
        file.write(f"{base}/{array}", placed.astype(np.float32), file.dims(f"{base}/{array}"), {"unit": "1"})
