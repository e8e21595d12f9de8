import json
from dataclasses import replace
from urllib.parse import quote

import numpy as np
import pytest

from dashboard.atlases import Atlases
from dashboard.bootstrap import bootstrap
from dashboard.points import NO_PLACE, STEPS, placed
from dashboard.quantities import legend, listed, stored_values
from dashboard.selection import text_mask
from dashboard.state import as_json, default_view, parse, query
from precompute.contracts import AtlasError
from tests.dashboard.synthetic import HOSTILE_ID, MODELS, REFUSING, write_atlas

BASE = "/data/synthetic"


def points(answer, dtype="<u2"):
    return np.frombuffer(answer.get_data(), dtype).reshape(-1, 2)


@pytest.mark.parametrize(
    "path", ["7net-0/pca-2d", "7net-0/umap-2d", "chgnet-r2scan/raw-pca-2d", "mine%3Cb%3E/pca-2d-k5"]
)
@pytest.mark.parametrize("align", ["", "7net-0"])
def test_points_decode_to_the_map_in_display_order(client, data, path, align):
    key, name = path.replace("%3Cb%3E", "<b>").split("/")
    answer = client.get(f"{BASE}/points/{path}?align={align}")
    places = points(answer)
    x0, x1, y0, y1 = map(float, answer.headers["X-Range"].split(","))
    wanted = placed(data, key, name, align)[data.order]
    known = np.isfinite(wanted).all(axis=1)
    assert int(answer.headers["X-Drawn"]) == known.sum()
    assert (places[~known] == NO_PLACE).all()
    got = np.array([x0, y0]) + places[known] * np.array([x1 - x0, y1 - y0]) / STEPS
    step = np.array([x1 - x0, y1 - y0]) / STEPS
    assert (np.abs(got - wanted[known]) <= 0.51 * step).all()


def test_points_of_an_aligned_map_say_how_it_was_turned(client, data):
    answer = client.get(f"{BASE}/points/chgnet-r2scan/pca-2d?align=7net-0")
    a, b, c, d, right, up = map(float, answer.headers["X-Turn"].split(","))
    turned = data.points("chgnet-r2scan", "pca-2d") @ np.array([[a, b], [c, d]]) + [right, up]
    np.testing.assert_allclose(turned, placed(data, "chgnet-r2scan", "pca-2d", "7net-0"), atol=1e-5)
    assert "X-Turn" not in client.get(f"{BASE}/points/7net-0/pca-2d?align=7net-0").headers


def test_exact_points_are_the_stored_floats(client, data):
    for key in ("7net-0", REFUSING):
        answer = client.get(f"{BASE}/points/{key}/pca-2d?exact=1")
        np.testing.assert_array_equal(points(answer, "<f4"), data.points(key, "pca-2d")[data.order])
        assert answer.headers["X-Range"] == client.get(f"{BASE}/points/{key}/pca-2d").headers["X-Range"]
    assert np.isnan(points(answer, "<f4")).all(axis=1).sum() == 3


def test_values_are_those_of_the_legend_in_display_order(client, data):
    for q in listed(data).values():
        answer = client.get(f"{BASE}/values/{quote(q.id)}")
        stored = stored_values(data, q.id)
        np.testing.assert_array_equal(np.frombuffer(answer.get_data(), stored.dtype), stored[data.order])
        assert client.get(f"{BASE}/legend/{quote(q.id)}").get_json() == legend(data, q.id)


@pytest.mark.parametrize(
    ("name", "dtype"), [("order", "<u4"), ("element", "u1"), ("structure", "<u4"), ("counter", "<u2"), ("site", "<u2")]
)
def test_columns_are_in_display_order(client, data, name, dtype):
    found = np.frombuffer(client.get(f"{BASE}/columns/{name}").get_data(), dtype)
    whole = {
        "order": np.arange(data.n_atoms), "element": data.of_atoms("atomic_number"),
        "structure": data.of_atoms("structure"), "counter": data.counter, "site": data.site_codes[0],
    }[name]  # fmt: skip
    np.testing.assert_array_equal(found, whole[data.order])


