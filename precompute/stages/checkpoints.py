"""Which checkpoints a series follows: files, keys of models, or the folder of a run, and what is known of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from precompute.contracts import AtlasError
from precompute.finetuning import records as runs
from precompute.models.errors import UnknownModel
from precompute.models.local import local_spec
from precompute.models.registry import registry
from precompute.models.spec import ModelSpec
from precompute.models.trust import sha256_of

_FILE_ENDINGS = (".pth", ".pt", ".ckpt", ".model", ".tar", ".safetensors")
# what may differ between runs that are compared as repetitions of one another
_SAME_IN_SIBLINGS = ("model", "base_sha256", "strategy", "experiment", "data", "settings")


@dataclass(frozen=True)
class Checkpoint:
    """One checkpoint of a series.

    Attributes
    ----------
    spec : ModelSpec
    name : str
        For people.
    step : float
    sha256 : str
        That the file must have; empty where only loading it tells.
    trusted : bool
        Whether it may be unpickled.
    known : mapping
        What a run wrote about it: epoch, errors.
    """

    spec: ModelSpec
    name: str
    step: float
    sha256: str = ""
    trusted: bool = False
    known: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Followed:
    """A series before anything is computed. Fields that `precompute.drift.records.Series` has too mean the same.

    Attributes
    ----------
    base : Checkpoint
    checkpoints : tuple of Checkpoint
    siblings : mapping of seed to Checkpoint
        The last checkpoints of runs that differ from this one in their seed only.
    run : mapping
        Settings, data, command and software of a run; empty for other series.
    """

    name: str
    title: str
    kind: str
    base: Checkpoint
    checkpoints: tuple[Checkpoint, ...]
    step_unit: str = "checkpoint"
    experiment: str = ""
    strategy: str = ""
    seed: int | None = None
    trained_on: tuple[int, ...] = ()
    siblings: Mapping[int, Checkpoint] = field(default_factory=dict)
    run: Mapping[str, Any] = field(default_factory=dict)


def followed(
    base: str,
    sources: Sequence[str],
    *,
    names: Sequence[str] = (),
    siblings: Sequence[Path] = (),
    name: str = "",
    trust: Sequence[Path] = (),
) -> Followed:
    """Find the checkpoints that were asked for.

    Parameters
    ----------
    base : str
        Key of the base model, or family:path of a local one.
    sources : sequence of str
        Files, keys, or one folder of a run.
    names : sequence of str
        Of the checkpoints, for people; one each.
    siblings : sequence of Path
        Folders of runs that differ from the one followed in their seed only.
    name : str
        Of the series; made of base and sources where empty.
    trust : sequence of Path
        Files, or folders of runs, whose checkpoints may be unpickled.

    Raises
    ------
    AtlasError
        For a file or model that is not there, one of another family, a changed run, or runs that do not belong
        together; names the file and says what was expected.
    """
    trusted = frozenset(p.resolve() for p in trust)
    spec = registry().resolve(base)
    own = Checkpoint(spec, spec.key, 0.0, trusted=_is_trusted(spec.path, trusted))
    if not sources:
        raise AtlasError("no checkpoints were named: give files, keys of models, or the folder of a run")
    folders = [s for s in sources if Path(s).is_dir()]
    if folders and len(sources) > 1:
        raise AtlasError(f"{folders[0]} is a folder: a run is a series by itself, so follow it alone")
    if folders:
        found = _run(own, Path(folders[0]), siblings, trusted)
    elif siblings:
        raise AtlasError("--siblings compares runs of `platonic-atlas finetune`; give the folder of one to follow")
    else:
        found = _listed(own, sources, trusted)
    return _named(found, names, name)


def _named(found: Followed, names: Sequence[str], name: str) -> Followed:
    from dataclasses import replace

    if names and len(names) != len(found.checkpoints):
        raise AtlasError(f"{len(names)} names for {len(found.checkpoints)} checkpoints; give one each")
    if names:
        renamed = zip(found.checkpoints, names, strict=True)
        found = replace(found, checkpoints=tuple(replace(c, name=n) for c, n in renamed))
    wanted = name or found.name
    if not re.fullmatch(r"[a-z0-9][a-z0-9._+-]*", wanted):
        raise AtlasError(f"--name {wanted!r}: expected lower case, digits and . _ + -")
    return replace(found, name=wanted)


# ---- files and keys


def _listed(base: Checkpoint, sources: Sequence[str], trusted: frozenset[Path]) -> Followed:
    checkpoints = []
    for step, source in enumerate(sources, start=1):
        spec = _file_spec(base.spec, source) if Path(source).is_file() else _known_spec(base.spec, source)
        sha256 = sha256_of(Path(spec.path)) if spec.path else ""
        shown = Path(spec.path).name if spec.path else spec.key
        checkpoints.append(Checkpoint(spec, shown, float(step), sha256, _is_trusted(spec.path, trusted)))
    last = checkpoints[-1].spec.key
    return Followed(
        name=f"{base.spec.key}-to-{last}",
        title=f"{base.spec.key} to {checkpoints[-1].name}",
        kind=_kind(base.spec, [c.spec for c in checkpoints]),
        base=base,
        checkpoints=tuple(checkpoints),
    )


def _kind(base: ModelSpec, specs: Sequence[ModelSpec]) -> str:
    if any(s.path is None and not _descends(s, base) for s in specs):
        return "comparison"
    return "fine-tuning" if any(s.path is not None for s in specs) else "published"


def _descends(spec: ModelSpec, base: ModelSpec) -> bool:
    """Whether a model was fine-tuned from the base, over any number of steps."""
    seen = {spec.key}
    while spec.parent is not None and spec.parent not in seen:
        if spec.parent == base.key:
            return True
        seen.add(spec.parent)
        spec = registry().resolve(spec.parent)
    return False


def _file_spec(base: ModelSpec, file: str) -> ModelSpec:
    stem = re.sub(r"[^a-z0-9._]+", "-", Path(file).stem.lower()).strip("-.") or "checkpoint"
    return local_spec(base, Path(file), f"{base.family}-{stem}")


def _known_spec(base: ModelSpec, source: str) -> ModelSpec:
    family, colon, path = source.partition(":")
    if colon:
        if family.lower() != base.family:
            raise AtlasError(f"{source}: {base.key} is of {base.family}, and a series follows one family")
        file, _, head = (path, "", "") if Path(path).exists() else path.partition("#")
        if not Path(file).is_file():
            raise AtlasError(f"no checkpoint at {file}: give the path of an existing file")
        spec = _file_spec(base, file)
        return spec.model_copy(update={"head": head}) if head else spec
    if source.endswith(_FILE_ENDINGS) or "/" in source or "\\" in source:
        raise AtlasError(f"no checkpoint at {source}: give the path of an existing file, or of a run's folder")
    try:
        spec = registry().resolve(source)
    except UnknownModel as error:
        raise AtlasError(f"{error}; nor is there a file or folder of that name") from None
    if spec.family != base.family:
        raise AtlasError(
            f"{spec.key} is of {spec.family} and {base.key} of {base.family}: a series follows checkpoints of one "
            "family; `platonic-atlas agreement` compares models of different ones"
        )
    if spec.key == base.key:
        raise AtlasError(f"{spec.key} is the base itself; name later checkpoints of it")
    return spec


def _is_trusted(path: str | None, trusted: frozenset[Path]) -> bool:
    file = Path(path).resolve() if path else None
    return file is not None and (file in trusted or any(folder in file.parents for folder in trusted))


# ---- runs


def _run(base: Checkpoint, folder: Path, siblings: Sequence[Path], trusted: frozenset[Path]) -> Followed:
    if not runs.is_run(folder):
        raise AtlasError(
            f"{folder} is a folder without {runs.FILE}: expected that of a run of `platonic-atlas finetune`"
        )
    record = _read_run(base, folder)
    data, errors = record.data, asdict(record.before)
    others = {}
    for other in siblings:
        sibling = _read_run(base, other)
        different = [n for n in _SAME_IN_SIBLINGS if getattr(sibling, n) != getattr(record, n)]
        if different or sibling.seed == record.seed or sibling.seed in others:
            what = f"differs in {', '.join(different)}" if different else f"has seed {sibling.seed}, as another"
            raise AtlasError(f"{other} {what}: siblings of {folder} are runs that differ from it in their seed only")
        others[sibling.seed] = _run_checkpoints(base, other, sibling, trusted)[-1]
    return Followed(
        name=f"{base.spec.key}-{record.strategy}-seed{record.seed}",
        title=f"{base.spec.key}, {record.strategy} on {data.name}, seed {record.seed}",
        kind="fine-tuning",
        base=Checkpoint(base.spec, base.name, 0.0, record.base_sha256, base.trusted, errors),
        checkpoints=tuple(_run_checkpoints(base, folder, record, trusted)),
        step_unit="updates",
        experiment=record.experiment,
        strategy=record.strategy,
        seed=record.seed,
        trained_on=data.elements,
        siblings=others,
        run={
            "state": record.state,
            "settings": dict(record.settings),
            "data": asdict(data),
            "replay": None if record.replay is None else asdict(record.replay),
            "command": list(record.command),
            "software": dict(record.software),
        },
    )


def _read_run(base: Checkpoint, folder: Path) -> runs.RunRecord:
    record = runs.read_run(folder, check_hashes=True)
    if record.model != base.spec.key:
        raise AtlasError(f"{folder} is a run from {record.model}, not from the base {base.spec.key}")
    if not record.checkpoints:
        raise AtlasError(
            f"{folder} holds no checkpoint yet: its run is {record.state}; let it go on, or start it again"
        )
    return record


def _run_checkpoints(
    base: Checkpoint, folder: Path, record: runs.RunRecord, trusted: frozenset[Path]
) -> list[Checkpoint]:
    result = []
    for c in record.checkpoints:
        file = folder / c.file
        key = f"{base.spec.key}-{record.strategy}-seed{record.seed}-{c.updates:06d}".replace("+", "-")
        known = {"epoch": c.epoch, "energy_mae": c.energy_mae, "force_mae": c.force_mae}
        result.append(
            Checkpoint(
                local_spec(base.spec, file, key),
                f"{c.updates} updates",
                float(c.updates),
                c.sha256,
                _is_trusted(str(file), trusted),
                known,
            )
        )
    return result
