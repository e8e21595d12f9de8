"""What students learn from: crystals of the catalogue, rattled and strained copies of them, and a teacher's labels."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError, Structure

TEACHER = "7net-l3i5"
COPIES = 3
MOST_ATOMS = 40
# displacements of at most 3 % of a short bond and of about a thermal amplitude at the melting point
LEAST_RATTLE, MOST_RATTLE = 0.02, 0.15  # angstrom
STRAIN = 0.03
LARGEST_FORCE = 15.0  # eV/angstrom
HELD_OUT = 0.1
_FEWEST_LEFT = 4


@dataclass(frozen=True, eq=False)
class Labelled:
    """A structure with its teacher's answer.

    Attributes
    ----------
    structure : Structure
    crystal : int
        Index of the crystal that it is, or is a copy of.
    energy : float
        Total energy, eV.
    forces : (n, 3) float64
        eV/angstrom.
    """

    structure: Structure
    crystal: int
    energy: float
    forces: NDArray[np.float64]


def copies(crystals: Sequence[Structure], seed: int, n: int = COPIES) -> list[tuple[int, Structure]]:
    """Return the crystals of at most `MOST_ATOMS` atoms, each followed by `n` rattled and strained copies.

    A copy's cell is F h, F = 1 + (S + S^T) / 2 with entries of S from N(0, `STRAIN`); its atoms move with the cell and
    then by N(0, s) in each direction, s uniform in [`LEAST_RATTLE`, `MOST_RATTLE`] angstrom for each copy.

    Returns
    -------
    list of (index of the crystal, Structure)
    """
    made: list[tuple[int, Structure]] = []
    for index, crystal in enumerate(crystals):
        if len(crystal) > MOST_ATOMS:
            continue
        made.append((index, crystal))
        # a stream for each crystal: another catalogue changes only what it changes
        digest = hashlib.sha256(crystal.id.encode()).digest()
        rng = np.random.default_rng([seed, int.from_bytes(digest[:8], "little")])
        for k in range(n):
            strain = rng.normal(scale=STRAIN, size=(3, 3))
            deformed = np.eye(3) + (strain + strain.T) / 2
            amplitude = rng.uniform(LEAST_RATTLE, MOST_RATTLE)
            moved = crystal.positions @ deformed + rng.normal(scale=amplitude, size=(len(crystal), 3))
            copy = Structure(
                id=f"{crystal.id}-copy{k + 1}",
                source=crystal.source,
                numbers=crystal.numbers,
                positions=moved,
                cell=crystal.cell @ deformed,
                pbc=crystal.pbc,
            )
            made.append((index, copy))
    return made


def fingerprint(structures: Sequence[Structure]) -> str:
    """Return the SHA-256 of species, positions (to 1e-6 angstrom) and cells of structures, in order."""
    sha = hashlib.sha256()
    for structure in structures:
        sha.update(structure.id.encode())
        sha.update(structure.numbers.tobytes())
        for array in (structure.positions, structure.cell):
            sha.update(np.round(array * 1e6).astype(np.int64).tobytes())
    return sha.hexdigest()


def write_labels(file: Path, made: Sequence[tuple[int, Structure]], answers: Sequence[tuple[float, NDArray]]) -> None:
    """Keep a teacher's energies (eV) and forces (eV/angstrom); NaN where it gave none."""
    np.savez_compressed(
        file,
        teacher=np.array(TEACHER),
        structures=np.array(fingerprint([s for _, s in made])),
        energy=np.array([e for e, _ in answers], np.float64),
        forces=np.concatenate([f for _, f in answers]).astype(np.float32),
    )


def read_labels(file: Path, made: Sequence[tuple[int, Structure]]) -> list[Labelled]:
    """Return the structures that a teacher labelled with forces of at most `LARGEST_FORCE`.

    Raises
    ------
    AtlasError
        If the file is not one of labels, or its labels belong to other structures or another teacher.
    """
    try:
        with file.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
            teacher, of = str(content["teacher"]), str(content["structures"])
            energy, forces = content["energy"], content["forces"].astype(np.float64)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise AtlasError(f"{file} holds no labels ({error}): delete it, and they are made anew") from None
    if teacher != TEACHER or of != fingerprint([s for _, s in made]):
        raise AtlasError(
            f"the labels in {file} are of {teacher} on other structures than these (another seed or catalogue): "
            "delete it, and they are made anew"
        )
    parts = np.split(forces, np.cumsum([len(s) for _, s in made])[:-1])
    return [
        Labelled(structure, crystal, float(e), f)
        for (crystal, structure), e, f in zip(made, energy, parts, strict=True)
        if np.isfinite(e) and np.isfinite(f).all() and np.linalg.norm(f, axis=1).max() <= LARGEST_FORCE
    ]


def divided(labelled: Sequence[Labelled], seed: int, share: float = HELD_OUT) -> tuple[list[Labelled], list[Labelled]]:
    """Return what is learnt from, and what is held out: a share of the crystals, each with all its copies.

    A crystal stays where fewer than four others would have one of its elements.
    """
    elements = {x.crystal: set(x.structure.numbers.tolist()) for x in labelled}
    left: dict[int, int] = {}
    for of in elements.values():
        for z in of:
            left[z] = left.get(z, 0) + 1
    crystals = np.array(sorted(elements))
    out: set[int] = set()
    for crystal in np.random.default_rng(seed).permutation(crystals).tolist():
        if len(out) >= share * len(crystals):
            break
        if all(left[z] > _FEWEST_LEFT for z in elements[crystal]):
            out.add(crystal)
            for z in elements[crystal]:
                left[z] -= 1
    return [x for x in labelled if x.crystal not in out], [x for x in labelled if x.crystal in out]


def reference_energies(labelled: Sequence[Labelled]) -> dict[int, float]:
    """Return an energy for each element, eV/atom: least squares of total energies on numbers of atoms."""
    elements = sorted({z for x in labelled for z in x.structure.numbers.tolist()})
    counts = np.array([[np.sum(x.structure.numbers == z) for z in elements] for x in labelled], np.float64)
    atoms = counts.sum(axis=1)
    # errors of energy per atom are what counts, so that large cells do not dominate
    fitted, *_ = np.linalg.lstsq(counts / atoms[:, None], np.array([x.energy for x in labelled]) / atoms, rcond=None)
    return dict(zip(elements, fitted.tolist(), strict=True))
