"""Conversion to ASE and JSON loses nothing; the digest sees the atoms and only them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from ase.build import bulk, molecule
from ase.calculators.singlepoint import SinglePointCalculator
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from precompute.contracts import AtlasError, Structure
from precompute.structures.convert import from_ase, plain_value, property_name, to_ase
from precompute.structures.portable import digest, from_json, to_json

finite = st.floats(allow_nan=False, allow_infinity=False)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@st.composite
def structures(draw: st.DrawFn) -> Structure:
    n = draw(st.integers(0, 5))
    return Structure(
        id=draw(text),
        source=draw(text),
        numbers=draw(arrays(np.int16, n, elements=st.integers(1, 118))),
        positions=draw(arrays(np.float64, (n, 3), elements=finite)),
        cell=draw(arrays(np.float64, (3, 3), elements=finite)),
        pbc=draw(arrays(np.bool_, 3)),
        properties=draw(st.dictionaries(text, st.one_of(finite, st.booleans(), st.integers(-(2**63), 2**63), text))),
        atom_properties={
            "f": draw(arrays(np.float64, (n, 3), elements=finite)) if n else np.zeros(0),
            "i": draw(arrays(np.int64, n)),
            "t": np.array(["a"] * n, dtype=np.str_),
            "b": draw(arrays(np.bool_, n)),
        },
        units={"f": "eV/A"},
    )


def same(a: Structure, b: Structure) -> None:
    assert (a.id, a.source, dict(a.properties), dict(a.units)) == (b.id, b.source, dict(b.properties), dict(b.units))
    for name in ("numbers", "positions", "cell", "pbc"):
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    assert a.atom_properties.keys() == b.atom_properties.keys()
    for name, values in a.atom_properties.items():
        np.testing.assert_array_equal(values, b.atom_properties[name])
        assert values.dtype.kind == b.atom_properties[name].dtype.kind


@given(structures())
def test_json_loses_nothing(structure):
    back = from_json(json.loads(json.dumps(to_json(structure))))
    same(structure, back)
    assert digest(back) == digest(structure)


def test_non_finite_positions_survive_json_for_the_checks_to_name():
    broken = Structure("x", "y", [6], [[np.nan, np.inf, 0.0]], np.eye(3), [True] * 3)
    back = from_json(json.loads(json.dumps(to_json(broken))))
    np.testing.assert_array_equal(back.positions, broken.positions)


@pytest.mark.slow
@pytest.mark.ci
@given(structures())
def test_digest_ignores_names_and_properties(structure):
    other = replace(structure, id="another", source="elsewhere", properties={}, atom_properties={}, units={})
    assert digest(other) == digest(structure)


def test_digest_sees_every_change_of_the_atoms():
    base = from_ase(bulk("NaCl", "rocksalt", a=5.64), "a", "b")
    moved = np.array(base.positions)
    moved[1, 2] = np.nextafter(moved[1, 2], 9.0)
    changes = [
        replace(base, positions=moved),
        replace(base, numbers=[11, 35]),
        replace(base, numbers=base.numbers[::-1]),
        replace(base, cell=base.cell * (1 + 1e-15)),
        replace(base, pbc=[True, True, False]),
    ]
    assert len({digest(base), *map(digest, changes)}) == 6


def test_digest_is_the_documented_one_and_does_not_tell_minus_zero():
    import hashlib

    s = Structure("x", "y", [1], [[-0.0, 1.0, 2.0]], np.eye(3), [True, False, True])
    raw = (
        np.array([1], "<i2").tobytes() + np.array([0.0, 1.0, 2.0], "<f8").tobytes() + np.eye(3).astype("<f8").tobytes()
    )
    assert digest(s) == hashlib.sha256(raw + b"\x01\x00\x01").hexdigest()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"numbers": [1, 200]}, "1-200"),
        ({"numbers": [1.5]}, "dtype float64"),
        ({"positions": [[0, 0], [1, 1]]}, "shape"),
        ({"positions": [[0, 0, 0], [1]]}, "ragged"),
        ({"positions": [["a", "b", "c"]]}, "dtype"),
        ({"pbc": [1, 1, 1]}, "pbc has dtype int64"),
        ({"id": 5}, "id and source are text"),
        ({"properties": {"x": [1]}}, "properties is an object"),
        ({"atom_properties": {"x": {"kind": "object", "values": [1, 2]}}}, "'kind'"),
        ({"atom_properties": {"x": {"kind": "int", "values": ["a", "b"]}}}, "'x'"),
        ({"atom_properties": {"x": {"kind": "int", "values": [1]}}}, "1 values for 2 atoms"),
        ({"units": {"x": 1}}, "units"),
        ({"extra": 1}, "unknown keys \\['extra'\\]"),
    ],
)
def test_json_that_to_json_did_not_write_is_refused(change, message):
    good = to_json(from_ase(bulk("NaCl", "rocksalt", a=5.64), "a", "b"))
    with pytest.raises(AtlasError, match=message):
        from_json({**good, **change})


def test_missing_keys_are_named():
    with pytest.raises(AtlasError, match=r"missing keys.*'cell'"):
        from_json({"id": "x"})
    with pytest.raises(AtlasError, match="got list"):
        from_json([])


def test_portable_needs_no_chemistry():
    code = (
        "import sys, precompute.structures.portable, precompute.elements as e; e.table();"
        "print([m for m in ('ase', 'spglib', 'pymatgen', 'scipy', 'torch') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_ase_round_trip_keeps_the_atoms():
    atoms = bulk("NaCl", "rocksalt", a=5.64)
    structure = from_ase(atoms, "a", "b")
    assert to_ase(structure) == atoms
    to_ase(structure).positions += 1.0
    np.testing.assert_array_equal(structure.positions, atoms.positions)


def test_info_arrays_and_results_become_properties_with_units():
    atoms = molecule("H2O")
    atoms.info = {"name": "water", "T": np.float64(300), "ok": np.bool_(True), "list": [1, 2], "nan": float("nan")}
    atoms.set_array("site", np.array(["O", "H", "H"]))
    atoms.calc = SinglePointCalculator(atoms, energy=-14.2, forces=np.ones((3, 3)), stress=np.zeros(6))
    structure = from_ase(atoms, "a", "b")
    assert dict(structure.properties) == {"name": "water", "T": 300.0, "ok": True, "energy": -14.2}
    assert set(structure.atom_properties) == {"site", "forces"}
    assert dict(structure.units) == {"energy": "eV", "forces": "eV/A"}


def test_a_property_of_the_file_wins_over_a_result():
    atoms = molecule("H2O")
    atoms.info["energy"] = "low"
    atoms.calc = SinglePointCalculator(atoms, energy=-14.2)
    assert dict(from_ase(atoms, "a", "b").properties) == {"energy": "low"}


def test_values_fit_a_column():
    assert plain_value(2**70) == float(2**70)
    assert plain_value(10**400) is None
    assert len(plain_value("x" * 10_000)) == 500
    assert plain_value(np.array(3)) == 3
    assert plain_value(object()) is None


@given(st.text())
def test_names_fit_a_path(name):
    clean = property_name(name)
    assert clean
    assert "/" not in clean
    assert "\\" not in clean
    assert not clean.startswith(".")
    assert clean.isprintable()


def test_names_that_collide_are_told_apart():
    assert property_name("a/b", {"a_b"}) == "a_b_"
    assert property_name("../../etc") == "__.._etc"
