"""Finding atoms by text: formulas, elements, names, space groups and comparisons.

>>> find.matches(data, "band_gap > 2 and element = Ti")

Conditions on a structure hold for all of its atoms, conditions on an element for the atoms of it, and ``and`` joins
them atom by atom: ``BaCeO3 and element = Ce`` are the cerium atoms of the crystals of that formula. A missing value
meets no comparison. The grammar is in `dashboard.find.parser`.
"""

from dashboard.find.completion import suggest
from dashboard.find.errors import FindError
from dashboard.find.matching import matches
from dashboard.find.nodes import as_text
from dashboard.find.parser import parse

__all__ = ["FindError", "as_text", "matches", "parse", "suggest"]
