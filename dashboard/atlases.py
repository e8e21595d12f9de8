"""The atlases that one server shows, each under a name of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from dashboard.data import AtlasData
from precompute.contracts import AtlasError
from precompute.store import Atlas


class Atlases:
    """The atlases at `paths`, checked now and read when asked for.

    Parameters
    ----------
    paths : sequence of str or Path
        Folders ``name.zarr`` or zips of them; the first is shown where an address names none.

    Raises
    ------
    AtlasError
        Where there is none, one is given twice, or one is no finished atlas.
    """

    def __init__(self, paths: Sequence[str | Path]) -> None:
        if not paths:
            raise AtlasError("no atlas was given; name at least one, as in: platonic-atlas serve catalogue.zarr")
        named = _names([Path(p) for p in paths])
        self.default = next(iter(named))
        self._data = {name: AtlasData(Atlas(path), name, self.default) for name, path in named.items()}

    @property
    def names(self) -> list[str]:
        return list(self._data)

    def __len__(self) -> int:
        return len(self._data)

    def __contains__(self, name: object) -> bool:
        return name in self._data

    def get(self, name: str) -> AtlasData:
        """The atlas of that name.

        Raises
        ------
        KeyError
        """
        return self._data[name]

    def of(self, asked: str | Mapping[str, Any] | None) -> AtlasData:
        """The atlas that a query or a record asks for by ``atlas``; the first where it names none that is here."""
        if isinstance(asked, str):
            name = parse_qs(asked.lstrip("?")).get("atlas", [None])[-1]
        else:
            name = (asked or {}).get("atlas")
        return self._data[name if isinstance(name, str) and name in self._data else self.default]


def _names(paths: Sequence[Path]) -> dict[str, Path]:
    """A short name for each path that is safe in an address: the file's stem, with a number where two are alike."""
    seen: dict[Path, Path] = {}
    for path in paths:
        where = path.resolve()
        if where in seen:
            raise AtlasError(f"{path} was given twice; name each atlas once")
        seen[where] = path
    named: dict[str, Path] = {}
    for where, path in seen.items():
        written = where.name if path.name in ("", "..") else path.name
        stem = re.sub(r"(\.zarr)?(\.zip)?$", "", written, flags=re.IGNORECASE)
        stem = re.sub(r"[^A-Za-z0-9._~-]+", "-", stem).strip("-.")[:60] or "atlas"
        name, n = stem, 2
        while name in named:
            name, n = f"{stem}-{n}", n + 1
        named[name] = path
    return named
