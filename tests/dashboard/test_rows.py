"""Pages of the tables against the plain way of finding them."""

import json

import numpy as np
import pytest

from dashboard import columns, rows, selection
from dashboard.atlases import Atlases
from dashboard.state import parse, query
from precompute.store import AtlasFile
from tests.dashboard.synthetic import HOSTILE_ID, write_atlas

CHARGE = "atom.charge"
TYPICAL = "model.typicality@7net-0"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = write_atlas(tmp_path_factory.mktemp("rows") / "synthetic.zarr")
    for metadata in path.rglob("zarr.json"):  # so that groups own up to arrays added after the build
        said = json.loads(metadata.read_text())
        said.pop("consolidated_metadata", None)
        metadata.write_text(json.dumps(said))
    file = AtlasFile.edit(path)
    n = file.shape("atoms/structure")[0]
    rng = np.random.default_rng(1)
    charge = np.round(rng.normal(size=n), 3)
    charge[::7] = np.nan
    file.write("atoms/properties/charge", charge, ["atom"], {"name": "charge", "kind": "number", "unit": "e"})
    typical = rng.random(n).astype(np.float32)
    attrs = {"name": "typicality", "kind": "number", "unit": ""}
    file.write("models/7net-0/properties/typicality", typical, ["atom"], attrs)
    atlases = Atlases([path])
    return atlases.get(atlases.default)


@pytest.fixture(scope="module")
def tables(data):
    return rows.Tables(data)


@pytest.fixture(scope="module")
def page(data, tables):
    """A page of a table for the query of a view."""

    def ask(of="atoms", search="", sort=(), filters=None, start=0, end=500, row=None):
        view, _ = parse(search, data)
        arguments = {
            "start": str(start), "end": str(end), "sort": json.dumps([{"colId": c, "sort": s} for c, s in sort]),
            "filter": json.dumps(filters or {}), "row": "" if row is None else str(row),
        }  # fmt: skip
        wanted = rows.asked(of, arguments)
        return tables.page(wanted, query(view, data), lambda: selection.mask(data, view), view.models)

    return ask


def test_columns_name_units_and_the_model_they_are_of(data):
    found = {c["id"]: c for c in columns.described(data, "atoms", ["7net-0", "element-only"])}
    assert found["structure.band_gap"]["unit"] == "eV"
    assert found["structure.band_gap"]["decimals"] is not None
    assert (found[TYPICAL]["model"], found[TYPICAL]["of"]) == ("7net-0", "model")
    assert "7net-0" in found[TYPICAL]["label"]
    assert TYPICAL not in {c["id"] for c in columns.described(data, "atoms", ["element-only"])}
    of_structures = columns.listed(data, "structures", ["7net-0"])
    assert {c.of for c in of_structures.values()} == {"structure"}


def test_without_sort_rows_are_all_atoms_in_file_order(data, page):
    found = page()
    n = data.n_atoms
    assert [r["row"] for r in found["rows"]] == list(range(n))
    assert (found["total"], found["unfiltered"], found["atoms"], found["of"]) == (n, n, n, n)
    assert found["structures"] == data.n_structures
    label = data.label(9)
    assert found["rows"][9]["atom"] == label
    assert found["rows"][9]["formula"] == data.crystal_of(9)[0]


def test_pages_join_without_gap_or_overlap(page):
    whole = page(sort=[("atom", "asc")])["rows"]
    parts = [
        r
        for start in range(0, len(whole), 37)
        for r in page(sort=[("atom", "asc")], start=start, end=start + 37)["rows"]
    ]
    assert parts == whole


@pytest.mark.parametrize("way", ["asc", "desc"])
def test_numbers_sort_with_missing_values_last_both_ways(data, page, way):
    values = data.atlas.file.read("atoms/properties/charge")
    found = [r[CHARGE] for r in page(sort=[(CHARGE, way)])["rows"]]
    known = [v for v in found if v is not None]
    assert known == pytest.approx(sorted(values[~np.isnan(values)], reverse=way == "desc"))
    assert all(v is None for v in found[len(known) :])
    assert len(found) == data.n_atoms


def test_atoms_sort_by_symbol_then_count_not_as_texts(page):
    found = [r["atom"].split() for r in page(sort=[("atom", "asc")])["rows"]]
    keys = [(symbol, int(count)) for symbol, count in found]
    assert keys == sorted(keys)


