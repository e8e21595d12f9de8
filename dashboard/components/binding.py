"""Simple controls tied to a field of the view, which lives in the page's script."""

from __future__ import annotations

import json
from typing import Any

from dash import Dash, Input


def bind(app: Dash, component_id: str | dict[str, Any], prop: str, field: str) -> None:
    """Let a control's `prop` set `field` of the view; the other way is ``atlas.mirror`` in the page's script."""
    app.clientside_callback(
        f"value => window.atlas.bind({json.dumps(field)}, value)", Input(component_id, prop), prevent_initial_call=True
    )
