"""Drift in an atlas.

drift/<series>/{step, atom, structure, elements, element_atoms, reembedded, frozen, retention, forces, energy,
                position, position_frozen}
drift/<series>/{overall,of_elements}/<measure>/{value, low, high}
drift/<series>/forgetting/{drift, low, null, flagged}
drift/<series>/embeddings/<checkpoint number>/{atoms, anchors}
"""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from precompute.drift.records import OF_ELEMENTS, OVERALL, Estimates, Forgetting, Series
from precompute.store import AtlasFile

DRIFT = "drift"
_ARRAYS = {
    "step": ["step"],
    "atom": ["drift_atom"],
    "structure": ["drift_structure"],
    "elements": ["drift_element"],
    "element_atoms": ["drift_element"],
    **{name: ["step", "drift_atom"] for name in ("reembedded", "frozen", "retention", "forces")},
    "energy": ["step", "drift_structure"],
    **{name: ["step", "drift_atom", "axis_of_2"] for name in ("position", "position_frozen")},
}
_UNITS = {"forces": "eV/angstrom", "energy": "eV/atom"}
_TABLES = {"overall": (OVERALL, ["step"]), "of_elements": (OF_ELEMENTS, ["step", "drift_element"])}
_ESTIMATE = ("value", "low", "high")
_FORGETTING = ("drift", "low", "null", "flagged")
_PLAIN = [f.name for f in fields(Series) if f.name not in {*_ARRAYS, *_TABLES, "forgetting"}]


def series_names(file: AtlasFile) -> list[str]:
    """Names of the series that an atlas holds."""
    return file.names(DRIFT, "groups")


def series_attrs(file: AtlasFile, name: str) -> dict[str, Any]:
    """What is known of a series without reading its arrays: title, kind, experiment, base, strategy, record, ..."""
    return file.attrs(f"{DRIFT}/{name}")


def embedded_layer(file: AtlasFile, name: str) -> str:
    """The layer of the base that a series' coordinates are of; empty where its embeddings are not stored."""
    place = f"{DRIFT}/{name}/embeddings/0"
    provenance = file.attrs(place).get("provenance") if file.has(place) else None
    return str(provenance.get("layer") or "") if isinstance(provenance, dict) else ""


def read_series(file: AtlasFile, name: str) -> Series:
    """The series of that name, which must be there."""
    base = f"{DRIFT}/{name}"
    attrs = file.attrs(base)
    plain = {field: attrs[field] for field in _PLAIN}
    plain["trained_on"], plain["checkpoints"] = tuple(plain["trained_on"]), tuple(plain["checkpoints"])
    tables: dict[str, Any] = {
        table: {
            measure: Estimates(*(file.read(f"{base}/{table}/{measure}/{part}") for part in _ESTIMATE))
            for measure in measures
        }
        for table, (measures, _) in _TABLES.items()
    }
    forgetting = None
    if file.has(f"{base}/forgetting"):
        of = file.attrs(f"{base}/forgetting")
        columns = {c: file.read(f"{base}/forgetting/{c}") for c in _FORGETTING}
        forgetting = Forgetting(**columns, n_runs=int(of["n_runs"]), rule=str(of["rule"]))
    arrays: dict[str, Any] = {array: file.read(f"{base}/{array}") for array in _ARRAYS}
    return Series(**plain, **arrays, **tables, forgetting=forgetting)


def write_series(file: AtlasFile, series: Series) -> None:
    """Write a series, replacing one of its name. The file is one that is being made, not one that others read."""
    base = f"{DRIFT}/{series.name}"
    file.delete(base)
    plain = {field: getattr(series, field) for field in _PLAIN}
    lists = {"trained_on": list(series.trained_on), "checkpoints": list(series.checkpoints)}
    file.require_group(DRIFT)
    file.require_group(base, {**plain, **lists, "record": dict(series.record)})
    for array, dims in _ARRAYS.items():
        file.write(f"{base}/{array}", getattr(series, array), dims, {"unit": _UNITS.get(array, "1")})
    for table, (measures, dims) in _TABLES.items():
        file.require_group(f"{base}/{table}")
        for measure in measures:
            file.require_group(f"{base}/{table}/{measure}")
            for part in _ESTIMATE:
                values = getattr(getattr(series, table)[measure], part)
                file.write(f"{base}/{table}/{measure}/{part}", values, dims, {"unit": _UNITS.get(measure, "1")})
    if series.forgetting is not None:
        of = {"n_runs": series.forgetting.n_runs, "rule": series.forgetting.rule}
        file.require_group(f"{base}/forgetting", of)
        for column in _FORGETTING:
            file.write(f"{base}/forgetting/{column}", getattr(series.forgetting, column), ["drift_element"])
