"""Data to fine-tune on: a file of the user's, or the bundled curve of the copper dimer; and its zero of energy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from precompute.contracts import AtlasError, FloatArray
from precompute.elements import table
from precompute.finetuning.labelled import Labelled, elements_of, read, sha256_of
from precompute.finetuning.records import DataRecord, Errors
from precompute.finetuning.trainers import errors_on

CU_DIMERS = "cu-dimers"
BUNDLED = Path(__file__).with_name("bundled")
# Which model labelled the curve for a family: never one of the family itself.
CU_DIMER_LABELS = {"sevennet": "chgnet-0.3.0"}
CU_DIMER_LABELS_OTHERWISE = "7net-l3i5"


@dataclass(frozen=True, eq=False)
class Data:
    """Labelled structures with their name and the origin of their labels, in words."""

    items: tuple[Labelled, ...]
    name: str
    labels: str

    def record(self, shift: Mapping[str, float]) -> DataRecord:
        """Return what a run keeps of it."""
        sha256 = sha256_of(self.items)
        return DataRecord(self.name, sha256, len(self.items), elements_of(self.items), self.labels, dict(shift))


def load(source: str, family: str) -> Data:
    """Return the data that ``--data`` names, for a base of this family."""
    if source == CU_DIMERS:
        labeller = CU_DIMER_LABELS.get(family, CU_DIMER_LABELS_OTHERWISE)
        items = read(BUNDLED / f"cu_dimers_{labeller}.extxyz")
        return Data(tuple(items), CU_DIMERS, f"energies and forces of {labeller}")
    file = Path(source)
    return Data(tuple(read(file)), file.name, f"as given in {file.name}")


def split(n: int, held_out: int) -> tuple[list[int], list[int]]:
    """Return which of n structures are trained on and which are held out, each ascending; the same draw every time."""
    held = sorted(np.random.default_rng(0).permutation(n)[:held_out].tolist())
    return sorted({*range(n)} - {*held}), held


def shift_to(data: Sequence[Labelled], energies: Sequence[float]) -> dict[str, float]:
    """Return how much to take off a label's energy for each atom of an element, by least squares.

    Models and functionals differ by a constant for each element, which training would otherwise spend its updates on.
    The shift s minimises ``sum_i ((E_i - E'_i - sum_Z n_iZ s_Z) / n_i)^2`` over the structures i of n_i atoms, E the
    labels and E' the base's energies (eV); of several such s the shortest, where elements occur in fixed ratios only.

    Returns
    -------
    dict of symbol to eV
    """
    numbers = elements_of(data)
    counts = np.array([[np.sum(item.structure.numbers == z) for z in numbers] for item in data], dtype=np.float64)
    sizes = counts.sum(axis=1)
    difference = np.array([item.energy for item in data]) - np.asarray(energies, dtype=np.float64)
    shift = np.linalg.lstsq(counts / sizes[:, None], difference / sizes, rcond=None)[0]
    symbols = table()["symbol"]
    return {str(symbols[z - 1]): float(s) for z, s in zip(numbers, shift, strict=True)}


def shifted(data: Sequence[Labelled], shift: Mapping[str, float]) -> tuple[Labelled, ...]:
    """Return the data with `shift` (eV for each atom of an element) taken off the energies."""
    symbols = table()["symbol"]
    off = [sum(shift.get(str(symbols[z - 1]), 0.0) for z in item.structure.numbers) for item in data]
    return tuple(
        Labelled(item.structure, item.energy - o, item.forces, item.stress) for item, o in zip(data, off, strict=True)
    )


def errors_before(data: Sequence[Labelled], predicted: Sequence[tuple[float, FloatArray]]) -> Errors:
    """Return the base's errors, or say that it cannot have any."""
    errors = errors_on(data, predicted)
    if not np.isfinite([errors.energy_mae, errors.force_mae]).all():
        raise AtlasError("the base predicts energies or forces of the data that are not finite; nothing can be learnt")
    return errors
