"""Nothing is lost silently between the files and the atlas."""

from __future__ import annotations

from dataclasses import replace

import ase.io
import numpy as np
import pytest
from ase.build import bulk

from precompute.contracts import AtlasError, Skipped
from precompute.structures.collect import collect, collect_structures

SALT = bulk("NaCl", "rocksalt", a=5.64)


@pytest.fixture
def mixed(tmp_path):
    """Three sound crystals and six unsound files."""
    for k, element in enumerate(("Cu", "Fe", "Al")):
        ase.io.write(tmp_path / f"{k}-{element}.cif", bulk(element))
    close = SALT.copy()
    close.positions[1] = close.positions[0] + [0.2, 0, 0]
    flat = SALT.copy()
    flat.cell[2] = 0.0
    nan = SALT.copy()
    nan.positions[0, 0] = np.nan
    dummy = SALT.copy()
    dummy.numbers[0] = 0
    for name, atoms in {"close": close, "flat": flat, "nan": nan, "dummy": dummy}.items():
        ase.io.write(tmp_path / f"{name}.extxyz", atoms)
    (tmp_path / "empty.cif").write_bytes(b"")
    (tmp_path / "again").mkdir()
    ase.io.write(tmp_path / "again" / "0-Cu.cif", bulk("Ag"))
    return tmp_path


def test_every_input_is_taken_or_skipped_with_its_reason(mixed):
    progress = []
    found = collect([mixed], on_progress=lambda taken, skipped: progress.append((taken, skipped)))
    # Files come in order of their path, and 0-Cu.cif stands before again/0-Cu.cif.
    assert [(s.id, a.formula) for s, a in zip(found.structures, found.analyses, strict=True)] == [
        ("0-Cu", "Cu"),
        ("1-Fe", "Fe"),
        ("2-Al", "Al"),
    ]
    reasons = {(s.id, s.source.rpartition("/")[2]): s.reason for s in found.skipped}
    assert len(reasons) == 6
    assert "apart, closer than 0.4 A" in reasons["close", "close.extxyz"]
    assert "span no volume" in reasons["flat", "flat.extxyz"]
    assert "not finite" in reasons["nan", "nan.extxyz"]
    assert "dummy element" in reasons["dummy", "dummy.extxyz"]
    assert reasons["empty", "empty.cif"] == "the file is empty"
    assert "already read from" in reasons["0-Cu", "0-Cu.cif"]
    assert progress[-1] == (3, 6)
    assert len(progress) == 9


def test_strict_stops_at_the_first(mixed):
    with pytest.raises(AtlasError, match=r"(?s)\.(cif|extxyz)\): .*--strict"):
        collect([mixed], strict=True)


def test_strict_is_content_with_sound_files(mixed):
    assert len(collect([mixed / "1-Fe.cif", mixed / "2-Al.cif"], strict=True).structures) == 2


def test_nothing_left_is_an_error_that_names_reasons(mixed):
    with pytest.raises(AtlasError, match=r"(?s)2 of 2 inputs were skipped.*the file is empty.*not finite"):
        collect([mixed / "empty.cif", mixed / "nan.extxyz"])
    with pytest.raises(AtlasError, match="no structures were given"):
        collect([])
    many = [Skipped(str(k), "x", "bad") for k in range(9)]
    with pytest.raises(AtlasError, match="and 4 more"):
        collect_structures(many)


def test_the_largest_cell_can_be_chosen(structure):
    big = structure(SALT.repeat((8, 8, 8)))
    with pytest.raises(AtlasError, match="has 1024 atoms, more than the 1000 allowed"):
        collect_structures([big])
    assert len(collect_structures([big], max_atoms=1024).structures) == 1


def test_of_two_with_one_id_the_first_sound_one_stays(structure):
    bad = structure(positions=[[np.nan, 0, 0]], id="a")
    good, late = structure(id="a"), replace(structure(SALT, id="a"), source="late")
    found = collect_structures([bad, good, late])
    assert found.structures == (good,)
    assert [s.source for s in found.skipped] == ["test", "late"]
    assert found.skipped[1].reason == "a structure with this id was already read from test"
