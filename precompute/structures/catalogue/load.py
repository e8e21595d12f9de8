"""The catalogue as structures, ready for the first stage."""

from __future__ import annotations

import numpy as np

from precompute.contracts import AtlasError, Structure
from precompute.structures.catalogue.cells import expand
from precompute.structures.catalogue.table import Entry, read_all


def load() -> list[Structure]:
    """Return every crystal of the catalogue, in the order of its tables.

    Returns
    -------
    list of Structure
        Periodic; `source` is the citation; `properties` holds name, prototype, family, origin (literature,
        prototype database or model-relaxed), hypothetical, and remark where there is one.

    Raises
    ------
    AtlasError
        Where a table does not parse, or two rows share an id.
    """
    entries = read_all()
    seen: set[str] = set()
    for entry in entries:
        if entry.id in seen:
            raise AtlasError(f"the catalogue has two rows with the id {entry.id!r}; ids are unique")
        seen.add(entry.id)
    return [structure(entry) for entry in entries]


def structure(entry: Entry) -> Structure:
    """Fill the cell of one entry."""
    from ase.data import atomic_numbers

    symbols, fractional, cell, _ = expand(entry)
    properties: dict[str, str | bool] = {
        "name": entry.name,
        "prototype": entry.prototype,
        "family": entry.family,
        "origin": entry.origin,
        "hypothetical": entry.hypothetical,
    }
    if entry.remark:
        properties["remark"] = entry.remark
    return Structure(
        id=entry.id,
        source=entry.source,
        numbers=np.array([atomic_numbers[s] for s in symbols]),
        positions=fractional @ cell,
        cell=cell,
        pbc=np.ones(3, dtype=bool),
        properties=properties,
    )
