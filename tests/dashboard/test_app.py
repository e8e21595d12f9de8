import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from dashboard import wsgi
from dashboard.app import create_app
from dashboard.atlases import Atlases
from dashboard.saved_views import SavedView, format_views, parse_views
from dashboard.server import serve
from precompute.contracts import AtlasError
from precompute.store import NotAnAtlas

ROOT = Path(__file__).resolve().parents[2]


def dashboard(*arguments, **options):
    command = [sys.executable, "-m", "dashboard", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, **options)


def test_page_loads_nothing_from_other_hosts(client):
    page = client.get("/").get_data(as_text=True)
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)


def test_page_holds_what_the_script_needs_and_nothing_that_ends_a_script(client):
    page = client.get("/?atlas=second-one").get_data(as_text=True)
    info = re.search(r'<script type="application/json" id="info">(.*?)</script>', page, re.DOTALL)[1]
    assert json.loads(info)["atlas"] == "second-one"
    assert "<" not in info


def test_app_is_not_in_debug_mode(app):
    assert app.server.debug is False


@pytest.mark.slow
@pytest.mark.ci
def test_dashboard_process_imports_no_heavy_package(atlas_path):
    code = (
        "import sys, json\n"
        "from dashboard.app import create_app\n"
        "from dashboard.atlases import Atlases\n"
        "import dashboard.server, dashboard.wsgi, dashboard.__main__\n"
        "app = create_app(Atlases([sys.argv[1]]))\n"
        "client = app.server.test_client()\n"
        "assert client.get('/').status_code == 200\n"
        "assert client.get('/_dash-layout').status_code == 200\n"
        "assert client.get('/data/synthetic/points/7net-0/pca-2d').status_code == 200\n"
        "assert client.get('/data/synthetic/mask?find=O').status_code == 200\n"
        "heavy = ['torch', 'ase', 'pymatgen', 'umap', 'sklearn', 'scipy', 'pandas', 'spglib', 'matplotlib', 'mace',\n"
        "         'chgnet', 'orb_models', 'sevenn', 'typer']\n"
        "print(json.dumps([m for m in heavy if m in sys.modules]))\n"
    )
    command = [sys.executable, "-c", code, str(atlas_path)]
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert json.loads(found.stdout.splitlines()[-1]) == []


def test_server_is_ready_when_it_says_so_and_shows_all_atlases(atlas_path, second_path):
    ready, seen = threading.Event(), []

    def on_ready(address):
        seen.append(address)
        ready.set()

    given = {"port": 0, "on_ready": on_ready}
    threading.Thread(target=serve, args=([atlas_path, second_path],), kwargs=given, daemon=True).start()
    assert ready.wait(60)
    for name in ("synthetic", "second-one"):
        with urllib.request.urlopen(f"{seen[0]}data/{name}/names") as answer:
            assert answer.status == 200
            assert "formula" in json.load(answer)


def test_taken_port_is_said_plainly(atlas_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AtlasError, match=f"port {port} of 127.0.0.1 is taken.*--port"):
            serve([atlas_path], port=port)


def test_address_of_another_machine_is_said_plainly(atlas_path):
    with pytest.raises(AtlasError, match=r"cannot listen on 192\.0\.2\.1:8050"):
        serve([atlas_path], host="192.0.2.1")


@pytest.mark.slow
@pytest.mark.ci
def test_missing_atlas_ends_with_a_message(tmp_path):
    ended = dashboard(tmp_path / "none.zarr")
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: ")
    assert "none.zarr" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.slow
@pytest.mark.ci
def test_errors_that_cannot_be_read_end_it_with_a_message(atlas_path, tmp_path):
    (tmp_path / "errors.csv").write_text("model,error\n7net-0,1\n")
    ended = dashboard(atlas_path, "--errors", tmp_path / "errors.csv")
    assert ended.returncode == 1
    assert re.fullmatch(r"error: .*errors\.csv has no column unit.*\n", ended.stderr)


@pytest.mark.parametrize("port", ["65536", "-1", "http", "²"])
def test_what_is_no_port_is_refused(port, atlas_path):
    ended = dashboard(atlas_path, f"--port={port}")
    assert ended.returncode == 2
    assert f"'{port}' is no port; expected 0 to 65535" in ended.stderr


def test_version_is_told():
    assert re.fullmatch(r"platonic-atlas \d+\.\d+\.\d+\S*\n", dashboard("--version").stdout)


@pytest.mark.slow
@pytest.mark.ci
def test_saved_views_of_a_file_are_offered_and_kept(atlas_path, tmp_path):
    path = tmp_path / "views.json"
    path.write_text(format_views([SavedView("Oxides", "?elements=O")]))
    process = subprocess.Popen(
        [sys.executable, "-m", "dashboard", str(atlas_path), "--port", "0", "--views", str(path)],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        address = re.search(r"http://\S+", process.stdout.readline())[0]
        with urllib.request.urlopen(f"{address}views") as answer:
            said = json.load(answer)
        assert [v["title"] for v in said["views"]] == ["Oxides"]
        said["views"].append({"title": "Halides", "query": "?elements=F,Cl"})
        headers = {"Content-Type": "application/json", "Sec-Fetch-Site": "same-origin"}
        urllib.request.urlopen(urllib.request.Request(f"{address}views", json.dumps(said).encode(), headers)).close()
        assert parse_views(path.read_bytes())[1] == SavedView("Halides", "?elements=F,Cl")
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.mark.slow
@pytest.mark.ci
def test_saved_views_that_are_none_end_it_with_a_message(atlas_path, tmp_path):
    (tmp_path / "views.json").write_text("[]")
    ended = dashboard(atlas_path, "--views", tmp_path / "views.json")
    assert (ended.returncode, ended.stderr[:19]) == (1, "error: views.json: ")


BY_MODULE = ["-m", "dashboard"]
BY_COMMAND = ["-c", "from precompute.cli import main; main()", "serve"]


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize("start", [BY_MODULE, BY_COMMAND])
def test_a_polite_kill_stops_it_with_a_message(start, atlas_path, second_path):
    process = subprocess.Popen(
        [sys.executable, *start, str(atlas_path), str(second_path), "--port", "0"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert "Platonic Atlas" in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=60)
    assert out == "stopped\n"
    assert "Traceback" not in err
    assert process.returncode == 0


def test_wsgi_takes_atlases_and_errors_from_the_environment(atlas_path, second_path, tmp_path, monkeypatch):
    monkeypatch.delenv("PLATONIC_ATLAS", raising=False)
    with pytest.raises(AtlasError, match="PLATONIC_ATLAS"):
        wsgi.application()
    monkeypatch.setenv("PLATONIC_ATLAS", str(atlas_path))
    assert wsgi.application().test_client().get("/").status_code == 200
    (tmp_path / "errors.csv").write_text("model,error,unit\n7net-0,1,eV/atom\n")
    monkeypatch.setenv("PLATONIC_ATLAS_ERRORS", str(tmp_path / "errors.csv"))
    told = wsgi.application().test_client().get("/data/synthetic/agreement").json
    assert told["errors"]["models"] == {"7net-0": [1.0, ""]}
    monkeypatch.setenv("PLATONIC_ATLAS", os.pathsep.join([str(atlas_path), str(second_path)]))
    client = wsgi.application().test_client()
    assert [client.get(f"/data/{n}/names").status_code for n in ("synthetic", "second-one", "third")] == [200, 200, 404]


def test_unfinished_atlas_is_refused(tmp_path):
    with pytest.raises(NotAnAtlas):
        create_app(Atlases([tmp_path]))
