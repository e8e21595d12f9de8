import json
from dataclasses import replace

import numpy as np
import pytest

from dashboard.app import create_app
from dashboard.atlases import Atlases
from dashboard.bootstrap import bootstrap
from dashboard.export import columns, methods, page, picture
from dashboard.export.content import Content
from dashboard.palette import CATEGORIES, OTHER, PALETTE, THEMES
from dashboard.quantities import BUILT_IN, NO_CODE, NO_NUMBER, STEPS, legend, listed, stored_values, values, words
from tests.dashboard.synthetic import REFUSING, write_atlas


@pytest.fixture(scope="module")
def enriched(tmp_path_factory):
    """An atlas to which later stages added quantities of models, and properties of every kind."""

    def more(file):
        rng = np.random.default_rng(0)
        n, m = len(file.read("atoms/structure")), len(file.read("structures/id"))

        def add(group, name, found, dim, kind="number", unit=""):
            file.require_group(f"{group}/properties")
            file.write(f"{group}/properties/{name}", found, [dim], {"name": name, "kind": kind, "unit": unit})

        for i, key in enumerate(("7net-0", REFUSING)):
            typicality = rng.uniform(0, 50 + 50 * i, n)
            typicality[:2] = np.nan
            add(f"models/{key}", "typicality", typicality, "atom", unit="percentile")
        add("models/7net-0", "cluster", np.array(["a", "b", "b"] * n)[:n], "atom", "text")
        add("models/mine<b>", "cluster", np.array(["c", "b", "b"] * n)[:n], "atom", "text")
        add("structures", "lifetime", np.geomspace(1e-9, 1e3, m), "structure", unit="s")
        add("structures", "stable", np.where(np.arange(m) < 2, np.nan, np.arange(m) % 2), "structure", "flag")
        add("structures", "prototype", np.array([f"type {i % 20}" for i in range(m)]), "structure", "text")
        add("atoms", "charge", rng.normal(size=n), "atom", unit="e")
        file.write("atoms/properties/force", rng.normal(size=(n, 3)), ["atom", "xyz"],
                   {"name": "force", "kind": "number", "unit": "eV/angstrom"})  # fmt: skip

    path = write_atlas(tmp_path_factory.mktemp("quantities") / "more.zarr", copies=3, add=more)
    return Atlases([path]).get("more")


def test_built_in_quantities_come_first(data):
    assert tuple(listed(data))[: len(BUILT_IN)] == BUILT_IN
    assert BUILT_IN[0] == "category"


def test_every_quantity_has_values_that_its_legend_counts(enriched):
    for q in listed(enriched).values():
        meaning = legend(enriched, q.id)
        json.dumps(meaning, allow_nan=False)
        columns = [values(enriched, q.id, model) for model in q.models or (None,)]
        assert all(len(c) == enriched.n_atoms for c in columns)
        if q.kind == "category":
            assert columns[0].dtype == np.uint8
            counts = np.bincount(np.concatenate(columns), minlength=256)
            assert [e["n"] for e in meaning["entries"]] == counts[: len(meaning["entries"])].tolist()
            assert counts[len(meaning["entries"]) : NO_CODE].sum() == 0
            assert len({e["label"] for e in meaning["entries"]}) == len(meaning["entries"])
        else:
            known = np.concatenate(columns)
            known = known[np.isfinite(known)]
            if q.of == "comparison":  # one range for all pairs of models
                assert (meaning["lo"], meaning["hi"]) == (0.0, 1.0)
            else:
                assert (meaning["lo"], meaning["hi"]) == (known.min(), known.max())
            assert meaning["n"] == len(known) == sum(meaning["counts"])
            assert meaning["n"] + meaning["missing"] == len(columns) * enriched.n_atoms


def test_element_groups_are_those_of_the_periodic_table(data):
    entries = legend(data, "category")["entries"]
    assert {e["label"]: e["colour"] for e in entries} == CATEGORIES
    assert [e["n"] for e in entries] == np.bincount(values(data, "category"), minlength=len(entries)).tolist()
    assert sum(e["n"] for e in entries) == data.n_atoms
    ce = data.find_atom("BaCeO3-0:2")
    for quantity, expected in (("period", 6), ("electronegativity", 1.12), ("coordination", 20)):
        assert values(data, quantity)[ce] == pytest.approx(expected)
    assert np.isnan(values(data, "group")[ce])  # the f block has none
    assert legend(data, "block")["entries"][values(data, "block")[ce]]["label"] == "f"
    assert legend(data, "element")["entries"][values(data, "element")[ce]]["label"] == "Ce"
    assert legend(data, "crystal_system")["entries"][values(data, "crystal_system")[ce]]["label"] == "cubic"
    assert legend(data, "spacegroup")["entries"][values(data, "spacegroup")[ce]]["label"] == "Pm-3m"


