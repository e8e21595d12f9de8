"""The panel of the chosen atom: its crystal, its site, its neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from dash import dcc, html
from dash.development.base_component import Component

from dashboard.components.text import UNSPOKEN, formula, marked, named, symmetry
from dashboard.geometry import grouped
from dashboard.labels import clean, number, unit
from dashboard.records import Site

DESCRIPTIVE = {"name", "prototype", "origin", "hypothetical"}
REPEATED = {"elements", "formula", "pretty_formula", "spacegroup", "spacegroup.number"}
PROPERTIES_SHOWN = 14


def empty_panel() -> Component:
    """What stands there before an atom is chosen."""
    return html.Div(
        [
            html.Div(className="empty-mark", **UNSPOKEN),
            html.P("Click an atom in any map", className="empty-title"),
            html.P("to see its crystal, its site and its neighbour shell, and to find it in every model."),
        ],
        className="empty",
    )


def panel(
    site: Site,
    figure: go.Figure,
    says: str,
    symbols: Sequence[str],
    sites: Sequence[tuple[int, str, str]],
    note: str,
) -> Component:
    """The whole panel of one atom; `says` describes the drawing to those who do not see it."""
    return html.Div(
        [
            title(site),
            crystal_graph(figure, says),
            html.P(note, className="hint") if note else None,
            site_buttons(sites, site.atom),
            facts(site, symbols),
            properties_table(site.crystal.properties),
        ]
    )


def title(site: Site) -> Component:
    """Formula, common name and id of the crystal; remarks on where its geometry is from."""
    crystal = site.crystal
    name = crystal.properties.get("name", ("", ""))[0]
    prototype = crystal.properties.get("prototype", ("", ""))[0]
    quiet = [clean(t, 80) for t in (name, prototype, crystal.id) if t]
    return html.Div(
        [
            html.H3([formula(crystal.formula), *[html.Span(t, className="tag") for t in remarks(crystal.properties)]]),
            html.P(" · ".join(dict.fromkeys(quiet)), className="quiet"),
        ]
    )


def remarks(properties: Mapping[str, tuple[Any, str]]) -> list[str]:
    """``hypothetical`` and ``model-relaxed``, where the data say so."""
    found = []
    flag = properties.get("hypothetical", (False, ""))[0]
    if flag not in (False, 0, 0.0, "", "no", "false", "False"):
        found.append("hypothetical")
    origin = str(properties.get("origin", ("", ""))[0])
    if "model-relaxed" in origin or "model_relaxed" in origin:
        found.append("model-relaxed")
    return found


def crystal_graph(figure: go.Figure, says: str) -> Component:
    return html.Div(
        dcc.Graph(
            id="crystal",
            figure=figure,
            config={"displayModeBar": False, "scrollZoom": True, "responsive": True},
            style={"height": f"{figure.layout.height}px"},
        ),
        role="img",
        className="crystal",
        **named(says),
    )


def shell_text(site: Site, symbols: Sequence[str], first_only: bool) -> str:
    """``6 × O at 2.22 Å, 8 × Ba at 3.83 Å``."""
    parts = []
    for n, z, low, high in grouped(site.shell, site.crystal.numbers, first_only):
        near, far = f"{low:.2f}", f"{high:.2f}"
        text = f"{n} × {symbols[z - 1]} at {near if near == far else f'{near}–{far}'} Å"
        parts.append(text.replace(" ", "\u00a0"))  # lines break between groups only
    return ", ".join(parts)


def facts(site: Site, symbols: Sequence[str]) -> Component:
    crystal, shell = site.crystal, site.shell
    rows: list[tuple[str, Any]] = [("Atom", f"{site.label}, {site.category}")]
    if site.site_symmetry or site.wyckoff:
        wyckoff = f", Wyckoff {clean(site.wyckoff, 20)}" if site.wyckoff else ""
        rows.append(("Site", html.Span([symmetry(site.site_symmetry or "unknown symmetry"), wyckoff])))
    if crystal.spacegroup:
        symbol = symmetry(crystal.spacegroup_symbol)
        system = clean(crystal.crystal_system, 20)
        rows.append(("Space group", html.Span([symbol, f" ({crystal.spacegroup}), {system}"])))
    elif crystal.crystal_system:
        rows.append(("Kind", clean(crystal.crystal_system, 20)))
    if not len(shell.distance):
        rows.append(("Neighbours", "none within the sum rule"))
    else:
        rows.append(("First shell", shell_text(site, symbols, first_only=True)))
        # the stored number counts cations too, so it is named by its rule and not called a coordination number
        within = f"{site.coordination} atoms nearer than 1.2 × the sum of covalent radii"
        if shell.n_first < len(shell.distance):
            within += ": " + shell_text(site, symbols, first_only=False)
        rows.append(("By sum rule", html.Span(within, className="quiet")))
    rows.append(("Source", clean(crystal.source, 160)))
    origin = crystal.properties.get("origin", ("", ""))[0]
    if origin and str(origin) != crystal.source:
        rows.append(("Geometry", clean(origin, 160)))
    return _table(rows, "Facts about the chosen atom")


def properties_table(properties: Mapping[str, tuple[Any, str]]) -> Component | None:
    rest = {k: v for k, v in properties.items() if k not in DESCRIPTIVE | REPEATED}
    if not rest:
        return None
    rows: list[tuple[str, Any]] = []
    for name, (value, of_unit) in list(rest.items())[:PROPERTIES_SHOWN]:
        rows.append((clean(name, 40), f"{_value(value)} {unit(of_unit)}".strip()))
    more = len(rest) - len(rows)
    note = html.P(f"{more} more in the atlas", className="hint") if more else None
    return html.Div([html.H4("Properties"), _table(rows, "Properties of the crystal"), note])


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, float) else clean(value, 80)


def _table(rows: Sequence[tuple[str, Any]], label: str) -> Component:
    body = [html.Tr([html.Th(name, scope="row"), html.Td(value)]) for name, value in rows]
    return html.Table(html.Tbody(body), className="facts", **named(label))


def site_buttons(sites: Sequence[tuple[int, str, str]], chosen: int) -> Component | None:
    """The crystal's inequivalent atoms as buttons: (atom, label, what it says)."""
    if len(sites) < 2:
        return None
    buttons = [
        html.Button(
            label, title=says, className="site", **marked(data_atom=str(atom), aria_pressed=str(atom == chosen).lower())
        )
        for atom, label, says in sites
    ]
    return html.Div(buttons, className="sites", role="group", **named("Inequivalent atoms of this crystal"))


