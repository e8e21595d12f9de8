"""Saved views: a small JSON file of titled views, in an order that people gave them.

The file can be committed and passed on::

    {"format": "platonic-atlas-views", "version": 1, "views": [{"title": ..., "query": "?colour=period", "note": ...}]}
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboard.labels import NOT_TEXT
from precompute.contracts import AtlasError

FORMAT = "platonic-atlas-views"
VERSION = 1
MAX_BYTES = 1_000_000
MAX_VIEWS = 500
MAX_TITLE = 200
MAX_QUERY = 8_000
MAX_NOTE = 2_000


class ViewsError(AtlasError):
    """What was to be saved views is not, or they cannot be kept; the text says why."""


class ViewsConflict(ViewsError):
    """The file has been changed since the views were read."""


@dataclass(frozen=True)
class SavedView:
    """One view to come back to.

    Attributes
    ----------
    title : str
        Not empty, one line.
    query : str
        The query of the page's address, ``""`` or beginning with ``?``.
    note : str
        What there is to see; may be empty.
    """

    title: str
    query: str
    note: str = ""

    def __post_init__(self) -> None:
        if not self.title or len(self.title) > MAX_TITLE:
            raise ViewsError(f"a view's title has 1 to {MAX_TITLE} characters, not {len(self.title)}")
        if self.query and not self.query.startswith("?"):
            raise ViewsError(f'the query of {self.title!r} must begin with "?": {self.query[:60]!r}')
        if len(self.query) > MAX_QUERY:
            raise ViewsError(
                f"the query of {self.title!r} has {len(self.query):,} characters; {MAX_QUERY:,} are allowed"
            )
        if len(self.note) > MAX_NOTE:
            raise ViewsError(f"the note of {self.title!r} has {len(self.note):,} characters; {MAX_NOTE:,} are allowed")


def parse_views(text: str | bytes) -> list[SavedView]:
    """Read the content of a file of saved views.

    Raises
    ------
    ViewsError
        Naming the first thing that does not fit.
    """
    return views_of(decode(text))


def decode(text: str | bytes) -> Any:
    """JSON of a bounded size."""
    if len(text) > MAX_BYTES:
        raise ViewsError(f"saved views have at most {MAX_BYTES:,} bytes")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ViewsError(f"not a file of saved views: no JSON in it ({error})") from error


def views_of(document: Any) -> list[SavedView]:
    """The views of a decoded file; fields that are not known are left out."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ViewsError(f'not a file of saved views: no "format": "{FORMAT}" in it')
    version = document.get("version")
    if type(version) is not int or version != VERSION:
        raise ViewsError(f"saved views of version {version!r}; this version of Platonic Atlas reads {VERSION}")
    views = document.get("views")
    if not isinstance(views, list):
        raise ViewsError('saved views lack their list "views"')
    if len(views) > MAX_VIEWS:
        raise ViewsError(f"a file holds at most {MAX_VIEWS} views, not {len(views):,}")
    return [_view(entry, i) for i, entry in enumerate(views, start=1)]


def _view(entry: Any, position: int) -> SavedView:
    if not isinstance(entry, dict):
        raise ViewsError(f"view {position} is not an object with a title and a query")
    texts = {}
    for name, otherwise in (("title", None), ("query", None), ("note", "")):
        value = entry.get(name, otherwise)
        if not isinstance(value, str):
            raise ViewsError(f"view {position} needs a {name} that is text")
        texts[name] = NOT_TEXT.sub(" ", value).strip()
    try:
        return SavedView(**texts)
    except ViewsError as error:
        raise ViewsError(f"view {position}: {error}") from error


def document_of(views: Sequence[SavedView]) -> dict[str, Any]:
    entries = [{"title": v.title, "query": v.query} | ({"note": v.note} if v.note else {}) for v in views]
    return {"format": FORMAT, "version": VERSION, "views": entries}


def format_views(views: Sequence[SavedView]) -> str:
    """The content of a file, one field a line so that changes can be compared."""
    return json.dumps(document_of(views), ensure_ascii=False, indent=2) + "\n"


class ViewsFile:
    """The file that a server was started with: everybody reads it, and changes it where the system lets the server.

    Parameters
    ----------
    path : str or Path
        A file of saved views, or where one is to be made by the first that is saved.

    Raises
    ------
    ViewsError
        Where there is a file that cannot be read, or no folder for it.
    """

    def __init__(self, path: str | Path) -> None:
        # a link stays one: what it points to is replaced
        self.path = Path(path).resolve()
        if not self.path.parent.is_dir():
            raise ViewsError(f"there is no folder {self.path.parent} for saved views; make it, or name another file")
        self._turn = threading.Lock()
        self.read()

    @property
    def writable(self) -> bool:
        """Whether the file may be replaced by another."""
        changeable = not self.path.exists() or os.access(self.path, os.W_OK)
        return changeable and os.access(self.path.parent, os.W_OK)

    def read(self) -> tuple[list[SavedView], str]:
        """The views, and the revision that `replace` wants to be told."""
        try:
            with self.path.open("rb") as file:
                content = file.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return [], "new"
        except OSError as error:
            raise ViewsError(f"cannot read the saved views in {self.path.name}: {error.strerror}") from error
        try:
            views = parse_views(content)
        except ViewsError as error:
            raise ViewsError(f"{self.path.name}: {error}") from error
        return views, hashlib.sha256(content).hexdigest()[:32]

    def replace(self, views: Sequence[SavedView], revision: str) -> str:
        """Write `views` in place of those of `revision`, all or nothing, and return the new revision.

        Raises
        ------
        ViewsConflict
            Where the file is not of that revision any more.
        ViewsError
            Where it cannot be written, or would be too large.
        """
        content = format_views(views).encode()
        if len(content) > MAX_BYTES or len(views) > MAX_VIEWS:
            raise ViewsError(f"at most {MAX_VIEWS} views of together {MAX_BYTES:,} bytes can be saved")
        with self._alone():
            if self.read()[1] != revision:
                raise ViewsConflict("somebody else has changed these views meanwhile")
            if not self.writable:
                raise ViewsError(f"the saved views in {self.path.name} are read-only")
            try:
                _write_atomically(self.path, content)
            except OSError as error:
                raise ViewsError(f"cannot write the saved views to {self.path.name}: {error.strerror}") from error
        return hashlib.sha256(content).hexdigest()[:32]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold the file against the other threads and, where the system can lock a folder, the other workers."""
        with self._turn:
            if sys.platform == "win32":
                yield
                return
            import fcntl

            folder = os.open(self.path.parent, os.O_RDONLY)
            try:
                fcntl.flock(folder, fcntl.LOCK_EX)
                yield
            finally:
                os.close(folder)


def _write_atomically(path: Path, content: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp lets nobody else read; the file keeps its rights, a new one is for all to read as ordinary files are
        Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
