import json
from dataclasses import fields, replace
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.address import PARAMETERS, digits_together, exact_decimal, format_view, short_decimal
from dashboard.state import View, as_json, default_view, parse, query
from tests.dashboard.synthetic import HOSTILE_ID

FIXTURE = Path(__file__).resolve().parents[1] / "javascript" / "fixtures" / "views.json"


def test_addresses_are_those_that_the_page_writes():
    cases = json.loads(FIXTURE.read_text(encoding="utf-8"))
    assert len(cases) > 20
    for case in cases:
        written = format_view(case["view"], case["defaults"], lambda _, name=case["atom_name"]: name)
        assert written == case["query"]


def test_every_field_has_a_parameter_of_its_own():
    assert {f.name for f in fields(View)} == set(PARAMETERS)
    assert len({name for name, _ in PARAMETERS.values()}) == len(PARAMETERS)


def test_default_view_has_no_query(data):
    assert query(default_view(data), data) == ""
    assert parse("", data) == (default_view(data), [])
    assert parse(None, data) == (default_view(data), [])


def test_opening_view_shows_trained_models_and_controls(data):
    assert default_view(data).models[:2] == ("7net-0", "chgnet-r2scan")
    assert "mace-untrained" in default_view(data).models


LASSO = {"model": "mine<b>", "points": [[0.1, 0.2], [0.3, -0.4], [1e-05, 0.5]]}


@pytest.mark.parametrize(
    "changes",
    [
        {"models": ("7net-0", "mine<b>")},
        {"models": ("mine<b>", "7net-0")},
        {"models": ()},
        {"space": "raw"},
        {"method": "umap"},
        {"align": "7net-0"},
        {"k": 5},
        {"colour": "structure.band_gap"},
        {"palette": "cividis"},
        {"limits": (0.5, 2.0)},
        {"limits": (-1e-9, 1e21)},
        {"log": True},
        {"reverse": True},
        {"colours": {"alkali": "#ff0000", "noble gas": "#00ff00"}},
        {"hide": ("noble gas", "alkali")},
        {"elements": ("O", "Ce")},
        {"find": "band_gap > 2 and element = Ti & 100% + ü"},
        {"brush": {"structure.band_gap": (1.0, 3.5), "period": (4.0, 5.0)}},
        {"lasso": LASSO},
        {"atom": 9},
        {"atom": 0},
        {"near": "all"},
        {"draw": "density"},
        {"size": 0.5},
        {"zoom": {"": (-0.5, 0.25, -1.0, 1.0)}},
        {"panel": "histograms"},
        {"theme": "dark"},
        {"page": "agreement"},
        {"run": "within-element-atom"},
        {"metric": "information-imbalance"},
        {"order": "list"},
        {"figure": "transport"},
        {"pair": ("mine<b>", "7net-0")},
        {"axes": ("cka", "cknna")},
        {"over": "selection"},
    ],
)
def test_every_view_survives_its_address(data, changes):
    view = replace(default_view(data), **changes)
    address = query(view, data)
    assert address.startswith("?")
    assert len(address.split("&")) == len(changes)
    assert parse(address, data) == (view, [])


def test_a_view_of_many_parts_survives_its_address(data):
    view = replace(
        default_view(data), space="raw", k=10, atom=30, elements=("Na",), theme="dark", models=("element-only",),
        colour="crystal_system", hide=("cubic",),
        zoom={"mine<b>": (0.0, 1.0, 0.0, 2.0), "7net-0": (0.0, 1.0, 3.0, 4.0)},
    )  # fmt: skip
    assert parse(query(view, data), data) == (view, [])


def test_record_is_plain_json(data):
    view = replace(default_view(data), limits=(0.5, 2.0), lasso=LASSO, brush={"period": (1.0, 2.0)})
    record = json.loads(json.dumps(as_json(view)))
    assert list(record) == list(PARAMETERS)
    assert record["limits"] == [0.5, 2]
    assert record["lasso"] == LASSO


def test_hostile_id_survives_the_address(data):
    atom = next(i for i in range(data.n_atoms) if data.atom_name(i).startswith(HOSTILE_ID))
    address = query(replace(default_view(data), atom=atom), data)
    assert "<" not in address
    assert parse(address, data)[0].atom == atom


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({"atlas": "elsewhere"}, "elsewhere"),
        ({"models": "gpt"}, "gpt"),
        ({"space": "hyper"}, "hyper"),
        ({"page": "admin"}, "admin"),
        ({"run": "yesterday"}, "yesterday"),
        ({"metric": "beauty"}, "beauty"),
        ({"metric": "collapse"}, "collapse"),
        ({"order": "random"}, "random"),
        ({"figure": "pie"}, "pie"),
        ({"pair": "7net-0"}, "7net-0"),
        ({"pair": "7net-0,gpt"}, "gpt"),
        ({"axes": "cka"}, "cka"),
        ({"axes": "cka,collapse"}, "collapse"),
        ({"over": "everything"}, "everything"),
        ({"map": "tsne"}, "tsne"),
        ({"align": "gpt"}, "gpt"),
        ({"k": "7"}, "7"),
        ({"k": "-5"}, "-5"),
        ({"colour": "smell"}, "smell"),
        ({"scale": "jet"}, "jet"),
        ({"range": "2..1"}, "2..1"),
        ({"range": "0..nan"}, "nan"),
        ({"range": "1"}, "1"),
        ({"log": "yes"}, "yes"),
        ({"reverse": ""}, "“”"),
        ({"colours": "gases:ff0000"}, "gases"),
        ({"colours": "alkali:red"}, "red"),
        ({"hide": "gases"}, "gases"),
        ({"elements": "Xx"}, "Xx"),
        ({"find": "x" * 501}, "500"),
        ({"brush": "smell:1..2"}, "smell"),
        ({"brush": "category:1..2"}, "category"),
        ({"brush": "period:2..1"}, "2..1"),
        ({"lasso": "7net-0:0,0;1,1"}, "lasso"),
        ({"lasso": "gpt:0,0;1,1;0,1"}, "gpt"),
        ({"lasso": "7net-0:" + ";".join(["0,1"] * 41)}, "lasso"),
        ({"lasso": "7net-0:0,0;1,1;inf,1"}, "inf"),
        ({"atom": "nothing:1"}, "nothing:1"),
        ({"atom": "NaCl-0:99"}, "NaCl-0:99"),
        ({"atom": "NaCl-0:²"}, "NaCl-0"),
        ({"atom": "NaCl-0:99999999999999999999"}, "NaCl-0"),
        ({"atom": ":"}, ":"),
        ({"near": "far"}, "far"),
        ({"draw": "blobs"}, "blobs"),
        ({"size": "9"}, "9"),
        ({"size": "1e999"}, "1e999"),
        ({"zoom": "1,0,0,1"}, "1,0,0,1"),
        ({"zoom": "7net-0:0,1,0,1"}, "7net-0"),
        ({"panel": "kitchen"}, "kitchen"),
        ({"theme": "pink"}, "pink"),
    ],
)
def test_damaged_value_falls_back_with_a_notice(data, asked, word):
    view, notices = parse("?" + urlencode(asked), data)
    assert view == default_view(data)
    assert len(notices) == 1
    assert word in notices[0]


