"""What fine-tuning on the copper dimer does to gold: `python -m benchmarks.cu_dimers ATLAS [--out FOLDER]`

CHGNet and SevenNet are fine-tuned on the bundled curve (labels of another family), naively and with replay of catalogue
crystals, three seeds each; the last checkpoint of each run is followed over the whole atlas. Printed as tables: errors
on the curve, drift of copper, gold and all elements with intervals over seeds, what replay changes, beside the smallest
change that three seeds would have shown. `--without-au` adds replay from which gold is kept out: the crystals of an
atlas of the catalogue are among the replayed ones. With `--out`, runs are kept, and an interrupted one goes on.

Two runs side by side, one thread each. The atlas is only read.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from scipy import stats

from precompute.contracts import AtlasError
from precompute.drift import movement
from precompute.drift.forgetting import forgetting
from precompute.elements import table
from precompute.finetuning import records
from precompute.progress import Display
from precompute.stages.checkpoints import followed
from precompute.stages.drift import Drifted, Settings, drift
from precompute.store import Atlas

MODELS = ("chgnet-0.3.0", "7net-0")
STRATEGIES = {"naive": ("--strategy", "naive"), "replay": ("--strategy", "replay")}
WITHOUT_AU = {"replay without Au": ("--strategy", "replay", "--replay-without", "Au")}
SEEDS = (0, 1, 2)
SHARED = ("--data", "cu-dimers", "--epochs", "20", "--batch-size", "8", "--learning-rate", "1e-3",
          "--checkpoint-every", "20", "--replay", "64", "--replay-per-batch", "4", "--threads", "1")  # fmt: skip
COPPER, GOLD = 29, 79
SIDE_BY_SIDE = 2
POWER = 0.8


def train(folder: Path, model: str, strategy: str, how: tuple[str, ...], seed: int) -> records.RunRecord:
    """Do one run, or what is left of it."""
    out = folder / f"{model}-{strategy.replace(' ', '-')}-seed{seed}"
    command = [sys.executable, "-m", "precompute", "finetune", "--model", model, "--seed", str(seed), "--out", str(out)]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, *SHARED, *how], env=alone, capture_output=True, text=True)
    if done.returncode:
        raise AtlasError(f"{model}, {strategy}, seed {seed}: {done.stderr.strip()}")
    print(f"{model}, {strategy}, seed {seed}: trained", file=sys.stderr, flush=True)
    return records.read_run(out)


def follow(atlas: Atlas, folder: Path, model: str, runs: dict[tuple[str, int], records.RunRecord]) -> Drifted:
    """Measure the last checkpoints of all runs of a model, in their order, as one series: the base is run once."""
    found = [followed(model, [str(folder / f"{model}-{s.replace(' ', '-')}-seed{seed}")]) for s, seed in runs]
    last = [replace(f.checkpoints[-1], step=float(i)) for i, f in enumerate(found, start=1)]
    series = replace(found[0], checkpoints=tuple(last), siblings={}, step_unit="checkpoint")
    return drift(atlas, series, Settings(), Display(Console(stderr=True)))


def interval(values: NDArray[np.floating]) -> str:
    """Mean over seeds with its 95 % interval, by Student's t."""
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return f"{values.mean():.3g} ± {half:.2g}"


def smallest_seen(differences: NDArray[np.floating]) -> float:
    """The mean difference that a paired two-sided t test at 5 % finds four times in five, given this spread.

    Where the power ``P(|T| > t_0.975)`` of T, noncentral t with n - 1 degrees of freedom and noncentrality
    ``sqrt(n) d / s``, is 0.8.
    """
    n = len(differences)
    limit = stats.t.ppf(0.975, n - 1)
    candidates = np.linspace(0.0, 20.0, 4001)
    power = stats.nct.sf(limit, n - 1, candidates) + stats.nct.cdf(-limit, n - 1, candidates)
    return float(candidates[np.argmax(power >= POWER)] * differences.std(ddof=1) / np.sqrt(n))


def flagged(drifted: Drifted, atlas: Atlas, rows: list[int]) -> tuple[int, int, bool]:
    """Of the elements but copper, how many runs of one strategy moved by more than runs differ; whether gold is one."""
    atom, orbit = drifted.series.atom, atlas.atoms("orbit")[drifted.series.atom]
    coordinates = [movement.reembedded(drifted.atoms[i], drifted.anchors[i]) for i in (0, *rows)]
    usable = (orbit == atom) & np.logical_and.reduce([np.isfinite(c).all(axis=1) for c in coordinates])
    base, *last = (c[usable] for c in coordinates)
    structure, numbers = (atlas.atoms(name)[atom[usable]] for name in ("structure", "atomic_number"))
    found = forgetting(base, last, structure, numbers, (COPPER,), drifted.series.elements)
    tested = np.isfinite(found.null) & (drifted.series.elements != COPPER)
    return int(found.flagged.sum()), int(tested.sum()), bool(found.flagged[drifted.series.elements == GOLD].any())


