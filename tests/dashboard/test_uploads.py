"""Crystals that visitors send: what is taken, how jobs run, wait, end and are forgotten."""

from __future__ import annotations

import importlib.util
import json
import os
import stat
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask

from dashboard.components import upload_panel
from dashboard.pages import upload
from dashboard.uploads import (
    KEPT_SECONDS,
    MAX_BYTES,
    RUNNING,
    UNSEEN_SECONDS,
    WAITING,
    UploadRefused,
    Uploads,
    stored_name,
)
from precompute.placing.command import parser

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="jobs are held by file locks")
MODELS = ["7net-0", "element-only"]
HERE = {"Sec-Fetch-Site": "same-origin"}

# what places a crystal, by what the file says: at once, never, badly, or not at all
WORKER = """
import json, pathlib, subprocess, sys, time
file, out = pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[4])
tell = lambda **step: print(json.dumps(step), flush=True)
kind = file.read_text()
(out / "arguments.json").write_text(json.dumps(sys.argv[1:]))
tell(state="reading")
if kind == "refuse":
    tell(state="failed", reason="holds 3 atoms of an unknown element")
    sys.exit(1)
if kind == "crash":
    sys.exit(9)
tell(model="7net-0", state="loading")
if kind == "wait":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (out / "child").write_text(str(child.pid))
    time.sleep(600)
near = {"neighbours": [[0, 4]], "similarity": [[0.99, 0.5]], "maps": {"pca-2d": [[0.25, None]]}, "interpolated": [],
        "remarks": ""}
result = {"structure": {"formula": "NaCl"}, "sites": [{"label": "Na 1"}], "models": {"7net-0": near, "gone": near}}
(out / "result.json").write_text(json.dumps(result))
tell(model="7net-0", state="done", seconds=1.5)
tell(model="element-only", state="refused", reason="not today")
tell(state="finished")
"""


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def uploads(tmp_path, clock):
    made = Uploads(tmp_path / "cache" / "uploads", [sys.executable, "-c", WORKER], clock)
    yield made
    made.close()


def add(uploads, content=b"place", name="a.cif"):
    return uploads.add("synthetic", Path("atlas.zarr"), name, content, MODELS)


def until(uploads, token, reached):
    """The first state for which `reached` holds."""
    deadline = time.monotonic() + 60
    while not reached(state := uploads.state(token, "synthetic")):
        assert time.monotonic() < deadline, state
        time.sleep(0.02)
    return state


def runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


# ---- what is taken


@pytest.mark.parametrize(
    ("name", "stored"),
    [("a.cif", "crystal.cif"), ("B.CIF", "crystal.cif"), ("POSCAR", "POSCAR"), ("CONTCAR_3", "POSCAR"),
     ("x.vasp", "POSCAR"), ("x.xyz", "crystal.extxyz"), ("../../etc/x.extxyz", "crystal.extxyz")],
)  # fmt: skip
def test_files_are_stored_under_names_of_our_own(name, stored):
    assert stored_name(name, b"text") == stored


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [("a.pkl", b"x", "of no kind that is taken"), ("a.db", b"x", "of no kind"), ("a.cif", b"", "empty"),
     ("a.cif", b"a\0b", "not text"), ("a.cif", b"x" * (MAX_BYTES + 1), "larger than 2 MB"), ("", b"x", "of no kind")],
)  # fmt: skip
def test_other_files_are_refused_with_a_reason(name, content, says):
    with pytest.raises(UploadRefused, match=says):
        stored_name(name, content)


# ---- jobs


def test_a_crystal_is_placed_and_every_model_says_how_it_went(uploads):
    token = add(uploads)
    state = until(uploads, token, lambda s: s["state"] not in ("waiting", "running"))
    assert state["state"] == "done"
    assert state["models"]["7net-0"] == {"state": "done", "seconds": 1.5}
    assert state["models"]["element-only"] == {"state": "refused", "reason": "not today"}
    assert state["result"]["structure"] == {"formula": "NaCl"}


def test_a_refused_file_and_a_dead_process_say_why(uploads):
    refused = until(uploads, add(uploads, b"refuse"), lambda s: s["state"] == "failed")
    assert refused["reason"] == "holds 3 atoms of an unknown element"
    crashed = until(uploads, add(uploads, b"crash"), lambda s: s["state"] == "failed")
    assert "ended before its time" in crashed["reason"]


