"""What the page says of the atlas as a whole."""

from __future__ import annotations

import json
import shlex

from dash import dcc, html
from dash.development.base_component import Component

from dashboard.components.text import marked
from dashboard.data import AtlasData


def untrained_note(data: AtlasData) -> Component:
    """Say which panels are untrained controls only for want of weights, and how to fetch them."""
    families = data.untrained_to_fetch
    names = " and ".join(name for name, _, _ in families.values())
    checkpoints = ",".join(checkpoint for _, _, checkpoint in families.values())
    sources = data.sources
    given = "... " if sources is None else "".join(f"{shlex.quote(s)} " for s in sources)
    command = f"platonic-atlas build {given}--models {checkpoints} --out {shlex.quote(data.atlas.path.name)}"
    ellipsis = ". “...” stands for this atlas’s structures." if sources is None else "."
    return html.Details(
        [
            html.Summary(f"{names} panels are untrained controls (random weights) until trained weights are fetched"),
            html.P(["Fetch them for this atlas with the command below", ellipsis]),
            html.Div(
                [html.Code(command, id="fetch-command", tabIndex=0),
                 dcc.Clipboard(target_id="fetch-command", className="copy", title="Copy the command")],
                className="command",
            ),
        ],
        id="untrained-note",
        className="note",
        hidden=True,
        **marked(data_keys=json.dumps([key for _, untrained, _ in families.values() for key in untrained])),
    )  # fmt: skip
