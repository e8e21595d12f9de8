"""Does a map emerge in training? Tables and picture of the docs: `python -m benchmarks.emergence ATLAS [PICTURE]`

Reads the atlas's series of students (`platonic-atlas students ATLAS` puts them there) and compares every checkpoint
with the models of the atlas on the same atoms.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from precompute.agreement.features import features
from precompute.agreement.pairs import compare
from precompute.contracts import AtlasError
from precompute.diagnostics.purity import Purity, purity, sample_atoms
from precompute.drift.movement import reembedded
from precompute.drift.stored import DRIFT, series_attrs, series_names
from precompute.elements import table
from precompute.stages.agreement import PRETRAINED
from precompute.store import Atlas

METRICS = {"procrustes": "Procrustes", "cka-unbiased": "CKA, unbiased", "mutual-knn": "mutual k-NN"}
INK = {"mace-student": "#1b6ca8", "orb-student": "#c2570c"}


@dataclass(frozen=True, eq=False)
class Step:
    """One checkpoint of a student: updates, errors on held-out crystals, coordinates of all atoms of the atlas."""

    student: str
    updates: int
    energy_mae: float
    force_mae: float
    coordinates: NDArray[np.float64]

    @property
    def name(self) -> str:
        return f"{self.student} after {self.updates}"


def steps(atlas: Atlas) -> list[Step]:
    """Every checkpoint of every student that the atlas follows."""
    found = []
    for name in series_names(atlas.file):
        attrs = series_attrs(atlas.file, name)
        if attrs["kind"] != "training":
            continue
        base = f"{DRIFT}/{name}"
        rows = atlas.file.read(f"{base}/atom")
        for i, known in enumerate(attrs["record"]["checkpoints"]):
            atoms = atlas.file.read(f"{base}/embeddings/{i}/atoms")
            anchors = atlas.file.read(f"{base}/embeddings/{i}/anchors")
            coordinates = np.full((atlas.n_atoms, len(anchors)), np.nan)
            coordinates[rows] = reembedded(atoms, anchors)
            student = str(name).removesuffix("-training")
            found.append(Step(student, int(known["step"]), known["energy_mae"], known["force_mae"], coordinates))
    if not found:
        raise AtlasError(f"{atlas.path} follows no student; run `platonic-atlas students {atlas.path}` first")
    return found


def separations(atlas: Atlas, coordinates: dict[str, NDArray], seed: int = 0) -> tuple[dict[str, Purity], int]:
    """Purity by category among neighbours of other elements, all on the same atoms; and how many these are."""
    orbit, numbers = atlas.atoms("orbit"), atlas.atoms("atomic_number")
    rows = sample_atoms(coordinates, orbit, seed)
    category, structure = table()["category"][numbers[rows] - 1], atlas.atoms("structure")[rows]
    of = {
        key: purity(x[rows], category, numbers[rows], structure, other_elements=True, seed=seed)
        for key, x in coordinates.items()
    }
    return of, len(rows)


def print_separations(found: list[Step], keys: list[str], of: dict[str, Purity], n: int, atlas: Atlas) -> None:
    print(f"Purity by element group among the 10 nearest atoms of other elements, {n:,} atoms; errors are on crystals "
          "held out of the training, against its teacher.\n")  # fmt: skip
    print("| model | updates | energy, eV/atom | force, eV/Å | purity | permuted |\n|---|---|---|---|---|---|")
    for s in found:
        p = of[s.name]
        errors = f"{s.energy_mae:.3f} | {s.force_mae:.3f}"
        print(f"| {s.student} | {s.updates:,} | {errors} | {_interval(p)} | {p.permuted:.3f} |")
    for key in keys:
        print(f"| {key} ({atlas.model(key).status}) | | | | {_interval(of[key])} | {of[key].permuted:.3f} |")


def _interval(p: Purity) -> str:
    return f"{p.value:.3f} [{p.low:.3f}, {p.high:.3f}]"


def print_agreement(atlas: Atlas, found: list[Step], keys: list[str], coordinates: dict[str, NDArray]) -> None:
    """Mean score with the foundation models of the atlas, and within the whole of them, on the same atoms."""
    chosen = features(
        coordinates,
        structure=atlas.atoms("structure"),
        orbit=atlas.atoms("orbit"),
        numbers=atlas.atoms("atomic_number"),
    )
    run = compare(chosen.of, chosen.structure, numbers=chosen.numbers, metrics=tuple(METRICS), n_atoms=chosen.n_atoms)
    place = {name: i for i, name in enumerate(run.models)}
    foundation = [k for k in keys if atlas.model(k).status in PRETRAINED]
    families = {f: [k for k in foundation if atlas.model(k).attrs["family"] == f] for f in
                sorted({atlas.model(k).attrs["family"] for k in foundation})}  # fmt: skip
    print(f"\nMean agreement with the foundation models of each family, {run.scores['procrustes'].n:,} atoms.\n")
    heads = [f"{label}, {f}" for label in METRICS.values() for f in families]
    print("| model | " + " | ".join(heads) + " |\n|---|" + "---|" * len(heads))
    for name in [*(s.name for s in found), *keys]:
        cells = []
        for metric in METRICS:
            value = run.scores[metric].value
            for members in families.values():
                others = [place[k] for k in members if k != name]
                cells.append(f"{np.mean(value[place[name], others]):.2f}" if others else "")
        status = f" ({atlas.model(name).status})" if name in keys else ""
        print(f"| {name}{status} | " + " | ".join(cells) + " |")


def draw(file: Path, found: list[Step], of: dict[str, Purity], lines: dict[str, str]) -> None:
    """Group separation and error against the number of updates; levels of other models as lines."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(9.6, 3.8), layout="constrained")
    for student in dict.fromkeys(s.student for s in found):
        mine = [s for s in found if s.student == student]
        # random weights have no place on a logarithmic axis, so they stand at the left end, named as 0
        x = [max(s.updates, 10) for s in mine]
        p = [of[s.name] for s in mine]
        value = np.array([q.value for q in p])
        bars = np.abs(np.array([[q.low for q in p], [q.high for q in p]]) - value)
        colour = INK.get(student, "#444444")
        left.errorbar(x, value, bars, marker="o", ms=4, lw=1.4, capsize=2, color=colour, label=student)
        right.plot(x, [s.energy_mae for s in mine], "o-", ms=4, lw=1.4, color=colour, label=student)
    chance = float(np.mean([of[s.name].permuted for s in found]))
    levels = {"atoms permuted": (chance, ":"), **{key: (of[key].value, style) for key, style in lines.items()}}
    for name, (level, style) in levels.items():
        left.axhline(level, color="#777777", lw=1, ls=style, zorder=0)
        left.annotate(name, (1, level), xycoords=("axes fraction", "data"), xytext=(4, 0), va="center",
                      textcoords="offset points", fontsize=7.5, color="#555555", annotation_clip=False)  # fmt: skip
    left.set_ylabel("neighbours of the same group\n(of other elements)")
    right.set_ylabel("energy error on held-out crystals, eV/atom")
    right.set_ylim(bottom=0)
    left.set_ylim(bottom=0)
    for axes in (left, right):
        axes.set_xscale("log")
        axes.set_xlabel("updates (0: random weights)")
        ticks = sorted({max(s.updates, 10) for s in found})
        axes.set_xticks(ticks, ["0" if t == 10 else f"{t:,}" for t in ticks], fontsize=8)
        axes.minorticks_off()
        axes.spines[["top", "right"]].set_visible(False)
    right.legend(frameon=False, fontsize=8)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, dpi=160)
    plt.close(figure)


def main(path: Path, picture: Path | None) -> None:
    atlas = Atlas(path)
    found, keys = steps(atlas), atlas.model_keys
    keys = [k for k in keys if atlas.model(k).status != "student"]
    coordinates = {s.name: s.coordinates for s in found}
    coordinates |= {k: np.asarray(atlas.model(k).coordinates, np.float64) for k in keys}
    of, n = separations(atlas, coordinates)
    print_separations(found, keys, of, n, atlas)
    print_agreement(atlas, found, keys, coordinates)
    if picture is not None:
        wanted = {"chgnet-0.3.0": "-", "7net-l3i5": "-", "mace-untrained": "--", "orb-untrained": "--",
                  "element-only": ":"}  # fmt: skip
        draw(picture, found, of, {k: v for k, v in wanted.items() if k in of})


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit("usage: python -m benchmarks.emergence ATLAS [PICTURE]")
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else None)
