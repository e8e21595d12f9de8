"""Embeddings that somebody else made, as one more model: read without pickle, checked against the structures.

Layouts
-------
``.npz``
    Either ``embeddings`` (N, d) with ``id`` (n_structures,) text and ``n_atoms`` (n_structures,); or one array
    (n_atoms, d) a structure, named by its id. Optional ``anchor_embeddings`` (K, d).
``.npy``
    (N, d), atoms in the atlas's order.
``.h5``, ``.hdf5``
    One dataset (n_atoms, d) a structure, named by its id. Optional ``anchor_embeddings`` (K, d).
``.parquet``
    One row an atom: ``structure`` (id), ``atom`` (index from 0), and numeric columns ``f0``, ``f1``, ...

A structure whose features are all NaN counts as one that the model refused.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError, Embedded
from precompute.models.errors import UntrustedFile
from precompute.models.spec import ModelSpec
from precompute.models.trust import sha256_of

ANCHORS = "anchor_embeddings"


@dataclass(frozen=True, eq=False)
class Imported:
    """Embeddings from a file.

    Attributes
    ----------
    embedded : list of Embedded
        In the order of the ids that were asked for.
    anchors : (K, d) float32 or None
        The anchors as the same model sees them, where the file has them.
    """

    embedded: list[Embedded]
    spec: ModelSpec
    provenance: dict[str, Any]
    anchors: NDArray[np.float32] | None = None


@dataclass(frozen=True)
class _Content:
    """A file's arrays: by structure, or all atoms together with or without the ids they belong to."""

    by_structure: Mapping[str, NDArray] | None = None
    flat: NDArray | None = None
    ids: Sequence[str] | None = None
    n_atoms: Sequence[int] | None = None
    anchors: NDArray | None = None


def load_imported(
    key: str, file: Path | str, ids: Sequence[str], n_atoms: Sequence[int], *, trust: bool = False
) -> Imported:
    """Read embeddings of the structures `ids`, with `n_atoms` atoms each, and check that they fit.

    Raises
    ------
    AtlasError
        If the file is missing, of another kind, damaged, or its ids, atom counts, widths or numbers do not fit; the
        first mismatch is named.
    UntrustedFile
        If the file needs pickle and `trust` is False.
    """
    path = Path(file)
    if not path.is_file():
        raise AtlasError(f"no file {path} to import {key!r} from")
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise AtlasError(f"{path}: embeddings are imported from {', '.join(_READERS)}; got {path.suffix!r}")
    content = reader(path, trust)
    arrays = _arrays(path, content, ids, n_atoms)
    width = _width(path, ids, arrays)
    embedded = [_embedded(path, i, n, a) for i, n, a in zip(ids, n_atoms, arrays, strict=True)]
    anchors = None
    if content.anchors is not None:
        anchors = _numeric(path, ANCHORS, content.anchors)
        if anchors.ndim != 2 or anchors.shape[1] != width or not np.isfinite(anchors).all():
            raise AtlasError(f"{path}: {ANCHORS} is {anchors.shape}, expected finite numbers of shape (K, {width})")
    spec = ModelSpec(
        key=key,
        family="imported",
        checkpoint=path.name,
        weights="imported",
        layer="imported",
        width=width,
        invariant=False,
        status="imported",
    )
    provenance = {
        name: getattr(spec, name)
        for name in ("key", "family", "checkpoint", "layer", "width", "invariant", "status", "weights")
    } | {
        "file": path.name,
        "sha256": sha256_of(path),
        "sha256_of": "file",
    }
    return Imported(embedded, spec, provenance, anchors)


def _arrays(path: Path, content: _Content, ids: Sequence[str], n_atoms: Sequence[int]) -> list[NDArray]:
    if content.by_structure is not None:
        missing = [i for i in ids if i not in content.by_structure]
        if missing:
            raise AtlasError(
                f"{path} has no embeddings for structure {missing[0]!r} ({len(missing)} of {len(ids)} are missing)"
            )
        return [_numeric(path, i, content.by_structure[i]) for i in ids]
    assert content.flat is not None
    flat = _numeric(path, "embeddings", content.flat)
    if flat.ndim != 2:
        raise AtlasError(f"{path}: embeddings have shape {flat.shape}, expected (atoms, width)")
    if content.ids is None or content.n_atoms is None:
        if len(flat) != sum(n_atoms):
            raise AtlasError(f"{path} has {len(flat)} atoms, the structures have {sum(n_atoms)}")
        return np.split(flat, np.cumsum(n_atoms)[:-1])
    counts = list(content.n_atoms)
    if len(counts) != len(content.ids) or sum(counts) != len(flat) or min(counts, default=0) < 0:
        raise AtlasError(
            f"{path}: id names {len(content.ids)} structures and n_atoms {len(counts)} with {sum(counts)} atoms, "
            f"but there are {len(flat)} embeddings"
        )
    if len(set(content.ids)) != len(content.ids):
        twice = next(i for i in content.ids if list(content.ids).count(i) > 1)
        raise AtlasError(f"{path}: id {twice!r} occurs more than once")
    parts = dict(zip(content.ids, np.split(flat, np.cumsum(counts)[:-1]), strict=True))
    return _arrays(path, _Content(by_structure=parts), ids, n_atoms)