def test_what_is_hidden_belongs_to_the_colouring(data):
    view, notices = parse("?colour=block&hide=alkali,p", data)
    assert view.hide == ("p",)
    assert len(notices) == 1
    assert parse("?colour=electronegativity&hide=p", data)[0].hide == ()


def test_view_is_of_the_atlas_that_is_asked_for(atlases):
    second = atlases.get("second-one")
    view, notices = parse("?atlas=second-one&k=5", second)
    assert (view.atlas, notices) == ("second-one", [])
    assert query(view, second) == "?atlas=second-one&k=5"


@pytest.mark.parametrize(
    "junk",
    [
        "?",
        "?&&==%%%",
        "?models",
        "?k=1&k=",
        "?\x00=%ff",
        "?atom=%00%ff",
        "?" + "a" * 10_000,
        "?zoom=;;;:",
        "?lasso=0,0",
    ],
)
def test_junk_does_not_stop_the_page(data, junk):
    view, _ = parse(junk, data)
    assert set(view.models) <= set(data.model_keys)


@given(name=st.sampled_from([name for name, _ in PARAMETERS.values()]), text=st.text(max_size=60))
def test_any_text_gives_a_view_that_survives_its_address(data, name, text):
    view, _ = parse("?" + urlencode({name: text}, errors="replace"), data)
    assert parse(query(view, data), data) == (view, [])


@pytest.mark.parametrize(
    ("parameter", "item"),
    [("brush", "a"), ("colours", "a:b"), ("zoom", "1,2"), ("elements", "Xx"), ("models", "gpt"), ("hide", "gas")],
)
def test_damaged_lists_of_any_length_give_few_short_notices(data, parameter, item):
    joint = ";" if parameter == "zoom" else ","
    view, notices = parse(f"?{parameter}={joint.join([item] * 100_000)}", data)
    assert view == default_view(data)
    assert 3 <= len(notices) <= 6
    assert sum(map(len, notices)) < 1000
    assert "100,000 items" in " ".join(notices)


def test_what_is_left_out_of_the_notices_is_said(data):
    assert len(parse("?elements=Xa,Xb,Xc", data)[1]) == 3
    assert parse("?elements=Xa,Xb,Xc,Xd,Xe,O", data)[1][3:] == ["More of the same part of the address is left out."]


COORDINATE = st.floats(allow_nan=False, allow_infinity=False).map(exact_decimal)


@given(vertices=st.lists(st.tuples(COORDINATE, COORDINATE), min_size=3, max_size=6))
def test_a_lasso_is_what_its_own_address_says(data, vertices):
    view, _ = parse("?lasso=7net-0:" + ";".join(map(",".join, vertices)), data)
    assert parse(query(view, data), data)[0] == view


@given(box=st.tuples(*[COORDINATE] * 4))
def test_a_zoom_is_what_its_own_address_says(data, box):
    view, _ = parse("?zoom=" + ",".join(box), data)
    assert parse(query(view, data), data)[0] == view


def test_vertices_are_rounded_as_they_are_written(data):
    view, notices = parse("?lasso=7net-0:0.123449,0;0.5,1.00006;-0.3,0.7", data)
    assert (view.lasso["points"], notices) == ([[0.1234, 0], [0.5, 1], [-0.3, 0.7]], [])
    assert parse("?zoom=0.123449,1,0,1", data)[0].zoom == {"": (0.1234, 1, 0, 1)}


def test_known_values_are_kept_beside_a_damaged_one(data):
    view, notices = parse("?models=7net-0,nope&theme=dark", data)
    assert view.models == ("7net-0",)
    assert view.theme == "dark"
    assert len(notices) == 1


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_exact_decimals_read_back(value):
    assert float(exact_decimal(value)) == value
    assert "e" not in exact_decimal(value).lower()


def test_short_decimals_round_halves_away_from_zero():
    pairs = [(0.0, "0"), (-0.0, "0"), (12.125, "12.13"), (-12.125, "-12.13"), (99999, "100000"), (1234567, "1235000")]
    for value, text in pairs:
        assert short_decimal(value) == text


def test_values_close_together_keep_more_digits():
    assert digits_together([-1, 1]) == 4
    assert digits_together([3, 3]) == 4
    assert digits_together([100, 101]) == 6
