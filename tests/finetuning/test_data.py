"""Labelled structures, the shift of energies, the sample to replay and the order of batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from precompute.contracts import AtlasError, Structure
from precompute.finetuning import replay
from precompute.finetuning.batches import plan, updates_of
from precompute.finetuning.data import CU_DIMERS, load, shift_to, shifted
from precompute.finetuning.labelled import Labelled, read, sha256_of, write
from precompute.finetuning.make_cu_dimers import DISTANCES, dimer
from precompute.structures.catalogue import load as catalogue

FRAME = '2\nProperties=species:S:1:pos:R:3{forces} {labels} pbc="F F F"\nCu 0 0 0{f}\nCu 0 0 2{f}\n'


def frame(labels: str, force: str | None = "0.1 0 0") -> str:
    given = force is not None
    return FRAME.format(labels=labels, forces=":forces:R:3" if given else "", f=f" {force}" if given else "")


def crystal(numbers: list[int], name: str = "x") -> Structure:
    n = len(numbers)
    rng = np.random.default_rng(n)
    return Structure(
        id=name, source="", numbers=np.array(numbers), positions=rng.uniform(0, 5, (n, 3)), cell=5 * np.eye(3),
        pbc=np.ones(3, dtype=bool),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("family", "labeller"), [("chgnet", "7net-l3i5"), ("sevennet", "chgnet-0.3.0"), ("mace", "7net-l3i5")]
)
def test_the_bundled_curve_is_labelled_by_another_family(family: str, labeller: str) -> None:
    data = load(CU_DIMERS, family)
    assert data.labels == f"energies and forces of {labeller}"
    distances = [np.linalg.norm(item.structure.positions[1] - item.structure.positions[0]) for item in data.items]
    np.testing.assert_allclose(distances, DISTANCES)
    assert not any(item.structure.pbc.any() for item in data.items)
    energies = np.array([item.energy for item in data.items])
    along = np.array([item.forces[1, 0] for item in data.items])
    # one minimum near the bond of 2.22 angstrom, and forces that are the slope of the curve
    assert 2.1 < distances[int(energies.argmin())] < 2.4
    slope = np.gradient(energies, distances)
    assert np.corrcoef(-slope[3:-3], along[3:-3])[0, 1] > 0.999
    assert np.abs(-slope - along)[3:-3].max() < 0.2


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    stress = rng.normal(size=(3, 3))
    item = Labelled(crystal([29, 79, 8]), -3.25, rng.normal(size=(3, 3)), stress + stress.T)
    write([item], tmp_path / "data.xyz")
    (again,) = read(tmp_path / "data.xyz")
    assert again.energy == item.energy
    np.testing.assert_allclose(again.forces, item.forces, atol=1e-8)
    assert again.stress is not None
    assert item.stress is not None
    np.testing.assert_allclose(again.stress, item.stress, atol=1e-8)
    assert again.structure.pbc.all()
    assert sha256_of([again]) == sha256_of([item])
    assert sha256_of([item]) != sha256_of([Labelled(item.structure, -3.24, item.forces, item.stress)])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (frame("energy=1") + frame("REF_energy=1"), "frame 1 has no energy.*REF_energy must be renamed to energy"),
        (frame("energy=1", None), r"frame 0 has no forces \(eV/angstrom\)"),
        (frame("energy=nan"), "its energy is nan"),
        (frame("energy=1", "0.1 nan 0"), "the force on atom 0 is not finite"),
        (frame("energy=1", "5000 0 0"), "5e.03 eV/angstrom"),
        (frame('energy=1 stress="1 2"'), "info item stress, expecting special 3x3"),
        (frame('energy=1 virial="1 0 0 0 1 0 0 0 1"'), "has virial, which is not read"),
        (frame("energy=1")[:-20], "frame 0 cannot be read"),
        ("", "holds no frames|cannot be read"),
    ],
)
def test_a_frame_that_cannot_be_learnt_is_named(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "data.xyz").write_text(text, encoding="utf-8")
    with pytest.raises(AtlasError, match=reason):
        read(tmp_path / "data.xyz")


def test_the_shift_is_found_and_taken_off() -> None:
    structures = [crystal([29]), crystal([29, 79]), crystal([8, 8, 79]), crystal([8, 29, 79, 79])]
    zeros = {"Cu": 1.5, "Au": -0.25, "O": 3.0}
    symbols = {29: "Cu", 79: "Au", 8: "O"}
    base = [0.5, -1.0, 2.0, 0.0]
    labels = [
        Labelled(s, e + sum(zeros[symbols[int(z)]] for z in s.numbers), np.zeros((len(s), 3)))
        for s, e in zip(structures, base, strict=True)
    ]
    found = shift_to(labels, base)
    assert found == pytest.approx(zeros)
    np.testing.assert_allclose([item.energy for item in shifted(labels, found)], base, atol=1e-12)


def test_elements_in_one_ratio_share_the_shift() -> None:
    labels = [Labelled(dimer(2.0), 4.0, np.zeros((2, 3)))]
    assert shift_to(labels, [1.0]) == pytest.approx({"Cu": 1.5})


def test_the_replay_sample_covers_elements_and_leaves_out_what_is_excluded() -> None:
    crystals = catalogue()
    everything = {int(z) for s in crystals if len(s) <= replay.LARGEST for z in s.numbers}
    chosen = replay.sample(crystals, 64)
    assert len({s.id for s in chosen}) == 64
    assert {int(z) for s in chosen for z in s.numbers} == everything
    assert max(map(len, chosen)) <= replay.LARGEST
    assert [s.id for s in replay.sample(crystals, 64)] == [s.id for s in chosen]
    moved = replay.displaced(chosen)
    off = np.concatenate([a.positions - b.positions for a, b in zip(moved, chosen, strict=True)])
    assert off.std() == pytest.approx(replay.DISPLACED, rel=0.1)
    np.testing.assert_array_equal(off[: len(chosen[0])], replay.displaced(chosen)[0].positions - chosen[0].positions)
    without = replay.sample(crystals, 64, excluded=(79,))
    assert {int(z) for s in without for z in s.numbers} == everything - {79}


def test_replay_adds_structures_and_changes_nothing_of_the_data() -> None:
    naive = list(plan(27, 8, 5, 0, 0, seed=3))
    replayed = list(plan(27, 8, 5, 10, 6, seed=3))
    assert len(naive) == len(replayed) == updates_of(27, 8, 5) == 20
    for a, b in zip(naive, replayed, strict=True):
        np.testing.assert_array_equal(a.data, b.data)
        assert len(a.replay) == 0
        assert len(b.replay) == 6
    for epoch in range(5):
        seen = np.concatenate([b.data for b in naive[4 * epoch : 4 * epoch + 4]])
        assert sorted(seen) == list(range(27))
    counts = np.bincount(np.concatenate([b.replay for b in replayed]), minlength=10)
    assert counts.max() - counts.min() <= 1
    other = list(plan(27, 8, 5, 10, 6, seed=4))
    assert any(not np.array_equal(a.data, b.data) for a, b in zip(naive, other, strict=True))
