"""A large atlas to measure with: `python -m benchmarks.large_atlas OUT [--from ATLAS] [--atoms 282847] [--models 7]`

Structures of a real atlas are drawn with replacement. Each copy's coordinates and places on maps are moved at random,
the further the sparser the surroundings of the original (by half the distance to its nearest neighbour), alike for
atoms that symmetry makes equal; so clusters, gaps and densities are those of real data, not of made-up blobs.
Neighbours are copies of the original's neighbours. Nothing about physics can be learned from the result.
"""

from __future__ import annotations

import argparse
import re
import shutil
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from precompute.store import Atlas, AtlasFile

MOVED = 0.5
MAPS = re.compile(r"(pca|umap|raw-pca)-2d(-k\d+)?")
ROWS = 16_384


class Drawn:
    """Which structures and atoms of the small atlas the large one is made of."""

    def __init__(self, small: Atlas, n_atoms: int, rng: np.random.Generator) -> None:
        self.first_before = small.structures("first_atom")
        lengths = small.structures("n_atoms").astype(np.int64)
        self.structure_before = small.atoms("structure")
        if lengths.sum() > n_atoms:
            raise SystemExit(f"{small.path} has {lengths.sum():,} atoms already; ask for more than that")
        self.structures = _fill(lengths, n_atoms, rng)
        self.lengths = lengths[self.structures]
        self.first = np.concatenate([[0], np.cumsum(self.lengths)[:-1]])
        self.structure = np.repeat(np.arange(len(self.structures), dtype=np.int32), self.lengths)
        shift = self.first - self.first_before[self.structures]
        self.atoms = np.arange(n_atoms) - shift[self.structure]
        self.orbit = small.atoms("orbit")[self.atoms] + shift[self.structure]
        by_original = np.argsort(self.structures, kind="stable")
        self._copies = by_original
        self._n_copies = np.bincount(self.structures, minlength=len(lengths))
        self._first_copy = np.cumsum(self._n_copies) - self._n_copies
        self.copy = np.empty(len(self.structures), np.int64)
        self.copy[by_original] = np.arange(len(by_original)) - np.repeat(self._first_copy, self._n_copies)

    def copies_of(self, atoms: NDArray[np.integer], rng: np.random.Generator) -> NDArray[np.int32]:
        """For atoms of the small atlas, any shape, a random copy of each; -1 stays."""
        known = np.maximum(atoms, 0)
        s = self.structure_before[known]
        chosen = self._copies[self._first_copy[s] + (rng.random(s.shape) * self._n_copies[s]).astype(np.int64)]
        return np.where(atoms < 0, -1, self.first[chosen] + known - self.first_before[s]).astype(np.int32)

    def first_copies(self, atoms: NDArray[np.integer]) -> NDArray[np.int32]:
        """For atoms of the small atlas their first copies, which are not moved; -1 stays."""
        known = np.maximum(atoms, 0)
        s = self.structure_before[known]
        chosen = self._copies[self._first_copy[s]]
        return np.where(atoms < 0, -1, self.first[chosen] + known - self.first_before[s]).astype(np.int32)

    def moves(self, scale: NDArray[np.floating], width: int, rng: np.random.Generator) -> NDArray[np.float32]:
        """Random moves of all atoms, (N, width), one an orbit, as far as `scale`, one an atom of the small atlas."""
        moves = rng.normal(size=(len(self.atoms), width)).astype(np.float32)[self.orbit]
        moves *= (MOVED * np.nan_to_num(scale)[self.atoms] / np.sqrt(width))[:, None].astype(np.float32)
        moves[self.copy[self.structure] == 0] = 0
        return moves


