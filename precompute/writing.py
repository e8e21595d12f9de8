"""What each stage puts into an atlas: names, dimensions, attributes. The counterpart of the readers in `store`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import Analysis, AnchorSet, Map, Skipped, Structure
from precompute.elements import table
from precompute.store import AtlasFile

MAX_PROPERTIES = 200


def write_structures(
    file: AtlasFile,
    structures: Sequence[Structure],
    analyses: Sequence[Analysis],
    skipped: Sequence[Skipped],
    seed: int,
) -> None:
    """Write structures/, atoms/, skipped/ and elements/."""
    for name in ("structures", "atoms", "skipped", "elements"):
        file.delete(name)
    first = _write_packed(file, structures, "structures", "atoms", "")
    of = {
        "formula": np.array([a.formula for a in analyses]),
        "spacegroup": np.array([a.spacegroup for a in analyses], np.int16),
        "spacegroup_symbol": np.array([a.spacegroup_symbol for a in analyses]),
        "crystal_system": np.array([a.crystal_system for a in analyses]),
    }
    for name, values in of.items():
        file.write(f"structures/{name}", values, ["structure"])
    orbit = np.concatenate([a.orbit + f for a, f in zip(analyses, first, strict=True)]).astype(np.int32)
    n = len(orbit)
    lengths = [len(s) for s in structures]
    atoms = {
        "structure": np.repeat(np.arange(len(structures), dtype=np.int32), lengths),
        "orbit": orbit,
        "is_representative": orbit == np.arange(n),
        "coordination": np.concatenate([a.coordination for a in analyses]),
        "site_symmetry": np.concatenate([a.site_symmetry for a in analyses]),
        "wyckoff": np.concatenate([a.wyckoff for a in analyses]),
        "display_order": np.random.default_rng(seed).permutation(n).astype(np.int32),
    }
    for name, values in atoms.items():
        file.write(f"atoms/{name}", values, ["atom"])
    _write_properties(file, "structures", "structure", [s.properties for s in structures], structures)
    _write_atom_properties(file, structures, lengths)
    for column in ("id", "source", "reason"):
        file.write(f"skipped/{column}", np.array([getattr(s, column) for s in skipped], np.str_), ["skipped"])
    for name, values in table().items():
        file.write(f"elements/{name}", values, ["element"])


def write_anchors(file: AtlasFile, anchors: AnchorSet, index: NDArray[np.integer]) -> None:
    """Write anchors/: the set itself, and for each anchor its atom index in this atlas, or -1."""
    file.delete("anchors")
    attrs = {k: getattr(anchors, k) for k in ("name", "method", "model", "seed", "chosen_from")}
    file.require_group("anchors", attrs)
    file.write("anchors/index", index.astype(np.int32), ["anchor"])
    file.write("anchors/structure", anchors.structure, ["anchor"])
    file.write("anchors/atom", anchors.atom, ["anchor"])
    file.write("anchors/element", anchors.numbers.astype(np.int16), ["anchor"])
    _write_packed(file, anchors.structures, "anchors/structures", "anchors/atoms", "anchor_")


def write_embeddings(file: AtlasFile, key: str, embeddings: NDArray[np.float32], attrs: Mapping[str, Any]) -> None:
    """Begin models/<key>/ with the model's own features, (N, d), and what is known of the model."""
    file.delete(f"models/{key}")
    file.require_group("models")
    file.require_group(f"models/{key}", attrs)
    file.write(f"models/{key}/embeddings", embeddings, ["atom", "feature"], {"unit": "arbitrary"})


def write_coordinates(
    file: AtlasFile, key: str, coordinates: NDArray[np.float32], anchors: NDArray[np.float32], measure: str
) -> None:
    """Write coordinates, (N, K), and the embeddings of the anchors that they were found with, (K, d)."""
    file.write(f"models/{key}/anchor_embeddings", anchors, ["anchor", "feature"])
    file.write(f"models/{key}/coordinates", coordinates, ["atom", "anchor"], {"measure": measure, "unit": "1"})


def write_map(file: AtlasFile, key: str, name: str, map_: Map) -> None:
    dims = ["atom", f"axis_of_{map_.xy.shape[1]}"]
    file.write(f"models/{key}/maps/{name}", map_.xy.astype(np.float32), dims, map_.quality)


def write_neighbours(
    file: AtlasFile, key: str, kind: str, index: NDArray[np.int32], similarity: NDArray[np.float32]
) -> None:
    base = f"models/{key}/neighbours/{kind}"
    file.write(f"{base}/index", index, ["atom", "rank"])
    file.write(f"{base}/similarity", similarity, ["atom", "rank"])


