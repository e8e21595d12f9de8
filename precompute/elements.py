"""The periodic table as arrays, read from the table `elements.csv` beside this file.

Sources: symbols, names and masses from IUPAC (as in ASE 3.29, ``ase.data``); electronegativity on Pauling's scale
(as in pymatgen 2026.10); covalent radii from Cordero et al., Dalton Trans. 2832 (2008), which ends at curium;
colours of Jmol, which end at meitnerium (later elements are grey, ``#b0b0b0``).

Where usage differs, the table follows these choices:

- Group 3 is Sc, Y, Lu, Lr (IUPAC provisional report, Pure Appl. Chem. 93, 155 (2021)); the f block, La-Yb and Ac-No,
  has no group, written 0.
- Lanthanides are La-Lu and actinides Ac-Lr (Red Book 2005, IR-3.5), fifteen each, whatever their group or block.
- Transition elements are groups 3 to 12 without those, Zn, Cd and Hg included (Red Book 2005 allows either).
- Metalloids are B, Si, Ge, As, Sb, Te. Post-transition metals are Al, Ga, In, Sn, Tl, Pb, Bi, Po and Nh-Lv.
- Nonmetals are H, C, N, O, P, S, Se; At and Ts count as halogens, Og as a noble gas, from their group.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from precompute.contracts import AtlasError

N_ELEMENTS = 118
CATEGORIES = (
    "alkali",
    "alkaline earth",
    "transition",
    "post-transition",
    "metalloid",
    "nonmetal",
    "halogen",
    "noble gas",
    "lanthanide",
    "actinide",
)
"""The ten element classes, in the order in which legends and matrices list them."""

_DTYPES: dict[str, np.typing.DTypeLike] = {
    "number": np.int16,
    "symbol": np.str_,
    "name": np.str_,
    "group": np.int16,
    "period": np.int16,
    "block": np.str_,
    "category": np.str_,
    "electronegativity": np.float64,
    "covalent_radius": np.float64,
    "mass": np.float64,
    "color": np.str_,
}


@cache
def table() -> Mapping[str, NDArray]:
    """Return the columns of the periodic table, each an array of length 118 where entry Z - 1 is element Z.

    Returns
    -------
    mapping
        number, symbol, name, group (1-18; 0 for the f block), period, block (s, p, d, f), category (one of
        `CATEGORIES`), electronegativity (Pauling, NaN where none), covalent_radius (A, NaN where none), mass (u) and
        color (``#rrggbb``). Arrays are read-only.
    """
    text = resources.files("precompute").joinpath("elements.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    empty = {np.int16: "0", np.float64: "nan", np.str_: ""}
    columns = {}
    for name, dtype in _DTYPES.items():
        values = np.array([row[name] or empty[dtype] for row in rows])  # type: ignore[index]  # dtype is a key of `empty`
        columns[name] = values if dtype is np.str_ else values.astype(dtype)
        columns[name].setflags(write=False)
    return MappingProxyType(columns)


def symbols(numbers: ArrayLike) -> NDArray[np.str_]:
    """Return the symbols of atomic numbers 1-118, in the shape of `numbers`."""
    wanted = np.asarray(numbers)
    outside = wanted[(wanted < 1) | (wanted > N_ELEMENTS)]
    if outside.size:
        raise AtlasError(f"atomic number {outside.flat[0]} is no element; expected 1-{N_ELEMENTS}")
    return table()["symbol"][wanted - 1]


def number(symbol: str) -> int:
    """Return the atomic number of an element's symbol."""
    found = np.flatnonzero(table()["symbol"] == symbol)
    if not len(found):
        raise AtlasError(f"{symbol!r} is no element's symbol; expected one like 'Fe'")
    return int(found[0]) + 1


def covalent_radii(numbers: ArrayLike) -> NDArray[np.float64]:
    """Return covalent radii in A; elements after curium, which have none, take curium's 1.69 A."""
    radii = table()["covalent_radius"]
    return np.where(np.isnan(radii), radii[95], radii)[np.asarray(numbers) - 1]
