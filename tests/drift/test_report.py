"""The report: complete, escaped, and dependent on nothing outside itself."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from precompute.drift.grouped import grouped
from precompute.drift.making import About, Measured, Seen, make_series
from precompute.drift.records import Series
from precompute.drift.verdict import verdict
from precompute.drift_report.heat_map import colour_of, luminance
from precompute.drift_report.page import report
from precompute.drift_report.parts import number, written

STRUCTURES = 12
HOSTILE = '<script>alert("x")</script>&amp;'


class Reader(HTMLParser):
    """Tags in order, with what is open at the end; and the text."""

    void = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@pytest.fixture(scope="module")
def series() -> Series:
    rng = np.random.default_rng(0)
    n = 5 * STRUCTURES
    atom = np.arange(n, dtype=np.int32)
    measured = Measured(atom, np.repeat(np.arange(STRUCTURES), 5), atom, np.tile([1, 8, 29, 57, 79], STRUCTURES))
    features, anchors = rng.normal(size=(n, 16)), rng.normal(size=(20, 16))
    energy, forces = rng.normal(size=STRUCTURES), rng.normal(size=(n, 3))

    def seen(step: int, name: str) -> Seen:
        move = 0.01 * step
        return Seen(
            name, step, features + move * rng.normal(size=features.shape), anchors, energy + move * rng.normal(size=12),
            forces + move * rng.normal(size=forces.shape),
        )  # fmt: skip

    known = {"status": "fine-tuned", "training_data": None, "level_of_theory": "PBE", "licence": None, "refused": 0}
    names = ["base", "20 updates", "40 updates"]
    record = {
        "checkpoints": [{**known, "name": n, "file": "a.pth", "key": "k", "sha256": "f" * 64} for n in names],
        "structures": {"sampled": STRUCTURES, "of": 99, "seed": 0},
        "atlas": "A title",
        "anchor_set": "set",
        "run": {},
        "notes": [],
        "versions": {"python": "3"},
    }
    about = About("s", "a series", "fine-tuning", "base", "fake", trained_on=(29,), step_unit="updates", record=record)
    return make_series(
        about, measured, seen(0, "base"), [seen(1, names[1]), seen(2, names[2])], lambda c: c[:, :2].astype(float)
    )


def names() -> list[str]:
    return [f"structure {i}" for i in range(STRUCTURES)]


def test_it_is_one_well_formed_file_that_asks_for_nothing(series: Series) -> None:
    page = report(series, verdict(series), names())
    reader = read(page)
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in reader.tags}
    assert not any({"src", "href", "xlink:href"} & attrs.keys() for tag, attrs in reader.tags if tag != "a")
    assert [attrs["href"] for tag, attrs in reader.tags if tag == "a"] == ["#verdict"]
    assert "url(" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert "default-src 'none'" in page


def test_groups_and_structures_are_in_order_of_drift(series: Series) -> None:
    found = grouped(
        series, np.tile(["nonmetal", "nonmetal", "transition", "lanthanide", "transition"], STRUCTURES),
        np.repeat(np.arange(STRUCTURES), 5), series.atom,
    )  # fmt: skip
    page = report(series, verdict(series), [HOSTILE, *names()[1:]], found)
    text = read(page).text
    section = text[text.index("Which element groups moved") : text.index("Atom by atom")]
    last = found.of_categories["reembedded"].value[-1]
    places = [section.index(found.categories[c]) for c in np.argsort(-last)]
    assert places == sorted(places)
    assert f"structure {int(found.structures.values['reembedded'][1:].argmax()) + 1}" in section
    assert HOSTILE not in page


def test_it_ends_with_the_verdict_and_every_check_with_its_limit(series: Series) -> None:
    found = verdict(series)
    text = read(report(series, found, names())).text
    end = text[text.rindex("Verdict") :]
    assert ("passed" if found.passed else "damaged") in end
    for check in found.checks:
        assert check.label in text
        assert check.shown()[1] in end
    assert "60 symmetry-distinct atoms" in text
    assert "12 structures" in text


def test_a_comparison_has_no_verdict_and_is_not_called_drift_of_training(series: Series) -> None:
    text = read(report(replace(series, kind="comparison", trained_on=()), None, names())).text
    assert "No verdict applies" in text
    assert "separately trained models or heads" in text
    student = read(report(replace(series, kind="training", trained_on=()), None, names())).text
    assert "no foundation model" in student


def test_names_from_outside_are_escaped_everywhere(series: Series) -> None:
    known = [{**c, "name": HOSTILE, "file": HOSTILE, "licence": HOSTILE} for c in series.record["checkpoints"]]
    run = {
        "data": {"name": HOSTILE, "n_structures": 1, "labels": HOSTILE, "sha256": HOSTILE, "shift": {HOSTILE: 1.0}},
        "settings": {"learning_rate": HOSTILE}, "software": {HOSTILE: HOSTILE}, "command": [HOSTILE], "state": HOSTILE,
    }  # fmt: skip
    record = {
        **series.record, "checkpoints": known, "run": run, "notes": [HOSTILE], "atlas": HOSTILE, "anchor_set": HOSTILE,
        "versions": {HOSTILE: HOSTILE},
    }  # fmt: skip
    hostile = replace(
        series,
        title=HOSTILE,
        base=HOSTILE,
        family=HOSTILE,
        checkpoints=(HOSTILE,) * 3,
        step_unit=HOSTILE,
        record=record,
    )
    page = report(hostile, verdict(series), [HOSTILE] * STRUCTURES)
    assert "<script" not in page
    assert read(page).text.count("<script>") > 20


def test_without_outputs_their_parts_are_left_out(series: Series) -> None:
    nothing = replace(
        series.overall["energy"], value=np.full(3, np.nan), low=np.full(3, np.nan), high=np.full(3, np.nan)
    )
    bare = replace(
        series,
        energy=np.full_like(series.energy, np.nan),
        forces=np.full_like(series.forces, np.nan),
        overall={**series.overall, "energy": nothing, "forces": nothing},
    )
    text = read(report(bare, verdict(bare), names())).text
    assert "meV/atom" not in text
    assert "energy changed most" not in text


def test_elements_of_the_data_are_outlined_and_their_values_written(series: Series) -> None:
    page = report(series, verdict(series), names())
    assert len(re.findall(r'class="cell in-data"', page)) == 2  # copper, on the map of either kind of anchors
    drift = series.of_elements["reembedded"].value[-1][series.elements.tolist().index(79)]
    assert f"Au: {number(float(drift))}, 12 atoms" in page


def test_text_in_cells_can_be_read_on_every_colour() -> None:
    for share in np.linspace(0, 1, 201):
        bright_as = luminance(colour_of(float(share)))
        ink = 1.0 if bright_as < 0.18 else 0.0
        bright, dark = max(ink, bright_as), min(ink, bright_as)
        assert (bright + 0.05) / (dark + 0.05) >= 4.5


def test_numbers_are_written_as_people_write_them() -> None:
    assert number(0.0) == number(-0.0) == "0"
    assert number(2.35e-5) == "2.35·10⁻⁵"
    assert number(-1.5) == "−1.5"
    assert number(float("nan")) == "–"
    assert written("[1e-05, 3]") == "[1·10⁻⁵, 3]"
    assert written("7net-0 re-embedded") == "7net-0 re-embedded"
