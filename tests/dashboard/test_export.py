import csv
import io
import json
import re
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from dashboard.export import chemiscope, page, structures, tables
from dashboard.export.columns import all_columns, n_columns
from dashboard.export.content import Content, ExportError, split_options
from dashboard.export.formats import FORMATS, contents, export, format_of
from dashboard.export.references import for_latex
from dashboard.points import grid
from dashboard.selection import mask
from dashboard.state import parse
from tests.dashboard.synthetic import HOSTILE_ID, N_ANCHORS

SOME = "?models=7net-0,chgnet-r2scan&elements=Li,O"


def content(data, query="?"):
    return Content.of(data, query)


def rows(body):
    return list(csv.DictReader(io.StringIO(body.decode())))


@pytest.fixture(scope="module")
def with_coordinates(tmp_path_factory):
    """An atlas whose models have coordinates, which the shared one has not."""
    from dashboard.data import AtlasData
    from precompute import writing
    from precompute.store import Atlas, AtlasFile
    from tests.dashboard.synthetic import write_atlas

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(AtlasFile, "consolidate", lambda _: None)  # it is not finished yet
        path = write_atlas(tmp_path_factory.mktemp("export") / "coordinates.zarr", copies=1)
    file = AtlasFile.edit(path)
    n = file.shape("atoms/structure")[0]
    for i, key in enumerate(("7net-0", "chgnet-r2scan")):
        values = np.random.default_rng(i).uniform(-1, 1, (n, N_ANCHORS)).astype(np.float32)
        writing.write_coordinates(file, key, values, np.zeros((N_ANCHORS, 8), np.float32), "cosine")
    file.consolidate()
    return AtlasData(Atlas(path), "coordinates")


# ---- what is asked for


@pytest.mark.parametrize(
    "address",
    [
        "?models=7net-0&dpi=300",
        "models=7net-0&dpi=300",
        "http://127.0.0.1:8050/?models=7net-0&dpi=300#top",
        "https://example.org/atlas/?models=7net-0&dpi=300",
        "127.0.0.1:8050/?models=7net-0&dpi=300",
    ],
)
def test_a_query_and_a_pasted_address_ask_for_the_same(address):
    assert split_options(address) == ("?models=7net-0", {"dpi": "300"})


def test_an_address_without_a_query_asks_for_the_default_view():
    assert split_options("https://example.org/atlas/") == ("", {})


def test_a_question_mark_within_a_query_is_kept():
    assert split_options("find=a?b")[0] == "?find=a%3Fb"


def test_escaped_items_survive_the_separation_of_options(data):
    query = "?models=mine<b>,7net-0&colours=alkali:ff0000&width=89"
    assert content(data, query).view.colours == {"alkali": "#ff0000"}
    assert set(content(data, query).view.models) == {"mine<b>", "7net-0"}


def test_the_selection_of_an_export_is_that_of_the_view(data):
    found = content(data, SOME)
    assert (found.selected == mask(data, parse(SOME, data)[0])).all()
    assert found.said() == f"{len(found.atoms)} atoms in {len(found.structures)} crystals, 2 models"


def test_a_filter_that_cannot_be_read_is_told(data):
    with pytest.raises(ExportError, match="filter cannot be read"):
        content(data, "?find=band_gap >")


@pytest.mark.parametrize("name", ["csv", "parquet", "extxyz", "chemiscope"])
def test_an_empty_selection_is_refused_in_words(data, name):
    nothing = content(data, "?brush=period:7..7&elements=Li")
    assert contents(nothing)[name]["refused"].startswith("No atom is selected")
    with pytest.raises(ExportError, match="No atom is selected"):
        export(nothing, name)


@pytest.mark.parametrize("name", ["png", "svg", "html"])
def test_a_view_without_maps_cannot_be_drawn(data, name):
    with pytest.raises(ExportError, match="No map is shown"):
        export(content(data, "?models="), name)


@pytest.mark.parametrize(
    ("name", "kind"),
    [("a.csv", "csv"), ("a.chemiscope.json", "chemiscope"), ("A.XYZ", "extxyz"), ("b.parquet", "parquet"),
     ("b.tex", "latex"), ("b.bib", "bibtex")],
)  # fmt: skip
def test_the_ending_of_a_file_names_its_format(tmp_path, name, kind):
    assert format_of(tmp_path / name) == kind


