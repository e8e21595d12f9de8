"""Reuse of freed memory. A forward pass allocates and frees the same large arrays again and again.

The C library of Linux gives such arrays back to the system each time and gets zeroed pages for the next ones; keeping
them saves a third of the time (7net-0, one core, batches of 3,000 edges: 3.4 -> 2.1 ms/atom).
"""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_MAPPED_FROM = 32 << 20  # bytes; the C library takes no larger limit, so larger arrays are mapped as before
_KEPT = (1 << 31) - 1  # bytes; all that is freed


def keep_freed_memory() -> None:
    """Let this process keep what it frees, on Linux with the GNU C library; elsewhere do nothing."""
    library = _gnu_library()
    if library is not None:
        library.mallopt(_MMAP_THRESHOLD, _MAPPED_FROM)
        library.mallopt(_TRIM_THRESHOLD, _KEPT)


def return_freed_memory() -> None:
    """Give what was kept back to the system."""
    library = _gnu_library()
    if library is not None:
        library.malloc_trim(0)


def _gnu_library() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
