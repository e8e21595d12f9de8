"""Series of checkpoints as the page reads them: ready for JSON, NaN as null, texts without control characters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.agreement.results import numbers
from dashboard.data import AtlasData
from dashboard.drift.outputs import against_output
from dashboard.labels import clean
from dashboard.plain import plain
from precompute.drift.records import OF_ELEMENTS, Estimates, Forgetting, Series
from precompute.drift.stored import DRIFT, embedded_layer, read_series, series_attrs, series_names
from precompute.drift.verdict import judged, verdict

PARTS = ("value", "low", "high")
LONGEST_TEXT = 300
DEEPEST, MOST_ENTRIES = 4, 60
ERRORS = ("energy_mae", "force_mae")
MOST_NUMBER = 200
TOP = 0.99
"""Quantile of the atoms' values at which the colours of maps end."""


def names(data: AtlasData) -> list[str]:
    """Names of the series of an atlas, those of one experiment together, what is no drift last."""

    def read() -> list[str]:
        return sorted(series_names(data.atlas.file), key=lambda name: _place(series_attrs(data.atlas.file, name), name))

    return data.keep(("drift names",), read)


def _place(attrs: Mapping[str, Any], name: str) -> tuple[Any, ...]:
    kinds = ("fine-tuning", "published", "training", "comparison")
    kind = str(attrs.get("kind"))
    strategies = ("naive", "replay", "ewc", "replay+ewc", "multihead")
    strategy = str(attrs.get("strategy") or "")
    seed = attrs.get("seed")
    return (
        kinds.index(kind) if kind in kinds else len(kinds),
        str(attrs.get("experiment") or ""),
        strategies.index(strategy) if strategy in strategies else len(strategies),
        -1 if seed is None else int(seed),
        name,
    )


def series_of(data: AtlasData, name: str) -> Series:
    """A series with all its arrays, which must be there; kept while it is looked at."""
    return data.keep(("drift series", name), lambda: read_series(data.atlas.file, name))


def overview(data: AtlasData) -> dict[str, Any]:
    """What there is to show: every series without its numbers."""
    return {"series": [described(data, name) for name in names(data)]}


def described(data: AtlasData, name: str) -> dict[str, Any]:
    """What is known of a series without reading its arrays over atoms."""
    file = data.atlas.file
    attrs = series_attrs(file, name)
    base = clean(attrs["base"], 80)
    card = data.cards.get(base)
    layer = clean(card.layer if card else embedded_layer(file, name), 80)
    step = file.read(f"{DRIFT}/{name}/step")
    return {
        "name": name, "title": clean(attrs["title"], 120), "kind": str(attrs["kind"]),
        "experiment": clean(attrs["experiment"], 120), "base": base, "family": clean(attrs["family"], 40),
        "strategy": clean(attrs["strategy"], 40), "seed": attrs["seed"], "layer": layer,
        "trained_on": symbols(data, np.asarray(list(_integers(attrs["trained_on"])), int)),
        "checkpoints": [clean(c, 80) for c in _items(attrs["checkpoints"])],
        "step": [float(s) for s in step.tolist()], "step_unit": str(attrs["step_unit"]),
        "atoms": file.shape(f"{DRIFT}/{name}/atom")[0], "structures": file.shape(f"{DRIFT}/{name}/structure")[0],
        "k": attrs["k"], "anchors": attrs["anchors"], "record": readable(attrs["record"]),
    }  # fmt: skip


