"""Good files are read whole with their properties; bad ones are named with the reason and never run or stall."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import random
import signal
import sqlite3
import threading
import time
from pathlib import Path

import ase.db
import ase.io
import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, molecule
from ase.calculators.singlepoint import SinglePointCalculator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from precompute.contracts import Skipped, Structure
from precompute.structures import readers
from precompute.structures.deadline import Overdue, deadline
from precompute.structures.readers import file_stem, read
from precompute.structures.reports import one_line

SALT = bulk("NaCl", "rocksalt", a=5.64)


def only(path: Path) -> Structure:
    (found,) = read([path])
    assert isinstance(found, Structure), found
    return found


def reason(path: Path) -> str:
    (found,) = read([path])
    assert isinstance(found, Skipped), found
    return found.reason


@pytest.mark.parametrize(
    "name",
    ["salt.cif", "POSCAR", "salt.vasp", "salt.extxyz", "salt.xyz", "salt.traj", "salt.db", "salt.json", "salt.xsf"],
)
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_formats_of_ase_are_read_plain_and_compressed(tmp_path, name, ending):
    plain = tmp_path / name
    options = {"format": "vasp"} if name.endswith((".vasp", "POSCAR")) else {}
    ase.io.write(plain, SALT, **options)
    path = plain
    if ending:
        path = tmp_path / f"{name}{ending}"
        path.write_bytes(gzip.compress(plain.read_bytes()))
        plain.unlink()
    found = only(path)
    assert found.numbers.tolist() == [11, 17]
    assert found.pbc.all()
    np.testing.assert_allclose(np.linalg.norm(found.cell, axis=1), np.linalg.norm(SALT.cell, axis=1), rtol=1e-6)
    assert found.source == str(path)
    assert found.id == ("salt" if name.startswith("salt") else f"{tmp_path.name}-POSCAR")
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_frames_of_a_trajectory_are_numbered_and_keep_what_they_carry(tmp_path):
    frames = [molecule("H2O") for _ in range(3)]
    for k, atoms in enumerate(frames):
        atoms.info["step"] = k
        atoms.set_array("site", np.array([0, 1, 1]))
        atoms.calc = SinglePointCalculator(atoms, energy=-float(k), forces=np.full((3, 3), k))
    ase.io.write(tmp_path / "md.extxyz", frames)
    found = list(read([tmp_path / "md.extxyz"]))
    assert [s.id for s in found] == ["md#0", "md#1", "md#2"]
    assert found[2].source.endswith("md.extxyz frame 2")
    assert dict(found[2].properties) == {"step": 2, "energy": -2.0}
    assert found[2].units["forces"] == "eV/A"
    np.testing.assert_array_equal(found[2].atom_properties["site"], [0, 1, 1])
    np.testing.assert_array_equal(found[2].atom_properties["forces"], np.full((3, 3), 2.0))


def test_a_structure_may_name_itself(tmp_path):
    SALT_NAMED = SALT.copy()
    SALT_NAMED.info["material_id"] = "mp-22862"
    ase.io.write(tmp_path / "a.extxyz", [SALT_NAMED])
    assert only(tmp_path / "a.extxyz").id == "mp-22862"


def test_a_database_keeps_key_value_pairs(tmp_path):
    with ase.db.connect(tmp_path / "x.db") as database:
        database.write(SALT, gap=5.0, material_id="mp-1")
        database.write(molecule("H2O"), relaxed=True, label="water")
    first, second = read([tmp_path / "x.db"])
    assert (first.id, dict(first.properties)) == ("mp-1", {"gap": 5.0, "material_id": "mp-1"})
    assert (second.id, dict(second.properties)) == ("x#1", {"relaxed": True, "label": "water"})


def test_a_table_keeps_its_columns_with_units(tmp_path, cif):
    head = ",material_id,cif,pretty_formula,band_gap,e_above_hull,stable,spacegroup.number,note\n"
    row = f'0,mp-7,"{cif}",NaN,1.5e0,,True,225,\n1,,"{cif}",InF,nan,0.0,False,2,fine\n'
    (tmp_path / "t.csv").write_text(head + row)
    first, second = read([tmp_path / "t.csv"])
    assert first.id == "mp-7"
    assert first.source.endswith("t.csv row 0")
    assert dict(first.properties) == {
        "pretty_formula": "NaN",
        "band_gap": 1.5,
        "stable": True,
        "spacegroup.number": 225,
    }
    assert dict(first.units) == {"band_gap": "eV"}
    assert second.id == "t:1"
    assert dict(second.properties) == {
        "pretty_formula": "InF",
        "e_above_hull": 0.0,
        "stable": False,
        "spacegroup.number": 2,
        "note": "fine",
    }
    assert first.numbers.tolist() == [11, 17]


@pytest.mark.slow
@pytest.mark.ci
def test_all_of_mp20_and_perov5_is_read(shared_data):
    mp20 = list(read([shared_data / "mp20_subset.csv.gz"]))
    assert all(isinstance(s, Structure) for s in mp20)
    assert (len(mp20), sum(map(len, mp20))) == (1090, 11_600)
    rubidium = next(s for s in mp20 if s.id == "mp-604321")
    assert rubidium.numbers.tolist() == [37] * 4
    assert set(rubidium.units) == {"formation_energy_per_atom", "band_gap", "e_above_hull"}
    assert len({n for s in mp20 for n in s.numbers.tolist()}) == 85
    perov5 = list(read([shared_data / "perov5_sample.csv.gz"]))
    assert (len(perov5), sum(map(len, perov5))) == (600, 3000)
    assert perov5[0].properties["heat_all"] == 1.14
    assert perov5[0].units["heat_all"] == "eV/atom"
    assert perov5[0].id == "10173"


def test_a_bad_row_costs_only_itself(tmp_path, cif):
    bad = cif.replace("Na Na0 0.0", "Qq Qq0 0.0")
    (tmp_path / "t.csv").write_text(f'id,cif\na,"{cif}"\nb,"{bad}"\nc,\nd,"{cif}"\ne,"{cif}{cif}"\n')
    found = list(read([tmp_path / "t.csv"]))
    assert [(type(s).__name__, s.id) for s in found] == [
        ("Structure", "a"),
        ("Skipped", "b"),
        ("Skipped", "c"),
        ("Structure", "d"),
        ("Skipped", "e"),
    ]
    assert "Qq" in found[1].reason
    assert found[2].reason == "the row has no CIF"
    assert "2 structures" in found[4].reason


def test_folders_globs_and_files_mix_and_each_file_counts_once(tmp_path):
    for name in ("b/x.cif", "a/y.cif", "a/.hidden.cif", ".git/z.cif", "top.cif"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        ase.io.write(tmp_path / name, SALT)
    expected = ["y", "x", "top"]
    assert [s.id for s in read([tmp_path])] == expected
    assert [s.id for s in read([tmp_path / "top.cif", tmp_path, str(tmp_path / "*" / "*.cif")])] == ["top", "y", "x"]
    assert {s.id for s in read([str(tmp_path / "**" / "*.cif")])} == set(expected)


def test_what_is_not_there_is_said(tmp_path):
    (tmp_path / "empty").mkdir()
    os.mkfifo(tmp_path / "pipe.cif")
    found = list(read([tmp_path / "no.cif", str(tmp_path / "*.xyz"), tmp_path / "empty", tmp_path / "pipe.cif"]))
    assert [s.reason for s in found] == [
        "no such file or folder",
        "no file matches",
        "the folder holds no files",
        "neither a file nor a folder",
    ]


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("empty.cif", b"", "the file is empty"),
        ("empty.csv.gz", gzip.compress(b""), "the file is empty"),
        ("cut.cif.gz", gzip.compress(b"data_x\n" * 999)[:30], "EOFError"),
        ("not.gz", b"hello", "BadGzipFile"),
        ("header.csv", b"a,b\n1,2\n", "no column 'cif'; its columns are 'a', 'b'"),
        ("header.csv", b"cif,b\n", "holds no structure"),
        ("latin.csv", b"cif\n\xff\xfe\n", "UnicodeDecodeError"),
        ("README.txt", b"# Title\n", "not a structure file"),
        ("binary.cif", random.Random(0).randbytes(9999), ""),
        ("other.json", b'{"@module": "pymatgen.core.structure"}', ""),
        ("other.db", b"SQLite format 3\0" + b"\0" * 100, "DatabaseError"),
        ("shape.json", b'{"1": {"numbers": {"__ndarray__": [[99999999999999], "float64", []]}}, "ids": [1]}', ""),
    ],
)
def test_bad_files_are_skipped_with_the_reason(tmp_path, name, content, expected):
    (tmp_path / name).write_bytes(content)
    assert expected in reason(tmp_path / name)


@pytest.mark.parametrize(
    "name", ["junk.cif", "junk.xyz", "junk.extxyz", "POSCAR", "junk.csv", "junk.json", "junk.out", "junk"]
)
def test_a_hundred_thousand_lines_of_junk_are_one_reason(tmp_path, name):
    rng = random.Random(1)
    line = "".join(rng.choices("abc xyz_=:;'\"#0123456789.-", k=40))
    (tmp_path / name).write_text("\n".join(line[k % 40 :] + line[: k % 40] for k in range(100_000)))
    assert len(reason(tmp_path / name)) <= 200


def test_a_truncated_trajectory_keeps_what_came_before(tmp_path):
    ase.io.write(tmp_path / "md.xyz", [molecule("H2O")] * 4, format="extxyz")
    text = (tmp_path / "md.xyz").read_text()
    (tmp_path / "md.xyz").write_text(text[: int(len(text) * 0.6)])
    found = list(read([tmp_path / "md.xyz"]))
    assert [s.id for s in found] == ["md#0", "md#1", "md#2"]
    assert isinstance(found[-1], Skipped)
    assert found[-1].reason.startswith("frame 2 and what follows: ")


def test_partial_occupancy_and_shared_sites_are_refused(tmp_path, cif):
    (tmp_path / "partial.cif").write_text(cif.replace("0.0 0.0 0.0 1\n", "0.0 0.0 0.0 0.5\n"))
    assert "partially occupied or shared (Na 0.5)" in reason(tmp_path / "partial.cif")
    shared = cif.replace("0.0 0.0 0.0 1\n", "0.0 0.0 0.0 0.5\n K K0 0.0 0.0 0.0 0.5\n")
    (tmp_path / "shared.cif").write_text(shared)
    assert "Na 0.5, K 0.5" in reason(tmp_path / "shared.cif")


class Trap:
    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


@pytest.mark.parametrize(
    "name", ["x.pckl", "x.pkl", "x.traj", "x.db", "x.json", "x.cif", "x.xyz", "x.bundle", "x", "x.gpw"]
)
def test_no_pickle_is_opened(tmp_path, name):
    mark = tmp_path / "mark"
    (tmp_path / name).write_bytes(pickle.dumps(Trap(mark)))
    assert reason(tmp_path / name)
    assert not mark.exists()


def test_a_foreign_database_is_left_as_it_was(tmp_path):
    path = tmp_path / "foreign.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (x)")
    connection.commit()
    connection.close()
    before = path.read_bytes()
    assert "without the tables of an ASE database" in reason(path)
    assert path.read_bytes() == before


def test_a_database_with_an_endless_view_is_refused(tmp_path):
    path = tmp_path / "view.db"
    with ase.db.connect(path) as database:
        database.write(SALT)
    connection = sqlite3.connect(path)
    connection.execute("CREATE VIEW v AS WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x FROM c) SELECT x FROM c")
    connection.commit()
    connection.close()
    assert "views" in reason(path)


def test_a_small_file_that_unpacks_to_a_huge_one_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(readers, "MAX_DECOMPRESSED", 10_000)
    (tmp_path / "bomb.cif.gz").write_bytes(gzip.compress(b"\0" * 2_000_000))
    assert "unpacks to more than" in reason(tmp_path / "bomb.cif.gz")


def test_a_step_that_hangs_is_ended_and_the_next_is_not():
    running = signal.getitimer(signal.ITIMER_REAL)[0]
    with pytest.raises(Overdue, match=r"longer than 0\.05 s"), deadline(0.05):  # noqa: PT012 (the deadline must be inside)
        while True:
            pass
    # The test runner's own limit still stands.
    assert signal.getitimer(signal.ITIMER_REAL)[0] == pytest.approx(running, abs=5.0)
    with deadline(60.0):
        time.sleep(0.06)


def test_without_a_main_thread_there_is_no_limit_and_no_error():
    done = []

    def step() -> None:
        with deadline(0.01):
            time.sleep(0.03)
        done.append(True)

    thread = threading.Thread(target=step)
    thread.start()
    thread.join()
    assert done


def test_names_and_reasons_are_one_printable_line(tmp_path):
    strange = tmp_path / "a\x1b[31m\n<b>.cif"
    strange.write_text("junk")
    (found,) = read([strange])
    assert all(c.isprintable() for text in (found.id, found.source, found.reason) for c in text)
    assert one_line("a\n\tb\x00" + "c" * 500, 20) == "a b\\x00" + "c" * 12 + "…"


def test_stems_name_files_and_generic_names_take_their_folder(tmp_path):
    assert file_stem(Path("x/Fe2O3.v2.cif.gz")) == "Fe2O3.v2"
    assert file_stem(tmp_path / "Fe" / "CONTCAR.gz") == "Fe-CONTCAR"
    assert file_stem(tmp_path / "Fe" / "vasprun.xml") == "Fe-vasprun"


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32), name=st.sampled_from(["f.cif", "f.extxyz", "POSCAR", "f.csv", "f.json", "f.traj"]))
def test_damaged_files_give_structures_or_reasons_and_nothing_else(tmp_path, cif, seed, name):
    path = tmp_path / name
    if name == "f.csv":
        path.write_text(f'material_id,cif\na,"{cif}"\n')
    elif name == "f.cif":
        path.write_text(cif)
    else:
        atoms = Atoms("HOH", positions=np.eye(3), cell=np.eye(3) * 5, pbc=True)
        ase.io.write(path, atoms, **({"format": "vasp"} if name == "POSCAR" else {}))
    content, rng = bytearray(path.read_bytes()), random.Random(seed)
    for _ in range(rng.randint(1, 5)):
        content[rng.randrange(len(content))] = rng.randrange(256)
    path.write_bytes(content[: rng.randint(0, 2 * len(content))])
    found = list(read([path]))
    assert found
    assert all(isinstance(s, Structure | Skipped) for s in found)
    json.dumps([s.id for s in found])
