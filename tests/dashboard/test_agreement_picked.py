"""Agreement over a selection: which atoms, how far it is, and that nobody's leaving or failing stops the next."""

import threading
import time

import numpy as np
import pytest

from dashboard.agreement import picked
from dashboard.agreement.picked import FEWEST_ATOMS, MOST_ATOMS, Comparisons, TooFew, features_of, rows_at, sample
from dashboard.app import create_app
from dashboard.atlases import Atlases
from precompute.agreement.metrics import METRICS
from precompute.agreement.records import Run, Score
from tests.dashboard.synthetic import write_atlas

PATIENCE = 20.0


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = write_atlas(tmp_path_factory.mktemp("picked") / "many.zarr", copies=12)
    return Atlases([path]).get("many")


def everything(data):
    return np.ones(data.n_atoms, bool)


def made_up(features, structure, *, metrics, k, seed, sample, on_metric, **_):
    """Scores of 0.5 for every pair and model."""
    m = len(features)
    scores = {}
    for name in metrics:
        value = np.full((m, m) if METRICS[name].per == "pair" else m, 0.5)
        scores[name] = Score(name, value, value, value, value, value, len(structure))
        on_metric(name)
    n = len(structure)
    kind = ("representatives", "atom", "coordinates")
    return Run("x", tuple(features), *kind, k, sample, seed, "", n, len(set(structure)), 1, 1, scores)


def until(ask, state):
    deadline = time.monotonic() + PATIENCE
    while (told := ask())["state"] != state:
        assert time.monotonic() < deadline, told
        time.sleep(0.01)
    return told


def test_only_one_atom_of_an_orbit_is_taken_and_all_where_there_are_few(data):
    found = sample(data, everything(data))
    assert (found.atoms == np.flatnonzero(data.of_atoms("is_representative"))).all()
    assert (found.selected, found.representatives) == (data.n_atoms, len(found.atoms))


def test_of_many_atoms_a_sample_is_drawn_that_the_seed_decides(data, monkeypatch):
    monkeypatch.setattr(picked, "MOST_ATOMS", 30)
    first, again, other = (sample(data, everything(data), seed) for seed in (0, 0, 1))
    assert len(first.atoms) == 30 == len(set(first.atoms.tolist()))
    assert (first.atoms == again.atoms).all()
    assert not np.array_equal(first.atoms, other.atoms)
    assert data.of_atoms("is_representative")[first.atoms].all()
    assert first.representatives > 30


def test_too_few_atoms_are_refused_with_both_numbers(data):
    mask = np.zeros(data.n_atoms, bool)
    mask[np.flatnonzero(data.of_atoms("is_representative"))[:5]] = True
    with pytest.raises(TooFew, match=f"holds 5 symmetry-distinct atoms; at least {FEWEST_ATOMS}"):
        sample(data, mask)


def test_rows_are_read_across_blocks(data, monkeypatch):
    monkeypatch.setattr(picked, "ROWS_AT_ONCE", 7)
    atoms = np.array([0, 3, 6, 7, 20, 41])
    path = "models/7net-0/coordinates"
    np.testing.assert_array_equal(rows_at(data, path, atoms), data.atlas.file.read(path)[atoms])


def test_atoms_that_a_model_refused_are_left_out_of_all(data):
    features, atoms = features_of(data, np.arange(60))
    assert atoms.tolist() == list(range(3, 60))
    assert {len(rows) for rows in features.values()} == {57}
    assert all(np.isfinite(rows).all() for rows in features.values())


def test_a_comparison_is_made_once_and_says_over_what(data):
    calls = []

    def compare(*args, **kwargs):
        calls.append(kwargs["metrics"])
        return made_up(*args, **kwargs)

    jobs = Comparisons(compare)
    told = until(lambda: jobs.ask(data, everything(data)), "done")["run"]
    assert jobs.ask(data, everything(data))["state"] == "done"
    assert [*calls[0], *calls[1]] == [*picked.METRICS_IN_ORDER]
    assert len(calls) == 2
    assert set(picked.METRICS_IN_ORDER) == set(METRICS) - {"transport"}
    assert told["selected"] == data.n_atoms
    assert told["n_atoms"] + told["lacking"] == told["representatives"] <= MOST_ATOMS
    assert told["scores"]["cka"]["tree"] is not None


def test_it_says_how_far_it_is_and_stops_where_nobody_waits(data, monkeypatch):
    monkeypatch.setattr(picked, "FORGOTTEN_AFTER", 1000.0)
    go_on, at = threading.Event(), threading.Event()

    def compare(*args, on_metric, metrics, **kwargs):
        on_metric(metrics[0])
        at.set()
        assert go_on.wait(PATIENCE)
        return made_up(*args, on_metric=on_metric, metrics=metrics, **kwargs)

    jobs = Comparisons(compare)
    jobs.ask(data, everything(data))
    assert at.wait(PATIENCE)
    told = jobs.ask(data, everything(data))
    assert (told["state"], told["done"], told["now"]) == ("working", 1, METRICS["procrustes-angular"].label)
    assert "run" not in told
    other = data.of_atoms("atomic_number") == 8
    assert jobs.ask(data, other)["waiting"] == 1
    assert jobs.ask(data, everything(data))["waiting"] == 0
    jobs.leave(data, everything(data))
    go_on.set()
    until(lambda: jobs.ask(data, other), "done")
    assert jobs.ask(data, everything(data))["state"] == "working"  # given up before, so it is begun anew


def test_the_first_scores_are_told_once_while_the_others_are_computed(data):
    go_on, at = threading.Event(), threading.Event()

    def compare(*args, metrics, **kwargs):
        if metrics[0] != picked.FIRST[0]:
            at.set()
            assert go_on.wait(PATIENCE)
        return made_up(*args, metrics=metrics, **kwargs)

    jobs = Comparisons(compare)
    jobs.ask(data, everything(data))
    assert at.wait(PATIENCE)
    told = jobs.ask(data, everything(data))
    assert (told["state"], told["done"]) == ("working", len(picked.FIRST))
    assert list(told["run"]["scores"]) == list(picked.FIRST)
    assert "run" not in jobs.ask(data, everything(data), seen=True)
    go_on.set()
    done = until(lambda: jobs.ask(data, everything(data), seen=True), "done")["run"]
    assert list(done["scores"]) == [m for m in METRICS if m != "transport"]


def test_a_comparison_that_fails_says_so_and_the_next_goes_on(data):
    def compare(features, structure, **kwargs):
        if len(structure) > 60:
            raise RuntimeError("no")
        return made_up(features, structure, **kwargs)

    jobs = Comparisons(compare)
    assert "no" in until(lambda: jobs.ask(data, everything(data)), "refused")["error"]
    until(lambda: jobs.ask(data, data.of_atoms("atomic_number") == 8), "done")


def test_the_address_compares_what_the_view_picks_out(data):
    server = create_app(Atlases([data.atlas.path])).server
    client = server.test_client()
    few = client.get("/data/many/agreement/selection?elements=Li").json
    assert few["state"] == "refused"
    assert "12 symmetry-distinct" in few["error"]
    wrong = client.get("/data/many/agreement/selection?find=element+%3D").json
    assert wrong["state"] == "refused"
    assert "filter cannot be read" in wrong["error"]
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert client.get("/data/many/agreement/selection", headers=elsewhere).status_code == 403
    assert client.post("/data/many/agreement/selection/leave", headers=elsewhere).status_code == 403
    assert client.post("/data/many/agreement/selection/leave").status_code == 204
