"""One atlas's arrays, read when they are asked for and kept in a bounded part of memory."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import cached_property
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from precompute.store import ROWS_PER_CHUNK, Atlas, Column

T = TypeVar("T")
KEPT_BYTES = 96_000_000
LOOKED_AT = 32


class Stored:
    """The arrays of an atlas.

    Parameters
    ----------
    atlas : Atlas
    name : str
        What addresses call it.
    first_atlas : str, optional
        Name of the atlas that the server shows where an address names none.
    """

    def __init__(self, atlas: Atlas, name: str = "", first_atlas: str | None = None) -> None:
        self.atlas = atlas
        self.name = name
        self.first_atlas = name if first_atlas is None else first_atlas
        self._kept: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._kept_bytes = 0
        self._being_read: dict[Hashable, threading.RLock] = {}
        self._lock = threading.Lock()

    def keep(self, key: Hashable, read: Callable[[], T]) -> T:
        """What `read` gives: read once, by one thread, while it stays among the most recently used."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return cast(T, self._kept[key][0])
            reading = self._being_read.setdefault(key, threading.RLock())
        with reading:
            with self._lock:
                if key in self._kept:
                    return cast(T, self._kept[key][0])
            try:
                value = read()
                self._put(key, value)
            finally:
                with self._lock:
                    if self._being_read.get(key) is reading:
                        del self._being_read[key]
            return value

    def _put(self, key: Hashable, value: Any) -> None:
        size = weight(value)
        with self._lock:
            # whoever waited while the value was dropped again reads it beside those who come later
            self._kept_bytes += size - self._kept.pop(key, (None, 0))[1]
            self._kept[key] = (value, size)
            while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
                self._kept_bytes -= self._kept.popitem(last=False)[1][1]

    @cached_property
    def title(self) -> str:
        return str(self.atlas.attrs.get("title") or self.atlas.path.name)

    @cached_property
    def sources(self) -> list[str] | None:
        """What the atlas was built from, as given to `build` (nothing: the catalogue); None where it does not say."""
        found = self.atlas.attrs.get("sources")
        return [str(s) for s in found] if isinstance(found, list) else None

    @cached_property
    def n_atoms(self) -> int:
        return self.atlas.n_atoms

    @cached_property
    def n_structures(self) -> int:
        return self.atlas.n_structures

    @cached_property
    def model_keys(self) -> list[str]:
        return self.atlas.model_keys

    def columns(self, of: str) -> list[Column]:
        """The properties of ``structures``, ``atoms`` or ``models/<key>`` that have one value each."""

        def read() -> list[Column]:
            return [c for c in self.atlas.columns(of) if len(self.atlas.file.shape(c.path)) == 1]

        return self.keep(("columns", of), read)

    def of_atoms(self, name: str) -> NDArray:
        """An array over atoms, in file order."""
        return self.keep(("atoms", name), lambda: self.atlas.atoms(name))

    def rows(self, name: str, start: int, stop: int | None = None) -> NDArray:
        """Rows `start` to `stop` (one where none is given) of an array over atoms, without reading all of it."""
        stop = start + 1 if stop is None else stop
        with self._lock:
            whole = self._kept.get(("atoms", name))
        if whole is not None:
            return whole[0][start:stop]
        block = start // ROWS_PER_CHUNK
        if stop > (block + 1) * ROWS_PER_CHUNK:
            return self.atlas.file.rows(f"atoms/{name}", start, stop)
        first = block * ROWS_PER_CHUNK
        read = self.keep(
            ("rows", name, block), lambda: self.atlas.file.rows(f"atoms/{name}", first, first + ROWS_PER_CHUNK)
        )
        return read[start - first : stop - first]

    def of_structures(self, name: str) -> NDArray:
        """An array over structures."""
        return self.keep(("structures", name), lambda: self.atlas.structures(name))

    @cached_property
    def order(self) -> NDArray[np.int32]:
        """The stored permutation in which points are drawn, so that no category covers another."""
        return np.asarray(self.of_atoms("display_order"), np.int32)


def weight(value: object, depth: int = 5) -> int:
    """About how many bytes a value takes; of long lists a few items are looked at, and not what lies too deep."""
    size = getattr(value, "nbytes", None)
    if isinstance(size, int):
        return size
    if isinstance(value, bytes | str):
        return 50 + len(value)
    if depth == 0:
        return 64
    if isinstance(value, dict):
        return weight([*value.keys(), *value.values()], depth - 1)
    if isinstance(value, list | tuple | set | frozenset):
        items = list(value)
        some = items[:: max(1, len(items) // LOOKED_AT)]
        return 64 + 8 * len(items) + sum(weight(v, depth - 1) for v in some) * len(items) // max(len(some), 1)
    return weight(list(vars(value).values()), depth - 1) if hasattr(value, "__dict__") else 64
