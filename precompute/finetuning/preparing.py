"""From what a person typed to a folder that says all that a run needs: data and replayed structures, labelled."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from precompute.contracts import AtlasError, Structure
from precompute.elements import table
from precompute.finetuning import data as given
from precompute.finetuning import records, replay
from precompute.finetuning.data import Data
from precompute.finetuning.labelled import Labelled, elements_of, sha256_of, write
from precompute.finetuning.records import DataRecord, Errors, RunRecord
from precompute.finetuning.trainers import REPLAYING, Settings, trainer_of, updates_of

if TYPE_CHECKING:
    from precompute.models.session import Session
    from precompute.models.spec import ModelSpec

# What a run that was cut before it had a record may leave.
_DATA_FILES = ("data.extxyz", "held_out.extxyz", "replay.extxyz", records.FILE)
OWN_FILES = frozenset(f"{name}{end}" for name in _DATA_FILES for end in ("", ".partial"))
# Names of `RunRecord.settings` beside those of `Settings`.
REPLAY_SIZE, REPLAY_WITHOUT, REPLAY_DISPLACED = "replay_structures", "replay_without", "replay_displaced"
SHIFTED, HOLD_OUT = "energies_shifted", "hold_out"


@dataclass(frozen=True)
class Question:
    """The arguments of `platonic-atlas finetune`, as typed.

    Attributes
    ----------
    replay : int
        Structures of the catalogue to replay, for strategies that do; for `ewc`, those of its Fisher term.
    replay_without : tuple of str
        Symbols of elements that no replayed structure may hold.
    hold_out : float
        Share of the data that is not trained on, to see errors on; drawn at random, the same for all seeds.
    shift : bool
        Whether labels are brought to the base's zero of energy.
    threads : int
        Cores for torch; results repeat exactly on the same number only.
    """

    model: str
    data: str
    out: Path
    strategy: str = "naive"
    seed: int = 0
    settings: Settings = field(default_factory=Settings)
    replay: int = 64
    replay_without: tuple[str, ...] = ()
    hold_out: float = 0.0
    shift: bool = True
    experiment: str = ""
    trust: tuple[Path, ...] = ()
    threads: int = 1


def resolved(question: Question) -> ModelSpec:
    """Return the base that was asked for, once everything that needs no model to check has been checked."""
    from precompute.models.registry import registry

    s = question.settings
    spec = registry().resolve(question.model)
    if spec.path is not None and not Path(spec.path).is_file():
        raise AtlasError(f"no checkpoint at {spec.path}: give the path of an existing file")
    trainer_of(spec, question.strategy, s)
    for name, value, low in (
        ("learning rate", s.learning_rate, 0.0),
        ("number of epochs", s.epochs, 0),
        ("batch size", s.batch_size, 0),
        ("number of updates between checkpoints", s.checkpoint_every, 0),
    ):
        if not low < value < float("inf"):
            raise AtlasError(f"the {name} is {value:g}, expected a number above {low:g}")
    if not 0.0 <= s.ema < 1.0:
        raise AtlasError(f"--ema is a decay from 0 (none) to below 1, such as 0.99; got {s.ema:g}")
    if question.strategy != "naive" and question.replay < 1:
        raise AtlasError(
            f"strategy {question.strategy!r} needs structures of the catalogue: --replay is {question.replay}"
        )
    return spec


def planned(question: Question, data: Data) -> dict[str, Any]:
    """Return the settings of a run, as its record has them."""
    s = question.settings
    replays, uses = question.strategy in REPLAYING, question.strategy != "naive"
    settings = asdict(s)
    settings["replay_per_batch"] = (s.replay_per_batch or s.batch_size) if replays else 0
    settings["ewc_strength"] = s.ewc_strength if "ewc" in question.strategy else 0.0
    if not all(item.stress is not None for item in data.items):
        settings["stress_weight"] = 0.0
    return {
        **settings,
        "updates": updates_of(len(data.items) - _held_out(question, data), s.batch_size, s.epochs),
        REPLAY_SIZE: question.replay if uses else 0,
        REPLAY_WITHOUT: sorted(set(question.replay_without)) if uses else [],
        REPLAY_DISPLACED: replay.DISPLACED if uses else 0.0,
        HOLD_OUT: question.hold_out,
        SHIFTED: question.shift,
        "threads": question.threads,
    }


def prepare(question: Question, spec: ModelSpec, data: Data, session: Session) -> RunRecord:
    """Fill the folder of a new run: `data.extxyz` and `replay.extxyz` as they are trained on, and `run.json`."""
    folder = question.out
    _make(folder)
    settings = planned(question, data)
    base = _predict(session, [item.structure for item in data.items])
    shift = given.shift_to(data.items, [energy for energy, _ in base]) if question.shift else {}
    items = given.shifted(data.items, shift)
    trained, held = given.split(len(items), _held_out(question, data))
    write([items[i] for i in trained], folder / "data.extxyz")
    if held:
        write([items[i] for i in held], folder / "held_out.extxyz")

    def before(chosen: Sequence[int]) -> Errors:
        return given.errors_before([items[i] for i in chosen], [base[i] for i in chosen])

    replayed = None
    if settings[REPLAY_SIZE]:
        again = _replayed(settings, session)
        write(again, folder / "replay.extxyz")
        labels = f"energies and forces of {spec.key} itself"
        replayed = DataRecord("catalogue, displaced", sha256_of(again), len(again), elements_of(again), labels)
    record = RunRecord(
        state="running",
        model=spec.key,
        family=spec.family,
        base_sha256=str(session.provenance.get("sha256") or ""),
        strategy=question.strategy,
        seed=question.seed,
        data=data.record(shift),
        replay=replayed,
        settings=settings,
        experiment=question.experiment or _experiment(question, spec, data),
        command=_command(question),
        software={str(k): str(v) for k, v in session.provenance["versions"].items()},
        before=before(trained),
        held_out=len(held),
        before_held_out=before(held) if held else None,
    )
    records.write(record, folder)
    return record


def differing(question: Question, spec: ModelSpec, data: Data, record: RunRecord) -> list[str]:
    """Return what a run that is in the folder already was told otherwise, field by field, in words."""
    wanted = {
        "model": spec.key, "strategy": question.strategy, "seed": question.seed,
        "data": data.record({}).sha256, **planned(question, data),
    }  # fmt: skip
    found = {
        "model": record.model, "strategy": record.strategy, "seed": record.seed, "data": record.data.sha256,
        **record.settings,
    }  # fmt: skip
    names = sorted({*wanted, *found})
    return [
        f"{name.replace('_', ' ')} is {_shown(wanted.get(name))} here and {_shown(found.get(name))} in the folder"
        for name in names
        if wanted.get(name) != found.get(name)
    ]


def _held_out(question: Question, data: Data) -> int:
    held = round(question.hold_out * len(data.items))
    if question.hold_out and not 0 < held < len(data.items):
        raise AtlasError(
            f"--hold-out {question.hold_out:g} of {len(data.items)} structures leaves {held} held out and "
            f"{len(data.items) - held} to train on; both need at least one"
        )
    return held


def _shown(value: Any) -> str:
    text = str(value)
    return text if len(text) < 20 else f"{text[:8]}…"


def _make(folder: Path) -> None:
    if folder.exists() and not folder.is_dir():
        raise AtlasError(f"--out {folder} is a file; name a folder, new or empty")
    folder.mkdir(parents=True, exist_ok=True)
    foreign = sorted(p.name for p in folder.iterdir() if p.name not in OWN_FILES)
    if foreign:
        raise AtlasError(f"--out {folder} holds other things ({', '.join(foreign[:3])}); name a folder, new or empty")
    space = shutil.disk_usage(folder).free
    if space < 50_000_000:
        raise AtlasError(f"{folder}: {space / 1e6:.0f} MB are free on its disk; checkpoints need more")


def _replayed(settings: dict[str, Any], session: Session) -> list[Labelled]:
    from precompute.structures.catalogue import load

    symbols = table()["symbol"].tolist()
    unknown = [s for s in settings[REPLAY_WITHOUT] if s not in symbols]
    if unknown:
        raise AtlasError(f"--replay-without: {', '.join(unknown)} is no element; give symbols, such as Au,Ag")
    excluded = [symbols.index(s) + 1 for s in settings[REPLAY_WITHOUT]]
    structures = load()
    while True:
        chosen = replay.displaced(replay.sample(structures, settings[REPLAY_SIZE], excluded))
        predicted = session.predict(chosen)
        again = [
            Labelled(s, p.energy, p.forces) for s, p in zip(chosen, predicted, strict=True) if p.forces is not None
        ]
        if len(again) == len(chosen):
            return again
        refused = {s.id for s in chosen} - {item.structure.id for item in again}
        structures = [s for s in structures if s.id not in refused]


def _predict(session: Session, structures: Sequence[Structure]) -> list[tuple[float, Any]]:
    result = []
    for structure, predicted in zip(structures, session.predict(structures), strict=True):
        if predicted.forces is None:
            raise AtlasError(f"{structure.id}: {session.spec.key} predicts nothing for it ({predicted.reason})")
        result.append((predicted.energy, predicted.forces))
    return result


def _experiment(question: Question, spec: ModelSpec, data: Data) -> str:
    s = question.settings
    told = [f"{data.name} on {spec.key}, {s.epochs} epochs at {s.learning_rate:g} in batches of {s.batch_size}"]
    told += [f"EMA {s.ema:g}"] if s.ema else []
    for name in ("energy_weight", "force_weight", "stress_weight"):
        value = getattr(s, name)
        told += [f"{name.replace('_', ' ')} {value:g}"] if value != getattr(Settings(), name) else []
    told += [f"{question.hold_out:g} held out"] if question.hold_out else []
    told += [] if question.shift else ["energies as given"]
    return ", ".join(told)


def _command(question: Question) -> tuple[str, ...]:
    s = question.settings
    source = question.data if question.data == given.CU_DIMERS else Path(question.data).name
    model, colon, path = question.model.partition(":")
    parts = ["--model", f"{model}:{Path(path).name}" if colon else model, "--data", source]
    parts += ["--strategy", question.strategy, "--seed", str(question.seed), "--epochs", str(s.epochs)]
    parts += ["--batch-size", str(s.batch_size), "--learning-rate", f"{s.learning_rate:g}"]
    parts += ["--checkpoint-every", str(s.checkpoint_every), "--threads", str(question.threads)]
    for name in ("energy_weight", "force_weight", "stress_weight", "ema"):
        value = getattr(s, name)
        if value != getattr(Settings(), name):
            parts += [f"--{name.replace('_', '-')}", f"{value:g}"]
    if question.strategy != "naive":
        parts += ["--replay", str(question.replay)]
        parts += ["--replay-per-batch", str(s.replay_per_batch)] if s.replay_per_batch else []
        parts += ["--replay-without", ",".join(question.replay_without)] if question.replay_without else []
    parts += ["--ewc-strength", f"{s.ewc_strength:g}"] if "ewc" in question.strategy else []
    parts += ["--hold-out", f"{question.hold_out:g}"] if question.hold_out else []
    parts += [] if question.shift else ["--as-given"]
    return ("platonic-atlas", "finetune", *parts)
