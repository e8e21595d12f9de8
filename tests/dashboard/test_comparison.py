import pytest

from dashboard.comparison import joined, overlap, overlap_with


def nearest(*atoms):
    return [(atom, 1 - 0.1 * i) for i, atom in enumerate(atoms)]


LISTS = {"a": nearest(1, 2, 3), "b": nearest(2, 1, 4), "c": nearest(2, 5, 6)}


def test_neighbours_of_most_models_come_first():
    found = joined(LISTS)
    assert [n.atom for n in found] == [2, 1, 5, 3, 4, 6]
    assert found[0].places == {"a": (2, pytest.approx(0.9)), "b": (1, 1), "c": (1, 1)}


def test_overlap_is_the_mean_over_pairs():
    found = overlap(LISTS)
    assert found.mean == pytest.approx((2 / 3 + 1 / 3 + 1 / 3) / 3)
    assert (found.pairs, found.k) == (3, 3)


def test_equal_lists_overlap_wholly_whatever_their_order_and_disjoint_ones_not():
    assert overlap({"a": nearest(1, 2), "b": nearest(2, 1)}).mean == 1
    assert overlap({"a": nearest(1, 2), "b": nearest(3, 4)}).mean == 0


def test_overlap_with_a_control_pairs_it_with_each_model():
    found = overlap_with({"a": LISTS["a"], "b": LISTS["b"]}, nearest(1, 9, 8))
    assert found.mean == pytest.approx(1 / 3)
    assert found.pairs == 2


def test_lists_shorter_than_asked_for_are_compared_at_their_length():
    assert overlap({"a": nearest(7), "b": nearest(7)}).k == 1
    found = overlap({"a": nearest(1, 2, 3), "b": nearest(2, 1)})
    assert (found.mean, found.k) == (1, 2)


@pytest.mark.parametrize("lists", [{}, {"a": nearest(1)}, {"a": nearest(1), "b": []}])
def test_no_overlap_without_two_lists(lists):
    assert overlap(lists) is None
