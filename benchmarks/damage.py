"""Thresholds of the drift report from models damaged on purpose: the tables of `docs/drift.md`.

`python -m benchmarks.damage ATLAS [--model KEY] [--work FOLDER]`: Gaussian noise is added to every weight and bias of a
bundled model, of a standard deviation that is a fixed share of the tensor's own root mean square. A checkpoint counts
as damaged where its forces on displaced crystals are wrong by half their size or more, by the forces of a better model
that stands in for first principles (`REFERENCE`). Thresholds are fixed on seeds 0 to 4 of one model and tested on seeds
5 to 9 of it, on a model of another family and on a published fine-tune. What was computed is kept in FOLDER (by default
ATLAS with the ending ``.damage``), so a run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError, Structure
from precompute.drift.making import About, Measured, Seen, make_series
from precompute.drift.outputs import force_error
from precompute.drift.records import Series
from precompute.drift.verdict import LIMITS, verdict
from precompute.models.environments import python_of
from precompute.models.registry import registry
from precompute.models.session import Session, open_model
from precompute.models.spec import ModelSpec
from precompute.models.torch_state import quiet_packages
from precompute.models.trust import sha256_of
from precompute.stages.drift import sample
from precompute.store import Atlas

MODEL = "chgnet-0.3.0"
OTHER = "7net-0"  # of another family, with one seed: it takes five times as long
REFERENCE = "7net-l3i5"
PUBLISHED = (MODEL, "chgnet-r2scan")
LEVELS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.2)
FIXING, HELD_OUT, HELD_OUT_OTHER = range(5), range(5, 10), range(5, 6)
STRUCTURES = 140
DISPLACEMENT = 0.1  # angstrom, standard deviation of each component
DAMAGED = 0.5  # mean absolute error of a force component over the mean absolute component
OF_SPACE = ("reembedded", "retention", "procrustes")
OF_OUTPUT = ("energy", "forces")
SIMILARITIES = ("retention", "procrustes")


@dataclass(frozen=True)
class Case:
    """One checkpoint: a model, the noise on its weights, and what came of it."""

    model: str
    level: float
    seed: int
    series: Series
    error: float  # mean absolute error of a force component on displaced crystals over the mean absolute component
    base_error: float
    change: float  # the same of the change against the base

    @property
    def damaged(self) -> bool:
        return self.error >= DAMAGED

    def measure(self, name: str) -> float:
        return float(self.series.overall[name].value[-1])


class Crystals:
    """The structures that all checkpoints are run on: a sample of the atlas, displaced copies, the anchors'."""

    def __init__(self, atlas: Atlas) -> None:
        chosen = sample(atlas, STRUCTURES, 0)
        of = atlas.atoms("structure")
        atom = np.flatnonzero(np.isin(of, chosen))
        columns = (atlas.atoms(name)[atom] for name in ("orbit", "atomic_number"))
        self.measured = Measured(atom.astype(np.int32), of[atom], *columns)
        self.still = [atlas.structure(int(i)) for i in chosen]
        self.displaced = [_displaced(s) for s in self.still]
        self.anchors = atlas.anchors

    def anchor_rows(self) -> NDArray[np.intp]:
        """Row of each anchor among the atoms of the anchors' structures."""
        first = np.cumsum([0, *map(len, self.anchors.structures)])[:-1]
        return first[self.anchors.structure] + self.anchors.atom

    def run(self, session: Session, outputs_only: bool = False) -> dict[str, NDArray[np.float32]]:
        """Everything that is measured of one checkpoint, or its outputs on displaced crystals; NaN where it refuses."""
        of_displaced = {f"displaced_{k}": v.astype(np.float32) for k, v in outputs(session, self.displaced).items()}
        if outputs_only:
            return of_displaced
        embedded = session.embed([*self.still, *self.anchors.structures])
        width = next(len(e.features[0]) for e in embedded if e.features is not None)
        rows = [
            np.full((len(s), width), np.nan) if e.features is None else e.features
            for s, e in zip([*self.still, *self.anchors.structures], embedded, strict=True)
        ]
        n = len(self.still)
        found = {"embeddings": np.concatenate(rows[:n]), "anchors": np.concatenate(rows[n:])[self.anchor_rows()]}
        found |= outputs(session, self.still)
        return of_displaced | {k: v.astype(np.float32) for k, v in found.items()}


