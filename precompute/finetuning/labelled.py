"""Structures with energies, forces and stresses, from extended XYZ; checked frame by frame."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from precompute.contracts import AtlasError, FloatArray, Structure, frozen
from precompute.structures.convert import to_ase

# eV/angstrom. No structure worth learning from has such a force; it marks a broken calculation or another unit.
LARGEST_FORCE = 1_000.0
_STRESS_NAMES = ("stress", "stresses", "virial", "virials")


@dataclass(frozen=True, eq=False)
class Labelled:
    """One structure and what is to be learnt of it.

    Attributes
    ----------
    structure : Structure
    energy : float
        Of the whole structure, eV.
    forces : (n, 3) float64
        eV/angstrom.
    stress : (3, 3) float64, or None where not given
        eV/angstrom^3, positive under tension (ASE's sign).
    """

    structure: Structure
    energy: float
    forces: FloatArray
    stress: FloatArray | None = None

    def __post_init__(self) -> None:
        name, n = self.structure.id, len(self.structure)
        object.__setattr__(self, "energy", float(self.energy))
        object.__setattr__(self, "forces", frozen(self.forces, np.float64, (n, 3), f"{name}: forces"))
        if not np.isfinite(self.energy):
            raise AtlasError(f"{name}: its energy is {self.energy}, expected a number in eV")
        bad = np.flatnonzero(~np.isfinite(self.forces).all(axis=1))
        if len(bad):
            raise AtlasError(f"{name}: the force on atom {bad[0]} is not finite ({self.forces[bad[0]]})")
        largest = float(np.abs(self.forces).max(initial=0.0))
        if largest > LARGEST_FORCE:
            raise AtlasError(
                f"{name}: a force component of {largest:.3g} eV/angstrom; above {LARGEST_FORCE:g} the label or its "
                "unit is wrong. Leave the frame out or convert it"
            )
        if self.stress is not None:
            object.__setattr__(self, "stress", frozen(self.stress, np.float64, (3, 3), f"{name}: stress"))
            if not np.isfinite(self.stress).all():
                raise AtlasError(f"{name}: its stress is not finite")

    def __len__(self) -> int:
        return len(self.structure)


def read(file: Path) -> list[Labelled]:
    """Read an extended XYZ file.

    Every frame needs ``energy`` (eV) and ``forces`` (eV/angstrom); ``stress`` (eV/angstrom^3) is optional. Labels named
    otherwise, e.g. ``REF_energy``, are not guessed.

    Raises
    ------
    AtlasError
        If the file cannot be read, is empty, or a frame has a label that is missing, misshapen or not finite; the
        message names the frame, counted from 0.
    """
    from ase.io import iread

    if not file.is_file():
        raise AtlasError(f"no data at {file}: give an extended XYZ file, or the bundled cu-dimers")
    result: list[Labelled] = []
    try:
        for frame in iread(str(file), index=":", format="extxyz"):
            result.append(_labelled(frame, f"{file.name} frame {len(result)}"))
    except AtlasError:
        raise
    # the border to ASE's parser, which raises whatever a malformed line leads to
    except Exception as error:
        raise AtlasError(
            f"{file.name}: frame {len(result)} cannot be read as extended XYZ ({type(error).__name__}: {error})"
        ) from None
    if not result:
        raise AtlasError(f"{file} holds no frames")
    return result


def write(data: Iterable[Labelled], file: Path) -> None:
    """Write extended XYZ from which `read` gives the same labels to 1e-8."""
    from ase.calculators.singlepoint import SinglePointCalculator
    from ase.io import write as write_ase

    frames = []
    for item in data:
        atoms = to_ase(item.structure)
        atoms.info["id"] = item.structure.id
        results: dict[str, Any] = {"energy": item.energy, "forces": np.array(item.forces)}
        if item.stress is not None:
            results["stress"] = np.array(item.stress)[[0, 1, 2, 1, 0, 0], [0, 1, 2, 2, 2, 1]]
        atoms.calc = SinglePointCalculator(atoms, **results)
        frames.append(atoms)
    partial = file.with_name(f"{file.name}.partial")
    write_ase(str(partial), frames, format="extxyz")
    partial.replace(file)


def sha256_of(data: Sequence[Labelled]) -> str:
    """Return the SHA-256 of structures and labels: species exactly, numbers rounded to 1e-6, ids left out."""
    digest = hashlib.sha256()
    for item in data:
        crystal = item.structure
        digest.update(np.asarray(crystal.numbers, "<i2").tobytes() + np.asarray(crystal.pbc, "u1").tobytes())
        stress = () if item.stress is None else item.stress
        for values in (crystal.positions, crystal.cell, [item.energy], item.forces, stress):
            digest.update(np.round(np.asarray(values, dtype=np.float64) * 1e6).astype("<i8").tobytes() + b"|")
    return digest.hexdigest()


def elements_of(data: Iterable[Labelled]) -> tuple[int, ...]:
    """Return the atomic numbers in the data, ascending."""
    return tuple(sorted({int(z) for item in data for z in item.structure.numbers}))


def _labelled(atoms: Any, where: str) -> Labelled:
    from precompute.structures.convert import from_ase

    results = dict(atoms.calc.results) if atoms.calc is not None else {}
    given = {**atoms.info, **atoms.arrays, **results}
    for label, unit in (("energy", "eV"), ("forces", "eV/angstrom")):
        if label not in given:
            similar = sorted(k for k in given if label.rstrip("s") in k.lower())
            hint = f"; {', '.join(similar)} must be renamed to {label}" if similar else ""
            raise AtlasError(f"{where} has no {label} ({unit}){hint}")
    unread = [k for k in given if k in _STRESS_NAMES[1:]]
    if unread and "stress" not in given:
        raise AtlasError(f"{where} has {unread[0]}, which is not read: give stress in eV/angstrom^3 or leave it out")
    if len(atoms) == 0:
        raise AtlasError(f"{where} has no atoms")
    if atoms.pbc.any() and abs(atoms.cell.volume) < 1e-6 and atoms.pbc.all():
        raise AtlasError(f"{where} is periodic in all directions, but its cell has no volume")
    structure = from_ase(atoms, id=str(atoms.info.get("id") or where), source=where)
    bare = Structure(
        id=structure.id, source=where, numbers=structure.numbers, positions=structure.positions,
        cell=structure.cell, pbc=structure.pbc,
    )  # fmt: skip
    try:
        return Labelled(bare, float(given["energy"]), np.asarray(given["forces"]), _tensor(given.get("stress"), where))
    except (TypeError, ValueError) as error:
        raise AtlasError(f"{where}: a label is no number ({error})") from None


def _tensor(stress: Any, where: str) -> FloatArray | None:
    if stress is None:
        return None
    values = np.asarray(stress, dtype=np.float64)
    if values.shape == (6,):  # Voigt order: xx, yy, zz, yz, xz, xy
        return values[[[0, 5, 4], [5, 1, 3], [4, 3, 2]]]
    if values.shape not in ((3, 3), (9,)):
        raise AtlasError(f"{where}: stress has shape {values.shape}, expected (6,) in Voigt order or (3, 3)")
    return values.reshape(3, 3)
