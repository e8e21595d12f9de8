"""Made-up agreement for the synthetic atlas: runs, anchor counts and a plan of transport, written as the stage does."""

from __future__ import annotations

import numpy as np

from precompute.agreement.metrics import METRICS
from precompute.agreement.records import Run, Score, run_name
from precompute.agreement.stored import write_run
from precompute.store import AtlasFile

KEYS = ("7net-0", "chgnet-r2scan", "mace-untrained", "element-only", "mine<b>")
COUNTS = (5, 10, 20)
REASON = "needs more atoms than anchors: 40 atoms, 20 anchors"


def score(metric: str, n: int, seed: int) -> Score:
    """Values that make the first two models alike, with an interval of 0.02 about each and a null below."""
    of = METRICS[metric]
    rng = np.random.default_rng(seed)
    m = len(KEYS)
    if of.per == "model":
        value = rng.uniform(0, 0.1, m) if metric == "collapse" else rng.uniform(3, 12, m)
        none = np.full(m, np.nan)
        return Score(metric, value, value * 0.95, value * 1.05, none, none, n)
    place = np.array([0.0, 0.1, 0.5, 0.7, 0.9])
    value = 1 - np.abs(place[:, None] - place) * (0.9 if of.scope == "global" else 1.05)
    if not of.symmetric:
        value = value - np.triu(np.full((m, m), 0.04), 1)
    null = np.full((m, m), 0.1)
    if of.alike == "low":
        value, null = 1 - value, np.full((m, m), 0.97)
    np.fill_diagonal(value, 1.0 if of.alike == "high" else 0.0)
    return Score(metric, value, value - 0.02, value + 0.02, null, null + 0.03, n)


def run(atoms: str, level: str, metrics: tuple[str, ...], missing: tuple[str, ...] = ()) -> Run:
    scores = {m: score(m, 40, i) for i, m in enumerate(METRICS) if m in metrics}
    for m in missing:
        scores[m] = Score.missing(m, len(KEYS), 40, REASON)
    name = run_name(atoms, level, "coordinates")
    return Run(name, KEYS, atoms, level, "coordinates", 10, 1000, 0, "", 40, 15, 200, 20, scores)


def add_agreement(file: AtlasFile) -> None:
    """Write all of it, and coordinates of every model."""
    n = file.shape("atoms/structure")[0]
    rng = np.random.default_rng(1)
    numbers = file.read("atoms/atomic_number")
    of_element = rng.normal(size=(120, 20))
    for i, key in enumerate(KEYS):
        coordinates = of_element[numbers] + rng.normal(0, 0.1 + 0.3 * i, (n, 20))
        if key == "chgnet-r2scan":
            coordinates[:3] = np.nan
        file.write(f"models/{key}/coordinates", coordinates.astype(np.float32), ["atom", "anchor"])
    write_run(file, run("representatives", "atom", tuple(m for m in METRICS if m != "lfre"), ("lfre",)))
    write_run(file, run("within-element", "atom", ("procrustes", "cka", "mutual-knn")))
    write_run(file, run("representatives", "structure", ("procrustes", "cka", "mutual-knn")))
    metrics = ("procrustes", "mutual-knn")
    value = 1 - 1 / np.array(COUNTS)[None, None, :, None] * np.array([1, 2])[:, None, None, None]
    value = value + rng.normal(0, 0.02, (2, 3, len(COUNTS), len(metrics)))
    file.write(
        "agreement/anchor-counts/value", value, ["method", "seed", "count", "metric"],
    )  # fmt: skip
    file.require_group(
        "agreement/anchor-counts",
        {"counts": list(COUNTS), "methods": ["direct", "random"], "seeds": [0, 1, 2], "metrics": list(metrics),
         "pairs": [["7net-0", "chgnet-r2scan"]], "n": 40},
    )  # fmt: skip
    symbols = ["O", "Na", "Cl", "Li"]
    plan = np.full((4, 4), 0.02) + np.diag([0.3, 0.2, 0.1, 0.08])
    attrs = {"elements": symbols, "n": 40, "cost": 2.1, "relative": 0.31, "own_element": 0.76,
             "own_element_expected": 0.28, "own_atom": 0.4}  # fmt: skip
    file.require_group("agreement/transport/7net-0~chgnet-r2scan")
    path = "agreement/transport/7net-0~chgnet-r2scan/plan"
    file.write(path, plan / plan.sum(), ["element", "element_to"], attrs)