def report(atlas: Atlas, model: str, runs: dict[tuple[str, int], records.RunRecord], drifted: Drifted) -> None:
    """Print one model's tables."""
    series = drifted.series
    strategies = list(dict.fromkeys(s for s, _ in runs))
    rows = {s: [i for i, (other, _) in enumerate(runs, start=1) if other == s] for s in strategies}
    first = next(iter(runs.values()))
    print(f"\n### {model}, labels of the curve: {first.data.labels}\n")
    print(
        f"{first.data.n_structures} dimers, {first.settings['updates']} updates, {len(SEEDS)} seeds; means over seeds "
    )
    print("with 95 % intervals (Student's t).\n")
    print("| strategy | energy error on the curve, meV/atom, before → after | force error, meV/Å, before → after |")
    print("|---|---|---|")
    for s in strategies:
        last = [r.checkpoints[-1] for (other, _), r in runs.items() if other == s]
        energy, force = (np.array([getattr(c, n) for c in last]) * 1000 for n in ("energy_mae", "force_mae"))
        before = first.before
        print(f"| {s} | {before.energy_mae * 1000:.3g} → {interval(energy)} "
              f"| {before.force_mae * 1000:.3g} → {interval(force)} |")  # fmt: skip
    counts = dict(zip(series.elements.tolist(), series.element_atoms.tolist(), strict=True))
    column = {z: series.elements.tolist().index(z) for z in (COPPER, GOLD)}
    quantities: dict[str, NDArray[np.float64]] = {}
    for name, of in (("re-embedded", "reembedded"), ("frozen", "frozen")):
        for symbol, z in (("Au", GOLD), ("Cu", COPPER)):
            quantities[f"drift of {symbol}, {name}"] = series.of_elements[of].value[:, column[z]]
        quantities[f"drift of all atoms, {name}"] = series.overall[of].value
    quantities["force change on Au, eV/Å"] = series.of_elements["forces"].value[:, column[GOLD]]
    quantities["force change on all atoms, eV/Å"] = series.overall["forces"].value
    quantities["energy change, eV/atom"] = series.overall["energy"].value
    print(f"\nOver {sum(counts.values()):,} symmetry-distinct atoms in {len(series.structure):,} structures; "
          f"{counts[GOLD]} of gold, {counts[COPPER]} of copper.\n")  # fmt: skip
    print("| | " + " | ".join(strategies) + " | " + " | ".join(f"naive − {s}" for s in strategies[1:])
          + " | smallest difference found 4 times in 5 |")  # fmt: skip
    print("|---" * (2 * len(strategies) + 1) + "|")
    for name, values in quantities.items():
        of = {s: values[rows[s]] for s in strategies}
        apart = [of["naive"] - of[s] for s in strategies[1:]]
        cells = [interval(of[s]) for s in strategies] + [interval(d) for d in apart]
        print(f"| {name} | " + " | ".join(cells) + f" | {max(map(smallest_seen, apart)):.2g} |")
    for s in strategies:
        count, tested, gold = flagged(drifted, atlas, rows[s])
        print(f"\n{s}: {count} of {tested} elements besides copper moved by more than run-to-run noise; gold is "
              f"{'one' if gold else 'none'} of them.", end="")  # fmt: skip
    low, high = (getattr(series.of_elements["reembedded"], part)[:, column[GOLD]] for part in ("low", "high"))
    for s in strategies:
        i = rows[s][0]
        print(f"\n{s}, seed {SEEDS[0]}: drift of gold {series.of_elements['reembedded'].value[i, column[GOLD]]:.3g} "
              f"[{low[i]:.3g}, {high[i]:.3g}], structures resampled.", end="")  # fmt: skip
    print()


def main() -> None:
    """Train, follow, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("atlas", type=Path)
    parser.add_argument("--out", type=Path, help="where runs are kept; a temporary folder by default")
    parser.add_argument("--models", default=",".join(MODELS), help="keys of the bases, comma-separated")
    parser.add_argument("--without-au", action="store_true", help="also replay without gold")
    asked = parser.parse_args()
    models = asked.models.split(",")
    strategies = {**STRATEGIES, **(WITHOUT_AU if asked.without_au else {})}
    atlas = Atlas(asked.atlas)
    symbols = table()["symbol"]
    missing = [str(symbols[z - 1]) for z in (COPPER, GOLD) if z not in atlas.atoms("atomic_number")]
    if missing:
        sys.exit(f"{asked.atlas} holds no {' and no '.join(missing)}; name an atlas that does")
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        started = time.monotonic()
        # the slow ones first, so that both cores are busy to the end
        jobs = [(m, s, seed) for s in reversed(strategies) for m in reversed(models) for seed in SEEDS]
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            trained = dict(
                zip(jobs, pool.map(lambda j: train(folder, j[0], j[1], strategies[j[1]], j[2]), jobs), strict=True)
            )
        trained_in = time.monotonic() - started
        for model in models:
            runs = {(s, seed): trained[model, s, seed] for s in strategies for seed in SEEDS}
            report(atlas, model, runs, follow(atlas, folder, model, runs))
        followed_in = time.monotonic() - started - trained_in
    print(f"\n{len(jobs)} runs in {trained_in:,.0f} s, followed in {followed_in:,.0f} s.")


if __name__ == "__main__":
    main()
