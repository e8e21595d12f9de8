"""How much memory each score takes over one pair of spaces: `python -m benchmarks.agreement --memory [N P [METRICS]]`

N atoms (50,000), P features of each by both models (2,048), random, float32; every metric in a process of its own, then
all in one, with intervals and 20 permutations. METRICS are ids, comma-separated; ``all`` is all in one. Peak resident
memory is that of the whole process: interpreter and libraries, the two spaces, and what the score needs besides. Of the
three, the spaces are there before the score is asked for.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time

import numpy as np

from precompute.agreement.metrics import METRICS
from precompute.agreement.pairs import compare

N_ATOMS, WIDTH = 50_000, 2_048
ATOMS_PER_STRUCTURE = 4
ALL = "all"


def table(arguments: list[str]) -> None:
    n, width = (int(arguments[0]), int(arguments[1])) if len(arguments) > 1 else (N_ATOMS, WIDTH)
    names = arguments[2].split(",") if len(arguments) > 2 else [*METRICS, ALL]
    print(f"One pair of {n:,} x {width:,} float32, {2 * 4 * n * width / 1e9:.2f} GB\n")
    print("| metric | peak resident, GB | over the pair | s, clock (processor) | value or reason |")
    print("|---|---|---|---|---|", flush=True)
    for name in names:
        command = [sys.executable, "-m", "benchmarks.agreement_memory", name, str(n), str(width)]
        subprocess.run(command, check=True)


def measure(name: str, n: int, width: int) -> None:
    rng = np.random.default_rng(0)
    spaces = {key: rng.standard_normal((n, width), dtype=np.float32) for key in ("a", "b")}
    pair = sum(x.nbytes for x in spaces.values())
    started, began = time.perf_counter(), time.process_time()
    metrics = tuple(METRICS) if name == ALL else (name,)
    structure = np.arange(n) // ATOMS_PER_STRUCTURE
    run = compare(spaces, structure, numbers=np.full(n, 8), metrics=metrics)
    seconds, busy = time.perf_counter() - started, time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    said = f"{sum(not s.reason for s in run.scores.values())} of {len(metrics)} scores"
    if name != ALL:
        score = run.scores[name]
        said = score.reason or ", ".join(f"{v:.5f}" for v in score.value.reshape(-1)[:2])
    print(f"| {name} | {peak / 1e9:.2f} | {peak / pair:.2f} | {seconds:,.0f} ({busy:,.0f}) | {said} |", flush=True)


if __name__ == "__main__":
    measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