def test_an_unknown_ending_names_the_formats(tmp_path):
    with pytest.raises(ExportError, match="csv, parquet"):
        format_of(tmp_path / "a.docx")


# ---- tables


def test_a_table_has_one_row_for_each_selected_atom(data):
    found = content(data, SOME)
    table = rows(tables.csv(found))
    assert len(table) == len(found.atoms)
    assert {r["element"] for r in table} == {"Li", "O"}
    first = table[0]
    atom = found.atoms[0]
    assert (first["id"], first["formula"]) == (HOSTILE_ID, "LiF")
    assert float(first["7net-0 pca-2d x"]) == pytest.approx(float(data.points("7net-0", "pca-2d")[atom, 0]), rel=1e-6)
    assert float(first["band_gap [eV]"]) == 5.0


def test_positions_in_a_table_are_those_of_the_atoms(data):
    found = content(data, SOME)
    xyz = [[float(r[f"{axis} [angstrom]"]) for axis in "xyz"] for r in rows(tables.csv(found))]
    np.testing.assert_allclose(xyz, data.of_atoms("position")[found.atoms])


def test_atoms_are_counted_from_one_within_their_crystal(data):
    found = content(data, "?models=7net-0")
    table = rows(tables.csv(found))
    assert [int(r["atom"]) for r in table[:9]] == [1, 2, 3, 4, 5, 6, 7, 8, 1]


def test_unknown_values_are_empty_cells(data):
    found = content(data, "?models=chgnet-r2scan")
    assert rows(tables.csv(found))[0]["chgnet-r2scan pca-2d x"] == ""  # the model refused this atom


def test_a_turned_map_is_written_as_it_is_shown(data):
    query = "?models=7net-0,chgnet-r2scan&space=raw&align=7net-0"
    table = rows(tables.csv(content(data, query)))
    x = np.array([float(r["chgnet-r2scan raw-pca-2d x"] or "nan") for r in table])
    np.testing.assert_allclose(x, grid(data, "chgnet-r2scan", "raw-pca-2d", "7net-0").xy[:, 0], atol=1e-3)


def test_parquet_holds_the_same_as_csv_with_units_in_its_metadata(data):
    from pyarrow import parquet

    found = content(data, SOME)
    table = parquet.read_table(io.BytesIO(tables.parquet(found)))
    assert table.num_rows == len(found.atoms)
    assert table.schema.field("band_gap").metadata[b"unit"] == b"eV"
    assert table.schema.field("x").metadata[b"unit"] == b"angstrom"
    assert json.loads(table.schema.metadata[b"platonic-atlas"])["view"] == found.query
    written = rows(tables.csv(found))
    assert table["element"].to_pylist() == [r["element"] for r in written]
    assert table["id"].to_pylist() == [r["id"] for r in written]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-cmd", "@SUM(A1)", "\t=1", "\r=1", "-1+cmd|' /C calc'!A0"])
def test_texts_that_a_spreadsheet_would_run_are_guarded(text):
    assert tables.guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-43m", "-1", "-3m", "-42.m", "BaCeO3", "a=b", ""])
def test_harmless_texts_stay_as_they_are(text):
    assert tables.guarded(text) == text


def test_columns_are_counted_without_reading_them(data):
    for query in (SOME, "?models=", "?models=7net-0&map=umap"):
        assert n_columns(content(data, query)) == len(all_columns(content(data, query)))


def test_too_large_a_table_is_refused_with_its_limit(data, monkeypatch):
    monkeypatch.setattr(tables, "MOST_CELLS", 100)
    with pytest.raises(ExportError, match="at most 100 cells"):
        tables.csv(content(data, SOME))


# ---- crystals


def read_extxyz(body):
    from ase.io import read

    return read(io.StringIO(body.decode()), index=":", format="extxyz")


def test_extxyz_is_read_back_by_ase(with_coordinates):
    data = with_coordinates
    found = content(data, SOME)
    frames = read_extxyz(structures.write(found))
    assert len(frames) == len(found.structures)
    members = structures.members_of(data, found.structures)
    np.testing.assert_allclose(np.concatenate([f.positions for f in frames]), data.of_atoms("position")[members])
    assert np.concatenate([f.numbers for f in frames]).tolist() == data.of_atoms("atomic_number")[members].tolist()
    assert (np.concatenate([f.arrays["selected"] for f in frames]) == found.selected[members]).all()
    for key in ("7net-0", "chgnet-r2scan"):
        written = np.concatenate([f.arrays[f"coordinates_{key}"] for f in frames])
        np.testing.assert_allclose(written, data.atlas.model(key).coordinates[members], rtol=1e-6)
        placed = np.concatenate([f.arrays[f"map_{key}"] for f in frames])
        np.testing.assert_allclose(placed, data.points(key, "pca-2d")[members], rtol=1e-6)
    assert [f.info["formula"] for f in frames] == [str(data.of_structures("formula")[s]) for s in found.structures]
    assert frames[0].info["id"] == HOSTILE_ID
    assert frames[0].cell.lengths().tolist() == pytest.approx([4.03] * 3)


