"""Overlap of neighbour lists: which comparison, what it gives an atom, and how it colours, filters and tabulates."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import combinations
from urllib.parse import quote

import numpy as np
import pytest
from pyarrow import csv

from dashboard import columns, selection
from dashboard.app import create_app
from dashboard.atlases import Atlases
from dashboard.export.content import Content
from dashboard.export.formats import export
from dashboard.export.methods import caption
from dashboard.overlap import arrays, compared
from dashboard.overlap.compared import Comparison
from dashboard.quantities import STEPS, legend, listed, stored_values, values
from dashboard.state import default_view, parse, query
from tests.dashboard.synthetic import REFUSING
from tests.dashboard.synthetic_overlap import write_overlap_atlas

PAIR = ("7net-0", "mace-untrained")
KEYS = ("7net-0", REFUSING, "mine<b>")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return Atlases([write_overlap_atlas(tmp_path_factory.mktemp("overlap") / "synthetic.zarr")]).get("synthetic")


@pytest.fixture(scope="module")
def client(data):
    return create_app(Atlases([data.atlas.path])).server.test_client()


def first(data, key, near, k):
    """The first k neighbours of each atom, as sets; None where there are fewer."""
    index, _ = data.atlas.model(key).neighbours(near)
    return [set(row.tolist()) if (row >= 0).all() else None for row in index[:, :k]]


def literal(data, models, near, k):
    """Mean over pairs of |A and B| / k, atom by atom."""
    lists = [first(data, key, near, k) for key in models]
    result = []
    for i in range(data.n_atoms):
        of_atom = [each[i] for each in lists]
        whole = all(each is not None for each in of_atom)
        result.append(np.mean([len(a & b) / k for a, b in combinations(of_atom, 2)]) if whole else np.nan)
    return np.array(result)


@pytest.mark.parametrize("models", [PAIR, KEYS])
@pytest.mark.parametrize("near", ["representatives", "all", "within_element"])
@pytest.mark.parametrize("k", [5, 10])
def test_overlap_is_the_shared_fraction_of_the_lists(data, models, near, k):
    found = arrays.of_atoms(data, Comparison(models, near, k, False))
    np.testing.assert_allclose(found, literal(data, models, near, k), rtol=1e-12)
    assert np.nanstd(found) > 0.05
    assert np.isnan(found).any() == (REFUSING in models or near == "within_element")


def test_overlap_above_chance_is_zero_for_unrelated_lists_and_one_for_equal_ones(data):
    raw, above = (arrays.of_atoms(data, Comparison(PAIR, "all", 10, chance)) for chance in (False, True))
    expected = 10 / (data.n_atoms - 1)
    np.testing.assert_allclose(above, (raw - expected) / (1 - expected), rtol=1e-12)
    raw, above = (arrays.of_atoms(data, Comparison(PAIR, "within_element", 5, chance)) for chance in (False, True))
    sites = data.of_atoms("orbit") == np.arange(data.n_atoms)
    numbers = data.of_atoms("atomic_number")
    for atom in np.flatnonzero(np.isfinite(raw)):
        others = (sites & (numbers == numbers[atom])).sum() - 1
        if others == 5:  # all lists are equal then
            assert np.isnan(above[atom])
        else:
            assert above[atom] == pytest.approx((raw[atom] - 5 / others) / (1 - 5 / others))


def test_a_name_says_what_is_compared_in_the_order_of_the_atlas(data):
    for models in combinations(data.model_keys, 2):
        for near, k, chance in (("all", 5, False), ("within_element", 50, True)):
            comparison = Comparison(models, near, k, chance)
            assert compared.named(data, comparison.name) == comparison
    turned = compared.named(data, "all:5:raw:mace-untrained,7net-0")
    assert turned is not None
    assert turned.models == PAIR
    for wrong in ("nope:5:raw:7net-0", "all:7:raw:7net-0", "all:05:raw:7net-0", "all:5:often:7net-0", "all:5:raw"):
        assert compared.named(data, wrong) is None
    for wrong in ("nope,7net-0", "7net-0,7net-0"):
        assert compared.named(data, f"all:5:raw:{wrong}") is None


def test_a_view_compares_its_pair_or_the_potentials_it_shows(data):
    view = default_view(data)

    def models(**changes):
        return compared.of_view(data, replace(view, **changes)).models

    assert models(pair=("element-only", "7net-0")) == ("7net-0", "element-only")
    assert models(models=("7net-0", REFUSING, "mace-untrained", "element-only")) == ("7net-0", REFUSING)
    assert models(models=("7net-0", "mace-untrained", "element-only")) == ("7net-0", "mace-untrained", "element-only")
    assert models(models=("7net-0",)) == ("7net-0",)
    assert compared.opening(data) == compared.of_view(data, view)


@pytest.mark.parametrize(
    ("comparison", "said"),
    [
        (Comparison(("7net-0",), "all", 5, False), "needs two models"),
        (Comparison(PAIR, "all", 50, False), "hold 20 neighbours"),
    ],
)
def test_where_there_is_no_overlap_a_sentence_says_why(data, comparison, said):
    assert said in compared.obstacle(data, comparison)
    assert np.isnan(arrays.of_atoms(data, comparison)).all()
    assert legend(data, "overlap", comparison.name)["n"] == 0


def test_lists_that_are_not_stored_are_named(atlases):
    bare = atlases.get("synthetic")
    comparison = Comparison(PAIR, "within_element", 5, False)
    assert "no such lists of 7net-0, mace-untrained" in compared.obstacle(bare, comparison)
    assert np.isnan(arrays.of_atoms(bare, comparison)).all()


def test_the_control_is_compared_with_each_model_and_never_with_itself(data):
    found = arrays.of_control(data, Comparison(PAIR, "all", 5, False))
    each = [literal(data, (key, "element-only"), "all", 5) for key in PAIR]
    np.testing.assert_allclose(found, np.mean(each, axis=0))
    assert arrays.of_control(data, Comparison(("7net-0", "element-only"), "all", 5, False)) is None


def test_overlap_is_a_quantity_with_one_range_for_all_pairs(data):
    assert listed(data)["overlap"].of == "comparison"
    for chance in (False, True):
        name = Comparison(PAIR, "representatives", 5, chance).name
        meaning, found = legend(data, "overlap", name), values(data, "overlap", name)
        known = np.isfinite(found)
        assert meaning["n"] == known.sum() == sum(meaning["counts"])
        assert meaning["hi"] == 1
        assert meaning["lo"] == (0 if not chance else min(0, found[known].min()))
        places = stored_values(data, "overlap", name).astype(float)
        back = meaning["lo"] + places[known] * (1 - meaning["lo"]) / STEPS
        np.testing.assert_allclose(back, found[known], atol=1e-4)
    with pytest.raises(KeyError):
        values(data, "overlap", "nothing")


def test_a_range_of_overlap_selects_by_what_the_view_compares(data):
    for pair in (PAIR, ("7net-0", "element-only")):
        view, notices = parse(f"?pair={','.join(pair)}&nearest=5&brush=overlap:0.4..0.8", data)
        assert notices == []
        found = literal(data, pair, "representatives", 5)
        np.testing.assert_array_equal(selection.mask(data, view), (found >= 0.4) & (found <= 0.8))
        assert 0 < selection.mask(data, view).sum() < data.n_atoms


def test_the_tables_have_a_column_where_the_view_shows_overlap(data):
    view, _ = parse(f"?pair={','.join(PAIR)}&nearest=5", data)
    compares = compared.shown(data, view)
    assert compares == Comparison(PAIR, "representatives", 5, False)
    of_atoms = columns.listed(data, "atoms", view.models, compares)[f"overlap@{compares.name}"]
    assert of_atoms.label == "Overlap of 7net-0 and mace-untrained, k = 5"
    np.testing.assert_array_equal(columns.contents(data, of_atoms).values, arrays.of_atoms(data, compares))
    of_structures = columns.listed(data, "structures", view.models, compares)[f"mean_overlap@{compares.name}"]
    held = columns.contents(data, of_structures).values
    atoms = data.of_atoms("structure") == 3
    sites = atoms & (data.of_atoms("orbit") == np.arange(data.n_atoms))
    assert held[3] == pytest.approx(np.nanmean(arrays.of_atoms(data, compares)[sites]))
    assert compared.shown(data, default_view(data)) is None
    assert compared.shown(data, replace(default_view(data), colour="overlap")) is not None


def test_exports_have_the_overlap_and_say_what_it_is_of(data):
    address = query(parse(f"?pair={','.join(PAIR)}&nearest=5&colour=overlap&models={','.join(PAIR)}", data)[0], data)
    content = Content.of(data, address)
    table = csv.read_csv(io.BytesIO(export(content, "csv").body))
    column = table["Overlap of 7net-0 and mace-untrained, k = 5"].to_numpy(zero_copy_only=False)
    np.testing.assert_allclose(
        column.astype(float), arrays.of_atoms(data, Comparison(PAIR, "representatives", 5, False))
    )
    said = caption(content)
    assert "overlap of nearest neighbours (7net-0 and mace-untrained; k = 5 nearest" in said
    assert b"Overlap of 7net-0 and mace-untrained" in export(content, "svg").body
    page = export(content, "html").body
    assert b"Overlap of 7net-0 and mace-untrained, k = 5" in page


def test_the_neighbours_page_exports_the_compared_models_by_overlap(data):
    asked = f"?page=neighbours&pair={','.join(PAIR)}&models={REFUSING}&hide=alkali&zoom=0,1,0,1"
    content = Content.of(data, asked)
    assert (content.models, content.view.colour, content.view.hide, content.view.zoom) == (
        list(PAIR),
        "overlap",
        (),
        {},
    )
    # what the legend of the maps hides stays unselected
    np.testing.assert_array_equal(content.selected, selection.mask(data, parse(asked, data)[0]))
    assert not content.selected.all()
    assert "overlap of nearest neighbours (7net-0 and mace-untrained; k = 10" in caption(content)
    assert export(content, "csv").body.split(b"\n")[0].count(b"Overlap of 7net-0 and mace-untrained, k = 10") == 1


def test_values_and_legend_are_served_by_the_comparison_named(client, data):
    name = Comparison(PAIR, "all", 5, False).name
    answer = client.get(f"/data/synthetic/values/overlap?between={quote(name)}")
    found = np.frombuffer(answer.get_data(), "<u2")
    np.testing.assert_array_equal(found, stored_values(data, "overlap", name)[data.order])
    assert client.get(f"/data/synthetic/legend/overlap?between={quote(name)}").json["comparison"] == name
    for wrong in ("", "x", "all:5:raw:nope,7net-0"):
        assert client.get(f"/data/synthetic/values/overlap?between={quote(wrong)}").status_code == 404
        assert client.get(f"/data/synthetic/legend/overlap?between={quote(wrong)}").status_code == 404
