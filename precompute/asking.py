"""From what a person typed to a checked request: reads structures, resolves models, anchors and imports."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from precompute import anchor_files
from precompute.anchors import METHODS, K
from precompute.contracts import AtlasError
from precompute.coordinates import MEASURES
from precompute.embedding import ModelRun, join
from precompute.plan import AnchorChoice, Request
from precompute.progress import Display

if TYPE_CHECKING:
    from precompute.models.spec import ModelSpec
    from precompute.structures.collect import Collection


@dataclass(frozen=True)
class Question:
    """The arguments of `platonic-atlas build`, as typed."""

    out: Path
    models: tuple[str, ...]
    sources: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()
    anchor_set: Path | None = None
    anchor_method: str = ""
    anchor_count: int | None = None
    anchor_model: str = ""
    similarity: str = "cosine"
    centre: bool = False
    title: str = ""
    seed: int = 0
    max_atoms: int | None = None
    strict: bool = False
    trust: tuple[Path, ...] = ()
    umap: bool = True
    overwrite: bool = False


def answer(question: Question, display: Display) -> Request:
    """Check everything that can be checked before the long work begins.

    Raises
    ------
    AtlasError
        For unknown models, contradictory options, unreadable files, or where no structure is left.
    """
    from precompute.models.registry import registry

    q = question
    if q.out.suffix != ".zarr":
        raise AtlasError(f"--out {q.out}: an atlas is a folder whose name ends in .zarr")
    if q.similarity not in MEASURES:
        raise AtlasError(f"no similarity {q.similarity!r}; there are {', '.join(MEASURES)}")
    pairs = [_key_and_file(i) for i in q.imports]
    specs = [registry().resolve(name) for name in q.models]
    keys = [s.key for s in specs] + [k for k, _ in pairs]
    if not keys:
        raise AtlasError("no model: name some with --models or --import; `platonic-atlas models` lists them")
    twice = sorted({k for k in keys if keys.count(k) > 1})
    if twice:
        raise AtlasError(f"models named twice: {', '.join(twice)}")
    anchors = _anchors(q, specs)
    collection = _collect(q, display)
    trusted = frozenset(p.resolve() for p in q.trust)
    imported: dict[str, ModelRun] = {}
    of_anchors: dict[str, NDArray[np.float32]] = {}
    for key, file in pairs:
        run, spec, rows = _import(key, file, collection, trusted)
        specs.append(spec)
        imported[key] = run
        if rows is not None:
            of_anchors[key] = rows
    return Request(
        out=q.out,
        collection=collection,
        models=tuple(specs),
        anchors=anchors,
        sources=q.sources,
        title=q.title,
        seed=q.seed,
        imported=imported,
        imported_anchors=of_anchors,
        trusted=trusted,
        umap=q.umap,
        overwrite=q.overwrite,
    )


def _key_and_file(text: str) -> tuple[str, Path]:
    key, equals, file = text.partition("=")
    if not equals or not file or not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", key):
        raise AtlasError(
            f"--import {text}: expected KEY=FILE, e.g. --import mymodel=features.npz; "
            "a key is of lower case letters, digits, hyphens and dots"
        )
    return key, Path(file)


def _anchors(q: Question, specs: Sequence[ModelSpec]) -> AnchorChoice:
    common: dict[str, Any] = {"seed": q.seed, "measure": q.similarity, "centre": q.centre}
    if q.anchor_method:
        if q.anchor_set is not None:
            raise AtlasError("--anchors chooses from these structures, --anchor-set uses a ready set: pass one of them")
        if q.anchor_method not in METHODS:
            raise AtlasError(f"--anchors {q.anchor_method}: expected one of {', '.join(METHODS)}")
        model = q.anchor_model and next((s.key for s in specs if q.anchor_model in (s.key, *s.aliases)), "")
        if q.anchor_model and not model:
            raise AtlasError(f"--anchor-model {q.anchor_model}: anchors are chosen on one of the --models")
        return AnchorChoice(method=q.anchor_method, count=q.anchor_count or K, model=model, **common)
    if q.anchor_model:
        raise AtlasError("--anchor-model needs --anchors: a ready set was chosen already")
    ready = anchor_files.load(q.anchor_set) if q.anchor_set is not None else anchor_files.bundled()
    return AnchorChoice(ready=ready.prefix(q.anchor_count) if q.anchor_count else ready, **common)


def _collect(q: Question, display: Display) -> Collection:
    from precompute.structures import catalogue
    from precompute.structures.collect import MAX_ATOMS, collect, collect_structures

    limit = q.max_atoms or MAX_ATOMS
    with display.stage("reading structures"):
        if q.sources:
            return collect(q.sources, strict=q.strict, max_atoms=limit)
        return collect_structures(catalogue.load(), strict=q.strict, max_atoms=limit)


def _import(
    key: str, file: Path, collection: Collection, trusted: frozenset[Path]
) -> tuple[ModelRun, ModelSpec, NDArray[np.float32] | None]:
    """Read embeddings made elsewhere, as if a model had just made them."""
    from precompute.models.imported import load_imported
    from precompute.models.registry import registry

    if key in {name for s in registry().specs for name in (s.key, *s.aliases)}:
        raise AtlasError(f"--import {key}={file}: {key!r} is the key of a known model; give the import another")
    structures = collection.structures
    found = load_imported(
        key, file, [s.id for s in structures], [len(s) for s in structures], trust=file.resolve() in trusted
    )
    run = join(structures, found.embedded, found.provenance)
    return run, found.spec.model_copy(update={"path": str(file)}), found.anchors
