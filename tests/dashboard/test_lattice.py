import gzip
from csv import DictReader
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
import spglib
from ase.io import read

from dashboard.lattice import conventional, parameters, reduced
from precompute.structures.catalogue.load import load
from tests.dashboard.synthetic import perovskite, rock_salt

# spglib 2.7 warns of its own way of telling errors at every call
pytestmark = pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")
SYSTEMS = {2: "triclinic", 15: "monoclinic", 74: "orthorhombic", 142: "tetragonal", 167: "trigonal", 194: "hexagonal",
           230: "cubic"}  # fmt: skip
PERIODIC = np.ones(3, bool)
MP20 = Path(__file__).resolve().parents[3] / "shared" / "data" / "mp20_subset.csv.gz"


def dataset(cell, fractional, numbers):
    found = spglib.get_symmetry_dataset((cell, fractional, numbers), symprec=0.01)
    return found, next(name for last, name in SYSTEMS.items() if found.number <= last)


def agrees(numbers, positions, cell):
    """Whether our conventional cell is spglib's, up to the choices that International Tables leave open."""
    found, system = dataset(cell, positions @ np.linalg.inv(cell), numbers)
    ours = conventional(numbers, positions, cell, PERIODIC, found.international, system)
    if ours.cell is None and not ours.stored_is_conventional:
        return False
    mine = cell if ours.cell is None else ours.cell
    if abs(abs(np.linalg.det(mine)) / np.linalg.det(found.std_lattice) - 1) > 0.01:
        return False
    if system in ("triclinic", "monoclinic"):  # shortest or otherwise chosen vectors
        b = parameters(found.std_lattice)[0][1]
        return system == "triclinic" or bool(np.isclose(parameters(mine)[0], b, atol=0.03).any())
    return np.allclose(np.sort(parameters(mine)[0]), np.sort(parameters(found.std_lattice)[0]), atol=0.03)


def other_cells(numbers, positions, cell):
    """The crystal by its primitive cell and by a doubled one."""
    fractional = positions @ np.linalg.inv(cell)
    small = spglib.find_primitive((cell, fractional, numbers), symprec=0.01)
    doubled = np.vstack([positions, positions + cell[0]])
    return [
        (small[2], small[1] @ small[0], small[0]),
        (np.tile(numbers, 2), doubled, cell * [[2], [1], [1]]),
    ]


@pytest.mark.slow
@pytest.mark.ci
def test_catalogue_crystals_have_the_conventional_cells_of_spglib():
    wrong = []
    for s in load()[::16]:
        for crystal in [(s.numbers, s.positions, s.cell), *other_cells(s.numbers, s.positions, s.cell)]:
            if len(crystal[0]) <= 40 and not agrees(*crystal):
                wrong.append((s.id, len(crystal[0])))
    assert wrong == []


@pytest.mark.skipif(not MP20.exists(), reason="the real crystals of the shared data folder are not here")
def test_relaxed_crystals_have_the_conventional_cells_of_spglib():
    wrong = []
    with gzip.open(MP20, "rt") as file:
        rows = list(DictReader(file))[3::40]
    for row in rows:
        atoms = read(StringIO(row["cif"]), format="cif")
        if not agrees(atoms.numbers, atoms.positions, np.array(atoms.cell)):
            wrong.append(row["material_id"])
    assert len(rows) > 20
    assert wrong == []


def test_cubic_cell_that_is_stored_is_left_alone():
    s = rock_salt(12, 8, 4.21, "MgO", "")
    found = conventional(s.numbers, s.positions, s.cell, s.pbc, "Fm-3m", "cubic")
    assert found.cell is None
    assert found.stored_is_conventional


def test_metric_alone_does_not_decide():
    s = perovskite(56, 58, 4.44, "x")
    moved = s.positions.copy()
    moved[1, 2] += 0.2  # ferroelectric: tetragonal symmetry in a cube
    found = conventional(s.numbers, moved, s.cell, s.pbc, "Pm-3m", "cubic")
    assert found.cell is None
    assert not found.stored_is_conventional
    assert "found" in found.reason
    assert conventional(s.numbers, moved, s.cell, s.pbc, "P4mm", "tetragonal").stored_is_conventional


@pytest.mark.parametrize(
    ("pbc", "symbol", "system", "n"),
    [(False, "", "molecule", 3), (True, "", "crystal", 3), (True, "Pm-3m", "cubic", 500)],
)
def test_where_there_is_none_it_says_why(pbc, symbol, system, n):
    positions = np.random.default_rng(0).random((n, 3)) * 20
    found = conventional(np.full(n, 6), positions, np.eye(3) * 20, np.full(3, pbc), symbol, system)
    assert found.cell is None
    assert not found.stored_is_conventional
    assert found.reason


def test_reduced_vectors_span_the_same_lattice_and_are_short():
    cell = np.array([[3.0, 0, 0], [0, 4, 0], [0, 0, 5]])
    skewed = np.array([[1, 3, 0], [0, 1, -2], [2, 6, 1]]) @ cell
    short = reduced(skewed)
    np.testing.assert_allclose(np.sort(np.linalg.norm(short, axis=1)), [3, 4, 5], atol=1e-9)
    steps = short @ np.linalg.inv(cell)
    np.testing.assert_allclose(steps, np.round(steps), atol=1e-9)
