"""Relaxing keeps the space group and finds the minimum; shown with ASE's own effective-medium potential."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from precompute.contracts import AtlasError
from precompute.structures.catalogue import relax as module
from precompute.structures.catalogue.check import found_spacegroup
from precompute.structures.catalogue.load import structure
from precompute.structures.catalogue.relax import calculator, relax
from precompute.structures.catalogue.table import Entry, Site, fill_parameters, read_table, write_table


def _entry(spacegroup: int, given: dict[str, float], *sites: Site) -> Entry:
    return Entry(
        id="test", name="test", formula="", prototype="", family="", spacegroup=spacegroup, setting=1,
        parameters=fill_parameters(spacegroup, given), sites=sites, cell="conventional", origin="estimate",
        hypothetical=False, source="", remark="",
    )  # fmt: skip


def test_a_rough_estimate_of_copper_ends_at_the_minimum() -> None:
    from ase.calculators.emt import EMT

    relaxed = relax(_entry(225, {"a": 4.3}, Site("Cu", (0.0, 0.0, 0.0))), EMT())
    assert relaxed.parameters[0] == pytest.approx(3.594, abs=0.02)  # EMT's lattice constant of copper
    assert relaxed.parameters == fill_parameters(225, {"a": relaxed.parameters[0]})


@pytest.mark.slow
@pytest.mark.ci
def test_free_coordinates_move_and_the_space_group_stays() -> None:
    from ase.calculators.emt import EMT

    # Pd and H stand in for a layered crystal: the hydrogen height z in P-3m1 is free, all else is fixed by symmetry
    entry = _entry(164, {"a": 2.9, "c": 4.9}, Site("Pd", (0.0, 0.0, 0.0)), Site("H", (1 / 3, 2 / 3, 0.27)))
    relaxed = relax(entry, EMT())
    assert found_spacegroup(structure(relaxed)) in (164, 227)
    assert relaxed.sites[1].position[:2] == pytest.approx((1 / 3, 2 / 3), abs=1e-12)
    assert relaxed.sites[1].position[2] != pytest.approx(0.27, abs=1e-3)
    assert relaxed.parameters[3:] == (90.0, 90.0, 120.0)


def test_without_sevenn_the_message_says_which_environment_is_needed() -> None:
    pytest.importorskip("e3nn")
    try:
        import sevenn  # noqa: F401 (imported to see whether it is there)
    except ImportError:
        with pytest.raises(AtlasError, match="platonic-atlas env create sevennet"):
            calculator()
    else:
        pytest.skip("sevenn is installed in this environment")


def test_estimates_of_a_table_become_model_relaxed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ase.calculators.emt import EMT

    rough = replace(_entry(225, {"a": 3.8}, Site("Cu", (0.0, 0.0, 0.0))), id="Cu-fcc", prototype="Cu (A1)")
    known = replace(rough, id="Ag-fcc", origin="literature", source="a citation")
    write_table(tmp_path / "metals.csv", [rough, known])
    monkeypatch.setattr(module, "FOLDER", tmp_path)
    monkeypatch.setattr(module, "calculator", EMT)
    monkeypatch.setattr(module, "version", lambda: "0.13.0")
    module.main([])
    relaxed, kept = read_table(tmp_path / "metals.csv")
    assert kept == known
    assert relaxed.origin == "model-relaxed"
    assert relaxed.source == "relaxed with 7net-l3i5 (SevenNet 0.13.0) in the Cu (A1) prototype"
    assert relaxed.parameters[0] == pytest.approx(3.594, abs=0.02)
