"""The panel of the chosen atom: its crystal and its site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
import numpy as np
from dash import dcc, html
from dash.development.base_component import Component
from numpy.typing import NDArray

from dashboard.components.text import UNSPOKEN, formula, linked, marked, named, symmetry
from dashboard.geometry import grouped
from dashboard.labels import clean, number, unit
from dashboard.lattice import parameters
from dashboard.records import Site

DESCRIPTIVE = {"name", "prototype", "origin", "hypothetical"}
REPEATED = {"elements", "formula", "pretty_formula", "spacegroup", "spacegroup.number", "material_id"}
PROPERTIES_SHOWN = 12
Properties = Mapping[str, tuple[Any, str]]
TURNS = (("+", "in", "Bring the crystal nearer"), ("−", "out", "Move the crystal away"),
         ("Reset", "reset", "Turn the crystal back"))  # fmt: skip


def crystal_section() -> Component:
    """The panel without its content, which depends on the chosen atom."""
    cells = dmc.SegmentedControl(
        id="cell", value="conventional", size="xs",
        data=[{"value": "conventional", "label": "Conventional"}, {"value": "stored", "label": "Stored"}],
        **named("Cell of the crystal that is drawn"),
    )  # fmt: skip
    says = "Choose no atom"
    drop = html.Button("×", id="drop-atom", className="drop", type="button", title=f"{says} (Esc)", **named(says))
    turns = [
        html.Button(text, className="tool", title=says, type="button", **named(says, data_turn=turn))
        for text, turn, says in TURNS
    ]
    drawing = html.Div(
        [
            html.Canvas(id="crystal", tabIndex=0, role="img", **marked(aria_describedby="crystal-keys")),
            html.Div(id="crystal-tip", className="tip", hidden=True),
            html.Div(turns, className="tools", role="toolbar", **named("View of the crystal")),
        ],
        className="crystal",
    )
    return html.Section(
        [
            html.Div([html.H2("Crystal"), html.Div([cells, drop], className="head-tools")], className="section-head"),
            html.Div(empty(), id="chosen-empty"),
            html.Div(
                [
                    html.Div(id="chosen-title", tabIndex=-1, **marked(aria_live="polite")),
                    drawing,
                    html.P(
                        "Drag or arrow keys turn it, plus and minus bring it nearer, Home turns it back.",
                        id="crystal-keys", className="unseen",
                    ),
                    html.Div(id="chosen-facts"),
                ],
                id="chosen-body",
                hidden=True,
            ),
            dcc.Store(id="crystal-scene"),
        ],
        className="section",
        **named("Crystal of the chosen atom"),
    )  # fmt: skip


def about_section() -> Component:
    """What else is known of the chosen atom's crystal, without its content."""
    return html.Section(
        id="crystal-about", className="section", hidden=True, **named("More about the chosen atom and its crystal")
    )


def empty() -> Component:
    """What stands there before an atom is chosen."""
    return html.Div(
        [
            html.Div(className="empty-mark", **UNSPOKEN),
            html.P("Click an atom in any map", className="empty-title"),
            html.P("to see its crystal, its site and its nearest neighbours in every model shown."),
            html.P("Or find a crystal by its formula, name or id at the top of the page."),
        ],
        className="empty",
    )


def title(site: Site) -> list[Component]:
    """Formula, common name and id of the crystal; remarks on where its geometry is from."""
    crystal = site.crystal
    quiet = [str(crystal.properties.get(name, ("", ""))[0]) for name in ("name", "prototype")] + [crystal.id]
    parts: list[Any] = []
    for text in dict.fromkeys(clean(t, 80) for t in quiet if t):
        parts += [" · ", linked(text)] if parts else [linked(text)]
    tags = [html.Span(t, className="tag") for t in remarks(crystal.properties)]
    return [html.H3([formula(crystal.formula), *tags]), html.P(parts, className="quiet")]


def remarks(properties: Properties) -> list[str]:
    """``hypothetical`` and ``model-relaxed``, where the data say so."""
    found = []
    flag = properties.get("hypothetical", (False, ""))[0]
    if flag not in (False, 0, 0.0, "", "no", "false", "False"):
        found.append("hypothetical")
    origin = str(properties.get("origin", ("", ""))[0])
    if "model-relaxed" in origin or "model_relaxed" in origin:
        found.append("model-relaxed")
    return found


def shell_text(site: Site, symbols: Sequence[str], first_only: bool) -> str:
    """``6 × O at 2.22 Å, 8 × Ba at 3.83 Å``."""
    parts = []
    for n, z, low, high in grouped(site.shell, site.crystal.numbers, first_only):
        near, far = f"{low:.2f}", f"{high:.2f}"
        text = f"{n} × {symbols[z - 1]} at {near if near == far else f'{near}–{far}'} Å"
        parts.append(text.replace(" ", "\u00a0"))  # lines break between groups only
    return ", ".join(parts)


def spoken(site: Site, symbols: Sequence[str], conventional: bool) -> str:
    """The drawing in words, for those who do not see it."""
    crystal = site.crystal
    where = f"{'conventional' if conventional else 'stored'} cell" if np.any(crystal.pbc) else "molecule"
    shell = shell_text(site, symbols, True).replace("\u00a0", " ")
    beside = f"first shell: {shell}" if shell else "no neighbours"
    return f"{clean(crystal.formula, 60)}, {where}, with {site.label} chosen; {beside}"