def test_the_first_of_several_sorts_counts_most(page):
    found = page(sort=[("formula", "desc"), (CHARGE, "asc")])["rows"]
    keys = [(r["formula"].casefold(), -np.inf if r[CHARGE] is None else -r[CHARGE]) for r in found]
    assert keys == sorted(keys, reverse=True)


def test_rows_are_those_of_the_selection(data, page):
    found = page(search="?elements=Na,Cl")
    numbers = data.of_atoms("atomic_number")
    expected = np.flatnonzero(np.isin(numbers, [11, 17])).tolist()
    assert [r["row"] for r in found["rows"]] == expected
    assert found["atoms"] == len(expected)
    assert found["structures"] == len(set(data.of_atoms("structure")[expected].tolist()))


def test_structures_name_their_first_selected_atom_and_how_many_are(data, page):
    found = page("structures", search="?elements=O")
    numbers, structure = data.of_atoms("atomic_number"), data.of_atoms("structure")
    for row in found["rows"]:
        oxygens = np.flatnonzero((numbers == 8) & (structure == row["crystal"]))
        assert (row["row"], row["selected"]) == (oxygens[0], len(oxygens))
    assert found["total"] == found["structures"] == len(np.unique(structure[numbers == 8]))


FILTERS = [
    (CHARGE, {"type": "lessThan", "filter": 0.2}, lambda v: v < 0.2),
    (CHARGE, {"type": "greaterThanOrEqual", "filter": 0.2}, lambda v: v >= 0.2),
    (CHARGE, {"type": "inRange", "filter": -0.5, "filterTo": 0.5}, lambda v: (v >= -0.5) & (v <= 0.5)),
    (CHARGE, {"type": "blank"}, np.isnan),
    (
        CHARGE,
        {"operator": "OR", "conditions": [{"type": "lessThan", "filter": -1}, {"type": "greaterThan", "filter": 1}]},
        lambda v: (v < -1) | (v > 1),
    ),
    (
        CHARGE,
        {"operator": "AND", "conditions": [{"type": "notBlank"}, {"type": "lessThan", "filter": 0}]},
        lambda v: v < 0,
    ),
]


@pytest.mark.parametrize(("column", "model", "expected"), FILTERS)
def test_filters_of_numbers(data, page, column, model, expected):
    values = data.atlas.file.read("atoms/properties/charge")
    found = page(filters={column: model})
    assert [r["row"] for r in found["rows"]] == np.flatnonzero(expected(values)).tolist()
    assert found["unfiltered"] == data.n_atoms


def test_equal_means_as_the_cell_shows_it(data, page):
    decimals = columns.contents(data, columns.listed(data, "atoms", ["7net-0"])[TYPICAL]).decimals
    value = page(search="?models=7net-0", end=1)["rows"][0][TYPICAL]
    shown = round(value, decimals)
    equal = page(search="?models=7net-0", filters={TYPICAL: {"type": "equals", "filter": shown}})
    unequal = page(search="?models=7net-0", filters={TYPICAL: {"type": "notEqual", "filter": shown}})
    assert 0 in [r["row"] for r in equal["rows"]]
    assert equal["total"] + unequal["total"] == data.n_atoms


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ({"type": "contains", "filter": "ceo"}, lambda t: "ceo" in t),
        ({"type": "notContains", "filter": "O3"}, lambda t: "o3" not in t),
        ({"type": "equals", "filter": "NACL"}, lambda t: t == "nacl"),
        ({"type": "startsWith", "filter": "Ca"}, lambda t: t.startswith("ca")),
        ({"type": "endsWith", "filter": "o3"}, lambda t: t.endswith("o3")),
        ({"type": "notBlank"}, lambda t: bool(t)),
    ],
)
def test_filters_of_texts_take_no_account_of_case(data, page, model, expected):
    formulas = [str(f).casefold() for f in data.of_structures("formula")]
    found = page("structures", filters={"formula": model})
    assert [r["crystal"] for r in found["rows"]] == [i for i, f in enumerate(formulas) if expected(f)]


def test_a_filter_that_looks_like_code_is_a_text(page):
    assert page(filters={"id": {"type": "contains", "filter": "__import__('os')"}})["total"] == 0
    assert page(filters={"id": {"type": "contains", "filter": "<script>"}})["rows"][0]["id"] == HOSTILE_ID


