"""Optimal transport: the least work that turns one model's cloud of atoms into another's, whichever atom goes where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError

MEASURES = ("squared-euclidean", "cosine")
MOST = 5_000
HOME = 1e-9


@dataclass(frozen=True, eq=False)
class Transport:
    """The optimal plan between two models' coordinates of the same n atoms, 1/n of the mass each.

    Attributes
    ----------
    cost : float
        Mean cost of the optimal plan; for squared distances the square of the 2-Wasserstein distance.
    paired : float
        Mean cost of the plan that leaves every atom with itself; at least `cost`.
    independent : float
        Mean cost between any two atoms, which is that of mixing everything with everything; at least `cost`.
    shift : float
        Of squared distances, the part of each of these three that is due to the clouds' means, |mean a - mean b|^2: the
        plan does not depend on it, and the rest is what centred clouds would cost. NaN for cosine.
    match : (n,) int
        The atom of B that each atom of A goes to: a permutation. Of plans that cost the same, one that leaves most
        atoms with themselves.
    """

    cost: float
    paired: float
    independent: float
    shift: float
    match: NDArray[np.intp]

    @property
    def relative(self) -> float:
        """`cost` / `independent`, in [0, 1]: 0 for clouds that coincide, 1 where no plan beats mixing."""
        return self.cost / self.independent if self.independent > 0 else 0.0

    @property
    def own_atom(self) -> float:
        """Share of the mass that stays with its atom; 1/n for clouds whose atoms are paired at random.

        It falls as n grows, since there are more atoms to be taken for: compare it at the same n only.
        """
        return float(np.mean(self.match == np.arange(len(self.match))))


@dataclass(frozen=True, eq=False)
class ElementPlan:
    """A plan summed by element.

    Attributes
    ----------
    numbers : (E,) int
        Atomic numbers present, ascending.
    mass : (E, E) float64
        From element (row) to element; sums to 1, its rows and its columns to each element's share of the atoms.
    own : float
        Share of the mass that stays with its element.
    expected : float
        That share if atoms were paired at random, sum over elements of their share squared.
    """

    numbers: NDArray[np.int64]
    mass: NDArray[np.float64]
    own: float
    expected: float


def transport(a: NDArray[np.floating], b: NDArray[np.floating], *, measure: str = "squared-euclidean") -> Transport:
    """Exact optimal transport from one model's coordinates to another's.

    min over plans P >= 0 with row and column sums 1/n of sum_ij P_ij c_ij (the earth mover's distance that Li & Walsh,
    Nat. Mach. Intell. 8, 830 (2026), use between models). With equal masses an optimal plan is a permutation
    (Birkhoff), so that the assignment problem solves it exactly: the algorithm is that of SciPy's
    ``linear_sum_assignment`` (Crouse, IEEE Trans. Aerosp. Electron. Syst. 52, 1679 (2016)), at most n^3 steps, in
    practice 0.1 s for 1,000 atoms.

    The cost does not look at which atom is which, so permuting atoms leaves it as it is: such a null says nothing about
    `cost`. What it can be held against: `paired` (how much of the difference needs no exchange of atoms),
    `independent`, `split_cost` of one model with itself (what a finite sample gives between equal clouds), and the
    control that knows elements alone. What does have a null under permutation is where the mass goes: `own_atom` and
    `ElementPlan.own`.

    Clouds are compared where they lie: both models' coordinates are similarities to the same anchors, so a shift or a
    turn of one of them is a difference. Turning or scaling both together changes no ratio of costs.

    Parameters
    ----------
    a, b : (n, K) float
        The two models' coordinates of the same atoms, on the same anchors; finite.
    measure : str
        The cost c_ij: ``squared-euclidean``, |a_i - b_j|^2, or ``cosine``, 1 - cos(a_i, b_j).

    Raises
    ------
    AtlasError
        For an unknown measure, arrays of different shapes, rows that are not finite, or more than `MOST` atoms.
    """
    if a.shape != b.shape:
        raise AtlasError(f"clouds {a.shape} and {b.shape} are not of the same atoms on the same anchors")
    cost = _costs(a, b, measure)
    independent = float(cost.mean())
    from scipy.optimize import linear_sum_assignment

    diagonal = np.diagonal(cost).copy()
    # A hair off the price of staying decides between plans that cost the same, and changes no other.
    np.fill_diagonal(cost, diagonal - HOME * independent)
    _, match = linear_sum_assignment(cost)
    np.fill_diagonal(cost, diagonal)
    best = float(cost[np.arange(len(match)), match].mean())
    gap = a.mean(axis=0, dtype=np.float64) - b.mean(axis=0, dtype=np.float64)
    shift = float(gap @ gap) if measure == "squared-euclidean" else np.nan
    return Transport(best, float(diagonal.mean()), independent, shift, match.astype(np.intp))


def split_cost(
    a: NDArray[np.floating],
    b: NDArray[np.floating],
    rng: np.random.Generator,
    *,
    measure: str = "squared-euclidean",
) -> float:
    """Optimal cost from a random half of the atoms in A to the other half in B, over the cost of mixing both.

    With B the same as A this is what sampling alone gives between equal clouds, the floor for two models on different
    atoms: `Transport.relative` of the same atoms can lie below it, since each atom is its own best match.

    Parameters
    ----------
    a, b : (n, K) float
        As in `transport`.
    rng : numpy.random.Generator
        Draws the halves; of an odd number one atom is left out.
    measure : str

    Raises
    ------
    AtlasError
        As `transport`, and for fewer than two atoms.
    """
    if a.shape != b.shape or len(a) < 2:
        raise AtlasError(f"clouds {a.shape} and {b.shape} are not of the same two or more atoms on the same anchors")
    order = rng.permutation(len(a))
    half = len(a) // 2
    return transport(a[order[:half]], b[order[half : 2 * half]], measure=measure).relative


def by_element(match: NDArray[np.integer], numbers: NDArray[np.integer]) -> ElementPlan:
    """Sum a plan by the elements that mass leaves and reaches.

    Parameters
    ----------
    match : (n,) int
        From `Transport`.
    numbers : (n,) int
        Atomic number of each atom.
    """
    elements, of = np.unique(numbers, return_inverse=True)
    size = len(elements)
    mass = np.bincount(of * size + of[match], minlength=size * size).reshape(size, size) / len(match)
    share = mass.sum(axis=1)
    return ElementPlan(elements.astype(np.int64), mass, float(np.trace(mass)), float(share @ share))


def _costs(a: NDArray[np.floating], b: NDArray[np.floating], measure: str) -> NDArray[np.float64]:
    if measure not in MEASURES:
        raise AtlasError(f"no cost {measure!r} of transport; there are {', '.join(MEASURES)}")
    if a.ndim != 2 or not 1 <= len(a) <= MOST:
        raise AtlasError(
            f"transport is exact over 1 to {MOST} atoms with coordinates (n, K), not {a.shape}; take a sample"
        )
    x, y = a.astype(np.float64), b.astype(np.float64)
    if measure == "cosine":
        with np.errstate(invalid="ignore"):
            x, y = (u / np.linalg.norm(u, axis=1, keepdims=True) for u in (x, y))
    bad = int((~np.isfinite(x).all(axis=1) | ~np.isfinite(y).all(axis=1)).sum())
    if bad:
        raise AtlasError(f"{bad} of {len(x)} atoms have no finite coordinates (or no direction); leave them out")
    if measure == "cosine":
        return np.clip(1.0 - x @ y.T, 0.0, 2.0)
    centre = x.mean(axis=0)  # keeps digits in the expanded squares
    x, y = x - centre, y - centre
    return np.maximum((x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2.0 * x @ y.T, 0.0)
