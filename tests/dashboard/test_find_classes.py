"""Atoms of elements in crystals, and words that name a class of elements or of crystals."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.atlases import Atlases
from dashboard.find import matches, suggest
from dashboard.find.errors import FindError
from dashboard.find.parser import parse
from tests.dashboard.synthetic import write_atlas


def symbols_of(data, text):
    return {data.symbols[z - 1] for z in np.unique(data.of_atoms("atomic_number")[matches(data, text)])}


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("Ce in BaCeO3", "element = Ce and BaCeO3"), ("Ce in BaCeO3-2", "element = Ce and BaCeO3-2"),
        ("oxygen in perovskite", "O and perovskite"), ("alkaline earth in Pm-3m", "alkaline earth and Pm-3m"),
        ("halogens in Na-Cl", "Cl and Na-Cl"), ("halides in NaCl", "Cl and NaCl"), ("F, Cl in NaCl", "Cl and NaCl"),
        ("O in cubic", "O and cubic"), ("O not in BaCeO3", "O and not BaCeO3"),
        ("O in (BaCeO3, MgO)", "O and (BaCeO3 or MgO)"),
        ("O not in (BaCeO3, MgO)", "O and not (BaCeO3 or MgO)"), ("O in a perovskite", "O and (a perovskite)"),
    ],
)  # fmt: skip
def test_atoms_in_crystals_are_those_of_both(data, text, same):
    found = matches(data, text)
    assert found.any()
    np.testing.assert_array_equal(found, matches(data, same))


@pytest.fixture(scope="module")
def data_of_families(tmp_path_factory):
    """An atlas whose lithium fluoride crystals are of the family called halides, and the others of lanthanides."""

    def add(file):
        formulas = file.read("structures/formula")
        values = np.array(["halides" if str(f) == "LiF" else "lanthanides" for f in formulas])
        file.write(
            "structures/properties/family", values, ["structure"], {"name": "family", "kind": "text", "unit": ""}
        )

    return Atlases([write_atlas(tmp_path_factory.mktemp("families") / "a.zarr", copies=1, add=add)]).get("a")


def test_a_family_of_the_atlas_comes_before_a_class_of_elements(data_of_families):
    assert symbols_of(data_of_families, "halides") == symbols_of(data_of_families, "halide") == {"Li", "F"}
    assert symbols_of(data_of_families, "halogens") == {"F", "Cl", "Br"}
    assert "O" in symbols_of(data_of_families, "lanthanides")


@pytest.mark.parametrize("text", ["halogen", "halide", "halides", "lanthanide"])
def test_both_meanings_of_a_class_are_suggested_with_what_each_finds(data_of_families, text):
    shown = [s for s in suggest(data_of_families, text) if s["kind"] == "class"]
    assert [s["label"].startswith("family = ") for s in shown] == [False, True]
    assert shown == suggest(data_of_families, text)[:2]
    for suggestion in shown:
        n = int(matches(data_of_families, suggestion["value"]).sum())
        assert suggestion["label"].endswith(f" · {n} atom{'s' * (n != 1)}")


def test_crystals_complete_atoms_in_them_and_show_such_an_atom(data):
    for text, symbol in (("Ce in Ba", "Ce"), ("oxygen in BaCeO", "O")):
        first = suggest(data, text)[0]
        assert first["kind"] == "crystal"
        assert "BaCeO3" in first["label"]
        assert data.symbols[data.of_atoms("atomic_number")[first["atom"]] - 1] == symbol
        assert matches(data, first["value"])[first["atom"]]
    assert suggest(data, "Ce in NaCl") == []
    assert suggest(data, "oxygen in perov")[0]["value"] == "oxygen in perovskite "


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("(Ce, O Ti > 2", "a list is of elements"), ("F, Cl in", "the text ends where a crystal"),
        ("F, Cl in (NaCl)", "expected a crystal"),
    ],
)  # fmt: skip
def test_a_list_that_cannot_be_read_is_refused(text, says):
    with pytest.raises(FindError, match=says):
        parse(text)
