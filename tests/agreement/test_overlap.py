"""Overlap of neighbour lists against sets, its correction against simulation, rank overlap against its definition."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from precompute.agreement import overlap as module
from precompute.agreement.overlap import candidates, chance, corrected, mean_overlap, overlap, rank_overlap
from precompute.contracts import AtlasError
from precompute.neighbours import nearest


def random_lists(rng: np.random.Generator, n: int, width: int, n_candidates: int) -> np.ndarray:
    return np.stack([rng.permutation(n_candidates)[:width] for _ in range(n)]).astype(np.int32)


def padded(rng: np.random.Generator, lists: np.ndarray) -> np.ndarray:
    result = lists.copy()
    length = rng.integers(0, lists.shape[1] + 1, len(lists))
    result[np.arange(lists.shape[1]) >= length[:, None]] = -1
    return result


@pytest.mark.parametrize("block", [1, 4_000_000])
@pytest.mark.parametrize("k", [1, 5, 12])
def test_overlap_counts_shared_atoms_of_full_lists(k: int, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CELLS_PER_BLOCK", block)
    rng = np.random.default_rng(k)
    a, b = (padded(rng, random_lists(rng, 60, 12, 30)) for _ in range(2))
    found = overlap(a, b, k)
    assert np.isnan(found).any()
    for x, y, o in zip(a[:, :k].tolist(), b[:, :k].tolist(), found, strict=True):
        if -1 in x or -1 in y:
            assert np.isnan(o)
        else:
            assert o == len(set(x) & set(y)) / k


@given(st.integers(0, 2**32 - 1))
def test_overlap_is_symmetric_bounded_and_blind_to_order_and_names(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = random_lists(rng, 20, 8, 25), random_lists(rng, 20, 8, 25)
    found = overlap(a, b, 8)
    assert ((found >= 0) & (found <= 1)).all()
    np.testing.assert_array_equal(found, overlap(b, a, 8))
    np.testing.assert_array_equal(found, overlap(rng.permuted(a, axis=1), b, 8))
    names = rng.permutation(25).astype(np.int32)
    np.testing.assert_array_equal(found, overlap(names[a], names[b], 8))
    np.testing.assert_array_equal(overlap(a, rng.permuted(a, axis=1), 8), 1.0)


def test_mean_overlap_is_the_mean_over_pairs() -> None:
    rng = np.random.default_rng(3)
    lists = [random_lists(rng, 40, 9, 14) for _ in range(4)]
    pairs = [overlap(a, b, 7) for a, b in itertools.combinations(lists, 2)]
    np.testing.assert_allclose(mean_overlap(lists, 7), np.mean(pairs, axis=0), rtol=0, atol=1e-15)
    lists[2][5, 6] = -1
    assert np.flatnonzero(np.isnan(mean_overlap(lists, 7))).tolist() == [5]
    np.testing.assert_array_equal(mean_overlap(lists[:2], 7), overlap(lists[0], lists[1], 7))


def test_what_cannot_be_compared_is_an_error() -> None:
    a = np.zeros((3, 4), np.int32)
    with pytest.raises(AtlasError, match="not of the same atoms"):
        overlap(a, a[:2], 2)
    with pytest.raises(AtlasError, match="k can be 1 to 4, not 5"):
        overlap(a, a, 5)
    with pytest.raises(AtlasError, match="k can be 1 to 4, not 0"):
        rank_overlap(a, a, 0)
    with pytest.raises(AtlasError, match="at least two"):
        mean_overlap([a], 2)
    with pytest.raises(AtlasError, match="between 0 and 1, not 1"):
        rank_overlap(a, a, 2, persistence=1.0)
    assert overlap(a[:0], a[:0], 2).shape == (0,)
    assert rank_overlap(a[:0], a[:0], 2).shape == (0,)


def test_unrelated_lists_are_at_chance_and_corrected_to_zero() -> None:
    rng = np.random.default_rng(0)
    n, k, c = 20_000, 6, 15
    o = overlap(random_lists(rng, n, k, c), random_lists(rng, n, k, c), k)
    error = o.std() / np.sqrt(n)
    assert abs(o.mean() - chance(k, c)) < 4 * error
    assert chance(k, c) == k / c
    assert abs(corrected(o, k, c).mean()) < 4 * error / (1 - k / c)
    assert corrected(np.array([1.0]), k, c) == 1.0


def test_chance_of_models_that_lack_different_atoms() -> None:
    """A draws from 0..14, B from 5..24: ten in common."""
    rng = np.random.default_rng(1)
    n, k = 20_000, 6
    o = overlap(random_lists(rng, n, k, 15), random_lists(rng, n, k, 20) + 5, k)
    expected = chance(k, 15, 20, 10)
    assert expected == pytest.approx(k * 10 / (15 * 20))
    assert abs(o.mean() - expected) < 4 * o.std() / np.sqrt(n)
    assert abs(corrected(o, k, 15, expected).mean()) < 4 * o.std() / np.sqrt(n) / (1 - expected)
    with pytest.raises(AtlasError, match="in common"):
        chance(k, 15, 20)


def test_lists_that_hold_every_candidate_say_nothing() -> None:
    assert np.isnan(corrected(np.array([1.0]), 5, np.array([5]))).all()
    np.testing.assert_array_equal(np.isnan(chance(5, np.array([4, 5, 6]))), [True, False, False])


@pytest.mark.parametrize("kind", ["all", "representatives", "within_element", "other_elements"])
def test_candidates_are_as_many_as_the_longest_list_holds(kind: str) -> None:
    rng = np.random.default_rng(4)
    n = 50
    orbit = np.array([i - i % rng.integers(1, 4) for i in range(n)])
    orbit = orbit[orbit]
    numbers = rng.integers(1, 5, n)[orbit]
    x = rng.normal(size=(n, 4))
    x[[7, 20]] = np.nan
    lists = nearest(x, orbit=orbit, kind=kind, labels=numbers, k=n)
    usable = np.isfinite(x).all(axis=1)
    np.testing.assert_array_equal(candidates(kind, orbit, numbers, usable), (lists.index >= 0).sum(axis=1))


def test_candidates_of_an_unknown_kind_are_an_error() -> None:
    with pytest.raises(AtlasError, match="no neighbours of kind 'near'"):
        candidates("near", np.arange(2), np.array([1, 1]))


def rank_biased_overlap(a: list[int], b: list[int], p: float) -> float:
    """Webber et al.'s extrapolated form for lists of one length, term by term."""
    k = len(a)
    agreed = [len(set(a[:d]) & set(b[:d])) for d in range(1, k + 1)]
    return agreed[-1] / k * p**k + (1 - p) / p * sum(x / d * p**d for d, x in enumerate(agreed, start=1))


