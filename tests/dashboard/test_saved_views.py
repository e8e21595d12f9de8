import json
import os
import stat
import threading

import dash
import pytest

from dashboard import saved_views
from dashboard.components.header import facts, header
from dashboard.pages.header import register
from dashboard.saved_views import (
    FORMAT,
    MAX_BYTES,
    MAX_VIEWS,
    SavedView,
    ViewsConflict,
    ViewsError,
    ViewsFile,
    format_views,
    parse_views,
)
from precompute.contracts import AtlasError

TWO = [SavedView("Halides' anions", "?elements=F,Cl,Br,I", "They form one arc."), SavedView("All", "")]
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


def document(views, **changes):
    return {"format": FORMAT, "version": 1, "views": views} | changes


def texts(views):
    return [(v.title, v.query, v.note) for v in views]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "views.json"
    path.write_text(format_views(TWO), encoding="utf-8")
    return ViewsFile(path)


def client_of(path, root="/"):
    app = dash.Dash(f"views{root}", url_base_pathname=root)
    app.layout = dash.html.Div()
    register(app, None, path)
    return app.server.test_client()


def test_what_is_written_is_read():
    assert parse_views(format_views(TWO)) == TWO
    assert json.loads(format_views(TWO))["views"][1] == {"title": "All", "query": ""}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        (b"\xff\xfe\x00", "no JSON"),
        ("[]", '"format"'),
        (json.dumps({"views": []}), '"format"'),
        (json.dumps(document([], version=2)), "version 2"),
        (json.dumps(document([], version=True)), "version True"),
        (json.dumps(document({})), 'list "views"'),
        (json.dumps(document([1])), "view 1 is not an object"),
        (json.dumps(document([{"title": "a"}])), "view 1 needs a query"),
        (json.dumps(document([{"title": "a", "query": ""}, {"title": 3, "query": ""}])), "view 2 needs a title"),
        (json.dumps(document([{"title": " \x00 ", "query": ""}])), "1 to 200 characters"),
        (json.dumps(document([{"title": "a" * 201, "query": ""}])), "1 to 200 characters"),
        (json.dumps(document([{"title": "a", "query": "javascript:alert(1)"}])), 'must begin with "?"'),
        (json.dumps(document([{"title": "a", "query": "//elsewhere.org"}])), 'must begin with "?"'),
        (json.dumps(document([{"title": "a", "query": "?" + "x" * 8_000}])), "8,001 characters"),
        (json.dumps(document([{"title": "a", "query": "", "note": "x" * 2_001}])), "2,001 characters"),
        (json.dumps(document([{"title": "a", "query": "", "note": None}])), "needs a note"),
        (json.dumps(document([{"title": "a", "query": ""}] * (MAX_VIEWS + 1))), "at most 500 views"),
        (" " * (MAX_BYTES + 1), "at most 1,000,000 bytes"),
    ],
)
def test_a_file_that_is_none_is_refused_with_its_reason(text, says):
    with pytest.raises(ViewsError, match=says):
        parse_views(text)


def test_unknown_fields_are_left_out_and_text_is_made_safe_to_show():
    entry = {"title": "a\u202eb\ud800c\n", "query": "?k=20", "html": "<script>", "__proto__": {"title": "x"}}
    [view] = parse_views(json.dumps(document([entry], more=1)))
    assert texts([view]) == [("a b c", "?k=20", "")]
    format_views([view]).encode()


def test_a_file_that_is_not_there_yet_holds_no_views_and_is_made_by_the_first_save(tmp_path):
    file = ViewsFile(tmp_path / "new.json")
    views, revision = file.read()
    assert views == []
    assert file.writable
    file.replace(TWO, revision)
    assert file.read()[0] == TWO
    assert [p.name for p in tmp_path.iterdir()] == ["new.json"]


def test_a_server_does_not_start_on_a_damaged_file_or_without_its_folder(tmp_path):
    (tmp_path / "views.json").write_text("{}")
    with pytest.raises(AtlasError, match=r"views\.json: not a file of saved views"):
        ViewsFile(tmp_path / "views.json")
    with pytest.raises(AtlasError, match="there is no folder"):
        ViewsFile(tmp_path / "absent" / "views.json")
    with pytest.raises(AtlasError, match="cannot read"):
        ViewsFile(tmp_path)


def test_whoever_read_an_older_revision_does_not_overwrite(file):
    _, revision = file.read()
    later = file.replace(TWO[:1], revision)
    with pytest.raises(ViewsConflict, match="somebody else"):
        file.replace([], revision)
    assert file.read() == (TWO[:1], later)


