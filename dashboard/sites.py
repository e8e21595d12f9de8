"""The atoms of an atlas and the crystals they are in."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard import wyckoff
from dashboard.element_facts import ElementFacts
from dashboard.geometry import neighbour_shell
from dashboard.palette import CATEGORY_NAMES
from dashboard.records import Crystal, Site

MOST_SITES = 60_000


class Sites(ElementFacts):
    """The atoms and structures of an atlas."""

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

    def span(self, atom: int) -> tuple[int, int, int]:
        """The structure that holds an atom, its first atom, and the one after its last."""
        s = int(self.of_atoms("structure")[atom])
        first, n = (int(self.of_structures(c)[s]) for c in ("first_atom", "n_atoms"))
        return s, first, first + n

    def wyckoff(self, atom: int) -> str:
        """Wyckoff position, e.g. ``4a``; empty where unknown."""
        s = int(self.of_atoms("structure")[atom])
        group, symbol = int(self.of_structures("spacegroup")[s]), str(self.of_structures("spacegroup_symbol")[s])
        return wyckoff.position(
            group, symbol, str(self.rows("site_symmetry", atom)[0]), str(self.rows("wyckoff", atom)[0])
        )

    @cached_property
    def site_codes(self) -> tuple[NDArray[np.uint16], list[tuple[str, str]]]:
        """For every atom which of the listed (site symmetry, Wyckoff position) it is at."""
        symmetries, letters, groups = (
            numbered(texts)
            for texts in (self.atlas.atoms("site_symmetry"), self.atlas.atoms("wyckoff"),
                          self.of_structures("spacegroup_symbol"))
        )  # fmt: skip
        structure = self.of_atoms("structure")
        keys = (groups[0][structure].astype(np.int64) * len(letters[1]) + letters[0]) * len(symmetries[1])
        found, first, inverse = np.unique(keys + symmetries[0], return_index=True, return_inverse=True)
        of_group = self.of_structures("spacegroup")
        sites = []
        for atom in first.tolist():
            symmetry, letter = symmetries[1][symmetries[0][atom]], letters[1][letters[0][atom]]
            s = int(structure[atom])
            sites.append((symmetry, wyckoff.position(int(of_group[s]), groups[1][groups[0][s]], symmetry, letter)))
        code = {site: i for i, site in enumerate(dict.fromkeys(sites))}
        if len(code) > MOST_SITES:
            sites = [site if code[site] < MOST_SITES else ("", "") for site in sites]
            code = {site: i for i, site in enumerate(dict.fromkeys(sites))}
        codes = np.array([code[site] for site in sites], np.uint16).reshape(len(found))
        return codes[inverse], list(code)

    def label(self, atom: int) -> str:
        """``Ce 1``: the element, and the how-manieth of it the atom is in its structure."""
        _, first, _ = self.span(atom)
        before = self.of_atoms("atomic_number")[first : atom + 1]
        return f"{self.symbols[int(before[-1]) - 1]} {int((before == before[-1]).sum())}"

    def crystal_of(self, atom: int) -> tuple[str, str]:
        """Formula and id of the crystal that holds an atom."""
        s = int(self.of_atoms("structure")[atom])
        return str(self.of_structures("formula")[s]), str(self.of_structures("id")[s])

    def sites(self, atom: int, most: int) -> list[tuple[int, str, str]]:
        """The inequivalent atoms of an atom's crystal: (atom that stands for the orbit, label, what it says).

        The chosen atom stands for its own orbit.
        """
        _, first, end = self.span(atom)
        orbit = self.rows("orbit", first, end)
        codes, places = self.site_codes
        chosen = [atom if o == orbit[atom - first] else o for o in dict.fromkeys(orbit.tolist())][:most]
        return [(a, self.label(a), f"{self.label(a)}, {places[int(codes[a])][0]}") for a in chosen]

    @cached_property
    def crystal_names(self) -> list[str]:
        """Common names, where the atlas has a text property ``name``."""
        for column in self.columns("structures"):
            if column.name == "name" and column.kind == "text":
                return [str(v) for v in self.atlas.file.read(column.path)]
        return [""] * self.n_structures

    def crystal(self, index: int) -> Crystal:
        first, n = (int(self.of_structures(c)[index]) for c in ("first_atom", "n_atoms"))
        properties: dict[str, tuple[Any, str]] = {}
        for column in self.columns("structures"):
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
            numbers=self.rows("atomic_number", first, first + n), positions=self.rows("position", first, first + n),
        )  # fmt: skip

    def site(self, atom: int) -> Site:
        """Everything that the crystal panel shows of an atom."""
        index, first, _ = self.span(atom)
        crystal = self.crystal(index)
        centre = atom - first
        number = int(crystal.numbers[centre])
        # decoded texts of a chunk take 8 ms, the codes, which the page needs as well, none
        codes, places = self.site_codes
        site_symmetry, position = places[int(codes[atom])]
        shell = neighbour_shell(
            crystal.numbers, crystal.positions, crystal.cell, crystal.pbc, self.radii, centre, self.affinity
        )
        return Site(
            atom=atom, centre=centre, symbol=self.symbols[number - 1], label=self.label(atom),
            category=CATEGORY_NAMES[self.code_of_element[number - 1]],
            site_symmetry=site_symmetry, wyckoff=position,
            coordination=int(self.rows("coordination", atom)[0]), crystal=crystal, shell=shell,
        )  # fmt: skip


def numbered(texts: NDArray) -> tuple[NDArray[np.int32], list[str]]:
    """Which of the distinct texts each one is, and these in the order in which they come."""
    plain = texts.tolist()
    code = {text: i for i, text in enumerate(dict.fromkeys(plain))}
    return np.fromiter((code[t] for t in plain), np.int32, len(plain)), [str(t) for t in code]