@pytest.mark.parametrize("block", [1, 4_000_000])
@pytest.mark.parametrize("p", [0.5, 0.9])
def test_rank_overlap_equals_its_definition(p: float, block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CELLS_PER_BLOCK", block)
    rng = np.random.default_rng(6)
    a, b = random_lists(rng, 80, 50, 90), random_lists(rng, 80, 50, 90)
    for k in (1, 10, 50):
        expected = [rank_biased_overlap(x, y, p) for x, y in zip(a[:, :k].tolist(), b[:, :k].tolist(), strict=True)]
        np.testing.assert_allclose(rank_overlap(a, b, k, persistence=p), expected, rtol=0, atol=1e-12)


def test_rank_overlap_is_one_for_equal_lists_zero_for_disjoint_ones_and_falls_when_the_top_is_changed() -> None:
    a = np.arange(10, dtype=np.int32)[None]
    assert rank_overlap(a, a, 10)[0] == pytest.approx(1.0, abs=1e-12)
    assert rank_overlap(a, a + 10, 10)[0] == 0.0
    top, bottom = a.copy(), a.copy()
    top[0, [0, 1]] = top[0, [1, 0]]
    bottom[0, [8, 9]] = bottom[0, [9, 8]]
    assert rank_overlap(a, top, 10) < rank_overlap(a, bottom, 10) < 1.0
    assert np.isnan(rank_overlap(a, np.where(a == 9, -1, a), 10)).all()


def test_rank_overlap_of_unrelated_lists_is_where_theory_puts_it() -> None:
    rng = np.random.default_rng(8)
    n, k, c, p = 20_000, 10, 40, 0.9
    found = rank_overlap(random_lists(rng, n, k, c), random_lists(rng, n, k, c), k)
    d = np.arange(1, k + 1)
    expected = (k * p**k + (1 - p) / p * (d * p**d).sum()) / c
    assert abs(found.mean() - expected) < 4 * found.std() / np.sqrt(n)
