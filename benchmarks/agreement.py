"""How long agreement takes, and how much memory: `python -m benchmarks.agreement [ATLAS]`

1. CKNNA of one pair of random spaces, 50,000 x 2,048 float32 each, in a process of its own: seconds and peak resident
   memory (the two spaces are 0.76 GiB of it). By itself: `python -m benchmarks.agreement --cknna`.
2. All metrics over all pairs of eight models on 11,600 atoms, intervals and nulls included, metric by metric. The
   models are the atlas's first eight; where it has fewer atoms they are drawn again with 1 % noise. By itself, with 3:
   `python -m benchmarks.agreement --pairs ATLAS`.
3. The same but transport on 500 atoms, as a page recomputes for a selection.

By themselves, since they take hours: peak resident memory and seconds of every metric over one pair of 50,000 x 2,048,
and of all in one: `python -m benchmarks.agreement --memory`, see `benchmarks.agreement_memory`.

Seconds are those of the clock, and of the processor in brackets; on a machine that is doing other things the latter,
with OMP_NUM_THREADS=1, say what one idle core would take.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks import agreement_memory
from precompute.agreement.cknna import cknna
from precompute.agreement.metrics import METRICS
from precompute.agreement.pairs import compare
from precompute.store import Atlas

N_MODELS, N_ATOMS, N_SELECTED = 8, 11_600, 500
N_RANDOM, WIDTH = 50_000, 2_048


def time_cknna() -> None:
    rng = np.random.default_rng(0)
    x, y = (rng.standard_normal((N_RANDOM, WIDTH), dtype=np.float32) for _ in range(2))
    started, began = time.perf_counter(), time.process_time()
    value = cknna(x, y)
    seconds, busy = time.perf_counter() - started, time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    took = f"{seconds:,.0f} s ({busy:,.0f} s)"
    print(f"CKNNA of {N_RANDOM:,} x {WIDTH:,}: {value:.5f} in {took}, {peak:.2f} GiB resident at most")


def time_pairs(atlas: Atlas) -> None:
    keys = atlas.model_keys[:N_MODELS]
    coordinates = {k: atlas.model(k).coordinates for k in keys}
    structure, numbers = atlas.atoms("structure"), atlas.atoms("atomic_number")
    known = np.flatnonzero(np.logical_and.reduce([np.isfinite(x).all(axis=1) for x in coordinates.values()]))
    rng = np.random.default_rng(0)
    rows = known[:N_ATOMS]
    if len(known) < N_ATOMS:
        rows = np.concatenate([known, rng.choice(known, N_ATOMS - len(known))])
        coordinates = {k: x + 0.01 * x[known].std() * rng.normal(size=x.shape) for k, x in coordinates.items()}
    print(f"\n{atlas.title}, {len(keys)} models: {', '.join(keys)}\n")
    print(f"| metric | {len(rows):,} atoms, s | {N_SELECTED} atoms, s |")
    print("|---|---|---|")
    large = timed(coordinates, structure, numbers, rows, tuple(METRICS))
    few = np.sort(rng.permutation(known)[:N_SELECTED])
    small = timed(coordinates, structure, numbers, few, tuple(m for m in METRICS if m != "transport"))
    for name in METRICS:
        print(f"| {name} | {said(large[name], 1)} | {said(small[name], 2) if name in small else ''} |")
    print(
        f"| all | {said(np.sum(list(large.values()), axis=0), 0)} | {said(np.sum(list(small.values()), axis=0), 2)} |"
    )


def said(seconds: np.ndarray, digits: int) -> str:
    return f"{seconds[0]:.{digits}f} ({seconds[1]:.{digits}f})"


def timed(
    coordinates: dict[str, np.ndarray],
    structure: np.ndarray,
    numbers: np.ndarray,
    rows: np.ndarray,
    metrics: tuple[str, ...],
) -> dict[str, np.ndarray]:
    """Seconds that each metric takes, by the clock and the processor; what several share is with the first of them."""
    of = {k: x[rows].astype(np.float64) for k, x in coordinates.items()}
    seconds: dict[str, np.ndarray] = {}
    last = clocks()

    def done(name: str) -> None:
        nonlocal last
        now = clocks()
        seconds[name] = now - last
        last = now

    compare(of, structure[rows], numbers=numbers[rows], metrics=metrics, on_metric=done)
    return seconds


def clocks() -> np.ndarray:
    return np.array([time.perf_counter(), time.process_time()])


def main(arguments: list[str]) -> None:
    if arguments == ["--cknna"]:
        time_cknna()
        return
    if arguments[:1] == ["--memory"]:
        agreement_memory.table(arguments[1:])
        return
    if arguments[:1] == ["--pairs"]:
        time_pairs(Atlas(arguments[1]))
        return
    path = Path(arguments[0] if arguments else "demo/catalogue.zarr")
    subprocess.run([sys.executable, "-m", "benchmarks.agreement", "--cknna"], check=True)
    time_pairs(Atlas(path))


if __name__ == "__main__":
    main(sys.argv[1:])