def test_a_molecule_has_no_cell_in_extxyz(data):
    frames = read_extxyz(structures.write(content(data, "?find=H2O&models=7net-0")))
    assert [f.pbc.any() for f in frames] == [False]
    assert not frames[0].cell.any()


def test_coordinates_can_be_left_out(with_coordinates):
    frames = read_extxyz(structures.write(content(with_coordinates, f"{SOME}&coordinates=0")))
    assert not [name for name in frames[0].arrays if name.startswith("coordinates")]


def test_too_many_coordinates_are_refused_with_the_limit_and_a_way_out(with_coordinates, monkeypatch):
    found = content(with_coordinates, SOME)
    monkeypatch.setattr(structures, "MOST_NUMBERS", 600)
    with pytest.raises(ExportError, match=r"at most 600 are written.*coordinates=0"):
        structures.write(found)


@pytest.mark.parametrize("name", ["energy", "forces", "Lattice", "pos"])
def test_names_with_a_meaning_to_readers_are_changed(name):
    assert structures._key(name, set()) == f"property_{name}"


def test_names_of_arrays_are_one_word_and_occur_once():
    taken = set()
    assert [structures._key(n, taken) for n in ("a:b c", "a_b c", 'x"')] == ["a_b_c", "a_b_c_2", "x"]


def test_chemiscope_has_an_environment_for_each_selected_atom(data):
    found = content(data, "?models=7net-0&elements=Li,O")  # a model without gaps
    dataset = json.loads(chemiscope.write(found))
    assert len(dataset["environments"]) == len(found.atoms)
    assert len(dataset["structures"]) == len(found.structures)
    for environment in dataset["environments"]:
        assert dataset["structures"][environment["structure"]]["names"][environment["center"]] in ("Li", "O")
    sizes = {"atom": len(found.atoms), "structure": len(found.structures)}
    for name, values in dataset["properties"].items():
        assert len(values["values"]) == sizes[values["target"]], name
        assert len({type(v) for v in values["values"]}) == 1, name
    assert dataset["properties"]["band_gap"]["units"] == "eV"
    assert dataset["properties"]["coordination"]["description"]
    assert dataset["meta"]["name"] == data.title
    assert any("Platonic representation" in r for r in dataset["meta"]["references"])
    assert {dataset["settings"]["map"][axis]["property"] for axis in "xy"} <= set(dataset["properties"])


def test_unknown_numbers_are_nan_in_chemiscope_and_no_text_holds_that_word(data):
    text = chemiscope.write(content(data, "?models=chgnet-r2scan")).decode()
    assert "NaN" in text
    strict = json.loads(re.sub(r"\bNaN\b", "0", text))  # as the viewer replaces it, everywhere
    assert "NaN-free" not in strict
    assert chemiscope._dumps({"formula": "NaN", "x": ["\x00"]}) == b'{"formula":"Na\\u004e","x":[NaN]}'


# ---- the page of its own


def test_a_saved_page_asks_for_nothing_from_anywhere(data):
    text = page.write(content(data, SOME)).decode()
    head = text.partition("</head>")[0]
    assert "default-src 'none'" in head
    assert not re.search(r"<(?:link|img|iframe|script[^>]*\ssrc)\b", text.partition("<script>")[0])


def test_a_saved_page_holds_the_models_of_the_view_alone(data):
    text = page.write(content(data, "?models=7net-0&colour=period")).decode()
    names = re.findall(r'class="array" data-name="([^"]+)"', text)
    assert [n for n in names if n.startswith("points")] == ["points 7net-0"]
    info = json.loads(re.search(r'id="info">(.*?)</script>', text, re.DOTALL)[1])
    assert [m["key"] for m in info["models"]] == ["7net-0"]
    assert [q["id"] for q in info["quantities"]] == ["period"]


