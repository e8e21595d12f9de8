"""Neighbour lists equal brute force, to the last tie."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from precompute import neighbours
from precompute.neighbours import nearest, top_columns


def brute_force(x: np.ndarray, pools: list[list[int]], k: int) -> list[list[int]]:
    """Sort every pool by (similarity descending, index ascending), one atom at a time."""
    u = x.astype(float) / np.linalg.norm(x.astype(float), axis=1, keepdims=True)
    result = []
    for i, pool in enumerate(pools):
        s = {j: np.float32(np.dot(u[i], u[j])) for j in pool}
        result.append(sorted(pool, key=lambda j: (-s[j], j))[:k])
    return result


def atoms(seed: int, n: int = 60) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Coordinates, orbits and elements in which the atoms of an orbit are alike."""
    rng = np.random.default_rng(seed)
    orbit = np.array([i - i % rng.integers(1, 4) for i in range(n)])
    orbit = orbit[orbit]
    x = rng.normal(size=(n, 6)).astype(np.float32)[orbit]
    element = rng.integers(1, 5, size=n)[orbit]
    return x, orbit, element


@pytest.mark.parametrize("block", [7, 16_000_000])
@pytest.mark.parametrize("kind", ["all", "representatives", "within_element", "other_elements"])
def test_lists_equal_brute_force(kind: str, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "PAIRS_PER_BLOCK", block)
    x, orbit, element = atoms(0)
    n, k = len(x), 9
    pools = []
    for i in range(n):
        pool = [j for j in range(n) if j != i] if kind == "all" else [j for j in range(n) if orbit[j] == j != orbit[i]]
        if kind == "within_element":
            pool = [j for j in pool if element[j] == element[i]]
        if kind == "other_elements":
            pool = [j for j in pool if element[j] != element[i]]
        pools.append(pool)
    found = nearest(x, orbit=orbit, kind=kind, labels=element, k=k)
    for i, expected in enumerate(brute_force(x, pools, k)):
        assert found.index[i, : len(expected)].tolist() == expected
        assert (found.index[i, len(expected) :] == -1).all()
        assert np.isnan(found.similarity[i, len(expected) :]).all()


def test_similarities_fall_and_are_the_cosines() -> None:
    x, orbit, _ = atoms(1)
    found = nearest(x, orbit=orbit, kind="all", k=20)
    assert (np.diff(found.similarity, axis=1) <= 0).all()
    i, j = 5, found.index[5, 3]
    expected = x[i] @ x[j] / np.linalg.norm(x[i]) / np.linalg.norm(x[j])
    assert found.similarity[5, 3] == pytest.approx(expected, abs=1e-6)


def test_atoms_without_coordinates_have_no_neighbours_and_are_nobody_s() -> None:
    x, orbit, _ = atoms(2)
    x[[4, 9]] = np.nan
    found = nearest(x, orbit=orbit, kind="all", k=59)
    assert (found.index[[4, 9]] == -1).all()
    assert not np.isin(found.index, [4, 9]).any()


def test_an_atom_s_own_orbit_is_left_out_of_representatives_but_not_of_all() -> None:
    x, orbit, _ = atoms(3)
    twins = next(i for i in range(len(x)) if orbit[i] != i)
    assert nearest(x, orbit=orbit, kind="all", k=3).index[twins, 0] in np.flatnonzero(orbit == orbit[twins])
    assert orbit[twins] not in nearest(x, orbit=orbit, kind="representatives", k=50).index[twins]


@given(st.lists(st.lists(st.integers(0, 3), min_size=8, max_size=8), min_size=1, max_size=6), st.integers(0, 8))
def test_top_columns_is_a_stable_sort_cut_short(rows: list[list[int]], k: int) -> None:
    values = np.array(rows, dtype=np.float32)
    expected = np.argsort(-values, axis=1, kind="stable")[:, :k]
    np.testing.assert_array_equal(top_columns(values, k), expected)


def test_kinds_that_need_labels_say_so() -> None:
    x, orbit, _ = atoms(4)
    with pytest.raises(ValueError, match="labels"):
        nearest(x, orbit=orbit, kind="within_element")
    with pytest.raises(ValueError, match="no neighbours of kind"):
        nearest(x, orbit=orbit, kind="nearby", labels=orbit)
