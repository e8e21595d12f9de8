"""Comparisons of selections: one at a time over all processes, told to all who wait, begun anew after a failure."""

import logging
import multiprocessing
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from dashboard.agreement import comparisons, picked
from dashboard.agreement.comparisons import FORGOTTEN_AFTER, MOST_WAITING, Comparisons
from dashboard.agreement.picked import MOST_ATOMS
from dashboard.app import create_app
from dashboard.atlases import Atlases
from precompute.agreement.metrics import METRICS
from precompute.agreement.records import Run, Score, run_name
from tests.dashboard.synthetic import write_atlas

PATIENCE = 30.0


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = write_atlas(tmp_path_factory.mktemp("picked") / "many.zarr", copies=12)
    return Atlases([path]).get("many")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "cache" / "comparisons"


def everything(data):
    return np.ones(data.n_atoms, bool)


def oxygen(data):
    return data.of_atoms("atomic_number") == 8


def made_up(features, structure, *, metrics, k, seed, sample, select, on_metric, **_):
    """Scores of 0.5 for every pair and model."""
    m = len(features)
    scores = {}
    for name in metrics:
        value = np.full((m, m) if METRICS[name].per == "pair" else m, 0.5)
        scores[name] = Score(name, value, value, value, value, value, len(structure))
        on_metric(name)
    n = len(structure)
    kind = ("representatives", "atom", "coordinates")
    name = run_name(*kind, select)
    return Run(name, tuple(features), *kind, k, sample, seed, select, n, len(set(structure)), 1, 1, scores)


class Held:
    """Compares when told to."""

    def __init__(self):
        self.at, self.go_on, self.calls = threading.Event(), threading.Event(), 0

    def __call__(self, *args, **kwargs):
        self.calls += 1
        self.at.set()
        assert self.go_on.wait(PATIENCE)
        return made_up(*args, **kwargs)


def until(ask, state):
    deadline = time.monotonic() + PATIENCE
    while (told := ask())["state"] != state:
        assert time.monotonic() < deadline, told
        time.sleep(0.01)
    return told


def test_a_comparison_is_made_once_and_says_over_what(data, folder):
    calls = []

    def compare(*args, **kwargs):
        calls.append(kwargs["metrics"])
        return made_up(*args, **kwargs)

    jobs = Comparisons(compare, folder)
    told = until(lambda: jobs.ask(data, everything(data), "elements O"), "done")["run"]
    assert jobs.ask(data, everything(data), "elements O")["state"] == "done"
    assert [*calls[0], *calls[1]] == [*picked.METRICS_IN_ORDER]
    assert len(calls) == 2
    assert set(picked.METRICS_IN_ORDER) == set(METRICS) - {"transport"}
    assert told["selected"] == data.n_atoms
    assert told["select"] == "elements O"
    assert told["name"].startswith("selection-")
    assert told["n_atoms"] + told["lacking"] == told["representatives"] <= MOST_ATOMS
    assert told["scores"]["cka"]["tree"] is not None


def test_the_same_atoms_by_other_words_are_another_comparison(data, folder):
    jobs = Comparisons(made_up, folder)
    one, other = (until(lambda w=w: jobs.ask(data, oxygen(data), w), "done")["run"] for w in ("O", "element O"))
    assert (one["select"], other["select"]) == ("O", "element O")
    assert one["name"] != other["name"]


def test_the_folder_is_private(data, folder):
    Comparisons(made_up, folder).ask(data, everything(data))
    assert folder.stat().st_mode & 0o077 == 0


def test_it_says_how_far_it_is_and_who_waits_behind(data, folder):
    held = Held()
    jobs = Comparisons(held, folder)
    jobs.ask(data, everything(data), page="a")
    assert held.at.wait(PATIENCE)
    told = jobs.ask(data, everything(data), page="a")
    assert (told["state"], told["done"], told["now"]) == ("working", 0, METRICS["procrustes"].label)
    assert told["of"] == len(picked.METRICS_IN_ORDER)
    assert "run" not in told
    assert jobs.ask(data, oxygen(data), page="b")["waiting"] == 1
    assert jobs.ask(data, everything(data), page="a")["waiting"] == 0
    held.go_on.set()
    until(lambda: jobs.ask(data, everything(data), page="a"), "done")
    until(lambda: jobs.ask(data, oxygen(data), page="b"), "done")


