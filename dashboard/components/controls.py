"""The controls to the left of the maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboard.components.text import named
from dashboard.labels import clean
from dashboard.palette import CATEGORIES, CATEGORY_NAMES
from dashboard.records import ModelCard

STATUS_MEANING = {
    "pretrained": "trained weights as published",
    "fine-tuned": "trained further from another checkpoint",
    "untrained": "control: the true architecture with random weights",
    "control": "control: not a potential",
    "imported": "embeddings given by the user; not checked",
}


def section(title: str, *children: Component | None, extra: Component | None = None) -> Component:
    head = html.Div([html.H2(title), extra], className="section-head")
    return html.Section([head, *children], className="section", **named(title))


def status_badge(card: ModelCard) -> Component:
    """The model's status; only trained models get the accent, all others a dashed grey frame."""
    meaning = STATUS_MEANING.get(card.status, "")
    return html.Span(
        clean(card.status, 20), className=f"badge {'trained' if card.trained else 'not-trained'}", title=meaning
    )


def describe(card: ModelCard) -> str:
    """Status, parent, training data and level of theory in one line, as far as known."""
    status = card.status + (f" from {card.parent}" if card.parent and card.status == "fine-tuned" else "")
    if card.status == "untrained":
        status = "untrained: random weights"
    parts = [status, *(t for t in (card.training_data, card.level_of_theory) if t and card.trained)]
    if not card.trained and card.status not in ("untrained",):
        parts.append("not a potential" if card.status == "control" else card.training_data or "not checked")
    return " · ".join(clean(p, 80) for p in parts)


def model_list(cards: Sequence[ModelCard], shown: Sequence[str]) -> Component:
    buttons = [
        html.Button(text, id=f"show-{name}", className="link", n_clicks=0, **named(label))
        for name, text, label in (
            ("all", "all", "Show all models"),
            ("trained", "trained", "Show the trained models only"),
            ("none", "none", "Show no model"),
        )
    ]
    rows: list[Component] = [_model_row(card, card.key in shown) for card in cards]
    return section("Models", html.Div(rows, className="models"), extra=html.Div(buttons, className="links"))


def _model_row(card: ModelCard, shown: bool) -> Component:
    name = html.Span(clean(card.key, 60), className="model-name" if card.trained else "model-name other")
    switch = dmc.Switch(id={"type": "model", "key": card.key}, checked=shown, size="xs", label=name)
    width = f"{card.width} features" if card.width else ""
    known = [clean(t, 160) for t in (describe(card), card.layer, width, card.licence, card.citation) if t]
    return html.Div([switch, status_badge(card)], className="model-row", title=" · ".join(known))


def space_controls(
    space: str, method: str, k: int, methods: Sequence[str], counts: Sequence[int], has_raw: bool
) -> Component:
    """Which space, which projection of it, and from how many anchors."""
    names = {"pca": "PCA", "umap": "UMAP"}
    slider = dmc.Slider(
        id="k", min=0, max=max(len(counts) - 1, 1), step=1, value=counts.index(k), label=None, size="sm",
        marks=[{"value": i, "label": str(c)} for i, c in enumerate(counts)], restrictToMarks=True,
        thumbLabel="Number of anchors K", disabled=len(counts) < 2, updatemode="drag",
    )  # fmt: skip
    return section(
        "Space",
        dmc.SegmentedControl(
            id="space", value=space, fullWidth=True, size="xs", **named("Space"),
            data=[
                {"value": "raw", "label": "Private latent spaces", "disabled": not has_raw},
                {"value": "shared", "label": "Shared", "disabled": not methods},
            ],
        ),
        html.Div(
            [
                html.Span("Map", className="field"),
                dmc.SegmentedControl(
                    id="method", value=method, size="xs", fullWidth=True, className="grow", **named("Map method"),
                    data=[{"value": m, "label": names[m]} for m in methods] or [{"value": "pca", "label": "PCA"}],
                ),
            ],
            className="line",
        ),
        html.Div(
            [html.Span(["Anchors ", html.I("K")], className="field"), html.Div(slider, className="grow slider"),
             html.Output(str(k), id="k-value", className="value")],
            className="line",
        ),
        html.P(id="space-hint", className="hint"),
    )  # fmt: skip


def legend(atoms: Mapping[str, int], hidden: Sequence[str]) -> Component:
    """Ten element groups: each box is the group's colour and its switch."""
    boxes = [
        dmc.Checkbox(
            label=html.Span([name, html.Span(f"{atoms.get(name, 0):,}", className="count")], className="legend-label"),
            value=name,
            color=colour,
            size="xs",
            styles={"input": {"borderColor": colour}},
        )
        for name, colour in CATEGORIES.items()
    ]
    return dmc.CheckboxGroup(
        html.Div(boxes, className="legend"),
        id="groups",
        value=[c for c in CATEGORY_NAMES if c not in hidden],
        **named("Element groups in colour"),
    )
