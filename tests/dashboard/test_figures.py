import json
import subprocess
import sys

import numpy as np
import pytest

from dashboard.figures.crystal import cell_edges, crystal_drawing
from dashboard.geometry import scene
from precompute.elements import table
from tests.dashboard.synthetic import perovskite

FACTS = table()


def drawing(chosen=1, first=0, **more):
    s = perovskite(56, 58, 4.44, "x")
    laid_out = scene(s.numbers, s.positions, s.cell, s.pbc, FACTS["covalent_radius"], chosen, **more)
    return crystal_drawing(
        laid_out, s.numbers, FACTS["covalent_radius"], FACTS["color"].tolist(), FACTS["symbol"].tolist(), first
    )


def places(made):
    return np.array([atom[:3] for atom in made["atoms"]])


def test_crystal_is_little_to_send():
    assert len(json.dumps(drawing())) < 4_000


def test_atoms_have_covalent_radii_and_jmol_colours():
    kinds = {symbol: (colour, radius) for symbol, colour, radius in drawing()["kinds"]}
    assert kinds == {
        symbol: (str(FACTS["color"][z - 1]), pytest.approx(float(FACTS["covalent_radius"][z - 1])))
        for symbol, z in (("Ba", 56), ("Ce", 58), ("O", 8))
    }


def test_chosen_atom_is_first_and_atoms_know_their_place_in_the_atlas_and_among_their_element():
    made = drawing(chosen=3, first=100)
    assert made["atoms"][0][4:] == [103, 2]
    assert made["kinds"][made["atoms"][0][3]][0] == "O"
    assert {(atom[4], atom[5]) for atom in made["atoms"]} == {(100, 1), (101, 1), (102, 1), (103, 2), (104, 3)}


def test_shell_bonds_start_at_the_chosen_atom():
    made = drawing()
    assert len(made["shell"]) == 6
    assert {a for a, _ in made["shell"]} == {0}
    lengths = np.linalg.norm(places(made)[[b for _, b in made["shell"]]] - places(made)[0], axis=1)
    np.testing.assert_allclose(lengths, 2.22, atol=2e-3)


def test_atom_of_unknown_radius_or_colour_is_drawn_all_the_same():
    s = perovskite(56, 118, 4.44, "x")
    laid_out = scene(s.numbers, s.positions, s.cell, s.pbc, FACTS["covalent_radius"], 1)
    made = crystal_drawing(laid_out, s.numbers, FACTS["covalent_radius"], [""] * 118, FACTS["symbol"].tolist())
    assert all(colour.startswith("#") and radius > 0 for _, colour, radius in made["kinds"])


def test_cell_has_twelve_edges_of_the_right_lengths_and_molecules_none():
    cell, origin = np.array([[3.0, 0, 0], [1, 4, 0], [0, 0.5, 5]]), np.array([1.0, 2, 3])
    edges = cell_edges(cell, origin)
    lengths = np.linalg.norm(edges[:, 3:] - edges[:, :3], axis=1)
    np.testing.assert_allclose(np.sort(lengths), np.sort(np.repeat(np.linalg.norm(cell, axis=1), 4)))
    assert (edges[:, :3] == origin).all(axis=1).any()
    assert len(cell_edges(np.zeros((3, 3)), np.zeros(3))) == 0


def test_figures_import_neither_dash_nor_the_store():
    code = (
        "import sys, json, dashboard.figures.crystal;"
        "print(json.dumps([m for m in ('dash', 'plotly', 'zarr', 'precompute.store') if m in sys.modules]))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(found.stdout) == []
