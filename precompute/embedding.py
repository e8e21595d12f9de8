"""Running models over structures in blocks that survive an interruption."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import zipfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError, Embedded, Refused, Structure
from precompute.structures.portable import digest

ATOMS_PER_BLOCK = 1_000
Made = TypeVar("Made")


@dataclass(frozen=True, eq=False)
class ModelRun:
    """What one model made of a list of structures.

    Attributes
    ----------
    embeddings : (N, d) float32
        All atoms, in order; NaN rows where the model refused.
    refused : tuple of Refused
    flagged : mapping of structure id to remarks
    provenance : mapping
        What the model says of itself: checkpoint hash, versions, width, ...
    """

    embeddings: NDArray[np.float32]
    refused: tuple[Refused, ...]
    flagged: Mapping[str, list[str]]
    provenance: Mapping[str, Any]


def cut(structures: Sequence[Structure], atoms: int = ATOMS_PER_BLOCK) -> list[slice]:
    """Cut a list of structures into blocks of about `atoms` atoms; always the same for the same list."""
    blocks, start, count = [], 0, 0
    for i, s in enumerate(structures):
        count += len(s)
        if count >= atoms:
            blocks.append(slice(start, i + 1))
            start, count = i + 1, 0
    if start < len(structures):
        blocks.append(slice(start, len(structures)))
    return blocks


def join(structures: Sequence[Structure], results: Sequence[Embedded], provenance: Mapping[str, Any]) -> ModelRun:
    """Put the structures' features together into one array.

    Raises
    ------
    AtlasError
        Where no structure was embedded, or shapes do not fit.
    """
    widths = {r.features.shape[1] for r in results if r.features is not None}
    if len(widths) != 1:
        reasons = sorted({r.reason for r in results if r.features is None})[:3]
        what = f"gave features of different widths {sorted(widths)}" if widths else f"embedded nothing: {reasons}"
        raise AtlasError(f"the model {what}")
    width = widths.pop()
    parts = []
    for s, r in zip(structures, results, strict=True):
        if r.features is not None and len(r.features) != len(s):
            raise AtlasError(f"the model gave {len(r.features)} rows for the {len(s)} atoms of {s.id}")
        parts.append(np.full((len(s), width), np.nan, np.float32) if r.features is None else r.features)
    pairs = list(zip(structures, results, strict=True))
    return ModelRun(
        embeddings=np.concatenate(parts),
        refused=tuple(Refused(s.id, r.reason) for s, r in pairs if r.features is None),
        flagged={s.id: list(r.flags) for s, r in pairs if r.flags},
        provenance=provenance,
    )


class BlockCache:
    """Finished blocks of one model over one list of structures, each a file that appears whole or not at all."""

    def __init__(self, folder: Path, identity: Mapping[str, Any], structures: Sequence[Structure]) -> None:
        sha = hashlib.sha256(json.dumps(dict(identity), sort_keys=True).encode())
        for s in structures:
            sha.update(digest(s).encode() + s.id.encode())
        self.folder = folder / sha.hexdigest()[:24]

    def read(self, block: int) -> tuple[list[Embedded], dict[str, Any]] | None:
        """Return a finished block, or None where it is missing or its file is damaged."""
        try:
            with np.load(self.folder / f"{block:06d}.npz", allow_pickle=False) as data:
                head = json.loads(str(data["head"]))
                results = [
                    Embedded(None if item["reason"] else data[f"f{i}"], item["reason"], tuple(item["flags"]))
                    for i, item in enumerate(head["items"])
                ]
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None
        return results, head["provenance"]

    def write(self, block: int, results: Sequence[Embedded], provenance: Mapping[str, Any]) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        items = [{"reason": r.reason, "flags": list(r.flags)} for r in results]
        head = json.dumps({"items": items, "provenance": dict(provenance)})
        arrays: dict[str, Any] = {f"f{i}": r.features for i, r in enumerate(results) if r.features is not None}
        unfinished = self.folder / f"{block:06d}.part"
        with unfinished.open("wb") as handle:
            np.savez(handle, head=np.array(head), **arrays)
        unfinished.replace(self.folder / f"{block:06d}.npz")


def run_model(
    open_session: Callable[[], Any],
    cache: BlockCache,
    structures: Sequence[Structure],
    stop: threading.Event,
    on_atoms: Callable[[int], None],
) -> ModelRun:
    """Embed all structures with one model, block by block; a block that an earlier build finished is read instead.

    Parameters
    ----------
    open_session : callable
        Returns a context manager of a session with ``embed`` and ``provenance``; called only if a block is missing.
    cache : BlockCache
    structures : sequence of Structure
    stop : threading.Event
        Checked between blocks.
    on_atoms : callable
        Told how many atoms were done.
    """
    blocks = cut(structures)
    found = {i: read for i in range(len(blocks)) if (read := cache.read(i)) is not None}
    missing = [i for i in range(len(blocks)) if i not in found]
    for i in found:
        on_atoms(sum(len(s) for s in structures[blocks[i]]))
    if missing:
        with open_session() as session:
            for i in missing:
                if stop.is_set():
                    raise AtlasError("stopped")
                results = session.embed(structures[blocks[i]])
                cache.write(i, results, session.provenance)
                found[i] = (list(results), dict(session.provenance))
                on_atoms(sum(len(s) for s in structures[blocks[i]]))
    return join(structures, [r for i in range(len(blocks)) for r in found[i][0]], found[0][1])


def run_all(
    tasks: Mapping[str, Callable[[threading.Event], Made]],
    jobs: int,
    on_done: Callable[[str, Made], None],
    on_failed: Callable[[str, AtlasError], None],
    on_interrupt: Callable[[], None],
) -> None:
    """Run one task a model, `jobs` at a time; one model's failure does not stop the others.

    `on_done` and `on_failed` are called in this thread, in the order in which the models finish. On an interruption
    `on_interrupt` is called, which ends what the tasks wait for; finished blocks are kept.
    """
    stop = threading.Event()
    with ThreadPoolExecutor(max_workers=max(1, jobs)) as pool:
        futures = {pool.submit(task, stop): key for key, task in tasks.items()}
        pending = set(futures)
        try:
            while pending:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                for future in done:
                    error = future.exception()
                    if isinstance(error, AtlasError):
                        on_failed(futures[future], error)
                    else:
                        on_done(futures[future], future.result())
        except BaseException:
            stop.set()
            for future in pending:
                future.cancel()
            on_interrupt()
            raise


def share_of_cores(n_models: int) -> tuple[int, int]:
    """How many models to run side by side, and threads for each.

    Small graphs keep one thread busy but scale badly over several, so models come before threads; at most four, since
    each holds its own copy of torch (about 0.7 GB).
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    jobs = max(1, min(n_models, cores, 4))
    return jobs, max(1, cores // jobs)
