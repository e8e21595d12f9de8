"""The line above everything: which atlas this is, the find box, and what is done with a view as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from dashboard.components.text import UNSPOKEN, marked, named
from dashboard.labels import clean, count

PAGES = (("map", "Map"), ("agreement", "Agreement"), ("neighbours", "Neighbours"), ("drift", "Drift"))


def header(
    title: str,
    n_atoms: int,
    n_structures: int,
    *,
    atlas: str,
    atlases: Sequence[tuple[str, str]],
    find_box: Component | None = None,
    export_menu: Component | None = None,
    upload: Component | None = None,
    views_served: bool = False,
) -> Component:
    """The header.

    Parameters
    ----------
    title : str
        Of the atlas that is shown.
    n_atoms, n_structures : int
    atlas : str
        Its name in addresses.
    atlases : sequence of (str, str)
        Name and title of each atlas that is served; with two or more there is a choice.
    find_box, export_menu, upload : Component or None
        What other parts put here.
    views_served : bool
        Whether the server has a file of saved views.
    """
    views = _button("Views", "open-views", "Saved views", key="V", aria_expanded="false", aria_haspopup="dialog",
                    data_views="served" if views_served else "own")  # fmt: skip
    return html.Header(
        [
            html.H1("Platonic Atlas"),
            _pages(),
            _which_atlas(title, facts(n_atoms, n_structures), atlas, atlases),
            html.Span(facts(n_atoms, n_structures), className="atlas-facts"),
            html.Div(find_box, className="find-place"),
            html.Div(
                [
                    views,
                    _button("Copy link", "copy-link", "Copy a link to this view", key="L"),
                    export_menu,
                    upload,
                    _button("Present", "present", "Present: large type, no controls", key="P"),
                    _button(html.Span(className="theme-mark", **UNSPOKEN), "turn-theme", "Theme", key="T", icon=True),
                    _button("?", "open-keys", "Keys and help", key="?", icon=True, aria_haspopup="dialog"),
                ],
                className="head-buttons",
            ),
        ],
        className="top",
    )


def facts(n_atoms: int, n_structures: int) -> str:
    return f"{count(n_atoms, 'atom')} in {count(n_structures, 'structure')}"


def _pages() -> Component:
    """Names of the pages; the page's script gives each its address, and marks the one that is seen."""
    links = [
        html.A(label, href=f"?page={name}", className="page-link", **marked(data_page=name, data_label=label))
        for name, label in PAGES
    ]
    return html.Nav(links, id="pages", className="pages", **named("Pages"))


def _which_atlas(title: str, said: str, atlas: str, atlases: Sequence[tuple[str, str]]) -> Component:
    hover = f"{clean(title, 200)}: {said}"
    if len(atlases) < 2:
        return html.Span(clean(title, 90), className="atlas-title", title=hover)
    choices = [html.Option(_choice(name, title), value=name) for name, title in atlases]
    # React has no "value" of a select here, so the script shows which one is chosen
    return html.Select(
        choices, id="choose-atlas", className="choose-atlas", title=hover, **named("Atlas", data_chosen=atlas)
    )


def _choice(name: str, title: str) -> str:
    shown = clean(title, 70)
    return shown if name.casefold() in shown.casefold() else f"{shown} ({name})"


def _button(
    content: str | Component, button_id: str, label: str, *, key: str, icon: bool = False, **attributes: str
) -> Component:
    told = named(label, **attributes) if icon else marked(**attributes)
    given: dict[str, Any] = {"title": f"{label} ({key})", **told}
    return html.Button(content, id=button_id, className="head-button icon" if icon else "head-button", **given)
