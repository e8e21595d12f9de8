"""Makes the bundled curves of the copper dimer: `python -m precompute.finetuning.make_cu_dimers`.

Two atoms at 1.8 to 4.4 angstrom in steps of 0.1, as a molecule without a cell: each atom sees the other within the
graph of every bundled model (5 angstrom or more), and nothing else. Energies and forces are those of a bundled model,
whose curve is no more right than another's: it is something to learn that a model of another family does not know.
"""

from __future__ import annotations

import numpy as np

from precompute.contracts import AtlasError, Structure
from precompute.finetuning.data import BUNDLED, CU_DIMER_LABELS, CU_DIMER_LABELS_OTHERWISE
from precompute.finetuning.labelled import Labelled, write
from precompute.models.registry import registry
from precompute.models.session import open_model

COPPER = 29
DISTANCES = np.round(np.arange(1.8, 4.45, 0.1), 2)


def dimer(distance: float) -> Structure:
    """Return two copper atoms, `distance` in angstrom."""
    return Structure(
        id=f"Cu2 at {distance:.2f} A",
        source="Cu dimer",
        numbers=np.array([COPPER, COPPER]),
        positions=np.array([[0.0, 0.0, 0.0], [distance, 0.0, 0.0]]),
        cell=np.zeros((3, 3)),
        pbc=np.zeros(3, dtype=bool),
    )


def labelled_by(key: str) -> list[Labelled]:
    """Return the curve with the labels of a model."""
    structures = [dimer(float(d)) for d in DISTANCES]
    with open_model(registry().resolve(key), threads=1) as session:
        predicted = session.predict(structures)
    curve = []
    for structure, p in zip(structures, predicted, strict=True):
        if p.forces is None:
            raise AtlasError(f"{key} predicts nothing for {structure.id}: {p.reason}")
        curve.append(Labelled(structure, p.energy, p.forces))
    return curve


def main() -> None:
    """Write one file a labelling model."""
    BUNDLED.mkdir(exist_ok=True)
    for key in sorted({*CU_DIMER_LABELS.values(), CU_DIMER_LABELS_OTHERWISE}):
        file = BUNDLED / f"cu_dimers_{key}.extxyz"
        write(labelled_by(key), file)
        print(f"{file.name}: {len(DISTANCES)} dimers labelled by {key}")


if __name__ == "__main__":
    main()
