import numpy as np
import pytest

from dashboard.geometry import MAX_DRAWN, grouped, images, neighbour_shell, scene, wrap
from precompute.elements import table
from tests.dashboard.synthetic import perovskite, rock_salt

FACTS = table()
RADII = FACTS["covalent_radius"]


def shell_of(s, centre):
    return neighbour_shell(s.numbers, s.positions, s.cell, s.pbc, RADII, centre)


def test_rock_salt_has_six_neighbours_at_half_the_lattice_parameter():
    s = rock_salt(12, 8, 4.21, "MgO", "")
    shell = shell_of(s, 0)
    first = shell.distance[: shell.n_first]
    assert len(first) == 6
    np.testing.assert_allclose(first, 4.21 / 2)
    assert set(s.numbers[shell.atom[:6]]) == {8}


def test_barium_cerate_has_oxygen_first_and_cations_within_the_rule():
    s = perovskite(56, 58, 4.44, "x")
    assert grouped(shell_of(s, 1), s.numbers, first_only=True) == [(6, 8, pytest.approx(2.22), pytest.approx(2.22))]
    everything = grouped(shell_of(s, 1), s.numbers, first_only=False)
    assert [(n, z) for n, z, _, _ in everything] == [(6, 8), (8, 56), (6, 58)]


def test_shell_agrees_with_counting_pairs_in_a_supercell():
    rng = np.random.default_rng(3)
    cell = np.array([[3.1, 0, 0], [1.4, 2.9, 0], [-0.8, 0.7, 3.4]])
    numbers = np.array([22, 8, 8])
    positions = rng.random((3, 3)) @ cell + cell[0] * 2 - cell[2]
    shifts = np.array([[i, j, k] for i in range(-7, 8) for j in range(-7, 8) for k in range(-7, 8)]) @ cell
    for centre in range(3):
        limit = 1.2 * (RADII[numbers - 1] + RADII[numbers[centre] - 1])
        d = np.linalg.norm(positions[:, None] + shifts[None] - positions[centre], axis=2)
        expected = np.sort(d[(d <= limit[:, None]) & (d > 1e-3)])
        found = neighbour_shell(numbers, positions, cell, np.ones(3, bool), RADII, centre)
        np.testing.assert_allclose(found.distance, expected, rtol=1e-9)
        np.testing.assert_allclose(np.linalg.norm(found.vector, axis=1), found.distance)


def test_images_reach_far_enough_in_a_flat_oblique_cell():
    cell = np.array([[2.5, 0, 0], [2.4, 0.9, 0], [0, 0, 9.0]])
    shifts = images(cell, np.array([True, True, True]), 5.0)
    wide = np.array([[i, j, k] for i in range(-30, 31) for j in range(-30, 31) for k in (-1, 0, 1)]) @ cell
    needed = wide[np.linalg.norm(wide, axis=1) <= 5.0]
    assert all((np.linalg.norm(shifts - v, axis=1) < 1e-9).any() for v in needed)


def test_molecule_has_no_images():
    numbers, positions = np.array([8, 1, 1]), np.array([[0, 0, 0.12], [0, 0.76, -0.48], [0, -0.76, -0.48]])
    shell = neighbour_shell(numbers, positions, np.zeros((3, 3)), np.zeros(3, bool), RADII, 0)
    assert shell.atom.tolist() == [1, 2]
    laid_out = scene(numbers, positions, np.zeros((3, 3)), np.zeros(3, bool), RADII, 0)
    assert len(laid_out.atom) == 3
    assert len(laid_out.shell) == 2


def test_atom_without_radius_or_neighbours_has_an_empty_shell():
    one = np.zeros((1, 3))
    alone = neighbour_shell(np.array([2]), one, np.eye(3) * 20, np.ones(3, bool), RADII, 0)
    unknown = neighbour_shell(np.array([118]), one, np.eye(3), np.ones(3, bool), RADII, 0)
    assert len(alone.distance) == 0
    assert np.isnan(RADII[117])
    assert len(unknown.distance) == 0
    assert len(scene(np.array([118]), one, np.eye(3), np.ones(3, bool), RADII, 0).shell) == 0


def test_gap_ends_the_first_shell():
    s = rock_salt(55, 55, 6.0, "simple cubic", "")  # 6 at 3.0, 12 at 4.24, 8 at 5.20
    shell = shell_of(s, 0)
    assert shell.n_first == 6
    assert len(shell.distance) > 6


