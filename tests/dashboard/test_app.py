import json
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import numpy as np
import pytest
from plotly.utils import PlotlyJSONEncoder

from dashboard import wsgi
from dashboard.app import assets_folder, create_app
from dashboard.pages.map import layout
from dashboard.pages.map_callbacks import anchors_at, crystal_of, maps_of, valid_atom
from dashboard.routes import atom_table, points_bytes
from dashboard.server import serve
from dashboard.state import default_state
from precompute.contracts import AtlasError
from precompute.store import Atlas, NotAnAtlas
from tests.dashboard.synthetic import HOSTILE_ID, MODELS, REFUSING

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def client(app):
    return app.server.test_client()


def texts(component):
    return json.dumps(component, cls=PlotlyJSONEncoder)


def test_index_loads_nothing_from_other_hosts(client):
    page = client.get("/").get_data(as_text=True)
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page
    assert "/assets/style.css" in page


def test_answers_carry_safe_headers(client):
    for path in ("/", "/data/atoms", "/data/points/7net-0/pca-2d", "/nothing"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'self'" in headers["Content-Security-Policy"]


def test_points_come_as_floats_in_display_order(client, data):
    body = client.get("/data/points/7net-0/pca-2d").get_data()
    x, y = np.frombuffer(body, "<f4").reshape(2, -1)
    np.testing.assert_array_equal(np.stack([x, y], axis=1), data.points("7net-0", "pca-2d")[data.order])
    assert body == points_bytes(data, "7net-0", "pca-2d")


def test_refused_atoms_are_sent_as_missing(data):
    x = np.frombuffer(points_bytes(data, REFUSING, "pca-2d"), "<f4").reshape(2, -1)[0]
    assert np.isnan(x).sum() == 3


def test_unchanged_points_are_not_sent_again(client):
    first = client.get("/data/points/7net-0/pca-2d")
    again = client.get("/data/points/7net-0/pca-2d", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.get_data() == b""


@pytest.mark.parametrize(
    "path",
    ["nope/pca-2d", "7net-0/nope", "7net-0/..%2f..%2fembeddings", "7net-0/embeddings", "7net-0/pca-3d"],
)
def test_only_maps_of_this_atlas_are_served(client, path):
    answer = client.get(f"/data/points/{path}")
    assert answer.mimetype != "application/octet-stream"  # further slashes lead to Dash's own page
    assert answer.status_code == 404 or answer.mimetype == "text/html"


def test_atom_table_is_aligned_with_the_atlas(data):
    table = atom_table(data)
    assert sorted(table["order"]) == list(range(data.n_atoms))
    for column in ("structure", "number", "counter", "site"):
        assert len(table[column]) == data.n_atoms
    atom = data.find_atom("BaCeO3-0:2")
    assert table["sites"][table["site"][atom]] == ("m-3m", "1b")
    assert table["formula"][table["structure"][atom]] == "BaCeO3"
    json.dumps(table)


def test_page_is_laid_out_in_any_state(data):
    page = texts(layout(data, default_state(data), ["a notice"]))
    assert "a notice" in page
    for key in MODELS:
        assert json.dumps(key)[1:-1] in page


def test_untrained_note_names_the_command(data):
    page = texts(layout(data, default_state(data), []))
    assert "MACE panels are untrained controls" in page
    assert "--models mace-mp-0-medium --out" in page
    assert "Orb" not in page


def test_only_trained_models_carry_the_accent(data):
    page = texts(layout(data, default_state(data), []))
    assert page.count('"badge trained"') == 2
    assert page.count('"badge not-trained"') == 3


def test_maps_skip_models_without_that_map_and_say_what_is_drawn(data):
    figure, qualities, counts = maps_of(data, tuple(MODELS), "shared", "pca", 5, "light", {})
    assert [t.meta["address"] for t in figure.data] == [f"data/points/{key}/pca-2d-k5" for key in MODELS]
    assert counts[REFUSING] == (data.n_atoms - 3, data.n_atoms)
    assert set(qualities) == set(MODELS)


def test_size_from_the_page_is_bounded(data):
    figure, *_ = maps_of(data, ("7net-0",), "shared", "pca", 5, "light", {"width": 1e9, "height": -4})
    assert figure.layout.width <= 8000
    assert figure.layout.height >= 120


@pytest.mark.parametrize("junk", [None, "7", -1, 10**9, 1.5, [], {}])
def test_chosen_atom_from_the_page_is_checked(data, junk):
    assert valid_atom(data, junk) is None


@pytest.mark.parametrize(("position", "k"), [(0, 5), (1, 10), (2, 20), (99, 20), (-3, 5), (None, 20)])
def test_slider_positions_are_stored_anchor_counts(data, position, k):
    assert anchors_at(data, position) == k


def test_crystal_panel_says_what_is_asked_of_it(data):
    panel = texts(crystal_of(data, data.find_atom("BaCeO3-0:2"), "light"))
    wanted = (
        "6\\u00a0\\u00d7\\u00a0O\\u00a0at\\u00a02.22\\u00a0\\u00c5",
        "Wyckoff 1b",
        "model-relaxed",
        "hypothetical",
        "2.5 eV",
        "a perovskite",
    )
    for part in wanted:
        assert part in panel


def test_molecule_has_no_space_group(data):
    panel = texts(crystal_of(data, data.n_atoms - 3, "dark"))
    assert "Space group" not in panel
    assert "molecule" in panel


def test_hostile_id_reaches_the_panel_as_text_only(data):
    atom = next(i for i in range(data.n_atoms) if data.atom_name(i).startswith(HOSTILE_ID))
    panel = crystal_of(data, atom, "light")
    assert "dangerously" not in texts(panel)
    assert HOSTILE_ID in json.loads(json.dumps(texts(panel)))


def test_callbacks_answer_over_http(client):
    dependencies = client.get("/_dash-dependencies").get_json()
    opening = next(d for d in dependencies if "page.children" in d["output"])
    body = {
        "output": opening["output"],
        "outputs": [{"id": "page", "property": "children"}, {"id": "provider", "property": "forceColorScheme"}],
        "inputs": [{"id": "address", "property": "search", "value": "?theme=dark&k=5"}],
        "changedPropIds": ["address.search"],
    }
    answer = client.post("/_dash-update-component", json=body).get_json()["response"]
    assert answer["provider"]["forceColorScheme"] == "dark"
    assert "Find a crystal" in json.dumps(answer["page"])


def test_assets_are_found_from_anywhere():
    assert assets_folder().is_absolute()
    assert (assets_folder() / "map.js").is_file()


def test_app_is_not_in_debug_mode(app):
    assert app.server.debug is False


def test_dashboard_process_imports_no_heavy_package(atlas_path):
    code = (
        "import sys, json\n"
        "from dashboard.app import create_app\n"
        "import dashboard.server, dashboard.wsgi, dashboard.__main__\n"
        "from precompute.store import Atlas\n"
        "app = create_app(Atlas(sys.argv[1]))\n"
        "client = app.server.test_client()\n"
        "assert client.get('/_dash-layout').status_code == 200\n"
        "assert client.get('/data/points/7net-0/pca-2d').status_code == 200\n"
        "heavy = ['torch', 'ase', 'pymatgen', 'umap', 'sklearn', 'scipy', 'pandas', 'spglib', 'mace', 'chgnet',\n"
        "         'orb_models', 'sevenn', 'typer']\n"
        "print(json.dumps([m for m in heavy if m in sys.modules]))\n"
    )
    command = [sys.executable, "-c", code, str(atlas_path)]
    found = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    assert json.loads(found.stdout) == []


def test_server_is_ready_when_it_says_so(atlas_path):
    ready, seen = threading.Event(), []

    def on_ready(address):
        seen.append(address)
        ready.set()

    threading.Thread(target=serve, args=(atlas_path,), kwargs={"port": 0, "on_ready": on_ready}, daemon=True).start()
    assert ready.wait(30)
    with urllib.request.urlopen(seen[0]) as answer:
        assert answer.status == 200
        assert "Platonic Atlas" in answer.read().decode()


def test_taken_port_is_said_plainly(atlas_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(AtlasError, match=f"port {port} of 127.0.0.1 is taken.*--port"):
            serve(atlas_path, port=port)


def test_address_of_another_machine_is_said_plainly(atlas_path):
    with pytest.raises(AtlasError, match=r"cannot listen on 192\.0\.2\.1:8050"):
        serve(atlas_path, host="192.0.2.1")


def test_missing_atlas_ends_with_a_message(tmp_path):
    command = [sys.executable, "-m", "dashboard", str(tmp_path / "none.zarr")]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert ended.returncode == 1
    assert ended.stderr.startswith("error: ")
    assert "Traceback" not in ended.stderr


def test_wsgi_takes_the_atlas_from_the_environment(atlas_path, monkeypatch):
    monkeypatch.delenv("PLATONIC_ATLAS", raising=False)
    with pytest.raises(AtlasError, match="PLATONIC_ATLAS"):
        wsgi.application()
    monkeypatch.setenv("PLATONIC_ATLAS", str(atlas_path))
    assert wsgi.application().test_client().get("/").status_code == 200


def test_unfinished_atlas_is_refused(tmp_path):
    with pytest.raises(NotAnAtlas):
        create_app(Atlas(tmp_path))
