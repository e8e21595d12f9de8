"""The bundled curves come from their script, and the experiment's statistics are what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from benchmarks.cu_dimers import interval, smallest_seen
from precompute.finetuning.data import BUNDLED
from precompute.finetuning.labelled import read
from precompute.finetuning.make_cu_dimers import labelled_by


@pytest.mark.models
@pytest.mark.parametrize("file", sorted(BUNDLED.glob("*.extxyz")), ids=lambda f: f.stem)
def test_the_script_makes_the_bundled_curves(file: Path) -> None:
    made, shipped = labelled_by(file.stem.removeprefix("cu_dimers_")), read(file)
    for a, b in zip(made, shipped, strict=True):
        np.testing.assert_allclose(a.structure.positions, b.structure.positions, atol=1e-8)
        assert a.energy == pytest.approx(b.energy, abs=1e-4)
        np.testing.assert_allclose(a.forces, b.forces, atol=1e-3)


def test_the_smallest_difference_is_found_four_times_in_five() -> None:
    rng = np.random.default_rng(0)
    spread = 0.3
    sample = np.array([-1.0, 0.0, 1.0]) * spread  # standard deviation 0.3
    effect = smallest_seen(sample)
    runs = rng.normal(effect, spread, size=(40_000, 3))
    found = stats.ttest_1samp(runs, 0.0, axis=1).pvalue < 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.01)


def test_intervals_are_students() -> None:
    # mean 2, standard error 1 / sqrt(3), t of 2 degrees of freedom 4.303
    assert interval(np.array([1.0, 2.0, 3.0])) == "2 ± 2.5"