def told(data: AtlasData, name: str) -> dict[str, Any]:
    """A series with its numbers over all atoms, by element and by step, but nothing of single atoms.

    Returns
    -------
    dict
        `described` and ``overall`` and ``of_elements`` (value, low, high), ``counted`` and ``element_counted`` (over
        how many representatives, or structures, each is), ``elements``, ``forgetting`` or None, ``output`` (see
        `against_output`), ``top`` (where colours end), ``verdict`` or None (see `precompute.drift.verdict`),
        ``errors`` or None (of each checkpoint on the fine-tuning data).
    """
    series = series_of(data, name)
    representative = representatives(data, series)
    known = {measure: representative & np.isfinite(getattr(series, measure)).all(axis=0) for measure in OF_ELEMENTS}
    numbers_of = np.asarray(data.of_atoms("atomic_number"))[series.atom]
    return described(data, name) | {
        "counted": {measure: int(atoms.sum()) for measure, atoms in known.items()}
        | dict.fromkeys(("procrustes", "angular"), int(known["reembedded"].sum()))
        | {"energy": int(np.isfinite(series.energy).all(axis=0).sum())},
        "element_counted": {
            measure: np.bincount(numbers_of[atoms], minlength=MOST_NUMBER)[series.elements].tolist()
            for measure, atoms in known.items()
        },
        "overall": {measure: _estimates(found) for measure, found in series.overall.items()},
        "of_elements": {measure: _estimates(found) for measure, found in series.of_elements.items()},
        "elements": symbols(data, series.elements),
        "forgetting": _forgetting(data, series, series.forgetting),
        "output": against_output(
            series, np.asarray(data.of_atoms("structure"))[series.atom], representative
        ),
        "verdict": _verdict(series),
        "errors": _errors(series),
        "top": {
            measure: _end(getattr(series, measure), 1 - TOP if measure == "retention" else TOP)
            for measure in OF_ELEMENTS
        },
    }  # fmt: skip


def representatives(data: AtlasData, series: Series) -> NDArray[np.bool_]:
    """Which atoms of a series are representatives of their orbit, (n,) bool."""
    return np.asarray(data.of_atoms("is_representative"), bool)[series.atom]


def symbols(data: AtlasData, elements: NDArray[np.integer]) -> list[str]:
    """Symbols of atomic numbers that the periodic table has."""
    return [data.symbols[z - 1] for z in elements.tolist() if 0 < z <= len(data.symbols)]


def _estimates(found: Estimates) -> dict[str, Any]:
    return {part: numbers(getattr(found, part)) for part in PARTS}


def _forgetting(data: AtlasData, series: Series, found: Forgetting | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "n_runs": found.n_runs, "rule": clean(found.rule, 500),
        "flagged": symbols(data, series.elements[found.flagged]),
        **{part: numbers(getattr(found, part)) for part in ("drift", "low", "null")},
    }  # fmt: skip


def _verdict(series: Series) -> dict[str, Any] | None:
    """Whether the last checkpoint passed, and each check; None where a verdict would say nothing."""
    if not judged(series):
        return None
    found = verdict(series)
    return {"passed": found.passed, "checks": [{k: plain(v) for k, v in asdict(c).items()} for c in found.checks]}


def _errors(series: Series) -> dict[str, list[float | None]] | None:
    """Errors on the fine-tuning data by step, eV/atom and eV/angstrom, as the run recorded them; None without any."""
    rows = series.record.get("checkpoints")
    if not isinstance(rows, list) or len(rows) != len(series.checkpoints):
        return None
    known = {name: [_number(row, name) for row in rows] for name in ERRORS}
    return known if any(v is not None for values in known.values() for v in values) else None


def _number(row: Any, name: str) -> float | None:
    value = row.get(name) if isinstance(row, Mapping) else None
    return plain(float(value)) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _end(values: NDArray[np.float32], part: float) -> float | None:
    known = values[np.isfinite(values)]
    return float(f"{np.quantile(known, part):.4g}") if known.size else None


def readable(value: Any, depth: int = DEEPEST) -> Any:
    """A record as JSON holds it: texts cleaned and cut, nothing that is no number, nothing too deep or too long."""
    if isinstance(value, Mapping):
        if depth == 0:
            return "…"
        entries = list(value.items())[:MOST_ENTRIES]
        return {clean(k, 60): readable(v, depth - 1) for k, v in entries}
    if isinstance(value, list | tuple):
        return [readable(v, depth - 1) for v in list(value)[:MOST_ENTRIES]] if depth else "…"
    return clean(value, LONGEST_TEXT) if isinstance(value, str) else plain(value)


def _items(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _integers(value: Any) -> list[int]:
    return [int(v) for v in _items(value)]
