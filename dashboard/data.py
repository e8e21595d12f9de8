"""A read-only, cached view of one atlas, in the words that pages need."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from dashboard import wyckoff
from dashboard.geometry import neighbour_shell
from dashboard.palette import CATEGORY_NAMES, CODES
from dashboard.records import Crystal, ModelCard, Site
from precompute.store import Atlas

T = TypeVar("T")
TRAINED = ("pretrained", "fine-tuned")
FIRST_SHOWN = 6
CACHED_ARRAYS = 96
NEIGHBOURS_SHOWN = 6
WEIGHTS_OF_FAMILY = {"mace": ("MACE", "mace-mp-0-medium"), "orb": ("Orb", "orb-v3-conservative-inf-omat")}


class AtlasData:
    """One atlas, with what has been read kept in memory (a bounded number of maps and lists)."""

    def __init__(self, atlas: Atlas) -> None:
        self.atlas = atlas
        self._kept: OrderedDict[tuple, Any] = OrderedDict()
        self._lock = threading.RLock()

    def keep(self, key: tuple, read: Callable[[], T]) -> T:
        """What `read` gives, read once while it stays among the most recently used."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
            else:
                self._kept[key] = read()
                while len(self._kept) > CACHED_ARRAYS:
                    self._kept.popitem(last=False)
            return cast(T, self._kept[key])

    # ---- the atlas

    @cached_property
    def title(self) -> str:
        return str(self.atlas.attrs.get("title") or self.atlas.path.name)

    @cached_property
    def sources(self) -> list[str] | None:
        """What the atlas was built from, as given to `build` (nothing: the catalogue); None where it does not say."""
        found = self.atlas.attrs.get("sources")
        return [str(s) for s in found] if isinstance(found, list) else None

    @cached_property
    def n_atoms(self) -> int:
        return self.atlas.n_atoms

    @cached_property
    def n_structures(self) -> int:
        return self.atlas.n_structures

    def of_atoms(self, name: str) -> NDArray:
        """An array over atoms, in file order."""
        return self.keep(("atoms", name), lambda: self.atlas.atoms(name))

    def of_structures(self, name: str) -> NDArray:
        """An array over structures."""
        return self.keep(("structures", name), lambda: self.atlas.structures(name))

    @cached_property
    def order(self) -> NDArray[np.int32]:
        """The stored permutation in which points are drawn, so that no category covers another."""
        return np.asarray(self.of_atoms("display_order"), np.int32)

    # ---- elements

    @cached_property
    def elements(self) -> dict[str, NDArray]:
        return self.atlas.elements

    @cached_property
    def symbols(self) -> list[str]:
        """Symbols by atomic number - 1."""
        return [str(s) for s in self.elements["symbol"]]

    @cached_property
    def radii(self) -> NDArray[np.floating]:
        """Covalent radii by atomic number - 1, angstrom; NaN where unknown."""
        return np.asarray(self.elements["covalent_radius"], float)

    @cached_property
    def affinity(self) -> NDArray[np.floating]:
        """Pauling electronegativities by atomic number - 1; NaN where unknown."""
        return np.asarray(self.elements["electronegativity"], float)

    @cached_property
    def colours(self) -> list[str]:
        """Jmol's colours of the elements by atomic number - 1, for crystals."""
        return [str(c) for c in self.elements["color"]]

    @cached_property
    def code_of_element(self) -> NDArray[np.uint8]:
        """Category codes by atomic number - 1."""
        return np.array([CODES.get(str(c), CODES["nonmetal"]) for c in self.elements["category"]], np.uint8)

    @cached_property
    def atoms_of_element(self) -> NDArray[np.integer]:
        """How many atoms of the atlas are of each element, by atomic number - 1."""
        return np.bincount(self.of_atoms("atomic_number"), minlength=len(self.symbols) + 1)[1:]

    @cached_property
    def atoms_of_category(self) -> dict[str, int]:
        counts = np.bincount(self.code_of_element, weights=self.atoms_of_element, minlength=len(CATEGORY_NAMES))
        return {name: int(counts[CODES[name]]) for name in CATEGORY_NAMES}

    # ---- models

    @cached_property
    def model_keys(self) -> list[str]:
        return self.atlas.model_keys

    @cached_property
    def cards(self) -> dict[str, ModelCard]:
        return {key: self._card(key) for key in self.model_keys}

    def _card(self, key: str) -> ModelCard:
        view = self.atlas.model(key)
        attrs = view.attrs

        def text(name: str) -> str:
            value = attrs.get(name)
            return ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)

        status = text("status") or "imported"
        return ModelCard(
            key=key, family=text("family"), status=status, training_data=text("training_data"),
            level_of_theory=text("level_of_theory"), parent=text("parent"), licence=text("licence"),
            citation=text("citation"), layer=text("layer"), width=int(attrs.get("width") or 0),
            trained=status in TRAINED, maps=frozenset(view.map_names),
        )  # fmt: skip

    @cached_property
    def first_shown(self) -> list[str]:
        """Models of the opening view: trained ones in turn over families, then controls, six at most."""
        turns: dict[str, int] = {}
        ranked = []
        for i, card in enumerate(self.cards.values()):
            turn = turns[card.family] = turns.get(card.family, -1) + 1
            place = (0, turn) if card.trained else ({"untrained": 1}.get(card.status, 2), 0)
            ranked.append((*place, i, card.key))
        ranked.sort()
        trained = [r[-1] for r in ranked if r[0] == 0]
        others = [r[-1] for r in ranked if r[0] > 0]
        room = max(FIRST_SHOWN - min(len(others), 2), 1)
        chosen = trained[:room] + others
        chosen = chosen[:FIRST_SHOWN] + trained[room : room + max(0, FIRST_SHOWN - len(chosen))]
        return [k for k in self.model_keys if k in chosen]

    @cached_property
    def untrained_to_fetch(self) -> dict[str, tuple[str, list[str], str]]:
        """Families shown only by untrained controls: family -> (name, their keys, a checkpoint that can be fetched)."""
        result = {}
        for family, (name, checkpoint) in WEIGHTS_OF_FAMILY.items():
            cards = [c for c in self.cards.values() if c.family.lower().startswith(family)]
            untrained = [c.key for c in cards if c.status == "untrained"]
            if untrained and not any(c.trained for c in cards):
                result[family] = (name, untrained, checkpoint)
        return result

    # ---- maps

    @cached_property
    def methods(self) -> list[str]:
        """Methods that have shared maps: ``pca``, ``umap``."""
        stored = {m for card in self.cards.values() for m in card.maps}
        return [m for m in ("pca", "umap") if f"{m}-2d" in stored]

    @cached_property
    def has_raw(self) -> bool:
        return any("raw-pca-2d" in card.maps for card in self.cards.values())

    @cached_property
    def n_anchors(self) -> int:
        """All anchors: what maps without a ``-k`` in their name were made with."""
        for key in self.model_keys:
            for name in ("pca-2d", "umap-2d"):
                if name in self.cards[key].maps and self.quality(key, name).get("k"):
                    return int(self.quality(key, name)["k"])
        return self.atlas.file.shape("anchors/structure")[0] if self.atlas.file.has("anchors/structure") else 0

    @cached_property
    def anchor_counts(self) -> list[int]:
        """Numbers of anchors that maps are stored for, ascending; the last is all."""
        stored = {m for card in self.cards.values() for m in card.maps}
        lower = sorted(int(m.rpartition("k")[2]) for m in stored if m.startswith("pca-2d-k"))
        return [k for k in lower if k != self.n_anchors] + [self.n_anchors]

    def map_name(self, space: str, method: str, k: int) -> str:
        """The stored map of a view."""
        if space == "raw":
            return "raw-pca-2d"
        return f"{method}-2d" if method == "umap" or k == self.n_anchors else f"pca-2d-k{k}"

    def points(self, key: str, name: str) -> NDArray[np.float32]:
        """A map's points in file order, (N, 2) float32; NaN rows where the model refused."""
        return self.keep(("map", key, name), lambda: np.asarray(self.atlas.model(key).map(name).xy, np.float32))

    def n_drawn(self, key: str, name: str) -> int:
        """How many atoms have a place in a map."""
        return self.keep(("drawn", key, name), lambda: int(np.isfinite(self.points(key, name)).all(axis=1).sum()))

    def quality(self, key: str, name: str) -> dict[str, Any]:
        return self.keep(("quality", key, name), lambda: self.atlas.model(key).map_quality(name))

    # ---- atoms

    def find_atom(self, name: str) -> int | None:
        """The atom of a name made by `atom_name`; None where there is none."""
        identifier, _, index = name.rpartition(":")
        found = np.flatnonzero(self.of_structures("id") == identifier)
        if len(found) != 1 or not (index.isascii() and index.isdigit()) or len(index) > 9:
            return None
        first, n = (int(self.of_structures(c)[found[0]]) for c in ("first_atom", "n_atoms"))
        return first + int(index) - 1 if 1 <= int(index) <= n else None

    def atom_name(self, atom: int) -> str:
        """``<structure id>:<number of the atom within it, from 1>``."""
        s = int(self.of_atoms("structure")[atom])
        return f"{self.of_structures('id')[s]}:{atom - int(self.of_structures('first_atom')[s]) + 1}"

    @cached_property
    def counter(self) -> NDArray[np.int32]:
        """For every atom the how-manieth of its element it is within its structure, from 1."""
        keys = self.of_atoms("structure").astype(np.int64) * 128 + self.of_atoms("atomic_number")
        order = np.argsort(keys, kind="stable")
        starts = np.flatnonzero(np.r_[True, np.diff(keys[order]) != 0])
        lengths = np.diff(np.r_[starts, len(keys)])
        result = np.empty(len(keys), np.int32)
        result[order] = np.arange(len(keys)) - np.repeat(starts, lengths) + 1
        return result

    def wyckoff(self, atom: int) -> str:
        """Wyckoff position, e.g. ``4a``; empty where unknown."""
        s = int(self.of_atoms("structure")[atom])
        group, symbol = int(self.of_structures("spacegroup")[s]), str(self.of_structures("spacegroup_symbol")[s])
        return wyckoff.position(
            group, symbol, str(self.of_atoms("site_symmetry")[atom]), str(self.of_atoms("wyckoff")[atom])
        )

    def label(self, atom: int) -> str:
        return f"{self.symbols[int(self.of_atoms('atomic_number')[atom]) - 1]} {self.counter[atom]}"

    def crystal_of(self, atom: int) -> tuple[str, str]:
        """Formula and id of the crystal that holds an atom."""
        s = int(self.of_atoms("structure")[atom])
        return str(self.of_structures("formula")[s]), str(self.of_structures("id")[s])

    def sites(self, atom: int, most: int) -> list[tuple[int, str, str]]:
        """The inequivalent atoms of an atom's crystal: (atom that stands for the orbit, label, what it says).

        The chosen atom stands for its own orbit.
        """
        s = int(self.of_atoms("structure")[atom])
        first, n = (int(self.of_structures(c)[s]) for c in ("first_atom", "n_atoms"))
        orbit = self.of_atoms("orbit")
        firsts = dict.fromkeys(orbit[first : first + n].tolist())
        chosen = [atom if o == orbit[atom] else o for o in firsts][:most]
        return [(a, self.label(a), f"{self.label(a)}, {self.of_atoms('site_symmetry')[a]}") for a in chosen]

    @cached_property
    def crystal_names(self) -> list[str]:
        """Common names, where the atlas has a text property ``name``."""
        for column in self.atlas.columns("structures"):
            if column.name == "name" and column.kind == "text":
                return [str(v) for v in self.atlas.file.read(column.path)]
        return [""] * self.n_structures

    def crystal(self, index: int) -> Crystal:
        first, n = (int(self.of_structures(c)[index]) for c in ("first_atom", "n_atoms"))
        span = slice(first, first + n)
        properties: dict[str, tuple[Any, str]] = {}
        for column in self.keep(("columns",), lambda: self.atlas.columns("structures")):
            value = self.of_structures(column.path.removeprefix("structures/"))[index]
            if column.kind == "text" and str(value):
                properties[column.name] = (str(value), column.unit)
            elif column.kind != "text" and np.isfinite(value):
                properties[column.name] = (bool(value) if column.kind == "flag" else float(value), column.unit)
        row = {c: self.of_structures(c)[index] for c in ("cell", "pbc", "spacegroup")}
        text = {
            c: str(self.of_structures(c)[index])
            for c in ("id", "formula", "source", "spacegroup_symbol", "crystal_system")
        }
        return Crystal(
            **text, cell=row["cell"], pbc=row["pbc"], spacegroup=int(row["spacegroup"]), properties=properties,
            numbers=self.of_atoms("atomic_number")[span], positions=self.of_atoms("position")[span],
        )  # fmt: skip

    def site(self, atom: int) -> Site:
        """Everything that the crystal panel shows of an atom."""
        crystal = self.crystal(int(self.of_atoms("structure")[atom]))
        centre = atom - int(self.of_structures("first_atom")[int(self.of_atoms("structure")[atom])])
        number = int(crystal.numbers[centre])
        shell = neighbour_shell(
            crystal.numbers, crystal.positions, crystal.cell, crystal.pbc, self.radii, centre, self.affinity
        )
        return Site(
            atom=atom, centre=centre, symbol=self.symbols[number - 1], label=self.label(atom),
            category=CATEGORY_NAMES[self.code_of_element[number - 1]],
            site_symmetry=str(self.of_atoms("site_symmetry")[atom]), wyckoff=self.wyckoff(atom),
            coordination=int(self.of_atoms("coordination")[atom]), crystal=crystal, shell=shell,
        )  # fmt: skip

    def neighbours(self, key: str, atom: int, n: int = NEIGHBOURS_SHOWN) -> list[tuple[int, float]]:
        """The nearest representatives of an atom in one model: (atom, cosine of coordinates), nearest first."""
        path = f"models/{key}/neighbours/representatives/index"
        if not self.atlas.file.has(path):
            return []
        index, similarity = self.keep(("neighbours", key), lambda: self._neighbours(key))
        return [(int(a), float(s)) for a, s in zip(index[atom, :n], similarity[atom, :n], strict=True) if a >= 0]

    def _neighbours(self, key: str) -> tuple[NDArray, NDArray]:
        index, similarity = self.atlas.model(key).neighbours("representatives")
        return index[:, :NEIGHBOURS_SHOWN].copy(), similarity[:, :NEIGHBOURS_SHOWN].copy()