def cell_text(cell: NDArray[np.floating]) -> str:
    """``a = b = c = 5.64 Å, α = β = γ = 90°``: equal ones together, angles of 90° only where all are."""
    lengths, angles = parameters(np.asarray(cell, float))
    sides = _equals("abc", [f"{v:.3f}" for v in lengths], " Å")
    degrees = [f"{v:.1f}".removesuffix(".0") for v in angles]
    if degrees == ["90"] * 3:
        return f"{sides}, angles\u00a090°"
    other = [(name, value) for name, value in zip("αβγ", degrees, strict=True) if value != "90"]
    return f"{sides}, {_equals([name for name, _ in other], [value for _, value in other], '°')}"


def _equals(names: Sequence[str], values: Sequence[str], of: str) -> str:
    groups: dict[str, list[str]] = {}
    for name, value in zip(names, values, strict=True):
        groups.setdefault(value, []).append(name)
    return ", ".join(f"{' = '.join(same)} = {value}{of}".replace(" ", "\u00a0") for value, same in groups.items())


def facts(site: Site, symbols: Sequence[str], cell: str, note: str) -> Component:
    """The chosen atom as a table; `cell` describes the drawn cell, `note` what is special about it."""
    crystal = site.crystal
    rows: list[tuple[str, Any]] = [("Atom", f"{site.label}, {site.category}")]
    if site.site_symmetry or site.wyckoff:
        wyckoff = f", Wyckoff {clean(site.wyckoff, 20)}" if site.wyckoff else ""
        rows.append(("Site", html.Span([symmetry(site.site_symmetry or "unknown symmetry"), wyckoff])))
    rows.append(("First shell", shell_text(site, symbols, first_only=True) or "no atom within 1.2 × covalent radii"))
    if crystal.spacegroup:
        symbol = symmetry(crystal.spacegroup_symbol)
        system = clean(crystal.crystal_system, 20)
        rows.append(("Space group", html.Span([symbol, f" ({crystal.spacegroup}), {system}"])))
    elif crystal.crystal_system:
        rows.append(("Kind", clean(crystal.crystal_system, 20)))
    if cell or note:
        rows.append(("Cell", html.Span([cell, html.Span(note, className="quiet cell-note")])))
    return table(rows, "Facts about the chosen atom")


def about(site: Site, symbols: Sequence[str], of_atom: Properties) -> list[Component]:
    """All neighbours within 1.2 times the sum of covalent radii, where the crystal is from, and its properties."""
    crystal, shell = site.crystal, site.shell
    rows: list[tuple[str, Any]] = []
    if len(shell.distance):
        # the stored number counts cations too, so it is named by its rule and not called a coordination number
        within = f"{site.coordination} atoms nearer than 1.2 × the sum of covalent radii"
        if shell.n_first < len(shell.distance):
            within += ": " + shell_text(site, symbols, first_only=False)
        rows.append(("Near atoms (within 1.2 × covalent radii)", within))
    rows.append(("Source", linked(crystal.source, 160)))
    origin = crystal.properties.get("origin", ("", ""))[0]
    if origin and str(origin) != crystal.source:
        rows.append(("Geometry", linked(origin, 160)))
    return [
        html.Div(html.H2("About this crystal"), className="section-head"),
        table(rows, "More about the chosen atom"),
        *properties_tables(crystal.properties, of_atom),
    ]


def properties_tables(of_crystal: Properties, of_atom: Properties) -> list[Component]:
    """What the atlas stores of the crystal and of the atom, with units; the less usual ones folded away."""
    made: list[Component] = []
    for heading, properties in (("Properties of the crystal", of_crystal), ("Properties of the atom", of_atom)):
        rows = [
            (clean(name, 40), html.Span([_value(value), f" {unit(of_unit)}" if of_unit else ""]))
            for name, (value, of_unit) in properties.items()
            if name not in DESCRIPTIVE | REPEATED
        ]
        if not rows:
            continue
        made += [html.H4(heading), table(rows[:PROPERTIES_SHOWN], heading)]
        if rest := rows[PROPERTIES_SHOWN:]:
            made.append(html.Details([html.Summary(f"{len(rest)} more"), table(rest, f"{heading}, continued")]))
    return made


def _value(value: Any) -> Component | str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(value) if isinstance(value, float) else linked(value, 80)


def table(rows: Sequence[tuple[str, Any]], label: str) -> Component:
    """Names and values, one a line."""
    body = [html.Tr([html.Th(name, scope="row"), html.Td(value)]) for name, value in rows]
    return html.Table(html.Tbody(body), className="facts", **named(label))


def site_buttons(sites: Sequence[tuple[int, str, str]], chosen: int) -> Component | None:
    """The crystal's inequivalent atoms as buttons: (atom, label, what it says)."""
    if len(sites) < 2:
        return None
    buttons = [
        html.Button(
            label, title=clean(says, 60), className="site", type="button",
            **marked(data_atom=str(atom), aria_pressed=str(atom == chosen).lower()),
        )
        for atom, label, says in sites
    ]  # fmt: skip
    return html.Div(buttons, className="sites", role="group", **named("Inequivalent atoms of this crystal"))
