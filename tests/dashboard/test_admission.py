"""Which requests a server answers at all."""

import http.client
import json
import threading
from urllib.parse import urlsplit

import pytest
from flask import Flask, request

from dashboard import wsgi
from dashboard.admission import MAX_BYTES, limit
from dashboard.server import serve


def client_of(hosts):
    server = Flask(__name__)
    limit(server, hosts)
    server.add_url_rule("/", view_func=lambda: str(len(request.get_data())), methods=["GET", "POST"])
    return server.test_client()


def asked_as(client, host, path="/"):
    return client.get(path, headers={"Host": host})


@pytest.mark.parametrize(
    "host",
    ["localhost", "LOCALHOST:8050", "127.0.0.1", "127.0.0.1:1", "[::1]:8050", "atlas.example", "Atlas.Example:443",
     "[fe80::1]:80", "192.0.2.7:8050"],
)  # fmt: skip
def test_names_of_the_server_are_answered_at_any_port(host):
    client = client_of(["atlas.example", "fe80::1", " 192.0.2.7"])
    assert asked_as(client, host).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:8050", "evil.example:localhost", "", "::1",
     "localhost:80:80", "user@localhost", "127.0.0.1 evil.example", "[::2]", "127.0.0.2", "localhost/"],
)  # fmt: skip
def test_other_names_are_refused_in_a_sentence(host):
    answer = asked_as(client_of(["atlas.example"]), host)
    assert answer.status_code == 403
    assert answer.mimetype == "text/plain"
    assert "answers as localhost, 127.0.0.1, [::1], atlas.example only" in answer.text
    assert "--allow-host" in answer.text


def test_addresses_that_are_not_there_are_refused_alike():
    assert asked_as(client_of([]), "evil.example", "/nowhere").status_code == 403


def test_without_a_list_any_name_is_answered():
    assert asked_as(client_of(None), "evil.example").status_code == 200


def test_no_more_is_read_than_is_allowed():
    client = client_of(None)
    assert client.post("/", data=b"x" * MAX_BYTES).text == str(MAX_BYTES)
    assert client.post("/", data=b"x" * (MAX_BYTES + 1)).status_code == 413


def test_wsgi_servers_take_the_names_from_the_environment(atlas_path, monkeypatch):
    monkeypatch.setenv("PLATONIC_ATLAS", str(atlas_path))
    monkeypatch.delenv("PLATONIC_ATLAS_HOSTS", raising=False)
    assert asked_as(wsgi.application().test_client(), "evil.example").status_code == 200
    monkeypatch.setenv("PLATONIC_ATLAS_HOSTS", "atlas.example, other.example")
    server = wsgi.application()
    client = server.test_client()
    statuses = [
        asked_as(client, h).status_code for h in ("atlas.example", "other.example", "localhost", "evil.example")
    ]
    assert statuses == [200, 200, 200, 403]
    assert server.config["MAX_CONTENT_LENGTH"] == MAX_BYTES


@pytest.fixture(scope="module")
def asked(atlas_path):
    """Ask a server that was started with a further name: (status, body) for a host and more."""
    ready, seen = threading.Event(), []

    def on_ready(address):
        seen.append(urlsplit(address))
        ready.set()

    given = {"port": 0, "allow_hosts": ["atlas.example"], "on_ready": on_ready}
    threading.Thread(target=serve, args=([atlas_path],), kwargs=given, daemon=True).start()
    assert ready.wait(60)

    def ask(method="GET", path="/data/synthetic/names", **more):
        connection = http.client.HTTPConnection(seen[0].hostname, seen[0].port, timeout=60)
        try:
            connection.request(method, path, **more)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    return ask


def test_a_server_of_this_machine_answers_under_its_own_names_only(asked):
    assert asked()[0] == 200
    for host, status in (("localhost:9", 200), ("atlas.example", 200), ("evil.example:8050", 403)):
        assert asked(headers={"Host": host})[0] == status
    assert b"Synthetic" not in asked(path="/", headers={"Host": "evil.example"})[1]


def test_a_crystal_that_is_too_large_is_refused_by_the_upload_itself(asked):
    headers = {"Sec-Fetch-Site": "same-origin"}
    status, body = asked("POST", "/data/synthetic/upload?name=a.cif", body=b"x" * 2_000_001, headers=headers)
    assert (status, json.loads(body)["error"]) == (413, "The file is larger than 2 MB")


def test_what_is_larger_than_any_request_is_not_taken_in(asked):
    """The head alone is refused: none of the body has been sent."""
    assert asked("POST", "/views", headers={"Content-Length": str(MAX_BYTES + 1)})[0] == 413
