"""What students learn from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from precompute.contracts import AtlasError, Structure
from precompute.students import data
from precompute.students.data import Labelled
from tests.students.conftest import ZERO


def test_copies_are_the_same_for_a_seed_and_follow_their_crystal(crystals: list[Structure]) -> None:
    first = data.copies(crystals, seed=1, n=2)
    again = data.copies(crystals[2:], seed=1, n=2)
    assert len(first) == 3 * len(crystals)
    assert data.fingerprint([s for _, s in first[6:]]) == data.fingerprint([s for _, s in again])
    other = data.copies(crystals, seed=2, n=2)
    assert not np.allclose(first[1][1].positions, other[1][1].positions)
    for index, structure in first:
        assert structure.id.startswith(crystals[index].id)
        assert np.array_equal(structure.numbers, crystals[index].numbers)


def test_displacements_and_strains_have_the_stated_size(crystals: list[Structure]) -> None:
    made = data.copies(crystals, seed=0, n=40)
    moves, strains = [], []
    for index, s in made:
        if s.id == crystals[index].id:
            continue
        deformed = np.linalg.solve(crystals[index].cell, s.cell)
        assert np.allclose(deformed, deformed.T)
        strains.append(np.diag(deformed) - 1)
        moves.append((s.positions - crystals[index].positions @ deformed).ravel())
    amplitudes = np.array([np.sqrt(np.mean(m**2)) for m in moves if len(m) >= 12])
    low, high = data.LEAST_RATTLE, data.MOST_RATTLE
    # the root mean square of a uniform amplitude; thousands of draws
    expected = np.sqrt((high**3 - low**3) / (3 * (high - low)))
    assert np.sqrt(np.mean(amplitudes**2)) == pytest.approx(expected, rel=0.1)
    assert np.std(strains) == pytest.approx(data.STRAIN, rel=0.1)


def test_large_crystals_are_left_out(crystals: list[Structure]) -> None:
    n = data.MOST_ATOMS + 1
    large = Structure("large", "test", np.full(n, 29), np.arange(3.0 * n).reshape(n, 3), 90 * np.eye(3), np.ones(3))
    assert {i for i, _ in data.copies([large, crystals[0]], seed=0, n=1)} == {1}


def test_a_crystal_and_its_copies_are_on_one_side_and_every_element_is_learnt(labelled: list[Labelled]) -> None:
    learnt, held_out = data.divided(labelled, seed=0, share=0.3)
    assert len(learnt) + len(held_out) == len(labelled)
    assert held_out
    assert not {x.crystal for x in learnt} & {x.crystal for x in held_out}
    assert {z for x in learnt for z in x.structure.numbers.tolist()} == {
        z for x in labelled for z in x.structure.numbers.tolist()
    }


def test_reference_energies_are_those_that_the_energies_were_made_of(labelled: list[Labelled]) -> None:
    exact = [
        Labelled(x.structure, x.crystal, sum(ZERO[z] for z in x.structure.numbers.tolist()), x.forces) for x in labelled
    ]
    found = data.reference_energies(exact)
    for z, energy in found.items():
        assert energy == pytest.approx(ZERO[z], abs=1e-6)


def test_labels_come_back_but_for_refused_and_extreme_ones(crystals: list[Structure], tmp_path: Path) -> None:
    made = data.copies(crystals[:3], seed=0, n=1)
    answers = [(float(i), np.full((len(s), 3), 0.1 * i)) for i, (_, s) in enumerate(made)]
    answers[1] = (np.nan, np.full((len(made[1][1]), 3), np.nan))
    answers[4] = (4.0, np.full((len(made[4][1]), 3), data.LARGEST_FORCE))
    file = tmp_path / "labels.npz"
    data.write_labels(file, made, answers)
    kept = data.read_labels(file, made)
    assert [x.energy for x in kept] == [0.0, 2.0, 3.0, 5.0]
    assert np.allclose(kept[1].forces, 0.2)
    with pytest.raises(AtlasError, match="other structures"):
        data.read_labels(file, data.copies(crystals[:3], seed=1, n=1))
    file.write_bytes(file.read_bytes()[:200])
    with pytest.raises(AtlasError, match="delete it"):
        data.read_labels(file, made)