def _width(path: Path, ids: Sequence[str], arrays: Sequence[NDArray]) -> int:
    if not arrays:
        raise AtlasError(f"{path}: there are no structures to import for")
    for id_, array in zip(ids, arrays, strict=True):
        if array.ndim != 2 or array.shape[1] == 0 or array.shape[1] != arrays[0].shape[-1]:
            raise AtlasError(
                f"{path}: structure {id_!r} has features of shape {array.shape}, expected (atoms, width) "
                f"with the width {arrays[0].shape[-1] if arrays[0].ndim else 0} of {ids[0]!r}"
            )
    return int(arrays[0].shape[1])


def _embedded(path: Path, id_: str, n: int, array: NDArray) -> Embedded:
    if len(array) != n:
        raise AtlasError(f"{path}: structure {id_!r} has {len(array)} atoms there and {n} in the atlas")
    with np.errstate(over="ignore"):
        features = array.astype(np.float32)
    bad = ~np.isfinite(features)
    if n and np.isnan(array).all():
        return Embedded(None, reason="no embeddings in the imported file (all NaN)")
    if bad.any():
        atom = int(np.argmax(bad.any(axis=1)))
        raise AtlasError(f"{path}: structure {id_!r}, atom {atom}: features are not finite")
    return Embedded(features)


def _numeric(path: Path, name: str, array: NDArray) -> NDArray:
    if array.dtype.kind not in "fiu":
        raise AtlasError(f"{path}: {name!r} holds {array.dtype}, expected numbers")
    return array


def _untrusted(path: Path) -> UntrustedFile:
    return UntrustedFile(
        f"{path} holds Python objects, not only numbers, so opening it can run any code its author put there. "
        f"Save plain arrays; or, if you trust where it comes from, name it: --trust {path}"
    )


def _load_numpy(path: Path, trust: bool) -> NDArray | dict[str, NDArray]:
    """Return a .npy's array, or a .npz's arrays by name."""
    try:
        # opened here, because numpy leaves a broken archive open
        with path.open("rb") as stream:
            content = np.load(stream, allow_pickle=trust)
            return content if isinstance(content, np.ndarray) else {name: content[name] for name in content.files}
    except ValueError as error:
        if "allow_pickle" in str(error):
            raise _untrusted(path) from None
        raise AtlasError(f"{path} cannot be read: {error}") from None
    except (OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise AtlasError(f"{path} cannot be read: {error}") from None


def _read_npy(path: Path, trust: bool) -> _Content:
    array = _load_numpy(path, trust)
    if not isinstance(array, np.ndarray):
        raise AtlasError(f"{path} is an archive of arrays, not one array: name it .npz")
    return _Content(flat=array)


def _read_npz(path: Path, trust: bool) -> _Content:
    arrays = _load_numpy(path, trust)
    if isinstance(arrays, np.ndarray):
        raise AtlasError(f"{path} is one array, not an archive: name it .npy")
    anchors = arrays.pop(ANCHORS, None)
    if "embeddings" not in arrays:
        return _Content(by_structure=arrays, anchors=anchors)
    if not {"id", "n_atoms"} <= arrays.keys():
        raise AtlasError(f"{path}: embeddings need id and n_atoms beside them, found {', '.join(sorted(arrays))}")
    return _Content(
        flat=arrays["embeddings"],
        ids=[str(i) for i in arrays["id"].ravel()],
        n_atoms=[int(n) for n in _numeric(path, "n_atoms", arrays["n_atoms"]).ravel()],
        anchors=anchors,
    )


def _read_hdf5(path: Path, _trust: bool) -> _Content:
    import h5py

    try:
        with h5py.File(path, "r") as file:
            # ids may hold slashes, which HDF5 reads as groups
            arrays: dict[str, NDArray] = {}
            file.visititems(lambda n, o: arrays.__setitem__(n, o[()]) if isinstance(o, h5py.Dataset) else None)
    except (OSError, RuntimeError, ValueError) as error:
        raise AtlasError(f"{path} cannot be read: {error}") from None
    arrays = {name: np.asarray(values) for name, values in arrays.items()}
    anchors = arrays.pop(ANCHORS, None)
    return _Content(by_structure=arrays, anchors=anchors)


def _read_parquet(path: Path, _trust: bool) -> _Content:
    import pyarrow
    import pyarrow.parquet

    try:
        table = pyarrow.parquet.read_table(path)
    except (OSError, pyarrow.ArrowException) as error:
        raise AtlasError(f"{path} cannot be read: {error}") from None
    features = [n for n in table.column_names if n[:1] == "f" and n[1:].isdigit()]
    features.sort(key=lambda n: int(n[1:]))
    if not {"structure", "atom"} <= set(table.column_names) or not features:
        found = ", ".join(table.column_names)
        raise AtlasError(f"{path}: expected the columns structure, atom, f0, f1, ...; found {found}")
    structures = np.array([str(s) for s in table["structure"].to_pylist()])
    atoms = np.asarray(table["atom"].to_numpy())
    values = np.column_stack([_numeric(path, n, table[n].to_numpy()) for n in features])
    order = np.lexsort((atoms, structures))
    names, first = np.unique(structures[order], return_index=True)
    arrays: dict[str, NDArray] = {}
    for name, part in zip(names.tolist(), np.split(order, first[1:]), strict=True):
        if atoms[part].tolist() != list(range(len(part))):
            raise AtlasError(f"{path}: structure {name!r}: atom must count 0, 1, ... {len(part) - 1}, each once")
        arrays[name] = values[part]
    return _Content(by_structure=arrays)


_READERS: dict[str, Callable[[Path, bool], _Content]] = {
    ".npz": _read_npz,
    ".npy": _read_npy,
    ".h5": _read_hdf5,
    ".hdf5": _read_hdf5,
    ".parquet": _read_parquet,
}
