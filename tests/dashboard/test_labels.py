import pytest

from dashboard.labels import (
    clean,
    count,
    formula_pieces,
    linked_pieces,
    number,
    percent,
    symmetry_pieces,
    unit,
)


def test_formula_subscripts_follow_symbols_and_brackets_only():
    assert formula_pieces("BaCeO3") == [("text", "BaCeO"), ("sub", "3")]
    assert formula_pieces("Ca(OH)2") == [("text", "Ca(OH)"), ("sub", "2")]
    assert formula_pieces("2H2O") == [("text", "2H"), ("sub", "2"), ("text", "O")]
    assert formula_pieces("Fe0.5O") == [("text", "Fe"), ("sub", "0.5"), ("text", "O")]
    assert formula_pieces("") == []


@pytest.mark.parametrize("text", ["BaCeO3", "Ca(OH)2", "<b>1", "12", "a1b22c", "H2SO4·5H2O"])
def test_formula_pieces_lose_nothing(text):
    assert "".join(piece for _, piece in formula_pieces(text)) == text


def test_symmetry_symbols_get_bars_and_screw_axes():
    assert symmetry_pieces("Fm-3m") == [("text", "Fm"), ("over", "3"), ("text", "m")]
    assert symmetry_pieces("P6_3/mmc") == [("text", "P6"), ("sub", "3"), ("text", "/mmc")]
    assert symmetry_pieces("-") == [("text", "-")]


def test_clean_drops_control_and_direction_characters_and_cuts():
    assert clean("a\x00b\u202ec\n") == "a b c"
    assert clean("a\x9b\ufffe\uffff\ud800b") == "a    b"
    assert clean("x" * 300, 10) == "x" * 9 + "…"


def test_numbers_read_well():
    assert percent(0.41) == "41\u00a0%"
    assert percent(0.0512) == "5.1\u00a0%"
    assert count(1, "atom") == "1 atom"
    assert count(11600, "atom") == "11,600 atoms"
    assert number(2.2891234) == "2.289"
    assert number(-3.0) == "-3"
    assert unit("angstrom") == "Å"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("mp-149", "https://materialsproject.org/materials/mp-149"),
        ("AB_cF8_225_a_b", "https://aflow.org/prototype-encyclopedia/AB_cF8_225_a_b.html"),
        ("AB2_hP3_191_a_d-001", "https://aflow.org/prototype-encyclopedia/AB2_hP3_191_a_d-001"),
        ("ICSD 52054", "https://icsd.fiz-karlsruhe.de/linkicsd.xhtml?coll_code=52054"),
        ("COD 1000041", "https://www.crystallography.net/cod/1000041.html"),
        ("10.1103/PhysRevB.47.558", "https://doi.org/10.1103/PhysRevB.47.558"),
    ],
)
def test_identifiers_of_databases_become_links_within_other_text(text, address):
    assert linked_pieces(text) == [(text, address)]
    assert linked_pieces(f"see {text}, there") == [("see ", ""), (text, address), (", there", "")]


@pytest.mark.parametrize(
    "text",
    ["NaCl-0", "xmp-149", "mp-149x", "mp-", "javascript:alert(1)", "https://evil.example/", "COD 12", "ICSD", "10.1/x",
     "<a href='//evil'>", "AB_cF8", "mp-12345678901"],
)  # fmt: skip
def test_other_text_is_never_a_link(text):
    assert linked_pieces(text) == [(text, "")]


def test_addresses_hold_nothing_but_what_the_patterns_allow():
    for text in ('10.1103/a"onclick=x', "10.1103/<script>", "mp-1?x=javascript:1", "COD 1000041/../..", "10.1103/a b"):
        for _, address in linked_pieces(text):
            assert not set(address) & set("\"'<> ?") or address.startswith("https://icsd.")
        assert "".join(piece for piece, _ in linked_pieces(text)) == text