def neighbour_lists(lists: Mapping[str, Sequence[tuple[int, float, str, str, str]]]) -> Component | None:
    """For each model its nearest atoms: (atom, similarity, label, formula, id); those that all lists share are marked.

    Clicking one chooses it.
    """
    filled = {key: rows for key, rows in lists.items() if rows}
    if not filled:
        return None
    shared = set.intersection(*({row[0] for row in rows} for rows in filled.values())) if len(filled) > 1 else set()
    columns = []
    for key, rows in filled.items():
        formulae = [of for *_, of, _ in rows]
        items = [
            html.Button(
                [
                    html.Span(label.split()[0], className="symbol"),
                    " in ",
                    # polymorphs share a formula; their ids tell them apart
                    formula(of) if formulae.count(of) == 1 else clean(identifier, 40),
                    html.Span(f"{similarity:.3f}", className="cosine"),
                ],
                className="neighbour shared" if atom in shared else "neighbour",
                title=f"{label} in {clean(identifier, 60)}, cosine {similarity:.3f}",
                **marked(data_atom=str(atom)),
            )
            for atom, similarity, label, of, identifier in rows
        ]
        columns.append(html.Div([html.Div(clean(key, 60), className="neighbour-head"), *items], className="neighbours"))
    says = "Nearest atoms of other sites, by the cosine (right) of coordinates with all anchors."
    if len(filled) > 1:
        says += " Blue: nearest in every model shown."
    return html.Div(
        [html.H4("Nearest neighbours"), html.Div(columns, className="neighbour-grid"), html.P(says, className="hint")]
    )
