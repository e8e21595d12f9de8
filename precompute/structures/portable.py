"""Structures as JSON without loss, and the digest that says whether two structures are the same atoms.

Used for anchor-set files and for sending structures to the processes that run a model, so it imports no chemistry.
JSON numbers are written by Python with the shortest digits that give the same float64 back, hence no loss.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError, PropertyValue, Structure

_KINDS = {"b": "bool", "i": "int", "u": "int", "f": "float", "U": "text"}
_DTYPES: dict[str, np.typing.DTypeLike] = {"bool": np.bool_, "int": np.int64, "float": np.float64, "text": np.str_}
_KEYS = frozenset({"id", "source", "numbers", "positions", "cell", "pbc"})
_OPTIONAL = frozenset({"properties", "atom_properties", "units"})


def to_json(structure: Structure) -> dict[str, Any]:
    """Return `structure` as plain lists, numbers and text that `json.dumps` accepts.

    Floats are exact. Non-finite floats stay Python floats, which `json` writes as ``NaN`` and ``Infinity`` and reads
    back. Atom properties are kept as bool, int64, float64 or text.
    """
    return {
        "id": structure.id,
        "source": structure.source,
        "numbers": structure.numbers.tolist(),
        "positions": structure.positions.tolist(),
        "cell": structure.cell.tolist(),
        "pbc": structure.pbc.tolist(),
        "properties": dict(structure.properties),
        "atom_properties": {
            name: {"kind": _kind(name, values), "values": np.asarray(values).tolist()}
            for name, values in structure.atom_properties.items()
        },
        "units": dict(structure.units),
    }


def from_json(data: Mapping[str, Any]) -> Structure:
    """Return the Structure that `to_json` wrote.

    Raises
    ------
    AtlasError
        If a key is missing, unknown or holds something else than `to_json` writes.
    """
    if not isinstance(data, Mapping):
        raise AtlasError(f"a structure in JSON is an object, got {type(data).__name__}")
    missing, unknown = _KEYS - data.keys(), data.keys() - _KEYS - _OPTIONAL
    if missing or unknown:
        raise AtlasError(
            f"structure in JSON: missing keys {sorted(missing)}, unknown keys {sorted(map(str, unknown))}; "
            f"expected {sorted(_KEYS)} and optionally {sorted(_OPTIONAL)}"
        )
    id_, source = data["id"], data["source"]
    if not isinstance(id_, str) or not isinstance(source, str):
        raise AtlasError(f"structure in JSON: id and source are text, got {id_!r} and {source!r}")
    numbers = _numeric(data["numbers"], "numbers", id_, "i")
    if numbers.size and (numbers.min() < 0 or numbers.max() > 118):
        raise AtlasError(f"structure {id_!r} in JSON: atomic numbers {numbers.min()}-{numbers.max()}, expected 1-118")
    return Structure(
        id=id_,
        source=source,
        numbers=numbers,
        # a list of no rows has lost its three columns
        positions=_numeric(data["positions"], "positions", id_, "if") if len(numbers) else np.zeros((0, 3)),
        cell=_numeric(data["cell"], "cell", id_, "if"),
        pbc=_numeric(data["pbc"], "pbc", id_, "b"),
        properties=_properties(data.get("properties", {}), id_),
        atom_properties=_atom_properties(data.get("atom_properties", {}), id_),
        units=_units(data.get("units", {}), id_),
    )


def digest(structure: Structure) -> str:
    """Return the SHA-256 of species, positions, cell and periodicity, as 64 hexadecimal digits.

    Bytes hashed, in this order: atomic numbers as little-endian int16, positions and cell as little-endian float64
    (row-major, -0.0 written as 0.0), periodicity as one byte each. Id, source and properties do not enter: two
    structures with one digest give the same features in every model.
    """
    sha = hashlib.sha256()
    sha.update(np.ascontiguousarray(structure.numbers, dtype="<i2").tobytes())
    for lengths in (structure.positions, structure.cell):
        sha.update(np.ascontiguousarray(lengths + 0.0, dtype="<f8").tobytes())
    sha.update(np.ascontiguousarray(structure.pbc, dtype="?").tobytes())
    return sha.hexdigest()


def _kind(name: str, values: NDArray) -> str:
    kind = np.asarray(values).dtype.kind
    if kind not in _KINDS:
        raise AtlasError(f"atom property {name!r} has dtype {np.asarray(values).dtype}; expected numbers, bool or text")
    return _KINDS[kind]


def _numeric(values: object, name: str, id_: str, kinds: str) -> NDArray:
    try:
        array = np.array(values)
    except ValueError as error:
        raise AtlasError(f"structure {id_!r} in JSON: {name} is ragged ({error})") from None
    if array.size and array.dtype.kind not in kinds:
        raise AtlasError(f"structure {id_!r} in JSON: {name} has dtype {array.dtype}, expected kind {kinds}")
    return array


def _properties(data: object, id_: str) -> dict[str, PropertyValue]:
    if not isinstance(data, Mapping) or not all(isinstance(v, bool | int | float | str) for v in data.values()):
        raise AtlasError(f"structure {id_!r} in JSON: properties is an object of numbers, truth values and text")
    return dict(data)


def _atom_properties(data: object, id_: str) -> dict[str, NDArray]:
    if not isinstance(data, Mapping):
        raise AtlasError(f"structure {id_!r} in JSON: atom_properties is an object, got {type(data).__name__}")
    arrays = {}
    for name, entry in data.items():
        if not isinstance(entry, Mapping) or entry.get("kind") not in _DTYPES or "values" not in entry:
            raise AtlasError(
                f"structure {id_!r} in JSON: atom property {name!r} needs 'kind' {list(_DTYPES)}, 'values'"
            )
        try:
            arrays[name] = np.array(entry["values"], dtype=_DTYPES[entry["kind"]])
        except (ValueError, TypeError, OverflowError) as error:
            raise AtlasError(f"structure {id_!r} in JSON: atom property {name!r}: {error}") from None
    return arrays


def _units(data: object, id_: str) -> dict[str, str]:
    if not isinstance(data, Mapping) or not all(isinstance(v, str) for v in data.values()):
        raise AtlasError(f"structure {id_!r} in JSON: units is an object of text")
    return dict(data)
