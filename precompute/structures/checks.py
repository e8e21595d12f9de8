"""What makes a structure unfit for every model, in words."""

from __future__ import annotations

import numpy as np

from precompute import elements
from precompute.contracts import Structure
from precompute.structures.periodic import pairs_within, shortest_vectors

MAX_ATOMS = 1000
MIN_DISTANCE = 0.4
"""Angstrom. The shortest bond there is, in H2, has 0.74."""
MAX_LENGTH = 1e5
"""Angstrom. A larger position or vector is a broken file; 10 micrometres at double precision also lose the bonds."""
MIN_VOLUME = 1e-6
"""Volume, area or length of the periodic directions, as a fraction of the product of their lengths."""


def problem(structure: Structure, max_atoms: int = MAX_ATOMS) -> str | None:
    """Return the first reason to leave `structure` out, or None where there is none.

    Checked, in this order: no atoms; more than `max_atoms` atoms; unknown or dummy elements; positions or cell not
    finite or beyond 1e5 A; periodicity along vectors that span no volume; atoms, periodic images of other atoms and
    an atom's own images included, closer than 0.4 A.
    """
    n = len(structure)
    if n == 0:
        return "has no atoms"
    if n > max_atoms:
        return f"has {n} atoms, more than the {max_atoms} allowed"
    strange = structure.numbers[(structure.numbers < 1) | (structure.numbers > elements.N_ELEMENTS)]
    if len(strange):
        return f"holds {len(strange)} atoms of an unknown or dummy element (atomic number {strange[0]})"
    for name, lengths in (("position", structure.positions), ("cell", structure.cell)):
        bad = np.flatnonzero(~np.isfinite(lengths).all(axis=1))
        if len(bad):
            return f"{name} row {bad[0]} is not finite: {_row(lengths[bad[0]])}"
        if np.abs(lengths).max() > MAX_LENGTH:
            return f"{name} reaches {np.abs(lengths).max():.3g} A, beyond the {MAX_LENGTH:g} A allowed"
    return _flat_cell(structure) or _too_close(structure)


def _flat_cell(structure: Structure) -> str | None:
    periodic = structure.cell[structure.pbc]
    lengths = np.linalg.norm(periodic, axis=1)
    spanned = np.prod(np.linalg.svd(periodic, compute_uv=False)) if len(periodic) else 1.0
    if spanned <= MIN_VOLUME * np.prod(lengths):
        return f"is periodic along {len(periodic)} vectors that span no volume: lengths {_row(lengths)} A"
    return None


def _too_close(structure: Structure) -> str | None:
    if structure.pbc.any():
        shortest = float(np.linalg.norm(shortest_vectors(structure)[0]))
        if shortest < MIN_DISTANCE:
            return f"repeats every {shortest:.3g} A, closer than {MIN_DISTANCE} A"
    pairs = pairs_within(structure, MIN_DISTANCE)
    close = pairs.distance < MIN_DISTANCE
    if not close.any():
        return None
    k = np.flatnonzero(close)[np.argmin(pairs.distance[close])]
    i, j = sorted((int(pairs.first[k]), int(pairs.second[k])))
    a, b = elements.symbols(structure.numbers[[i, j]])
    return f"atoms {i} ({a}) and {j} ({b}) are {pairs.distance[k]:.3f} A apart, closer than {MIN_DISTANCE} A"


def _row(values: np.ndarray) -> str:
    return " ".join(f"{v:.6g}" for v in values)
