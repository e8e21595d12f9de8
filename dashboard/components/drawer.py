"""The drawer under the maps: tables of atoms and of structures, and histograms."""

from __future__ import annotations

import dash_ag_grid as dag
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.components.text import marked, named

PANELS = (
    ("atoms", "Atoms", "Table of the selected atoms"),
    ("structures", "Structures", "Table of the structures with selected atoms"),
    ("histograms", "Histograms", "Histograms of quantities"),
)
BLOCK = 100  # rows a request


def drawer() -> Component:
    """The bar of tabs, which stays, and what opens under it; filled by the page's script."""
    tabs = [
        html.Button(
            text,
            className="tab",
            title=says,
            **marked(data_panel=name, aria_expanded="false", aria_controls="drawer-body"),
        )
        for name, text, says in PANELS
    ]
    handle = html.Div(
        id="drawer-handle", className="drawer-handle", role="separator", tabIndex=0, hidden=True,
        **named("Height of the drawer", aria_orientation="horizontal"),
    )  # fmt: skip
    return html.Section(
        [
            handle,
            html.Div(
                [
                    html.Div(tabs, className="tabs", role="group", **named("Tables and histograms")),
                    html.P(id="table-says", className="drawer-says", role="status"),
                    html.Div(id="drawer-tools", className="drawer-tools"),
                ],
                className="drawer-bar",
            ),
            html.Div(
                [html.Div(id="table-place"), html.Div(id="histograms")],
                id="drawer-body", className="drawer-body", hidden=True,
            ),
            dcc.Store(id="table-wanted"),
        ],
        id="drawer",
        className="drawer",
        **named("Tables and histograms of the selection"),
    )  # fmt: skip


def table() -> Component:
    """The grid without columns and rows, which the page's script gives it."""
    return dag.AgGrid(
        id="table",
        rowModelType="infinite",
        columnDefs=[],
        getRowId="params.data.row + ''",
        className="table",
        style={"height": "100%", "width": "100%"},
        defaultColDef={"sortable": True, "resizable": True, "suppressHeaderMenuButton": True},
        dashGridOptions={
            "rowHeight": 24,
            "headerHeight": 28,
            "animateRows": False,
            "suppressFieldDotNotation": True,
            "cacheBlockSize": BLOCK,
            "maxBlocksInCache": 20,
            "blockLoadDebounceMillis": 60,
            "tooltipShowDelay": 400,
            "rowSelection": {
                "mode": "multiRow", "checkboxes": True, "headerCheckbox": False, "enableClickSelection": False,
            },
            "selectionColumnDef": {"width": 34, "minWidth": 34, "pinned": "left", "resizable": False},
        },
    )  # fmt: skip
