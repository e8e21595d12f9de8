"""The stage that compares models: from an atlas to a run of agreement, and into the atlas."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.anchor_counts import anchor_counts
from precompute.agreement.features import Features, features
from precompute.agreement.intervals import RESAMPLES
from precompute.agreement.metrics import METRICS, metric_of
from precompute.agreement.pairs import PERMUTATIONS, compare
from precompute.agreement.records import N_ATOMS, SPACES, AnchorCounts, K, Run, run_name
from precompute.agreement.stored import (
    ANCHOR_COUNTS,
    RUNS,
    TRANSPORT,
    read_run,
    write_anchor_counts,
    write_plan,
    write_run,
)
from precompute.agreement.transport import ElementPlan, Transport, by_element
from precompute.contracts import AtlasError
from precompute.progress import Display
from precompute.staging import Ledger, amended, restore
from precompute.store import Atlas, AtlasFile

PRETRAINED = ("pretrained", "fine-tuned")
CONTROLS = ("student", "untrained", "control")
ANCHOR_MODEL = "7net-0"


@dataclass(frozen=True)
class Settings:
    """What is to be compared, and how.

    Attributes
    ----------
    metrics : tuple of str
        Ids; all where empty.
    models : tuple of str
        Keys; all where empty. Controls, students and untrained models of the atlas join, to stand beside the others.
    atoms, level, space, k, sample, seed, select
        As in `precompute.agreement.records.Run`.
    """

    metrics: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    atoms: str = "representatives"
    level: str = "atom"
    space: str = "coordinates"
    k: int = K
    sample: int = N_ATOMS
    seed: int = 0
    select: str = ""
    resamples: int = RESAMPLES
    permutations: int = PERMUTATIONS

    @property
    def run_name(self) -> str:
        of = {"k": self.k, "sample": self.sample, "seed": self.seed}
        return run_name(self.atoms, self.level, self.space, self.select, **of)

    @property
    def has_plans(self) -> bool:
        """Whether transport plans and anchor counts belong to this run: they are kept for the default one only."""
        return self.run_name == run_name("representatives", "atom", "coordinates")


@dataclass(frozen=True, eq=False)
class Compared:
    """A run, and what goes into the atlas beside it.

    Attributes
    ----------
    run : Run
    plans : mapping of pair of model keys to the plan between them, by element
    counts : AnchorCounts, or None
        Agreement against the number of anchors.
    note : str
        What was left out besides, and why; empty where nothing was.
    """

    run: Run
    plans: Mapping[tuple[str, str], tuple[ElementPlan, Transport]] = field(default_factory=dict)
    counts: AnchorCounts | None = None
    note: str = ""


def agreement(atlas: Atlas, settings: Settings, display: Display) -> Compared:
    """Compare the models of an atlas.

    Raises
    ------
    AtlasError
        For an unknown metric, model or space, a selection that cannot be read, or too few atoms.
    """
    if settings.space not in SPACES:
        raise AtlasError(f"--space {settings.space}: expected {' or '.join(SPACES)}")
    metrics = settings.metrics or tuple(METRICS)
    for name in metrics:
        metric_of(name)
    keys = chosen_models(atlas, settings.models)
    chosen = features(
        _Read(atlas, keys, settings.space),
        structure=atlas.atoms("structure"),
        orbit=atlas.atoms("orbit"),
        numbers=atlas.atoms("atomic_number"),
        atoms=settings.atoms,
        level=settings.level,
        k=settings.k,
        sample=settings.sample,
        seed=settings.seed,
        selected=selected_atoms(atlas, settings.select),
    )
    plans: dict[tuple[str, str], tuple[ElementPlan, Transport]] = {}

    def on_transport(a: str, b: str, plan: Transport, rows: NDArray[np.intp]) -> None:
        plans[a, b] = (by_element(plan.match, chosen.numbers[rows]), plan)

    with display.stage("agreement", len(metrics), "metrics") as advance:
        run = _compare(chosen, metrics, settings, on_metric=lambda _: advance(1), on_transport=on_transport)
    if not settings.has_plans:
        return Compared(run)
    counts, note = (None, "") if settings.metrics else _anchor_counts(atlas, keys, settings, display)
    return Compared(run, plans, counts, note)


class _Read(Mapping[str, NDArray[np.floating]]):
    """Features of some models, read when asked for and not kept: of many atoms only a sample is."""

    def __init__(self, atlas: Atlas, keys: tuple[str, ...], space: str) -> None:
        self._atlas, self._keys, self._space = atlas, keys, space

    def __getitem__(self, key: str) -> NDArray[np.floating]:
        features: NDArray[np.floating] = getattr(self._atlas.model(key), self._space)
        return features

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


def _compare(chosen: Features, metrics: tuple[str, ...], settings: Settings, **callbacks: Any) -> Run:
    run = compare(
        chosen.of,
        chosen.structure,
        numbers=chosen.numbers,
        metrics=metrics,
        k=settings.k,
        seed=settings.seed,
        resamples=settings.resamples,
        permutations=settings.permutations,
        atoms=settings.atoms,
        level=settings.level,
        space=settings.space,
        sample=settings.sample,
        select=settings.select,
        n_atoms=chosen.n_atoms,
        **callbacks,
    )
    return replace(run, name=settings.run_name)


def chosen_models(atlas: Atlas, asked: Iterable[str]) -> tuple[str, ...]:
    """The models asked for and the atlas's controls, in the atlas's order; all where none is asked for.

    Raises
    ------
    AtlasError
        For a model that the atlas does not hold; names the closest.
    """
    asked = tuple(asked)
    known = atlas.model_keys
    for key in asked:
        if key not in known:
            close = get_close_matches(key, known, n=3, cutoff=0.4)
            hint = f"did you mean {' or '.join(close)}?" if close else f"it holds {', '.join(known)}"
            raise AtlasError(f"{atlas.path} holds no model {key!r}; {hint}")
    return tuple(k for k in known if not asked or k in asked or atlas.model(k).status in CONTROLS)


def selected_atoms(atlas: Atlas, text: str) -> NDArray[np.bool_] | None:
    """The atoms that a text of the page's find box asks for; None where it is empty.

    Raises
    ------
    AtlasError
        Where the text cannot be read, or finds nothing.
    """
    if not text:
        return None
    # a process of its own: the dashboard never shares one with torch or the model packages
    command = [sys.executable, "-m", "dashboard.find", str(atlas.path), "--", text]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise AtlasError(f"--select {text!r}: {lines[-1].removeprefix('error: ') if lines else 'the search failed'}")
    mask = np.zeros(atlas.n_atoms, np.bool_)
    mask[json.loads(done.stdout)["atoms"]] = True
    if not mask.any():
        raise AtlasError(f"--select {text!r}: no atoms of {atlas.path} are meant")
    return mask


def _anchor_counts(
    atlas: Atlas, keys: tuple[str, ...], settings: Settings, display: Display
) -> tuple[AnchorCounts | None, str]:
    """How many anchors are enough, for the pretrained models; or why that cannot be said here."""
    models = [k for k in keys if atlas.model(k).status in PRETRAINED]
    embeddings = {k: atlas.model(k).embeddings for k in models}
    orbit = atlas.atoms("orbit")
    made = Ledger(atlas.file).entries.get("anchors", {})
    usable = orbit == np.arange(len(orbit))
    for x in embeddings.values():
        usable &= np.isfinite(x).all(axis=1)
    rows = np.flatnonzero(usable)
    own = np.flatnonzero(np.isin(rows, atlas.file.read("anchors/index")))
    wanted = (atlas.anchors.model, ANCHOR_MODEL, *models)
    try:
        if len(models) < 2:
            raise AtlasError("it is found on pretrained models, of which two are needed")
        with display.stage("numbers of anchors") as _:
            counts = anchor_counts(
                {k: x[rows] for k, x in embeddings.items()},
                {k: atlas.model(k).coordinates[rows] for k in models},
                chosen_on=next(k for k in wanted if k in models),
                own_anchors=own,
                measure=made.get("measure", "cosine"),
                centre=made.get("centre", False),
                k=settings.k,
                seed=settings.seed,
            )
    except AtlasError as error:
        return None, f"agreement against the number of anchors was left out: {error}"
    return counts, ""


# ---- into the atlas


def store(atlas: Atlas, settings: Settings, compared: Compared) -> None:
    """Put a run into its atlas. Metrics join those of a run of the same settings; a run is replaced by a fuller one.

    What the atlas holds is read under the lock that it is written under, so that of runs made at the same time none is
    lost.

    Raises
    ------
    AtlasError
        Where the atlas cannot be written; its models changed while they were compared; or it holds a run of that name
        over models or metrics that would be lost.
    """
    entry = provenance(atlas, settings, compared.run.models)
    with amended(atlas.path) as file:
        ledger = Ledger(file)
        if {key: _made(ledger, settings.space, key) for key in compared.run.models} != entry["models"]:
            raise AtlasError(f"the models in {atlas.path} changed while they were compared; run this again")
        run, joined = _joined(file, ledger, compared.run, entry)
        entry["metrics"] = list(run.scores)
        with ledger.stage(f"agreement/{run.name}", entry):
            write_run(file, run)
            if settings.has_plans and not joined:
                for beside in (TRANSPORT, ANCHOR_COUNTS):
                    file.delete(beside)
            if compared.plans:
                file.delete(TRANSPORT)
                for (a, b), (plan, whole) in compared.plans.items():
                    write_plan(file, a, b, plan, whole)
            if compared.counts is not None:
                write_anchor_counts(file, compared.counts)


def _joined(file: AtlasFile, ledger: Ledger, run: Run, entry: Mapping[str, Any]) -> tuple[Run, bool]:
    """The run with the metrics that the file has of the same settings, and whether it has such a run."""
    if not file.has(f"{RUNS}/{run.name}"):
        return run, False
    old, made = read_run(file, run.name), ledger.entries.get(f"agreement/{run.name}", {})
    if _without_metrics(made) == _without_metrics(entry):
        scores = {**old.scores, **run.scores}
        return replace(run, scores={m: scores[m] for m in METRICS if m in scores}), True
    held = set(file.names("models", "groups"))
    lost = [m for m in old.models if m in held and m not in run.models]
    if lost:
        raise AtlasError(f"it holds the run {run.name!r} over more models ({', '.join(lost)}), which is kept")
    is_current = bool(made) and all(_made(ledger, run.space, key) == of for key, of in made["models"].items())
    lost = [m for m in old.scores if m not in run.scores]
    if is_current and lost:
        raise AtlasError(
            f"it holds the run {run.name!r} with {old.resamples} resamples, {old.permutations} permutations and more "
            f"metrics ({', '.join(lost)}), which is kept; ask for the same, or for all metrics to replace it"
        )
    return run, False


def _made(ledger: Ledger, space: str, key: str) -> dict[str, Any] | None:
    """Of what the features of a model were made."""
    return ledger.entries.get(f"{'coordinates' if space == 'coordinates' else 'embeddings'}/{key}")


def provenance(atlas: Atlas, settings: Settings, models: Iterable[str]) -> dict[str, Any]:
    """What decides a run, for the ledger: the settings, and of what each model's coordinates were made."""
    ledger = Ledger(atlas.file)
    plain = json.loads(json.dumps(asdict(settings)))
    return {
        **plain,
        "metrics": list(settings.metrics or METRICS),
        "models": {key: _made(ledger, settings.space, key) for key in models},
    }


