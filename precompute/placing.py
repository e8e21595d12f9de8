"""Placing a crystal that an atlas does not hold: embedded by the atlas's models, set among its atoms.

``python -m precompute.placing ATLAS FILE --models a,b --out DIR`` writes one JSON line for every step to standard
output, and into DIR ``result.json`` (anew after every model) and one ``<model>.npz`` with embeddings, coordinates,
places and neighbours of the inequivalent atoms.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import Analysis, AtlasError, Skipped, Structure
from precompute.coordinates import coordinates
from precompute.elements import symbols
from precompute.neighbours import N_NEIGHBOURS, top_columns, unit_rows
from precompute.store import Atlas

if TYPE_CHECKING:
    from precompute.models.spec import ModelSpec

MAX_ATOMS = 500
FITTED_ROWS = 4_000
LARGEST_RESIDUAL = 1e-3
"""Of a recovered map, as a share of the map's extent; a map that misses it is no affine image of its space."""
CHECKED_ROWS = 50
INTERPOLATED_FROM = 5
ROWS_PER_BLOCK = 16_384
Tell = Callable[[Mapping[str, Any]], None]


@dataclass(frozen=True, eq=False)
class Placed:
    """One model's view of the n inequivalent atoms of a crystal.

    Attributes
    ----------
    embeddings : (n, d) float32
    coordinates : (n, K) float32
    maps : mapping of map name to (n, 2) float32
    interpolated : tuple of str
        Maps on which a place is the mean of those of the nearest atoms, since the map's own rule is not stored.
    index, similarity : (n, 50)
        The nearest representatives of the atlas by cosine of coordinates, nearest first; padded with -1 and NaN.
    """

    embeddings: NDArray[np.float32]
    coordinates: NDArray[np.float32]
    maps: Mapping[str, NDArray[np.float32]]
    interpolated: tuple[str, ...]
    index: NDArray[np.int32]
    similarity: NDArray[np.float32]


# ---- reading


def read_one(path: Path, name: str = "", max_atoms: int = MAX_ATOMS) -> tuple[Structure, Analysis]:
    """Read the one structure of a file, checked as a build checks it.

    Raises
    ------
    AtlasError
        Where the file holds none or several, or one that no model can take.
    """
    from precompute.structures.collect import collect_structures
    from precompute.structures.readers import read

    with closing(read([path])) as items:
        found = list(islice(items, 2))
    if len(found) > 1 and isinstance(found[0], Structure):
        raise AtlasError("the file holds more than one structure; give one crystal at a time")
    if not found or isinstance(found[0], Skipped):
        raise AtlasError(found[0].reason if found and isinstance(found[0], Skipped) else "the file holds no structure")
    structure = replace(found[0], id=name or found[0].id, source=name or found[0].source, properties={})
    collection = _one(collect_structures, structure, max_atoms)
    return collection.structures[0], collection.analyses[0]


def _one(collect: Callable[..., Any], structure: Structure, max_atoms: int) -> Any:
    try:
        return collect([structure], strict=True, max_atoms=max_atoms)
    except AtlasError as error:
        text = str(error).removeprefix(f"{structure.id} ({structure.source}): ")
        raise AtlasError(text.partition("; drop it")[0]) from None


# ---- placing


def affine(x: NDArray[np.floating], xy: NDArray[np.floating]) -> Callable[[NDArray], NDArray[np.float32]] | None:
    """The affine map that made `xy` (N, 2) of `x` (N, k); None where none did, to `LARGEST_RESIDUAL`.

    Least squares on at most `FITTED_ROWS` rows. Directions in which the rows do not vary count as nothing.
    """
    rows = np.flatnonzero(np.isfinite(x).all(axis=1) & np.isfinite(xy).all(axis=1))
    rows = (
        rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), FITTED_ROWS)).astype(int))] if len(rows) else rows
    )
    if len(rows) < 2:
        return None
    a, b = x[rows].astype(np.float64), xy[rows].astype(np.float64)
    centre, origin = a.mean(axis=0), b.mean(axis=0)
    matrix = np.linalg.lstsq(a - centre, b - origin, rcond=1e-6)[0]
    extent = float(np.ptp(b, axis=0).max()) or 1.0
    residual = np.abs((a - centre) @ matrix + origin - b).max() / extent
    if residual > LARGEST_RESIDUAL:
        return None
    return lambda new: ((new.astype(np.float64) - centre) @ matrix + origin).astype(np.float32)


