"""JSON for the command line: what has no number is null."""

from __future__ import annotations

import json
import math
from typing import Any


def print_json(data: object) -> None:
    """Print data as JSON to standard output."""
    print(as_json(data))


def as_json(data: object) -> str:
    """Data as JSON text; numbers that are not finite become null."""
    return json.dumps(_without_nan(data), indent=2, default=str, ensure_ascii=False, allow_nan=False)


def _without_nan(data: Any) -> Any:
    if isinstance(data, dict):
        return {k: _without_nan(v) for k, v in data.items()}
    if isinstance(data, list | tuple):
        return [_without_nan(v) for v in data]
    return None if isinstance(data, float) and not math.isfinite(data) else data
