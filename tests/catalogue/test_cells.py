"""The expansion of a row agrees with ASE's and with crystallography."""

from __future__ import annotations

import sys
from subprocess import run

import numpy as np
import pytest

from precompute.contracts import AtlasError
from precompute.structures.catalogue.cells import expand, lattice, operations, orbit, primitive_vectors, snapped
from precompute.structures.catalogue.table import Entry, read_all


def _sample() -> list[Entry]:
    """Return the first entry of each space group and setting."""
    first: dict[tuple[int, int], Entry] = {}
    for entry in read_all():
        first.setdefault((entry.spacegroup, entry.setting), entry)
    return list(first.values())


def _same_atoms(entry: Entry) -> bool:
    from ase.spacegroup import crystal

    symbols, fractional, cell, _ = expand(entry, primitive=False)
    expected = crystal(
        [s.symbol for s in entry.sites],
        [tuple(snapped(np.array(s.position), entry.spacegroup, entry.setting)) for s in entry.sites],
        spacegroup=entry.spacegroup,
        setting=entry.setting,
        cellpar=entry.parameters,
    )
    if sorted(symbols) != sorted(expected.get_chemical_symbols()):
        return False
    if not np.allclose(cell @ cell.T, expected.cell.array @ expected.cell.array.T, atol=1e-6):
        return False
    for symbol, position in zip(symbols, fractional, strict=True):
        others = expected.get_scaled_positions()[np.array(expected.get_chemical_symbols()) == symbol]
        difference = others - position
        difference -= np.rint(difference)
        if np.abs(difference).max(axis=1).min() > 1e-5:
            return False
    return True


@pytest.mark.parametrize("entry", _sample(), ids=lambda e: e.id)
def test_expansion_equals_that_of_ase(entry: Entry) -> None:
    assert _same_atoms(entry)


@pytest.mark.slow
def test_expansion_of_every_entry_equals_that_of_ase() -> None:
    assert [e.id for e in read_all() if not _same_atoms(e)] == []


def test_primitive_cell_holds_the_same_density() -> None:
    for entry in read_all():
        n_conventional = len(expand(entry, primitive=False)[0])
        n_primitive = len(expand(entry, primitive=True)[0])
        ratio = n_conventional / n_primitive
        assert ratio == pytest.approx(1 / np.linalg.det(primitive_vectors(entry))), entry.id


def test_listed_atoms_come_first_in_their_orbits() -> None:
    for entry in read_all()[::10]:
        symbols, fractional, cell, first = expand(entry, primitive=True)
        expected = np.array([s.position for s in entry.sites]) @ lattice(entry.parameters)
        difference = np.linalg.solve(cell.T, (fractional[first] @ cell - expected).T).T
        assert np.abs(difference - np.rint(difference)).max() < 2e-3
        assert [symbols[i] for i in first] == [s.symbol for s in entry.sites]


def test_a_position_close_to_a_special_one_moves_there() -> None:
    assert snapped(np.array([0.3333, 0.6667, 0.25]), 194, 1) == pytest.approx([1 / 3, 2 / 3, 1 / 4], abs=1e-12)
    assert snapped(np.array([0.31, 0.12, 0.7]), 194, 1) == pytest.approx([0.31, 0.12, 0.7], abs=0)


@pytest.mark.parametrize(
    ("position", "multiplicity"),
    [((0, 0, 0), 4), ((0.25, 0.25, 0.25), 8), ((0.2, 0, 0), 24), ((0.11, 0.23, 0.37), 192)],
)
def test_orbits_have_their_multiplicity(position: tuple[float, float, float], multiplicity: int) -> None:
    assert len(orbit(np.array(position, dtype=float), 225, 1)) == multiplicity


def test_a_lattice_has_the_lengths_and_angles_asked_for() -> None:
    cell = lattice((3.0, 4.0, 5.0, 80.0, 95.0, 110.0))
    lengths = np.linalg.norm(cell, axis=1)
    assert lengths == pytest.approx([3, 4, 5])
    assert np.degrees(np.arccos(cell[1] @ cell[2] / 20)) == pytest.approx(80)
    assert np.degrees(np.arccos(cell[0] @ cell[2] / 15)) == pytest.approx(95)
    assert np.degrees(np.arccos(cell[0] @ cell[1] / 12)) == pytest.approx(110)


def test_a_setting_that_does_not_exist_is_refused() -> None:
    with pytest.raises(AtlasError, match="space group 225 has no setting 2"):
        operations(225, 2)


@pytest.mark.slow
@pytest.mark.ci
def test_loading_does_not_import_torch() -> None:
    code = "import sys; from precompute.structures.catalogue import load; load(); print('torch' in sys.modules)"
    done = run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
