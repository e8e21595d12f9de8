"""The page's histograms, counted by its script from stored values, against numpy on the values themselves."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

BINS = Path(__file__).resolve().parents[2] / "assets" / "panels" / "bins.js"
COUNT = """
import { readFileSync } from "node:fs";
import { countBins, makeBins } from %s;
const { legend, codes } = JSON.parse(readFileSync(0, "utf8"));
const bins = makeBins(legend);
const { counts, n, missing } = countBins(Uint16Array.from(codes), bins, null);
console.log(JSON.stringify({ edges: [...bins.edges], counts: [...counts], n, missing }));
"""


def counted(values, log=False):
    """Edges and counts as the page finds them, from values stored as `dashboard.quantities` stores them."""
    node = shutil.which("node")
    if node is None:
        if os.environ.get("CI"):
            pytest.fail("node is missing, and CI must not pass without it")
        pytest.skip("node is missing")
    known = np.isfinite(values)
    lo, hi = float(values[known].min()), float(values[known].max())
    legend = {"kind": "number", "lo": lo, "hi": hi, "log": log, "integer": bool((values[known] % 1 == 0).all())}
    scaled, a, b = (np.log10(values), np.log10(lo), np.log10(hi)) if log else (values, lo, hi)
    codes = np.full(len(values), 65_535)
    codes[known] = np.rint((scaled[known] - a) * (65_534 / (b - a)))
    told = json.dumps({"legend": legend, "codes": codes.tolist()})
    script = COUNT % json.dumps(BINS.as_uri())
    run = subprocess.run(
        [node, "--input-type=module", "-e", script], input=told, capture_output=True, text=True, check=True
    )
    return json.loads(run.stdout)


def test_values_of_one_decimal_are_counted_as_numpy_counts_them_though_many_lie_on_edges():
    values = np.round(np.random.default_rng(0).uniform(0, 12, 4000), 1)
    found = counted(values)
    assert found["counts"] == np.histogram(values, found["edges"])[0].tolist()
    assert found["n"] == 4000


def test_whole_numbers_are_counted_as_numpy_counts_them():
    for most in (12, 230, 5000):
        values = np.random.default_rng(1).integers(1, most, 3000).astype(float)
        found = counted(values)
        assert found["counts"] == np.histogram(values, found["edges"])[0].tolist()


@pytest.mark.parametrize("log", [False, True])
def test_any_values_are_counted_to_the_precision_they_are_stored_with(log):
    values = np.exp(np.random.default_rng(2).normal(0, 2, 20_000))
    values[::11] = np.nan
    found = counted(values, log)
    known = values[~np.isnan(values)]
    edges = np.array(found["edges"])
    assert edges[0] <= known.min()
    assert edges[-1] >= known.max()
    assert (found["n"], found["missing"]) == (len(known), 20_000 - len(known))
    exact = np.histogram(known, edges)[0]
    # a value may pass an edge only if the stored steps cannot tell it from the edge
    near = [
        np.sum(np.abs(np.log(known / e)) < 5e-4) if log else np.sum(np.abs(known - e) <= np.ptp(known) / 65_534)
        for e in edges
    ]
    slack = np.array(near[:-1]) + np.array(near[1:])
    assert (np.abs(np.array(found["counts"]) - exact) <= slack).all()
    assert np.abs(np.array(found["counts"]) - exact).sum() <= 0.01 * len(known)