def outputs(session: Session, structures: Sequence[Structure]) -> dict[str, NDArray[np.float64]]:
    """Energies (eV/atom) and forces (eV/angstrom), NaN where there are none."""
    predicted = session.predict(structures)
    return {
        "energy": np.array([p.energy / len(s) for s, p in zip(structures, predicted, strict=True)]),
        "forces": np.concatenate(
            [
                np.full((len(s), 3), np.nan) if p.forces is None else p.forces
                for s, p in zip(structures, predicted, strict=True)
            ]
        ),
    }


def _displaced(structure: Structure) -> Structure:
    rng = np.random.default_rng(zlib.crc32(structure.id.encode()))
    moved = structure.positions + rng.normal(scale=DISPLACEMENT, size=structure.positions.shape)
    return replace(structure, id=f"{structure.id} displaced", positions=moved)


@contextmanager
def damaged(spec: ModelSpec, provenance: dict[str, Any], level: float, seed: int) -> Iterator[ModelSpec]:
    """A copy of a model's checkpoint with noise on its weights, for as long as the context lasts."""
    import torch

    with quiet_packages():
        content = torch.load(bundled_file(spec, provenance), map_location="cpu", weights_only=False)
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in weights_in(content).items():
        if name.endswith(("weight", "bias")) and tensor.numel():
            tensor += level * tensor.square().mean().sqrt() * torch.randn(tensor.shape, generator=generator)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / str(provenance["file"])
        torch.save(content, path)
        yield spec.model_copy(update={"path": str(path), "weights": "local", "aliases": ()})


def bundled_file(spec: ModelSpec, provenance: dict[str, Any]) -> Path:
    """Where the package that a bundled model comes with has its checkpoint."""
    packages = python_of(spec.environment).parents[1] / "lib"
    for file in sorted(packages.rglob(str(provenance["file"]))):
        if sha256_of(file) == provenance["sha256"]:
            return file
    raise AtlasError(f"no {provenance['file']} under {packages}; only models whose weights are bundled can be damaged")


def weights_in(content: dict[str, Any]) -> dict[str, Any]:
    """The state of the model in what a checkpoint holds."""
    if "model_state_dict" in content:
        return content["model_state_dict"]
    return content["model"]["state_dict"]


class Kept:
    """What was computed, by name, in a folder that says for which atlas and crystals it was."""

    def __init__(self, folder: Path, crystals: Crystals) -> None:
        self.folder, self.crystals = folder, crystals
        folder.mkdir(parents=True, exist_ok=True)
        self.made_for = zlib.crc32(b"".join(s.positions.tobytes() for s in crystals.displaced))

    def get(
        self, name: str, open_one: Callable[[], AbstractContextManager[Session]], *, outputs_only: bool = False
    ) -> dict[str, NDArray[np.float32]]:
        file = self.folder / f"{name}-{self.made_for:08x}.npz"
        if not file.exists():
            with open_one() as session:
                found = self.crystals.run(session, outputs_only)
            partial = file.with_suffix(".part.npz")
            np.savez(partial, **found)
            partial.replace(file)
        with np.load(file) as stored:
            return dict(stored)


def cases(kept: Kept, key: str, seeds: Iterable[int], reference: NDArray[np.float32]) -> list[Case]:
    """The damage series of one model: every level with every seed."""
    spec = registry().resolve(key)
    base = kept.get(key, lambda: open_model(spec, threads=1))
    provenance: dict[str, Any] = {}

    @contextmanager
    def opened(level: float, seed: int) -> Iterator[Session]:
        if not provenance:
            with open_model(spec, threads=1) as session:
                provenance.update(session.provenance)
        with damaged(spec, provenance, level, seed) as noisy, open_model(noisy, threads=1, trust=True) as session:
            yield session

    found = []
    for seed, level in product(seeds, LEVELS):
        later = kept.get(f"{key}-noise-{level:g}-seed-{seed}", partial(opened, level, seed))
        found.append(case(kept.crystals.measured, key, level, seed, base, later, reference))
    return found