def test_names_say_what_columns_number(client, data):
    names = client.get(f"{BASE}/names").get_json()
    sites = np.frombuffer(client.get(f"{BASE}/columns/site").get_data(), "<u2")
    ce = data.find_atom("BaCeO3-0:2")
    assert names["sites"][sites[np.flatnonzero(data.order == ce)[0]]] == ["m-3m", "1b"]
    s = int(data.of_atoms("structure")[ce])
    assert (names["formula"][s], names["id"][s]) == ("BaCeO3", "BaCeO3-0")
    assert HOSTILE_ID in names["id"]  # as text; it is never made into HTML


def test_mask_holds_text_and_ranges_in_packed_bits(client, data):
    view = replace(default_view(data), find="O", brush={"period": (2.0, 4.0)}, elements=("Na",))
    answer = client.get(f"{BASE}/mask{query(view, data)}")
    bits = np.unpackbits(np.frombuffer(answer.get_data(), np.uint8), bitorder="little")[: data.n_atoms].astype(bool)
    wanted = text_mask(data, view)
    np.testing.assert_array_equal(bits, wanted[data.order])
    assert int(answer.headers["X-Selected"]) == wanted.sum()
    assert 0 < wanted.sum() < data.n_atoms
    nothing_asked = client.get(f"{BASE}/mask?")
    assert int(nothing_asked.headers["X-Selected"]) == data.n_atoms


def test_malformed_text_is_refused_with_the_place_of_the_mistake(client):
    answer = client.get(f"{BASE}/mask?find={quote('band_gap > > 2')}")
    assert answer.status_code == 400
    said = answer.get_json()
    assert said["error"]
    assert 0 <= said["start"] <= said["end"] <= len("band_gap > > 2")
    assert answer.headers["Cache-Control"] == "no-store"


def test_state_reads_an_address_as_the_page_would(client, data):
    search = "?space=raw&k=5&atom=NaCl-0:2&theme=pink"
    said = client.get(f"{BASE}/state{search}").get_json()
    view, notices = parse(search, data)
    assert said == {"state": json.loads(json.dumps(as_json(view))), "notices": notices}
    assert len(notices) == 1


def test_what_has_not_changed_is_not_sent_again(client):
    for path in ("points/7net-0/pca-2d", "values/category", "columns/order", "names", "legend/element", "mask?find=O"):
        first = client.get(f"{BASE}/{path}")
        assert first.headers["Cache-Control"] == "private, no-cache"
        again = client.get(f"{BASE}/{path}", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.get_data()) == (304, b"")


def test_parts_of_arrays_can_be_asked_for(client):
    whole = client.get(f"{BASE}/points/7net-0/pca-2d").get_data()
    part = client.get(f"{BASE}/points/7net-0/pca-2d", headers={"Range": "bytes=40-79"})
    assert (part.status_code, part.get_data()) == (206, whole[40:80])
    assert part.headers["Content-Range"] == f"bytes 40-79/{len(whole)}"
    assert part.headers["X-Drawn"]
    beyond = client.get(f"{BASE}/points/7net-0/pca-2d", headers={"Range": f"bytes={len(whole)}-"})
    assert beyond.status_code == 416


@pytest.mark.parametrize(
    "path",
    [
        "points/nope/pca-2d", "points/7net-0/nope", "points/7net-0/..%2f..%2fembeddings", "points/7net-0/embeddings",
        "points/7net-0/pca-3d", "points/7net-0/pca-2d?align=nope", "values/nope", "values/structure.nope",
        "legend/nope", "columns/position", "columns/..%2Fnames",
    ],
)  # fmt: skip
def test_only_what_the_atlas_shows_is_served(client, path):
    answer = client.get(f"{BASE}/{path}")
    assert answer.mimetype != "application/octet-stream"  # further slashes lead to Dash's own page
    assert answer.status_code == 404 or answer.mimetype == "text/html"


@pytest.mark.parametrize(
    "part", ["names", "points/7net-0/pca-2d", "values/category", "legend/category", "mask", "state"]
)
def test_unknown_atlas_is_not_found(client, part):
    assert client.get(f"/data/nope/{part}").status_code == 404


def test_each_atlas_has_addresses_of_its_own(client, atlases):
    second = atlases.get("second-one")
    found = np.frombuffer(client.get("/data/second-one/columns/structure").get_data(), "<u4")
    assert len(found) == second.n_atoms < atlases.get("synthetic").n_atoms


