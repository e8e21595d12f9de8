"""The table of elements agrees with the sources it names and with itself."""

from __future__ import annotations

import warnings

import ase.data
import numpy as np
import pytest
from ase.data.colors import jmol_colors

from precompute.contracts import AtlasError
from precompute.elements import CATEGORIES, N_ELEMENTS, covalent_radii, number, symbols, table


@pytest.fixture(scope="module")
def elements():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pymatgen.core import Element

        return [Element.from_Z(z) for z in range(1, N_ELEMENTS + 1)]


def test_every_column_has_a_row_for_each_element():
    assert all(len(values) == N_ELEMENTS for values in table().values())
    assert table()["number"].tolist() == list(range(1, 119))


def test_columns_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        table()["group"][0] = 5


def test_symbols_masses_radii_and_colours_are_those_of_ase():
    t = table()
    assert t["symbol"].tolist() == ase.data.chemical_symbols[1:]
    np.testing.assert_allclose(t["mass"], ase.data.atomic_masses[1:], rtol=1e-12)
    np.testing.assert_allclose(t["covalent_radius"][:96], ase.data.covalent_radii[1:97])
    assert np.isnan(t["covalent_radius"][96:]).all()
    rgb = [[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in t["color"][:109]]
    np.testing.assert_allclose(rgb, jmol_colors[1:110], atol=1 / 255)


def test_electronegativities_periods_and_blocks_are_those_of_pymatgen(elements):
    t = table()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        np.testing.assert_allclose(t["electronegativity"], [e.X for e in elements])
    assert t["period"].tolist() == [e.row for e in elements]
    differing = [e.symbol for e, block in zip(elements, t["block"], strict=True) if e.block != block]
    assert differing == ["He"]  # 1s2: a block names the orbital, a group the chemistry


def test_groups_are_those_of_pymatgen_outside_the_f_block(elements):
    t = table()
    outside = t["block"] != "f"
    assert t["group"][outside].tolist() == [e.group for e, keep in zip(elements, outside, strict=True) if keep]
    assert (t["group"][~outside] == 0).all()
    assert np.count_nonzero(~outside) == 28


def test_each_category_holds_its_elements():
    t = table()
    assert set(t["category"]) == set(CATEGORIES)
    members = {c: " ".join(t["symbol"][t["category"] == c]) for c in CATEGORIES}
    assert members["alkali"] == "Li Na K Rb Cs Fr"
    assert members["alkaline earth"] == "Be Mg Ca Sr Ba Ra"
    assert members["metalloid"] == "B Si Ge As Sb Te"
    assert members["nonmetal"] == "H C N O P S Se"
    assert members["halogen"] == "F Cl Br I At Ts"
    assert members["noble gas"] == "He Ne Ar Kr Xe Rn Og"
    assert members["post-transition"] == "Al Ga In Sn Tl Pb Bi Po Nh Fl Mc Lv"
    assert members["lanthanide"].split()[::14] == ["La", "Lu"]
    assert members["actinide"].split()[::14] == ["Ac", "Lr"]
    assert len(members["transition"].split()) == 38


def test_symbol_and_number_are_inverse():
    assert [number(s) for s in symbols(np.arange(1, 119))] == list(range(1, 119))


def test_what_is_no_element_is_an_error():
    with pytest.raises(AtlasError, match="atomic number 0"):
        symbols([1, 0])
    with pytest.raises(AtlasError, match="atomic number 119"):
        symbols(119)
    with pytest.raises(AtlasError, match="'Xx'"):
        number("Xx")


def test_elements_without_a_radius_take_that_of_curium():
    assert covalent_radii([6, 96, 97, 118]).tolist() == [0.76, 1.69, 1.69, 1.69]
