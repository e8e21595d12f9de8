"""Files that commands write besides what they print."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from precompute.contracts import AtlasError


def check_writable(out: Path, endings: Sequence[str] = (".json", ".csv"), option: str = "--out") -> None:
    """Refuse a file that cannot be written to, before anything is computed for it.

    Raises
    ------
    AtlasError
    """
    if out.suffix not in endings:
        raise AtlasError(f"{option} {out}: expected a name ending in {' or '.join(endings)}")
    if not out.parent.is_dir():
        raise AtlasError(f"{option} {out}: there is no folder {out.parent}; make it first")
    if out.is_dir() or not os.access(out if out.exists() else out.parent, os.W_OK):
        raise AtlasError(f"{option} {out}: cannot be written; choose another name or folder")
