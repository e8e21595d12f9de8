import json

import numpy as np
import pytest
from dash._utils import to_json

from dashboard.components import crystal_panel
from dashboard.pages import chosen
from tests.dashboard.synthetic import HOSTILE_ID, MODELS, REFUSING


def texts(component):
    """All text of components."""
    found = json.loads(to_json(component))

    def walk(node):
        if isinstance(node, str):
            yield node
        elif isinstance(node, list):
            for child in node:
                yield from walk(child)
        elif isinstance(node, dict):
            yield from walk(node.get("props", {}).get("children"))

    return "".join(walk(found))


def atom_of(data, name):
    return data.find_atom(name)


def test_crystal_panel_tells_formula_site_and_shell(data):
    drawing, title, fixed, facts, about = chosen.crystal_of(data, atom_of(data, "BaCeO3-0:2"), True)
    assert texts(title).startswith("BaCeO3hypotheticalmodel-relaxed")
    said = texts(facts)
    assert "Ce 1, lanthanide" in said
    assert "m3m, Wyckoff 1b" in said
    assert "6\u00a0×\u00a0O\u00a0at\u00a02.22\u00a0Å" in said
    assert "Pm3m (221), cubic" in said
    assert "atoms nearer" not in said
    assert "20 atoms nearer than 1.2 × the sum of covalent radii" in texts(about)
    assert "2.5 eV" in texts(about)
    assert fixed
    assert "first shell: 6 × O at 2.22 Å" in drawing["says"]


def test_subscripts_bars_and_links_are_elements_of_their_own(data):
    _, title, _, facts, _ = chosen.crystal_of(data, atom_of(data, "BaCeO3-0:2"), True)
    assert '"type":"Sub"' in to_json(title)
    assert '"className":"over"' in to_json(facts)


def test_switch_of_cells_is_off_where_the_stored_cell_is_conventional_and_says_so(data):
    *_, fixed, facts, _ = chosen.crystal_of(data, atom_of(data, "NaCl-0:1"), True)
    assert fixed
    assert "the stored cell is conventional" in texts(facts)


def test_molecule_has_no_cell(data):
    drawing, _, fixed, facts, _ = chosen.crystal_of(data, data.n_atoms - 1, True)
    assert fixed
    assert drawing["edges"] == drawing["axes"] == []
    assert "no conventional cell" in texts(facts)


def test_atoms_of_the_drawing_are_atoms_of_the_atlas(data):
    atom = atom_of(data, "SrTiO3-1:3")
    drawing = chosen.crystal_of(data, atom, True)[0]
    assert drawing["atoms"][0][4] == atom
    assert {a[4] for a in drawing["atoms"]} == set(range(atom - 2, atom + 3))


def test_neighbours_are_joined_over_models(data):
    atom = atom_of(data, "BaCeO3-0:2")
    found = chosen.neighbours_of(data, atom, ["7net-0", "mace-untrained"], "representatives")
    assert found["models"] == [["7net-0", True], ["mace-untrained", False]]
    for i, (key, _) in enumerate(found["models"]):
        ranked = sorted((row["places"][i][0], row["atom"]) for row in found["rows"] if row["places"][i])
        assert [a for _, a in ranked] == [a for a, _ in data.neighbours(key, atom, 10)]
        assert [rank for rank, _ in ranked] == list(range(1, 11))


def test_overlap_counts_pairs_of_models_that_are_no_controls_and_gives_the_control_beside(data):
    atom = atom_of(data, "BaCeO3-0:2")
    keys = list(MODELS)
    said = chosen.neighbours_of(data, atom, keys, "representatives")["said"]
    lists = {key: {a for a, _ in data.neighbours(key, atom, 10)} for key in keys}
    trio = [lists[key] for key in ("7net-0", "chgnet-r2scan", "mine<b>")]
    pairs = [len(trio[i] & trio[j]) / 10 for i, j in ((0, 1), (0, 2), (1, 2))]
    control = [len(t & lists["element-only"]) / 10 for t in trio]
    assert said == (
        f"Overlap {np.mean(pairs):.2f} of k = 10 lists, mean over 3 pairs of 3 models, controls left out; "
        f"with element-only {np.mean(control):.2f} (3 pairs). "
        "Overlap is the share of the nearest atoms that two models have in common."
    )


def test_one_model_has_no_overlap(data):
    assert chosen.neighbours_of(data, 5, ["7net-0"], "representatives")["said"] == ""


def test_lists_that_are_not_stored_are_said_to_be_missing(data):
    found = chosen.neighbours_of(data, 5, ["7net-0"], "within_element")
    assert found["rows"] == []
    assert "no such list" in found["hint"]
    assert chosen.neighbours_of(data, 5, [], "all")["hint"] == "No model is shown."


def test_unknown_models_and_kinds_are_ignored(data):
    found = chosen.neighbours_of(data, 5, ["7net-0", "nope"], "<b>")
    assert [key for key, _ in found["models"]] == ["7net-0"]
    assert len(found["rows"]) == 10


def test_rows_of_one_formula_are_told_apart_by_id(data):
    rows = chosen.neighbours_of(data, atom_of(data, "BaCeO3-0:2"), list(MODELS), "representatives")["rows"]
    shown = [(row["symbol"], json.dumps(row["where"])) for row in rows]
    assert len(set(shown)) == len(shown)


@pytest.mark.parametrize(
    "store", [None, {}, {"atom": None}, {"atom": -1}, {"atom": 10**9}, {"atom": "3"}, {"atom": 1.5}]
)
def test_no_atom_is_chosen_by_a_damaged_store(data, store):
    assert chosen.valid_atom(data, store) is None


def test_hostile_id_is_text_of_components(data):
    _, title, *_ = chosen.crystal_of(data, atom_of(data, f"{HOSTILE_ID}:1"), True)
    assert HOSTILE_ID in texts(title)
    assert '"type":"A"' not in to_json(title)


def test_links_leave_without_telling_where_from():
    made = to_json(crystal_panel.linked("mp-149 and AB_cF8_225_a_b"))
    assert made.count('"rel":"noopener noreferrer"') == made.count('"target":"_blank"') == 2


def test_model_without_a_list_of_the_atom_is_named(data, monkeypatch):
    stored = data.neighbours
    monkeypatch.setattr(data, "neighbours", lambda key, *rest: [] if key == REFUSING else stored(key, *rest))
    found = chosen.neighbours_of(data, 5, ["7net-0", REFUSING], "representatives")
    assert found["models"] == [["7net-0", True]]
    assert f"None is stored of this atom for {REFUSING}." in found["hint"]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (np.eye(3) * 4.44, "a = b = c = 4.440 Å, angles 90°"),
        (np.diag([3.0, 3.0, 5.0]), "a = b = 3.000 Å, c = 5.000 Å, angles 90°"),
        (np.array([[3, 0, 0], [-1.5, 1.5 * 3**0.5, 0], [0, 0, 5.0]]), "a = b = 3.000 Å, c = 5.000 Å, γ = 120°"),
        (np.array([[0, 2, 2], [2, 0, 2], [2, 2, 0.0]]), "a = b = c = 2.828 Å, α = β = γ = 60°"),
    ],
)
def test_cell_is_told_in_few_words(cell, said):
    assert crystal_panel.cell_text(cell).replace("\u00a0", " ") == said
