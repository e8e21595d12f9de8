"""Where environments and made checkpoints live: private to the user, never in a shared temporary folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HOME_VARIABLE = "PLATONIC_ATLAS_HOME"


def data_home() -> Path:
    """Return ``$PLATONIC_ATLAS_HOME``, or the platform's folder for a user's application data."""
    named = os.environ.get(HOME_VARIABLE)
    if named:
        return Path(named).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "platonic-atlas"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")) / "platonic-atlas"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "platonic-atlas"


def private_folder(*names: str) -> Path:
    """Return the folder `names` below `data_home`, created with mode 0700 where it was missing."""
    folder = data_home()
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in names:
        folder = folder / name
        folder.mkdir(exist_ok=True, mode=0o700)
    return folder
