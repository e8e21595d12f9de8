"""Formulas and symmetry symbols as components, and attributes whose names are no Python names."""

from __future__ import annotations

from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.labels import Piece, formula_pieces, linked_pieces, symmetry_pieces

UNSPOKEN: dict[str, Any] = {"aria-hidden": "true"}


def named(label: str, **more: str) -> dict[str, Any]:
    """A component's name for screen readers, and ``data_x="..."`` or ``aria_x="..."`` as its attributes ``data-x``."""
    return {"aria-label": label, **marked(**more)}


def marked(**attributes: str) -> dict[str, Any]:
    return {name.replace("_", "-"): value for name, value in attributes.items()}


def _pieces(pieces: list[Piece]) -> list[Component | str]:
    made: dict[str, type[Component] | None] = {"text": None, "sub": html.Sub, "over": html.Span}
    result: list[Component | str] = []
    for kind, piece in pieces:
        tag = made[kind]
        if tag is None:
            result.append(piece)
        else:
            result.append(tag(piece, className="over") if kind == "over" else tag(piece))
    return result


def formula(text: str) -> Component:
    return html.Span(_pieces(formula_pieces(text)), className="formula")


def symmetry(text: str) -> Component:
    return html.Span(_pieces(symmetry_pieces(text)), className="symmetry")


def linked(text: object, limit: int = 200) -> Component:
    """Text in which identifiers of public databases and DOIs are links."""
    return html.Span(
        [
            html.A(piece, href=address, target="_blank", rel="noopener noreferrer") if address else piece
            for piece, address in linked_pieces(text, limit)
        ]
    )
