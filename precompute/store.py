"""The atlas on disk: one Zarr v3 group, self-contained, readable by plain `zarr` and `xarray`.

This is the only module that opens zarr. `Atlas` reads a finished atlas; `precompute.writing` fills one through
`AtlasFile`. The names of groups and arrays are a contract with the dashboard and with outside scripts:

    structures/  atoms/  skipped/  elements/  anchors/  diagnostics/
    models/<key>/{embeddings, coordinates, maps/<name>, neighbours/<kind>/{index,similarity}}
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast
from zipfile import BadZipFile

import numpy as np
import zarr
from numpy.typing import NDArray

from precompute.contracts import AnchorSet, AtlasError, Map, Refused, Skipped, Structure

SCHEMA_VERSION = 1
NEIGHBOUR_KINDS = ("all", "representatives", "within_element")
ROWS_PER_CHUNK = 16_384
BYTES_PER_CHUNK = 1 << 20  # a page that needs one row reads its chunk


class NotAnAtlas(AtlasError):
    """The path holds no finished atlas that this version reads."""


class AtlasFile:
    """A zarr group seen as named arrays and attributes; paths are relative, with ``/`` between names."""

    def __init__(self, group: zarr.Group) -> None:
        self.group = group

    @cached_property
    def _listed(self) -> dict[str, Any] | None:
        """Metadata of every node by path, where they are consolidated: looking one up costs zarr a millisecond."""
        found = self.group.metadata.consolidated_metadata
        return None if found is None else found.flattened_metadata

    @classmethod
    def create(cls, path: Path, attrs: Mapping[str, Any]) -> AtlasFile:
        return cls(zarr.create_group(path, attributes=dict(attrs)))

    @classmethod
    def edit(cls, path: Path) -> AtlasFile:
        return cls(zarr.open_group(path, mode="r+", use_consolidated=False))

    def write(
        self,
        name: str,
        data: NDArray,
        dims: Sequence[str],
        attrs: Mapping[str, Any] | None = None,
    ) -> None:
        """Write one array, replacing any of that name; the last dimensions stay whole in a chunk."""
        if data.dtype.kind in "UTO":
            data = data.astype(np.dtypes.StringDType())
        row_bytes = max(data.nbytes // max(len(data), 1), 1)
        rows = min(len(data), ROWS_PER_CHUNK, BYTES_PER_CHUNK // row_bytes)
        chunks = (max(rows, 1), *(max(n, 1) for n in data.shape[1:]))
        array = self.group.create_array(
            name, shape=data.shape, dtype=data.dtype, chunks=chunks, dimension_names=tuple(dims),
            attributes=dict(attrs or {}), overwrite=True,
        )  # fmt: skip
        if data.size:
            array[...] = data

    def require_group(self, name: str, attrs: Mapping[str, Any] | None = None) -> None:
        group = self.group.require_group(name)
        if attrs is not None:
            group.attrs.put(dict(attrs))

    def delete(self, name: str) -> None:
        if name in self.group:
            del self.group[name]

    def has(self, name: str) -> bool:
        return name in (self.group if self._listed is None else self._listed)

    def read(self, name: str) -> NDArray:
        node = self.group.get(name)
        if not isinstance(node, zarr.Array):
            raise AtlasError(f"the atlas holds no array {name!r}; {self._siblings(name)}")
        return np.asarray(node[...])

    def rows(self, name: str, start: int, stop: int) -> NDArray:
        """Rows `start` to `stop` of an array; only the chunks that hold them are read."""
        return np.asarray(cast(zarr.Array, self.group[name])[start:stop])

    def shape(self, name: str) -> tuple[int, ...]:
        if self._listed is not None and name in self._listed:
            return tuple(self._listed[name].shape)
        return cast(zarr.Array, self.group[name]).shape

    def dims(self, name: str) -> tuple[str, ...]:
        """Names of an array's dimensions."""
        metadata = cast(zarr.core.metadata.ArrayV3Metadata, cast(zarr.Array, self.group[name]).metadata)
        return tuple(str(d) for d in metadata.dimension_names or ())

    def attrs(self, name: str = "") -> dict[str, Any]:
        if self._listed is not None and name in self._listed:
            return dict(self._listed[name].attributes)
        node = self.group[name] if name else self.group
        return dict(node.attrs)

    def set_attrs(self, values: Mapping[str, Any]) -> None:
        self.group.attrs.update(dict(values))

    def names(self, name: str, kind: str = "all") -> list[str]:
        """Names of the ``arrays``, ``groups`` or ``all`` children of a group; none where it does not exist."""
        node = self.group.get(name) if name else self.group
        if not isinstance(node, zarr.Group):
            return []
        keys = {"arrays": node.array_keys, "groups": node.group_keys, "all": node.keys}[kind]
        return sorted(keys())

    def consolidate(self) -> None:
        """Let `xarray.open_zarr` open every group by one read (an extension of Zarr v3 that others ignore)."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Consolidated metadata is currently not part")
            for name in [""] + [n for n, node in self.group.members(max_depth=None) if isinstance(node, zarr.Group)]:
                zarr.consolidate_metadata(self.group.store, path=name)

    def _siblings(self, name: str) -> str:
        parent = name.rpartition("/")[0]
        while parent and parent not in self.group:
            parent = parent.rpartition("/")[0]
        return f"{parent or 'its root'} holds: {', '.join(self.names(parent)) or 'nothing'}"


class ModelView:
    """One model's arrays in an atlas."""

    def __init__(self, file: AtlasFile, key: str) -> None:
        self.key = key
        self._file = file
        self._base = f"models/{key}"

    @cached_property
    def attrs(self) -> dict[str, Any]:
        """What is recorded of the model: family, checkpoint, sha256, layer, status, training_data, licence, ..."""
        return self._file.attrs(self._base)

    @property
    def status(self) -> str:
        """pretrained, fine-tuned, student, untrained, control or imported."""
        return str(self.attrs["status"])

    @property
    def refused(self) -> list[Refused]:
        """Structures that the model could not embed: their rows are NaN."""
        return [Refused(**r) for r in self.attrs.get("refused", [])]

    @property
    def embeddings(self) -> NDArray[np.float32]:
        """The model's own features, (N, d) float32, arbitrary units; NaN rows where it refused."""
        return self._file.read(f"{self._base}/embeddings")

    @property
    def coordinates(self) -> NDArray[np.float32]:
        """Similarities to the K anchors, (N, K) float32."""
        return self._file.read(f"{self._base}/coordinates")

    @property
    def map_names(self) -> list[str]:
        return self._file.names(f"{self._base}/maps", "arrays")

    def map(self, name: str) -> Map:
        """The map of that name: ``pca-2d``, ``umap-3d``, ``raw-pca-2d``, ``pca-2d-k20``, ...

        Raises
        ------
        AtlasError
            Where there is no such map; names those that there are.
        """
        path = f"{self._base}/maps/{name}"
        return Map(self._file.read(path), self._file.attrs(path))

    def map_quality(self, name: str) -> dict[str, Any]:
        """What the map keeps, without reading its points."""
        return self._file.attrs(f"{self._base}/maps/{name}")

    def neighbours(self, kind: str = "representatives") -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """Nearest neighbours of every atom by cosine of coordinates, nearest first.

        Parameters
        ----------
        kind : str
            ``all`` (every atom but itself), ``representatives`` (one atom an orbit, own orbit excluded) or
            ``within_element`` (representatives of the same element).

        Returns
        -------
        index : (N, 50) int32
            Atom indices, padded with -1.
        similarity : (N, 50) float32
            Padded with NaN.
        """
        if kind not in NEIGHBOUR_KINDS:
            raise AtlasError(f"no neighbour lists of kind {kind!r}; there are {', '.join(NEIGHBOUR_KINDS)}")
        base = f"{self._base}/neighbours/{kind}"
        return self._file.read(f"{base}/index"), self._file.read(f"{base}/similarity")