def test_the_first_scores_are_told_once_while_the_others_are_computed(data, folder):
    held = Held()

    def compare(*args, metrics, **kwargs):
        return (made_up if metrics[0] == picked.FIRST[0] else held)(*args, metrics=metrics, **kwargs)

    jobs = Comparisons(compare, folder)
    jobs.ask(data, everything(data))
    assert held.at.wait(PATIENCE)
    told = jobs.ask(data, everything(data))
    assert (told["state"], told["done"]) == ("working", len(picked.FIRST))
    assert list(told["run"]["scores"]) == list(picked.FIRST)
    assert "run" not in jobs.ask(data, everything(data), seen=True)
    held.go_on.set()
    done = until(lambda: jobs.ask(data, everything(data), seen=True), "done")["run"]
    assert list(done["scores"]) == [m for m in METRICS if m != "transport"]


def test_leaving_stops_nobody_elses_comparison(data, folder):
    held = Held()
    jobs = Comparisons(held, folder)
    for page in ("a", "b"):
        jobs.ask(data, everything(data), page=page)
    assert held.at.wait(PATIENCE)
    jobs.leave(data, everything(data), page="a")
    held.go_on.set()
    until(lambda: jobs.ask(data, everything(data), page="b"), "done")
    assert held.calls == 2  # first scores, and the others: nothing was begun anew


def test_what_all_have_left_is_given_up_and_the_next_is_computed(data, folder):
    held = Held()
    jobs = Comparisons(held, folder)
    jobs.ask(data, everything(data), page="a")
    assert held.at.wait(PATIENCE)
    jobs.ask(data, oxygen(data), page="b")
    jobs.leave(data, everything(data), page="a")
    held.go_on.set()
    until(lambda: jobs.ask(data, oxygen(data), page="b"), "done")
    assert held.calls == 3
    assert jobs.ask(data, everything(data), page="a")["state"] == "working"  # begun anew


def test_what_nobody_asks_after_is_forgotten(data, folder):
    now = [1000.0]
    held = Held()
    jobs = Comparisons(held, folder, clock=lambda: now[0])
    jobs.ask(data, everything(data), page="a")
    jobs.ask(data, oxygen(data), page="b")
    now[0] += FORGOTTEN_AFTER + 1
    assert jobs.ask(data, data.of_atoms("atomic_number") != 8, page="c")["waiting"] == 0
    held.go_on.set()
    until(lambda: jobs.ask(data, data.of_atoms("atomic_number") != 8, page="c"), "done")
    now[0] += comparisons.KEPT_SECONDS + 1
    jobs.ask(data, everything(data), page="a")
    assert len([entry for entry in folder.iterdir() if entry.is_dir()]) == 1


def test_one_page_waits_in_one_place_and_there_are_only_so_many(data, folder):
    held = Held()
    jobs = Comparisons(held, folder)
    masks = []
    for i in range(MOST_WAITING + 2):
        masks.append(everything(data))
        masks[-1][i] = False
    for mask in masks:
        assert jobs.ask(data, mask, page="restless")["state"] == "working"
    assert jobs.ask(data, everything(data), page="other")["waiting"] == 1
    for i, mask in enumerate(masks[: MOST_WAITING - 2]):
        for _ in range(2):
            assert jobs.ask(data, mask, page=f"p{i}")["state"] == "working"
    jobs.ask(data, everything(data), page="other")
    refused = jobs.ask(data, masks[-2], page="late")
    assert (refused["state"], refused["error"]) == ("refused", comparisons.TOO_MANY)
    held.go_on.set()


def test_invented_pages_do_not_keep_the_places(data, folder):
    held = Held()
    jobs = Comparisons(held, folder)
    masks = []
    for i in range(MOST_WAITING + 2):
        masks.append(everything(data))
        masks[-1][i] = False
    for i, mask in enumerate(masks[:MOST_WAITING]):
        assert jobs.ask(data, mask, page=f"invented {i}")["waiting"] == i
    assert jobs.ask(data, masks[2], page="invented 2")["waiting"] == 2  # somebody who goes on asking keeps the place
    for _ in range(2):  # whoever comes next takes the oldest place that was asked for once, but the one at work
        assert jobs.ask(data, masks[-1], page="real")["waiting"] == MOST_WAITING - 1
    assert jobs.ask(data, masks[0], page="invented 0")["waiting"] == 0
    assert jobs.ask(data, masks[2], page="invented 2")["waiting"] == 1
    assert jobs.ask(data, masks[1], page="invented 1")["waiting"] == MOST_WAITING - 1  # begun anew in another's place
    assert jobs.ask(data, masks[-1], page="real")["waiting"] == MOST_WAITING - 2
    held.go_on.set()


