"""What is unfit is refused with the reason; distances are those of an exhaustive search."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from ase.build import bulk, fcc111, molecule
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from precompute.contracts import Structure
from precompute.structures.checks import problem
from precompute.structures.periodic import pairs_within

NAN, INF = float("nan"), float("inf")
CUBE = np.diag([5.0, 5.0, 5.0])
THREE, NONE = (True,) * 3, (False,) * 3


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"numbers": [], "positions": np.zeros((0, 3))}, "has no atoms"),
        ({"numbers": [0]}, "unknown or dummy element (atomic number 0)"),
        ({"numbers": [119]}, "unknown or dummy element (atomic number 119)"),
        ({"positions": [[0, NAN, 0]]}, "position row 0 is not finite: 0 nan 0"),
        ({"positions": [[INF, 0, 0]]}, "position row 0 is not finite"),
        ({"cell": np.diag([5, NAN, 5])}, "cell row 1 is not finite"),
        ({"positions": [[1e7, 0, 0]]}, "position reaches 1e+07 A"),
        ({"cell": np.zeros((3, 3))}, "span no volume"),
        ({"cell": [[5, 0, 0], [0, 5, 0], [5, 5, 0]]}, "span no volume"),
        ({"cell": [[5, 0, 0], [0, 5, 0], [0, 0, 0]]}, "span no volume"),
        ({"cell": np.diag([5, 5, 0.3])}, "repeats every 0.3 A"),
        ({"cell": [[5, 0, 0], [5.3, 0.1, 0], [0, 0, 5]]}, "repeats every 0.316 A"),
        ({"cell": np.diag([0.2, 0, 0]), "pbc": (True, False, False)}, "repeats every 0.2 A"),
        ({"numbers": [6, 8], "positions": [[0, 0, 0], [0.3, 0, 0]]}, "atoms 0 (C) and 1 (O) are 0.300 A apart"),
        ({"numbers": [6, 8], "positions": [[0.1, 0, 0], [4.9, 0, 0]]}, "are 0.200 A apart"),
        ({"numbers": [6, 8], "positions": [[0.1, 0, 0], [34.9, 0, 5]]}, "are 0.200 A apart"),
        ({"numbers": [6, 6], "positions": [[0, 0, 0], [0, 0, 0]]}, "are 0.000 A apart"),
        ({"numbers": [6, 6], "positions": [[0, 0, 0], [0, 0, 0]], "pbc": NONE, "cell": 0 * CUBE}, "are 0.000 A apart"),
    ],
)
def test_bad_structures_are_refused_with_the_reason(structure, changes, reason):
    assert reason in problem(structure(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"pbc": NONE, "cell": np.zeros((3, 3))},
        {"pbc": (True, True, False), "cell": np.diag([5.0, 5.0, 0.0])},
        {"pbc": (False, True, False), "cell": np.diag([0.0, 5.0, 0.0])},
        {"cell": np.diag([0.41, 0.41, 0.41])},
        {"cell": -CUBE},
        {"numbers": [1, 1], "positions": [[0, 0, 0], [0.41, 0, 0]]},
        {"numbers": [1, 1], "positions": [[0.1, 0, 0], [4.9, 0, 0]], "pbc": NONE},
    ],
)
def test_odd_but_sound_structures_pass(structure, changes):
    assert problem(structure(**changes)) is None


@pytest.mark.parametrize("atoms", [bulk("Fe"), molecule("C60"), fcc111("Al", (1, 1, 3))], ids=["Fe", "C60", "Al(111)"])
def test_crystals_molecules_and_slabs_pass(structure, atoms):
    assert problem(structure(atoms)) is None


def test_a_cell_of_five_thousand_atoms_is_refused_unless_asked_for(structure):
    big = structure(bulk("Fe", cubic=True).repeat((25, 10, 10)))
    assert problem(big) == "has 5000 atoms, more than the 1000 allowed"
    assert problem(big, max_atoms=5000) is None


cells = arrays(np.float64, (3, 3), elements=st.floats(-6.0, 6.0).map(lambda x: round(x, 3)))
places = arrays(np.float64, (3, 3), elements=st.floats(-8.0, 8.0).map(lambda x: round(x, 3)))
directions = st.tuples(st.booleans(), st.booleans(), st.booleans())


@settings(max_examples=40, deadline=None)
@given(places, cells, directions)
def test_pairs_are_those_of_an_exhaustive_search(positions, cell, pbc):
    # Two atoms are at most 28 A apart: with no direction thinner than 2 A, shifts up to 16 reach all pairs within 3 A.
    periodic = cell[list(pbc)]
    assume(not len(periodic) or np.linalg.svd(periodic, compute_uv=False).min() > 2.0)
    found = pairs_within(Structure("x", "y", [6] * 3, positions, cell, pbc), 3.0)
    shifts = np.array(list(itertools.product(*[range(-16 * p, 16 * p + 1) for p in pbc])))
    vectors = (shifts @ cell)[:, None, None] + positions[None, None] - positions[None, :, None]
    distance = np.linalg.norm(vectors, axis=-1)
    distance[~shifts.any(axis=1), range(3), range(3)] = np.inf
    # A pair at exactly 3 A may fall on either side by rounding.
    _, first, second = np.nonzero(distance <= 3.0 - 1e-9)
    within = found.distance <= 3.0 - 1e-9
    assert sorted(zip(found.first[within], found.second[within], strict=True)) == sorted(
        zip(first, second, strict=True)
    )
    np.testing.assert_allclose(np.sort(found.distance[within]), np.sort(distance[distance <= 3.0 - 1e-9]), atol=1e-9)


def test_a_skewed_description_of_a_cell_has_the_same_pairs(structure):
    plain = structure(bulk("NaCl", "rocksalt", a=5.64))
    skewed = np.array([[1, 0, 0], [7, 1, 0], [-5, 9, 1]]) @ plain.cell
    made = structure(numbers=plain.numbers, positions=plain.positions + 3 * skewed[2], cell=skewed)
    a, b = pairs_within(plain, 6.0), pairs_within(made, 6.0)
    np.testing.assert_allclose(np.sort(a.distance), np.sort(b.distance), atol=1e-9)
    assert problem(made) is None
