"""What the points are coloured by, with its legend or scale, and how points are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboard.components.controls import field_line, section
from dashboard.components.text import named
from dashboard.labels import clean, unit

HEADINGS = {
    "element": "Elements",
    "structure": "Structure",
    "atom": "Atom",
    "model": "Model",
    "comparison": "Between models",
}
SMALLEST, LARGEST = 0.5, 4.0
BINDINGS: tuple[tuple[str, str, str], ...] = (
    ("colour", "value", "colour"),
    ("palette", "value", "palette"),
    ("log", "checked", "log"),
    ("reverse", "checked", "reverse"),
    ("size", "value", "size"),
    ("draw", "value", "draw"),
)


def quantity_label(quantity: Mapping[str, Any]) -> str:
    """``Band gap / eV``."""
    of = unit(str(quantity.get("unit") or ""))
    return clean(quantity["label"], 60) + (f" / {of}" if of else "")


def quantity_groups(quantities: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Quantities under headings, by what they belong to."""
    groups: dict[str, list[dict[str, str]]] = {heading: [] for heading in HEADINGS.values()}
    for quantity in quantities:
        heading = HEADINGS.get(str(quantity["of"]), "Other")
        groups.setdefault(heading, []).append({"value": str(quantity["id"]), "label": quantity_label(quantity)})
    return [{"group": heading, "items": items} for heading, items in groups.items() if items]


def colour_controls(info: Mapping[str, Any]) -> Component:
    """The choice of the quantity; its legend or scale is drawn by the page's script.

    Parameters
    ----------
    info : mapping
        ``quantities`` (``id``, ``label``, ``unit``, ``kind``, ``of``), ``scales`` (name -> colours) and ``state``
        (``colour``, ``palette``, ``log``, ``reverse``).
    """
    state = info["state"]
    numeric = {q["id"]: q["kind"] == "number" for q in info["quantities"]}.get(state["colour"], False)
    links = html.Div(
        [
            html.Button("all", id="legend-all", className="link", type="button", hidden=True,
                        **named("Show every entry of the legend in colour")),
            html.Button("own colours off", id="legend-colours", className="link", type="button", hidden=True,
                        **named("Return to the standard colours of this legend")),
            html.Button("reset", id="scale-reset", className="link", type="button", hidden=True,
                        **named("Return to the whole range, linear, not reversed")),
        ],
        className="links",
    )  # fmt: skip
    return section(
        "Colour by",
        dmc.Select(
            id="colour", value=state["colour"], data=quantity_groups(info["quantities"]), size="xs", searchable=True,
            allowDeselect=False, withCheckIcon=False, nothingFoundMessage="No such quantity", maxDropdownHeight=340,
            selectFirstOptionOnChange=True, openOnFocus=False, **named("Colour by"),
        ),
        html.Div(id="legend", className="legend", role="group", hidden=numeric, **named("Legend")),
        html.Div(
            [
                html.Div(id="scale", className="scale", role="group", **named("Colour scale")),
                html.Div(
                    [
                        dmc.Select(
                            id="palette", value=state["palette"], data=list(info["scales"]), size="xs",
                            className="grow", allowDeselect=False, withCheckIcon=False, **named("Colours of the scale"),
                        ),
                        dmc.Checkbox(id="log", label="log", checked=state["log"], size="xs"),
                        dmc.Checkbox(id="reverse", label="reverse", checked=state["reverse"], size="xs"),
                    ],
                    className="line",
                ),
            ],
            id="number-colour",
            hidden=not numeric,
        ),
        html.P(id="colour-hint", className="hint"),
        extra=links,
    )  # fmt: skip


def point_controls(info: Mapping[str, Any]) -> Component:
    """Size of points, and density in their place."""
    state = info["state"]
    size = dmc.Slider(
        id="size", min=SMALLEST, max=LARGEST, step=0.25, value=state["size"], size="sm", updatemode="drag",
        thumbLabel="Size of points", marks=[{"value": v, "label": f"{v:g}×"} for v in (1, 2, 3, 4)],
    )  # fmt: skip
    return section(
        "Points",
        field_line(
            "Draw",
            dmc.SegmentedControl(
                id="draw", value=state["draw"], size="xs", fullWidth=True, className="grow",
                data=[{"value": "points", "label": "Points"}, {"value": "density", "label": "Density"}],
                **named("Draw points or their density"),
            ),
        ),
        field_line("Size", html.Div(size, className="grow slider")),
    )  # fmt: skip
