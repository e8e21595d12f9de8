"""The periodic table as legend and selector: one button an element, in its group's colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dash import html
from dash.development.base_component import Component
from numpy.typing import NDArray

from dashboard.components.text import named
from dashboard.palette import CATEGORIES, UNKNOWN_ELEMENT, text_on

F_BLOCK_ROWS = {6: 9, 7: 10}
LAST = 118


def place(number: int, period: int, group: int) -> tuple[int, int]:
    """Row and column, from 1; lanthanides and actinides stand in two rows beneath."""
    if 57 <= number <= 70 or 89 <= number <= 102:
        return F_BLOCK_ROWS[period], number - (57 if number <= 70 else 89) + 3
    return period, group


def periodic_table(elements: Mapping[str, NDArray], atoms: Sequence[int], picked: Sequence[str]) -> Component:
    """Build the table.

    Parameters
    ----------
    elements : mapping of column name to (118,) array
    atoms : sequence of int
        Atoms of each element in the atlas, by atomic number - 1; elements without are disabled.
    picked : sequence of str
        Symbols that are picked out.
    """
    buttons: list[Component] = []
    first = True
    for i in range(min(len(elements["symbol"]), LAST)):
        symbol, category = str(elements["symbol"][i]), str(elements["category"][i])
        row, column = place(i + 1, int(elements["period"][i]), int(elements["group"][i]))
        n = int(atoms[i]) if i < len(atoms) else 0
        colour = CATEGORIES.get(category, UNKNOWN_ELEMENT)
        name = str(elements["name"][i]) if "name" in elements else symbol
        says = f"{name}, {category}, {n:,} atoms" if n else f"{name}, {category}, not in this atlas"
        buttons.append(
            html.Button(
                symbol,
                title=says,
                disabled=not n,
                tabIndex=0 if n and first else -1,
                className="element",
                style={"gridRow": row, "gridColumn": column, "--c": colour, "--on": text_on(colour)},
                **named(
                    says,
                    data_element=symbol,
                    data_row=str(row),
                    data_column=str(column),
                    aria_pressed=str(symbol in picked).lower(),
                ),
            )
        )
        first = first and not n
    return html.Div(buttons, className="periodic-table", role="group", **named("Periodic table"))
