"""What the Drift page is told: series, their numbers, their atoms at a step, and its part of an address."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import spearmanr

from dashboard.app import create_app
from dashboard.atlases import Atlases
from dashboard.drift.arrays import fair_order
from dashboard.drift.outputs import rank_correlation, structure_means
from dashboard.drift.series import readable
from dashboard.state import default_view, parse, query
from precompute.drift.records import OF_ELEMENTS, OVERALL
from precompute.drift.stored import read_series
from tests.dashboard.synthetic_drift import EXPERIMENT, HEADS, OXYGEN, PUBLISHED, STEPS, STUDENT, write_drift_atlas

NAIVE = "7net-0-naive-seed0"
BASE = "/data/drifting/drift"


@pytest.fixture(scope="module")
def drifting(tmp_path_factory):
    return Atlases([write_drift_atlas(tmp_path_factory.mktemp("drift") / "drifting.zarr", copies=2)])


@pytest.fixture(scope="module")
def atlas(drifting):
    return drifting.get("drifting")


@pytest.fixture(scope="module")
def ask(drifting):
    client = create_app(drifting).server.test_client()
    return lambda path="", **headers: client.get(f"{BASE}{path}", headers=headers)


def floats(answer, shape=-1):
    return np.frombuffer(answer.data, "<f4").reshape(shape)


def test_series_of_one_experiment_stand_together_and_comparisons_last(ask):
    told = ask().json["series"]
    fine_tuned = [
        f"7net-0-{s}" for s in ("naive-seed0", "naive-seed1", "replay-seed0", "replay-seed1", "multihead-seed0")
    ]
    assert [s["name"] for s in told] == [*fine_tuned, PUBLISHED, STUDENT, HEADS]
    assert {s["experiment"] for s in told[:5]} == {EXPERIMENT}
    assert told[0]["trained_on"] == ["Na"]
    assert told[0]["step"] == list(STEPS)


def test_an_atlas_without_series_says_so(client):
    assert client.get("/data/synthetic/drift").json == {"series": []}
    assert client.get(f"/data/synthetic/drift/{NAIVE}").status_code == 404


def test_numbers_are_those_stored_with_intervals_and_atoms_counted(ask, atlas):
    stored, told = read_series(atlas.atlas.file, NAIVE), ask(f"/{NAIVE}").json
    for part in ("value", "low", "high"):
        for measure in OVERALL:
            given = np.array(told["overall"][measure][part], float)
            np.testing.assert_allclose(given, getattr(stored.overall[measure], part), rtol=1e-4)
        for measure in OF_ELEMENTS:
            given = np.array(told["of_elements"][measure][part], float)
            np.testing.assert_allclose(given, getattr(stored.of_elements[measure], part), rtol=1e-4)
    assert told["element_counted"]["forces"] == stored.element_atoms.tolist()
    assert told["counted"]["reembedded"] == stored.element_atoms.sum()
    assert told["counted"]["energy"] == len(stored.structure)
    assert told["forgetting"]["flagged"] == [atlas.symbols[OXYGEN - 1]]
    assert told["forgetting"]["n_runs"] == 2
    assert told["forgetting"]["null"][-1] is None


def test_a_series_without_outputs_has_nulls_and_no_correlation(ask):
    told = ask(f"/{PUBLISHED}").json
    assert told["overall"]["energy"]["value"] == [None, None]
    assert told["counted"]["forces"] == told["counted"]["energy"] == 0
    assert told["top"]["forces"] is None
    assert told["output"]["atoms"]["frozen"] == [None, None]
    assert np.isnan(floats(ask(f"/{PUBLISHED}/values/forces/1"))).all()


def test_atoms_come_in_the_order_in_which_they_are_drawn(ask, atlas):
    stored = read_series(atlas.atlas.file, STUDENT)  # of every second structure only
    body, n = ask(f"/{STUDENT}/atoms").data, len(stored.atom)
    ids = np.frombuffer(body, "<u4", n)
    assert set(ids) == set(stored.atom.tolist())
    assert ids.tolist() == [a for a in atlas.order.tolist() if a in set(stored.atom.tolist())]
    np.testing.assert_array_equal(np.frombuffer(body, "u1", offset=4 * n), atlas.of_atoms("is_representative")[ids])
    at = np.searchsorted(stored.atom, ids)
    np.testing.assert_array_equal(floats(ask(f"/{STUDENT}/values/frozen/2")), stored.frozen[2][at])


@pytest.mark.parametrize("anchors", ["reembedded", "frozen"])
def test_places_and_trails_are_on_one_map_at_every_step(ask, atlas, anchors):
    stored = read_series(atlas.atlas.file, NAIVE)
    xy = stored.position if anchors == "reembedded" else stored.position_frozen
    ids = np.frombuffer(ask(f"/{NAIVE}/atoms").data, "<u4", len(stored.atom))
    at = np.searchsorted(stored.atom, ids)
    ranges = set()
    for step in range(len(STEPS)):
        answer = ask(f"/{NAIVE}/places/{step}?anchors={anchors}")
        ranges.add(answer.headers["X-Range"])
        x0, x1, y0, y1 = map(float, answer.headers["X-Range"].split(","))
        codes = np.frombuffer(answer.data, "<u2").reshape(-1, 2)
        np.testing.assert_allclose([x0, y0] + codes * [x1 - x0, y1 - y0] / 65_534, xy[step][at], atol=(x1 - x0) / 1e5)
    assert len(ranges) == 1
    answer = ask(f"/{NAIVE}/trails?anchors={anchors}&most=25")
    n = int(answer.headers["X-Trails"])
    sampled = np.frombuffer(answer.data, "<u4", n)
    paths = np.frombuffer(answer.data, "<f4", offset=4 * n).reshape(len(STEPS), n, 2)
    np.testing.assert_array_equal(paths, xy[:, np.searchsorted(stored.atom, sampled)])


def test_any_first_part_of_the_trails_is_fair_to_elements():
    elements = np.random.default_rng(0).permutation(np.repeat([1, 8, 79], [900, 99, 1]))
    order = fair_order(elements)
    assert sorted(order.tolist()) == list(range(1000))
    assert set(elements[order[:3]]) == {1, 8, 79}
    for most in (50, 200, 500):
        drawn = np.bincount(elements[order[:most]], minlength=80)
        assert drawn[79] == 1
        assert drawn[8] == pytest.approx(most * 0.099, abs=2)


def test_arrays_are_asked_after_by_their_hash(ask):
    first = ask(f"/{NAIVE}/places/1")
    assert ask(f"/{NAIVE}/places/1", **{"If-None-Match": first.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    "path",
    ["/nothing", "/nothing/atoms", f"/{NAIVE}/places/4", f"/{NAIVE}/places/0?anchors=x", f"/{NAIVE}/trails?most=0",
     f"/{NAIVE}/trails?most=1e9", f"/{NAIVE}/values/energy/9", f"/{NAIVE}/values/atom/0"],
)  # fmt: skip
def test_what_is_not_there_is_not_found(ask, path):
    assert ask(path).status_code == 404


def test_rank_correlation_is_spearmans_and_its_interval_widens_with_fewer_structures():
    rng = np.random.default_rng(1)
    x = rng.exponential(size=400).round(2)  # with ties
    y = x + rng.exponential(size=400)
    y[:5] = np.nan
    many = rank_correlation(x, y, np.arange(400))
    assert many["value"] == pytest.approx(spearmanr(x[5:], y[5:]).statistic, abs=1e-4)
    assert many["n"] == 395
    assert many["low"] < many["value"] < many["high"]
    shared = np.repeat(rng.normal(size=8), 50)  # atoms of one structure go together
    few = rank_correlation(shared + 0.01 * x, shared + 0.01 * y, np.repeat(np.arange(8), 50))
    alone = rank_correlation(shared + 0.01 * x, shared + 0.01 * y, np.arange(400))
    assert few["high"] - few["low"] > alone["high"] - alone["low"]
    assert rank_correlation(x[:9], x[:9], np.arange(9)) is None
    assert rank_correlation(np.zeros(50), x[:50], np.arange(50)) is None


def test_means_of_structures_are_over_their_representatives():
    values = np.array([[1.0, 3.0, 10.0, np.nan, 7.0]])
    found = structure_means(values, np.array([5, 5, 5, 2, 2]), np.array([1, 1, 0, 1, 0], bool), np.array([5, 2]))
    np.testing.assert_array_equal(found, [[2.0, np.nan]])


def test_a_record_of_anything_can_be_told():
    deep = {"a": {"b": {"c": {"d": {"e": 1}}}}, "not": float("nan"), "text": "x\x00" * 400, "list": list(range(100))}
    told = readable(deep)
    assert told["a"]["b"]["c"]["d"] == "…"
    assert told["not"] is None
    assert len(told["text"]) == 300
    assert "\x00" not in told["text"]
    assert len(told["list"]) == 60


@pytest.mark.parametrize(
    "changes",
    [
        {"page": "drift"}, {"series": NAIVE}, {"series": NAIVE, "step": 0}, {"step": 3}, {"anchors": "frozen"},
        {"measure": "energy"}, {"seeds": "mean"}, {"movers": "structures"}, {"decades": True}, {"stretch": 100},
        {"grouped": True}, {"stretch": 0},
        {"beside": False},
    ],
)  # fmt: skip
def test_every_view_survives_its_address(atlas, changes):
    view = replace(default_view(atlas), **changes)
    address = query(view, atlas)
    assert len(address.split("&")) == len(changes)
    assert parse(address, atlas) == (view, [])


@pytest.mark.parametrize(
    ("asked", "word"),
    [("series=gone", "gone"), (f"series={STUDENT}&step=3", "3"), ("step=last", "last"), ("anchors=loose", "loose"),
     ("measure=hope", "hope"), ("seeds=all", "all"), ("movers=ions", "ions"), ("decades=2", "2"), ("stretch=7", "7"),
     ("grouped=2", "2"),
     ("beside=x", "x")],
)  # fmt: skip
def test_damaged_parts_are_left_at_their_default_and_told(atlas, asked, word):
    view, notices = parse(f"?{asked}", atlas)
    kept = {"series": STUDENT} if STUDENT in asked else {}
    assert view == replace(default_view(atlas), **kept)
    assert len(notices) == 1
    assert word in notices[0]