def test_hostile_texts_cannot_end_a_script_of_a_saved_page(data):
    text = page.write(content(data, "?models=mine%3Cb%3E,7net-0")).decode()
    assert HOSTILE_ID not in text
    assert "<script>alert" not in text
    scripts = re.findall(r"<script\b", text)
    assert len(scripts) == len(re.findall(r"</script>", text))


def test_the_scripts_of_a_saved_page_cannot_end_early():
    assert page._within_script("a</script>b<!--c") == "a<\\/script>b<\\!--c"


def test_too_large_a_page_is_refused_with_its_limit(data, monkeypatch):
    monkeypatch.setattr(page, "MOST_BYTES", 1_000_000 // 1_000_000)
    with pytest.raises(ExportError, match="Show fewer models"):
        page.write(content(data, SOME))


# ---- addresses and the command line


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize("name", list(FORMATS))
def test_every_format_is_an_address_that_gives_a_file_to_save(client, name):
    answer = client.get(f"/data/synthetic/export/{name}{SOME}")
    assert answer.status_code == 200
    assert answer.mimetype == FORMATS[name].mimetype
    disposition = answer.headers["Content-Disposition"]
    assert disposition == f'attachment; filename="synthetic-pca-2d{FORMATS[name].suffix}"'
    assert client.get(f"/data/synthetic/export/{name}{SOME}", headers={"If-None-Match": answer.headers["ETag"]})


def test_an_address_says_in_a_sentence_why_nothing_is_exported(client):
    answer = client.get("/data/synthetic/export/csv?elements=Li&brush=period:7..7")
    assert (answer.status_code, answer.json["error"][:19]) == (400, "No atom is selected")
    assert "There is no format" in client.get("/data/synthetic/export/docx").json["error"]
    assert client.get("/data/nowhere/export/csv").status_code == 404


def test_the_page_is_told_what_each_file_would_hold(client):
    said = client.get(f"/data/synthetic/export/contents{SOME}").json
    assert set(said) == set(FORMATS)
    assert said["csv"]["holds"].endswith("2 models")
    assert "filter cannot be read" in client.get("/data/synthetic/export/contents?find=band_gap >").json["error"]


def test_one_large_file_is_made_at_a_time(client, monkeypatch):
    """What is asked for while another is made is refused, but texts are short and always there."""
    during = {}

    def slow(_):
        for name in ("csv", "methods"):
            during[name] = client.get(f"/data/synthetic/export/{name}{SOME}")
        return b""

    monkeypatch.setitem(FORMATS, "png", replace(FORMATS["png"], write=slow))
    assert client.get(f"/data/synthetic/export/png{SOME}").status_code == 200
    assert (during["csv"].status_code, during["methods"].status_code) == (429, 200)
    assert during["csv"].json["error"] == "Another export is being made; try again in a few seconds."
    assert client.get("/data/synthetic/export/csv?elements=Li&brush=period:7..7").status_code == 400
    assert client.get(f"/data/synthetic/export/csv{SOME}").status_code == 200


@pytest.mark.parametrize(
    ("site", "status"), [("cross-site", 403), ("same-origin", 200), ("same-site", 200), ("none", 200)]
)
def test_pages_of_other_sites_cannot_ask_for_exports(client, site, status):
    answer = client.get(f"/data/synthetic/export/csv{SOME}", headers={"Sec-Fetch-Site": site})
    assert answer.status_code == status


def run(*arguments):
    command = [sys.executable, "-m", "precompute", "export", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.ci
def test_the_command_line_writes_what_the_page_saves(client, atlas_path, tmp_path):
    out = tmp_path / "some.csv"
    done = run(atlas_path, "--view", f"http://127.0.0.1:8050/{SOME}&k=7", "--out", out)
    assert done.returncode == 0, done.stderr
    assert out.read_bytes() == client.get(f"/data/synthetic/export/csv{SOME}").data
    assert "2 models" in done.stderr
    assert "note: The address asks for a number of anchors" in done.stderr
    refused = run(atlas_path, "--view", "?elements=Li&brush=period:7..7", "--out", out)
    assert (refused.returncode, "error: No atom is selected" in refused.stderr) == (1, True)


def test_latex_prints_every_sign_as_it_stands():
    assert for_latex("50 % of a_b & {c} #1 $x^2~\\") == (
        r"50 \% of a\_b \& \{c\} \#1 \$x\textasciicircum{}2\textasciitilde{}\textbackslash{}"
    )
