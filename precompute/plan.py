"""What a build is asked for, what of it is done already, and what the rest will cost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from precompute import anchor_files
from precompute.contracts import AnchorSet, AtlasError
from precompute.embedding import ModelRun
from precompute.staging import Ledger
from precompute.structures.portable import digest

if TYPE_CHECKING:
    from precompute.models.spec import ModelSpec
    from precompute.structures.collect import Collection

ANCHOR_MODEL = "7net-0"
DEFAULT_MS_PER_ATOM = 10.0
MAPS_S_PER_ATOM_AND_MODEL = 0.0012


@dataclass(frozen=True)
class AnchorChoice:
    """Which anchors: a ready set, or a method to choose them by from the atlas's own atoms."""

    ready: AnchorSet | None = None
    method: str = "direct"
    count: int | None = None
    model: str = ""
    seed: int = 0
    measure: str = "cosine"
    centre: bool = False

    def settings(self) -> dict[str, Any]:
        """What decides the coordinates, for the ledger."""
        same = {"measure": self.measure, "centre": self.centre}
        if self.ready is not None:
            ready = self.ready
            return {"set": ready.name, "count": len(ready), "identity": anchor_files.identity(ready), **same}
        return {"method": self.method, "count": self.count, "model": self.model, "seed": self.seed, **same}


@dataclass(frozen=True)
class Request:
    """Everything that `build` was asked for."""

    out: Path
    collection: Collection
    models: tuple[ModelSpec, ...]
    anchors: AnchorChoice
    sources: tuple[str, ...] = ()
    title: str = ""
    seed: int = 0
    imported: Mapping[str, ModelRun] = field(default_factory=dict)
    imported_anchors: Mapping[str, NDArray[np.float32]] = field(default_factory=dict)
    trusted: frozenset[Path] = frozenset()
    umap: bool = True
    overwrite: bool = False

    @cached_property
    def data(self) -> dict[str, Any]:
        """The structures, for the ledger."""
        c = self.collection
        sha = hashlib.sha256()
        for s in c.structures:
            head = [s.id, s.source, dict(s.properties), dict(s.units)]
            sha.update(json.dumps([digest(s), head], sort_keys=True, default=str).encode())
            for name, values in sorted(s.atom_properties.items()):
                sha.update(name.encode() + repr(values.tolist()).encode())
        return {
            "structures": len(c.structures),
            "atoms": sum(len(s) for s in c.structures),
            "skipped": len(c.skipped),
            "digest": sha.hexdigest(),
            "seed": self.seed,
        }


def identity(spec: ModelSpec) -> dict[str, Any]:
    """What makes two runs of a model the same: its checkpoint and everything that changes its features."""
    from precompute.models.registry import registry

    fields = ("key", "family", "checkpoint", "layer", "head", "width", "seed")
    environment = registry().environments.get(spec.environment)
    if environment is not None:
        packages = list(environment.requirements)
    else:
        packages = [f"{name}=={version(name)}" for name in spec.packages]
    sha256 = _sha256(Path(spec.path)) if spec.path else None
    return {**{f: getattr(spec, f) for f in fields}, "packages": packages, "file_sha256": sha256}


def short(settings: Mapping[str, Any]) -> str:
    """A hash of settings, for the ledger entries of later stages."""
    return hashlib.sha256(json.dumps(dict(settings), sort_keys=True, default=str).encode()).hexdigest()[:16]


def refuse_mismatch(ledger: Ledger, request: Request, what: str) -> None:
    """Say which fields differ, where an atlas (or an unfinished build) is of other structures, anchors or files.

    Raises
    ------
    AtlasError
    """
    differences = []
    for stage, settings in (("structures", request.data), ("anchors", request.anchors.settings())):
        differences += [f"{stage} {d}" for d in ledger.differences(stage, settings)]
    for spec in request.models:
        held = ledger.entries.get(f"embeddings/{spec.key}", {}).get("model", {}).get("file_sha256")
        if held is not None and held != identity(spec)["file_sha256"]:
            differences.append(f"model {spec.key}: another file than {spec.path} (rename one, to have both)")
    if len(differences) > 1:  # a hash says nothing to a person where a count differs too
        differences = [d for d in differences if " digest: " not in d] or differences
    if differences:
        raise AtlasError(
            f"{what} was made with other settings:\n  " + "\n  ".join(differences) + "\n"
            "Use the same settings, choose another --out, or pass --overwrite to replace it."
        )


@dataclass(frozen=True)
class Estimate:
    """What the remaining work will cost, roughly."""

    seconds: float
    bytes: int
    to_embed: tuple[str, ...]


def estimate(request: Request, to_embed: Sequence[ModelSpec], jobs: int) -> Estimate:
    """Estimate time and disk from measured rates of the models and the sizes of the arrays."""
    n = sum(len(s) for s in request.collection.structures)
    busy = sum((m.ms_per_atom or DEFAULT_MS_PER_ATOM) * n / 1000 for m in to_embed)
    maps = MAPS_S_PER_ATOM_AND_MODEL * n * len(request.models)
    k = request.anchors.count or (len(request.anchors.ready) if request.anchors.ready else 100)
    floats = sum((m.width or 128) + k + 300 + 30 for m in request.models)
    stored = 0.5 * 4 * n * floats  # float32 compressed to about a half
    return Estimate(busy / max(1, jobs) + maps + 20, int(stored), tuple(m.key for m in to_embed))


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as handle:
            return hashlib.file_digest(handle, "sha256").hexdigest()
    except OSError as error:
        raise AtlasError(f"cannot read {path}: {error.strerror}") from error