def nearest_of(
    unit: NDArray[np.float64], stored: NDArray[np.floating], pool: NDArray[np.intp], k: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The `k` rows of `pool` of the highest cosine to each row of `unit`; ties to the lower row.

    Similarities are found in float64 and rounded to float32, as the atlas's own lists are.
    """
    similarity = np.empty((len(unit), len(pool)), np.float32)
    for start in range(0, len(pool), ROWS_PER_BLOCK):
        block = slice(start, start + ROWS_PER_BLOCK)
        similarity[:, block] = unit @ unit_rows(stored[pool[block]]).T
    similarity[np.isnan(similarity)] = -np.inf
    best = top_columns(similarity, min(k, len(pool)))
    values = np.take_along_axis(similarity, best, axis=1)
    index = np.full((len(unit), k), -1, np.int32)
    kept = np.full((len(unit), k), np.nan, np.float32)
    found = np.isfinite(values)
    index[:, : best.shape[1]] = np.where(found, pool[best], -1)
    kept[:, : best.shape[1]] = np.where(found, values, np.nan)
    return index, kept


def place(atlas: Atlas, key: str, embeddings: NDArray[np.floating]) -> Placed:
    """Set atoms among those of an atlas by their embeddings, (n, d), from one of its models.

    Linear maps are recovered from the stored places; on others (UMAP) a place is the mean of those of the five nearest
    atoms, weighted by cosine.

    Raises
    ------
    AtlasError
        Where the atlas does not hold what its own coordinates were made from.
    """
    model = atlas.model(key)
    base = f"models/{key}"
    for name in ("embeddings", "anchor_embeddings", "coordinates"):
        if not atlas.file.has(f"{base}/{name}"):
            raise AtlasError(f"the atlas does not hold the {name.replace('_', ' ')} of {key}")
    own, stored = model.embeddings, model.coordinates
    express = _rule(atlas, key, own, stored)
    new = express(embeddings)
    pool = np.isfinite(stored).all(axis=1)
    representatives = np.flatnonzero(pool & np.asarray(atlas.atoms("is_representative"), bool))
    unit = unit_rows(new)
    index, similarity = nearest_of(unit, stored, representatives, N_NEIGHBOURS)
    near, weight = nearest_of(unit, stored, np.flatnonzero(pool), INTERPOLATED_FROM)
    maps: dict[str, NDArray[np.float32]] = {}
    interpolated: list[str] = []
    for name in (m for m in model.map_names if "-2d" in m):
        points = model.map(name)
        k = int(str(points.quality.get("k", stored.shape[1])))
        raw = name.startswith("raw-")
        rule = None if name.startswith("umap") else affine(own if raw else stored[:, :k], points.xy)
        if rule is None:
            interpolated.append(name)
            maps[name] = _between(points.xy, near, weight)
        else:
            maps[name] = rule(np.asarray(embeddings) if raw else new[:, :k])
    return Placed(np.asarray(embeddings, np.float32), new, maps, tuple(interpolated), index, similarity)


def _between(xy: NDArray, near: NDArray[np.int32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of the places of near atoms, weighted by their cosines."""
    w = np.where(near >= 0, np.nan_to_num(weight).clip(1e-6), 0.0)[:, :, None]
    places = xy[np.maximum(near, 0)].astype(np.float64)
    w = np.where(np.isfinite(places).all(axis=2, keepdims=True), w, 0.0)
    with np.errstate(invalid="ignore"):
        return ((np.nan_to_num(places) * w).sum(axis=1) / w.sum(axis=1)).astype(np.float32)


def _rule(
    atlas: Atlas, key: str, own: NDArray[np.float32], stored: NDArray[np.float32]
) -> Callable[[NDArray[np.floating]], NDArray[np.float32]]:
    """How the atlas made coordinates of embeddings, tried on some of its own atoms."""
    anchors = atlas.file.read(f"models/{key}/anchor_embeddings")
    measure = str(atlas.file.attrs(f"models/{key}/coordinates").get("measure", "cosine"))
    rows = np.flatnonzero(np.isfinite(stored).all(axis=1))
    rows = rows[:: max(1, len(rows) // CHECKED_ROWS)]
    for centre in (False, True):
        made = coordinates(own[rows], anchors, measure=measure, centre=centre)
        if np.allclose(made, stored[rows], atol=1e-4):
            return lambda e: coordinates(e, anchors, measure=measure, centre=centre)
    raise AtlasError(f"the coordinates of {key} do not follow from the embeddings and anchors that the atlas holds")


# ---- models


def unavailable(atlas: Atlas, key: str) -> str:
    """Why a model of an atlas cannot be run here; empty where it can."""
    from precompute.models.environments import is_ready
    from precompute.models.registry import registry

    status = atlas.model(key).status
    if status == "imported":
        return "its embeddings were imported; the model itself is not known here"
    spec = next((s for s in registry().specs if s.key == key), None)
    if spec is None:
        return "it is not among the models known here"
    if not is_ready(spec.environment):
        return f"its packages are not installed here: platonic-atlas env create {spec.environment}"
    if spec.weights == "download" and not (spec.keep_at and Path(spec.keep_at).expanduser().is_file()):
        return "its weights are not on this machine"
    return ""


def embed(
    spec: ModelSpec, structure: Structure, recorded: Mapping[str, Any], tell: Tell
) -> tuple[NDArray[np.float32], str]:
    """A model's embeddings of a structure, (n_atoms, d), and its remarks.

    Raises
    ------
    AtlasError
        Where the model refuses the structure, or is of another checkpoint than the atlas's.
    """
    from precompute.models.session import open_model

    threads = min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)
    with open_model(spec.model_copy(update={"isolated": True}), threads=threads) as session:
        before, here = recorded.get("sha256"), session.provenance.get("sha256")
        if before and here and before != here:
            raise AtlasError("its checkpoint here is another one than the atlas was made with")
        tell({"model": spec.key, "state": "embedding"})
        result = session.embed([structure])[0]
    if result.features is None:
        raise AtlasError(result.reason)
    return result.features, "; ".join(result.flags)


# ---- the whole


def run(atlas: Atlas, path: Path, keys: Sequence[str], out: Path, tell: Tell, name: str = "") -> None:
    """Place the crystal of a file with each model in turn; a model that cannot does not stop the others.

    Raises
    ------
    AtlasError
        Where the file is refused, or the atlas has no such model.
    """
    from precompute.models.registry import registry

    for key in keys:
        atlas.model(key)
    tell({"state": "reading"})
    structure, analysis = read_one(path, name)
    sites = np.flatnonzero(analysis.orbit == np.arange(len(structure)))
    result: dict[str, Any] = {"structure": describe(structure, analysis), "sites": [], "models": {}}
    result["sites"] = [_site(structure, analysis, int(a)) for a in sites]
    _write(out / "result.json", result)
    tell({"state": "read", "structure": result["structure"]})
    for key in keys:
        started = time.monotonic()
        try:
            reason = unavailable(atlas, key)
            if reason:
                tell({"model": key, "state": "unavailable", "reason": reason})
                continue
            tell({"model": key, "state": "loading"})
            spec = next(s for s in registry().specs if s.key == key)
            recorded = atlas.model(key).attrs.get("provenance") or {}
            embeddings, remarks = embed(spec, structure, recorded, tell)
            tell({"model": key, "state": "placing"})
            placed = place(atlas, key, embeddings[sites])
        except AtlasError as error:
            tell({"model": key, "state": "refused", "reason": str(error)[:300]})
            continue
        _save(out / f"{key}.npz", sites, placed)
        result["models"][key] = summary(placed) | {"remarks": remarks}
        _write(out / "result.json", result)
        tell({"model": key, "state": "done", "seconds": round(time.monotonic() - started, 1)})
    tell({"state": "finished"})


def describe(structure: Structure, analysis: Analysis) -> dict[str, Any]:
    """What is said of the crystal as a whole."""
    return {
        "id": structure.id, "formula": analysis.formula, "n_atoms": len(structure), "spacegroup": analysis.spacegroup,
        "spacegroup_symbol": analysis.spacegroup_symbol, "crystal_system": analysis.crystal_system,
    }  # fmt: skip


def _site(structure: Structure, analysis: Analysis, atom: int) -> dict[str, Any]:
    same = structure.numbers[: atom + 1] == structure.numbers[atom]
    symbol = str(symbols(structure.numbers[[atom]])[0])
    return {
        "atom": atom, "element": symbol, "label": f"{symbol} {int(same.sum())}",
        "n": int((analysis.orbit == atom).sum()), "site_symmetry": str(analysis.site_symmetry[atom]),
        "wyckoff": str(analysis.wyckoff[atom]), "coordination": int(analysis.coordination[atom]),
    }  # fmt: skip


def summary(placed: Placed) -> dict[str, Any]:
    """Places and neighbours as JSON, an entry an inequivalent atom; null where there is no place."""

    def rows(values: NDArray) -> list[Any]:
        known = np.isfinite(values)
        return [
            [v if ok else None for v, ok in zip(r, k, strict=True)]
            for r, k in zip(values.tolist(), known.tolist(), strict=True)
        ]

    found = placed.index >= 0
    return {
        "maps": {name: rows(xy) for name, xy in placed.maps.items()},
        "interpolated": list(placed.interpolated),
        "neighbours": [row[ok].tolist() for row, ok in zip(placed.index, found, strict=True)],
        "similarity": [np.round(row[ok], 6).tolist() for row, ok in zip(placed.similarity, found, strict=True)],
    }


def _save(path: Path, sites: NDArray[np.intp], placed: Placed) -> None:
    arrays: dict[str, Any] = {f"map/{name}": xy for name, xy in placed.maps.items()}
    fields = ("embeddings", "coordinates", "index", "similarity")
    np.savez_compressed(path, atom=sites, **{f: getattr(placed, f) for f in fields}, **arrays)


def _write(path: Path, value: Any) -> None:
    """Write JSON that readers find whole or not at all."""
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(value, allow_nan=False), encoding="utf-8")
    unfinished.replace(path)


def _watch(out: Path, seconds: float, tell: Tell) -> None:
    """End the program when its time is over, or when nobody keeps a folder for its results any more."""
    from precompute.models.client import kill_workers

    end = time.monotonic() + seconds
    while time.monotonic() < end and out.is_dir():
        time.sleep(1)
    tell({"state": "failed", "reason": f"it took longer than {seconds:g} s"})
    kill_workers()
    os._exit(1)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m precompute.placing", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("atlas", type=Path)
    parser.add_argument("file", type=Path)
    parser.add_argument("--models", default="", help="keys, joined by commas (default: all of the atlas)")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument("--name", default="", help="what to call the crystal (default: as the file says)")
    parser.add_argument("--limit", type=float, default=0, help="seconds after which to give up (default: never)")
    parser.add_argument("--nice", type=int, default=0, help="how far to stand back for other programs, 0 to 19")
    given = parser.parse_args(arguments)

    def tell(step: Mapping[str, Any]) -> None:
        print(json.dumps(dict(step)), flush=True)

    try:
        given.out.mkdir(parents=True, exist_ok=True)
        os.nice(given.nice)
        if given.limit > 0:
            threading.Thread(target=_watch, args=(given.out, given.limit, tell), daemon=True).start()
        atlas = Atlas(given.atlas)
        keys = [k for k in given.models.split(",") if k] or atlas.model_keys
        run(atlas, given.file, keys, given.out, tell, given.name)
    except AtlasError as error:
        tell({"state": "failed", "reason": str(error)})
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
