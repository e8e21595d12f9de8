"""Trees of models against SciPy's average linkage."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.cluster.hierarchy import cophenet, is_valid_linkage, linkage
from scipy.spatial.distance import pdist, squareform

from dashboard.agreement.trees import distances, tree
from precompute.agreement.metrics import METRICS


def random_distances(seed, n):
    return squareform(pdist(np.random.default_rng(seed).normal(size=(n, 3))))


def as_linkage(found, n):
    """Joins with the number of members, as SciPy writes them."""
    sizes = [1] * n
    for a, b, _ in found.joins:
        sizes.append(sizes[int(a)] + sizes[int(b)])
    return np.column_stack([found.joins, sizes[n:]])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(2, 14))
def test_joins_are_those_of_average_linkage(seed, n):
    far = random_distances(seed, n)
    found = as_linkage(tree(far), n)
    expected = linkage(squareform(far), "average")
    assert is_valid_linkage(found)
    np.testing.assert_allclose(found[:, 2:], expected[:, 2:], rtol=1e-12)
    np.testing.assert_allclose(cophenet(found), cophenet(expected), rtol=1e-12)


@pytest.mark.parametrize("n", [2, 5, 11])
def test_in_its_order_every_group_stands_together(n):
    found = tree(random_distances(7, n))
    groups = [{i} for i in range(n)]
    place = {model: i for i, model in enumerate(found.order)}
    assert sorted(place) == list(range(n))
    for a, b, _ in found.joins:
        groups.append(groups[int(a)] | groups[int(b)])
        places = sorted(place[m] for m in groups[-1])
        assert places == list(range(places[0], places[0] + len(places)))
        assert min(place[m] for m in groups[int(a)]) < min(place[m] for m in groups[int(b)])


def test_equal_distances_keep_the_order_of_the_list():
    found = tree(np.ones((5, 5)) - np.eye(5))
    assert found.order.tolist() == [0, 1, 2, 3, 4]
    np.testing.assert_allclose(found.joins[:, 2], 1)


def test_one_model_and_none_have_trees_without_joins():
    assert (tree(np.zeros((1, 1))).order.tolist(), len(tree(np.zeros((0, 0))).joins)) == ([0], 0)


def test_a_pair_without_a_distance_is_refused():
    with pytest.raises(ValueError, match="every pair"):
        tree(np.array([[0, np.nan], [np.nan, 0]]))


def test_distance_is_one_minus_a_similarity_and_the_mean_of_both_directions():
    alike = np.array([[1, 0.9], [0.9, 1]])
    np.testing.assert_allclose(distances(alike, METRICS["cka"]), [[0, 0.1], [0.1, 0]])
    one_way = np.array([[0.1, 0.6], [0.2, 0.0]])
    np.testing.assert_allclose(distances(one_way, METRICS["information-imbalance"]), [[0, 0.4], [0.4, 0]])
    above = np.array([[1, 1 + 1e-9], [1 + 1e-9, 1]])
    assert (distances(above, METRICS["cka-unbiased"]) == 0).all()


def test_where_a_score_has_no_greatest_value_or_exceeds_it_there_is_no_distance():
    value = np.array([[1, 1.28], [1.28, 1]])
    bounded = replace(METRICS["id-correlation"], high=1.0)
    for metric in (bounded, replace(bounded, high=np.inf)):
        assert np.isnan(distances(value, metric)[0, 1])
    np.testing.assert_allclose(distances(value - 0.5, bounded), [[0, 0.22], [0.22, 0]])