def case(
    measured: Measured,
    key: str,
    level: float,
    seed: int,
    base: dict[str, NDArray[np.float32]],
    later: dict[str, NDArray[np.float32]],
    reference: NDArray[np.float32],
    kind: str = "fine-tuning",
) -> Case:
    series = make_series(
        About(name=key, title=key, kind=kind, base=key, family=registry().resolve(key).family),
        measured,
        seen(key, 0.0, base),
        [seen("later", 1.0, later)],
        lambda coordinates: coordinates[:, :2],
    )
    return Case(
        model=key,
        level=level,
        seed=seed,
        series=series,
        error=relative(later["displaced_forces"], reference),
        base_error=relative(base["displaced_forces"], reference),
        change=relative(later["displaced_forces"], base["displaced_forces"]),
    )


def seen(name: str, step: float, found: dict[str, NDArray[np.float32]]) -> Seen:
    return Seen(name, step, found["embeddings"], found["anchors"], found["energy"], found["forces"])


def relative(forces: NDArray[np.float32], reference: NDArray[np.float32]) -> float:
    """Mean absolute difference of force components over the mean absolute component, atoms that both know."""
    return float(np.nanmean(force_error(reference, forces)) / np.nanmean(np.abs(reference)))


def dividing(values: NDArray[np.float64], damaged: NDArray[np.bool_]) -> float:
    """The value above which most of the damaged and fewest of the others lie: the middle of the gap that it cuts.

    Of all cuts it has the highest detection rate less false-alarm rate (Youden, Cancer 3, 32 (1950)); the middle is
    geometric, since drifts of damaged models span orders of magnitude.
    """
    order = np.sort(values)
    cuts = np.sqrt(order[1:] * order[:-1])
    score = [np.mean(values[damaged] > c) - np.mean(values[~damaged] > c) for c in cuts]
    best = np.flatnonzero(np.isclose(score, np.max(score)))
    return float(cuts[best[len(best) // 2]])


def distance(name: str, value: float) -> float:
    """A measure as a distance that grows with damage."""
    return 1.0 - value if name in SIMILARITIES else value


def row(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def head(*cells: object) -> str:
    return row(*cells) + "\n|" + "---|" * len(cells)


def print_thresholds(found: Sequence[Case]) -> None:
    """The dividing value of each measure on these cases, beside the one that the report uses."""
    damaged_ = np.array([c.damaged for c in found])
    print(f"{len(found)} checkpoints, {damaged_.sum()} damaged\n")
    print(head("measure", "divides at", "used in the report", "furthest of the undamaged", "mildest of the damaged"))
    for name in (*OF_SPACE, *OF_OUTPUT):
        values = np.array([distance(name, c.measure(name)) for c in found])
        cut, least, most = (
            distance(name, x) for x in (dividing(values, damaged_), values[~damaged_].max(), values[damaged_].min())
        )
        print(row(name, f"{cut:.4f}", f"{LIMITS[name]:g}", f"{least:.4f}", f"{most:.4f}"))


def print_levels(found: Sequence[Case]) -> None:
    """What each level of noise does, and how often the report says so."""
    print(head("model", "noise", "error of forces", "damaged", "drift", "retention", "Procrustes",
               "found by the space alone", "found with outputs"))  # fmt: skip
    for key, level in product(dict.fromkeys(c.model for c in found), LEVELS):
        of = [c for c in found if (c.model, c.level) == (key, level)]
        means = (f"{np.mean([c.measure(name) for c in of]):.3f}" for name in OF_SPACE)
        print(row(
            key, f"{level:g}", f"{np.median([c.error for c in of]):.0%}", share(c.damaged for c in of), *means,
            share(not passes(c, OF_SPACE) for c in of), share(not passes(c, (*OF_SPACE, *OF_OUTPUT)) for c in of),
        ))  # fmt: skip


def print_rates(found: Sequence[Case]) -> None:
    """Detection and false alarms, with 95 % intervals (Wilson)."""
    print(head("model", "judged by", "damaged and found", "not damaged but failed"))
    for key in dict.fromkeys(c.model for c in found):
        for words, names in (("space alone", OF_SPACE), ("space and outputs", (*OF_SPACE, *OF_OUTPUT))):
            of = [c for c in found if c.model == key]
            failed = [[not passes(c, names) for c in of if c.damaged is state] for state in (True, False)]
            print(row(key, words, *(f"{share(f)} [{', '.join(f'{x:.2f}' for x in wilson(f))}]" for f in failed)))


def passes(case: Case, names: Sequence[str]) -> bool:
    return all(check.passed for check in verdict(case.series).checks if check.name in names)


def share(states: Iterable[bool]) -> str:
    states = list(states)
    return f"{sum(states)} of {len(states)}"


def wilson(states: Sequence[bool]) -> tuple[float, float]:
    """95 % interval of a share (Wilson, J. Am. Stat. Assoc. 22, 209 (1927))."""
    n, z = len(states), 1.96
    if not n:
        return 0.0, 1.0
    p = sum(states) / n
    middle, half = p + z * z / (2 * n), z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def print_published(kept: Kept, reference: NDArray[np.float32]) -> None:
    """Where a published fine-tune lies, and its verdict."""
    arrays = [kept.get(key, partial(open_model, registry().resolve(key), threads=1)) for key in PUBLISHED]
    found = case(kept.crystals.measured, PUBLISHED[0], 0.0, 0, *arrays, reference, kind="published")
    print(
        f"Forces are wrong by {found.error:.0%}, those of the base by {found.base_error:.0%}; "
        f"they changed by {found.change:.0%}.\n"
    )
    print(head("check", "value", "interval", "limit", "passed"))
    for check in verdict(found.series).checks:
        print(row(check.label, f"{check.value:.4f}", f"[{check.low:.4f}, {check.high:.4f}]", f"{check.limit:g}",
                  "yes" if check.passed else "no"))  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("atlas", type=Path)
    parser.add_argument("--model", default=MODEL, help="whose weights are bundled; thresholds are fixed on it")
    parser.add_argument("--work", type=Path, help="where checkpoints' arrays are kept")
    asked = parser.parse_args()
    kept = Kept(asked.work or asked.atlas.with_suffix(".damage"), Crystals(Atlas(asked.atlas)))
    better = partial(open_model, registry().resolve(REFERENCE), threads=1)
    reference = kept.get(f"{REFERENCE}-outputs", better, outputs_only=True)["displaced_forces"]
    fixing = cases(kept, asked.model, FIXING, reference)
    held_out = cases(kept, asked.model, HELD_OUT, reference)
    if asked.model != OTHER:
        held_out += cases(kept, OTHER, HELD_OUT_OTHER, reference)
    measured = kept.crystals.measured
    print(f"{len(measured.structures)} structures, {len(measured.atom)} atoms, "
          f"{measured.is_representative.sum()} symmetry-distinct; mean absolute force component on displaced crystals "
          f"{np.nanmean(np.abs(reference)):.2f} eV/Å\n")  # fmt: skip
    print(f"## Thresholds, {asked.model}, seeds {FIXING.start} to {FIXING.stop - 1}\n")
    print_thresholds(fixing)
    print(f"\n## Held out, seeds from {HELD_OUT.start}\n")
    print_levels(held_out)
    print()
    print_rates(held_out)
    print(f"\n## {PUBLISHED[0]} to {PUBLISHED[1]}\n")
    print_published(kept, reference)


if __name__ == "__main__":
    main()
