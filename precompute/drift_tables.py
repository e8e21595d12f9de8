"""A series of checkpoints as tables: on the terminal, as plain data, as a file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from precompute.as_json import as_json
from precompute.contracts import AtlasError
from precompute.drift.grouped import GROUPED, Grouped
from precompute.drift.measures import MEASURES
from precompute.drift.records import OF_ELEMENTS, Estimates, Series
from precompute.drift.verdict import Verdict
from precompute.elements import table as elements_table

WORST = 8
PARTS = ("value", "low", "high")
NOT_DRIFT = "separately trained models or heads: how they differ, not what training did"


def symbol(number: int) -> str:
    """Chemical symbol of an atomic number."""
    return str(elements_table()["symbol"][number - 1])


def what_it_is(series: Series) -> str:
    """The kind of a series, in words that do not promise more than it is."""
    return {
        "fine-tuning": "fine-tuned from the base",
        "published": "published fine-tune of the base",
        "training": "a student trained here from random weights, no foundation model",
        "comparison": NOT_DRIFT,
    }[series.kind]


def counted(series: Series) -> str:
    """Over how many atoms means are."""
    of = series.record["measured"]
    return (
        f"{of['representatives']:,} symmetry-distinct atoms of {of['structures']:,} structures, "
        f"{len(series.elements)} elements, {series.anchors} anchors, k = {series.k}"
    )


def series_data(series: Series, verdict: Verdict | None = None, grouped: Grouped | None = None) -> dict[str, Any]:
    """A series as plain data: everything but the arrays over single atoms, which the atlas holds."""
    plain = {
        name: getattr(series, name)
        for name in ("name", "title", "kind", "experiment", "base", "family", "strategy", "seed", "step_unit", "k",
                     "anchors")
    }  # fmt: skip
    return {
        **plain,
        "trained_on": [symbol(z) for z in series.trained_on],
        "checkpoints": list(series.checkpoints),
        "step": series.step.tolist(),
        "overall": {
            name: {"label": m.label, "unit": _stored_unit(name), "meaning": m.meaning, "source": m.source}
            | _parts(series.overall[name])
            for name, m in MEASURES.items()
        },
        "elements": [
            {
                "symbol": symbol(int(z)),
                "atomic_number": int(z),
                "atoms": int(series.element_atoms[e]),
                "in_data": int(z) in series.trained_on,
                **{name: _parts(series.of_elements[name], (slice(None), e)) for name in OF_ELEMENTS},
            }
            for e, z in enumerate(series.elements)
        ],
        **({} if grouped is None else _grouped(grouped)),
        "forgetting": _forgetting(series),
        "verdict": None if verdict is None else asdict(verdict),
        "record": dict(series.record),
    }


def _grouped(grouped: Grouped) -> dict[str, Any]:
    return {
        "groups": [
            {"group": name, "atoms": int(grouped.category_atoms[c])}
            | {measure: _parts(of, (slice(None), c)) for measure, of in grouped.of_categories.items()}
            for c, name in enumerate(grouped.categories)
        ],
        # means over atoms at the last checkpoint, without intervals; columns, as there can be thousands
        **{
            name: {index: of.index.tolist(), "atoms": of.atoms.tolist()}
            | {measure: values.tolist() for measure, values in of.values.items()}
            for name, index, of in (
                ("orbits", "representative", grouped.orbits),
                ("structures", "structure", grouped.structures),
            )
        },
    }


def _stored_unit(name: str) -> str:
    return {"energy": "eV/atom", "forces": "eV/angstrom"}.get(name, "")


def _parts(estimates: Estimates, at: Any = ...) -> dict[str, list[float]]:
    return {part: getattr(estimates, part)[at].tolist() for part in PARTS}


def _forgetting(series: Series) -> dict[str, Any] | None:
    f = series.forgetting
    if f is None:
        return None
    rows = [
        {
            "symbol": symbol(int(z)),
            "drift": float(f.drift[e]),
            "low": float(f.low[e]),
            "null": float(f.null[e]),
            "flagged": bool(f.flagged[e]),
        }
        for e, z in enumerate(series.elements)
    ]
    return {"runs": f.n_runs, "rule": f.rule, "elements": rows}


def write_series_table(series: Series, data: dict[str, Any], out: Path) -> None:
    """Write `data` of a series to a ``.json`` file, or to a ``.csv`` of one row a checkpoint, element or group and
    measure.

    Raises
    ------
    AtlasError
        Where the file cannot be written.
    """
    try:
        if out.suffix == ".json":
            out.write_text(as_json(data) + "\n", encoding="utf-8")
            return
        with out.open("w", newline="", encoding="utf-8") as handle:
            table = csv.writer(handle)
            table.writerow(["checkpoint", "step", "over", "atoms", "measure", "unit", *PARTS])
            table.writerows(_rows(series))
            table.writerows(_group_rows(series, data.get("groups", [])))
    except OSError as error:
        raise AtlasError(f"cannot write {out}: {error.strerror}") from error


def _rows(series: Series) -> Iterator[list[Any]]:
    atoms = series.record["measured"]["representatives"]
    for t, name in enumerate(series.checkpoints):
        head = [name, float(series.step[t])]
        for measure in MEASURES:
            numbers = [float(getattr(series.overall[measure], part)[t]) for part in PARTS]
            yield [*head, "all", atoms, measure, _stored_unit(measure), *_blanks(numbers)]
        for e, z in enumerate(series.elements):
            for measure in OF_ELEMENTS:
                numbers = [float(getattr(series.of_elements[measure], part)[t, e]) for part in PARTS]
                count = int(series.element_atoms[e])
                yield [*head, symbol(int(z)), count, measure, _stored_unit(measure), *_blanks(numbers)]


def _group_rows(series: Series, groups: list[dict[str, Any]]) -> Iterator[list[Any]]:
    for t, name in enumerate(series.checkpoints):
        for of in groups:
            for measure in GROUPED:
                numbers = [float(of[measure][part][t]) for part in PARTS]
                head = [name, float(series.step[t]), of["group"], of["atoms"], measure]
                yield [*head, _stored_unit(measure), *_blanks(numbers)]


def _blanks(numbers: list[float]) -> list[float | str]:
    return ["" if np.isnan(v) else v for v in numbers]


def print_series(console: Console, series: Series, verdict: Verdict | None = None) -> None:
    """Print a series: measures of each checkpoint, the elements that moved most, flags, and the verdict."""
    say = _sayer(console)
    say(f"{series.title}: {what_it_is(series)}", "bold")
    say(f"{counted(series)}; 95 % intervals over structures")
    if series.trained_on:
        say(f"fine-tuning data hold {', '.join(symbol(z) for z in series.trained_on)}")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("checkpoint", no_wrap=True)
    shown = [m for m in MEASURES.values() if np.isfinite(series.overall[m.id].value).any()]
    for m in shown:
        table.add_column(m.short + (f"\n{m.unit}" if m.unit else ""), no_wrap=True)
    for t, name in enumerate(series.checkpoints):
        table.add_row(escape(name), *(estimate_text(m.id, series.overall[m.id], t, "\n") for m in shown))
    _print_whole(console, table)
    say("")
    say(f"elements that moved most at {series.checkpoints[-1]} (means over symmetry-distinct atoms)")
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in ("element", "atoms", "re-embedded", "frozen", "kept", "forces\nmeV/Å"):
        table.add_column(column, no_wrap=True)
    for e in worst_elements(series)[:WORST]:
        cells = [estimate_text(name, series.of_elements[name], (-1, e)) for name in OF_ELEMENTS]
        z = int(series.elements[e])
        mark = " (in the data)" if z in series.trained_on else ""
        table.add_row(symbol(z) + mark, str(series.element_atoms[e]), *cells)
    _print_whole(console, table)
    _print_forgetting(say, series)
    for note in series.record.get("notes", []):
        say(f"note: {note}")
    if verdict is not None:
        _print_verdict(say, verdict)


def _print_whole(console: Console, table: Table) -> None:
    """Print a table as wide as it is: numbers that are cut short are worse than lines that a terminal wraps."""
    endless = Console(file=console.file, width=10_000)
    needed = Measurement.get(endless, endless.options, table).maximum
    Console(file=console.file, width=max(console.width, needed)).print(table)


def _print_verdict(say: Callable[..., None], verdict: Verdict) -> None:
    say(f"verdict: {'passed' if verdict.passed else 'damaged'}", "bold green" if verdict.passed else "bold red")
    for c in verdict.checks:
        text, limit = c.shown()
        side = "at most" if c.at_most else "at least"
        say(f"  {'passed' if c.passed else 'FAILED'}  {c.label}: {text}, {side} {limit}")


def worst_elements(series: Series) -> list[int]:
    """Places in `Series.elements`, those first whose re-embedded drift at the last checkpoint is largest."""
    last = series.of_elements["reembedded"].value[-1]
    return [int(e) for e in np.argsort(-np.nan_to_num(last, nan=-1.0), kind="stable")]


def estimate_text(measure: str, estimates: Estimates, at: Any, between: str = " ") -> str:
    """A value and its interval in the shown unit."""
    m = MEASURES[measure]
    value, low, high = (float(getattr(estimates, part)[at]) for part in PARTS)
    if np.isnan(low) or low == high:
        return m.shown(value)
    return f"{m.shown(value)}{between}[{m.shown(low)}, {m.shown(high)}]"


def _print_forgetting(say: Callable[..., None], series: Series) -> None:
    f = series.forgetting
    if f is None:
        if series.kind == "fine-tuning":
            say("forgetting: not judged; name runs that differ in their seed only with --siblings")
        return
    flagged = [symbol(int(z)) for z, is_flagged in zip(series.elements, f.flagged, strict=True) if is_flagged]
    say(f"forgetting, {f.n_runs} runs: {', '.join(flagged) if flagged else 'no element is flagged'}")
    say(f"  {f.rule}")


def _sayer(console: Console) -> Callable[..., None]:
    def say(text: str, style: str | None = None) -> None:
        console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    return say
