"""The stages that put all models into one space: the anchors, and coordinates relative to them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute import writing
from precompute.anchors import K, choose
from precompute.contracts import AnchorSet, AtlasError
from precompute.coordinates import coordinates
from precompute.embedding import ModelRun
from precompute.plan import ANCHOR_MODEL, short
from precompute.stages.embeddings import run_models
from precompute.stages.work import Work
from precompute.store import read_anchors
from precompute.structures.portable import digest

POOLED = ("pretrained", "fine-tuned")


def pooled(work: Work, keys: Sequence[str]) -> list[str]:
    """The models that anchors are chosen on and pooled maps fitted on: trained ones, or all where there are none."""
    trained = [k for k in keys if work.file.attrs(f"models/{k}")["status"] in POOLED]
    return trained or list(keys)


def settle_anchors(work: Work, keys: Sequence[str]) -> tuple[AnchorSet, NDArray[np.int32]]:
    """The anchor set, and for each anchor its atom in this atlas or -1."""
    settings = work.request.anchors.settings()
    if work.ledger.holds("anchors", settings):
        stored = work.file.read("anchors/index")
        return read_anchors(work.file), stored
    with work.display.stage("anchors"), work.ledger.stage("anchors", settings):
        anchors = work.request.anchors.ready or _choose(work, keys)
        first = work.file.read("structures/first_atom")
        where = {digest(s): int(f) for s, f in zip(reversed(work.structures), first[::-1], strict=True)}
        digests = [digest(s) for s in anchors.structures]
        pairs = zip(anchors.structure.tolist(), anchors.atom.tolist(), strict=True)
        index = np.array([where[digests[s]] + a if digests[s] in where else -1 for s, a in pairs], np.int32)
        writing.write_anchors(work.file, anchors, index)
    return anchors, index


def _choose(work: Work, keys: Sequence[str]) -> AnchorSet:
    """Choose anchors among the representatives that every model could embed."""
    ask = work.request.anchors
    model = ask.model or (ANCHOR_MODEL if ANCHOR_MODEL in keys else pooled(work, keys)[0])
    if model not in keys:
        raise AtlasError(f"anchors were to be chosen on {model!r}, which is not among {', '.join(keys)}")
    embeddings = {k: work.file.read(f"models/{k}/embeddings") for k in keys}
    common = np.logical_and.reduce([np.isfinite(e).all(axis=1) for e in embeddings.values()])
    rows = np.flatnonzero(common & (work.orbit == np.arange(len(work.orbit))))
    chosen = rows[choose(
        embeddings[model][rows], work.numbers[rows], ask.count or K, method=ask.method, seed=ask.seed
    )]  # fmt: skip
    of = work.file.read("atoms/structure")[chosen]
    used, structure = np.unique(of, return_inverse=True)
    return AnchorSet(
        name=f"{work.request.out.name.removesuffix('.zarr')}-{ask.method}-{len(chosen)}",
        structures=tuple(work.structures[i] for i in used),
        structure=structure,
        atom=chosen - work.file.read("structures/first_atom")[of],
        method=ask.method,
        model="" if ask.method == "random" else model,
        seed=ask.seed,
        chosen_from=f"{len(rows):,} symmetry-distinct atoms of {len(work.structures):,} structures",
    )


def make_coordinates(work: Work, anchors: AnchorSet, index: NDArray[np.int32]) -> None:
    """Express every model's embeddings by the anchors; a model that cannot embed an anchor leaves the atlas."""
    ask = work.request.anchors
    wanted = {k: _coordinate_settings(work, k) for k in work.models_with()}
    todo = [k for k, settings in wanted.items() if not work.ledger.holds(f"coordinates/{k}", settings)]
    outside = _embed_anchors(work, todo, anchors, index) if (index < 0).any() else {}
    for key in todo:
        if key in work.report.failed:
            continue
        embeddings = work.file.read(f"models/{key}/embeddings")
        of_anchors = embeddings[np.maximum(index, 0)]
        if key in outside:
            of_anchors[index < 0] = outside[key][index < 0]
        try:
            values = coordinates(embeddings, of_anchors, measure=ask.measure, centre=ask.centre)
        except AtlasError as error:
            work.failed(key, error)
            continue
        with work.ledger.stage(f"coordinates/{key}", wanted[key]):
            writing.write_coordinates(work.file, key, values, of_anchors, ask.measure)
    for key in wanted:
        if not work.ledger.holds(f"coordinates/{key}", wanted[key]):
            work.drop(key)
    if not work.models_with("coordinates"):
        work.ledger.forget("anchors")
        raise AtlasError(f"no model could embed the anchors, so there is no atlas. {work.report.reasons}")


def _coordinate_settings(work: Work, key: str) -> dict[str, Any]:
    return {
        "anchors": short(work.ledger.entries["anchors"]),
        "embeddings": short(work.ledger.entries[f"embeddings/{key}"]),
    }


def _embed_anchors(
    work: Work, keys: Sequence[str], anchors: AnchorSet, index: NDArray[np.int32]
) -> dict[str, NDArray[np.float32]]:
    """Embed the anchors that are not atoms of this atlas: for each model (K, d), rows of the others unset."""
    missing = sorted({int(s) for s, i in zip(anchors.structure, index, strict=True) if i < 0})
    structures = [anchors.structures[s] for s in missing]
    first = dict(zip(missing, np.cumsum([0, *(len(s) for s in structures)]).tolist(), strict=False))
    rows = np.array([first.get(s, 0) + a for s, a in zip(anchors.structure.tolist(), anchors.atom, strict=True)])
    found: dict[str, NDArray[np.float32]] = {}

    def keep(key: str, run: ModelRun) -> None:
        found[key] = run.embeddings[np.minimum(rows, len(run.embeddings) - 1)]

    for key in set(keys) & set(work.request.imported):
        own = work.request.imported_anchors.get(key)
        if own is None or len(own) != len(anchors):
            reason = (
                f"its file holds no embeddings of the {len(anchors)} anchors of the set {anchors.name!r}; "
                "choose anchors from the atlas (--anchors direct), or add an array 'anchor_embeddings' to the file"
            )
            work.failed(key, AtlasError(reason))
        else:
            found[key] = own
    known = {s.key: s for s in work.request.models}
    specs = []
    for key in keys:
        if key in known and key not in work.request.imported:
            specs.append(known[key])
        elif key not in known:
            work.failed(key, AtlasError("it has to embed the anchors; name it again with --models or --import"))
    run_models(work, specs, structures, "anchors of", keep)
    return found
