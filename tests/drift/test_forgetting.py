"""The forgetting flag: known noise on chosen elements flags exactly those, run-to-run noise alone flags nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import f as f_distribution

from precompute.contracts import AtlasError
from precompute.drift.forgetting import forgetting
from precompute.drift.making import Seen
from precompute.drift.movement import drift, reembedded
from tests.drift.conftest import ELEMENTS, WIDTH, Made

RUN_TO_RUN = 0.02
KNOWN = 0.5


def run(atoms: Made, seed: int, chosen: tuple[int, ...] = (), step: float = 10.0) -> Seen:
    """The end of one run: the same known noise on the chosen elements in every run, and noise of its own on all."""
    noisy = atoms.moved(RUN_TO_RUN, seed=100 + seed, step=step)
    shift = KNOWN * np.random.default_rng(5).normal(size=noisy.embeddings.shape)[atoms.measured.row_of_orbit]
    shift[~np.isin(atoms.measured.numbers, chosen)] = 0.0
    return replace(noisy, name=f"seed {seed}", embeddings=noisy.embeddings + shift)


@pytest.mark.parametrize("runs", [2, 3, 5])
@pytest.mark.parametrize("chosen", [(79,), (3, 26), ()])
def test_known_noise_on_chosen_elements_flags_exactly_those(atoms: Made, runs: int, chosen: tuple[int, ...]) -> None:
    first, *others = (run(atoms, seed, chosen) for seed in range(runs))
    found = atoms.series(first, trained_on=(29,), siblings=others).forgetting
    assert found is not None
    assert found.n_runs == runs
    assert tuple(np.array(ELEMENTS)[found.flagged]) == chosen
    assert (found.drift[found.flagged] > found.null[found.flagged]).all()


def test_elements_of_the_fine_tuning_data_are_never_flagged(atoms: Made) -> None:
    first, *others = (run(atoms, seed, (79, 26)) for seed in range(3))
    found = atoms.series(first, trained_on=(79, 8), siblings=others).forgetting
    assert np.array(ELEMENTS)[found.flagged].tolist() == [26]
    gold = ELEMENTS.index(79)
    assert found.low[gold] > found.null[gold]


def test_noise_that_runs_do_not_share_flags_nothing_however_large(atoms: Made) -> None:
    first, *others = (atoms.moved(1.0, seed=seed) for seed in range(3))
    assert not atoms.series(first, trained_on=(29,), siblings=others).forgetting.flagged.any()


def test_the_null_is_its_formula(atoms: Made) -> None:
    """Two runs, so four directions are assumed; of five elements one is in the data."""
    ends = [run(atoms, seed) for seed in range(2)]
    found = atoms.series(ends[0], trained_on=(79,), siblings=ends[1:]).forgetting
    chosen = atoms.measured.is_representative
    base, first, second = (reembedded(s.embeddings, s.anchors)[chosen] for s in (atoms.base, *ends))
    for e, z in enumerate(ELEMENTS):
        mine = atoms.measured.numbers[chosen] == z
        between = drift(first, second)[mine].mean()
        from_base = (drift(base, first)[mine].mean() + drift(base, second)[mine].mean()) / 2.0
        assert found.drift[e] == pytest.approx(from_base)
        quantile = f_distribution.ppf(1.0 - 0.05 / 4, 4, 4)
        assert found.null[e] == pytest.approx(between * max(1.0, (1.0 + quantile) / 4.0))


def test_an_element_of_one_structure_has_no_null(atoms: Made) -> None:
    numbers = atoms.measured.numbers.copy()
    numbers[:4] = 92
    rare = replace(atoms, measured=replace(atoms.measured, numbers=numbers))
    found = rare.series(run(rare, 0, (92,)), trained_on=(29,), siblings=[run(rare, 1, (92,))]).forgetting
    assert np.isnan(found.null[-1])
    assert np.isfinite(found.drift[-1])
    assert not found.flagged.any()


def test_without_siblings_or_known_data_there_is_no_flag(atoms: Made) -> None:
    assert atoms.series(run(atoms, 0), trained_on=(29,)).forgetting is None
    assert atoms.series(run(atoms, 0), siblings=[run(atoms, 1)]).forgetting is None


def test_a_run_is_not_its_own_sibling(atoms: Made) -> None:
    with pytest.raises(AtlasError, match="same coordinates"):
        atoms.series(run(atoms, 0), trained_on=(29,), siblings=[run(atoms, 0)])
    coordinates = np.eye(3)
    with pytest.raises(AtlasError, match="at least two runs"):
        forgetting(coordinates, [coordinates], np.arange(3), np.arange(3), (29,), np.arange(3))


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize(("runs", "directions"), [(2, 4), (3, 3), (3, 12), (5, 4)])
def test_run_to_run_noise_flags_any_element_once_in_twenty_times_at_most(runs: int, directions: int) -> None:
    """All atoms of an element move together, in few directions: the worst case for telling noise from a shift."""
    rng = np.random.default_rng(runs * 100 + directions)
    elements, each = np.arange(1, 31), 4
    numbers, structure = np.repeat(elements, each), np.arange(30 * each) % 60
    false, repeats = 0, 150
    for repeat in range(repeats):
        base = rng.normal(size=(len(numbers), WIDTH))
        ways = rng.normal(size=(len(elements), directions, WIDTH))
        moves = np.einsum("red,edw->rew", rng.normal(size=(runs, len(elements), directions)), ways)
        ends = [base + 0.01 * move.repeat(each, axis=0) for move in moves]
        false += forgetting(base, ends, structure, numbers, (92,), elements, seed=repeat).flagged.any()
    assert false / repeats <= 0.07
