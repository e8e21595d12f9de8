"""Small crystals and the folder of real ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from precompute.contracts import Structure
from precompute.structures.convert import from_ase

DATA = Path(__file__).parents[3] / "shared" / "data"

P1_CIF = """data_NaCl
_cell_length_a 3.988
_cell_length_b 3.988
_cell_length_c 3.988
_cell_angle_alpha 60
_cell_angle_beta 60
_cell_angle_gamma 60
_symmetry_space_group_name_H-M 'P 1'
loop_
 _atom_site_type_symbol
 _atom_site_label
 _atom_site_fract_x
 _atom_site_fract_y
 _atom_site_fract_z
 _atom_site_occupancy
 Na Na0 0.0 0.0 0.0 1
 Cl Cl1 0.5 0.5 0.5 1
"""


@pytest.fixture
def cif() -> str:
    """Rock salt as pymatgen writes it."""
    return P1_CIF


@pytest.fixture(scope="session")
def shared_data() -> Path:
    if not DATA.is_dir():
        pytest.skip(f"the folder of real crystals, {DATA}, is missing")
    return DATA


@pytest.fixture
def structure() -> Callable[..., Structure]:
    """Make a structure from atoms, or from species, positions, cell and periodicity."""

    def make(
        atoms: Atoms | None = None,
        numbers: object = (6,),
        positions: object = ((0.0, 0.0, 0.0),),
        cell: object = np.diag([5.0, 5.0, 5.0]),
        pbc: object = (True, True, True),
        id: str = "made",
    ) -> Structure:
        if atoms is not None:
            return from_ase(atoms, id=id, source="test")
        return Structure(id, "test", numbers, positions, cell, pbc)

    return make
