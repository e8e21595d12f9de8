"""Formulas as chemists write them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from precompute.contracts import IntArray
from precompute.elements import symbols, table

_DOUBLED = frozenset(
    ["H", "N", "O", "F", "Cl", "Br", "I", "LiO", "NaO", "KO", "RbO", "CsO", "HO", "HgF", "HgCl", "HgBr", "HgI"]
)
_NOBLE_GAS_RANK = 10.0  # above fluorine's 3.98: Na2He
_HEAVY_RANK = 1.3  # elements 104-118, like the actinides before them


def reduced_formula(numbers: IntArray) -> str:
    """Return the reduced formula of a composition, e.g. ``BaCeO3``, ``H2O``, ``NH3``, ``O2``.

    Counts are divided by their greatest common divisor, except that diatomic elements, alkali peroxides and
    mercury(I) halides are written with two (``N2``, ``K2O2``, ``Hg2Cl2``).

    Elements stand from electropositive to electronegative (Pauling; ties by symbol); where that would give what
    nobody writes, by custom: C, then H, then the rest in compounds of nonmetals and halogens that hold both (Hill),
    and N before H in hydrides of nitrogen.
    """
    values, counts = np.unique(np.asarray(numbers), return_counts=True)
    reduced = counts // math.gcd(*counts.tolist())
    formula = _written(values, reduced)
    return _written(values, 2 * reduced) if formula in _DOUBLED else formula


def molecular_formula(numbers: IntArray) -> str:
    """Return the formula with the counts as they are, e.g. ``C2H4``; elements in the order of `reduced_formula`."""
    return _written(*np.unique(np.asarray(numbers), return_counts=True))


def _written(values: IntArray, counts: IntArray) -> str:
    amounts = dict(zip(symbols(values).tolist(), counts.tolist(), strict=True))
    return "".join(f"{s}{amounts[s] if amounts[s] > 1 else ''}" for s in _order(values))


def _order(values: IntArray) -> Sequence[str]:
    names = symbols(values).tolist()
    categories = set(table()["category"][values - 1].tolist())
    if {"C", "H"} <= set(names) and categories <= {"nonmetal", "halogen"}:
        return ["C", "H", *sorted(set(names) - {"C", "H"})]
    if set(names) == {"N", "H"}:
        return ["N", "H"]
    ranks = table()["electronegativity"][values - 1].copy()
    noble = table()["category"][values - 1] == "noble gas"
    ranks[np.isnan(ranks)] = np.where(noble, _NOBLE_GAS_RANK, _HEAVY_RANK)[np.isnan(ranks)]
    return [name for _, name in sorted(zip(ranks.tolist(), names, strict=True))]
