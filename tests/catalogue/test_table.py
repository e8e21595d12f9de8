"""What the catalogue holds, and what every row must say."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from precompute.contracts import AtlasError, Structure
from precompute.structures.catalogue import load
from precompute.structures.catalogue.cells import expand
from precompute.structures.catalogue.table import COLUMNS, Entry, read_all, read_table, write_table


@pytest.fixture(scope="module")
def entries() -> list[Entry]:
    return read_all()


@pytest.fixture(scope="module")
def structures() -> list[Structure]:
    return load()


def test_catalogue_is_large_enough(structures: list[Structure]) -> None:
    assert len(structures) >= 600
    assert sum(map(len, structures)) >= 5000
    assert max(map(len, structures)) <= 200


def test_ids_are_unique_and_readable(structures: list[Structure]) -> None:
    ids = [s.id for s in structures]
    assert len(set(ids)) == len(ids)
    assert all(i.replace("-", "").replace("_", "").isalnum() and i.isascii() for i in ids)


def test_properties_of_every_structure(structures: list[Structure]) -> None:
    for structure in structures:
        assert structure.pbc.all()
        assert structure.properties["name"]
        assert structure.properties["prototype"]
        assert structure.properties["origin"] in ("literature", "prototype database", "model-relaxed")
        assert isinstance(structure.properties["hypothetical"], bool)


def test_every_entry_names_its_source(entries: list[Entry]) -> None:
    citations = {
        "literature": ("Lejaeghere et al., Science 351, aad3000 (2016)", "ase.data.reference_states"),
        "prototype database": ("Mehl et al., Comput. Mater. Sci. 136, S1 (2017)",),
        "model-relaxed": ("relaxed with 7net-l3i5 (SevenNet 0.13.0)",),
    }
    for entry in entries:
        assert any(text in entry.source for text in citations[entry.origin]), entry.id


def test_formula_is_that_of_the_cell(entries: list[Entry]) -> None:
    from ase.formula import Formula

    for entry in entries:
        symbols = Counter(expand(entry)[0])
        declared = Formula(entry.formula).count()
        units = {symbols[s] / n for s, n in declared.items()}
        assert set(declared) == set(symbols), entry.id
        assert len(units) == 1, entry.id


def test_no_crystal_stands_in_the_table_twice(entries: list[Entry]) -> None:
    def key(entry: Entry) -> tuple[object, ...]:
        return (
            tuple(sorted(Counter(expand(entry, primitive=True)[0]).items())),
            entry.spacegroup,
            tuple(round(p, 1) for p in entry.parameters),
        )

    repeated = [k for k, n in Counter(map(key, entries)).items() if n > 1]
    assert repeated == []


@pytest.mark.parametrize(
    ("formula", "fewest"),
    [
        ("C", 4), ("SiO2", 8), ("TiO2", 3), ("ZnS", 2), ("ZrO2", 3), ("CaCO3", 2), ("BN", 3), ("Fe", 3), ("Sn", 2),
        ("P", 3), ("Al2O3", 2), ("BaTiO3", 4), ("BaCeO3", 2), ("H2O", 2), ("CO2", 1), ("N", 2), ("I", 1), ("SiC", 4),
    ],
)  # fmt: skip
def test_polymorph_families_are_there(entries: list[Entry], formula: str, fewest: int) -> None:
    assert len([e for e in entries if e.formula == formula]) >= fewest


@pytest.mark.parametrize(
    "prototype",
    [
        "NaCl (B1", "CsCl (B2", "ZnS (B3", "ZnS (B4", "CaF2 (C1", "TiO2 (C4", "FeS2 (C2", "CdI2 (C6", "CdCl2 (C19",
        "MoS2 (C7", "Al2O3 (D5_1", "MgAl2O4 (H1_1", "Ca3Al2Si3O12 (S1_4", "CaTiO3 (E2_1", "FeWO4 (H0_6", "CaWO4 (H0_4",
        "Cu3Au (L1_2", "CuAu (L1_0", "MgCu2 (C15", "MgZn2 (C14", "Cu2MnAl (L2_1", "MgAgAs (C1_b", "NaTl (B32",
        "Cr3Si (A15", "Mn2O3 (D5_3", "LaF3 (D0_6", "CaB6 (D2_1", "AlB2 (C32",
    ],
)  # fmt: skip
def test_structure_types_are_there(entries: list[Entry], prototype: str) -> None:
    assert any(e.prototype.startswith(prototype) for e in entries)


@pytest.mark.parametrize(
    ("anion", "cations"),
    [
        ("F", "Li Na K Rb Cs"), ("Cl", "Li Na K Rb Cs"), ("H", "Li Na K Rb Cs"), ("O", "Be Mg Ca Sr Ba"),
        ("S", "Mg Ca Sr Ba"), ("C", "Ti Zr Hf V Nb Ta"), ("N", "Ti Zr Sc Y La Ce Pr Nd Gd U"), ("O", "Th U Pa Np Pu"),
    ],
)  # fmt: skip
def test_series_down_the_groups_are_complete(entries: list[Entry], anion: str, cations: str) -> None:
    binary = {frozenset(s.symbol for s in e.sites) for e in entries}
    assert [c for c in cations.split() if frozenset((anion, c)) not in binary] == []


@pytest.mark.slow
@pytest.mark.ci
def test_a_table_survives_writing_and_reading(tmp_path: Path, entries: list[Entry]) -> None:
    write_table(tmp_path / "again.csv", entries)
    assert read_table(tmp_path / "again.csv") == entries


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("spacegroup", "231", "space group 231"),
        ("b", "3.0", "a cubic cell is given by a"),
        ("origin", "somewhere", "origin 'somewhere', expected one of"),
        ("cell", "reduced", "expected conventional or primitive"),
        ("sites", "Na 0 0", "row 'NaCl-rocksalt'"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, entries: list[Entry], column: str, value: str, message: str) -> None:
    path = tmp_path / "bad.csv"
    write_table(path, [e for e in entries if e.id == "NaCl-rocksalt"])
    header, row = path.read_text(encoding="utf-8").splitlines()
    cells = row.split(",")
    index = COLUMNS.index(column)
    # "prototype" holds a comma, so cells after it stand one further in the split line
    cells[index + 1 if index > COLUMNS.index("prototype") else index] = value
    path.write_text(f"{header}\n{','.join(cells)}\n", encoding="utf-8")
    with pytest.raises(AtlasError, match=message):
        read_table(path)


def test_repeated_ids_are_refused(monkeypatch: pytest.MonkeyPatch, entries: list[Entry]) -> None:
    from precompute.structures.catalogue import load as function

    module = function.__globals__
    monkeypatch.setitem(module, "read_all", lambda: [entries[0], replace(entries[0], name="again")])
    with pytest.raises(AtlasError, match="two rows with the id"):
        load()