def test_of_many_at_once_with_one_revision_one_is_kept(file):
    _, revision = file.read()
    others = [ViewsFile(file.path) for _ in range(8)]  # as the workers of one server
    start = threading.Barrier(len(others))
    kept, refused = [], []

    def save(i, other):
        start.wait()
        try:
            other.replace([SavedView(f"view {i}", "")], revision)
            kept.append(i)
        except ViewsConflict:
            refused.append(i)

    threads = [threading.Thread(target=save, args=pair) for pair in enumerate(others)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 1
    assert len(refused) == 7
    assert file.read()[0] == [SavedView(f"view {kept[0]}", "")]


def test_a_write_that_fails_leaves_the_file_and_nothing_beside_it(file, monkeypatch):
    _, revision = file.read()
    before = file.path.read_bytes()

    def full(_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(saved_views.os, "fsync", full)
    with pytest.raises(ViewsError, match="No space left"):
        file.replace([], revision)
    assert file.path.read_bytes() == before
    assert len(list(file.path.parent.iterdir())) == 1


def test_rights_and_links_stay(file, tmp_path):
    file.path.chmod(0o640)
    link = tmp_path / "link.json"
    link.symlink_to(file.path)
    through = ViewsFile(link)
    through.replace(TWO[1:], through.read()[1])
    assert link.is_symlink()
    assert file.read()[0] == TWO[1:]
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o640


def test_a_file_that_may_not_be_written_is_read_only(file, monkeypatch):
    # as root every file may be written, so the system's answer is replaced
    monkeypatch.setattr(saved_views.os, "access", lambda path, _mode: os.fspath(path) != os.fspath(file.path))
    assert not file.writable
    with pytest.raises(ViewsError, match="read-only"):
        file.replace([], file.read()[1])
    assert file.read()[0] == TWO


def test_more_than_a_file_holds_is_refused(file):
    many = [SavedView("a", "?" + "x" * 7_000)] * 200
    with pytest.raises(ViewsError, match="at most 500 views"):
        file.replace(many, file.read()[1])


@pytest.mark.parametrize("root", ["/", "/group/"])
def test_the_page_reads_and_saves_the_servers_views(file, root):
    client = client_of(file.path, root)
    got = client.get(f"{root}views").get_json()
    assert got["views"] == json.loads(format_views(TWO))["views"]
    assert got["writable"] is True
    assert got["file"] == "views.json"
    sent = document(got["views"][1:], revision=got["revision"])
    saved = client.post(f"{root}views", json=sent, headers=SAME_ORIGIN)
    assert saved.status_code == 200
    assert client.get(f"{root}views").get_json() == saved.get_json()
    again = client.post(f"{root}views", json=sent, headers=SAME_ORIGIN)
    assert again.status_code == 409
    assert "somebody else" in again.get_json()["error"]
    assert again.get_json()["revision"] == saved.get_json()["revision"]
    assert again.get_json()["views"] == sent["views"]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "none"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, 403),
        ({"Origin": "http://elsewhere.org"}, 403),
        ({"Origin": "http://localhost.elsewhere.org"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "http://localhost"}, 200),
        ({"Origin": "https://localhost"}, 200),
        (SAME_ORIGIN, 200),
    ],
)
def test_only_the_atlass_own_page_saves(file, headers, status):
    client = client_of(file.path)
    sent = document([], revision=file.read()[1])
    assert client.post("/views", json=sent, headers=headers).status_code == status
    assert (file.read()[0] == []) == (status == 200)


def test_what_is_no_json_or_too_large_or_damaged_is_not_saved(file):
    client = client_of(file.path)
    revision = file.read()[1]
    text = json.dumps(document([], revision=revision))
    assert client.post("/views", data=text, content_type="text/plain", headers=SAME_ORIGIN).status_code == 415
    large = json.dumps(document([], revision=revision, more="x" * MAX_BYTES))
    assert client.post("/views", data=large, content_type="application/json", headers=SAME_ORIGIN).status_code == 413
    damaged = client.post("/views", json=document([{}], revision=revision), headers=SAME_ORIGIN)
    assert damaged.status_code == 400
    assert "view 1" in damaged.get_json()["error"]
    assert client.post("/views", json=document([]), headers=SAME_ORIGIN).status_code == 409
    assert file.read()[0] == TWO


def test_a_file_damaged_while_served_is_said(file):
    client = client_of(file.path)
    file.path.write_text("<<<<<<< HEAD")
    answer = client.get("/views")
    assert answer.status_code == 500
    assert "views.json: not a file of saved views" in answer.get_json()["error"]


def test_without_a_file_there_is_no_such_address(tmp_path):
    client = client_of(None)
    assert "revision" not in client.get("/views").get_data(as_text=True)
    assert client.post("/views", json={}, headers=SAME_ORIGIN).status_code == 405
    assert list(tmp_path.iterdir()) == []


def test_header_offers_a_choice_only_where_there_is_one():
    alone = str(header("Metals", 10, 2, atlas="a", atlases=[("a", "Metals")]))
    assert "Select" not in alone
    assert "Metals" in alone
    both = str(header("Metals", 10, 2, atlas="a", atlases=[("a", "Metals"), ("b", "a\u202e" + "x" * 100)]))
    assert "choose-atlas" in both
    assert "\u202e" not in both
    assert facts(1, 1) == "1 atom in 1 structure"
    assert facts(6706, 962) == "6,706 atoms in 962 structures"
