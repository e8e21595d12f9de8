"""Drift by element group, orbit and structure: means of the right atoms."""

from __future__ import annotations

import numpy as np
import pytest

from precompute.contracts import AtlasError
from precompute.drift.grouped import grouped
from tests.drift.conftest import ELEMENTS, Made


def test_means_are_over_the_atoms_of_each_label(atoms: Made) -> None:
    measured = atoms.measured
    category = np.where(measured.numbers > 20, "heavy", "light")
    series = atoms.series(atoms.moved(0.3, rows=measured.numbers > 20))
    found = grouped(series, category, measured.structure, measured.orbit)
    assert found.categories == ("heavy", "light")
    drifts = series.reembedded[-1].astype(float)
    for c, name in enumerate(found.categories):
        mine = measured.is_representative & (category == name)
        assert found.category_atoms[c] == mine.sum()
        of = found.of_categories["reembedded"]
        assert of.value[-1, c] == pytest.approx(drifts[mine].mean(), rel=1e-6)
        assert of.low[-1, c] <= of.value[-1, c] <= of.high[-1, c]
    assert found.of_categories["reembedded"].value[-1, 1] == 0.0
    assert found.of_categories["reembedded"].value[-1, 0] > 0.0
    assert found.structures.index.tolist() == measured.structures.tolist()
    one = measured.structure == measured.structures[3]
    assert found.structures.atoms[3] == one.sum()
    assert found.structures.values["reembedded"][3] == pytest.approx(drifts[one].mean(), rel=1e-6)
    pair = measured.orbit == measured.atom[0]
    assert pair.sum() == 2
    assert found.orbits.atoms[0] == 2
    assert found.orbits.values["reembedded"][0] == pytest.approx(drifts[pair].mean(), rel=1e-6)
    assert len(found.orbits.index) == measured.is_representative.sum()


def test_groups_of_one_element_are_the_elements(atoms: Made) -> None:
    measured = atoms.measured
    series = atoms.series(atoms.moved(0.3))
    found = grouped(series, measured.numbers.astype(str), measured.structure, measured.orbit)
    order = [found.categories.index(str(z)) for z in ELEMENTS]
    for name, of in found.of_categories.items():
        assert of.value[:, order] == pytest.approx(series.of_elements[name].value, rel=1e-5)


def test_labels_of_other_atoms_are_refused(atoms: Made) -> None:
    series = atoms.series(atoms.moved(0.3))
    with pytest.raises(AtlasError, match="for a series of"):
        grouped(series, np.array(["x"]), atoms.measured.structure, atoms.measured.orbit)
