"""The build: structures in, atlas out. Joins the stages, each of which is done once and entered in the ledger."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from precompute import maps, writing
from precompute.anchors import K, choose
from precompute.contracts import AnchorSet, AtlasError, Map, Structure
from precompute.coordinates import coordinates
from precompute.diagnostics.purity import NEIGHBOURS, purity, sample_atoms
from precompute.embedding import BlockCache, ModelRun, run_all, run_model, share_of_cores
from precompute.neighbours import N_NEIGHBOURS, nearest
from precompute.plan import ANCHOR_MODEL, Request, identity, refuse_mismatch, short
from precompute.progress import Display
from precompute.staging import Ledger, Staging, finished
from precompute.store import NEIGHBOUR_KINDS, AtlasFile, read_anchors
from precompute.structures.portable import digest

if TYPE_CHECKING:
    from precompute.models.spec import ModelSpec

SOFTWARE = ("platonic-atlas", "numpy", "scikit-learn", "umap-learn", "zarr", "ase", "spglib", "torch")
POOLED = ("pretrained", "fine-tuned")


@dataclass
class Report:
    """How a build ended.

    Attributes
    ----------
    failed : mapping of model key to reason
        Models that are not in the atlas.
    built : bool
        False where everything asked for was there already.
    """

    built: bool = True
    failed: dict[str, str] = field(default_factory=dict)


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
        return _Build(request, staging, display).run()


def missing_models(request: Request, ledger: Ledger) -> list[ModelSpec]:
    """The models asked for whose embeddings an atlas does not hold yet, or holds of another checkpoint."""
    return [s for s in request.models if not ledger.holds(f"embeddings/{s.key}", embedding_settings(request, s))]


def embedding_settings(request: Request, spec: ModelSpec) -> dict[str, Any]:
    """What decides a model's embeddings of the atlas's atoms, for the ledger."""
    return {"model": identity(spec), "structures": request.data["digest"]}


class _Build:
    """One run of the stages over one working folder."""

    def __init__(self, request: Request, staging: Staging, display: Display) -> None:
        self.request = request
        self.staging = staging
        self.file: AtlasFile = staging.file
        self.ledger = Ledger(staging.file)
        self.display = display
        self.report = Report()
        self.structures = request.collection.structures

    def run(self) -> Report:
        with self.display.running():
            self._structures()
            self._embeddings(missing_models(self.request, self.ledger))
            keys = self._keys()
            if not keys:
                reasons = "; ".join(f"{k}: {r}" for k, r in self.report.failed.items())
                self.staging.discard()
                raise AtlasError(f"no model could be run, so there is no atlas. {reasons}")
            anchors, index = self._anchors(keys)
            self._coordinates(anchors, index)
            keys = self._keys("coordinates")
            self._neighbours(keys)
            self._maps(keys)
            self._purity(keys)
        order = [*(s.key for s in self.request.models if s.key in keys), *keys]
        self.staging.publish({
            "title": self.request.title or self.request.out.name.removesuffix(".zarr"),
            "models": list(dict.fromkeys(order)),
            "software": {name: version(name) for name in SOFTWARE},
        })  # fmt: skip
        return self.report

    def _keys(self, stage: str = "embeddings") -> list[str]:
        return [k for k in self.file.names("models", "groups") if f"{stage}/{k}" in self.ledger.entries]

    # --- structures

    def _structures(self) -> None:
        settings = self.request.data
        if self.ledger.holds("structures", settings):
            return
        c = self.request.collection
        with self.display.stage("structures"), self.ledger.stage("structures", settings):
            writing.write_structures(self.file, c.structures, c.analyses, c.skipped, self.request.seed)

    @cached_property
    def _orbit(self) -> NDArray[np.int32]:
        return self.file.read("atoms/orbit")

    @cached_property
    def _numbers(self) -> NDArray[np.int16]:
        return self.file.read("atoms/atomic_number")

    @cached_property
    def _category(self) -> NDArray[np.intp]:
        """Element category of each atom, as a code."""
        _, codes = np.unique(self.file.read("elements/category"), return_inverse=True)
        return codes[self._numbers - 1]

    # --- embeddings

    def _embeddings(self, specs: Sequence[ModelSpec]) -> None:
        """Embed the atlas's atoms with each model; blocks of an unfinished build are read again."""
        imported = {k: s for k, s in self.request.imported.items() if any(k == m.key for m in specs)}
        for key, run in imported.items():
            self._keep(key, run)
        self._run_models([s for s in specs if s.key not in imported], self.structures, "embedding", self._keep)

    def _run_models(
        self,
        specs: Sequence[ModelSpec],
        structures: Sequence[Structure],
        verb: str,
        keep: Callable[[str, ModelRun], None],
    ) -> None:
        from precompute.models.session import open_model

        if not specs:
            return
        jobs, threads = share_of_cores(len(specs))

        def task(spec: ModelSpec, stop: threading.Event) -> ModelRun:
            # models side by side need a process each; a lone one may share this interpreter
            alone = spec.model_copy(update={"isolated": True}) if jobs > 1 else spec
            trust = spec.path is not None and Path(spec.path).resolve() in self.request.trusted
            say = self.display.say
            cache = BlockCache(self.staging.blocks, {"model": identity(spec), "threads": threads}, structures)
            with self.display.stage(f"{verb} {spec.key}", sum(len(s) for s in structures), "atoms") as advance:
                session = partial(open_model, alone, threads=threads, trust=trust, on_message=say)
                return run_model(session, cache, structures, stop, advance)

        run_all({s.key: partial(task, s) for s in specs}, jobs, keep, self._failed)

    def _keep(self, key: str, run: ModelRun) -> None:
        spec = next(s for s in self.request.models if s.key == key)
        for stage in ("coordinates", "neighbours"):
            self.ledger.forget(f"{stage}/{key}")
        with self.ledger.stage(f"embeddings/{key}", embedding_settings(self.request, spec)):
            writing.write_embeddings(self.file, key, run.embeddings, model_attrs(spec, run))
        if run.refused:
            self.display.say(f"{key} could not embed {len(run.refused)} structures; `platonic-atlas info` lists them")

    def _failed(self, key: str, error: AtlasError) -> None:
        self.report.failed[key] = str(error)
        self.display.say(f"{key} FAILED: {error}")

    # --- anchors and coordinates

    def _anchors(self, keys: Sequence[str]) -> tuple[AnchorSet, NDArray[np.int32]]:
        """The anchor set, and for each anchor its atom in this atlas or -1."""
        settings = self.request.anchors.settings()
        if self.ledger.holds("anchors", settings):
            stored = self.file.read("anchors/index")
            return read_anchors(self.file), stored
        with self.display.stage("anchors"), self.ledger.stage("anchors", settings):
            anchors = self.request.anchors.ready or self._choose(keys)
            first = self.file.read("structures/first_atom")
            where = {digest(s): int(f) for s, f in zip(reversed(self.structures), first[::-1], strict=True)}
            digests = [digest(s) for s in anchors.structures]
            pairs = zip(anchors.structure.tolist(), anchors.atom.tolist(), strict=True)
            index = np.array([where[digests[s]] + a if digests[s] in where else -1 for s, a in pairs], np.int32)
            writing.write_anchors(self.file, anchors, index)
        return anchors, index

    def _choose(self, keys: Sequence[str]) -> AnchorSet:
        """Choose anchors among the representatives that every model could embed."""
        ask = self.request.anchors
        model = ask.model or (ANCHOR_MODEL if ANCHOR_MODEL in keys else self._pooled(keys)[0])
        if model not in keys:
            raise AtlasError(f"anchors were to be chosen on {model!r}, which is not among {', '.join(keys)}")
        embeddings = {k: self.file.read(f"models/{k}/embeddings") for k in keys}
        common = np.logical_and.reduce([np.isfinite(e).all(axis=1) for e in embeddings.values()])
        rows = np.flatnonzero(common & (self._orbit == np.arange(len(self._orbit))))
        chosen = rows[choose(
            embeddings[model][rows], self._numbers[rows], ask.count or K, method=ask.method, seed=ask.seed
        )]  # fmt: skip
        of = self.file.read("atoms/structure")[chosen]
        used, structure = np.unique(of, return_inverse=True)
        return AnchorSet(
            name=f"{self.request.out.name.removesuffix('.zarr')}-{ask.method}-{len(chosen)}",
            structures=tuple(self.structures[i] for i in used),
            structure=structure,
            atom=chosen - self.file.read("structures/first_atom")[of],
            method=ask.method,
            model="" if ask.method == "random" else model,
            seed=ask.seed,
            chosen_from=f"{len(rows):,} symmetry-distinct atoms of {len(self.structures):,} structures",
        )

    def _coordinates(self, anchors: AnchorSet, index: NDArray[np.int32]) -> None:
        ask = self.request.anchors
        wanted = {k: self._coordinate_settings(k) for k in self._keys()}
        todo = [k for k, settings in wanted.items() if not self.ledger.holds(f"coordinates/{k}", settings)]
        outside = self._embed_anchors(todo, anchors, index) if (index < 0).any() else {}
        for key in todo:
            if key in self.report.failed:
                continue
            embeddings = self.file.read(f"models/{key}/embeddings")
            of_anchors = embeddings[np.maximum(index, 0)]
            if key in outside:
                of_anchors[index < 0] = outside[key][index < 0]
            try:
                values = coordinates(embeddings, of_anchors, measure=ask.measure, centre=ask.centre)
            except AtlasError as error:
                self._failed(key, error)
                continue
            with self.ledger.stage(f"coordinates/{key}", wanted[key]):
                writing.write_coordinates(self.file, key, values, of_anchors, ask.measure)
        for key in wanted:
            if f"coordinates/{key}" not in self.ledger.entries:
                self.file.delete(f"models/{key}")
                self.ledger.forget(f"embeddings/{key}")
        if not self._keys("coordinates"):
            reasons = "; ".join(f"{k}: {r}" for k, r in self.report.failed.items())
            raise AtlasError(f"no model could embed the anchors, so there is no atlas. {reasons}")

    def _coordinate_settings(self, key: str) -> dict[str, Any]:
        return {
            "anchors": short(self.ledger.entries["anchors"]),
            "embeddings": short(self.ledger.entries[f"embeddings/{key}"]),
        }

    def _embed_anchors(
        self, keys: Sequence[str], anchors: AnchorSet, index: NDArray[np.int32]
    ) -> dict[str, NDArray[np.float32]]:
        """Embed the anchors that are not atoms of this atlas: for each model (K, d), rows of the others unset."""
        missing = sorted({int(s) for s, i in zip(anchors.structure, index, strict=True) if i < 0})
        structures = [anchors.structures[s] for s in missing]
        first = dict(zip(missing, np.cumsum([0, *(len(s) for s in structures)]).tolist(), strict=False))
        rows = np.array([first.get(s, 0) + a for s, a in zip(anchors.structure.tolist(), anchors.atom, strict=True)])
        found: dict[str, NDArray[np.float32]] = {}

        def keep(key: str, run: ModelRun) -> None:
            found[key] = run.embeddings[np.minimum(rows, len(run.embeddings) - 1)]

        for key in set(keys) & set(self.request.imported):
            own = self.request.imported_anchors.get(key)
            if own is None or len(own) != len(anchors):
                reason = (
                    f"its file holds no embeddings of the {len(anchors)} anchors of the set {anchors.name!r}; "
                    "choose anchors from the atlas (--anchors direct), or add an array 'anchor_embeddings' to the file"
                )
                self._failed(key, AtlasError(reason))
            else:
                found[key] = own
        known = {s.key: s for s in self.request.models}
        specs = [known[k] if k in known else self._known(k) for k in keys if k not in self.request.imported]
        self._run_models(specs, structures, "anchors of", keep)
        return found

    @staticmethod
    def _known(key: str) -> ModelSpec:
        from precompute.models.registry import registry

        return registry().resolve(key)

    # --- neighbours, maps, diagnostics

    def _neighbours(self, keys: Sequence[str]) -> None:
        for key in keys:
            settings = {"coordinates": short(self.ledger.entries[f"coordinates/{key}"]), "k": N_NEIGHBOURS}
            if self.ledger.holds(f"neighbours/{key}", settings):
                continue
            x = self.file.read(f"models/{key}/coordinates")
            total = len(x) * len(NEIGHBOUR_KINDS)
            with (
                self.display.stage(f"neighbours {key}", total, "atoms") as advance,
                self.ledger.stage(f"neighbours/{key}", settings),
            ):
                for kind in NEIGHBOUR_KINDS:
                    found = nearest(x, orbit=self._orbit, kind=kind, labels=self._numbers, on_rows=advance)
                    writing.write_neighbours(self.file, key, kind, found.index, found.similarity)

    def _pooled(self, keys: Sequence[str]) -> list[str]:
        """The models that pooled maps are fitted on: trained ones, or all where there are none."""
        trained = [k for k in keys if self.file.attrs(f"models/{k}")["status"] in POOLED]
        return trained or list(keys)

    def _after(self, keys: Sequence[str]) -> dict[str, Any]:
        """Settings of a stage that rests on the coordinates of all models."""
        return {"coordinates": {k: short(self.ledger.entries[f"coordinates/{k}"]) for k in keys}}

    def _maps(self, keys: Sequence[str]) -> None:
        settings = {**self._after(keys), "seed": self.request.seed, "umap": self.request.umap}
        if self.ledger.holds("maps", settings):
            return
        with self.display.stage("maps"), self.ledger.stage("maps", settings):
            for key in keys:
                self.file.delete(f"models/{key}/maps")
            for key, name, map_ in self._all_maps(keys):
                writing.write_map(self.file, key, name, map_)

    def _all_maps(self, keys: Sequence[str]) -> Iterator[tuple[str, str, Map]]:
        x = {k: self.file.read(f"models/{k}/coordinates") for k in keys}
        pooled = self._pooled(keys)
        known = np.logical_and.reduce([np.isfinite(x[k]).all(axis=1) for k in pooled])
        rows = np.flatnonzero(known & (self._orbit == np.arange(len(self._orbit))))
        if len(rows) < 3:
            raise AtlasError(f"maps need 3 symmetry-distinct atoms that all models know; there are {len(rows)}")
        for key, named in maps.pca_maps(x, pooled, rows).items():
            for name, map_ in named.items():
                yield key, name, map_
        for key in keys:
            for name, map_ in maps.raw_maps(self.file.read(f"models/{key}/embeddings"), rows).items():
                yield key, name, map_
        if not self.request.umap:
            return
        rng = np.random.default_rng(self.request.seed)
        fitted = rows[maps.balanced_rows(self._category[rows], maps.MAX_UMAP_ROWS // len(pooled), rng)]
        placed = maps.umap_maps(x, pooled, fitted, seed=self.request.seed)
        for key, by_dims in placed.items():
            for dims, xy in by_dims.items():
                quality = {
                    "method": "umap",
                    "k": x[key].shape[1],
                    "dimensions": dims,
                    "fitted_on": pooled,
                    "fitted_atoms": len(fitted),
                    "n_atoms": int(np.isfinite(xy).all(axis=1).sum()),
                    "seed": self.request.seed,
                    **maps.trustworthiness(x[key], xy, np.random.default_rng(self.request.seed)),
                }
                yield key, f"umap-{dims}d", Map(xy, quality)

    def _purity(self, keys: Sequence[str]) -> None:
        settings = {**self._after(keys), "seed": self.request.seed}
        if self.ledger.holds("diagnostics/purity", settings):
            return
        x = {k: self.file.read(f"models/{k}/coordinates") for k in keys}
        rows = sample_atoms(x, self._orbit, self.request.seed)
        if len(rows) <= NEIGHBOURS:
            return
        structure = self.file.read("atoms/structure")[rows]
        with self.display.stage("chemistry in the space"), self.ledger.stage("diagnostics/purity", settings):
            columns: dict[str, list[Any]] = {"model": list(keys)}
            for name, other in (("other_elements", True), ("plain", False)):
                scores = [
                    purity(
                        x[k][rows], self._category[rows], self._numbers[rows], structure,
                        other_elements=other, seed=self.request.seed,
                    )
                    for k in keys
                ]  # fmt: skip
                for part in ("value", "low", "high", "permuted"):
                    columns[f"{name}_{part}"] = [getattr(s, part) for s in scores]
            attrs = {"atoms": len(rows), "structures": len(np.unique(structure)), "neighbours": NEIGHBOURS}
            arrays = {name: np.array(values) for name, values in columns.items()}
            writing.write_table(self.file, "diagnostics/purity", arrays, "model", attrs)


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
