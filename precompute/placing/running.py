"""The steps from a file to places: reading, then each model in turn, with results kept as they come."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import Analysis, AtlasError, Structure
from precompute.elements import symbols
from precompute.placing.places import Placed, place
from precompute.placing.reading import read_one
from precompute.store import Atlas

if TYPE_CHECKING:
    from precompute.models.spec import ModelSpec

Tell = Callable[[Mapping[str, Any]], None]


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