@dataclass(frozen=True)
class Column:
    """Where a property is stored, and what it is."""

    name: str
    path: str
    kind: str
    unit: str


class Atlas:
    """A finished atlas, read-only.

    Parameters
    ----------
    path : str or Path
        A folder ``name.zarr``, or a zip of one.

    Raises
    ------
    NotAnAtlas
        Where there is nothing, something else, an unfinished build, or an atlas of another schema version.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.file = AtlasFile(_open(self.path))
        self.attrs = self.file.attrs()
        version = self.attrs.get("schema_version")
        if version != SCHEMA_VERSION:
            raise NotAnAtlas(
                f"{self.path} has schema version {version!r}; this version of Platonic Atlas reads {SCHEMA_VERSION}. "
                "Build it again, or install the version that made it."
            )
        if not self.attrs.get("complete"):
            raise NotAnAtlas(f"{self.path} is an unfinished build; run `platonic-atlas build` again to finish it")

    @property
    def title(self) -> str:
        return str(self.attrs["title"])

    @property
    def n_atoms(self) -> int:
        return self.file.shape("atoms/structure")[0]

    @property
    def n_structures(self) -> int:
        return self.file.shape("structures/id")[0]

    @property
    def model_keys(self) -> list[str]:
        """Keys of the models, in the order in which pages show them."""
        found = self.file.names("models", "groups")
        order = {k: i for i, k in enumerate(self.attrs.get("models", []))}
        return sorted(found, key=lambda k: (order.get(k, len(order)), k))

    def model(self, key: str) -> ModelView:
        if key not in self.model_keys:
            raise AtlasError(f"{self.path} holds no model {key!r}; it holds {', '.join(self.model_keys)}")
        return ModelView(self.file, key)

    def structures(self, name: str) -> NDArray:
        """An array over structures, e.g. ``id``, ``formula``, ``spacegroup``, ``properties/band_gap``."""
        return self.file.read(f"structures/{name}")

    def atoms(self, name: str) -> NDArray:
        """An array over atoms, e.g. ``atomic_number``, ``orbit``, ``coordination``, ``display_order``."""
        return self.file.read(f"atoms/{name}")

    def columns(self, of: str) -> list[Column]:
        """The properties of ``structures`` or ``atoms``."""
        result = []
        for stored in self.file.names(f"{of}/properties", "arrays"):
            path = f"{of}/properties/{stored}"
            attrs = self.file.attrs(path)
            result.append(Column(attrs["name"], path, attrs["kind"], attrs.get("unit", "")))
        return result

    @cached_property
    def elements(self) -> dict[str, NDArray]:
        """Facts about the elements, one row an atomic number from 1."""
        return {name: self.file.read(f"elements/{name}") for name in self.file.names("elements", "arrays")}

    @property
    def skipped(self) -> list[Skipped]:
        """Inputs that were left out, and why."""
        columns = [self.file.read(f"skipped/{name}").tolist() for name in ("id", "source", "reason")]
        return [Skipped(*row) for row in zip(*columns, strict=True)]

    @cached_property
    def anchors(self) -> AnchorSet:
        """The anchors, with the structures that hold them."""
        return read_anchors(self.file)

    @cached_property
    def _stored(self) -> StoredStructures:
        return StoredStructures(self.file, "structures", "atoms")

    def structure(self, index: int) -> Structure:
        """The structure at `index`, without its properties.

        Raises
        ------
        AtlasError
            Where `index` is not that of a structure.
        """
        return self._stored.structure(index)


class StoredStructures:
    """Structures packed into flat arrays: cells over structures, species and positions over atoms."""

    def __init__(self, file: AtlasFile, structures: str, atoms: str) -> None:
        names = ("id", "source", "cell", "pbc", "first_atom", "n_atoms")
        self._arrays = {name: file.read(f"{structures}/{name}") for name in names}
        self._numbers = file.read(f"{atoms}/atomic_number")
        self._positions = file.read(f"{atoms}/position")

    def __len__(self) -> int:
        return len(self._arrays["id"])

    def structure(self, index: int) -> Structure:
        if not 0 <= index < len(self):
            raise AtlasError(f"no structure {index}; there are {len(self)}, counted from 0")
        row = {name: values[index] for name, values in self._arrays.items()}
        atoms = slice(row["first_atom"], row["first_atom"] + row["n_atoms"])
        return Structure(
            id=str(row["id"]),
            source=str(row["source"]),
            numbers=self._numbers[atoms],
            positions=self._positions[atoms],
            cell=row["cell"],
            pbc=row["pbc"],
        )


def read_anchors(file: AtlasFile) -> AnchorSet:
    """Read anchors/ of an atlas, finished or not."""
    attrs = file.attrs("anchors")
    stored = StoredStructures(file, "anchors/structures", "anchors/atoms")
    return AnchorSet(
        name=attrs["name"],
        structures=tuple(stored.structure(i) for i in range(len(stored))),
        structure=file.read("anchors/structure"),
        atom=file.read("anchors/atom"),
        method=attrs["method"],
        model=attrs["model"],
        seed=attrs["seed"],
        chosen_from=attrs["chosen_from"],
    )


def is_atlas(path: Path) -> bool:
    """Whether an atlas of any version, finished or not, is at `path`."""
    try:
        return {"schema_version", "provenance"} <= set(_open(path).attrs)
    except NotAnAtlas:
        return False


def _open(path: Path) -> zarr.Group:
    try:
        if path.is_file() and path.suffix == ".zip":
            return zarr.open_group(zarr.storage.ZipStore(path, mode="r"), mode="r")
        if not path.exists() and path.with_name(f"{path.name}.replaced").is_dir():
            raise NotAnAtlas(f"{path} was being replaced when that was cut short; rename {path}.replaced to {path}")
        if not path.is_dir():
            raise NotAnAtlas(f"{path}: no atlas there. Make one with `platonic-atlas build ... --out {path}`.")
        return zarr.open_group(path, mode="r")
    except (zarr.errors.GroupNotFoundError, FileNotFoundError) as error:
        raise NotAnAtlas(f"{path} is not an atlas (no Zarr v3 group in it)") from error
    except (ValueError, KeyError, OSError, BadZipFile) as error:
        raise NotAnAtlas(f"{path} is not a readable atlas: {error}") from error