def test_a_failure_is_logged_told_without_its_text_and_tried_anew_at_the_next_question(data, folder, caplog):
    broken = [True]

    def compare(*args, **kwargs):
        if broken[0]:
            raise RuntimeError("secret of the server")
        return made_up(*args, **kwargs)

    jobs = Comparisons(compare, folder)
    with caplog.at_level(logging.ERROR):
        told = until(lambda: jobs.ask(data, everything(data)), "refused")
    assert told["error"] == comparisons.FAILED
    assert "secret of the server" in caplog.text
    assert "Traceback" in caplog.text
    broken[0] = False
    assert jobs.ask(data, everything(data))["state"] == "working"
    until(lambda: jobs.ask(data, everything(data)), "done")


def noting(*args, **kwargs):
    """Compare slowly, and note each call in a file beside the cache."""
    note = Path(kwargs.pop("note"))
    with note.open("a") as out:
        out.write("x")
    time.sleep(0.3)
    return made_up(*args, **kwargs)


def ask_until_done(path, folder, note, page, answers):
    """What one server process does for one page."""
    jobs = Comparisons(lambda *args, **kwargs: noting(*args, note=note, **kwargs), Path(folder))
    data = Atlases([path]).get("many")
    answers.put(until(lambda: jobs.ask(data, everything(data), page=page), "done")["run"]["name"])


@pytest.mark.slow
@pytest.mark.ci
def test_two_processes_compute_a_selection_once_and_both_tell_it(data, folder, tmp_path):
    context = multiprocessing.get_context("spawn")
    answers, note = context.Queue(), tmp_path / "calls"
    workers = [
        context.Process(target=ask_until_done, args=(data.atlas.path, str(folder), str(note), page, answers))
        for page in ("a", "b")
    ]
    for worker in workers:
        worker.start()
    names = {answers.get(timeout=PATIENCE) for _ in workers}
    for worker in workers:
        worker.join(PATIENCE)
        assert worker.exitcode == 0
    assert len(names) == 1
    assert note.read_text() == "xx"  # first scores, and the others


def ask_once(path, folder):
    Comparisons(lambda *_args, **_kwargs: time.sleep(PATIENCE), Path(folder)).ask(
        (data := Atlases([path]).get("many")), everything(data), page="a"
    )


@pytest.mark.slow
@pytest.mark.ci
def test_what_a_process_left_undone_at_its_end_is_begun_anew_by_another(data, folder):
    worker = multiprocessing.get_context("spawn").Process(target=ask_once, args=(data.atlas.path, str(folder)))
    worker.start()
    worker.join(PATIENCE)
    jobs = Comparisons(made_up, folder)
    until(lambda: jobs.ask(data, everything(data), page="a"), "done")


def test_polls_of_one_page_may_reach_any_of_two_servers(data, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    calls = []

    def compare(*args, **kwargs):
        calls.append(1)
        return made_up(*args, **kwargs)

    monkeypatch.setattr(picked, "_default", lambda: compare)
    clients = [create_app(Atlases([data.atlas.path])).server.test_client() for _ in range(2)]
    turn = iter(range(10_000))

    def ask():
        return clients[next(turn) % 2].get("/data/many/agreement/selection?elements=O&asker=p1").json

    run = until(ask, "done")["run"]
    assert ask()["run"] == run
    assert run["select"] == "elements O"
    assert len(calls) == 2


def test_the_address_compares_what_the_view_picks_out(data, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    client = create_app(Atlases([data.atlas.path])).server.test_client()
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


def test_a_cache_folder_that_cannot_be_written_is_said(data, tmp_path, monkeypatch):
    (tmp_path / "platonic-atlas").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    client = create_app(Atlases([data.atlas.path])).server.test_client()
    told = client.get("/data/many/agreement/selection?elements=O").json
    assert told["state"] == "refused"
    assert "cache folder" in told["error"]