def test_molecules_have_no_space_group(data):
    assert values(data, "spacegroup")[data.n_atoms - 1] == NO_CODE
    assert legend(data, "spacegroup")["missing"] == 3


def test_whole_numbers_are_told(enriched):
    assert legend(enriched, "coordination")["integer"]
    assert legend(enriched, "period")["integer"]
    assert not legend(enriched, "electronegativity")["integer"]


def test_quantities_of_models_appear_once_stored(enriched):
    q = listed(enriched)["model.typicality"]
    assert (q.kind, q.of, q.unit, q.label) == ("number", "model", "percentile", "Typicality")
    assert q.models == ("7net-0", REFUSING)
    info = bootstrap(Atlases([enriched.atlas.path]), "?colour=model.typicality", "/")
    assert next(x for x in info["quantities"] if x["id"] == "model.typicality")["models"] == ["7net-0", REFUSING]
    assert info["state"]["colour"] == "model.typicality"
    assert info["legend"]["models"] == ["7net-0", REFUSING]
    for key in q.models:
        stored = enriched.atlas.file.read(f"models/{key}/properties/typicality")
        np.testing.assert_array_equal(values(enriched, "model.typicality", key), stored)
    first = values(enriched, "model.typicality", "7net-0")
    np.testing.assert_array_equal(values(enriched, "model.typicality"), first)


def test_a_model_without_a_quantity_has_no_value_of_it(enriched):
    assert np.isnan(values(enriched, "model.typicality", "mace-untrained")).all()
    assert (values(enriched, "model.cluster", "mace-untrained") == NO_CODE).all()
    client = create_app(Atlases([enriched.atlas.path])).server.test_client()
    for quantity, kind, none in (("model.typicality", "<u2", NO_NUMBER), ("model.cluster", "u1", NO_CODE)):
        answer = client.get(f"/data/more/values/{quantity}?model=mace-untrained")
        assert answer.status_code == 200
        assert np.frombuffer(answer.get_data(), kind).tolist() == [none] * enriched.n_atoms
        assert client.get(f"/data/more/values/{quantity}?model=gpt").status_code == 404


def test_points_of_a_model_without_the_quantity_are_grey_in_exports(enriched):
    content = Content.of(enriched, "?models=mace-untrained,7net-0&colour=model.typicality")
    grey, coloured = (panel.colours for panel in picture._parts(content)[0])
    muted = [int(THEMES["light"].muted[i : i + 2], 16) for i in (1, 3, 5)]
    assert (grey == muted).all()
    assert (coloured == muted).all(axis=1).sum() == 2
    assert "Of mace-untrained there are no values to colour by, so all points are grey." in methods.caption(content)
    arrays, names = page._arrays(content, content.models), page._values_of(content)
    body, _ = arrays[names["mace-untrained"]]
    assert set(np.frombuffer(body, "<u2").tolist()) == {NO_NUMBER}
    assert len(set(np.frombuffer(arrays[names["7net-0"]][0], "<u2").tolist())) > 2


def test_ranges_and_hidden_entries_are_of_the_first_model_shown_that_has_the_quantity(enriched):
    here = values(enriched, "model.typicality", REFUSING)
    shown = f"?models=mace-untrained,{REFUSING},7net-0"
    content = Content.of(enriched, f"{shown}&brush=model.typicality:0..20")
    np.testing.assert_array_equal(content.selected, here <= 20)
    assert f"Typicality from 0 to 20 percentile in {REFUSING})" in methods.caption(content)
    hiding = Content.of(enriched, "?models=mace-untrained,mine%253Cb%253E&colour=model.cluster&hide=c")
    assert f"without c in {hiding.view.models[-1]}" in methods.paragraph(hiding)
    clusters = [e["label"] for e in legend(enriched, "model.cluster")["entries"]]
    of_it = values(enriched, "model.cluster", "mine<b>")
    np.testing.assert_array_equal(hiding.selected, of_it != clusters.index("c"))
    plain = Content.of(enriched, "?brush=period:2..3")
    assert "Period from 2 to 3)" in methods.caption(plain)