def _fill(lengths: NDArray[np.int64], n_atoms: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Structures whose atoms add up to `n_atoms`: each once, then at random; the last ones are those that fit."""
    chosen = list(range(len(lengths)))
    left = n_atoms - int(lengths.sum())
    while left > lengths.max():
        more = rng.integers(len(lengths), size=max(1, left // int(lengths.max())))
        chosen += more.tolist()
        left -= int(lengths[more].sum())
    while left:
        fitting = np.flatnonzero(lengths <= left)
        if not len(fitting):
            raise SystemExit(f"no structure has {left} atoms or fewer; ask for another number of atoms")
        s = int(rng.choice(fitting))
        chosen.append(s)
        left -= int(lengths[s])
    return np.array(chosen)


def spacing(xy: NDArray[np.floating]) -> NDArray[np.float64]:
    """Distance of each point, (N, 2), to the nearest one that is not at the same place; NaN where it has no place."""
    known = np.isfinite(xy).all(axis=1)
    places, back = np.unique(xy[known], axis=0, return_inverse=True)
    distance, _ = cKDTree(places).query(places, k=2)
    result = np.full(len(xy), np.nan)
    result[known] = distance[back.reshape(-1), 1]
    return result


def make(small: Atlas, out: Path, n_atoms: int, n_models: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    drawn = Drawn(small, n_atoms, rng)
    trained = [k for k in small.model_keys if small.model(k).status in ("pretrained", "fine-tuned")] or small.model_keys
    models = {
        trained[i % len(trained)] + (f"-{i // len(trained) + 1}" if i >= len(trained) else ""): trained[
            i % len(trained)
        ]
        for i in range(n_models)
    }
    unfinished = out.with_name(out.name + ".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    title = f"{n_atoms:,} atoms resampled from: {small.title}"
    attrs = small.attrs | {"title": title, "models": list(models), "complete": False}
    file = AtlasFile.create(unfinished, attrs)
    write_structures(small, file, drawn, rng)
    for group in ("skipped", "elements", "anchors", "diagnostics"):
        copy(small.file, file, group)
    index = small.file.read("anchors/index")
    file.write("anchors/index", drawn.first_copies(index), small.file.dims("anchors/index"))
    file.require_group("models")
    for key, original in models.items():
        print(key, flush=True)
        write_model(small, file, key, original, drawn, rng)
    file.set_attrs({"complete": True})
    file.consolidate()
    shutil.rmtree(out, ignore_errors=True)
    unfinished.rename(out)


def copy(source: AtlasFile, target: AtlasFile, name: str) -> None:
    """Copy a group or an array with all below it."""
    if name in {f"{name.rpartition('/')[0]}/{child}".lstrip("/") for child in arrays(source, name.rpartition("/")[0])}:
        target.write(name, source.read(name), source.dims(name), source.attrs(name))
        return
    target.require_group(name, source.attrs(name))
    for child in source.names(name):
        copy(source, target, f"{name}/{child}")


def arrays(source: AtlasFile, group: str) -> list[str]:
    return source.names(group, "arrays")


def write_structures(small: Atlas, file: AtlasFile, drawn: Drawn, rng: np.random.Generator) -> None:
    source = small.file
    new = {
        "structures/id": np.array(
            [
                f"{name}~{copy}" if copy else str(name)
                for name, copy in zip(small.structures("id")[drawn.structures], drawn.copy.tolist(), strict=True)
            ]
        ),
        "structures/first_atom": drawn.first,
        "atoms/structure": drawn.structure,
        "atoms/orbit": drawn.orbit.astype(np.int32),
        "atoms/display_order": rng.permutation(len(drawn.atoms)).astype(np.int32),
    }
    for group, rows in (("structures", drawn.structures), ("atoms", drawn.atoms)):
        for part in (group, f"{group}/properties"):
            file.require_group(part, source.attrs(part))
            for name in arrays(source, part):
                path = f"{part}/{name}"
                values = new.get(path)
                file.write(
                    path, source.read(path)[rows] if values is None else values, source.dims(path), source.attrs(path)
                )
    volume = np.abs(np.linalg.det(small.structures("cell"))) / small.structures("n_atoms")
    volume[~small.structures("pbc").all(axis=1)] = np.nan
    about = {"name": "volume_per_atom", "kind": "number", "unit": "angstrom^3"}
    file.write("structures/properties/volume_per_atom", volume[drawn.structures], ["structure"], about)


def write_model(small: Atlas, file: AtlasFile, key: str, original: str, drawn: Drawn, rng: np.random.Generator) -> None:
    source, base, own = small.file, f"models/{original}", f"models/{key}"
    file.require_group(own, source.attrs(base))
    copy_renamed(source, file, f"{base}/anchor_embeddings", f"{own}/anchor_embeddings")
    nearest = source.read(f"{base}/neighbours/representatives/similarity")[:, 0].astype(np.float64)
    apart = np.sqrt(np.maximum(2 - 2 * nearest, 0))  # of rows of length one
    for name in ("embeddings", "coordinates"):
        values = source.read(f"{base}/{name}")
        scale = apart * np.linalg.norm(values, axis=1)
        moved = values[drawn.atoms] + drawn.moves(scale, values.shape[1], rng)
        if name == "coordinates":
            np.clip(moved, -1, 1, out=moved)
        file.write(f"{own}/{name}", moved, source.dims(f"{base}/{name}"), source.attrs(f"{base}/{name}"))
    file.require_group(f"{own}/maps")
    for name in arrays(source, f"{base}/maps"):
        if MAPS.fullmatch(name):
            path = f"{base}/maps/{name}"
            xy = source.read(path)
            moved = xy[drawn.atoms] + drawn.moves(spacing(xy), 2, rng)
            placed = int(np.isfinite(moved).all(axis=1).sum())
            file.write(f"{own}/maps/{name}", moved, source.dims(path), source.attrs(path) | {"n_atoms": placed})
    for kind in source.names(f"{base}/neighbours", "groups"):
        path = f"neighbours/{kind}"
        before = source.read(f"{base}/{path}/index")
        index = np.empty((len(drawn.atoms), before.shape[1]), np.int32)
        for start in range(0, len(index), ROWS):
            index[start : start + ROWS] = drawn.copies_of(before[drawn.atoms[start : start + ROWS]], rng)
        similarity = source.read(f"{base}/{path}/similarity")[drawn.atoms]
        file.write(f"{own}/{path}/index", index, ["atom", "rank"])
        file.write(f"{own}/{path}/similarity", similarity, ["atom", "rank"])
    for name in arrays(source, f"{base}/properties"):
        path = f"{base}/properties/{name}"
        file.write(f"{own}/properties/{name}", source.read(path)[drawn.atoms], source.dims(path), source.attrs(path))


def copy_renamed(source: AtlasFile, target: AtlasFile, name: str, new: str) -> None:
    target.write(new, source.read(name), source.dims(name), source.attrs(name))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large_atlas", description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--from", dest="small", type=Path, default=Path("demo/catalogue.zarr"))
    parser.add_argument("--atoms", type=int, default=282_847)
    parser.add_argument("--models", type=int, default=7)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    make(Atlas(given.small), given.out, given.atoms, given.models, given.seed)


if __name__ == "__main__":
    main()
