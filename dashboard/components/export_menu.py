"""The menu of exports: what can be saved of the view, and what each file would hold."""

from __future__ import annotations

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboard.components.text import marked

GROUPS = (
    ("Figure", (("png", "PNG …"), ("svg", "SVG …"), ("html", "Page that works offline (HTML)"))),
    ("Selected atoms", (("csv", "Table, CSV"), ("parquet", "Table, Parquet"))),
    ("Crystals with selected atoms", (("extxyz", "Extended XYZ"), ("chemiscope", "Chemiscope (JSON)"))),
    ("For a paper", (("methods", "Methods text and BibTeX …"),)),
)


def export_menu() -> Component:
    """The button and its menu; the page's script fills in what each export would hold, and saves it."""
    items: list[Component] = []
    for group, formats in GROUPS:
        items.append(dmc.MenuLabel(group))
        for name, label in formats:
            says = html.Span(className="export-says", **marked(data_export_says=name))
            items.append(dmc.MenuItem([html.Span(label), says], **marked(data_export=name)))
    says = "Export figure, data or methods (E)"
    button = html.Button("Export", id="open-export", className="head-button", title=says)
    return dmc.Menu(
        [dmc.MenuTarget(button), dmc.MenuDropdown(items, className="export-menu")],
        id="export-menu", position="bottom-end", width=310, shadow="md", keepMounted=True, withinPortal=True,
        transitionProps={"duration": 0}, returnFocus=False,
    )  # fmt: skip
