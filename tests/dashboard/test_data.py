import numpy as np
import pytest

from dashboard import search
from dashboard.data import AtlasData
from dashboard.quality import axis_names, drawn, statement
from precompute.store import Atlas
from tests.dashboard.synthetic import COUNTS, HOSTILE_ID, MODELS, N_ANCHORS, REFUSING, write_atlas


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
    assert data.n_drawn(REFUSING, "pca-2d") == data.n_atoms - 3
    assert data.n_drawn("7net-0", "pca-2d") == data.n_atoms


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


def test_sites_are_the_inequivalent_atoms_with_the_chosen_one_for_its_orbit(data):
    third_oxygen = data.find_atom("BaCeO3-0:5")
    assert [a - third_oxygen for a, _, _ in data.sites(third_oxygen, 9)] == [-4, -3, 0]
    assert len(data.sites(third_oxygen, 2)) == 2


def test_memory_is_bounded(atlas_path, monkeypatch):
    monkeypatch.setattr("dashboard.data.CACHED_ARRAYS", 4)
    small = AtlasData(Atlas(atlas_path))
    for key in small.model_keys:
        small.points(key, "pca-2d")
    assert len(small._kept) == 4
    np.testing.assert_array_equal(small.points("7net-0", "pca-2d"), Atlas(atlas_path).model("7net-0").map("pca-2d").xy)


def test_families_shown_only_untrained_are_named_with_a_checkpoint(data):
    assert data.untrained_to_fetch == {"mace": ("MACE", ["mace-untrained"], "mace-mp-0-medium")}


def test_crystals_are_found_by_formula_name_and_id(data):
    assert search.crystals(data, "BaCeO3")[0]["label"].startswith("BaCeO3 · a perovskite · BaCeO3-")
    assert all("water" in o["label"] for o in search.crystals(data, "water"))
    assert search.crystals(data, "nothing like it") == []
    first = int(search.crystals(data, "bace")[0]["value"])
    assert data.symbols[data.of_atoms("atomic_number")[search.first_atom(data, str(first))] - 1] == "Ba"
    for bad in (None, "x", "-1", "99999", "²"):
        assert search.first_atom(data, bad) is None


def test_a_chosen_crystal_stays_in_the_list(data):
    option = search.crystals(data, "BaCeO3")[0]
    assert option in search.crystals(data, option["label"])
    assert option in search.crystals(data, "NaCl", option["value"])
    assert option not in search.crystals(data, "NaCl")


def test_hostile_id_is_offered_as_it_is(data):
    assert HOSTILE_ID in search.crystals(data, "<script>")[0]["label"]


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
    assert axis_names("shared", "umap", {}) == ("UMAP 1", "UMAP 2")


def test_drawn_says_n_of_m_and_who_lacks_some():
    assert drawn({"a": (10, 10), "b": (8, 10)}) == "10 atoms in 2 panels: 18 of 20 points drawn; b lacks 2 atoms."
    assert drawn({"a": (9, 9)}).endswith("9 of 9 points drawn.")
    assert "stored for b" in drawn({"a": (9, 9)}, ["b"])