def test_hiding_by_a_model_that_is_not_shown_is_said_and_saved(enriched):
    content = Content.of(enriched, "?models=mace-untrained&colour=model.cluster&hide=a")
    assert "without a in 7net-0" in methods.caption(content)
    assert page._values_of(content) == {"mace-untrained": "no values", "7net-0": "values 7net-0"}


def test_renamed_columns_do_not_meet_names_that_are_there(enriched, monkeypatch):
    one = columns.Column("band_gap", "eV", "", "number", "atom", np.zeros(enriched.n_atoms))
    named = [one, one, replace(one, name="band_gap 2"), one]
    monkeypatch.setattr(columns, "properties", lambda _: iter(named))
    names = [c.name for c in columns.all_columns(Content.of(enriched, "?"))]
    assert len(names) == len(set(names))
    assert [n for n in names if n.startswith("band_gap")] == ["band_gap", "band_gap 2", "band_gap 2 2", "band_gap 3"]


def test_one_text_means_one_colour_in_all_models(enriched):
    entries = [e["label"] for e in legend(enriched, "model.cluster")["entries"]]
    assert sorted(entries) == ["a", "b", "c"]
    assert entries[values(enriched, "model.cluster", "7net-0")[0]] == "a"
    assert entries[values(enriched, "model.cluster", "mine<b>")[0]] == "c"
    assert entries[values(enriched, "model.cluster", "mine<b>")[1]] == "b"


def test_frequent_texts_have_colours_and_the_rest_is_other(enriched):
    entries = legend(enriched, "structure.prototype")["entries"]
    assert [e["label"] for e in entries][-1] == "other"
    assert len(entries) == 12
    assert [e["colour"] for e in entries] == [*PALETTE[:11], OTHER]
    counts = [e["n"] for e in entries[:-1]]
    assert counts == sorted(counts, reverse=True)


def test_flags_are_yes_no_or_nothing(enriched):
    meaning = legend(enriched, "structure.stable")
    assert [e["label"] for e in meaning["entries"]] == ["no", "yes"]
    first_two = np.flatnonzero(enriched.of_atoms("structure") < 2)
    assert (values(enriched, "structure.stable")[first_two] == NO_CODE).all()
    assert meaning["missing"] == len(first_two)


def test_vectors_are_no_colouring(enriched):
    assert "atom.charge" in listed(enriched)
    assert "atom.force" not in listed(enriched)


@pytest.mark.parametrize("quantity", ["electronegativity", "structure.lifetime", "atom.charge", "group"])
def test_stored_places_give_the_values_back(enriched, quantity):
    meaning, exact = legend(enriched, quantity), values(enriched, quantity)
    places = stored_values(enriched, quantity)
    assert places.dtype == np.uint16
    np.testing.assert_array_equal(places == NO_NUMBER, np.isnan(exact))
    known = np.isfinite(exact)
    share = places[known].astype(float) / STEPS
    if meaning["log"]:
        ends = np.log10(meaning["lo"]), np.log10(meaning["hi"])
        back, wanted = ends[0] + share * (ends[1] - ends[0]), np.log10(exact[known])
    else:
        ends = meaning["lo"], meaning["hi"]
        back, wanted = ends[0] + share * (ends[1] - ends[0]), exact[known]
    np.testing.assert_allclose(back, wanted, atol=0.51 * (ends[1] - ends[0]) / STEPS)
    assert {int(places[known].min()), int(places[known].max())} == {0, STEPS}


def test_only_positive_numbers_over_many_decades_are_stored_by_their_logarithm(enriched):
    assert legend(enriched, "structure.lifetime")["log"]
    for quantity in ("atom.charge", "electronegativity", "structure.band_gap"):
        assert not legend(enriched, quantity)["log"]


def test_units_and_names_are_written_for_people(data):
    gap = listed(data)["structure.band_gap"]
    assert (gap.label, gap.unit) == ("Band gap", "eV")
    assert listed(data)["covalent_radius"].unit == "Å"
    assert words("energy_above_hull") == "Energy above hull"
    assert words("E_form  per\natom") == "E form per atom"


def test_hostile_labels_stay_text_and_unlike_each_other(data):
    names = [e["label"] for e in legend(data, "structure.name")["entries"]]
    assert all("\n" not in name and len(name) <= 60 for name in names)


def test_unknown_quantity_is_a_key_error(data):
    with pytest.raises(KeyError):
        values(data, "smell")
