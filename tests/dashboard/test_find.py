"""The find box's grammar, what it means on an atlas, and how texts can go on."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dashboard import find
from dashboard.atlases import Atlases
from dashboard.find import FindError, as_text, completion, matches, parse, suggest
from dashboard.find.fields import Field
from dashboard.find.formulas import composition, system
from dashboard.find.index import Texts
from dashboard.find.nodes import All, Among, Any, Compare, Not, Phrase, Within
from tests.dashboard.synthetic import HOSTILE_ID, write_atlas

PIECES = st.sampled_from(
    ["BaCeO3", "Ce-O", "Lu(SiPd)2", "(NH4)2SO4", "band_gap", "element", "In", "in", "and", "or", "not", "only", "(",
     ")", ",", "<", ">=", "=", "!=", "2", "2 eV", '"barium cerate"', '"a \\" b"', "'", "[", "Pm-3m",
     " ", "₃", "·", "\\"]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=60), st.lists(PIECES, max_size=14).map(" ".join), st.lists(PIECES, max_size=9).map("".join)
)


def result_of(ask, text):
    """What a text gives, or the error that refuses it."""
    try:
        return ask(text), None
    except FindError as error:
        return None, error


# ---- the grammar


@given(TEXTS)
@settings(max_examples=150, deadline=None)
@example("((((((((((((((((((((((Ce))))))))))))))))))))))")
@example("not " * 19 + "1 < x < 2")
@example("x not in ((NH4)2SO4)")
@example("not F, Cl in LiF or Ce not in barium cerate")
def test_any_text_is_parsed_or_refused_with_a_place_in_it_and_printing_it_changes_nothing(text):
    node, refused = result_of(parse, text)
    assert refused is None or (0 <= refused.start <= refused.end <= len(text) and refused.message)
    assert refused is not None or parse(as_text(node)) == node


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("BaCeO3", Phrase(("BaCeO3",))),
        ("barium cerate", Phrase(("barium", "cerate"))),
        ("band_gap>2", Compare("band_gap", ">", "2")),
        ("band gap > 2 eV", Compare("band gap", ">", "2 eV")),
        ("2 < band_gap", Compare("band_gap", ">", "2")),
        ("2 < band_gap <= 4", All((Compare("band_gap", ">", "2"), Compare("band_gap", "<=", "4")))),
        ("element in (Ti, Zr)", Among("element", ("Ti", "Zr"))),
        ("element not in (In)", Not(Among("element", ("In",)))),
        ("F, Cl, Br, I", Among("element", ("F", "Cl", "Br", "I"))),
        ("F, Cl in halides", Within(Among("element", ("F", "Cl")), Phrase(("halides",)))),
        ("F Cl", Phrase(("F", "Cl"))),
        ("Ce in barium cerate", Within(Phrase(("Ce",)), Phrase(("barium", "cerate")))),
        ("Ce not in BaCeO3", Within(Phrase(("Ce",)), Phrase(("BaCeO3",)), negated=True)),
        ("only Ce-O", Compare("system", "=", "Ce-O")),
        ("a or b and not c", Any((Phrase(("a",)), All((Phrase(("b",)), Not(Phrase(("c",)))))))),
        ("(a or b) and c", All((Any((Phrase(("a",)), Phrase(("b",)))), Phrase(("c",))))),
        ("Lu(SiPd)2 or (NH4)2SO4", Any((Phrase(("Lu(SiPd)2",)), Phrase(("(NH4)2SO4",))))),
        ("in (Ce)", None),
        ('name = "iron and steel"', Compare("name", "=", "iron and steel")),
        ("x ≥ −2", Compare("x", ">=", "−2")),
        ("2eV < band_gap", Compare("band_gap", ">", "2eV")),
        ("7net-0:fl = true", Compare("7net-0:fl", "=", "true")),
    ],
)
def test_what_texts_mean(text, node):
    if node is None:
        with pytest.raises(FindError):
            parse(text)
    else:
        assert parse(text) == node


@pytest.mark.parametrize(
    ("text", "says", "wrong"),
    [
        ("", "empty", ""),
        ("( Ce", "not closed", "("),
        ("Ce and", "ends where", ""),
        ("Ce )", "expected a joining word (`and`, `or`), not `)`", ")"),
        ('name = "barium', "quote is not closed", '"barium'),
        ("a = = b", "expected a value", "="),
        ("1 < x > 2", "same way", "< x >"),
        ("2 < 3 < x", "stands between two numbers", "2 < 3 < x"),
        ("Ce in", "ends where a crystal", ""),
        ("F, Cl,", "ends where an element", ""),
        ("BaCeO3, CeO2", "a list is of elements", "BaCeO3"),
        ("x" * 501, "501 characters", "x"),
        ("(" * 30 + "Ce" + ")" * 30, "more than 20 levels", "("),
    ],
)
def test_errors_say_what_is_wrong_and_where(text, says, wrong):
    with pytest.raises(FindError) as caught:
        parse(text)
    assert says in caught.value.message
    assert text[caught.value.start : caught.value.end] == wrong


# ---- formulas


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("BaCeO3", "CeO3Ba"), ("BaCeO3", "Ba2Ce2O6"), ("BaCeO₃", "O3BaCe"), ("Lu(SiPd)2", "LuSi2Pd2"),
        ("[NH4]2SO4", "N2H8SO4"), ("Ce0.5Zr0.5O2", "CeZrO4"), ("La0.333Sr0.667", "LaSr2"), ("CuSO4·5H2O", "CuSO9H10"),
        ("CuSO4.5H2O", "CuSO4*5H2O"), ("CO", "OC"),
    ],
)  # fmt: skip
def test_formulas_of_one_composition_are_equal(one, other):
    assert composition(one) == composition(other) is not None


@pytest.mark.parametrize(
    "text", ["", "Xx2", "BaCeO3)", "(Ba", "()2", "Ba0", "2", "ba", "Ba-O", "Ba" * 200, "B99999999"]
)
def test_what_is_no_formula(text):
    assert composition(text) is None


def test_cobalt_is_not_carbon_monoxide():
    assert composition("Co") == {27: 1}
    assert composition("CO") == {6: 1, 8: 1}


def test_systems():
    assert system("O-Ce") == (8, 58)
    assert system("Ce") is None
    assert system("P-1") is None


# ---- on an atlas


def formulas_of(data, text):
    mask = matches(data, text)
    return {str(data.of_structures("formula")[s]) for s in np.unique(data.of_atoms("structure")[mask])}


def symbols_of(data, text):
    return {data.symbols[z - 1] for z in np.unique(data.of_atoms("atomic_number")[matches(data, text)])}


@pytest.mark.parametrize(
    ("text", "formulas"),
    [
        ("CeBaO3", {"BaCeO3"}), ("Ba Ce O3", {"BaCeO3"}), ("Ba-O", {"BaCeO3"}), ("only Mg-O", {"MgO"}),
        ("system = O-Mg", {"MgO"}), ("formula = ClNa", {"NaCl"}), ("BaCeO3-2", {"BaCeO3"}), ("nacl-1", {"NaCl"}),
        ("a perovskite", {"BaCeO3", "SrTiO3", "CaThO3"}), ("PEROVSK", {"BaCeO3", "SrTiO3", "CaThO3"}),
        ("Pm-3m", {"BaCeO3", "SrTiO3", "CaThO3"}), ("spacegroup = 225", {"NaCl", "LiF", "MgO", "KBr"}),
        ("spacegroup = Fm-3m and Na-Cl", {"NaCl"}), ("cubic and not Pm-3m", {"NaCl", "LiF", "MgO", "KBr"}),
        ("band_gap > 7.5", {"NaCl", "LiF", "MgO", "KBr"}), ("Band gap (eV) < 3", {"BaCeO3", "SrTiO3", "CaThO3"}),
        ("2 < band_gap < 3", {"BaCeO3", "SrTiO3", "CaThO3"}), ("hypothetical = true", {"BaCeO3", "SrTiO3", "CaThO3"}),
        ("molecule", {"H2O"}), ("n_elements = 2 and n_atoms <= 3", {"H2O"}), ("id in (NaCl-0, MgO-0)", {"NaCl", "MgO"}),
        ("prototype != perovskite", set()), ("BaZrO3", set()),
        ("structure.band_gap = 2.5", {"BaCeO3", "SrTiO3", "CaThO3"}),
    ],
)  # fmt: skip
def test_which_crystals_a_text_finds(data, text, formulas):
    assert formulas_of(data, text) == formulas


@pytest.mark.parametrize(
    ("text", "symbols"),
    [
        ("Ce", {"Ce"}), ("ce", {"Ce"}), ("cerium", {"Ce"}), ("element = ti", {"Ti"}), ("element in (Ti, Zr)", {"Ti"}),
        ("halogens", {"F", "Cl", "Br"}), ("F, cl, I", {"F", "Cl"}),
        ("Cl, Br and Na-Cl", {"Cl"}), ("category = halogen", {"F", "Cl", "Br"}),
        ("alkaline earth", {"Mg", "Ca", "Sr", "Ba"}),
        ("BaCeO3 and element = Ce", {"Ce"}), ("BaCeO3 and not O", {"Ba", "Ce"}),
        ("coordination >= 26", {"Ba", "Sr", "Ca"}),
        ("group = 17 and period > 3", {"Br"}), ("block = f", {"Ce", "Th"}), ("electronegativity > 3.5", {"F"}),
        ("chalcogens and molecule", {"O"}),
    ],
)  # fmt: skip
def test_which_atoms_a_text_finds(data, text, symbols):
    assert symbols_of(data, text) == (symbols)


def test_conditions_on_a_structure_hold_for_all_its_atoms(data):
    found = matches(data, "BaCeO3")
    assert found.sum() == 4 * 5
    np.testing.assert_array_equal(matches(data, "not BaCeO3"), ~found)


def test_a_missing_value_meets_no_comparison(data):
    water = matches(data, "molecule")
    for text in ("band_gap > 2", "band_gap <= 2", "band_gap != 2", "band_gap = 2"):
        assert not (matches(data, text) & water).any()


@pytest.mark.parametrize("condition", ["< 3", "<= 17", "!= 1", "not in (1, 2)", "= 0"])
def test_elements_without_a_group_meet_no_comparison_of_groups(data, condition):
    assert not {"Ce", "Th"} & symbols_of(data, f"group {condition}")


@pytest.mark.parametrize("condition", ["< 16", "!= 225", "!= Fm-3m", "not in (225)", "= 0"])
def test_a_molecule_meets_no_comparison_of_space_groups(data, condition):
    assert "H2O" not in formulas_of(data, f"spacegroup {condition}")


@pytest.mark.parametrize("text", ["covalent_radius > 1.5", "covalent_radius > 1.5 Å", "covalent_radius > 1.5Å",
                                  "covalent_radius > 1.5 angstrom", "1.5 Å < covalent_radius"])  # fmt: skip
def test_a_number_may_be_followed_by_its_own_unit(data, text):
    assert symbols_of(data, text) == symbols_of(data, "covalent_radius > 1.5") != set()


@pytest.fixture(scope="module")
def data_of_models(tmp_path_factory):
    """An atlas whose models have a flag, a text and a number of each atom."""

    def add(file):
        n = file.shape("atoms/structure")[0]
        for name, kind, values in (
            ("fl", "flag", np.where(np.arange(n) == 1, np.nan, np.arange(n) == 0)),
            ("kind", "text", np.where(np.arange(n) < 2, "odd one", "plain")),
            ("typicality", "number", np.where(np.arange(n) == 3, np.inf, np.arange(n))),
        ):
            attrs = {"name": name, "kind": kind, "unit": ""}
            file.write(f"models/7net-0/properties/{name}", values, ["atom"], attrs)

    return Atlases([write_atlas(tmp_path_factory.mktemp("of models") / "a.zarr", copies=1, add=add)]).get("a")


@pytest.mark.parametrize(
    ("text", "atoms"),
    [("7net-0:fl = true", [0]), ("7net-0:fl = yes and fl != no", [0]), ("7net-0:kind = ODD ONE", [0, 1]),
     ('7net-0:kind = "odd one"', [0, 1]), ("kind != plain", [0, 1]), ("7net-0:typicality < 2", [0, 1]),
     ("2 <= typicality <= 4", [2, 4]), ("NaCl and typicality > 5", [6, 7])],
)  # fmt: skip
def test_what_is_stored_of_atoms_for_a_model_is_compared_as_what_it_is(data_of_models, text, atoms):
    assert np.flatnonzero(matches(data_of_models, text)).tolist() == atoms


def test_flags_and_texts_of_models_are_completed(data_of_models):
    assert values(data_of_models, "7net-0:fl = ", "value") == ["7net-0:fl = true ", "7net-0:fl = false "]
    assert values(data_of_models, "7net-0:kind = o", "value") == ['7net-0:kind = "odd one" ']


def test_a_formula_of_more_atoms_than_can_be_counted_finds_nothing(data):
    symbols = ("H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne", "Na", "Mg", "Al", "Si", "P", "S")
    text = "".join(f"{s}{1 / (100 - 3 * i):.4f}" for i, s in enumerate(symbols))
    assert max(composition(text).values()) > 2**63
    assert not matches(data, text).any()
    assert not matches(data, f"formula = {text}").any()
    assert isinstance(suggest(data, text), list)


def test_a_hostile_id_is_found_in_quotes_and_suggested_in_them(data):
    text = f'id = "{HOSTILE_ID}"'
    assert formulas_of(data, text) == {"LiF"}
    assert suggest(data, "LiF")[0]["value"] == f'"{HOSTILE_ID}"'


@pytest.mark.parametrize(
    ("text", "says", "wrong"),
    [
        ("bandgap > 2", "there is no quantity `bandgap`; did you mean `band_gap`?", "bandgap"),
        ("Ce and categry = halogen", "did you mean `category`?", "categry"),
        ("category = halogn", "did you mean `halogen`?", "halogn"),
        ("element = Tx", "no element is called `Tx`", "Tx"),
        ("crystal_system = cubical", "did you mean `cubic`?", "cubical"),
        ("band_gap > wide", "`band_gap` is a number", "wide"),
        ("name > 2", "has no order", "2"),
        ("band_gap", "is a quantity; compare it", "band_gap"),
        ("221", "write `spacegroup = 221`", "221"),
        ("cubic band_gap > 2", "join conditions with `and`", "cubic band_gap"),
        ("Ce or perovskit2", "nothing here is called", "perovskit2"),
        ("formula = x", "no formula", "x"),
        ("element in Ti", "in brackets, as in `element in (Ti)`", "Ti"),
        ("Ce in halogens", "`halogens` names atoms; after `in` stand crystals", "halogens"),
        ("perovskite in NaCl", "before `in` stand elements", "perovskite"),
        ("halides", "for the atoms write `halogens`", "halides"),
        ("zzz > 2", "the empty box shows examples", "zzz"),
        ("hypothetical = maybe", "true or false", "maybe"),
        ("covalent_radius > 150 pm", "is in Å; `pm` cannot", "150 pm"),
        ("band_gap > 2500 meV", "is in eV; `meV` cannot", "2500 meV"),
        ("band_gap > 5/2", "`5/2` is none", "5/2"),
        ("period = 4-6", "`4-6` is none", "4-6"),
        ("period = 4 eV", "has no unit; `eV` cannot", "4 eV"),
        ("period = 4 6", "`6` cannot", "4 6"),
        ("spacegroup = 4-6", "`4-6` is none", "4-6"),
    ],
)
def test_what_an_atlas_does_not_have_is_said_with_what_is_near(data, text, says, wrong):
    with pytest.raises(FindError) as caught:
        matches(data, text)
    assert says in caught.value.message
    assert text[caught.value.start : caught.value.end] == wrong


@given(TEXTS)
@settings(max_examples=150, deadline=None)
def test_any_text_finds_atoms_or_is_refused_and_can_be_completed(data, text):
    suggest(data, text)
    found, refused = result_of(lambda t: matches(data, t), text)
    assert refused is None or 0 <= refused.start <= refused.end <= len(text)
    assert refused is not None or found.shape == (data.n_atoms,)


# ---- completion


def values(data, text, kind, cursor=None):
    return [s["value"] for s in suggest(data, text, cursor) if s["kind"] == kind]


def test_crystals_are_suggested_with_the_atom_to_show(data):
    first, *_ = suggest(data, "CeBa O3")
    assert first["kind"] == "crystal"
    assert first["label"].startswith("BaCeO3 · a perovskite · BaCeO3-0")
    assert data.symbols[data.of_atoms("atomic_number")[first["atom"]] - 1] == "Ba"


def test_every_suggestion_can_be_read(data):
    for text in (
        "Ba",
        "a per",
        "NaCl-",
        "category = ",
        "name = ",
        "cubic and ",
        "crystal_system = c",
        "hyp",
        "element in (",
    ):
        for suggestion in suggest(data, text):
            value = suggestion["value"]
            assert suggestion["caret"] <= len(value)
            if suggestion["kind"] in ("crystal", "value") and "in (" not in value:
                matches(data, value)


def test_completion_follows_the_place_in_the_text(data):
    assert "band_gap " in values(data, "band", "quantity")
    assert values(data, "band_gap ", "operator")[:2] == ["band_gap = ", "band_gap != "]
    assert values(data, "category ", "operator") == ["category = ", "category != ", "category in ( "]
    assert values(data, "category = hal", "value") == ["category = halogen "]
    assert set(values(data, "element in (Na, C", "value")) == {f"element in (Na, {s} " for s in ("C", "Ca", "Cl", "Ce")}
    assert values(data, "cubic and cat", "quantity") == ["cubic and category "]
    assert values(data, "cat = halogen", "quantity", cursor=3) == ["category = halogen"]
    assert values(data, "cubic and NaC", "crystal") == []
    assert suggest(data, "x" * 501) == []


def test_completion_looks_at_each_value_a_few_times_however_many_begin_alike(data):
    class Counted(str):
        asked = 0

        def __hash__(self):
            Counted.asked += 1
            return super().__hash__()

        def casefold(self):
            Counted.asked += 1
            return super().casefold()

    n = 2000
    options = [Counted(f"mp-{i}") for i in range(n)]
    field = Field("id", "Id", "", "text", "structure", texts=lambda: Texts(options, np.arange(n)))
    assert [v for v, *_ in completion._values(data, field, "mp")] == options[: completion.MOST]
    assert [v for v, *_ in completion._values(data, field, "1999")] == ["mp-1999"]
    assert Counted.asked < 10 * n


# ---- addresses


def test_the_page_learns_how_much_a_text_finds(client):
    answer = client.get("/data/synthetic/found", query_string={"text": "BaCeO3"})
    assert answer.json == {"atoms": 20, "structures": 4}
    refused = client.get("/data/synthetic/found", query_string={"text": "Ce and bandgap > 2"})
    assert refused.json["start"] == 7
    assert refused.json["end"] == 14
    assert client.get("/data/nowhere/found?text=Ce").status_code == 404


def test_the_page_gets_suggestions(client):
    answer = client.get("/data/synthetic/suggest", query_string={"text": "NaC", "cursor": "3"})
    assert json.loads(answer.data)[0]["label"] == "NaCl · NaCl-0"
    assert client.get("/data/synthetic/suggest?cursor=-1").status_code == 200


def test_everything_of_the_package_is_named():
    assert set(find.__all__) == {"FindError", "as_text", "matches", "parse", "suggest"}
