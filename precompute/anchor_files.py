"""Anchor sets as files of their own: what makes atlases of different data comparable.

A file is JSON: the structures that hold the anchors, and for each anchor the structure and the atom in it.
"""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from precompute.contracts import AnchorSet, AtlasError, Structure
from precompute.structures.checks import problem
from precompute.structures.portable import digest, from_json, to_json

FORMAT = "platonic-atlas anchors"
VERSION = 1
MAX_BYTES = 200_000_000


def save(anchors: AnchorSet, path: Path) -> None:
    """Write `anchors` to `path`."""
    try:
        path.write_text(dumps(anchors), encoding="utf-8")
    except OSError as error:
        raise AtlasError(f"cannot write {path}: {error.strerror}") from error


def dumps(anchors: AnchorSet) -> str:
    head = {k: getattr(anchors, k) for k in ("name", "method", "model", "seed", "chosen_from")}
    bare = [to_json(s) | {"properties": {}, "atom_properties": {}, "units": {}} for s in anchors.structures]
    pairs = [[int(s), int(a)] for s, a in zip(anchors.structure, anchors.atom, strict=True)]
    lines = ",\n".join(json.dumps(s) for s in bare)
    return (
        f'{{"format": "{FORMAT}", "version": {VERSION}, {json.dumps(head)[1:-1]},\n'
        f'"anchors": {json.dumps(pairs)},\n"structures": [\n{lines}\n]}}\n'
    )


def load(path: Path) -> AnchorSet:
    """Read an anchor set.

    Raises
    ------
    AtlasError
        Where the file is missing, too large, no anchor set, of another version, or inconsistent.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise AtlasError(f"{path} is larger than {MAX_BYTES} bytes: not an anchor set")
        return loads(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise AtlasError(f"cannot read the anchor set {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise AtlasError(f"{path} is not an anchor set: it is not text") from error


def loads(text: str, where: str) -> AnchorSet:
    try:
        data: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise AtlasError(f"{where} is not an anchor set: {error}") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise AtlasError(f'{where} is not an anchor set: no "format": "{FORMAT}" in it')
    if data.get("version") != VERSION:
        raise AtlasError(f"{where} has version {data.get('version')!r}; this version of Platonic Atlas reads {VERSION}")
    try:
        pairs = np.array(data["anchors"])
        if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind != "i":
            raise AtlasError(f"{where}: anchors are pairs of whole numbers, structure and atom")
        return AnchorSet(
            name=str(data["name"]),
            structures=tuple(_sound(from_json(s), where) for s in data["structures"]),
            structure=pairs[:, 0],
            atom=pairs[:, 1],
            method=str(data["method"]),
            model=str(data["model"]),
            seed=int(data["seed"]),
            chosen_from=str(data["chosen_from"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise AtlasError(f"{where} is a damaged anchor set: {error!r}") from error


def _sound(structure: Structure, where: str) -> Structure:
    reason = problem(structure)
    if reason is not None:
        raise AtlasError(f"{where}: structure {structure.id!r} cannot hold anchors: {reason}")
    return structure


def bundled() -> AnchorSet:
    """The default set, chosen on the bundled catalogue, so that atlases of different data share their axes."""
    return loads(
        files("precompute").joinpath("default_anchors.json").read_text(encoding="utf-8"), "default_anchors.json"
    )


def identity(anchors: AnchorSet) -> str:
    """SHA-256 of which atoms the anchors are, in order: two sets with one identity give the same coordinates."""
    sha = hashlib.sha256()
    digests = [digest(s) for s in anchors.structures]
    for s, a in zip(anchors.structure, anchors.atom, strict=True):
        sha.update(f"{digests[s]} {a}\n".encode())
    return sha.hexdigest()
