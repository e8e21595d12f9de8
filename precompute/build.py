"""The build: structures in, atlas out. Joins the stages, each of which is done once and entered in the ledger."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version

from precompute import writing
from precompute.contracts import AtlasError
from precompute.plan import Request, refuse_mismatch
from precompute.progress import Display
from precompute.stages import shared_space, views
from precompute.stages.embeddings import embed, missing_models
from precompute.stages.work import Report, Work
from precompute.staging import Ledger, Staging, finished

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
        if request.overwrite:
            staging.discard()
        old = None if request.overwrite else finished(request.out)
        if old is not None:
            ledger = Ledger(old.file)
            refuse_mismatch(ledger, request, str(request.out))
            if not staging.folder.exists() and not missing_models(request, ledger):
                return Report(built=False)
        attrs = {"created": datetime.now(UTC).isoformat(timespec="seconds"), "seeds": {"build": request.seed}}
        if staging.open(attrs, start_from=request.out if old is not None else None):
            refuse_mismatch(Ledger(staging.file), request, f"the unfinished build {staging.folder}")
            display.say(f"Going on with the unfinished build in {staging.folder}")
        return _run(Work(request, staging, display))


def _run(work: Work) -> Report:
    with work.display.running():
        _structures(work)
        embed(work, missing_models(work.request, work.ledger))
        if not work.models_with():
            work.staging.discard()
            raise AtlasError(f"no model could be run, so there is no atlas. {work.report.reasons}")
        anchors, index = shared_space.settle_anchors(work, work.models_with())
        shared_space.make_coordinates(work, anchors, index)
        keys = work.models_with("coordinates")
        views.list_neighbours(work, keys)
        views.draw_maps(work, keys)
        views.score_chemistry(work, keys)
    order = [*(s.key for s in work.request.models if s.key in keys), *keys]
    work.staging.publish({
        "title": work.request.title or work.request.out.name.removesuffix(".zarr"),
        "sources": list(work.request.sources),
        "models": list(dict.fromkeys(order)),
        "software": {name: version(name) for name in SOFTWARE},
    })  # fmt: skip
    return work.report


def _structures(work: Work) -> None:
    settings = work.request.data
    if work.ledger.holds("structures", settings):
        return
    c = work.request.collection
    with work.display.stage("structures"), work.ledger.stage("structures", settings):
        writing.write_structures(work.file, c.structures, c.analyses, c.skipped, work.request.seed)
