"""Mutual and cycle k-NN against literal transcriptions, with their invariances and nulls."""

import numpy as np
import pytest

from precompute.agreement.neighbours import cycle_knn, mutual_knn, neighbour_lists, permuted
from precompute.contracts import AtlasError


def brute_lists(x: np.ndarray, k: int) -> list[list[int]]:
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    result = []
    for i in range(len(x)):
        near = [(-float(unit[i] @ unit[j]), j) for j in range(len(x)) if j != i]
        result.append([j for _, j in sorted(near)[:k]])
    return result


def two_models(seed: int, n: int = 80) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(n, 5))
    return np.hstack([shared, rng.normal(size=(n, 4))]), np.hstack([shared, rng.normal(size=(n, 7))])


def test_mutual_knn_equals_its_definition() -> None:
    x, y = two_models(0)
    k = 10
    expected = [len(set(a) & set(b)) / k for a, b in zip(brute_lists(x, k), brute_lists(y, k), strict=True)]
    np.testing.assert_array_equal(mutual_knn(neighbour_lists(x, k), neighbour_lists(y, k), k), expected)
    assert 0.15 < np.mean(expected) < 0.9


def test_cycle_knn_equals_its_definition() -> None:
    x, y = two_models(1)
    k = 4
    a, b = brute_lists(x, k), brute_lists(y, k)
    expected = [float(any(i in b[j] for j in a[i])) for i in range(len(x))]
    found = cycle_knn(neighbour_lists(x, k), neighbour_lists(y, k), k)
    np.testing.assert_array_equal(found, expected)
    assert found.mean() != cycle_knn(neighbour_lists(y, k), neighbour_lists(x, k), k).mean()


def test_a_model_agrees_with_itself() -> None:
    a = neighbour_lists(two_models(2)[0], 10)
    np.testing.assert_array_equal(mutual_knn(a, a), 1.0)
    assert cycle_knn(a, a).mean() > 0.95


def test_cycle_knn_of_an_outlier_with_itself_is_zero() -> None:
    """Nobody's list holds it, so no step leads back: the reason why the score of equal models may lie below 1."""
    angle = np.array([0.0, 0.01, 0.02, 0.03, 3.0])
    a = neighbour_lists(np.column_stack([np.cos(angle), np.sin(angle)]), 2)
    assert cycle_knn(a, a, 2).tolist() == [1, 1, 1, 1, 0]


def test_lists_do_not_change_under_rotation_and_scaling() -> None:
    x, _ = two_models(3)
    turned = 7.5 * x @ np.linalg.qr(np.random.default_rng(4).normal(size=(x.shape[1],) * 2))[0]
    np.testing.assert_array_equal(neighbour_lists(x), neighbour_lists(turned))


def test_scores_follow_the_atoms_when_both_models_are_permuted() -> None:
    x, y = two_models(5)
    order = np.random.default_rng(6).permutation(len(x))
    for score in (mutual_knn, cycle_knn):
        before = score(neighbour_lists(x, 5), neighbour_lists(y, 5), 5)
        after = score(neighbour_lists(x[order], 5), neighbour_lists(y[order], 5), 5)
        np.testing.assert_array_equal(after, before[order])


def test_lists_can_be_permuted_in_place_of_features() -> None:
    x, _ = two_models(7)
    order = np.random.default_rng(8).permutation(len(x))
    np.testing.assert_array_equal(permuted(neighbour_lists(x), order), neighbour_lists(x[order]))
    assert permuted(np.array([[1, -1], [0, -1]]), np.array([1, 0])).tolist() == [[1, -1], [0, -1]]


def test_unrelated_models_are_at_their_nulls() -> None:
    rng = np.random.default_rng(9)
    n, k = 400, 10
    mutual, cycle = [], []
    for _ in range(8):
        a, b = (neighbour_lists(rng.normal(size=(n, 6)), k) for _ in range(2))
        mutual.append(mutual_knn(a, b).mean())
        cycle.append(cycle_knn(a, b).mean())
    assert np.mean(mutual) == pytest.approx(k / (n - 1), rel=0.1)
    # Hubs, which many lists hold, make the returns of different steps less than independent: a little below theory.
    assert np.mean(cycle) == pytest.approx(1 - (1 - k / (n - 1)) ** k, rel=0.2)


def test_within_an_element_only_its_atoms_are_neighbours() -> None:
    x, y = two_models(10)
    element = np.repeat([1, 2, 3], [60, 15, 5])
    a = neighbour_lists(x, 8, kind="within_element", labels=element)
    b = neighbour_lists(y, 8, kind="within_element", labels=element)
    full = (a >= 0).all(axis=1)
    assert full.tolist() == [True] * 75 + [False] * 5
    assert (element[a[full]] == element[full][:, None]).all()
    assert np.isnan(mutual_knn(a, b, 8)[75:]).all()
    assert np.isnan(cycle_knn(a, b, 8)[75:]).all()
    assert np.isfinite(cycle_knn(a, b, 8)[:75]).all()
    other = neighbour_lists(x, 8, kind="other_elements", labels=element)
    assert (element[other] != element[:, None]).all()


def test_atoms_that_a_model_refused_have_no_score() -> None:
    x, y = two_models(11)
    x[4] = np.nan
    score = mutual_knn(neighbour_lists(x), neighbour_lists(y))
    assert np.flatnonzero(np.isnan(score)).tolist() == [4]


def test_what_cannot_be_listed_is_an_error() -> None:
    x = np.eye(5)
    with pytest.raises(AtlasError, match="more than 5 atoms; there are 5"):
        neighbour_lists(x, 5)
    with pytest.raises(AtlasError, match="element of each of the 5 atoms"):
        neighbour_lists(x, 2, kind="within_element")
    with pytest.raises(AtlasError, match="no neighbours of kind 'representatives'"):
        neighbour_lists(x, 2, kind="representatives")
