"""How often 95 % intervals of agreement hold the score that they are for: `python -m benchmarks.coverage [ATLAS]`

Samples of structures are drawn anew many times, as many structures each time, two models compared by every metric, and
the intervals counted that hold the mean of the score over all samples: the score of that many structures, whichever
they are. Populations:

1. `alike`: two models that see most of the same six directions; 80 structures of one to four atoms.
2. `heavy`: two models of twelve elements, structures that stray as Student's t with 4 degrees of freedom; 60 structures
   of one to eight atoms.
3. With an atlas: 100 of its structures, by their orbit representatives and its models `chgnet-0.3.0` and `7net-0` (or
   its first two). They are drawn without replacement, so that scores stray less than over all crystals there are: by
   sqrt(1 - f), with f the share of the structures that are drawn. What they stray is widened by as much.

Printed are the share of intervals that hold, and how wide they are over how wide the scores' own standard deviation
would make them. `--draws N` sets the number of samples (1,000 by default); what chance leaves open stands below the
table. Every core computes samples of its own: set OMP_NUM_THREADS=1.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from multiprocessing import Pool

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.metrics import METRICS
from precompute.agreement.pairs import compare
from precompute.store import Atlas

NAMES = tuple(name for name in METRICS if name not in ("transport", "collapse"))
DRAWS = 1_000
LEVEL = 0.95
N_STRUCTURES = 100
PAIR = ("chgnet-0.3.0", "7net-0")
NORMAL = 2.0 * 1.96


@dataclass(frozen=True, eq=False)
class Drawn:
    """Two models' features of a sample of atoms, their structures and elements."""

    features: dict[str, NDArray[np.floating]]
    structure: NDArray[np.integer]
    numbers: NDArray[np.integer]


def alike(seed: int, n: int = 80) -> Drawn:
    rng = np.random.default_rng(1_000_000 + seed)
    structure = np.repeat(np.arange(n), rng.integers(1, 5, n))
    common = rng.normal(size=(n, 6))[structure] + 0.6 * rng.normal(size=(len(structure), 6))
    of = {}
    for key in ("a", "b"):
        into = np.random.default_rng(ord(key)).normal(size=(6, 10))
        of[key] = np.tanh(0.5 * common @ into) + 0.2 * rng.normal(size=(len(structure), 10))
    return Drawn(of, structure, np.full(len(structure), 8))


def heavy(seed: int, n: int = 60) -> Drawn:
    rng, fixed = np.random.default_rng(2_000_000 + seed), np.random.default_rng(5)
    structure = np.repeat(np.arange(n), rng.integers(1, 9, n))
    size = len(structure)
    often = np.geomspace(1.0, 0.1, 12)
    element = rng.choice(12, size=size, p=often / often.sum())
    centres, first, second = (3.0 * fixed.normal(size=(12, 8)), *(fixed.normal(size=(8, 30)) for _ in range(2)))
    z = centres[element] + 0.7 * rng.standard_t(4, size=(n, 8))[structure] + 0.5 * rng.standard_t(4, size=(size, 8))
    z[:, 4:] *= 0.3
    of = {
        "a": np.cos(0.2 * z @ first) + 0.05 * rng.normal(size=(size, 30)),
        "b": np.cos(0.2 * z @ second + 0.5) + 0.05 * rng.normal(size=(size, 30)),
    }
    return Drawn(of, structure, element + 1)


def real(seed: int, whole: Drawn) -> Drawn:
    known = np.unique(whole.structure)
    chosen = np.random.default_rng(3_000_000 + seed).permutation(known)[:N_STRUCTURES]
    rows = np.isin(whole.structure, chosen)
    return Drawn({k: x[rows] for k, x in whole.features.items()}, whole.structure[rows], whole.numbers[rows])


def of_atlas(atlas: Atlas) -> Drawn:
    keys = PAIR if set(PAIR) <= set(atlas.model_keys) else atlas.model_keys[:2]
    coordinates = {k: atlas.model(k).coordinates for k in keys}
    rows = atlas.atoms("is_representative").astype(bool)
    rows &= np.logical_and.reduce([np.isfinite(x).all(axis=1) for x in coordinates.values()])
    structure, numbers = atlas.atoms("structure")[rows], atlas.atoms("atomic_number")[rows]
    return Drawn({k: x[rows].astype(np.float64) for k, x in coordinates.items()}, structure, numbers)


def intervals(seed: int, draw: Callable[[int], Drawn], names: tuple[str, ...] = NAMES) -> NDArray[np.float64]:
    """Value, low and high of each metric from the first model to the second (or of the first), (metrics, 3)."""
    drawn = draw(seed)
    run = compare(drawn.features, drawn.structure, numbers=drawn.numbers, metrics=names, permutations=0, seed=seed)
    at = {name: (0, 1) if METRICS[name].per == "pair" else (0,) for name in names}
    return np.array([[part[at[name]] for part in (s.value, s.low, s.high)] for name, s in run.scores.items()])


def covered(found: NDArray[np.float64], share: float = 0.0) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How often intervals hold the mean score, and their mean width over what the spread of the scores asks for.

    Parameters
    ----------
    found : (draws, metrics, 3) float
    share : float
        Of the structures there are that one sample holds.
    """
    value, low, high = np.moveaxis(found, 2, 0)
    mean = value.mean(axis=0)
    shift = (value - mean) * (1.0 / np.sqrt(1.0 - share) - 1.0)
    holds = (low + shift <= mean) & (mean <= high + shift)
    spread = value.std(axis=0) / np.sqrt(1.0 - share)
    return holds.mean(axis=0), (high - low).mean(axis=0) / (NORMAL * spread)


def main() -> None:
    parser = argparse.ArgumentParser(description="How often intervals of agreement hold.")
    parser.add_argument("atlas", nargs="?")
    parser.add_argument("--draws", type=int, default=DRAWS)
    asked = parser.parse_args()
    populations: dict[str, tuple[Callable[[int], Drawn], float]] = {"alike": (alike, 0.0), "heavy": (heavy, 0.0)}
    if asked.atlas:
        whole = of_atlas(Atlas(asked.atlas))
        share = N_STRUCTURES / len(np.unique(whole.structure))
        populations[" and ".join(whole.features)] = (partial(real, whole=whole), share)
    columns = {}
    with Pool() as pool:
        for name, (draw, share) in populations.items():
            found = np.array(pool.map(partial(intervals, draw=draw), range(asked.draws), chunksize=4))
            columns[name] = covered(found, share)
    print("| score | " + " | ".join(columns) + " |")
    print("|---|" + "---|" * len(columns))
    for at, name in enumerate(NAMES):
        cells = [f"{100.0 * held[at]:.1f} ({wide[at]:.2f})" for held, wide in columns.values()]
        print(f"| {METRICS[name].label} | " + " | ".join(cells) + " |")
    error = 100.0 * np.sqrt(LEVEL * (1.0 - LEVEL) / asked.draws)
    print(f"\n% of {asked.draws:,} intervals that hold, of {100 * LEVEL:.0f}, ±{error:.1f} by chance (mean width)")


if __name__ == "__main__":
    main()
