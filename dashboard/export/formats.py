"""The formats that a view can be exported to: one table for the page and for the command line."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from dashboard.export import chemiscope, methods, page, picture, structures, tables
from dashboard.export.content import Content, ExportError
from dashboard.labels import clean, count


@dataclass(frozen=True)
class Format:
    """One format.

    Attributes
    ----------
    name, suffix, mimetype : str
    write : callable
        From the content to the file's bytes; raises `ExportError`.
    check : callable
        Raises the same errors without writing.
    holds : callable
        From the content to what the file would hold, in words.
    heavy : bool
        Whether writing takes seconds and memory, so that a server makes one at a time.
    """

    name: str
    suffix: str
    mimetype: str
    write: Callable[[Content], bytes]
    check: Callable[[Content], None]
    holds: Callable[[Content], str]
    heavy: bool = True


@dataclass(frozen=True)
class File:
    """An export, ready to be sent or saved."""

    body: bytes
    name: str
    mimetype: str


def _maps(content: Content) -> str:
    return f"{count(len(content.models), 'map')} of {count(content.data.n_atoms, 'atom')}"


def _rows(content: Content) -> str:
    return content.said()


def _crystals(content: Content) -> str:
    n, whole = len(content.structures), content.n_atoms_of_structures
    marked = f", {len(content.atoms):,} marked" if whole != len(content.atoms) else ""
    return f"{count(n, 'crystal')} with {count(whole, 'atom')}{marked}"


def _words(content: Content) -> str:
    n = len(methods.citations(content))
    return f"{count(len(content.view.models), 'model')}, {count(n, 'reference')}"


FORMATS: dict[str, Format] = {
    f.name: f
    for f in (
        Format("png", ".png", "image/png", picture.png, picture.check, _maps),
        Format("svg", ".svg", "image/svg+xml", picture.svg, picture.check, _maps),
        Format("html", ".html", "text/html", page.write, page.check, _maps),
        Format("csv", ".csv", "text/csv", tables.csv, tables.check, _rows),
        Format("parquet", ".parquet", "application/vnd.apache.parquet", tables.parquet, tables.check, _rows),
        Format("extxyz", ".extxyz", "chemical/x-extxyz", structures.write, structures.check, _crystals),
        Format("chemiscope", ".chemiscope.json", "application/json", chemiscope.write, chemiscope.check, _crystals),
        Format("methods", ".txt", "text/plain", methods.as_text, methods.check, _words, False),
        Format("latex", ".tex", "text/x-tex", methods.as_latex, methods.check, _words, False),
        Format("bibtex", ".bib", "text/x-bibtex", methods.as_bibtex, methods.check, _words, False),
    )
}
SUFFIXES = {".json": "chemiscope", ".xyz": "extxyz", ".htm": "html", ".pq": "parquet"} | {
    f.suffix: f.name for f in FORMATS.values()
}


def export(content: Content, name: str) -> File:
    """Write a view in the format `name`, one of `FORMATS`.

    Raises
    ------
    ExportError
        For an unknown format, an empty selection, or too much to write.
    """
    if name not in FORMATS:
        raise ExportError(f"There is no format {clean(name, 40)!r}; there are {', '.join(FORMATS)}.")
    kind = FORMATS[name]
    return File(kind.write(content), content.stem + kind.suffix, kind.mimetype)


def contents(content: Content) -> dict[str, dict[str, str]]:
    """For each format what it would hold, in words, or why it would be refused."""
    result: dict[str, dict[str, str]] = {}
    for name, kind in FORMATS.items():
        try:
            kind.check(content)
            result[name] = {"holds": kind.holds(content)}
        except ExportError as error:
            result[name] = {"refused": str(error)}
    return result


def format_of(path: Path) -> str:
    """The format that a file's name asks for.

    Raises
    ------
    ExportError
        Where its ending is of no format.
    """
    name = path.name.lower()
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.endswith(suffix):
            return SUFFIXES[suffix]
    raise ExportError(f"{path}: no format has that ending; choose one with --format: {', '.join(FORMATS)}")
