"""The verdict: an unchanged model passes, a damaged one fails, and each check says what it rests on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from precompute.contracts import AtlasError
from precompute.drift.records import Estimates, Forgetting, Series
from precompute.drift.verdict import LIMITS, judged, verdict
from tests.drift.conftest import Made


def with_last(series: Series, **values: float) -> Series:
    """The series with other means of its last checkpoint."""
    overall = dict(series.overall)
    for name, value in values.items():
        column = np.array([0.0, value])
        overall[name] = Estimates(column, column, column)
    return replace(series, overall=overall)


def test_an_unchanged_model_passes(atoms: Made) -> None:
    found = verdict(atoms.series(replace(atoms.base, step=1.0)))
    assert found.passed
    assert {c.name for c in found.checks} == {"reembedded", "retention", "procrustes"}


def test_noise_that_scatters_the_atoms_fails_every_check_of_the_space(atoms: Made) -> None:
    found = verdict(atoms.series(atoms.moved(3.0)))
    assert not found.passed
    assert not any(c.passed for c in found.checks)


def test_checks_are_shown_with_energies_and_forces_in_thousandths(atoms: Made) -> None:
    series = with_last(atoms.series(replace(atoms.base, step=1.0)), reembedded=0.0026, energy=0.0136, forces=0.00514)
    shown = {c.name: c.shown() for c in verdict(series).checks}
    assert shown["energy"] == ("13.6 [13.6, 13.6] meV/atom", "80 meV/atom")
    assert shown["forces"] == ("5.14 [5.14, 5.14] meV/Å", "55 meV/Å")
    assert shown["reembedded"] == ("0.0026 [0.0026, 0.0026]", "0.013")


@pytest.mark.parametrize("name", LIMITS)
def test_one_value_beyond_its_limit_fails(atoms: Made, name: str) -> None:
    series = atoms.series(replace(atoms.base, step=1.0))
    worse = -1e-6 if name in ("retention", "procrustes") else 1e-6
    assert verdict(with_last(series, **{name: LIMITS[name]})).passed
    found = verdict(with_last(series, **{name: LIMITS[name] + worse}))
    assert [c.name for c in found.checks if not c.passed] == [name]
    assert not found.passed


def test_the_last_checkpoint_is_judged(atoms: Made) -> None:
    wild, recovered = atoms.moved(3.0, step=1.0), replace(atoms.base, name="recovered", step=2.0)
    assert verdict(atoms.series(wild, recovered)).passed


@pytest.mark.parametrize("what", ["embeddings", "energy", "forces"])
def test_a_checkpoint_that_answers_with_no_number_fails(atoms: Made, what: str) -> None:
    n, m = len(atoms.measured.atom), len(atoms.measured.structures)
    base = replace(atoms.base, energy=np.zeros(m), forces=np.zeros((n, 3)))
    made = Made(atoms.measured, base)
    assert verdict(made.series(replace(base, step=1.0))).passed
    array = np.array(getattr(base, what), dtype=float)
    first = 1 if what == "energy" else np.flatnonzero(atoms.measured.structure == atoms.measured.structures[1])
    array[first] = np.nan
    for broken, structures in ((array, 1.0), (np.full_like(array, np.nan), float(m))):
        if what == "embeddings" and structures == m:
            continue  # nothing to measure at all: an error
        found = verdict(made.series(replace(base, step=1.0, **{what: broken})))
        assert [(c.name, c.value) for c in found.checks if not c.passed] == [("unanswered", structures)]


def test_checks_carry_interval_limit_and_words(atoms: Made) -> None:
    for check in verdict(atoms.series(atoms.moved(0.3))).checks:
        assert check.low <= check.value <= check.high
        assert check.passed == (check.value <= check.limit if check.at_most else check.value >= check.limit)
        assert check.label
        assert check.meaning.endswith(".")
        assert "damage series" in check.source


@pytest.mark.parametrize(("low", "flagged", "passes"), [(0.5, True, False), (0.5, False, True), (1e-4, True, True)])
def test_an_element_is_forgotten_if_flagged_and_beyond_the_limit_of_drift(
    atoms: Made, low: float, flagged: bool, passes: bool
) -> None:
    series = atoms.series(replace(atoms.base, step=1.0), trained_on=(29,))
    e = len(series.elements)
    marks = np.zeros(e, bool)
    marks[0] = flagged
    forgetting = Forgetting(np.full(e, low), np.full(e, low), np.zeros(e), marks, 3, "a rule")
    found = verdict(replace(series, forgetting=forgetting))
    check = next(c for c in found.checks if c.name == "forgetting")
    assert check.passed is passes
    assert check.value == (0.0 if passes else 1.0)


@pytest.mark.parametrize("kind", ["comparison", "training"])
def test_there_is_no_verdict_on_what_is_no_fine_tune(atoms: Made, kind: str) -> None:
    series = atoms.series(replace(atoms.base, step=1.0), kind=kind)
    assert not judged(series)
    with pytest.raises(AtlasError, match=f"is a {kind}"):
        verdict(series)
