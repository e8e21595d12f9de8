"""Words that name elements: their names, classes and families, in singular and plural."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from dashboard.find.index import N_NUMBERS, words
from precompute.elements import CATEGORIES, table

FAMILIES = {
    "chalcogen": ("group", 16),
    "pnictogen": ("group", 15),
    "coinage metal": ("group", 11),
    "transition metal": ("category", "transition"),
    "alkali metal": ("category", "alkali"),
    "alkaline earth metal": ("category", "alkaline earth"),
    "post-transition metal": ("category", "post-transition"),
    "halide": ("category", "halogen"),
    "s block": ("block", "s"),
    "p block": ("block", "p"),
    "d block": ("block", "d"),
    "f block": ("block", "f"),
}
"""Words beyond the categories, and the column and value of the periodic table that they mean."""
_ALSO = {"aluminum": 13, "cesium": 55, "sulphur": 16, "wolfram": 74}


@cache
def element_classes() -> dict[str, NDArray[np.bool_]]:
    """Elements by atomic number (119 of them) for each word, as `words` writes it."""
    facts = table()
    result: dict[str, NDArray[np.bool_]] = {}

    def add(word: str, elements: NDArray[np.bool_]) -> None:
        for form in (word, word + "s", word + "es" if word.endswith("s") else word):
            result.setdefault(words(form).strip(), np.concatenate([[False], elements]))

    for z, name in enumerate(facts["name"].tolist()):
        result[words(name).strip()] = np.arange(N_NUMBERS) == z + 1
    for name, z in _ALSO.items():
        result[name] = np.arange(N_NUMBERS) == z
    for category in CATEGORIES:
        add(category, facts["category"] == category)
    for family, (column, value) in FAMILIES.items():
        add(family, facts[column] == value)
    rare = (facts["category"] == "lanthanide") | np.isin(facts["symbol"], ["Sc", "Y"])
    add("rare earth", rare)
    return result
