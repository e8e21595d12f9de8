from dataclasses import replace
from urllib.parse import urlencode

import pytest

from dashboard.state import default_state, parse, query
from tests.dashboard.synthetic import HOSTILE_ID


def test_default_view_has_no_query(data):
    assert query(default_state(data), data) == ""
    assert parse("", data) == (default_state(data), [])
    assert parse(None, data) == (default_state(data), [])


def test_opening_view_shows_trained_models_and_controls(data):
    assert default_state(data).models[:2] == ("7net-0", "chgnet-r2scan")
    assert "mace-untrained" in default_state(data).models


@pytest.mark.parametrize(
    "changes",
    [
        {"models": ("7net-0", "mine<b>")},
        {"models": ()},
        {"space": "raw"},
        {"method": "umap"},
        {"k": 5},
        {"atom": 9},
        {"atom": 0},
        {"hidden": ("alkali", "noble gas")},
        {"elements": ("O", "Ce")},
        {"theme": "dark"},
        {"space": "raw", "k": 10, "atom": 30, "elements": ("Na",), "theme": "dark", "models": ("element-only",)},
    ],
)
def test_every_view_survives_its_address(data, changes):
    view = replace(default_state(data), **changes)
    address = query(view, data)
    assert address.startswith("?")
    assert len(address.split("&")) == len(changes)
    assert parse(address, data) == (view, [])


def test_hostile_id_survives_the_address(data):
    atom = next(i for i in range(data.n_atoms) if data.atom_name(i).startswith(HOSTILE_ID))
    address = query(replace(default_state(data), atom=atom), data)
    assert "<" not in address
    assert parse(address, data)[0].atom == atom


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"models": "gpt"}, "gpt"),
        ({"space": "hyper"}, "hyper"),
        ({"map": "tsne"}, "tsne"),
        ({"k": "7"}, "7"),
        ({"k": "-5"}, "-5"),
        ({"atom": "nothing:1"}, "nothing:1"),
        ({"atom": "NaCl-0:99"}, "NaCl-0:99"),
        ({"atom": "NaCl-0:²"}, "NaCl-0"),
        ({"atom": "NaCl-0:99999999999999999999"}, "NaCl-0"),
        ({"atom": ":"}, ":"),
        ({"hide": "gases"}, "gases"),
        ({"elements": "Xx"}, "Xx"),
        ({"theme": "pink"}, "pink"),
    ],
)
def test_damaged_value_falls_back_with_a_notice(data, asked, word):
    view, notices = parse("?" + urlencode(asked), data)
    assert view == default_state(data)
    assert len(notices) == 1
    assert word in notices[0]


@pytest.mark.parametrize(
    "junk", ["?", "?&&==%%%", "?models", "?k=1&k=", "?\x00=%ff", "?atom=%00%ff", "?" + "a" * 10_000]
)
def test_junk_does_not_stop_the_page(data, junk):
    view, _ = parse(junk, data)
    assert set(view.models) <= set(data.model_keys)


def test_known_values_are_kept_beside_a_damaged_one(data):
    view, notices = parse("?models=7net-0,nope&theme=dark", data)
    assert view.models == ("7net-0",)
    assert view.theme == "dark"
    assert len(notices) == 1
