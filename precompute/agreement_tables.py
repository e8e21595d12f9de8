"""A run of agreement as tables: on the terminal, as plain data, as a file."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from precompute.agreement.metrics import METRICS
from precompute.agreement.records import PARTS, Run, Score
from precompute.as_json import as_json
from precompute.contracts import AtlasError

CONTROLS = ("student", "untrained", "control")
COLUMN = 7
WIDE = 120
PLURAL = {"atom": "atoms", "structure": "structures", "cumulants": "structures"}


def run_data(run: Run, statuses: Mapping[str, str]) -> dict[str, Any]:
    """Everything about a run as plain data; matrices as lists of rows."""
    plain = {
        name: getattr(run, name)
        for name in ("name", "atoms", "level", "space", "k", "sample", "seed", "select", "n_atoms", "n_structures",
                     "resamples", "permutations")
    }  # fmt: skip
    scores = {}
    for name, score in run.scores.items():
        metric = METRICS[name]
        scores[name] = {
            "label": metric.label, "alike": metric.alike, "meaning": metric.meaning, "source": metric.source,
            "n": score.n, "reason": score.reason, **{part: getattr(score, part).tolist() for part in PARTS},
        }  # fmt: skip
    models = [{"key": key, "status": statuses[key]} for key in run.models]
    return {**plain, "models": models, "scores": scores}


def write_run_table(run: Run, statuses: Mapping[str, str], out: Path) -> None:
    """Write a run to a ``.json`` file, or to a ``.csv`` of one row a pair of models (or a model) and metric.

    Raises
    ------
    AtlasError
        Where the file cannot be written.
    """
    try:
        if out.suffix == ".json":
            out.write_text(as_json(run_data(run, statuses)) + "\n", encoding="utf-8")
            return
        with out.open("w", newline="", encoding="utf-8") as handle:
            table = csv.writer(handle)
            table.writerow(["metric", "model", "model_to", *PARTS, "n", "reason"])
            table.writerows(_rows(run))
    except OSError as error:
        raise AtlasError(f"cannot write {out}: {error.strerror}") from error


def _rows(run: Run) -> Iterator[list[Any]]:
    for name, score in run.scores.items():
        for at in np.ndindex(score.value.shape):
            of = [run.models[i] for i in at]
            numbers = [float(getattr(score, part)[at]) for part in PARTS]
            yield [name, of[0], of[1] if len(of) > 1 else "", *("" if np.isnan(v) else v for v in numbers),
                   score.n, score.reason]  # fmt: skip


def print_run(console: Console, run: Run, statuses: Mapping[str, str]) -> None:
    """Print a run: a matrix a metric, then what was found of each model by itself."""
    say = _sayer(console)
    chosen = f", {run.select!r}" if run.select else ""
    say(f"{run.name}{chosen}: {run.n_atoms:,} atoms of {run.n_structures:,} structures, {run.space}, seed {run.seed}")
    say(
        f"intervals: 95 %, {run.resamples} resamples of structures; nulls: atoms, not structures, permuted; k = {run.k}"
    )
    for name, score in run.scores.items():
        if METRICS[name].per == "pair":
            say("")
            _print_pairs(console, run, score, statuses)
    single = [s for name, s in run.scores.items() if METRICS[name].per == "model"]
    if single:
        say("")
        _print_models(console, run, single)


def _print_pairs(console: Console, run: Run, score: Score, statuses: Mapping[str, str]) -> None:
    say = _sayer(console)
    metric = METRICS[score.metric]
    say(f"{metric.label} ({metric.id}); {metric.alike} is alike; {score.n:,} {PLURAL[run.level]}", "bold")
    if score.reason:
        say(f"  none: {score.reason}")
        return
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0))
    width = max(map(len, run.models)) + 4
    table.add_column("from" if not metric.symmetric else "", no_wrap=True, width=width)
    for i in range(len(run.models)):
        table.add_column(str(i + 1), justify="right", no_wrap=True, width=COLUMN)
    for i, key in enumerate(run.models):
        cells = [
            _value(score, i, j) if j >= i or not metric.symmetric else _number(score.null[i, j])
            for j in range(len(run.models))
        ]
        table.add_row(f"{i + 1:2d} {key}", *cells, style="dim" if statuses[key] in CONTROLS else "")
    wide = width + (COLUMN + 1) * len(run.models) + 1
    Console(file=console.file, width=max(console.width, wide)).print(table)
    where = (
        "score and half its interval; below the diagonal its null" if metric.symmetric else "score and half interval"
    )
    say(f"  {where}. Means over pairs: {_means(run, score, statuses)}")


def _value(score: Score, i: int, j: int) -> str:
    half = (score.high[i, j] - score.low[i, j]) / 2.0
    return _number(score.value[i, j]) + (f"\n±{half:.3f}" if np.isfinite(half) and i != j else "")


def _number(value: float) -> str:
    return "" if np.isnan(value) else f"{value:.3f}"


def group_means(run: Run, score: Score, statuses: Mapping[str, str]) -> dict[str, float]:
    """Mean score over pairs of pretrained models, of those with each kind of control, and of the null."""
    kinds = np.array([_kind(key, statuses[key]) for key in run.models])
    real = kinds == "pretrained"
    off = ~np.eye(len(kinds), dtype=bool)
    result = {"between pretrained models": _mean(score.value, np.outer(real, real) & off)}
    for kind in ("student", "untrained", "element-only"):
        other = kinds == kind
        result[f"of these with {kind}"] = _mean(score.value, np.outer(real, other) | np.outer(other, real))
    result["permuted"] = _mean(score.null, np.outer(real, real) & off)
    return {k: v for k, v in result.items() if np.isfinite(v)}


def _kind(key: str, status: str) -> str:
    if status in ("pretrained", "fine-tuned"):
        return "pretrained"
    return "element-only" if key == "element-only" else status


def _mean(values: NDArray[np.float64], where: NDArray[np.bool_]) -> float:
    found = values[where & np.isfinite(values)]
    return float(found.mean()) if len(found) else np.nan


def _means(run: Run, score: Score, statuses: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {value:.3f}" for name, value in group_means(run, score, statuses).items())


def _print_models(console: Console, run: Run, scores: list[Score]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("model", no_wrap=True)
    for score in scores:
        table.add_column(f"{METRICS[score.metric].label} ({score.n:,} {PLURAL[run.level]})", no_wrap=True)
    for i, key in enumerate(run.models):
        cells = [
            _number(s.value[i]) + (f" [{s.low[i]:.3f}, {s.high[i]:.3f}]" if np.isfinite(s.low[i]) else "")
            for s in scores
        ]
        table.add_row(key, *cells)
    Console(file=console.file, width=max(console.width, WIDE)).print(table)
    for score in scores:
        if score.reason:
            _sayer(console)(f"  {METRICS[score.metric].label}: none: {score.reason}")


def _sayer(console: Console) -> Callable[..., None]:
    def say(text: str, style: str | None = None) -> None:
        console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    return say
