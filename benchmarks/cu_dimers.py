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
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from scipy import stats

from precompute.contracts import AtlasError
from precompute.drift.records import Series
from precompute.elements import table
from precompute.finetuning import records
from precompute.progress import Display
from precompute.stages.checkpoints import followed
from precompute.stages.drift import Settings, drift_all
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

Runs = dict[tuple[str, int], records.RunRecord]


def _of(element: int, measure: str) -> Callable[[Series], float]:
    """Mean over an element's atoms at the last checkpoint."""
    return lambda series: float(series.of_elements[measure].value[-1, series.elements.tolist().index(element)])


def _overall(measure: str) -> Callable[[Series], float]:
    return lambda series: float(series.overall[measure].value[-1])


QUANTITIES = {
    "drift of Au, re-embedded": _of(GOLD, "reembedded"),
    "drift of Cu, re-embedded": _of(COPPER, "reembedded"),
    "drift of all atoms, re-embedded": _overall("reembedded"),
    "drift of Au, frozen": _of(GOLD, "frozen"),
    "drift of Cu, frozen": _of(COPPER, "frozen"),
    "drift of all atoms, frozen": _overall("frozen"),
    # no forces on gold: in most crystals at rest symmetry makes them zero
    "force change on all atoms, eV/Å": _overall("forces"),
    "energy change of all crystals, eV/atom": _overall("energy"),
}


def train(folder: Path, model: str, strategy: str, how: tuple[str, ...], seed: int) -> records.RunRecord:
    """Do one run, or what is left of it."""
    out = _folder(folder, model, strategy, seed)
    command = [sys.executable, "-m", "precompute", "finetune", "--model", model, "--seed", str(seed), "--out", str(out)]
    alone = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run([*command, *SHARED, *how], env=alone, capture_output=True, text=True)
    if done.returncode:
        raise AtlasError(f"{model}, {strategy}, seed {seed}: {done.stderr.strip()}")
    print(f"{model}, {strategy}, seed {seed}: trained", file=sys.stderr, flush=True)
    return records.read_run(out)


def follow(atlas: Atlas, folder: Path, model: str, runs: Runs, settings: Settings) -> dict[tuple[str, int], Series]:
    """Measure the last checkpoint of every run of a model, with the runs of its strategy as siblings."""
    asked = []
    for strategy, seed in runs:
        siblings = [_folder(folder, model, s, other) for s, other in runs if s == strategy and other != seed]
        run = followed(model, [str(_folder(folder, model, strategy, seed))], siblings=siblings)
        asked.append(replace(run, checkpoints=run.checkpoints[-1:]))
    drifted = drift_all(atlas, asked, settings, Display(Console(stderr=True)))
    return {key: d.series for key, d in zip(runs, drifted, strict=True)}


def _folder(folder: Path, model: str, strategy: str, seed: int) -> Path:
    return folder / f"{model}-{strategy.replace(' ', '-')}-seed{seed}"


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


def report(model: str, runs: Runs, series: dict[tuple[str, int], Series], with_gold: NDArray[np.integer]) -> None:
    """Print one model's tables; `with_gold` are the structures that hold gold."""

    def energy_with_gold(of: Series) -> float:
        return float(np.abs(of.energy[-1, np.isin(of.structure, with_gold)]).mean())

    strategies = list(dict.fromkeys(s for s, _ in runs))
    first = next(iter(runs.values()))
    print(f"\n### {model}, labels of the curve: {first.data.labels}\n")
    print(f"{first.data.n_structures} dimers, {first.settings['updates']} updates; means over {len(SEEDS)} seeds with")
    print("95 % intervals (Student's t).\n")
    print("| strategy | energy error on the curve, meV/atom, before → after | force error, meV/Å, before → after |")
    print("|---|---|---|")
    for s in strategies:
        last = [r.checkpoints[-1] for (other, _), r in runs.items() if other == s]
        energy, force = (np.array([getattr(c, n) for c in last]) * 1000 for n in ("energy_mae", "force_mae"))
        before = first.before
        print(f"| {s} | {before.energy_mae * 1000:.3g} → {interval(energy)} "
              f"| {before.force_mae * 1000:.3g} → {interval(force)} |")  # fmt: skip
    one = next(iter(series.values()))
    counts = dict(zip(one.elements.tolist(), one.element_atoms.tolist(), strict=True))
    print(f"\nOver {sum(counts.values()):,} symmetry-distinct atoms in {len(one.structure):,} structures; "
          f"{counts[GOLD]} of gold, {counts[COPPER]} of copper.\n")  # fmt: skip
    print("| | " + " | ".join(strategies) + " | " + " | ".join(f"naive − {s}" for s in strategies[1:])
          + " | smallest difference found 4 times in 5 |")  # fmt: skip
    print("|---" * (2 * len(strategies) + 1) + "|")
    for name, of_series in {**QUANTITIES, "energy change of crystals with Au, eV/atom": energy_with_gold}.items():
        of = {s: np.array([of_series(series[s, seed]) for seed in SEEDS]) for s in strategies}
        if np.isfinite([*of.values()]).all():
            apart = [of["naive"] - of[s] for s in strategies[1:]]
            cells = [interval(v) for v in (*of.values(), *apart)]
            print(f"| {name} | " + " | ".join(cells) + f" | {max(map(smallest_seen, apart)):.2g} |")
    for s in strategies:
        run = series[s, SEEDS[0]]
        found, gold = run.forgetting, run.elements.tolist().index(GOLD)
        drift = run.of_elements["reembedded"]
        print(f"\n{s}: ", end="")
        if found is not None:
            tested = np.isfinite(found.null) & (run.elements != COPPER)
            print(f"{found.flagged.sum()} of {tested.sum()} elements besides copper moved beyond run-to-run noise; "
                  f"gold {'did' if found.flagged[gold] else 'did not'} ({found.drift[gold]:.3g}, interval from "
                  f"{found.low[gold]:.3g}, limit {found.null[gold]:.3g}). ", end="")  # fmt: skip
        print(f"In seed {SEEDS[0]}, gold drifted by {drift.value[-1, gold]:.3g} "
              f"[{drift.low[-1, gold]:.3g}, {drift.high[-1, gold]:.3g}], structures resampled.")  # fmt: skip


def main() -> None:
    """Train, follow, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("atlas", type=Path)
    parser.add_argument("--out", type=Path, help="where runs are kept; a temporary folder by default")
    parser.add_argument("--models", default=",".join(MODELS), help="keys of the bases, comma-separated")
    parser.add_argument("--without-au", action="store_true", help="also replay without gold")
    parser.add_argument("--no-outputs", action="store_true", help="leave energies and forces of the atlas out")
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
            measured = follow(atlas, folder, model, runs, Settings(outputs=not asked.no_outputs))
            report(model, runs, measured, np.unique(atlas.atoms("structure")[atlas.atoms("atomic_number") == GOLD]))
        followed_in = time.monotonic() - started - trained_in
    print(f"\n{len(jobs)} runs in {trained_in:,.0f} s, followed in {followed_in:,.0f} s.")


if __name__ == "__main__":
    main()
