import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dashboard.data import AtlasData
from dashboard.points import grid
from dashboard.quality import axis_names, statement
from dashboard.stored import weight
from precompute.store import Atlas
from tests.dashboard.synthetic import COUNTS, MODELS, N_ANCHORS, REFUSING, write_atlas


def test_counts_and_models(data):
    assert data.model_keys == list(MODELS)
    assert data.n_atoms == len(data.of_atoms("atomic_number"))
    assert [data.cards[k].trained for k in MODELS] == [True, True, False, False, False]


def test_missing_facts_of_a_model_are_empty_texts(data):
    card = data.cards["mine<b>"]
    assert (card.training_data, card.family, card.parent, card.licence) == ("", "", "", "")


def test_stored_anchor_counts_are_offered_in_order(data):
    assert data.anchor_counts == [*COUNTS, N_ANCHORS]
    assert data.map_name("shared", "pca", 5) == "pca-2d-k5"
    assert data.map_name("shared", "pca", N_ANCHORS) == "pca-2d"
    assert data.map_name("shared", "umap", 5) == "umap-2d"
    assert data.map_name("raw", "umap", 5) == "raw-pca-2d"


def test_refused_atoms_are_counted_as_not_drawn(data):
    assert grid(data, REFUSING, "pca-2d").drawn == data.n_atoms - 3
    assert grid(data, "7net-0", "pca-2d").drawn == data.n_atoms


def test_labels_count_within_element_and_structure(data):
    labels = [data.label(i) for i in range(8)]
    assert labels == ["Na 1", "Na 2", "Na 3", "Na 4", "Cl 1", "Cl 2", "Cl 3", "Cl 4"]


def test_site_joins_crystal_symmetry_and_shell(data):
    atom = data.find_atom("BaCeO3-0:2")
    site = data.site(atom)
    assert (site.symbol, site.label, site.category) == ("Ce", "Ce 1", "lanthanide")
    assert (site.site_symmetry, site.wyckoff) == ("m-3m", "1b")
    assert site.crystal.properties["band_gap"] == (2.5, "eV")
    assert site.crystal.properties["hypothetical"][0] is True
    assert site.shell.n_first == 6


def test_atoms_are_found_again_by_name(data):
    for atom in (0, 7, data.n_atoms - 1):
        assert data.find_atom(data.atom_name(atom)) == atom


def test_neighbours_stop_where_the_list_is_padded(data):
    assert len(data.neighbours("7net-0", 0)) == 6
    assert len(data.neighbours("7net-0", data.n_atoms - 1)) == 3
    assert len(data.neighbours("7net-0", 0, n=10)) == 10


def test_neighbours_are_the_stored_ones_of_each_kind(data):
    for kind in ("representatives", "all"):
        index, similarity = data.atlas.model("7net-0").neighbours(kind)
        for atom in (0, 17):
            found = data.neighbours("7net-0", atom, n=4, kind=kind)
            assert [a for a, _ in found] == index[atom, :4].tolist()
            assert [s for _, s in found] == similarity[atom, :4].tolist()
    assert data.neighbours("7net-0", 0, kind="within_element") == []


def test_sites_are_the_inequivalent_atoms_with_the_chosen_one_for_its_orbit(data):
    third_oxygen = data.find_atom("BaCeO3-0:5")
    assert [a - third_oxygen for a, _, _ in data.sites(third_oxygen, 9)] == [-4, -3, 0]
    assert len(data.sites(third_oxygen, 2)) == 2


def test_memory_is_bounded_in_bytes_and_what_was_dropped_is_read_again(atlas_path, monkeypatch):
    view = AtlasData(Atlas(atlas_path))
    one = view.points("7net-0", "pca-2d").nbytes
    monkeypatch.setattr("dashboard.stored.KEPT_BYTES", 3 * one + 1)
    for key in view.model_keys:
        view.points(key, "pca-2d")
    kept = [key for kind, key, _ in view._kept if kind == "map"]
    assert kept == view.model_keys[-3:]
    assert view._kept_bytes == 3 * one
    np.testing.assert_array_equal(view.points("7net-0", "pca-2d"), Atlas(atlas_path).model("7net-0").map("pca-2d").xy)


def test_one_value_is_read_once_however_many_ask_at_the_same_time(atlas_path):
    view = AtlasData(Atlas(atlas_path))
    together, calls = threading.Barrier(6), []

    def read():
        calls.append(1)
        return np.zeros(3)

    def ask(_):
        together.wait()
        return view.keep(("slow",), read)

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(ask, range(6)))
    assert len(calls) == 1
    assert all(f is found[0] for f in found)