@pytest.mark.parametrize("name", ["-x", "--limit", "a b", "=x", "'", "Größe"])
def test_the_placing_program_reads_the_name_of_any_file(uploads, name):
    token = add(uploads, name=f"{name}.vasp")
    until(uploads, token, lambda s: s["state"] == "done")
    job = uploads.folder / token
    given = parser().parse_args(json.loads((job / "arguments.json").read_text()))
    assert (given.name, given.models, given.file) == (name, ",".join(MODELS), job / "POSCAR")


def test_folders_are_private_and_names_cannot_be_guessed(uploads):
    tokens = {add(uploads) for _ in range(3)}
    assert len(tokens) == 3
    assert all(len(t) == 32 for t in tokens)
    for folder in (uploads.folder, *(uploads.folder / t for t in tokens)):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_deleting_ends_the_work_with_all_that_it_started(uploads):
    token = add(uploads, b"wait")
    child = uploads.folder / token / "child"
    until(uploads, token, lambda _: child.exists() and child.read_text())
    pids = [int(child.read_text()), int((uploads.folder / token / "started").read_text())]
    assert all(map(runs, pids))
    uploads.delete(token, "synthetic")
    deadline = time.monotonic() + 60
    while any(map(runs, pids)):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert not (uploads.folder / token).exists()
    with pytest.raises(KeyError):
        uploads.state(token, "synthetic")


def test_one_runs_and_few_wait_whoever_serves_them(uploads, clock):
    other = Uploads(uploads.folder, uploads._command, clock)  # another process of the same server
    try:
        tokens = []
        for i in range(RUNNING + WAITING):
            clock.now += 1
            tokens.append(add((uploads, other)[i % 2], b"wait"))
        with pytest.raises(UploadRefused, match="try again") as refused:
            add(other)
        assert refused.value.status == 429
        states = [uploads.state(t, "synthetic") for t in tokens]
        assert [s["state"] for s in states] == ["running"] * RUNNING + ["waiting"] * WAITING
        assert [s["ahead"] for s in states] == [0] * RUNNING + list(range(1, WAITING + 1))
        other.delete(tokens[0], "synthetic")
        until(other, tokens[1], lambda s: s["state"] == "running")
    finally:
        for token in tokens[1:]:
            uploads.delete(token, "synthetic")
        other.close()


def test_nothing_is_kept_for_longer_than_an_hour(uploads, clock):
    token = add(uploads)
    until(uploads, token, lambda s: s["state"] == "done")
    clock.now += KEPT_SECONDS
    assert uploads.state(token, "synthetic")["state"] == "done"
    clock.now += 1
    with pytest.raises(KeyError):
        uploads.state(token, "synthetic")
    assert [p.name for p in uploads.folder.iterdir() if p.is_dir()] == []


def test_work_that_nobody_asks_after_ends(uploads, clock):
    forsaken, asked = add(uploads, b"wait"), add(uploads, b"wait")
    for _ in range(2):
        clock.now += UNSEEN_SECONDS
        uploads.state(asked, "synthetic")
    assert not (uploads.folder / forsaken).exists()
    assert uploads.state(asked, "synthetic")["state"] == "running"
    uploads.delete(asked, "synthetic")


@pytest.mark.parametrize("token", ["", "..", "a" * 32, "../" * 10 + "ab", "a" * 31 + "/"])
def test_a_token_that_is_none_finds_nothing(uploads, token):
    add(uploads)
    with pytest.raises(KeyError):
        uploads.state(token, "synthetic")
    with pytest.raises(KeyError):
        uploads.delete(token, "synthetic")


def test_a_job_belongs_to_its_atlas(uploads):
    token = add(uploads)
    with pytest.raises(KeyError):
        uploads.state(token, "another")


def test_a_half_written_step_waits_for_its_end(uploads):
    token = add(uploads, b"wait")
    progress = uploads.folder / token / "progress.jsonl"
    until(uploads, token, lambda s: s["models"]["7net-0"]["state"] == "loading")
    with progress.open("a") as file:
        file.write('{"model": "7net-0", "sta')
    assert uploads.state(token, "synthetic")["models"]["7net-0"] == {"state": "loading"}


