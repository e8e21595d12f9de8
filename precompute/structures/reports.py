"""Turning whatever a parser does with a bad file into one line that says so."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from precompute.contracts import AtlasError
from precompute.structures.deadline import Overdue, deadline

MAX_REASON = 200
T = TypeVar("T")


@dataclass(frozen=True)
class Report:
    """What stands against one structure, or the rest, of a file, before the file's name is added."""

    id: str
    reason: str


def reported(step: Callable[[], T], id: str) -> T | Report:
    """Return what `step` returns, or a Report of what it raised.

    This is the border to files from others. A parser fed with junk raises whatever its code runs into (IndexError,
    AssertionError, UnboundLocalError, MemoryError have been seen), so everything is caught here, and named. Each
    step has a time limit (`deadline`); a parser's own warnings and prints concern its file and are dropped, since
    the checks that follow say what matters.
    """
    try:
        with warnings.catch_warnings(), deadline(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            return step()
    except (AtlasError, Overdue) as error:
        return Report(id, one_line(str(error)))
    except Exception as error:
        return Report(id, one_line(f"{type(error).__name__}: {error}"))


def one_line(text: str, length: int = MAX_REASON) -> str:
    """Return `text` on one line, at most `length` long, with characters that do not print written as escapes."""
    shown = " ".join(text[: 4 * length].split())
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)
    return shown if len(shown) <= length else shown[: length - 1] + "…"