def test_answers_carry_safe_headers(client):
    for path in ("/", f"{BASE}/names", f"{BASE}/points/7net-0/pca-2d", f"{BASE}/mask?find=(", "/data/nope/names"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'self'" in headers["Content-Security-Policy"]


# ---- what is inlined into the page


def test_bootstrap_is_plain_json_and_agrees_with_the_atlas(atlases, data):
    info = json.loads(json.dumps(bootstrap(atlases, "?k=5&smell=1", "/there/"), allow_nan=False))
    assert (info["root"], info["atlas"], info["n_atoms"]) == ("/there/", "synthetic", data.n_atoms)
    assert [m["key"] for m in info["models"]] == list(MODELS)
    assert [a["name"] for a in info["atlases"]] == ["synthetic", "second-one"]
    assert info["state"]["k"] == 5
    assert info["defaults"] == json.loads(json.dumps(as_json(default_view(data))))
    assert info["legend"] == legend(data, "category")
    assert len(info["elements"]) == 118
    assert sum(e["n"] for e in info["elements"]) == data.n_atoms
    assert info["maps"]["7net-0"]["pca-2d"]["axes"][0].startswith("PC 1")
    assert info["maps"]["7net-0"]["umap-2d"]["kept"] == "trust 0.93"
    for model in info["models"]:
        assert set(model["maps"]) == set(info["maps"][model["key"]])


def test_bootstrap_follows_the_atlas_and_the_colouring_of_the_address(atlases):
    info = bootstrap(atlases, "?atlas=second-one&colour=period", "/")
    assert (info["atlas"], info["state"]["atlas"], info["defaults"]["atlas"]) == (
        "second-one",
        "second-one",
        "synthetic",
    )
    assert info["legend"]["id"] == "period"
    assert info["notices"] == []
    unknown = bootstrap(atlases, "?atlas=third", "/")
    assert unknown["atlas"] == "synthetic"
    assert "third" in unknown["notices"][0]


def test_subtitles_say_what_a_model_is(data):
    subtitles = {key: card.subtitle for key, card in data.cards.items()}
    assert subtitles["7net-0"] == "pretrained · MPtrj · PBE"
    assert subtitles["chgnet-r2scan"] == "fine-tuned from chgnet-0.3.0 · MP"
    assert subtitles["mace-untrained"] == "untrained: random weights"
    assert subtitles["element-only"] == "control · not a potential"
    assert subtitles["mine<b>"] == "imported · not checked"


# ---- several atlases


@pytest.mark.slow
@pytest.mark.ci
def test_atlases_have_names_of_their_own_that_addresses_can_hold(tmp_path, atlas_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    copies = [tmp_path / "a" / "same.zarr", tmp_path / "b" / "same.zarr", tmp_path / "b" / "ü &?.zarr"]
    for path in copies:
        path.symlink_to(write_atlas(path.with_suffix(".real"), copies=1))
    named = Atlases([*copies[:2], copies[2], atlas_path])
    assert len(named) == 4
    assert named.names[:2] == ["same", "same-2"]
    assert named.default == named.names[0]
    for name in named.names:
        assert quote(name, safe="") == name
        assert named.get(name).name == name


@pytest.mark.slow
@pytest.mark.ci
def test_names_come_from_file_names(tmp_path, monkeypatch):
    path = write_atlas(tmp_path / "halides.zarr", copies=1)
    monkeypatch.chdir(path)
    assert Atlases(["."]).names == ["halides"]


def test_the_same_atlas_twice_is_refused(atlas_path):
    with pytest.raises(AtlasError, match="given twice"):
        Atlases([atlas_path, atlas_path.parent / "." / atlas_path.name])


def test_no_atlas_is_refused():
    with pytest.raises(AtlasError, match="at least one"):
        Atlases([])


def test_one_bad_atlas_among_good_ones_is_named(atlas_path, tmp_path):
    with pytest.raises(AtlasError, match="missing"):
        Atlases([atlas_path, tmp_path / "missing.zarr"])


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (None, "synthetic"), ("", "synthetic"), ("?atlas=second-one", "second-one"),
        ("atlas=second-one&k=5", "second-one"), ("?atlas=nope", "synthetic"),
        ({"atlas": "second-one", "atom": 3}, "second-one"), ({"atlas": 7}, "synthetic"),
        ({}, "synthetic"), ({"atlas": ["x"]}, "synthetic"),
    ],
)  # fmt: skip
def test_the_atlas_asked_for_is_found_in_queries_and_records(atlases, asked, name):
    assert atlases.of(asked).name == name
