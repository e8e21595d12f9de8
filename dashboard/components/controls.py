"""Which models are shown, in which space: the first controls of the left column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import html
from dash.development.base_component import Component

from dashboard.components.text import named
from dashboard.labels import clean

STATUS_MEANING = {
    "pretrained": "trained weights as published",
    "fine-tuned": "trained further from another checkpoint",
    "student": "control: a small model trained here from random weights, no foundation model",
    "untrained": "control: the true architecture with random weights",
    "control": "control: not a potential",
    "imported": "embeddings given by the user; not checked",
}
ANCHORS_MEANING = "Reference atoms that every atom is compared with, the same in all models; fewer give a coarser space"
METHOD_NAMES = {"pca": "PCA", "umap": "UMAP"}
QUICK_CHOICES = (
    ("all", "Show all models"),
    ("trained", "Show the trained models only"),
    ("none", "Show no model"),
)
BINDINGS: tuple[tuple[str, str, str], ...] = (
    ("space", "value", "space"),
    ("method", "value", "method"),
    ("align", "value", "align"),
)
"""(component id, property, field of the view); the number of anchors is bound in `left`, by position."""


def section(title: str, *children: Component | None, extra: Component | None = None) -> Component:
    head = html.Div([html.H2(title), extra], className="section-head")
    return html.Section([head, *children], className="section", **named(title))


def field_line(label: Component | str, *children: Component, line_id: str = "", hidden: bool = False) -> Component:
    """A control with its name to the left."""
    given: dict[str, Any] = {"id": line_id} if line_id else {}
    return html.Div([html.Span(label, className="field"), *children], className="line", hidden=hidden, **given)


def status_badge(model: Mapping[str, Any]) -> Component:
    """The model's status; only trained models get the accent, all others a dashed grey frame."""
    status = str(model["status"])
    look = "trained" if model["trained"] else "not-trained"
    return html.Span(clean(status, 20), className=f"badge {look}", title=STATUS_MEANING.get(status, ""))


def model_list(models: Sequence[Mapping[str, Any]], shown: Sequence[str]) -> Component:
    """A switch for each model.

    Parameters
    ----------
    models : sequence of mapping
        ``key``, ``family``, ``status``, ``trained``, ``subtitle``, ``parent``.
    shown : sequence of str
        Keys of the models that are shown.
    """
    quick: list[Component] = [
        html.Button(name, className="link", type="button", **named(label, data_show=name))
        for name, label in QUICK_CHOICES
    ]
    rows: list[Component] = [_model_row(model, model["key"] in shown) for model in models]
    return section("Models", html.Div(rows, id="models", className="models"), extra=html.Div(quick, className="links"))


def _model_row(model: Mapping[str, Any], shown: bool) -> Component:
    key = str(model["key"])
    name = clean(key, 60)
    parent = f"trained further from {model['parent']}" if model.get("parent") else ""
    known = (name, model.get("family"), model.get("subtitle"), parent, STATUS_MEANING.get(str(model["status"]), ""))
    switch = html.Button(
        [
            html.Span(className="track"),
            html.Span(name, className="model-name" if model["trained"] else "model-name other"),
        ],
        className="switch", type="button", role="switch",
        **named(f"{name}, {clean(model['status'], 20)}", data_model=key, aria_checked=str(shown).lower()),
    )  # fmt: skip
    only = html.Button(
        "only", className="only", type="button", title="Show this model alone",
        **named(f"Show {name} alone", data_only_model=key),
    )  # fmt: skip
    return html.Div(
        [switch, status_badge(model), only],
        className="model-row", title=" · ".join(clean(t, 160) for t in known if t),
    )  # fmt: skip


def space_controls(info: Mapping[str, Any]) -> Component:
    """Which space, which projection of it, turned onto which model, and from how many anchors.

    Parameters
    ----------
    info : mapping
        ``methods``, ``anchor_counts``, ``has_raw``, ``models`` and ``state`` (``space``, ``method``, ``align``, ``k``).
    """
    methods, state = info["methods"], info["state"]
    raw = state["space"] == "raw"
    return section(
        "Space",
        dmc.SegmentedControl(
            id="space", value=state["space"], fullWidth=True, size="xs", **named("Space"),
            data=[
                {"value": "raw", "label": "Private latent spaces", "disabled": not info["has_raw"]},
                {"value": "shared", "label": "Shared", "disabled": not methods},
            ],
        ),
        field_line(
            "Map",
            dmc.SegmentedControl(
                id="method", value=state["method"], size="xs", fullWidth=True, className="grow", **named("Map method"),
                data=[{"value": m, "label": METHOD_NAMES[m]} for m in methods] or [{"value": "pca", "label": "PCA"}],
            ),
            line_id="method-line", hidden=raw,
        ),
        field_line("Align to", _align(info)),
        field_line(
            html.Span(["Anchors ", html.I("K")], title=ANCHORS_MEANING), _anchors(info), line_id="k-line", hidden=raw
        ),
        html.P(id="space-hint", className="hint", role="status"),
    )  # fmt: skip


def _align(info: Mapping[str, Any]) -> Component:
    keys = [str(m["key"]) for m in info["models"]]
    return dmc.Select(
        id="align", value=info["state"]["align"], size="xs", className="grow", allowDeselect=False,
        withCheckIcon=False, searchable=len(keys) > 12,
        data=[{"value": "", "label": "none"}, *({"value": k, "label": clean(k, 60)} for k in keys)],
        **named("Align all maps to that of one model"),
    )  # fmt: skip


def _anchors(info: Mapping[str, Any]) -> Component:
    counts, k = info["anchor_counts"], info["state"]["k"]
    slider = dmc.Slider(
        id="k", min=0, max=max(len(counts) - 1, 1), step=1, size="sm", label=None, restrictToMarks=True,
        value=counts.index(k) if k in counts else len(counts) - 1, updatemode="drag",
        marks=[{"value": i, "label": str(c)} for i, c in enumerate(counts)],
        thumbLabel="Number of anchors K", disabled=len(counts) < 2,
    )  # fmt: skip
    return html.Div(slider, className="grow slider")
