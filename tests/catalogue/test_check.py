"""Every crystal is sane, and the check that says so can fail."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from subprocess import run

import pytest

from precompute.structures.catalogue.check import (
    EXCUSE,
    EXEMPT,
    compounds,
    coverage_faults,
    geometry_faults,
    model_faults,
)
from precompute.structures.catalogue.table import Entry, Site, read_all

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return read_all()


@pytest.fixture(scope="module")
def salt(entries: list[Entry]) -> Entry:
    return next(e for e in entries if e.id == "NaCl-rocksalt")


def test_no_entry_is_still_an_estimate(entries: list[Entry]) -> None:
    assert [e.id for e in entries if e.origin == "estimate"] == []


@pytest.mark.slow
@pytest.mark.ci
def test_distances_and_space_groups_are_right(entries: list[Entry]) -> None:
    assert list(geometry_faults(entries)) == []


def test_elements_are_covered(entries: list[Entry]) -> None:
    assert list(coverage_faults(entries)) == []
    present = {s.symbol for e in entries for s in e.sites}
    assert len(present) == 89


def test_most_entries_are_known_compounds(entries: list[Entry]) -> None:
    assert sum(e.hypothetical for e in entries) < 0.05 * len(entries)


def test_atoms_too_close_are_found(salt: Entry) -> None:
    squeezed = replace(salt, parameters=(3.6, 3.6, 3.6, 90.0, 90.0, 90.0))
    assert any("two atoms at" in fault for fault in geometry_faults([squeezed]))


def test_a_relaxed_crystal_that_fell_apart_is_found(salt: Entry) -> None:
    apart = replace(salt, origin="model-relaxed", parameters=(14.4, 14.4, 14.4, 90.0, 90.0, 90.0))
    assert any("no neighbour within 5 A" in fault for fault in geometry_faults([apart]))


def test_a_wrong_space_group_is_found(salt: Entry) -> None:
    same_species = replace(salt, sites=tuple(Site("Na", s.position) for s in salt.sites))
    assert list(geometry_faults([same_species])) == [f"{salt.id}: declared space group 225, spglib finds 221"]


def test_missing_compounds_are_found(entries: list[Entry]) -> None:
    without = [e for e in entries if "Tc" not in {s.symbol for s in e.sites}]
    assert next(iter(coverage_faults(without))).startswith("Tc: 0 compounds")


def test_elemental_crystals_are_no_compounds(entries: list[Entry]) -> None:
    elements = [e for e in entries if len({s.symbol for s in e.sites}) == 1]
    assert compounds(elements) == {}
    assert {2, 10, 18, 36, 54} == EXEMPT


def test_forces_and_pressure_count_unless_the_remark_says_why(salt: Entry) -> None:
    from ase.calculators.emt import EMT

    copper = replace(salt, id="Cu", parameters=(3.2, 3.2, 3.2, 90.0, 90.0, 90.0), sites=(Site("Cu", (0.0, 0.0, 0.0)),))
    assert next(iter(model_faults([copper], EMT()))).startswith("Cu: force 0.000 eV/A, pressure ")
    assert list(model_faults([replace(copper, remark=EXCUSE + "squeezed on purpose")], EMT())) == []


@pytest.mark.slow
@pytest.mark.models
def test_forces_and_pressures_of_every_entry_are_within_the_limits() -> None:
    from precompute.models.environments import EnvironmentMissing, python_of

    try:
        python = python_of("sevennet")
    except EnvironmentMissing as missing:
        pytest.skip(str(missing))
    command = [str(python), "-W", "ignore", "-m", "precompute.structures.catalogue.check", "--model"]
    done = run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stdout + done.stderr
