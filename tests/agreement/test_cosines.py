"""Neighbours by cosine of wide features: those of the plain search, whatever ties and however cut into tiles."""

import numpy as np
import pytest

from precompute.agreement import cknna, cosines, spaces
from precompute.contracts import AtlasError
from precompute.neighbours import nearest


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cosines, "ATOMS_PER_TILE", 64)
    monkeypatch.setattr(cosines, "PAIRS_PER_BLOCK", 5000)
    monkeypatch.setattr(spaces, "VALUES_PER_BLOCK", 3000)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("ordered", [False, True])
@pytest.mark.parametrize("copies", [30, 150], ids=["pairs of ties", "more ties than candidates"])
def test_they_are_those_of_the_plain_search(dtype, ordered, copies):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 40)).astype(dtype)
    x[50 : 50 + copies] = x[:copies] if copies < 50 else x[0]
    x[20] = x[10] * (1.0 + 1e-6)  # nearly a tie
    order = rng.permutation(200) if ordered else None
    found = cosines.cosine_neighbours(x, 10, order=order)
    expected = nearest(x, orbit=np.arange(200), kind="all", k=10, order=order)
    np.testing.assert_allclose(found.similarity, expected.similarity, atol=1e-7)
    assert (found.index == expected.index).mean() > 0.995  # but for the last digit of float64


def test_within_groups_they_are_those_of_each_group():
    rng = np.random.default_rng(1)
    x, labels = rng.normal(size=(150, 7)), rng.integers(3, size=150)
    order = rng.permutation(150)
    groups = tuple(np.flatnonzero(labels == g) for g in range(3))
    found = cosines.cosine_neighbours(x, 5, groups=groups, order=order)
    expected = nearest(x, orbit=np.arange(150), kind="within_element", labels=labels, k=5, order=order)
    np.testing.assert_array_equal(found.index, expected.index)
    np.testing.assert_allclose(found.similarity, expected.similarity, atol=1e-7)


def test_the_last_digits_of_float32_do_not_decide():
    """Atoms apart by less than a float32 product can tell are in the order of their exact cosines."""
    rng = np.random.default_rng(2)
    x = 1.0 + 1e-4 * rng.normal(size=(300, 500))
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    gram = unit @ unit.T
    np.fill_diagonal(gram, -np.inf)
    found = cosines.cosine_neighbours(x, 6)
    kth = -np.sort(-gram.astype(np.float32), axis=1)[:, :6]
    np.testing.assert_array_equal(np.take_along_axis(gram, found.index, axis=1).astype(np.float32), kth)


def test_rows_without_direction_have_no_neighbours():
    x = np.random.default_rng(0).normal(size=(200, 4))
    x[3], x[150] = 0.0, np.nan
    groups = (np.arange(2, 200), np.arange(2))  # the last one has one neighbour for each
    found = cosines.cosine_neighbours(x, 10, groups=groups)
    labels = (np.arange(200) < 2).astype(int)
    expected = nearest(x, orbit=np.arange(200), kind="within_element", labels=labels, k=10)
    np.testing.assert_array_equal(found.index, expected.index)
    np.testing.assert_allclose(found.similarity, expected.similarity, atol=1e-7)
    with pytest.raises(AtlasError, match="2 of 200 rows of features are zero or not finite"):
        cknna.cknna(x, x)
