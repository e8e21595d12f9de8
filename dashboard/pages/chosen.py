"""The right column: the chosen atom's crystal, and its neighbours in the models shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dash import Dash, Input, Output, html, no_update
from dash.development.base_component import Component

from dashboard import comparison
from dashboard.atlases import Atlases
from dashboard.components import crystal_panel, neighbour_panel
from dashboard.components.binding import bind
from dashboard.components.text import named
from dashboard.data import AtlasData
from dashboard.figures.crystal import crystal_drawing
from dashboard.geometry import scene
from dashboard.labels import count
from dashboard.lattice import Conventional, conventional

NEAREST = 10
SITES_SHOWN = 24
CONTROL = "element-only"
NOT_COMPARED = ("student", "untrained", "control")
KINDS = tuple(kind for kind, _ in neighbour_panel.KINDS)


def layout(near: str) -> Component:
    """The column before an atom is chosen; `near` is the kind of lists that the view shows."""
    return html.Aside(
        [crystal_panel.crystal_section(), neighbour_panel.neighbour_section(near), crystal_panel.about_section()],
        id="right",
        className="right",
        **named("The chosen atom"),
    )


def register(app: Dash, atlases: Atlases) -> None:
    """Add the column's callbacks to the app."""

    @app.callback(
        Output("chosen-empty", "hidden"),
        Output("chosen-body", "hidden"),
        Output("crystal-scene", "data"),
        Output("chosen-title", "children"),
        Output("cell", "disabled"),
        Output("chosen-facts", "children"),
        Output("crystal-about", "hidden"),
        Output("crystal-about", "children"),
        Input("chosen", "data"),
        Input("cell", "value"),
        prevent_initial_call=True,
    )
    def show_crystal(chosen: Mapping[str, Any] | None, cell: str) -> tuple[Any, ...]:
        data = atlases.of(chosen)
        atom = valid_atom(data, chosen)
        if atom is None:
            return False, True, None, no_update, True, no_update, True, no_update
        drawing, title, fixed, facts, about = crystal_of(data, atom, cell != "stored")
        return True, False, drawing, title, fixed, facts, False, about

    @app.callback(
        Output("neighbour-section", "hidden"),
        Output("neighbour-lists", "data"),
        Input("chosen", "data"),
        Input("shown", "data"),
        prevent_initial_call=True,
    )
    def show_neighbours(
        chosen: Mapping[str, Any] | None, shown: Mapping[str, Any] | None
    ) -> tuple[bool, dict[str, Any] | None]:
        data = atlases.of(chosen)
        atom = valid_atom(data, chosen)
        if atom is None or not shown:
            return True, None
        return False, neighbours_of(data, atom, [str(k) for k in shown.get("models", ())], str(shown.get("near")))

    app.clientside_callback("scene => { window.atlas.crystal?.show(scene); }", Input("crystal-scene", "data"))
    app.clientside_callback("lists => { window.atlas.neighbours?.show(lists); }", Input("neighbour-lists", "data"))
    bind(app, "near", "value", "near")


def valid_atom(data: AtlasData, chosen: Mapping[str, Any] | None) -> int | None:
    """The atom that the page's store names, where the atlas has it."""
    atom = (chosen or {}).get("atom")
    return atom if isinstance(atom, int) and 0 <= atom < data.n_atoms else None


