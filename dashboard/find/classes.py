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
    "s block": ("block", "s"),
    "p block": ("block", "p"),
    "d block": ("block", "d"),
    "f block": ("block", "f"),
}
"""Words beyond the categories, and the column and value of the periodic table that they mean."""
ANIONS = {
    "halide": "halogens", "chalcogenide": "chalcogens", "pnictide": "pnictogens", "hydride": "hydrogen",
    "boride": "boron", "carbide": "carbon", "nitride": "nitrogen", "oxide": "oxygen", "fluoride": "fluorine",
    "silicide": "silicon", "phosphide": "phosphorus", "sulfide": "sulfur", "sulphide": "sulfur",
    "chloride": "chlorine", "germanide": "germanium", "arsenide": "arsenic", "selenide": "selenium",
    "bromide": "bromine", "antimonide": "antimony", "telluride": "tellurium", "iodide": "iodine",
}  # fmt: skip
"""Words that name compounds, so crystals and never atoms, and the word for the atoms."""
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


@cache
def class_names() -> dict[str, NDArray[np.bool_]]:
    """One plural word for each class of several elements, the longest: ``halogens``, ``transition metals``."""
    longest: dict[bytes, str] = {}
    for word, elements in element_classes().items():
        known = longest.get(elements.tobytes(), "")
        if elements.sum() > 1 and len(word) > len(known) and not word.endswith(("gass", "ss", "blocks")):
            longest[elements.tobytes()] = word
    return {word: element_classes()[word] for word in sorted(longest.values())}


def atoms_of_compounds(word: str) -> str:
    """``halogens`` for ``halide`` and ``halides``; empty for words that are not of `ANIONS`."""
    single = words(word).strip()
    return ANIONS.get(single, "") or ANIONS.get(single.removesuffix("s"), "")
