"""A series from arrays: zero steps, order of atoms, refused structures, means with intervals, and the store."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from precompute.contracts import AtlasError
from precompute.drift.making import Measured, Seen
from precompute.drift.records import OF_ELEMENTS, OVERALL, Forgetting, Series
from precompute.drift.stored import read_series, series_attrs, series_names, write_series
from precompute.drift.summary import averaged, means
from precompute.store import AtlasFile
from tests.drift.conftest import Made


def with_outputs(of: Made, seen: Seen, seed: int | None = None) -> Seen:
    rng = np.random.default_rng(0)
    energy, forces = rng.normal(size=len(of.measured.structures)), rng.normal(size=(len(of.measured.atom), 3))
    if seed is not None:
        rng = np.random.default_rng(seed)
        energy, forces = energy + rng.normal(size=energy.shape), forces + rng.normal(size=forces.shape)
    return replace(seen, energy=energy, forces=forces)


def test_zero_steps_give_zero_drift_and_no_change(atoms: Made) -> None:
    of = replace(atoms, base=with_outputs(atoms, atoms.base))
    series = of.series(replace(of.base, name="same", step=0.0))
    for name in ("reembedded", "frozen", "energy", "forces"):
        assert np.abs(getattr(series, name)).max() < 1e-6
        for part in ("value", "low", "high"):
            assert np.abs(getattr(series.overall[name], part)).max() < 1e-6
    assert series.retention.min() == 1.0
    for name in ("retention", "procrustes", "angular"):
        assert np.abs(series.overall[name].value - 1.0).max() < 1e-6
    assert np.abs(series.position - series.position[0]).max() == 0.0


def test_means_are_over_representatives_and_their_elements(atoms: Made) -> None:
    of = replace(atoms, base=with_outputs(atoms, atoms.base))
    later = with_outputs(atoms, atoms.moved(0.3), seed=5)
    series = of.series(later)
    representative = atoms.measured.is_representative
    for name in ("reembedded", "frozen", "retention"):
        values = getattr(series, name)[1][representative]
        assert series.overall[name].value[1] == pytest.approx(values.mean(), rel=1e-6)
        for e, z in enumerate(series.elements):
            mine = atoms.measured.numbers[representative] == z
            assert series.of_elements[name].value[1, e] == pytest.approx(values[mine].mean(), rel=1e-6)
            assert series.element_atoms[e] == mine.sum()
    change = np.abs(later.forces - of.base.forces)[representative]
    assert series.overall["forces"].value[1] == pytest.approx(change.mean())
    assert series.overall["energy"].value[1] == pytest.approx(np.abs(series.energy[1]).mean(), rel=1e-6)
    for name in OVERALL:
        of_all = series.overall[name]
        assert of_all.low[1] < of_all.value[1] < of_all.high[1]


def test_the_order_of_structures_does_not_matter(atoms: Made) -> None:
    later = atoms.moved(0.3)
    series = atoms.series(later)
    n = len(atoms.measured.atom)
    blocks = np.random.default_rng(1).permutation(n // 4)
    order = (4 * blocks[:, None] + np.arange(4)).reshape(-1)
    place = np.empty(n, int)
    place[order] = np.arange(n)
    shuffled = Measured(
        np.arange(n),
        place[4 * (order // 4)] // 4,
        place[atoms.measured.row_of_orbit[order]],
        atoms.measured.numbers[order],
    )
    again = Made(shuffled, replace(atoms.base, embeddings=atoms.base.embeddings[order])).series(
        replace(later, embeddings=later.embeddings[order])
    )
    for name in ("reembedded", "frozen", "retention"):
        np.testing.assert_allclose(getattr(again, name)[1], getattr(series, name)[1][order], atol=1e-6)
        np.testing.assert_allclose(again.of_elements[name].value, series.of_elements[name].value, atol=1e-6)
    np.testing.assert_allclose(again.overall["procrustes"].value, series.overall["procrustes"].value, atol=1e-9)


def test_refused_structures_are_left_out_of_all_steps_and_counted(atoms: Made) -> None:
    first, second = atoms.moved(0.2, step=1.0), atoms.moved(0.3, seed=2, step=2.0)
    refused = atoms.measured.structure == atoms.measured.structure[0]
    gaps = np.where(refused[:, None], np.nan, second.embeddings)
    series = atoms.series(first, replace(second, embeddings=gaps))
    assert np.isnan(series.reembedded[2][refused]).all()
    assert np.isfinite(series.reembedded[1]).all()
    kept = ~refused & atoms.measured.is_representative
    assert series.overall["reembedded"].value[1] == pytest.approx(series.reembedded[1][kept].mean(), rel=1e-6)
    assert series.record["measured"]["representatives"] == kept.sum() == series.element_atoms.sum()
    assert series.record["measured"]["atoms_embedded_by_all"] == (~refused).sum()
    assert np.isnan(series.retention[:, refused]).all()
    assert np.isfinite(series.retention[:, ~refused]).all()


def test_predictions_that_are_missing_leave_gaps_of_their_own(atoms: Made) -> None:
    of = replace(atoms, base=with_outputs(atoms, atoms.base))
    later = with_outputs(atoms, atoms.moved(0.3), seed=5)
    energy, forces = later.energy.copy(), later.forces.copy()
    energy[2] = forces[0] = np.nan
    series = of.series(replace(later, energy=energy, forces=forces))
    assert np.isnan(series.energy[1, 2])
    assert np.isfinite(series.overall["energy"].value).all()
    assert np.isfinite(series.overall["forces"].value).all()
    counted = series.record["measured"]
    assert counted["structures_with_energies"] == counted["structures"] - 1
    assert counted["representatives_with_forces"] == counted["representatives"] - 1
    assert np.isnan(of.series(replace(later, energy=None, forces=None)).overall["forces"].value).all()


def test_a_series_comes_back_from_the_store(atoms: Made, tmp_path) -> None:
    import zarr

    of = replace(atoms, base=with_outputs(atoms, atoms.base))
    series = of.series(with_outputs(atoms, atoms.moved(0.3), seed=5), trained_on=(29,), seed=3, record={"epochs": 4})
    e = len(series.elements)
    forgotten = Forgetting(np.ones(e), np.ones(e), np.ones(e), np.zeros(e, bool), 3, "by a rule")
    series = replace(series, forgetting=forgotten)
    file = AtlasFile.create(tmp_path / "some.zarr", {})
    write_series(file, replace(series, title="older"))
    write_series(file, series)
    assert series_names(file) == ["made"]
    assert series_attrs(file, "made")["kind"] == "fine-tuning"
    again = read_series(file, "made")
    for field in fields(Series):
        found, expected = getattr(again, field.name), getattr(series, field.name)
        if isinstance(expected, np.ndarray):
            np.testing.assert_array_equal(found, expected)
            assert found.dtype == expected.dtype
        elif field.name in ("overall", "of_elements"):
            for name in expected:
                for part in ("value", "low", "high"):
                    np.testing.assert_array_equal(getattr(found[name], part), getattr(expected[name], part))
        elif field.name == "forgetting":
            assert (found.n_runs, found.rule) == (3, "by a rule")
            np.testing.assert_array_equal(found.flagged, expected.flagged)
        else:
            assert found == expected, field.name
    plain = zarr.open_group(tmp_path / "some.zarr", mode="r")["drift/made"]
    assert plain["reembedded"].metadata.dimension_names == ("step", "drift_atom")
    assert plain["energy"].metadata.dimension_names == ("step", "drift_structure")
    assert plain["forces"].attrs["unit"] == "eV/angstrom"
    assert set(plain["overall"].group_keys()) == set(OVERALL)
    assert set(plain["of_elements"].group_keys()) == set(OF_ELEMENTS)
    assert plain["of_elements/retention/low"].metadata.dimension_names == ("step", "drift_element")


def test_what_does_not_fit_the_atoms_is_refused(atoms: Made) -> None:
    with pytest.raises(AtlasError, match="embeddings has shape"):
        atoms.series(replace(atoms.base, step=1.0, embeddings=atoms.base.embeddings[1:]))
    with pytest.raises(AtlasError, match="anchors has shape"):
        atoms.series(replace(atoms.base, step=1.0, anchors=atoms.base.anchors[1:]))
    with pytest.raises(AtlasError, match="energy has shape"):
        atoms.series(replace(atoms.base, step=1.0, energy=np.zeros(3)))
    with pytest.raises(AtlasError, match="before the one it follows"):
        atoms.series(atoms.moved(0.1, step=2.0), atoms.moved(0.1, step=1.0))
    with pytest.raises(AtlasError, match="0 symmetry-distinct atoms"):
        atoms.series(replace(atoms.base, step=1.0, embeddings=np.full_like(atoms.base.embeddings, np.nan)))
    with pytest.raises(AtlasError, match="whole structures"):
        Measured(np.arange(3), np.zeros(3), np.array([0, 1, 5]), np.ones(3))
    with pytest.raises(AtlasError, match="at least one more"):
        atoms.series()


def test_plain_means_are_over_the_atoms_that_share_a_label() -> None:
    values = np.array([[1.0, 2.0, 4.0, np.nan], [0.0, 2.0, 2.0, 1.0]])
    labels, mean, count = averaged(values, np.array([5, 3, 3, 9]))
    assert labels.tolist() == [3, 5, 9]
    np.testing.assert_array_equal(mean, [[3.0, 1.0, np.nan], [2.0, 0.0, np.nan]])
    assert count.tolist() == [2, 1, 0]


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize(("structures", "least"), [(3, 0.87), (6, 0.87), (40, 0.91)])
def test_intervals_cover_the_mean_of_all_structures(structures: int, least: float) -> None:
    """Drifts are skewed and alike within a structure: gamma structure means times gamma atoms."""
    rng = np.random.default_rng(structures)
    covered, repeats = 0, 400
    labels = np.zeros(3 * structures, int)
    of = np.repeat(np.arange(structures), 3)
    for repeat in range(repeats):
        values = rng.gamma(4.0, 0.25, structures)[of] * rng.gamma(4.0, 0.25, len(of))
        found = means(values[None], of, labels, np.array([0]), seed=repeat, resamples=200)
        covered += bool(found.low[0, 0] <= 1.0 <= found.high[0, 0])
    assert least <= covered / repeats <= 0.985


def test_a_mean_over_one_structure_has_no_interval() -> None:
    found = means(np.ones((2, 5)), np.array([0, 0, 1, 1, 2]), np.array([1, 1, 2, 2, 2]), np.array([1, 2, 7]))
    np.testing.assert_array_equal(found.value[0], [1.0, 1.0, np.nan])
    np.testing.assert_array_equal(found.low[0], [np.nan, 1.0, np.nan])


def test_more_structures_give_narrower_intervals() -> None:
    def width(structures: int) -> float:
        values = np.random.default_rng(structures).gamma(2.0, size=(1, structures))
        found = means(values, np.arange(structures), np.zeros(structures), np.zeros(1, int))
        return float(found.high[0, 0] - found.low[0, 0])

    assert width(400) < 0.4 * width(40)