def test_the_place_of_a_row_is_where_the_pages_have_it(page):
    sort, filters = [(CHARGE, "desc")], {"formula": {"type": "contains", "filter": "o"}}
    whole = page(sort=sort, filters=filters)
    for place in (0, 5, len(whole["rows"]) - 1):
        atom = whole["rows"][place]["row"]
        assert page(sort=sort, filters=filters, row=atom, end=0)["place"] == place
    assert page(search="?elements=Na", row=int(1e6), end=0)["place"] is None


def test_an_atom_outside_the_selection_has_no_place(data, page):
    other = int(np.flatnonzero(data.of_atoms("atomic_number") != 11)[0])
    assert page(search="?elements=Na", row=other, end=0)["place"] is None
    assert page("structures", search="?elements=Na", row=0, end=0)["place"] == 0


@pytest.mark.parametrize(
    "arguments",
    [
        {"start": "-1"},
        {"start": "0", "end": "100000"},
        {"start": "5", "end": "4"},
        {"end": "1e3"},
        {"sort": "[["},
        {"sort": "{}"},
        {"sort": '[{"colId":"id","sort":"up"}]'},
        {"sort": '[{"sort":"asc"}]'},
        {"filter": "[]"},
        {"filter": "[" * 100_000},
        {"row": "one"},
    ],
)
def test_what_is_no_page_is_refused(arguments):
    with pytest.raises(rows.RowsError):
        rows.asked("atoms", arguments)


@pytest.mark.parametrize(
    "filters",
    [
        {"no_such": {"type": "equals", "filter": 1}},
        {"__class__": {"type": "contains", "filter": ""}},
        {"id": {"type": "matches", "filter": ".*"}},
        {"id": {"type": "contains", "filter": 3}},
        {"id": {"type": "contains", "filter": "x" * 1000}},
        {"id": {"type": ["contains"], "filter": "x"}},
        {"id": "Na"},
        {CHARGE: {"type": "equals", "filter": "1"}},
        {CHARGE: {"type": "equals", "filter": 10**400}},
        {CHARGE: {"type": "equals", "filter": True}},
        {CHARGE: {"type": "inRange", "filter": 1}},
        {CHARGE: {"type": "contains", "filter": "1"}},
        {CHARGE: {"operator": "XOR", "conditions": [{"type": "blank"}]}},
        {CHARGE: {"operator": "OR", "conditions": []}},
        {CHARGE: {"operator": "OR", "conditions": [{"operator": "OR", "conditions": [{"type": "blank"}]}]}},
    ],
)
def test_unknown_columns_and_operators_are_refused(page, filters):
    with pytest.raises(rows.RowsError):
        page(filters=filters)


def test_an_unknown_column_cannot_be_sorted_by(page):
    with pytest.raises(rows.RowsError, match="no column 'structure'"):
        page(sort=[("structure", "asc")])


def test_what_is_kept_is_bounded(data):
    tables = rows.Tables(data)
    for i in range(3 * rows.KEPT):
        wanted = rows.asked("atoms", {"filter": json.dumps({CHARGE: {"type": "lessThan", "filter": i}})})
        tables.page(wanted, "", lambda: np.ones(data.n_atoms, bool), [])
    assert len(tables._lists) == rows.KEPT


def test_the_address_answers_and_refuses(data):
    from flask import Flask

    from dashboard.pages.drawer import addresses

    class App:
        class config:
            routes_pathname_prefix = "/"

    server = Flask("rows")
    server.register_blueprint(addresses(App, Atlases([data.atlas.path])))
    client = server.test_client()
    name = data.name
    answer = client.get(f"/data/{name}/rows/atoms", query_string={"elements": "Na", "end": "3"})
    assert (answer.status_code, len(answer.json["rows"])) == (200, 3)
    assert {c["id"] for c in client.get(f"/data/{name}/rows/structures/columns").json} >= {"formula", "n_atoms"}
    for asked, status in [
        (f"/data/{name}/rows/orbits", 404),
        ("/data/other/rows/atoms", 404),
        (f"/data/{name}/rows/atoms?end=99999", 400),
        (f"/data/{name}/rows/atoms?filter=%7B%22x%22:1%7D", 400),
        (f"/data/{name}/rows/atoms?find=band_gap+>", 400),
    ]:
        assert client.get(asked).status_code == status, asked
    assert "x" in client.get(f"/data/{name}/rows/atoms?filter=%7B%22x%22:1%7D").json["error"]