def is_stored(atlas: Atlas, settings: Settings) -> bool:
    """Whether the atlas holds this run of its present models, anchors and settings."""
    wanted = provenance(atlas, settings, chosen_models(atlas, settings.models))
    return Ledger(atlas.file).entries.get(f"agreement/{settings.run_name}") == wanted


def forget_stale(file: AtlasFile, ledger: Ledger) -> None:
    """Take runs out of an atlas that is being made whose models have changed since."""
    held = {name for name in ledger.entries if name.startswith("agreement/")}
    for name in sorted(held):
        entry = ledger.entries[name]
        if all(_made(ledger, entry["space"], key) == made for key, made in entry["models"].items()):
            continue
        ledger.forget(name)
        file.delete(f"{RUNS}/{name.removeprefix('agreement/')}")
        if name == f"agreement/{Settings().run_name}":
            for beside in (TRANSPORT, ANCHOR_COUNTS):
                file.delete(beside)


def _without_metrics(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in entry.items() if k != "metrics"}


def keep(atlas_path: Path, settings: Settings, display: Display) -> None:
    """Make sure that an atlas holds a run, computing it where it does not."""
    restore(atlas_path)
    atlas = Atlas(atlas_path)
    if not is_stored(atlas, settings):
        store(atlas, settings, agreement(atlas, settings, display))
