"""The nearest neighbours of the chosen atom, model beside model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.comparison import Neighbour, Overlap
from dashboard.components.text import named
from dashboard.labels import clean, count, formula_pieces

KINDS = (("representatives", "One per site"), ("all", "All atoms"), ("within_element", "Same element"))
MEANING = {
    "representatives": "Lists hold one atom of each site, none of the chosen atom’s own.",
    "all": "Lists hold all other atoms, symmetry-equivalent ones too.",
    "within_element": "Lists hold one atom of each other site of the same element.",
}


@dataclass(frozen=True)
class Row:
    """One neighbour as the panel names it."""

    found: Neighbour
    label: str
    formula: str
    identifier: str


def neighbour_section(near: str) -> Component:
    """The panel; its table is made by the page's script, which takes a tenth of the time of components."""
    kinds = dmc.SegmentedControl(
        id="near", value=near, size="xs", fullWidth=True,
        data=[{"value": value, "label": label} for value, label in KINDS], **named("Neighbours among"),
    )  # fmt: skip
    return html.Section(
        [
            html.Div(html.H2("Nearest neighbours"), className="section-head"),
            kinds,
            html.Div(id="neighbours"),
            dcc.Store(id="neighbour-lists"),
        ],
        id="neighbour-section",
        className="section",
        hidden=True,
        **named("Nearest neighbours of the chosen atom"),
    )


def neighbour_matrix(
    rows: Sequence[Row],
    chosen: tuple[str, str],
    counted: Mapping[str, bool],
    missing: Sequence[str],
    kind: str,
    said: str,
) -> dict[str, Any]:
    """What the page's script makes the table of: rows are neighbours, columns are models.

    Parameters
    ----------
    rows : sequence of Row
        In the order of `comparison.joined`.
    chosen : (str, str)
        The chosen atom's label and formula: a neighbour of the same element and formula is told apart by its id.
    counted : mapping of str to bool
        The models with a list, in the order of the columns, and whether they are no controls.
    missing : sequence of str
        Models shown that have no list for this atom.
    kind : str
        Of the lists.
    said : str
        How much the lists overlap.

    Returns
    -------
    dict
        ``models``: ``[key, counted]``; ``rows``: ``atom``, ``symbol`` (numbered where two rows are of one element and
        crystal), ``where`` (pieces of the formula, or the id where two rows share element and formula), ``says``, and
        ``places``: ``[rank, cosine]`` or None by model.
    """
    twins = [(row.label.split()[0], row.formula) for row in rows]
    own = (chosen[0].split()[0], chosen[1])
    sites = [(symbol, row.identifier) for (symbol, _), row in zip(twins, rows, strict=True)]
    return {
        "said": said,
        "hint": MEANING[kind] + (f" None is stored of this atom for {', '.join(missing)}." if missing else ""),
        "models": [[clean(key, 60), known] for key, known in counted.items()],
        "rows": [
            {
                "atom": row.found.atom,
                "symbol": twin[0] if sites.count((twin[0], row.identifier)) == 1 else row.label,
                "where": formula_pieces(row.formula)
                if twins.count(twin) == 1 and twin != own
                else [("text", clean(row.identifier, 40))],
                "says": f"{row.label} in {clean(row.formula, 60)}, {clean(row.identifier, 60)}",
                "places": [row.found.places.get(key) for key in counted],
            }
            for row, twin in zip(rows, twins, strict=True)
        ],
    }


def no_lists(reason: str) -> dict[str, Any]:
    return {"said": "", "hint": reason, "models": [], "rows": []}


def overlap_text(found: Overlap | None, models: str, with_control: Overlap | None) -> str:
    """``Overlap 0.41 of k = 10 lists, mean over 10 pairs of 5 models; with element-only 0.12 (5 pairs).``"""
    if found is None:
        return ""
    said = f"Overlap {found.mean:.2f} of k = {found.k} lists, mean over {count(found.pairs, 'pair')} of {models}"
    if with_control is not None:
        said += f"; with element-only {with_control.mean:.2f} ({count(with_control.pairs, 'pair')})"
    return f"{said}. Overlap is the share of the nearest atoms that two models have in common."
