"""Made-up series of checkpoints for the synthetic atlas, written as the stage does."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from precompute.drift.records import Estimates, Forgetting, Series
from precompute.drift.stored import write_series
from precompute.store import AtlasFile
from tests.dashboard.synthetic import write_atlas

EXPERIMENT = "Na dimers on 7net-0"
SODIUM, OXYGEN = 11, 8
STRATEGIES = {"naive": 0.08, "replay": 0.02, "multihead": 0.01}
"""How far each moves the atoms by its last step."""
SEEDS = {"naive": (0, 1), "replay": (0, 1), "multihead": (0,)}
STEPS = (0.0, 40.0, 80.0, 120.0)
PUBLISHED, STUDENT, HEADS = "7net-0-to-chgnet-r2scan", "student-mace", "7net-0-to-mine"
LAYER = "invariant part of layer 1"


def write_drift_atlas(path: Path, copies: int = 4) -> Path:
    """The synthetic atlas with three strategies of one experiment, a published pair, a student and a comparison."""
    return write_atlas(path, copies=copies, add=add_drift, agreement=False)


def add_drift(file: AtlasFile) -> None:
    """Write all series into an atlas that is being made."""
    for strategy, seeds in SEEDS.items():
        for seed in seeds:
            write_series(file, fine_tuned(file, strategy, seed))
    write_series(file, series(file, PUBLISHED, "published", 0.05, (0.0, 1.0), outputs=False))
    write_series(file, series(file, STUDENT, "training", 0.4, (0.0, 100.0, 1000.0), base="mace-student-start", part=2))
    file.require_group(f"drift/{STUDENT}/embeddings/0", {"provenance": {"layer": LAYER}})
    write_series(file, series(file, HEADS, "comparison", 0.3, (0.0, 1.0)))


def fine_tuned(file: AtlasFile, strategy: str, seed: int) -> Series:
    """A run on sodium; the naive one forgets oxygen, as its two seeds show."""
    return series(
        file, f"7net-0-{strategy}-seed{seed}", "fine-tuning", STRATEGIES[strategy], STEPS, experiment=EXPERIMENT,
        strategy=strategy, seed=seed, trained_on=(SODIUM,), forgets=(OXYGEN,) if strategy == "naive" else (),
        runs=len(SEEDS[strategy]),
    )  # fmt: skip


def series(
    file: AtlasFile, name: str, kind: str, reach: float, steps: tuple[float, ...], *, base: str = "7net-0",
    experiment: str = "", strategy: str = "", seed: int | None = None, trained_on: tuple[int, ...] = (),
    forgets: tuple[int, ...] = (), runs: int = 1, outputs: bool = True, part: int = 1,
) -> Series:  # fmt: skip
    """A series whose atoms move in proportion to the step, those of `trained_on` and `forgets` four times as far.

    With `part` only every `part`-th structure is measured; without `outputs` forces and energies are not.
    """
    rng = np.random.default_rng([seed or 0, len(steps), len(name)])
    owner, numbers = file.read("atoms/structure"), file.read("atoms/atomic_number")
    structure = np.arange(0, file.shape("structures/id")[0], part, dtype=np.int32)
    atom = np.flatnonzero(np.isin(owner, structure)).astype(np.int32)
    z, counted = numbers[atom], file.read("atoms/is_representative")[atom]
    n, m = len(atom), len(structure)
    along = (np.array(steps) / steps[-1])[:, None]
    far = np.where(np.isin(z, trained_on + forgets), 4.0, 1.0) * rng.uniform(0.5, 1.5, n)
    reembedded = along * reach * far
    frozen = 0.5 * reembedded * rng.uniform(0.8, 1.2, n)
    forces = along * (np.sqrt(reach) * far * rng.uniform(0.5, 1.5, n) if outputs else np.full(n, np.nan))
    energy = along * (rng.normal(0, reach, m) if outputs else np.full(m, np.nan))
    start = file.read("models/7net-0/maps/pca-2d")[atom]
    turn = rng.normal(0, 1, (n, 2))
    position = start + (along * 4 * reach * far)[..., None] * turn
    of_atoms = {"reembedded": reembedded, "frozen": frozen, "retention": 1 - along * np.minimum(6 * reach * far, 1),
                "forces": forces}  # fmt: skip
    elements = np.unique(z[counted])
    means = {
        measure: _estimates(np.stack([values[:, counted & (z == e)].mean(axis=1) for e in elements], axis=1))
        for measure, values in of_atoms.items()
    }
    overall = {measure: _estimates(values[:, counted].mean(axis=1)) for measure, values in of_atoms.items()}
    overall |= {"procrustes": _estimates(1 - along[:, 0] * reach), "angular": _estimates(1 - along[:, 0] * reach * 1.5),
                "energy": _estimates(np.abs(energy).mean(axis=1))}  # fmt: skip
    drift = means["reembedded"].value[-1]
    forgetting = None
    if runs > 1:
        null = np.where(np.isin(elements, forgets), 0.5, 3.0) * drift
        null[-1] = np.nan
        flagged = np.isin(elements, forgets)
        forgetting = Forgetting(drift, 0.9 * drift, null, flagged, runs, "drift above that between two seeds")
    return Series(
        name=name, title=f"{base}, {strategy or kind}", kind=kind, experiment=experiment, base=base, family="SevenNet",
        strategy=strategy, seed=seed, trained_on=trained_on,
        checkpoints=tuple(base if k == 0 else f"after {step:g}" for k, step in enumerate(steps)), step=np.array(steps),
        step_unit="updates" if kind in ("fine-tuning", "training") else "checkpoint", atom=atom, structure=structure,
        elements=elements, element_atoms=np.array([np.sum(counted & (z == e)) for e in elements]),
        energy=energy, position=position, position_frozen=start + 0.5 * (position - start), overall=overall,
        of_elements=means, k=10, anchors=20, record={"learning_rate": 0.001, "data": {"name": "<b>dimers</b>"}},
        forgetting=forgetting, **of_atoms,
    )  # fmt: skip


def _estimates(value: np.ndarray) -> Estimates:
    return Estimates(value, value * 0.9, value * 1.1)
