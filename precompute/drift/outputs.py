"""How much a checkpoint's predictions on the same atoms differ from the base's: energies and forces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError

ABSORBED = 1e-9  # leverage this close to 1: the structure's residual is 0 whatever its energy did


def fractions(structure: NDArray[np.integer], numbers: NDArray[np.integer], n_structures: int) -> NDArray[np.float64]:
    """Composition of structures as atomic fractions, (m, elements present).

    Parameters
    ----------
    structure : (n,) int
        Each atom's structure, 0..m-1.
    numbers : (n,) int
        Atomic numbers.
    n_structures : int
        m.
    """
    column = np.unique(numbers, return_inverse=True)[1].reshape(-1)
    counts = np.zeros((n_structures, int(column.max(initial=-1)) + 1))
    np.add.at(counts, (structure, column), 1.0)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)


def energy_change(
    base: NDArray[np.floating], later: NDArray[np.floating], composition: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Change of energy of each structure that no shift of elemental energies explains, eV/atom.

    r_s = d_s - sum_Z x_sZ m_Z, with d_s the checkpoint's energy per atom minus the base's, x_sZ the atomic fraction of
    element Z, and m the per-element shift of least squares sum_s r_s^2. Functionals and pseudopotentials differ by such
    a shift, which no energy difference of a balanced reaction sees. Where compositions do not tell all elements apart
    (two that always come in one ratio) m is the shortest of the equally good shifts; r does not depend on that choice.

    The shift absorbs every change that is linear in composition, damage too: an element whose energy moved alike in
    all its structures shows nothing, and of changes that are independent over m structures it takes the share rank / m.
    A structure that the shift fits whatever happened (its element occurs nowhere else) has no residual: NaN.

    Parameters
    ----------
    base, later : (m,) float
        Energies, eV/atom; NaN where not predicted.
    composition : (m, E) float
        Atomic fractions, from `fractions`.

    Returns
    -------
    (m,) float64
        eV/atom, signed.

    Raises
    ------
    AtlasError
        For arrays of different numbers of structures.
    """
    if base.shape != later.shape or len(composition) != len(base):
        raise AtlasError(
            f"energies of {base.shape} and {later.shape} structures do not go with {len(composition)} compositions"
        )
    change = later.astype(np.float64) - base.astype(np.float64)
    known = np.isfinite(change)
    result = np.full(len(change), np.nan)
    if not known.any():
        return result
    x = composition[known]
    u, s, _ = np.linalg.svd(x, full_matrices=False)
    u = u[:, s > s.max() * max(x.shape) * np.finfo(float).eps]
    left = change[known] - u @ (u.T @ change[known])
    result[known] = np.where((u * u).sum(axis=1) > 1.0 - ABSORBED, np.nan, left)
    return result


def force_change(base: NDArray[np.floating], later: NDArray[np.floating]) -> NDArray[np.float64]:
    """Length of the change of force of each atom, |F'_i - F_i|, eV/angstrom; independent of the axes.

    Parameters
    ----------
    base, later : (n, 3) float
        Forces, eV/angstrom.

    Returns
    -------
    (n,) float64
        NaN where either is not known.
    """
    return np.linalg.norm(_difference(base, later), axis=1)


def force_error(base: NDArray[np.floating], later: NDArray[np.floating]) -> NDArray[np.float64]:
    """Mean absolute change of an atom's force components, sum_a |F'_ia - F_ia| / 3, eV/angstrom.

    Its mean over atoms is the force MAE against the base, as potentials' errors are quoted; for changes in random
    directions it is half the mean length. Atoms whose force symmetry makes zero change by nothing and lower the mean.

    Parameters
    ----------
    base, later : (n, 3) float
        Forces, eV/angstrom.

    Returns
    -------
    (n,) float64
        NaN where either is not known.
    """
    return np.abs(_difference(base, later)).mean(axis=1)


def _difference(base: NDArray[np.floating], later: NDArray[np.floating]) -> NDArray[np.float64]:
    if base.ndim != 2 or base.shape[1] != 3 or base.shape != later.shape:
        raise AtlasError(f"forces {base.shape} by the base and {later.shape} by the checkpoint are not both (atoms, 3)")
    return later.astype(np.float64) - base.astype(np.float64)
