"""Means over groups of atoms, and their intervals by resampling structures."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.overlap.means import FEWEST, group_means, resamples


def made(rng, n_structures=60, groups=3):
    sizes = rng.integers(1, 7, n_structures)
    structure = np.repeat(np.arange(n_structures), sizes)
    values = rng.normal(size=len(structure)) + rng.normal(size=n_structures)[structure]
    return values, structure, rng.integers(-1, groups, len(structure))


def test_means_and_counts_are_those_of_each_group():
    values, structure, group = made(np.random.default_rng(1))
    found = group_means(values, structure, group, 4, resamples(60))
    for g in range(3):
        member = group == g
        assert found.mean[g] == pytest.approx(values[member].mean())
        assert found.atoms[g] == member.sum()
        assert found.structures[g] == len(set(structure[member]))
    assert (found.atoms[3], found.structures[3]) == (0, 0)
    assert np.isnan([found.mean[3], found.low[3], found.high[3]]).all()


def test_intervals_are_percentiles_of_a_literal_bootstrap_over_structures():
    values, structure, group = made(np.random.default_rng(2))
    drawn = resamples(60, seed=5)
    found = group_means(values, structure, group, 3, drawn)
    for g in range(3):
        means = []
        for r in range(drawn.shape[1]):
            kept = [s for s in range(60) for _ in range(drawn[s, r])]
            pooled = np.concatenate([values[(structure == s) & (group == g)] for s in kept])
            means.append(pooled.mean())
        np.testing.assert_allclose(
            [found.low[g], found.high[g]], np.quantile(means, [0.025, 0.975]), rtol=1e-4, atol=1e-5
        )


def test_each_resample_draws_as_many_structures_as_there_are():
    drawn = resamples(40)
    assert drawn.shape == (40, 1_000)
    assert (drawn.sum(axis=0) == 40).all()
    assert resamples(100_000).shape[1] == 200
    np.testing.assert_array_equal(resamples(40), drawn)


def test_intervals_cover_the_mean_about_as_often_as_they_say():
    rng = np.random.default_rng(3)
    drawn = resamples(80)
    hits, runs = 0, 300
    for _ in range(runs):
        values = rng.normal(size=80)[np.repeat(np.arange(80), 3)]  # three equal atoms in each structure
        found = group_means(values, np.repeat(np.arange(80), 3), np.zeros(240, int), 1, drawn)
        hits += found.low[0] <= 0 <= found.high[0]
    # were atoms resampled, intervals would be 1.7 times too narrow and cover 74 %
    assert 0.90 <= hits / runs <= 0.98


def test_a_few_structures_have_a_mean_and_no_interval():
    structure = np.arange(FEWEST - 1)
    found = group_means(np.ones(FEWEST - 1), structure, np.zeros(FEWEST - 1, int), 1, resamples(FEWEST - 1))
    assert found.mean[0] == 1
    assert np.isnan(found.low[0])
    assert np.isnan(found.high[0])


def test_nothing_at_all_is_no_error():
    empty = np.array([], int)
    found = group_means(np.array([]), empty, empty, 2, resamples(0))
    assert np.isnan(found.mean).all()
    assert (found.atoms == 0).all()