def test_a_value_that_was_put_there_meanwhile_is_counted_once(atlas_path):
    view = AtlasData(Atlas(atlas_path))
    value = np.zeros(1000)
    # the inner one stands for another thread, which found the value dropped while this one waited
    view.keep(("raced",), lambda: view.keep(("raced",), lambda: value))
    assert view._kept_bytes == value.nbytes


def test_a_failed_read_is_tried_again(atlas_path):
    view = AtlasData(Atlas(atlas_path))
    with pytest.raises(ZeroDivisionError):
        view.keep(("bad",), lambda: 1 // 0)
    assert view._being_read == {}
    assert view.keep(("bad",), lambda: 7) == 7


@pytest.mark.parametrize(
    ("value", "least", "most"),
    [
        (np.zeros(1000), 8000, 8000),
        (b"x" * 1000, 1000, 1100),
        (["x" * 100] * 1000, 100_000, 200_000),
        ({"a": np.zeros(100)}, 800, 1200),
        ((np.zeros(100), ["x"] * 10), 800, 2000),
    ],
)
def test_weight_is_about_what_a_value_takes(value, least, most):
    assert least <= weight(value) <= most


def test_rows_are_those_of_the_whole_array(atlas_path, monkeypatch):
    monkeypatch.setattr("dashboard.stored.ROWS_PER_CHUNK", 7)
    whole = Atlas(atlas_path).atoms("position")
    view = AtlasData(Atlas(atlas_path))
    for start, stop in ((0, 1), (5, 9), (7, 14), (len(whole) - 1, len(whole))):
        np.testing.assert_array_equal(view.rows("position", start, stop), whole[start:stop])
    np.testing.assert_array_equal(view.rows("position", 3), whole[3:4])
    view.of_atoms("position")
    np.testing.assert_array_equal(view.rows("position", 5, 9), whole[5:9])


def test_every_atom_has_the_site_it_would_have_alone(data):
    codes, sites = data.site_codes
    assert len(set(sites)) == len(sites)
    for atom in range(data.n_atoms):
        assert sites[codes[atom]] == (str(data.of_atoms("site_symmetry")[atom]), data.wyckoff(atom))


def test_label_counts_as_the_counter_does(data):
    numbers = data.of_atoms("atomic_number")
    for atom in range(0, data.n_atoms, 3):
        assert data.label(atom) == f"{data.symbols[numbers[atom] - 1]} {data.counter[atom]}"


def test_families_shown_only_untrained_are_named_with_a_checkpoint(data):
    assert data.untrained_to_fetch == {"mace": ("MACE", ["mace-untrained"], "mace-mp-0-medium")}


@pytest.mark.slow
@pytest.mark.ci
def test_an_atlas_without_lower_anchor_counts_or_umap_is_served(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.dashboard.synthetic.COUNTS", ())
    view = AtlasData(Atlas(write_atlas(tmp_path / "few.zarr", copies=1)))
    assert view.anchor_counts == [N_ANCHORS]


def test_statement_says_what_is_kept_and_on_what():
    pca = {"explained_variance": [0.41, 0.23], "explained_variance_of_model": [0.4, 0.2], "fitted_atoms": 900,
           "fitted_on": ["a", "b"]}  # fmt: skip
    text = statement("shared", "pca", 100, {"m": pca}, ["m"])
    for part in ("K = 100", "64\u00a0%", "60\u00a0%", "2 models", "900 atoms"):
        assert part in text
    trust = statement("shared", "umap", 100, {"m": {"trustworthiness": 0.934, "trustworthiness_atoms": 1000}}, ["m"])
    assert "0.93" in trust
    assert "1,000" in trust
    raw = statement("raw", "pca", 100, {"m": {"explained_variance": [0.5, 0.1]}}, ["m"])
    assert "cannot be compared" in raw
    assert "60\u00a0%" in raw


@pytest.mark.parametrize("space", ["shared", "raw"])
@pytest.mark.parametrize("method", ["pca", "umap"])
def test_statement_needs_no_recorded_quality(space, method):
    assert statement(space, method, 20, {"m": {"seed": 0}}, ["m"])
    assert statement(space, method, 20, {}, []) == "No map is shown."
    assert len(axis_names(space, method, {})) == 2


def test_axes_name_their_share():
    assert axis_names("shared", "pca", {"explained_variance": [0.41, 0.085]}) == (
        "PC 1 (41\u00a0% of variance)", "PC 2 (8.5\u00a0% of variance)"
    )  # fmt: skip
    # a principal component that was turned is none any more: its share may exceed the first's
    turned = {"explained_variance": [0.24, 0.34], "aligned_to": "pca-2d"}
    assert axis_names("shared", "pca", turned) == ("Axis 1 (24\u00a0% of variance)", "Axis 2 (34\u00a0% of variance)")
    assert axis_names("shared", "umap", {}) == ("UMAP 1", "UMAP 2")
