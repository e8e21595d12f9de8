import pytest

from dashboard.wyckoff import position


@pytest.mark.parametrize(
    ("group", "symbol", "site", "letter", "expected"),
    [
        (225, "Fm-3m", "m-3m", "a", "4a"),
        (221, "Pm-3m", "4/mm.m", "c", "3c"),
        (227, "Fd-3m", "-43m", "a", "8a"),
        (194, "P6_3/mmc", "-6m2", "c", "2c"),
        (186, "P6_3mc", "3m.", "b", "2b"),
        (167, "R-3c", "3.", "c", "12c"),
        (136, "P4_2/mnm", "m.2m", "f", "4f"),
        (62, "Pnma", ".m.", "c", "4c"),
        (15, "C2/c", "1", "f", "8f"),
        (1, "P1", "1", "a", "1a"),
    ],
)
def test_multiplicities_of_international_tables(group, symbol, site, letter, expected):
    assert position(group, symbol, site, letter) == expected


@pytest.mark.parametrize(
    "args", [(0, "", "mm2", "a"), (225, "Fm-3m", "?", "a"), (225, "", "m-3m", "a"), (1, "P1", "-1", "a")]
)
def test_letter_alone_where_the_multiplicity_does_not_follow(args):
    assert position(*args) == "a"


def test_no_letter_stays_empty():
    assert position(225, "Fm-3m", "m-3m", "") == ""
