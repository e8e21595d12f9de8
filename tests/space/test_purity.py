"""Purity says whether chemistry is in the space, and only then."""

import numpy as np
import pytest

from precompute.contracts import AtlasError
from precompute.diagnostics.purity import purity, sample_atoms

N = 400


def world(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.random.Generator]:
    """Twelve elements in four categories, and the structures that the atoms belong to."""
    rng = np.random.default_rng(seed)
    numbers = rng.integers(0, 12, size=N)
    return numbers, numbers // 3, np.repeat(np.arange(N // 4), 4), rng


@pytest.mark.slow
@pytest.mark.ci
def test_element_identity_alone_gives_plain_purity_but_none_across_elements() -> None:
    numbers, category, structure, rng = world()
    x = rng.normal(size=(12, 32))[numbers] + 0.01 * rng.normal(size=(N, 32))
    assert purity(x, category, numbers, structure, other_elements=False).value > 0.99
    across = purity(x, category, numbers, structure, other_elements=True)
    assert across.value < 0.6


def test_categories_that_lie_together_give_purity_across_elements() -> None:
    numbers, category, structure, rng = world()
    x = rng.normal(size=(4, 32))[category] + 0.1 * rng.normal(size=(N, 32))
    p = purity(x, category, numbers, structure, other_elements=True)
    assert p.value > 0.99
    assert p.low <= p.value <= p.high
    assert p.permuted < 0.4


def test_the_permutation_null_sits_at_the_share_of_the_category_among_other_elements() -> None:
    numbers, category, structure, rng = world()
    p = purity(rng.normal(size=(N, 8)), category, numbers, structure, other_elements=True)
    other = numbers[:, None] != numbers[None]
    expected = ((category[:, None] == category[None]) & other).sum(1) / other.sum(1)
    assert p.permuted == pytest.approx(expected.mean(), abs=0.02)
    assert p.value == pytest.approx(expected.mean(), abs=0.03)


def test_one_literal_case() -> None:
    x = np.array([[1.0, 0.0], [0.99, 0.1], [0.9, 0.3], [0.0, 1.0]])
    numbers, category = np.array([1, 2, 3, 4]), np.array([0, 0, 1, 1])
    p = purity(x, category, numbers, np.arange(4), other_elements=False, k=1)
    # nearest: 0 -> 1 (same), 1 -> 0 (same), 2 -> 1 (other), 3 -> 2 (same)
    assert p.value == 0.75


def test_all_models_are_scored_on_the_same_representatives() -> None:
    _, _, _, rng = world()
    a, b = rng.normal(size=(2, N, 4))
    a[0] = np.nan
    orbit = np.arange(N) - np.arange(N) % 2
    rows = sample_atoms({"a": a, "b": b}, orbit, seed=1, n=50)
    assert len(rows) == 50
    assert 0 not in rows
    assert (rows % 2 == 0).all()


def test_too_few_atoms_are_refused() -> None:
    with pytest.raises(AtlasError, match="needs more than 10 atoms"):
        purity(np.ones((5, 2)), np.zeros(5), np.zeros(5), np.zeros(5), other_elements=True)


@pytest.mark.filterwarnings("error")
def test_atoms_of_one_element_have_no_score_across_elements() -> None:
    _, category, structure, rng = world()
    p = purity(rng.normal(size=(N, 4)), category, np.ones(N, int), structure, other_elements=True)
    assert np.isnan([p.value, p.low, p.high, p.permuted]).all()
