"""The report: what a series is, what moved, on what that rests, and the verdict."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from importlib import resources
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError
from precompute.drift.grouped import Grouped
from precompute.drift.measures import MEASURES
from precompute.drift.records import OF_ELEMENTS, Series
from precompute.drift.verdict import Verdict
from precompute.drift_report.charts import curves, histogram, scatter
from precompute.drift_report.groups import groups
from precompute.drift_report.heat_map import periodic_table
from precompute.drift_report.judgement import class_of, forgetting, judgement, word_of
from precompute.drift_report.parts import definitions, figure, number, rows, shortened, with_interval
from precompute.drift_report.provenance import provenance
from precompute.drift_tables import counted, estimate_text, symbol, what_it_is, worst_elements
from precompute.store import Atlas

WORST_ELEMENTS = 12
WORST_STRUCTURES = 10
LEAST_FORCE = 0.1  # meV/angstrom; float32 forces that symmetry makes zero change by less
POINTS = 3_000  # of a scatter; more only make the file larger
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def report(series: Series, verdict: Verdict | None, structures: Sequence[str], grouped: Grouped | None = None) -> str:
    """The page.

    Parameters
    ----------
    series : Series
    verdict : Verdict, or None
        None for a series that no verdict applies to.
    structures : sequence of str
        What to call each of `Series.structure`.
    grouped : Grouped, optional
        The series by element group and structure.

    Returns
    -------
    str
        HTML that loads nothing from anywhere.
    """
    style = resources.files("precompute.drift_report").joinpath("report.css").read_text(encoding="utf-8")
    body = [
        _head(series, verdict),
        _overall(series),
        _steps(series),
        _elements(series),
        "" if grouped is None else groups(series, grouped, structures),
        _atoms(series),
        _energies(series, structures),
        forgetting(series),
        _meanings(series),
        provenance(series),
        judgement(series, verdict),
    ]
    title = escape(f"Drift: {series.title}")
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n{''.join(body)}</body>\n</html>\n"
    )


def write_report(atlas: Atlas, series: Series, verdict: Verdict | None, grouped: Grouped, out: Path) -> None:
    """Write the report on a series of an atlas.

    Raises
    ------
    AtlasError
        Where the file cannot be written.
    """
    formula, name = atlas.structures("formula"), atlas.structures("id")
    called = [f"{formula[i]} ({name[i]})" for i in series.structure]
    try:
        out.write_text(report(series, verdict, called, grouped), encoding="utf-8")
    except OSError as error:
        raise AtlasError(f"cannot write {out}: {error.strerror}") from error


def _head(series: Series, verdict: Verdict | None) -> str:
    say = f"{series.family}, {what_it_is(series)}."
    if series.trained_on:
        say += f" The fine-tuning data hold {', '.join(symbol(z) for z in series.trained_on)}."
    made = f"Made by Platonic Atlas {version('platonic-atlas')} on {datetime.now(UTC):%Y-%m-%d}."
    of = series.record["structures"]
    sampled = f"a sample of {of['sampled']:,} of {of['of']:,}" if of["sampled"] < of["of"] else f"all {of['of']:,}"
    return (
        f"<header><h1>{escape(series.title)}</h1>"
        f'<p class="lead">{escape(say)}</p>'
        f'<p class="lead quiet">{escape(counted(series))}, of the atlas {escape(str(series.record["atlas"]))} '
        f"({sampled} structures). Brackets and bands are 95 % intervals, structures resampled. {escape(made)}</p>"
        f'<p class="verdict {class_of(verdict)}"><a href="#verdict">{word_of(verdict)}</a></p></header>'
    )


def _overall(series: Series) -> str:
    shown = [m for m in MEASURES.values() if np.isfinite(series.overall[m.id].value).any()]
    head = ["checkpoint", *(m.short + (f", {m.unit}" if m.unit else "") for m in shown)]
    body = [
        [
            f'<span class="whole">{escape(name)}</span>',
            *(with_interval(estimate_text(m.id, series.overall[m.id], t)) for m in shown),
        ]
        for t, name in enumerate(series.checkpoints)
    ]
    return (
        "<section><h2>What changed, over all atoms</h2>"
        f'<div class="wide"><table>{rows(head, body)}</table></div>'
        '<p class="quiet">The base is the first row. Drift with anchors re-embedded and with anchors frozen answer '
        "different questions; see what each measure means, below.</p></section>"
    )


def _steps(series: Series) -> str:
    if len(series.checkpoints) < 3:
        return ""
    parts = []
    pairs = (
        (("reembedded", "frozen"), "drift", True),
        (("retention",), "neighbours kept", False),
        (("energy",), "energy change, meV/atom", True),
        (("forces",), "force change, meV/\u00c5", True),
    )
    for names, title, from_zero in pairs:
        lines = []
        for name in names:
            of, factor = series.overall[name], MEASURES[name].factor
            lines.append((of.value * factor, of.low * factor, of.high * factor))
        if np.isfinite(lines[0][0]).any():
            parts.append(curves(series.step, lines, title=title, of_steps=series.step_unit, from_zero=from_zero))
    legend = (
        '<span class="key"></span>anchors re-embedded \u2003<span class="key second"></span>anchors frozen. '
        "Means over all symmetry-distinct atoms, energies over structures. Errors, where shown, are on the data of the "
        "run."
    )
    for name, title in (("energy_mae", "energy error, meV/atom"), ("force_mae", "force error, meV/\u00c5")):
        errors = _errors(series, name)
        if np.isfinite(errors).any():
            empty = np.full_like(errors, np.nan)
            line = (errors, empty, empty)
            parts.append(curves(series.step, [line], title=title, of_steps=series.step_unit))
    inside = f'<div class="charts">{"".join(parts)}</div>'
    return f"<section><h2>Step by step</h2>{figure(inside, legend)}</section>"


def _errors(series: Series, name: str) -> NDArray[np.float64]:
    """What a run wrote of its errors on its own data, in thousandths."""
    return np.array([1000.0 * c[name] if c.get(name) is not None else np.nan for c in series.record["checkpoints"]])


def _elements(series: Series) -> str:
    atoms = dict(zip(series.elements.tolist(), series.element_atoms.tolist(), strict=True))
    flagged = _flagged(series)
    maps = []
    for name in ("reembedded", "frozen"):
        last = series.of_elements[name].value[-1]
        values = dict(zip(series.elements.tolist(), last.tolist(), strict=True))
        if not np.isfinite(last).any():
            continue
        label = f"{MEASURES[name].label}, by element, at {series.checkpoints[-1]}"
        drawn = periodic_table(values, in_data=series.trained_on, flagged=flagged, atoms=atoms, label=label)
        told = "Means over symmetry-distinct atoms; logarithmic colours."
        told += " Outlined: in the fine-tuning data." if series.trained_on else ""
        told += " Marked (!): flagged, moved further than run-to-run noise." if flagged else ""
        maps.append(figure(drawn, escape(f"{label}. {told}")))
    head = ["element", "atoms", *(f"{MEASURES[n].short}, {MEASURES[n].unit}".rstrip(", ") for n in OF_ELEMENTS)]
    body = []
    for e in worst_elements(series):
        z = int(series.elements[e])
        marks = " (in the data)" if z in series.trained_on else " (flagged)" if z in flagged else ""
        numbers = (with_interval(estimate_text(n, series.of_elements[n], (-1, e))) for n in OF_ELEMENTS)
        body.append([escape(symbol(z) + marks), f"{series.element_atoms[e]:,}", *numbers])
    return f"<section><h2>Which elements moved</h2>{''.join(maps)}{shortened(head, body, WORST_ELEMENTS)}</section>"


def _flagged(series: Series) -> list[int]:
    f = series.forgetting
    return [] if f is None else [int(z) for z, is_so in zip(series.elements, f.flagged, strict=True) if is_so]


def _atoms(series: Series) -> str:
    last = [series.reembedded[-1].astype(np.float64), series.frozen[-1].astype(np.float64)]
    drawn = [histogram(last, title=f"drift of an atom at {series.checkpoints[-1]}")]
    n = len(series.atom)
    legend = (
        '<span class="key"></span>anchors re-embedded \u2003<span class="key second"></span>anchors frozen. '
        f"All {n:,} atoms, symmetry-equivalent ones counted each."
    )
    forces = series.forces[-1].astype(np.float64) * 1000.0
    against = ""
    if np.isfinite(forces).any():
        felt = np.where(forces >= LEAST_FORCE, forces, np.nan)
        some = _thinned(n)
        cloud = scatter(
            last[0][some], felt[some], np.zeros(len(some), bool), across="drift, anchors re-embedded",
            up="change of force, meV/\u00c5",
        )  # fmt: skip
        drawn.append(cloud)
        drawn_atoms, still = int(np.isfinite(felt[some]).sum()), int((forces < LEAST_FORCE).sum())
        against = (
            f" Right: does an atom that moved also feel another force? {drawn_atoms:,} of {n:,} atoms are drawn; the "
            f"force on {still:,} changed by less than {LEAST_FORCE:g} meV/\u00c5, most of them zero by symmetry."
        )
    inside = f'<div class="charts">{"".join(drawn)}</div>'
    return f"<section><h2>Atom by atom</h2>{figure(inside, legend + against)}</section>"


def _thinned(n: int) -> NDArray[np.intp]:
    return np.arange(n) if n <= POINTS else np.linspace(0, n - 1, POINTS).astype(np.intp)


def _energies(series: Series, structures: Sequence[str]) -> str:
    last = series.energy[-1].astype(np.float64) * 1000.0
    if not np.isfinite(last).any():
        return ""
    size = np.nan_to_num(np.abs(last), nan=-1.0)
    body = [
        [escape(structures[i]), number(float(last[i]), "+.1f")]
        for i in np.argsort(-size, kind="stable")[:WORST_STRUCTURES]
    ]
    n = int(np.isfinite(last).sum())
    return (
        "<section><h2>Structures whose energy changed most</h2>"
        f"<table>{rows(['structure', 'change, meV/atom'], body)}</table>"
        f'<p class="quiet">Of {n:,} structures, after a least-squares shift for each element.</p></section>'
    )


def _meanings(series: Series) -> str:
    pairs = []
    for m in MEASURES.values():
        if np.isfinite(series.overall[m.id].value).any():
            pairs.append((m.label, f"{m.meaning} ({m.source}.)"))
    return f"<section><h2>What each measure means</h2>{definitions(pairs)}</section>"
