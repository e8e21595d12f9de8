"""Agreement over a selection: which atoms are taken, and whose coordinates."""

import numpy as np
import pytest

from dashboard.agreement import picked
from dashboard.agreement.picked import FEWEST_ATOMS, TooFew, features_of, rows_at, sample
from dashboard.atlases import Atlases
from tests.dashboard.synthetic import write_atlas


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    path = write_atlas(tmp_path_factory.mktemp("picked") / "many.zarr", copies=12)
    return Atlases([path]).get("many")


def everything(data):
    return np.ones(data.n_atoms, bool)


def test_only_one_atom_of_an_orbit_is_taken_and_all_where_there_are_few(data):
    found = sample(data, everything(data))
    assert (found.atoms == np.flatnonzero(data.of_atoms("is_representative"))).all()
    assert (found.selected, found.representatives) == (data.n_atoms, len(found.atoms))


def test_of_many_atoms_a_sample_is_drawn_that_the_seed_decides(data, monkeypatch):
    monkeypatch.setattr(picked, "MOST_ATOMS", 30)
    first, again, other = (sample(data, everything(data), seed) for seed in (0, 0, 1))
    assert len(first.atoms) == 30 == len(set(first.atoms.tolist()))
    assert (first.atoms == again.atoms).all()
    assert not np.array_equal(first.atoms, other.atoms)
    assert data.of_atoms("is_representative")[first.atoms].all()
    assert first.representatives > 30


def test_too_few_atoms_are_refused_with_both_numbers(data):
    mask = np.zeros(data.n_atoms, bool)
    mask[np.flatnonzero(data.of_atoms("is_representative"))[:5]] = True
    with pytest.raises(TooFew, match=f"holds 5 symmetry-distinct atoms; at least {FEWEST_ATOMS}"):
        sample(data, mask)


def test_rows_are_read_across_blocks(data, monkeypatch):
    monkeypatch.setattr(picked, "ROWS_AT_ONCE", 7)
    atoms = np.array([0, 3, 6, 7, 20, 41])
    path = "models/7net-0/coordinates"
    np.testing.assert_array_equal(rows_at(data, path, atoms), data.atlas.file.read(path)[atoms])


def test_atoms_that_a_model_refused_are_left_out_of_all(data):
    features, atoms = features_of(data, np.arange(60))
    assert atoms.tolist() == list(range(3, 60))
    assert {len(rows) for rows in features.values()} == {57}
    assert all(np.isfinite(rows).all() for rows in features.values())
