"""What is wrong with a text that was to find something, and where in it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from precompute.contracts import AtlasError


class FindError(AtlasError):
    """A text that cannot be understood.

    Attributes
    ----------
    message : str
        In plain words.
    start, end : int
        The wrong part of the text, ``text[start:end]``.
    """

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message, self.start, self.end = message, start, end


def closest(word: str, known: Iterable[str]) -> str:
    """``; did you mean `band_gap`?`` where something known is near, else nothing."""
    by_fold = {k.casefold(): k for k in known}
    found = difflib.get_close_matches(word.casefold(), by_fold, n=2, cutoff=0.7)
    if not found:
        return ""
    return "; did you mean " + " or ".join(f"`{by_fold[f]}`" for f in found) + "?"