# ---- addresses


def serve(atlases, enabled, uploads=None):
    app = SimpleNamespace(server=Flask(__name__), config=SimpleNamespace(routes_pathname_prefix="/"))
    upload.register(app, atlases, enabled, uploads)
    return app.server.test_client()


@pytest.fixture
def client(atlases, uploads):
    return serve(atlases, True, uploads)


SEND = "/data/synthetic/upload?name=a.cif&models=mace-untrained"


def test_the_page_sends_asks_and_deletes(client, uploads, data):
    sent = client.post(SEND, data=b"place", headers=HERE)
    assert sent.status_code == 201
    token = sent.json["token"]
    until(uploads, token, lambda s: s["state"] == "done")
    told = client.get(f"/data/synthetic/upload/{token}")
    assert told.headers["Cache-Control"] == "private, no-store"
    assert list(told.json["models"]) == ["mace-untrained", "7net-0", "chgnet-r2scan", "element-only"]
    assert list(told.json["places"]) == ["7net-0"]  # a model that the atlas has not is not told of
    near = told.json["places"]["7net-0"]["neighbours"][0]
    assert [n["atom"] for n in near] == [0, 4]
    assert near[0]["label"] == data.label(0)
    assert "atlas.zarr" not in json.dumps(told.json)
    assert client.get(f"/data/synthetic/upload/{'x' * 32}").status_code == 404
    assert client.delete(f"/data/synthetic/upload/{token}", headers=HERE).status_code == 204
    assert client.get(f"/data/synthetic/upload/{token}").status_code == 404


def test_a_page_that_is_left_deletes_by_a_beacon(client, uploads):
    token = client.post(SEND, data=b"wait", headers=HERE).json["token"]
    assert client.post(f"/data/synthetic/upload/{token}/delete", headers=HERE).status_code == 204
    assert not (uploads.folder / token).exists()


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 403), ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403),
     ({"Origin": "http://elsewhere.org"}, 403), ({"Origin": "null"}, 403), ({"Origin": "http://localhost"}, 201)],
)  # fmt: skip
def test_only_the_atlas_s_own_page_may_send(client, headers, status):
    assert client.post(SEND, data=b"place", headers=headers).status_code == status


def test_a_large_body_is_refused_before_it_is_read(client, uploads):
    class Unread:
        def read(self, *_):
            raise AssertionError("the body was read")

    for said, status in (({"CONTENT_LENGTH": str(MAX_BYTES + 1)}, 413), ({"HTTP_TRANSFER_ENCODING": "chunked"}, 411)):
        sent = {"wsgi.input": Unread(), **said}
        assert client.post(SEND, headers=HERE, environ_overrides=sent).status_code == status
    assert not uploads.folder.exists()


def test_a_refused_file_says_why(client):
    answer = client.post("/data/synthetic/upload?name=a.exe", data=b"x", headers=HERE)
    assert answer.status_code == 415
    assert "CIF" in answer.json["error"]


def test_a_server_without_uploads_says_so(atlases, monkeypatch):
    answer = serve(atlases, False).post(SEND, data=b"place", headers=HERE)
    assert answer.status_code == 403
    assert "--no-upload" in answer.json["error"]
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "torch" else found(name, *more)
    )
    assert "torch" in serve(atlases, True).post(SEND, data=b"place", headers=HERE).json["error"]


def test_the_button_stays_in_reach_and_says_why(monkeypatch):
    closed = upload_panel.upload_button(False).to_plotly_json()["props"]
    assert closed["aria-disabled"] == "true"
    assert "--no-upload" in closed["title"]
    assert "aria-disabled" not in upload_panel.upload_button(True).to_plotly_json()["props"]
    monkeypatch.setattr(sys, "platform", "win32")
    assert "Linux" in upload_panel.upload_button(True).to_plotly_json()["props"]["title"]


def test_the_cache_folder_is_the_user_s_own(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    if sys.platform != "darwin":
        assert Uploads().folder == tmp_path / "platonic-atlas" / "uploads"
    assert os.getuid() == Path(tmp_path).stat().st_uid
