"""Energy errors of the models, where somebody supplies them: a small table beside the atlas, or in its attributes.

A CSV file with a line a model::

    model,error,unit,source
    7net-0,0.018,eV/atom,our 500 held-out oxides
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.data import AtlasData
from dashboard.labels import clean
from precompute.contracts import AtlasError

COLUMNS = ("model", "error", "unit", "source")
MAX_BYTES = 1_000_000
ATTRIBUTE = "energy_errors"


@dataclass(frozen=True)
class ErrorTable:
    """Errors of models in one unit.

    Attributes
    ----------
    unit : str
    errors : mapping of model key to float
        Not negative.
    sources : mapping of model key to str
    """

    unit: str
    errors: Mapping[str, float]
    sources: Mapping[str, str]


def read_errors(path: Path) -> ErrorTable:
    """Read a CSV file of errors.

    Raises
    ------
    AtlasError
        Where it cannot be read, or holds something else; names the line.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise AtlasError(f"{path} has more than {MAX_BYTES:,} bytes; expected a line a model")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise AtlasError(f"the errors in {path} cannot be read: {error}") from error
    rows = csv.DictReader(text.splitlines(), skipinitialspace=True)
    missing = [name for name in COLUMNS[:3] if name not in (rows.fieldnames or ())]
    if missing:
        raise AtlasError(
            f"{path} has no column {', '.join(missing)}; expected a first line {','.join(COLUMNS)} (source may be left "
            "out)"
        )
    return table_of(rows, str(path))


def table_of(rows: Iterable[Mapping[str, Any]], where: str) -> ErrorTable:
    """Check rows of ``model, error, unit, source``.

    Raises
    ------
    AtlasError
        Where an error is no number of 0 or above, a model comes twice, or units differ.
    """
    errors: dict[str, float] = {}
    sources: dict[str, str] = {}
    units: dict[str, None] = {}
    for line, row in enumerate(rows, start=2):
        model = str(row.get("model") or "").strip()
        try:
            error = float(row.get("error") or "")
        except (TypeError, ValueError):
            error = math.nan
        if not model or not math.isfinite(error) or error < 0:
            raise AtlasError(
                f"{where}, line {line}: expected a model and its error, a number of 0 or above; "
                f"got {model!r} and {str(row.get('error'))[:40]!r}"
            )
        if model in errors:
            raise AtlasError(f"{where}, line {line}: {model} was given before; one line a model")
        errors[model] = error
        sources[model] = str(row.get("source") or "").strip()
        units[str(row.get("unit") or "").strip()] = None
    if len(units) > 1:
        named = ", ".join(repr(unit) for unit in units)
        raise AtlasError(f"{where} mixes units ({named}); convert all errors to one, such as eV/atom")
    return ErrorTable(next(iter(units), ""), errors, sources)


def errors_of(data: AtlasData, given: ErrorTable | None) -> dict[str, Any] | None:
    """The errors known of an atlas's models, ready for JSON; None where none of them has one.

    Those of a file count first; else those in the atlas's attribute ``energy_errors``, a list of rows of
    ``model, error, unit, source``.

    Raises
    ------
    AtlasError
        Where the attribute is damaged.
    """
    stored = data.atlas.attrs.get(ATTRIBUTE)
    table = given
    if table is None and isinstance(stored, list) and all(isinstance(row, dict) for row in stored):
        table = table_of(stored, f"{data.title}: {ATTRIBUTE}")
    known = [key for key in data.model_keys if table is not None and key in table.errors]
    if table is None or not known:
        return None
    return {
        "unit": clean(table.unit, 30),
        "models": {key: [table.errors[key], clean(table.sources[key], 200)] for key in known},
        "unknown": sorted(clean(key, 60) for key in set(table.errors) - set(known)),
    }
