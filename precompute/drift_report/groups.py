"""The section of the report on element groups, and on the structures whose atoms moved most."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from precompute.drift.grouped import GROUPED, Grouped
from precompute.drift.measures import MEASURES
from precompute.drift.records import Series
from precompute.drift_report.parts import number, rows, with_interval
from precompute.drift_tables import estimate_text

SHOWN_STRUCTURES = 10


def groups(series: Series, grouped: Grouped, structures: Sequence[str]) -> str:
    """Element groups by their drift at the last checkpoint, then structures by theirs.

    Parameters
    ----------
    structures : sequence of str
        What to call each of `Series.structure`.
    """
    shown = [n for n in GROUPED if np.isfinite(grouped.of_categories[n].value[-1]).any()]
    short = [MEASURES[n].short for n in shown]
    order = np.argsort(-grouped.of_categories["reembedded"].value[-1], kind="stable")
    body = [
        [
            escape(grouped.categories[c]),
            f"{grouped.category_atoms[c]:,}",
            *(with_interval(estimate_text(n, grouped.of_categories[n], (-1, c))) for n in shown),
        ]
        for c in order
    ]
    of = grouped.structures
    moved = np.argsort(-np.nan_to_num(of.values["reembedded"], nan=-1.0), kind="stable")[:SHOWN_STRUCTURES]
    called = dict(zip(series.structure.tolist(), structures, strict=True))
    worst = [
        [
            escape(called[int(of.index[i])]),
            f"{of.atoms[i]:,}",
            *(escape(MEASURES[n].shown(float(of.values[n][i]))) or number(np.nan) for n in shown),
        ]
        for i in moved
    ]
    return (
        f'<section><h2>Which element groups moved</h2><div class="wide"><table>'
        f"{rows(['element group', 'atoms', *short], body)}</table></div>"
        '<p class="quiet">Means over symmetry-distinct atoms.</p></section>'
        f'<section><h2>Structures whose atoms moved most</h2><div class="wide"><table>'
        f"{rows(['structure', 'atoms', *short], worst)}</table></div>"
        f'<p class="quiet">Of {len(of.index):,} structures. Means over all atoms of each.</p></section>'
    )
