"""Where a view's parts were published: entries of `references.bib`, and what has none there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from dashboard.labels import clean

ENTRY = re.compile(
    r"(?P<remarks>(?:^%[^\n]*\n)+)(?P<bibtex>^@\w+\{(?P<key>[\w-]+),\n.*?^\}$)", re.MULTILINE | re.DOTALL
)
FIELD = re.compile(r"^  (\w+) = \{(.*)\},?$", re.MULTILINE)
LATEX = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "%": r"\%", "#": r"\#", "_": r"\_",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    '"': r"\textquotedbl{}", "\u00a0": "~", "Å": r"\AA{}", "°": r"\textdegree{}", "ω": r"$\omega$", "–": "--",
    "−": r"$-$", "×": r"$\times$", "²": r"$^2$", "³": r"$^3$", "“": "``", "”": "''", "’": "'", "·": r"$\cdot$",
    "…": r"\ldots{}",
}  # fmt: skip
ACCENTS = {
    r"\`a": "à", r"\'a": "á", r"\'e": "é", r"\'o": "ó", r"\'\i": "í", r"\ss": "ß", r"\v{S}": "Š",
}  # fmt: skip


@dataclass(frozen=True)
class Reference:
    """One publication.

    Attributes
    ----------
    key : str
        Of the BibTeX entry.
    text : str
        ``Deng et al. 2023``.
    plain : str
        One line with authors, title, journal and address.
    bibtex : str
    stands_for : tuple of str
        Pieces of citations that mean this publication.
    """

    key: str
    text: str
    plain: str
    bibtex: str
    stands_for: tuple[str, ...] = ()


@cache
def known() -> dict[str, Reference]:
    """The publications of `references.bib` by key."""
    text = files(__package__).joinpath("references.bib").read_text(encoding="utf-8")
    return {m["key"]: _read(m) for m in ENTRY.finditer(text)}


def of_citation(citation: str, key: str) -> list[Reference]:
    """The publications that a citation names; as they are written where none of them is known.

    Parameters
    ----------
    citation : str
        Free text from an atlas.
    key : str
        What a made-up entry is called.
    """
    found = [r for r in known().values() if any(piece in citation for piece in r.stands_for)]
    if found or not citation.strip():
        return found
    plain = clean(citation, 300)
    name = re.sub(r"[^a-z0-9]+", "-", key.lower()).strip("-") or "source"
    return [Reference(name, plain, plain, f"@misc{{{name},\n  note = {{{for_latex(plain)}}}\n}}")]


def for_latex(text: str) -> str:
    """A text that LaTeX and BibTeX print as it stands."""
    return "".join(LATEX.get(c, c) for c in text)


def _read(match: re.Match[str]) -> Reference:
    remarks = [line.removeprefix("%").strip() for line in match["remarks"].splitlines()]
    said = {name: [r.removeprefix(name).strip() for r in remarks if r.startswith(name)] for name in ("text:", "for:")}
    fields = {name: _unicode(value) for name, value in FIELD.findall(match["bibtex"])}
    authors = [" ".join(reversed(a.split(", "))) for a in fields["author"].split(" and ")]
    listed = f"{authors[0]} et al." if len(authors) > 4 or authors[-1] == "others" else ", ".join(authors)
    where = fields.get("journal") or fields.get("booktitle") or ""
    place = " ".join(filter(None, (where, fields.get("volume", ""))))
    pages = fields.get("pages", "").partition("-")[0]
    printed = ", ".join(filter(None, (place, pages)))
    doi, preprint = fields.get("doi", ""), fields.get("eprint", "")
    address = f"doi:{doi}" if doi else f"arXiv:{preprint}" if preprint else ""
    titled = f"{fields['title']}, {printed}" if printed else fields["title"]
    plain = ", ".join(filter(None, (listed, f"{titled} ({fields['year']})", address)))
    return Reference(match["key"], said["text:"][0], plain, match["bibtex"], tuple(said["for:"]))


def _unicode(value: str) -> str:
    for command, letter in ACCENTS.items():
        value = value.replace(f"{{{command}}}", letter)
    return value.replace("{", "").replace("}", "")