def test_scene_starts_with_the_chosen_atom_and_completes_its_shell():
    s = perovskite(56, 58, 4.44, "x")
    for chosen in range(5):
        laid_out = scene(s.numbers, s.positions, s.cell, s.pbc, RADII, chosen)
        assert laid_out.atom[0] == chosen
        n_first = shell_of(s, chosen).n_first
        assert len(laid_out.shell) == n_first
        ends = laid_out.position[laid_out.shell[:, 1]] - laid_out.position[0]
        np.testing.assert_allclose(
            np.sort(np.linalg.norm(ends, axis=1)), shell_of(s, chosen).distance[:n_first], atol=0.02
        )
        assert not np.any(laid_out.bonds == 0)


def test_scene_repeats_atoms_on_faces_edges_and_corners():
    s = perovskite(56, 58, 4.44, "x")
    laid_out = scene(s.numbers, s.positions, s.cell, s.pbc, RADII, 1)
    assert np.bincount(laid_out.atom).tolist() == [8, 1, 2, 2, 2]


def test_wrapping_moves_into_the_cell_along_periodic_directions_only():
    cell = np.eye(3) * 4.0
    wrapped = wrap(np.array([[-1.0, 9.0, -1.0], [3.99999, 0, 0]]), cell, np.array([True, True, False]))
    np.testing.assert_allclose(wrapped[0], [3.0, 1.0, -1.0])
    assert abs(wrapped[1, 0]) < 1e-3


def test_a_large_crystal_is_cut_to_what_can_be_drawn_and_says_so():
    n = 13
    positions = np.stack(np.meshgrid(*[np.arange(n)] * 3, indexing="ij"), axis=-1).reshape(-1, 3) * 3.0
    numbers = np.full(len(positions), 29)
    laid_out = scene(numbers, positions, np.eye(3) * 3.0 * n, np.ones(3, bool), RADII, 7)
    assert laid_out.atom[0] == 7
    assert len(laid_out.atom) <= MAX_DRAWN + 12
    assert "nearest" in laid_out.note


def test_first_shell_of_a_polar_crystal_ends_before_atoms_of_the_same_kind():
    # cations 2.9 apart between anions at 2.2 and 2.5: no gap, so distance alone would count them in
    numbers = np.array([38, 8, 8, 22, 8])
    positions = np.array([[0, 0, 0], [2.2, 0, 0], [0, 2.5, 0], [0, 0, 2.9], [-3.1, 0, 0]])
    alone = (np.zeros((3, 3)), np.zeros(3, bool), RADII, 0)
    assert neighbour_shell(numbers, positions, *alone).n_first == 4
    assert neighbour_shell(numbers, positions, *alone, FACTS["electronegativity"]).n_first == 2


def test_first_shell_of_a_metal_knows_distance_only():
    s = rock_salt(29, 28, 3.6, "CuNi", "")
    shell = neighbour_shell(s.numbers, s.positions, s.cell, s.pbc, RADII, 0, FACTS["electronegativity"])
    assert shell.n_first == shell_of(s, 0).n_first


FACE_CENTRED = np.array([[0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])


def test_another_cell_of_the_same_crystal_holds_its_atoms():
    a = 4.21  # MgO by its primitive cell, drawn in the cubic one
    numbers, positions = np.array([12, 8]), np.array([[0, 0, 0], [a / 2, 0, 0]])
    laid_out = scene(numbers, positions, FACE_CENTRED * a, np.ones(3, bool), RADII, 1, frame=np.eye(3) * a)
    within = np.all(
        (laid_out.position > laid_out.origin - 0.1) & (laid_out.position < laid_out.origin + a + 0.1), axis=1
    )
    assert np.bincount(laid_out.atom[within]).tolist() == [14, 13]
    assert laid_out.atom[0] == 1
    ends = laid_out.position[laid_out.shell[:, 1]] - laid_out.position[0]
    np.testing.assert_allclose(np.linalg.norm(ends, axis=1), [a / 2] * 6)


def test_cell_smaller_than_the_stored_one_is_drawn_where_the_chosen_atom_is():
    a = 3.0
    positions = np.array([[0, 0, 0], [a, 0, 0.0]])
    laid_out = scene(
        np.array([29, 29]), positions, np.diag([2 * a, a, a]), np.ones(3, bool), RADII, 1, frame=np.eye(3) * a
    )
    np.testing.assert_allclose(laid_out.origin, [a, 0, 0])
    np.testing.assert_allclose(laid_out.position[0], [a, 0, 0])
    assert laid_out.atom[0] == 1


def test_bonds_do_not_depend_on_whether_orbits_are_known():
    s = perovskite(56, 58, 4.44, "x")
    given = (s.numbers, s.positions, s.cell, s.pbc, RADII, 0)
    known = scene(*given, orbit=np.array([0, 1, 2, 2, 2]))
    np.testing.assert_array_equal(known.bonds, scene(*given).bonds)
    assert len(known.bonds)
