"""What the Agreement page is told: runs, trees, plans, anchor counts, energy errors."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from dashboard.agreement import results
from dashboard.agreement.errors import ErrorTable, errors_of, read_errors
from dashboard.app import create_app
from dashboard.atlases import Atlases
from precompute.agreement import stored
from precompute.agreement.metrics import METRICS
from precompute.contracts import AtlasError
from precompute.store import Atlas
from tests.dashboard.synthetic import write_atlas
from tests.dashboard.synthetic_agreement import COUNTS, KEYS, REASON

BASE = "/data/synthetic/agreement"
FIRST = "representatives-atom"


@pytest.fixture(scope="module")
def run(client):
    return client.get(f"{BASE}/runs/{FIRST}").json


def test_numbers_have_five_digits_and_are_null_where_not_finite():
    assert results.numbers(np.array([[1 / 3, np.nan], [12345.678, -np.inf]])) == [[0.33333, None], [12346.0, None]]


def test_the_run_that_pages_open_with_comes_first(client):
    told = client.get(BASE).json
    assert [r["name"] for r in told["runs"]] == [FIRST, "representatives-structure", "within-element-atom"]
    assert told["baselines"] == ["element-only"]
    assert set(told["metrics"]) == set(METRICS)
    assert told["metrics"]["gfre"]["high"] is None
    assert all(m["meaning"] and m["source"] for m in told["metrics"].values())


def test_the_layer_of_each_model_is_told_where_it_is_known(data):
    cards = {"7net-0": replace(data.cards["7net-0"], layer="node features before readout")}
    named = SimpleNamespace(cards={**data.cards, **cards}, model_keys=data.model_keys, atlas=data.atlas, keep=data.keep)
    assert results.overview(named, None)["layers"] == {"7net-0": "node features before readout"}


def test_scores_are_those_that_were_written(run, atlas_path):
    written = stored.runs(Atlas(atlas_path))[FIRST]
    for name, score in written.scores.items():
        for part in ("value", "low", "high", "null", "null_high"):
            told = np.array(run["scores"][name][part], float)
            np.testing.assert_allclose(told, getattr(score, part), rtol=1e-4, equal_nan=True)
        assert run["scores"][name]["n"] == score.n


def test_a_metric_that_could_not_be_computed_says_why(run):
    assert run["scores"]["lfre"]["reason"] == REASON
    assert run["scores"]["lfre"]["tree"] is None
    assert set(np.ravel(run["scores"]["lfre"]["value"])) == {None}


def test_trees_hold_all_models_but_what_is_no_model(run):
    found = run["scores"]["procrustes"]["tree"]
    assert sorted(found["order"]) == found["leaves"] == [i for i, k in enumerate(KEYS) if k != "element-only"]
    assert len(found["joins"]) == len(found["leaves"]) - 1
    assert found["joins"][0][:2] == [0, 1]  # the first two were made the most alike
    assert run["scores"]["intrinsic-dimension"]["tree"] is None


def test_a_plan_can_be_asked_for_either_way_and_is_ordered_by_element_group(client, data):
    there = client.get(f"{BASE}/transport?from=7net-0&to=chgnet-r2scan").json
    back = client.get(f"{BASE}/transport?from=chgnet-r2scan&to=7net-0").json
    assert there["elements"] == ["Li", "Na", "O", "Cl"]
    assert there["categories"] == sorted(there["categories"])
    np.testing.assert_allclose(there["plan"], np.transpose(back["plan"]))
    assert np.sum(there["plan"]) == pytest.approx(1, abs=1e-3)
    assert there["stays"] == pytest.approx(np.trace(there["plan"]), abs=1e-3)
    assert results.plans(data) == [["7net-0", "chgnet-r2scan"]]


def test_anchor_counts_are_by_method_seed_count_and_metric(client):
    told = client.get(BASE).json["anchor_counts"]
    assert np.shape(told["value"]) == (len(told["methods"]), len(told["seeds"]), len(COUNTS), len(told["metrics"]))
    assert told["pairs"] == 1


def test_what_is_not_there_is_not_found(client):
    for path in ("runs/none", "runs/..", "transport?from=7net-0&to=nothing", "transport"):
        assert client.get(f"{BASE}/{path}").status_code == 404
    assert client.get("/data/none/agreement").status_code == 404


def test_answers_are_asked_after_by_their_hash(client):
    for path in (BASE, f"{BASE}/runs/{FIRST}", f"{BASE}/transport?from=7net-0&to=chgnet-r2scan"):
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (first.status_code, again.status_code) == (200, 304)


def test_an_atlas_without_agreement_says_so(tmp_path):
    atlas = write_atlas(tmp_path / "bare.zarr", copies=1, agreement=False)
    told = create_app(Atlases([atlas])).server.test_client().get("/data/bare/agreement").json
    assert (told["runs"], told["plans"], told["anchor_counts"], told["errors"]) == ([], [], None, None)


# ---- energy errors


def table(tmp_path, text):
    path = tmp_path / "errors.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_errors_are_read_and_what_is_not_in_the_atlas_is_named(tmp_path, data):
    found = read_errors(
        table(tmp_path, "\ufeffmodel, error, unit, source\n7net-0, 0.02, eV/atom, \"ours, 2026\"\nother,1,eV/atom,\n")
    )  # fmt: skip
    assert found == ErrorTable("eV/atom", {"7net-0": 0.02, "other": 1.0}, {"7net-0": "ours, 2026", "other": ""})
    told = errors_of(data, found)
    assert told == {"unit": "eV/atom", "models": {"7net-0": [0.02, "ours, 2026"]}, "unknown": ["other"]}
    json.dumps(told, allow_nan=False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no column model, error, unit"),
        ("model,error\na,1\n", "no column unit"),
        ("model,error,unit\na,nan,eV\n", "line 2: expected a model"),
        ("model,error,unit\na,-1,eV\n", "'-1'"),
        ("model,error,unit\n,1,eV\n", "line 2"),
        ("model,error,unit\na,1,eV\na,2,eV\n", "line 3: a was given before"),
        ("model,error,unit\na,1,eV\nb,2,meV\n", "mixes units"),
    ],
)
def test_damaged_tables_of_errors_are_refused_with_the_line(tmp_path, text, said):
    with pytest.raises(AtlasError, match=said):
        read_errors(table(tmp_path, text))


def test_files_that_are_no_tables_of_errors_are_refused(tmp_path):
    with pytest.raises(AtlasError, match="cannot be read"):
        read_errors(tmp_path / "none.csv")
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AtlasError, match="cannot be read"):
        read_errors(tmp_path / "bytes.csv")
    (tmp_path / "large.csv").write_bytes(b"x" * 1_000_001)
    with pytest.raises(AtlasError, match="expected a line a model"):
        read_errors(tmp_path / "large.csv")


def test_errors_in_the_atlas_count_where_no_file_is_given(tmp_path):
    def add(file):
        file.set_attrs({"energy_errors": [{"model": "7net-0", "error": 0.1, "unit": "eV/atom", "source": "x"}]})

    atlases = Atlases([write_atlas(tmp_path / "known.zarr", copies=1, add=add, agreement=False)])
    data = atlases.get("known")
    assert errors_of(data, None)["models"] == {"7net-0": [0.1, "x"]}
    assert errors_of(data, ErrorTable("eV", {"7net-0": 0.3}, {"7net-0": ""}))["models"] == {"7net-0": [0.3, ""]}


@pytest.mark.slow
@pytest.mark.ci
def test_damaged_errors_in_the_atlas_are_told_and_hide_nothing_else(tmp_path):
    def add(file):
        file.set_attrs({"energy_errors": [{"model": "7net-0", "error": "much"}]})

    atlases = Atlases([write_atlas(tmp_path / "hurt.zarr", copies=1, add=add)])
    told = create_app(atlases).server.test_client().get("/data/hurt/agreement").json
    assert "expected a model and its error" in told["errors"]["refused"]
    assert told["runs"]
