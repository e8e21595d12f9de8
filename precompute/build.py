"""The build: structures in, atlas out. Joins the stages, each of which is done once and entered in the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

from precompute import writing
from precompute.contracts import AtlasError
from precompute.plan import Request, refuse_mismatch
from precompute.progress import Display
from precompute.stages import agreement, drift_store, shared_space, views
from precompute.stages.embeddings import embed, missing_models
from precompute.stages.work import Report, Work
from precompute.staging import Ledger, Staging, check_replaceable, finished
from precompute.store import Atlas

if TYPE_CHECKING:
    from precompute.models.spec import ModelSpec

SOFTWARE = ("platonic-atlas", "numpy", "scikit-learn", "umap-learn", "zarr", "ase", "spglib", "torch")


def build(request: Request, display: Display) -> Report:
    """Make or complete the atlas that `request` asks for.

    Raises
    ------
    AtlasError
        Where an atlas of other structures or anchors is in the way, nothing could be embedded, or a stage failed. An
        earlier atlas under that name is then as it was.
    """
    staging = Staging(request.out)
    with staging.lock():
        staging.recover()
        old = _old_atlas(request)
        if old is not None and staging.unfinished is None and _is_up_to_date(request, old):
            return Report(built=False)
        if request.overwrite and staging.unfinished is not None:
            try:
                refuse_mismatch(Ledger(staging.unfinished), request, "")
            except AtlasError:
                staging.discard()
        try:
            attrs = {"created": datetime.now(UTC).isoformat(timespec="seconds"), "seeds": {"build": request.seed}}
            if staging.open(attrs, start_from=staging.out if old is not None else None):
                refuse_mismatch(Ledger(staging.file), request, f"the unfinished build {staging.folder}")
                display.say(f"Going on with the unfinished build in {staging.folder}")
            return _run(Work(request, staging, display))
        except OSError as error:
            raise AtlasError(f"cannot write {request.out}: {error.strerror}; finished work is kept") from error


def to_embed(request: Request) -> list[ModelSpec]:
    """The models that a build would have to run, after what an earlier or unfinished build of the same atlas did.

    Raises
    ------
    AtlasError
        Where that build was of other structures, anchors or files, unless it is to be overwritten.
    """
    old = _old_atlas(request)
    todo = list(request.models) if old is None else missing_models(request, Ledger(old.file))
    unfinished = Staging(request.out).unfinished
    if unfinished is not None:
        ledger = Ledger(unfinished)
        if not request.overwrite:
            refuse_mismatch(ledger, request, f"the unfinished build of {request.out}")
        done = {s.key for s in request.models} - {s.key for s in missing_models(request, ledger)}
        todo = [s for s in todo if s.key not in done]
    return [s for s in todo if s.key not in request.imported]


def _old_atlas(request: Request) -> Atlas | None:
    """The atlas to add to, checked to be of the same structures and anchors; None for a new one or to overwrite."""
    if request.overwrite:
        check_replaceable(request.out)
        return None
    old = finished(request.out)
    if old is not None:
        refuse_mismatch(Ledger(old.file), request, str(request.out))
    return old


def _is_up_to_date(request: Request, old: Atlas) -> bool:
    ledger = Ledger(old.file)
    has_umap = bool(ledger.entries.get("maps", {}).get("umap"))
    return not missing_models(request, ledger) and (has_umap or not request.umap) and request.title in ("", old.title)


def _run(work: Work) -> Report:
    with work.display.running():
        _structures(work)
        embed(work, missing_models(work.request, work.ledger))
        if not work.models_with():
            if not any(work.staging.blocks.iterdir()):
                work.staging.discard()
            raise AtlasError(f"no model could be run, so there is no atlas. {work.report.reasons}")
        anchors, index = shared_space.settle_anchors(work, work.models_with())
        shared_space.make_coordinates(work, anchors, index)
        keys = work.models_with("coordinates")
        views.list_neighbours(work, keys)
        views.draw_maps(work, keys)
        views.score_chemistry(work, keys)
        agreement.forget_stale(work.file, work.ledger)
        drift_store.forget_stale(work.file, work.ledger)
    for key in set(work.file.names("models", "groups")) - set(keys):
        work.drop(key)
    before = work.file.attrs()
    order = [*before.get("models", []), *(s.key for s in work.request.models), *keys]
    attrs = {
        "title": work.request.title or before.get("title") or work.request.out.name.removesuffix(".zarr"),
        "sources": list(work.request.sources),
        "models": [k for k in dict.fromkeys(order) if k in keys],
        "software": {name: version(name) for name in SOFTWARE},
    }
    work.staging.publish(attrs, keep_blocks=bool(work.report.failed))
    return work.report


def _structures(work: Work) -> None:
    settings = work.request.data
    if work.ledger.holds("structures", settings):
        return
    c = work.request.collection
    with work.display.stage("structures"), work.ledger.stage("structures", settings):
        writing.write_structures(work.file, c.structures, c.analyses, c.skipped, work.request.seed)
