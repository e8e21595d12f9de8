"""Runs of agreement in an atlas: ``agreement/runs/<name>/<metric>/{value, low, high, null, null_high}``."""

from __future__ import annotations

from dataclasses import fields

from precompute.agreement.metrics import METRICS
from precompute.agreement.records import PARTS, Run, Score
from precompute.store import Atlas, AtlasFile

RUNS = "agreement/runs"


def runs(atlas: Atlas) -> dict[str, Run]:
    """The runs that an atlas holds, by name; none in an atlas without any.

    Metrics that this version does not know are left out.
    """
    return {name: _read(atlas.file, name) for name in atlas.file.names(RUNS, "groups")}


def _read(file: AtlasFile, name: str) -> Run:
    base = f"{RUNS}/{name}"
    attrs = file.attrs(base)
    scores = {}
    for metric in file.names(base, "groups"):
        if metric in METRICS:
            of = file.attrs(f"{base}/{metric}")
            parts = {part: file.read(f"{base}/{metric}/{part}") for part in PARTS}
            scores[metric] = Score(metric, **parts, n=int(of["n"]), reason=str(of["reason"]))
    plain = {f.name: attrs[f.name] for f in fields(Run) if f.name != "scores"}
    in_order = {m: scores[m] for m in METRICS if m in scores}
    return Run(**{**plain, "models": tuple(attrs["models"])}, scores=in_order)


def write_run(file: AtlasFile, run: Run) -> None:
    """Write a run, replacing one of its name. The file is one that is being made, not one that others read."""
    base = f"{RUNS}/{run.name}"
    file.delete(base)
    plain = {f.name: getattr(run, f.name) for f in fields(Run) if f.name != "scores"}
    file.require_group("agreement")
    file.require_group(RUNS)
    file.require_group(base, {**plain, "models": list(run.models)})
    for metric, score in run.scores.items():
        file.require_group(f"{base}/{metric}", {"n": score.n, "reason": score.reason})
        dims = ["model", "model_to"][: score.value.ndim]
        for part in PARTS:
            file.write(f"{base}/{metric}/{part}", getattr(score, part), dims)
