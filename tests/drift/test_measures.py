"""Drift, retention, Procrustes and changes of output against their formulas, and what each of them does not see."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import procrustes as scipy_procrustes

from precompute.contracts import AtlasError
from precompute.drift import movement, outputs
from precompute.drift.placing import placing
from precompute.drift.retention import neighbours, retention
from precompute.drift.summary import procrustes_to_base
from tests.drift.conftest import ANCHORS, WIDTH, Made, rotation


def coordinates_of(made: Made, noise: float = 0.0) -> np.ndarray:
    seen = made.moved(noise)
    return movement.reembedded(seen.embeddings, seen.anchors)


def literal_cosine(x: np.ndarray, y: np.ndarray) -> float:
    return sum(a * b for a, b in zip(x, y, strict=True)) / (np.sqrt((x * x).sum()) * np.sqrt((y * y).sum()))


def test_drift_is_one_minus_the_cosine_of_coordinates(atoms: Made) -> None:
    later = atoms.moved(0.3)
    base = [[literal_cosine(e, a) for a in atoms.base.anchors] for e in atoms.base.embeddings[:20]]
    now = [[literal_cosine(e, a) for a in later.anchors] for e in later.embeddings[:20]]
    literal = [1.0 - literal_cosine(np.array(b), np.array(c)) for b, c in zip(base, now, strict=True)]
    found = movement.drift(coordinates_of(atoms), coordinates_of(atoms, 0.3))
    np.testing.assert_allclose(found[:20], literal, rtol=1e-5, atol=1e-9)
    assert found.min() > 1e-5


def test_rotating_the_embedding_space_moves_frozen_coordinates_only(atoms: Made) -> None:
    turn = rotation(WIDTH)
    turned = replace(
        atoms.base, name="turned", step=1.0, embeddings=atoms.base.embeddings @ turn, anchors=atoms.base.anchors @ turn
    )
    series = atoms.series(turned)
    assert series.reembedded.max() < 1e-6
    assert series.frozen[1].min() > 1e-2
    assert series.retention.min() == 1.0
    assert series.overall["procrustes"].value[1] == pytest.approx(1.0, abs=1e-9)


def test_scaling_the_embedding_space_moves_nothing(atoms: Made) -> None:
    scaled = replace(
        atoms.base, name="scaled", step=1.0, embeddings=atoms.base.embeddings * 7.0, anchors=atoms.base.anchors * 7.0
    )
    series = atoms.series(scaled)
    for measure in (series.reembedded, series.frozen, 1.0 - series.retention):
        assert np.abs(measure).max() < 1e-6


def test_anchors_that_move_drift_re_embedded_coordinates_only(atoms: Made) -> None:
    anchors = atoms.base.anchors + 0.5 * np.random.default_rng(2).normal(size=atoms.base.anchors.shape)
    series = atoms.series(replace(atoms.base, name="anchors moved", step=1.0, anchors=anchors))
    assert series.reembedded[1].min() > 1e-5
    assert series.frozen.max() == 0.0


def test_models_of_other_widths_have_no_frozen_drift(atoms: Made) -> None:
    wide = replace(
        atoms.base,
        step=1.0,
        embeddings=np.pad(atoms.base.embeddings, ((0, 0), (0, 3))),
        anchors=np.pad(atoms.base.anchors, ((0, 0), (0, 3))),
    )
    series = atoms.series(wide)
    assert np.isnan(series.frozen[1]).all()
    assert np.isnan(series.overall["frozen"].value).all()
    assert series.reembedded.max() < 1e-6


def test_retention_is_the_share_of_neighbours_kept(atoms: Made) -> None:
    base, later = coordinates_of(atoms).astype(float), coordinates_of(atoms, 0.4).astype(float)
    orbit = atoms.measured.row_of_orbit
    found = retention(neighbours(base, orbit, 5), neighbours(later, orbit, 5), 5)
    pool = np.unique(orbit)
    for i in range(0, len(base), 7):
        others = [j for j in pool if j != orbit[i]]
        kept = [set(sorted(others, key=lambda j: -literal_cosine(x[i], x[j]))[:5]) for x in (base, later)]
        assert found[i] == pytest.approx(len(kept[0] & kept[1]) / 5)
    assert 0.2 < found.mean() < 0.95


def test_procrustes_is_what_scipy_fits(atoms: Made) -> None:
    base, later = coordinates_of(atoms).astype(float), coordinates_of(atoms, 0.4).astype(float)
    disparity = scipy_procrustes(base, later)[2]
    nuclear, angular = procrustes_to_base(base, later, atoms.measured.structure)
    assert nuclear.value == pytest.approx(np.sqrt(1.0 - disparity), abs=1e-9)
    assert angular.value == pytest.approx(1.0 - np.arccos(np.sqrt(1.0 - disparity)) * 2.0 / np.pi, abs=1e-7)
    assert nuclear.low < nuclear.value < nuclear.high
    assert angular.low < angular.value < angular.high


def compositions(structures: int = 40, seed: int = 4) -> tuple[np.ndarray, np.random.Generator]:
    rng = np.random.default_rng(seed)
    return outputs.fractions(
        np.repeat(np.arange(structures), 4), rng.choice([1, 6, 8, 14], 4 * structures), structures
    ), rng


def test_a_shift_of_elements_is_no_change_of_energy() -> None:
    x, rng = compositions()
    base = rng.normal(size=len(x))
    later = base + x @ np.array([0.3, -1.2, 5.0, 0.01])
    np.testing.assert_allclose(outputs.energy_change(base, later, x), 0.0, atol=1e-12)


def test_the_change_of_energy_is_the_residual_of_least_squares() -> None:
    x, rng = compositions()
    base, later = rng.normal(size=(2, len(x)))
    shift = np.linalg.solve(x.T @ x, x.T @ (later - base))
    np.testing.assert_allclose(outputs.energy_change(base, later, x), later - base - x @ shift, atol=1e-10)


def test_elements_that_come_in_one_ratio_only_need_no_unique_shift() -> None:
    x, rng = compositions()
    twinned = np.hstack([x[:, :3], 0.5 * x[:, 3:], 0.5 * x[:, 3:]])
    base, later = rng.normal(size=(2, len(x)))
    np.testing.assert_allclose(
        outputs.energy_change(base, later, twinned), outputs.energy_change(base, later, x), atol=1e-10
    )


def test_a_structure_that_the_shift_fits_in_any_case_has_no_change_of_energy() -> None:
    x, rng = compositions()
    alone = np.pad(x, ((0, 1), (0, 1)))
    alone[-1, -1] = 1.0
    base, later = rng.normal(size=(2, len(alone)))
    later[3] = np.nan
    found = outputs.energy_change(base, later, alone)
    assert np.flatnonzero(np.isnan(found)).tolist() == [3, len(alone) - 1]


def test_changes_of_force_are_lengths_and_mean_absolute_components() -> None:
    base, later = np.zeros((2, 3)), np.array([[3.0, 0.0, -4.0], [0.0, 0.0, np.nan]])
    np.testing.assert_array_equal(outputs.force_change(base, later), [5.0, np.nan])
    np.testing.assert_allclose(outputs.force_error(base, later), [7.0 / 3.0, np.nan])


def test_the_length_of_a_change_of_force_does_not_depend_on_axes() -> None:
    base, later = np.random.default_rng(0).normal(size=(2, 30, 3))
    turn = rotation(3)
    np.testing.assert_allclose(outputs.force_change(base @ turn, later @ turn), outputs.force_change(base, later))


def test_the_axes_of_a_map_are_had_back_from_its_points() -> None:
    rng = np.random.default_rng(5)
    axes, middle = rng.normal(size=(ANCHORS, 2)), rng.normal(size=ANCHORS)
    of = [rng.uniform(-1, 1, (50, ANCHORS)).astype(np.float32) for _ in range(3)]
    maps = [((c - middle) @ axes).astype(np.float32) for c in of]
    of[0][4] = maps[0][4] = np.nan
    place = placing(of, maps)
    new = rng.uniform(-1, 1, (9, ANCHORS))
    np.testing.assert_allclose(place(new), (new - middle) @ axes, atol=1e-5)
    with pytest.raises(AtlasError, match="not a projection"):
        placing(of, [m**3 for m in maps])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: movement.drift(np.ones((3, 4)), np.ones((3, 5))), "not of one shape"),
        (lambda: movement.drift(np.ones(3), np.ones(3)), "not of one shape"),
        (lambda: movement.reembedded(np.ones((3, 4)), np.ones((2, 5))), "are not"),
        (lambda: movement.reembedded(np.ones((3, 4)), np.full((2, 4), np.nan)), "no finite embedding"),
        (lambda: neighbours(np.ones((3, 4)), np.array([0, 1])), "orbits of 2 atoms"),
        (lambda: neighbours(np.ones((3, 4)), np.array([0, 1, 3])), "orbits of 3 atoms"),
        (lambda: neighbours(np.ones((3, 4)), np.arange(3), 0), "at least 1"),
        (lambda: outputs.energy_change(np.ones(3), np.ones(4), np.ones((3, 1))), "do not go with"),
        (lambda: outputs.force_change(np.ones((3, 2)), np.ones((3, 2))), "not both"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(call, words: str) -> None:
    with pytest.raises(AtlasError, match=words):
        call()
