"""The button that opens the dialog for placing a crystal; the dialog is made by the script."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.components.text import named
from dashboard.uploads import MAX_BYTES, missing

CLOSED = "This server takes no crystals: it was started with --no-upload"


def why_not(enabled: bool) -> str:
    """Why crystals are not taken; empty where they are."""
    return missing() if enabled else CLOSED


def upload_button(enabled: bool) -> Component:
    """The button; where crystals are not taken it stays in reach, and says why."""
    reason = why_not(enabled)
    attributes: dict[str, Any] = named(
        "Place a crystal of your own on the maps" if not reason else f"Place a crystal. {reason}",
        aria_haspopup="dialog", data_most_bytes=str(MAX_BYTES), data_closed=reason,
    )  # fmt: skip
    if reason:
        attributes["aria-disabled"] = "true"
    return html.Button(
        "Place a crystal", id="open-upload", className="head-button", title=reason or "Place a crystal of your own (U)",
        **attributes,
    )  # fmt: skip
