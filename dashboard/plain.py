"""Numbers as JSON has them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def plain(value: Any) -> Any:
    """A number that JSON can hold: None for one that is not finite; anything else than a float as it is."""
    if isinstance(value, float | np.floating):
        return float(value) if math.isfinite(value) else None
    return value