def write_table(file: AtlasFile, name: str, columns: Mapping[str, NDArray], dim: str, attrs: Mapping[str, Any]) -> None:
    """Write a table of equally long columns as a group, e.g. ``diagnostics/purity``."""
    file.delete(name)
    file.require_group(name.rpartition("/")[0])
    file.require_group(name, attrs)
    for column, values in columns.items():
        file.write(f"{name}/{column}", values, [dim])


def _write_packed(
    file: AtlasFile, structures: Sequence[Structure], over_structures: str, over_atoms: str, dim: str
) -> NDArray[np.int64]:
    """Write cells over structures, species and positions over atoms; return each structure's first atom."""
    lengths = np.array([len(s) for s in structures], np.int64)
    first = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
    for name in (over_structures, over_atoms):
        file.require_group(name)
    columns: dict[str, tuple[NDArray, list[str], dict[str, str]]] = {
        "id": (np.array([s.id for s in structures], np.str_), [], {}),
        "source": (np.array([s.source for s in structures], np.str_), [], {}),
        "cell": (np.stack([s.cell for s in structures]), ["vector", "xyz"], {"unit": "angstrom"}),
        "pbc": (np.stack([s.pbc for s in structures]), ["vector"], {}),
        "first_atom": (first, [], {}),
        "n_atoms": (lengths.astype(np.int32), [], {}),
    }
    for name, (values, more, attrs) in columns.items():
        file.write(f"{over_structures}/{name}", values, [f"{dim}structure", *more], attrs)
    file.write(f"{over_atoms}/atomic_number", np.concatenate([s.numbers for s in structures]), [f"{dim}atom"])
    positions = np.concatenate([s.positions for s in structures])
    file.write(f"{over_atoms}/position", positions, [f"{dim}atom", "xyz"], {"unit": "angstrom"})
    return first


def _safe_names(names: Sequence[str]) -> dict[str, str]:
    """Map property names to names that are safe as folders, each once; at most `MAX_PROPERTIES` of them."""
    safe: dict[str, str] = {}
    for name in names[:MAX_PROPERTIES]:
        stem = re.sub(r"[^A-Za-z0-9_.+-]", "_", name)[:80].lstrip("._") or "property"
        candidate, n = stem, 2
        while candidate.lower() in {v.lower() for v in safe.values()}:
            candidate, n = f"{stem}_{n}", n + 1
        safe[name] = candidate
    return safe


def _ordered_union(mappings: Sequence[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for m in mappings for name in m))


def _write_properties(
    file: AtlasFile, group: str, dim: str, rows: Sequence[Mapping[str, Any]], structures: Sequence[Structure]
) -> None:
    file.require_group(f"{group}/properties")
    units: dict[str, str] = {}
    for s in structures:
        units |= s.units
    for name, stored in _safe_names(_ordered_union(rows)).items():
        values = [row.get(name) for row in rows]
        known = [v for v in values if v is not None]
        if all(isinstance(v, bool | int | float | np.number | np.bool_) for v in known):
            kind = "flag" if all(isinstance(v, bool | np.bool_) for v in known) else "number"
            data = np.array([np.nan if v is None else float(v) for v in values])
        else:
            kind, data = (
                "text",
                np.array(["" if v is None else str(v) for v in values], np.dtypes.StringDType()),
            )
        attrs = {"name": name, "kind": kind, "unit": units.get(name, "")}
        file.write(f"{group}/properties/{stored}", data, [dim], attrs)


def _write_atom_properties(file: AtlasFile, structures: Sequence[Structure], lengths: Sequence[int]) -> None:
    file.require_group("atoms/properties")
    units: dict[str, str] = {}
    for s in structures:
        units |= s.units
    for name, stored in _safe_names(_ordered_union([s.atom_properties for s in structures])).items():
        found = [np.asarray(s.atom_properties[name]) for s in structures if name in s.atom_properties]
        tails = {a.shape[1:] for a in found}
        if len(tails) != 1 or any(a.dtype.kind not in "biufUT" for a in found):
            continue
        tail = tails.pop()
        numeric = all(a.dtype.kind in "biuf" for a in found)
        kind, blank = ("number", np.nan) if numeric else ("text", "")
        dtype: np.typing.DTypeLike = np.float64 if numeric else np.dtypes.StringDType()
        parts = [
            np.asarray(s.atom_properties[name]).astype(dtype)
            if name in s.atom_properties
            else np.full((n, *tail), blank, dtype)
            for s, n in zip(structures, lengths, strict=True)
        ]
        dims = ["atom", *(f"{stored}_{i}" for i in range(len(tail)))]
        attrs = {"name": name, "kind": kind, "unit": units.get(name, "")}
        file.write(f"atoms/properties/{stored}", np.concatenate(parts), dims, attrs)