def crystal_of(data: AtlasData, atom: int, want_conventional: bool) -> tuple[Any, ...]:
    """The drawing, the title, whether there is no choice of cells, the facts, and what else is known."""
    site = data.site(atom)
    crystal = site.crystal
    span = slice(atom - site.centre, atom - site.centre + len(crystal.numbers))
    other = data.keep(
        ("conventional", int(data.of_atoms("structure")[atom])),
        lambda: conventional(
            crystal.numbers, crystal.positions, crystal.cell, crystal.pbc, crystal.spacegroup_symbol,
            crystal.crystal_system,
        ),
    )  # fmt: skip
    frame = other.cell if want_conventional else None
    laid_out = scene(
        crystal.numbers, crystal.positions, crystal.cell, crystal.pbc, data.radii, site.centre, data.affinity,
        np.asarray(data.of_atoms("orbit")[span]), frame,
    )  # fmt: skip
    drawing = crystal_drawing(laid_out, crystal.numbers, data.radii, data.colours, data.symbols, span.start)
    is_conventional = frame is not None or other.stored_is_conventional
    drawing["says"] = crystal_panel.spoken(site, data.symbols, is_conventional)
    drawing["crystal"] = int(data.of_atoms("structure")[atom])
    note = " ".join(filter(None, (cell_note(other, crystal.cell, frame), laid_out.note)))
    cell = crystal_panel.cell_text(laid_out.cell) if np.all(crystal.pbc) else ""
    of_atom = {
        c.name: value for c in data.columns("atoms") if (value := stored_value(data, c.path, c.kind, c.unit, atom))
    }
    return (
        drawing,
        crystal_panel.title(site),
        other.cell is None,
        [
            crystal_panel.site_buttons(data.sites(atom, SITES_SHOWN), atom),
            crystal_panel.facts(site, data.symbols, cell, note),
        ],
        crystal_panel.about(site, data.symbols, of_atom),
    )


def stored_value(data: AtlasData, path: str, kind: str, unit: str, atom: int) -> tuple[Any, str] | None:
    """An atom's own property and its unit; None where it has none."""
    value = data.of_atoms(path.removeprefix("atoms/"))[atom]
    if kind == "text":
        return (str(value), unit) if str(value) else None
    return ((bool(value) if kind == "flag" else float(value)), unit) if np.isfinite(value) else None


def cell_note(other: Conventional, stored: np.ndarray, frame: np.ndarray | None) -> str:
    """Which cell is drawn."""
    if other.cell is None:
        return other.reason
    times = abs(np.linalg.det(other.cell) / np.linalg.det(stored))
    ratio = f"{times:.0f} × the" if times > 1.01 else "as large as the" if times > 0.99 else f"1/{1 / times:.0f} of the"
    return f"conventional, {ratio} stored cell" if frame is not None else "as stored"


def neighbours_of(data: AtlasData, atom: int, keys: Sequence[str], near: str) -> dict[str, Any]:
    """The neighbour panel's content for one atom."""
    kind = near if near in KINDS else KINDS[0]
    keys = [key for key in keys if key in data.cards]
    if not keys:
        return neighbour_panel.no_lists("No model is shown.")
    lists = {key: data.neighbours(key, atom, NEAREST, kind) for key in keys}
    filled = {key: rows for key, rows in lists.items() if rows}
    if not filled:
        return neighbour_panel.no_lists("The atlas holds no such list of this atom for the models shown.")
    rows = [
        neighbour_panel.Row(found, data.label(found.atom), *data.crystal_of(found.atom))
        for found in comparison.joined(filled)
    ]
    return neighbour_panel.neighbour_matrix(
        rows,
        (data.label(atom), data.crystal_of(atom)[0]),
        {key: data.cards[key].status not in NOT_COMPARED for key in filled},
        [key for key in keys if key not in filled],
        kind,
        overlap_of(data, atom, filled, kind),
    )


def overlap_of(data: AtlasData, atom: int, lists: Mapping[str, comparison.Neighbours], kind: str) -> str:
    """How much the models' lists overlap, beside what element identity alone explains."""
    potentials = {key: rows for key, rows in lists.items() if data.cards[key].status not in NOT_COMPARED}
    enough = len(potentials) > 1
    compared = potentials if enough else dict(lists)
    control = data.neighbours(CONTROL, atom, NEAREST, kind) if CONTROL in data.cards and enough else []
    said = count(len(compared), "model") + (", controls left out" if len(compared) < len(lists) else "")
    return neighbour_panel.overlap_text(
        comparison.overlap(compared), said, comparison.overlap_with(compared, control) if control else None
    )
