"""Agreement in an atlas.

agreement/runs/<name>/<metric>/{value, low, high, null, null_high}
agreement/transport/<a>~<b>/plan
agreement/anchor-counts/{value, spread}
"""

from __future__ import annotations

from dataclasses import fields

import numpy as np

from precompute.agreement.metrics import METRICS
from precompute.agreement.records import PARTS, AnchorCounts, Run, Score
from precompute.agreement.transport import ElementPlan, Transport
from precompute.store import Atlas, AtlasFile

RUNS = "agreement/runs"
TRANSPORT = "agreement/transport"
ANCHOR_COUNTS = "agreement/anchor-counts"


def runs(atlas: Atlas) -> dict[str, Run]:
    """The runs that an atlas holds, by name; none in an atlas without any.

    Metrics that this version does not know are left out.
    """
    return {name: read_run(atlas.file, name) for name in atlas.file.names(RUNS, "groups")}


def read_run(file: AtlasFile, name: str) -> Run:
    """The run of that name, which must be there."""
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


def write_plan(file: AtlasFile, a: str, b: str, plan: ElementPlan, whole: Transport) -> None:
    """Write the transport plan from model a to model b, summed by element, (E, E); from b to a it is the transpose."""
    symbols = file.read("elements/symbol")
    attrs = {
        "elements": [str(symbols[z - 1]) for z in plan.numbers],
        "n": len(whole.match),
        "cost": whole.cost,
        "relative": whole.relative,
        "own_element": plan.own,
        "own_element_expected": plan.expected,
        "own_atom": whole.own_atom,
    }
    file.require_group("agreement")
    file.require_group(TRANSPORT)
    file.require_group(f"{TRANSPORT}/{a}~{b}")
    file.write(f"{TRANSPORT}/{a}~{b}/plan", plan.mass, ["element", "element_to"], attrs)


def write_anchor_counts(file: AtlasFile, counts: AnchorCounts) -> None:
    """Write agreement against the number of anchors: means over pairs, their spread over seeds, and each pair."""
    file.delete(ANCHOR_COUNTS)
    file.require_group("agreement")
    attrs = {
        "counts": counts.counts.tolist(),
        "methods": list(counts.methods),
        "seeds": counts.seeds.tolist(),
        "metrics": list(counts.metrics),
        "models": list(counts.models),
        "pairs": [list(pair) for pair in counts.pairs],
        "n": counts.n,
        "n_candidates": counts.n_candidates,
    }
    file.require_group(ANCHOR_COUNTS, attrs)
    file.write(f"{ANCHOR_COUNTS}/value", counts.value, ["method", "seed", "count", "metric"])
    file.write(f"{ANCHOR_COUNTS}/spread", counts.spread, ["method", "count", "metric"])
    file.write(f"{ANCHOR_COUNTS}/by_pair", counts.by_pair, ["method", "seed", "count", "metric", "pair"])


def anchor_counts_of(atlas: Atlas) -> AnchorCounts | None:
    """What `write_anchor_counts` wrote; None in an atlas without."""
    if not atlas.file.has(ANCHOR_COUNTS):
        return None
    attrs = atlas.file.attrs(ANCHOR_COUNTS)
    return AnchorCounts(
        models=tuple(attrs["models"]),
        methods=tuple(attrs["methods"]),
        seeds=np.array(attrs["seeds"], np.int64),
        counts=np.array(attrs["counts"], np.int64),
        metrics=tuple(attrs["metrics"]),
        by_pair=atlas.file.read(f"{ANCHOR_COUNTS}/by_pair"),
        n=int(attrs["n"]),
        n_candidates=int(attrs["n_candidates"]),
    )
