"""Tables of an atlas that conditions are looked up in, each made once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from dashboard.data import AtlasData
from dashboard.find.formulas import Composition

BoolArray = NDArray[np.bool_]
N_NUMBERS = 119
NAMING = (
    "name",
    "prototype",
    "family",
    "mineral",
    "structure_type",
    "common_name",
    "alias",
    "aliases",
    "strukturbericht",
)
"""Text properties of structures that words without a comparison are looked for in."""
GROUPING = ("family", "structure_type", "prototype")
"""Those of them whose values are classes of crystals."""
_NOT_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, eq=False)
class Texts:
    """Texts over structures or atoms, each distinct one once.

    Attributes
    ----------
    values : list of str
        As stored.
    codes : (n,) int32
        Which of them each row has.
    """

    values: list[str]
    codes: NDArray[np.int32]

    def where(self, accept: Callable[[str], bool]) -> BoolArray:
        """Rows whose text is accepted; each distinct text is asked once."""
        return np.fromiter(map(accept, self.values), bool, len(self.values))[self.codes]

    def equal(self, text: str) -> BoolArray:
        """Rows of this very text."""
        return self.codes == self._places.get(text, -1)

    def same(self, text: str) -> BoolArray:
        """Rows of this text in whatever case."""
        codes = self._folded.get(text.casefold(), [])
        return self.codes == codes[0] if len(codes) == 1 else np.isin(self.codes, codes)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {v: i for i, v in enumerate(self.values)}

    @cached_property
    def _folded(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for i, v in enumerate(self.values):
            found.setdefault(v.casefold(), []).append(i)
        return found

    @classmethod
    def of(cls, rows: Iterable[object]) -> Texts:
        place: dict[str, int] = {}
        codes = [place.setdefault(str(row), len(place)) for row in rows]
        return cls(list(place), np.array(codes, np.int32))


def words(text: str) -> str:
    """Lower-case words with a space before each, so that `` bar`` in it asks whether a word begins so."""
    return " " + _NOT_WORD.sub(" ", text.casefold()).strip()


def symbol_of_group(text: str) -> str:
    """A space-group symbol in one spelling: ``P6_3/mmc``, ``P 63/mmc`` and ``p63/mmc`` are the same."""
    return re.sub(r"(\d)\u0305", r"-\1", text).replace("−", "-").replace("_", "").replace(" ", "").casefold()


def structure_texts(data: AtlasData, name: str) -> Texts:
    """A text array over structures, ``id`` or ``properties/name``."""
    return data.keep(("find texts", name), lambda: Texts.of(data.of_structures(name).tolist()))


def atom_texts(data: AtlasData, name: str) -> Texts:
    """A text array over atoms."""
    return data.keep(("find atom texts", name), lambda: Texts.of(data.of_atoms(name).tolist()))


def naming(data: AtlasData) -> list[str]:
    """Arrays over structures that hold names and prototypes."""

    def read() -> list[str]:
        columns = data.columns("structures")
        return [c.path.removeprefix("structures/") for c in columns if c.kind == "text" and c.name.lower() in NAMING]

    return data.keep(("find naming",), read)


def class_values(data: AtlasData) -> dict[str, str]:
    """Values that are plain words of a property that groups crystals, and the name of that property."""

    def read() -> dict[str, str]:
        result: dict[str, str] = {}
        for path in naming(data):
            name = path.rpartition("/")[2]
            if name.lower() in GROUPING:
                for value in structure_texts(data, path).values:
                    if value.isascii() and value.replace(" ", "").isalpha() and value.islower():
                        result.setdefault(value, name)
        return result

    return data.keep(("find class values",), read)


@dataclass(frozen=True, eq=False)
class Haystack:
    """Many texts as one, in which a part is found a hundred times faster than in each by itself.

    Attributes
    ----------
    text : str
        Each text between line ends.
    starts : (n,) int
        Where each begins.
    """

    text: str
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Haystack:
        lines = [t.replace("\n", " ") for t in texts]
        lengths = np.array([len(line) + 1 for line in lines], np.int64)
        return cls("\n" + "\n".join(lines) + "\n", np.concatenate([[1], 1 + np.cumsum(lengths)[:-1]]))

    def holding(self, part: str) -> BoolArray:
        """Which texts hold a part; a line end in it stands for the beginning or end of a text."""
        found = [m.start() + part.startswith("\n") for m in re.finditer(re.escape(part), self.text)]
        rows = np.zeros(len(self.starts), bool)
        rows[np.searchsorted(self.starts, found, side="right") - 1] = True
        return rows


def name_words(data: AtlasData, name: str) -> Haystack:
    """The `words` of each distinct text of an array over structures, with a space after them."""
    return data.keep(
        ("find words", name), lambda: Haystack.of(words(v) + " " for v in structure_texts(data, name).values)
    )


def called(data: AtlasData, phrase: str) -> BoolArray:
    """Structures with a name or prototype in which words begin as the phrase says, or an id that has such words."""
    wanted = words(phrase)
    found = np.zeros(data.n_structures, bool)
    if not wanted.strip():
        return found
    for name in naming(data):
        found |= name_words(data, name).holding(wanted)[structure_texts(data, name).codes]
    if wanted.strip()[0].isalpha():
        found |= name_words(data, "id").holding(wanted + " ")[structure_texts(data, "id").codes]
    return found


@dataclass(frozen=True, eq=False)
class Compositions:
    """Which elements each structure holds, and how many of each in lowest terms.

    Attributes
    ----------
    structure, number, amount : (entries,) int
        One entry an element of a structure.
    elements : (structures, 2) uint64
        Bit Z of the 128 is set where the structure holds element Z.
    n_elements : (structures,) int
    """

    structure: NDArray[np.int64]
    number: NDArray[np.int64]
    amount: NDArray[np.int64]
    elements: NDArray[np.uint64]
    n_elements: NDArray[np.int64]

    def containing(self, numbers: Iterable[int]) -> BoolArray:
        """Structures that hold all of these elements."""
        wanted = _bits(np.array(list(numbers)))
        return ((self.elements & wanted) == wanted).all(axis=1)

    def exactly(self, numbers: Iterable[int]) -> BoolArray:
        """Structures of these elements and no other."""
        return (self.elements == _bits(np.array(list(numbers)))).all(axis=1)

    def equal_to(self, wanted: Composition) -> BoolArray:
        """Structures of this composition in lowest terms."""
        if max(wanted.values()) > self.amount.max(initial=0):  # of any size: formulas can ask for more than int64 holds
            return np.zeros(len(self.n_elements), bool)
        amounts = np.zeros(N_NUMBERS, np.int64)
        amounts[list(wanted)] = list(wanted.values())
        right = self.structure[self.amount == amounts[self.number]]
        n_right = np.bincount(right, minlength=len(self.n_elements))
        return (n_right == len(wanted)) & (self.n_elements == len(wanted))


def compositions(data: AtlasData) -> Compositions:
    return data.keep(("find compositions",), lambda: _compositions(data))


def _compositions(data: AtlasData) -> Compositions:
    pairs = data.of_atoms("structure").astype(np.int64) * N_NUMBERS + data.of_atoms("atomic_number")
    counts = np.bincount(pairs, minlength=data.n_structures * N_NUMBERS)
    entries = np.flatnonzero(counts)
    structure, number = np.divmod(entries, N_NUMBERS)
    n_elements = np.bincount(structure, minlength=data.n_structures)
    divisor = np.ones(data.n_structures, np.int64)
    filled = n_elements > 0
    starts = np.searchsorted(structure, np.flatnonzero(filled))
    divisor[filled] = np.gcd.reduceat(counts[entries], starts)
    elements = np.zeros((data.n_structures, 2), np.uint64)
    for half in (0, 1):
        mine = (number >= 64) == bool(half)
        bits = np.uint64(1) << (number[mine] - 64 * half).astype(np.uint64)
        np.bitwise_or.at(elements[:, half], structure[mine], bits)
    return Compositions(structure, number, counts[entries] // divisor[structure], elements, n_elements)


def _bits(numbers: NDArray[np.integer]) -> NDArray[np.uint64]:
    bits = [0, 0]
    for z in numbers.tolist():
        bits[z // 64] |= 1 << z % 64
    return np.array(bits, np.uint64)
