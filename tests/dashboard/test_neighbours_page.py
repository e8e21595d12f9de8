"""What the Neighbours page is told: overlap in numbers, rankings, and one atom as two models see it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import zarr

from dashboard import selection
from dashboard.app import create_app
from dashboard.atlases import Atlases
from dashboard.find import matches
from dashboard.overlap import around, arrays, ranking, summary
from dashboard.overlap.compared import Comparison
from dashboard.overlap.ranking import Asked, RankingError
from dashboard.state import parse
from precompute.agreement.overlap import rank_overlap
from tests.dashboard.synthetic import REFUSING
from tests.dashboard.synthetic_overlap import N_ANCHORS, OUTSIDE, write_overlap_atlas

PAIR = ("7net-0", "mace-untrained")
BASE = "/data/synthetic/overlap"
COMPARISON = Comparison(PAIR, "representatives", 5, False)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return Atlases([write_overlap_atlas(tmp_path_factory.mktemp("neighbours") / "synthetic.zarr")]).get("synthetic")


@pytest.fixture(scope="module")
def client(data):
    return create_app(Atlases([data.atlas.path])).server.test_client()


@pytest.fixture(scope="module")
def sites(data):
    return data.of_atoms("orbit") == np.arange(data.n_atoms)


def everything(data):
    return np.ones(data.n_atoms, bool)


def test_the_summary_is_over_one_atom_a_site(data, sites):
    found = summary.summary(data, COMPARISON, everything(data))
    overlap = arrays.of_atoms(data, COMPARISON)
    assert found["all"]["mean"] == pytest.approx(overlap[sites].mean())
    assert found["all"]["atoms"] == sites.sum()
    assert found["all"]["structures"] == data.n_structures
    assert found["all"]["low"] < found["all"]["mean"] < found["all"]["high"]
    assert found["control"]["mean"] == pytest.approx(arrays.of_control(data, COMPARISON)[sites].mean())
    assert found["chance"] == pytest.approx(5 / (sites.sum() - 1))
    every = summary.summary(data, Comparison(PAIR, "all", 5, False), everything(data))
    assert every["all"]["atoms"] == data.n_atoms
    json.dumps([found, every], allow_nan=False)


def test_the_summary_follows_the_selection(data, sites):
    chosen = matches(data, "element = O")
    found = summary.summary(data, COMPARISON, chosen)
    assert found["all"]["mean"] == pytest.approx(arrays.of_atoms(data, COMPARISON)[sites & chosen].mean())
    assert list(found["elements"]) == ["O"]
    nothing = summary.summary(data, COMPARISON, ~everything(data))
    assert nothing["all"]["mean"] is None
    assert nothing["groups"] == []
    json.dumps(nothing, allow_nan=False)


def test_each_row_of_a_group_is_found_by_its_text(data, sites):
    found = summary.summary(data, COMPARISON, everything(data))
    overlap = arrays.of_atoms(data, COMPARISON)
    assert [group["id"] for group in found["groups"]] == ["category", "crystal_system", "prototype", "coordination"]
    for group in found["groups"]:
        for row in group["rows"]:
            members = matches(data, row["find"]) & sites
            assert row["atoms"] == members.sum()
            assert row["structures"] == len(np.unique(data.of_atoms("structure")[members]))
            assert row["mean"] == pytest.approx(overlap[members].mean())
    systems = next(g for g in found["groups"] if g["id"] == "crystal_system")
    assert sum(row["atoms"] for row in systems["rows"]) == sites.sum()


def test_every_group_has_a_row_where_all_are_asked_for(data, client, monkeypatch):
    few = summary.summary(data, COMPARISON, everything(data))
    monkeypatch.setattr(summary, "MOST_GROUPS", 1)
    monkeypatch.setattr(summary, "FEWEST_ATOMS", 1_000)
    assert [len(g["rows"]) for g in summary.summary(data, COMPARISON, everything(data))["groups"]] == [1, 1, 1]
    asked = f"{BASE}/summary?pair={','.join(PAIR)}&nearest=5&groups=all"
    every = {group["id"]: group["rows"] for group in client.get(asked).json["groups"]}
    for group in few["groups"]:
        assert every[group["id"]][: len(group["rows"])] == group["rows"]


def test_the_summary_says_which_layers_are_compared(data):
    layers = summary.summary(data, COMPARISON, everything(data))["layers"]
    assert layers == {key: data.cards[key].layer or "not recorded" for key in PAIR}


def test_the_summary_counts_atoms_that_a_model_refused(data):
    found = summary.summary(data, Comparison(("7net-0", REFUSING), "all", 5, False), everything(data))
    assert found["lacking"] == {REFUSING: 3}
    assert found["all"]["atoms"] == data.n_atoms - 3


def test_without_an_overlap_the_summary_says_why(data):
    found = summary.summary(data, Comparison(("7net-0",), "all", 5, False), everything(data))
    assert "two models" in found["obstacle"]
    assert "all" not in found


def rows_of(data, comparison=COMPARISON, select=None, **asked):
    wanted = {"rows": 200, **asked}
    return ranking.page(
        data, comparison, Asked(**wanted), str(select), lambda: everything(data) if select is None else select
    )


def test_atoms_are_ranked_by_overlap_least_first_and_ties_by_longer_lists(data, sites):
    page = rows_of(data)
    atoms = [row["atom"] for row in page["rows"]]
    assert sorted(atoms) == np.flatnonzero(sites).tolist()
    overlap = arrays.of_atoms(data, COMPARISON)[atoms]
    assert [row["overlap"] for row in page["rows"]] == overlap.tolist()
    longer = arrays.of_atoms(data, Comparison(PAIR, "representatives", 20, False))[atoms]
    keys = list(zip(overlap, longer, strict=True))
    assert keys == sorted(keys)
    backwards = rows_of(data, descending=True)
    assert [r["overlap"] for r in backwards["rows"]] == sorted(overlap.tolist(), reverse=True)


def test_pages_of_a_ranking_join_to_all_of_it(data):
    for of in ("atoms", "structures"):
        whole = rows_of(data, of=of)
        parts = [
            row for start in range(0, whole["total"], 7) for row in rows_of(data, of=of, start=start, rows=7)["rows"]
        ]
        assert parts == whole["rows"]
        assert whole["total"] == len(parts)


def test_crystals_are_ranked_by_the_mean_over_their_sites(data, sites):
    overlap = arrays.of_atoms(data, COMPARISON)
    page = rows_of(data, of="structures")
    assert page["total"] == data.n_structures
    means = [round(r["overlap"], 12) for r in page["rows"]]
    assert means == sorted(means)
    for row in page["rows"]:
        members = sites & (data.of_atoms("structure") == data.of_atoms("structure")[row["atom"]])
        assert row["overlap"] == pytest.approx(overlap[members].mean())
        assert row["sites"] == members.sum()
        assert overlap[row["atom"]] == overlap[members].min()


@pytest.mark.parametrize("sort", ranking.SORTS)
@pytest.mark.parametrize("of", ranking.RANKED)
def test_every_column_sorts_both_ways(data, of, sort):
    up, down = (rows_of(data, of=of, sort=sort, descending=descending)["rows"] for descending in (False, True))
    assert {r["atom"] for r in up} == {r["atom"] for r in down}
    key = {"crystal": "formula"}.get(sort, sort)
    if key in up[0]:
        rounded = [[r[key] if isinstance(r[key], str) else round(r[key], 12) for r in rows] for rows in (up, down)]
        assert rounded == [sorted(rounded[0]), sorted(rounded[0], reverse=True)]


def test_a_ranking_is_of_the_selection_and_tells_the_place_of_an_atom(data, sites):
    chosen = matches(data, "element = O")
    page = rows_of(data, select=chosen)
    assert page["total"] == (chosen & sites).sum()
    third = page["rows"][2]["atom"]
    equivalent = int(np.flatnonzero((data.of_atoms("orbit") == third) & (np.arange(data.n_atoms) != third))[0])
    outside = int(np.flatnonzero(~chosen)[0])
    for atom, place in ((third, 2), (equivalent, 2), (outside, None)):
        asked = ranking.page(data, COMPARISON, Asked(rows=0), str(chosen), lambda: chosen, atom)
        assert (asked["place"], asked["rows"]) == (place, [])


@pytest.mark.parametrize(
    ("of", "arguments", "said"),
    [
        ("planets", {}, "no ranking of 'planets'"),
        ("atoms", {"sort": "mood"}, "not by 'mood'"),
        ("atoms", {"start": "-1"}, "start is a whole number"),
        ("atoms", {"rows": "201"}, "at most 200"),
    ],
)
def test_a_damaged_question_for_a_ranking_is_refused_in_words(of, arguments, said):
    with pytest.raises(RankingError, match=said):
        ranking.asked(of, arguments)


def test_one_atom_as_two_models_see_it(data):
    atom = int(np.flatnonzero(data.of_atoms("atomic_number") == 58)[0])
    found = around.around(data, COMPARISON, ("7net-0", REFUSING), atom, "mace-untrained")
    assert [m["key"] for m in found["models"]] == ["mace-untrained", "7net-0", REFUSING]
    assert [m["compared"] for m in found["models"]] == [True, True, False]
    index = {m["key"]: data.atlas.model(m["key"]).neighbours("representatives")[0][atom, :5] for m in found["models"]}
    for i, model in enumerate(found["models"]):
        ranks = {row["atom"]: row["places"][i][0] for row in found["rows"] if row["places"][i]}
        assert ranks == {int(a): rank for rank, a in enumerate(index[model["key"]], start=1)}
    shared = set(index["7net-0"]) & set(index["mace-untrained"])
    assert found["overlap"] == pytest.approx(len(shared) / 5)
    assert found["order"] == pytest.approx(rank_overlap(index["7net-0"][None], index["mace-untrained"][None], 5)[0])
    both = [bool(row["places"][0]) + bool(row["places"][1]) for row in found["rows"]]
    assert both == sorted(both, reverse=True)
    json.dumps(found, allow_nan=False)


def test_the_anchors_that_make_the_difference_are_those_of_the_largest(data):
    atom = 40
    found = around.around(data, COMPARISON, (), atom)
    standard = []
    for key in PAIR:
        c = data.atlas.model(key).coordinates.astype(float)
        standard.append((c[atom] - c.mean(axis=0)) / c.std(axis=0))
    difference = standard[0] - standard[1]
    order = np.argsort(-np.abs(difference))[: len(found["anchors"])]
    assert [a["anchor"] for a in found["anchors"]] == (order + 1).tolist()
    np.testing.assert_allclose([a["difference"] for a in found["anchors"]], difference[order], rtol=1e-6)
    for a in found["anchors"]:
        assert a["similar"][0] == pytest.approx(data.atlas.model(PAIR[0]).coordinates[atom, a["anchor"] - 1])
        assert (a["atom"] is None) == (a["anchor"] == OUTSIDE + 1)
    assert found["pair"] == list(PAIR)
    assert (found["usual_over"], found["constant"]) == ([data.n_atoms, data.n_atoms], 0)


def altered(tmp_path, alter):
    """An atlas whose coordinates of the first of the pair are changed in place by `alter`."""
    path = write_overlap_atlas(tmp_path / "synthetic.zarr")
    array = zarr.open_array(path / "models" / PAIR[0] / "coordinates", mode="r+")
    rows = array[:]
    alter(rows)
    array[:] = rows
    return Atlases([path]).get("synthetic")


@pytest.mark.slow
@pytest.mark.ci
def test_the_usual_similarity_is_over_all_atoms_whatever_their_order_in_the_file(tmp_path, monkeypatch):
    # the end of the file is unlike its beginning, and blocks are of unequal lengths
    def alter(rows):
        rows[-5:] += 3.0
        rows[:2] = np.nan

    found = altered(tmp_path, alter)
    monkeypatch.setattr(around, "ROWS_PER_CHUNK", 7)
    mean, deviation, n = around.usual(found, PAIR[0])
    rows = found.atlas.model(PAIR[0]).coordinates[2:].astype(float)
    np.testing.assert_allclose(mean, rows.mean(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(deviation, rows.std(axis=0), rtol=1e-12)
    assert n == found.n_atoms - 2


@pytest.mark.slow
@pytest.mark.ci
def test_an_anchor_equally_similar_to_all_atoms_is_left_out_and_said(tmp_path):
    def alter(rows):
        rows[:, 4] = np.float32(0.1)

    found = around.around(altered(tmp_path, alter), COMPARISON, (), 40)
    assert found["constant"] == 1
    assert len(found["anchors"]) == around.MOST_ANCHORS
    assert 5 not in [a["anchor"] for a in found["anchors"]]
    json.dumps(found, allow_nan=False)


@pytest.mark.slow
@pytest.mark.ci
def test_where_no_anchor_tells_models_apart_the_reason_is_said(tmp_path):
    def alter(rows):
        rows[:] = np.float32(0.1)

    found = around.around(altered(tmp_path, alter), COMPARISON, (), 40)
    assert found["anchors"] == []
    assert "equally similar" in found["unexplained"]


def test_anchors_that_are_not_in_the_atlas_are_named_all_the_same(data):
    names = around._anchor_names(data)
    assert len(names) == N_ANCHORS
    assert names[OUTSIDE]["atom"] is None
    assert names[OUTSIDE] == names[OUTSIDE] | {"symbol": "K", "formula": "KBr", "id": "KBr-0"}
    assert names[0]["formula"] == "NaCl"


def test_an_atom_that_a_model_refused_has_no_overlap_and_no_reason(data):
    comparison = Comparison(("7net-0", REFUSING), "representatives", 5, False)
    found = around.around(data, comparison, (), 0)
    assert found["overlap"] is None
    assert found["anchors"] == []
    assert [m["n"] for m in found["models"]] == [5, 0]


def test_of_several_models_the_two_least_alike_are_told_apart(data):
    comparison = Comparison(("7net-0", "mace-untrained", "element-only"), "representatives", 10, False)
    found = around.around(data, comparison, (), 40)
    members = {k: set(data.atlas.model(k).neighbours("representatives")[0][40, :10]) for k in comparison.models}
    least = len(members[found["pair"][0]] & members[found["pair"][1]])
    assert least == min(len(members[a] & members[b]) for a in members for b in members if a < b)


def test_the_addresses_answer_for_the_view_of_their_query(client, data):
    asked = "pair=7net-0,mace-untrained&nearest=5&find=element%20%3D%20O"
    view, _ = parse(f"?{asked}", data)
    told = client.get(f"{BASE}/summary?{asked}").json
    assert told == json.loads(json.dumps(summary.summary(data, COMPARISON, selection.mask(data, view))))
    page = client.get(f"{BASE}/ranked/structures?{asked}&start=1&rows=2").json
    assert len(page["rows"]) == 2
    name = data.atom_name(40)
    assert client.get(f"{BASE}/around?{asked}&atom={name}").json["atom"] == 40


@pytest.mark.parametrize(
    ("address", "status", "said"),
    [
        ("around", 400, "no atom is named"),
        ("summary?find=(((", 400, ""),
        ("ranked/planets", 400, "no ranking of"),
        ("ranked/atoms?rows=9999", 400, "at most 200"),
    ],
)
def test_what_cannot_be_answered_is_refused_in_words(client, address, status, said):
    answer = client.get(f"{BASE}/{address}")
    assert answer.status_code == status
    assert said in answer.json["error"]
