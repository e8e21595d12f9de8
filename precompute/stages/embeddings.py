"""The stage that runs the models."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from precompute import writing
from precompute.contracts import Structure
from precompute.embedding import BlockCache, ModelRun, run_all, run_model, share_of_cores
from precompute.plan import DEFAULT_MS_PER_ATOM, Request, identity
from precompute.stages.work import Work
from precompute.staging import Ledger

if TYPE_CHECKING:
    from precompute.models.spec import ModelSpec


def missing_models(request: Request, ledger: Ledger) -> list[ModelSpec]:
    """The models asked for whose embeddings an atlas does not hold yet, or holds of another checkpoint."""
    return [s for s in request.models if not ledger.holds(f"embeddings/{s.key}", embedding_settings(request, s))]


def embedding_settings(request: Request, spec: ModelSpec) -> dict[str, Any]:
    """What decides a model's embeddings of the atlas's atoms, for the ledger."""
    return {"model": identity(spec), "structures": request.data["digest"]}


def embed(work: Work, specs: Sequence[ModelSpec]) -> None:
    """Embed the atlas's atoms with each model; blocks of an unfinished build are read again."""
    imported = {k: run for k, run in work.request.imported.items() if any(k == s.key for s in specs)}
    for key, run in imported.items():
        _keep(work, key, run)
    run_models(work, [s for s in specs if s.key not in imported], work.structures, "embedding", partial(_keep, work))


def run_models(
    work: Work,
    specs: Sequence[ModelSpec],
    structures: Sequence[Structure],
    verb: str,
    keep: Callable[[str, ModelRun], None],
) -> None:
    """Run each model over the structures, as many side by side as there are cores, and hand over what comes out."""
    from precompute.models.client import kill_workers
    from precompute.models.session import open_model

    if not specs:
        return
    # by the models asked for, not those left: a resumed build then computes with as many threads as an undisturbed one
    jobs, threads = share_of_cores(len(work.request.models))

    def task(spec: ModelSpec, stop: threading.Event) -> ModelRun:
        # a process each: they run side by side, and none takes the build down with it
        alone = spec.model_copy(update={"isolated": True})
        trust = spec.path is not None and Path(spec.path).resolve() in work.request.trusted
        say = work.display.say
        cache = BlockCache(work.staging.blocks, identity(spec), structures)
        with work.display.stage(f"{verb} {spec.key}", sum(len(s) for s in structures), "atoms") as advance:
            session = partial(open_model, alone, threads=threads, trust=trust, on_message=say)
            return run_model(session, cache, structures, stop, advance)

    # the longest first, so that the cores finish together
    longest_first = sorted(specs, key=lambda s: -(s.ms_per_atom or DEFAULT_MS_PER_ATOM))
    run_all({s.key: partial(task, s) for s in longest_first}, jobs, keep, work.failed, kill_workers)


def _keep(work: Work, key: str, run: ModelRun) -> None:
    spec = next(s for s in work.request.models if s.key == key)
    work.drop(key)
    with work.ledger.stage(f"embeddings/{key}", embedding_settings(work.request, spec)):
        writing.write_embeddings(work.file, key, run.embeddings, model_attrs(spec, run))
    if run.refused:
        work.display.say(f"{key} could not embed {len(run.refused)} structures; `platonic-atlas info` lists them")


def model_attrs(spec: ModelSpec, run: ModelRun) -> dict[str, Any]:
    """What an atlas records of a model; a local path is cut to its file name."""
    known = spec.model_dump(mode="json", exclude={"adapter", "isolated", "maker", "ms_per_atom", "keep_at"})
    return {
        **known,
        "path": Path(spec.path).name if spec.path else None,
        "width": run.embeddings.shape[1],
        "refused": [{"structure": r.structure, "reason": r.reason} for r in run.refused],
        "flagged": {k: list(v) for k, v in run.flagged.items()},
        "provenance": dict(run.provenance),
    }
