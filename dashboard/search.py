"""Finding a crystal by formula, common name or id."""

from __future__ import annotations

import numpy as np

from dashboard.data import AtlasData
from dashboard.labels import clean

MOST_FOUND = 40
LONGEST_QUERY = 100


def crystals(data: AtlasData, text: str, chosen: str | None = None) -> list[dict[str, str]]:
    """Options for a choice list: formulas that equal the text first, then those that begin with it, then the rest.

    The option that is `chosen` stays among them, since the list drops a value that it has no option for.
    """
    wanted = text.strip().casefold()[:LONGEST_QUERY]
    ranked = [
        (0 if wanted in (formula, identifier) else 1 if formula.startswith(wanted) else 2, i)
        for i, (formula, identifier, everything) in enumerate(_words(data))
        if wanted in everything
    ]
    found = [i for _, i in sorted(ranked)[:MOST_FOUND]]
    if first_atom(data, chosen) is not None and int(chosen or 0) not in found:
        found.append(int(chosen or 0))
    return [{"value": str(i), "label": label(data, i)} for i in found]


def _words(data: AtlasData) -> list[tuple[str, str, str]]:
    """For every crystal, in lower case: formula, id, and all that it can be found by."""

    def read() -> list[tuple[str, str, str]]:
        formulas, ids = ([str(v).casefold() for v in data.of_structures(c)] for c in ("formula", "id"))
        # the label too: a chosen option is searched for by its own label, and must be found
        return [
            (f, i, f"{f} {i} {label(data, s).casefold()}") for s, (f, i) in enumerate(zip(formulas, ids, strict=True))
        ]

    return data.keep(("words",), read)


def first_atom(data: AtlasData, value: str | None) -> int | None:
    """The atom to show of a found crystal: its least electronegative kind, the first of it."""
    if value is None or not (value.isascii() and value.isdigit()) or int(value) >= data.n_structures:
        return None
    crystal = data.crystal(int(value))
    affinity = data.affinity[crystal.numbers - 1]
    return int(data.of_structures("first_atom")[int(value)]) + int(np.argmin(np.nan_to_num(affinity, nan=9.0)))


def label(data: AtlasData, index: int) -> str:
    """``BaCeO3 · barium cerate · mp-3187``, each part once."""
    texts = (data.of_structures("formula")[index], data.crystal_names[index], data.of_structures("id")[index])
    return " · ".join(dict.fromkeys(clean(t, 50) for t in texts if str(t)))
