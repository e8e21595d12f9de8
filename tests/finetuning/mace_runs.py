"""Run by `test_mace_training` in a process of its own: short trainings of a small MACE, told on stdout.

One process for all of them, because importing MACE takes longer than these runs, and changes the process it is in.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ase import Atoms
from ase.build import bulk

from precompute.contracts import AtlasError
from precompute.finetuning import mace as training
from precompute.finetuning.labelled import Labelled, read, write
from precompute.finetuning.trainers import Job, LogRow, Settings
from precompute.models.adapters.mace import Adapter
from precompute.models.registry import registry
from precompute.models.trust import pickles_allowed
from precompute.structures.convert import from_ase

folder = Path(sys.argv[1])
torch.set_num_threads(1)
FEW = Settings(learning_rate=5e-3, epochs=2, batch_size=3, checkpoint_every=2, stress_weight=0.0)
ELEMENTS = (11, 13, 17, 29, 79)
told: dict[str, Any] = {}


def small_base() -> Path:
    """A MACE of sixteen channels with random weights, energies of free atoms and a shift, all of which must survive."""
    with pickles_allowed():
        from e3nn.o3 import Irreps
        from mace import modules

        torch.manual_seed(0)
        block = modules.interaction_classes["RealAgnosticResidualInteractionBlock"]
        model = modules.ScaleShiftMACE(
            r_max=4.0, num_bessel=4, num_polynomial_cutoff=5, max_ell=2, interaction_cls=block,
            interaction_cls_first=block, num_interactions=2, num_elements=len(ELEMENTS),
            hidden_irreps=Irreps("16x0e + 16x1o"), MLP_irreps=Irreps("8x0e"), avg_num_neighbors=12.0,
            atomic_energies=-np.arange(1.0, 6.0)[None], atomic_numbers=list(ELEMENTS), correlation=2,
            gate=torch.nn.functional.silu, atomic_inter_scale=0.7, atomic_inter_shift=0.2,
        )  # fmt: skip
        torch.save(model, folder / "small.model")
    return folder / "small.model"


def dimers() -> list[Labelled]:
    result = []
    for r in np.linspace(2.0, 3.8, 6):
        x = 1 - np.exp(-1.4 * (r - 2.2))
        force = np.array([[0, 0, 1.0], [0, 0, -1.0]]) * 5.6 * x * (1 - x)
        atoms = Atoms("Cu2", positions=[[0, 0, 0], [0, 0, r]])
        result.append(Labelled(from_ase(atoms, f"{r:.1f}", "made"), 2 * (x**2 - 1) - 3.0, force))
    return result


def unlabelled() -> list[Labelled]:
    """Crystals with labels that are wrong, so that learning from them, and not from the base's own, would show."""
    crystals = [bulk("Au", "fcc", a=4.2), bulk("NaCl", "rocksalt", a=5.6), bulk("Al", "fcc", a=4.1)]
    return [Labelled(from_ase(a, str(a.symbols), "made"), 5.0 * len(a), np.ones((len(a), 3))) for a in crystals]


def job(name: str, strategy: str, settings: Settings, data: list[Labelled] | None = None) -> Job:
    out = folder / name
    out.mkdir(exist_ok=True)
    write(data or dimers(), out / "data.extxyz")
    replayed: tuple[Labelled, ...] = ()
    if strategy == "multihead":
        write(unlabelled(), out / "replay.extxyz")
        replayed = tuple(read(out / "replay.extxyz"))
    own = replace(settings, replay_per_batch=2 if replayed else 0)
    return Job(SPEC, strategy, 0, out, tuple(read(out / "data.extxyz")), replayed, own, trust=True)


def run(asked: Job, stop_after: int = 0) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    checkpoints: list[tuple[int, str, float, float]] = []

    def on_checkpoint(update: int, file: Path, errors: Any) -> None:
        checkpoints.append((update, file.name, errors.energy_mae, errors.force_mae))

    def on_log(row: LogRow) -> None:
        if stop_after and row.updates > stop_after:
            raise KeyboardInterrupt
        rows.append(vars(row))

    with suppress(KeyboardInterrupt):
        training.train(asked, on_checkpoint, on_log)
    return {"rows": rows, "checkpoints": checkpoints}


def weights(file: Path) -> dict[str, torch.Tensor]:
    with pickles_allowed():
        loaded: dict[str, torch.Tensor] = torch.load(file).state_dict()
    return loaded


def moved(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    return float(sum(((one[n].double() - other[n].double()) ** 2).sum() for n in one) ** 0.5)


@contextmanager
def arguments(*given: str) -> Iterator[None]:
    before = sys.argv
    sys.argv = list(given)
    yield
    sys.argv = before


BASE = small_base()
SPEC = registry().resolve(f"mace:{BASE}")

for strategy in training.strategies:
    asked = job(strategy, strategy, FEW)
    told[strategy] = run(asked)
    adapter = Adapter(SPEC.model_copy(update={"path": str(asked.checkpoint_file(4, ".model"))}))
    crystals = [item.structure for item in unlabelled()]
    features = np.concatenate(adapter.embed(crystals)), np.concatenate(Adapter(SPEC).embed(crystals))
    told[strategy] |= {
        "arguments": training.run_arguments(asked, BASE),
        "heads": adapter._model.heads,
        "head": adapter.head,
        "elements": sorted(adapter.elements),
        "features": float(np.abs(features[0] - features[1]).max()),
    }

# the base's errors on the data, before any step
predicted = Adapter(SPEC).predict([item.structure for item in dimers()])
told["before"] = [
    (abs(e - item.energy) / 2, float(np.abs(f - item.forces).mean()))
    for (e, f), item in zip(predicted, dimers(), strict=True)
]
told["first"] = next(job("naive", "naive", FEW).batches()).data.tolist()

# with a moving average, cut after the first checkpoint, then gone on with
averaged = replace(FEW, ema=0.5)
told["whole"] = run(job("whole", "multihead", averaged))
told["cut"] = run(job("cut", "multihead", averaged), stop_after=3)
told["again"] = run(job("cut", "multihead", averaged))
ends = [weights(folder / name / "checkpoints" / "000004.model") for name in ("whole", "cut", "multihead")]
told["again"] |= {"same": moved(ends[0], ends[1]), "averaged": moved(ends[0], ends[2])}

# mace_run_train itself, on one batch an epoch, so that the order of the data is all one
asked = job("one", "naive", replace(FEW, batch_size=6, epochs=2))
told["one"] = run(asked)
theirs = [a for a in training.run_arguments(asked, BASE) if not a.startswith("--work_dir")]
theirs += [f"--work_dir={folder / 'theirs'}", "--save_all_checkpoints", "--keep_checkpoints"]
with pickles_allowed(), arguments("mace_run_train", *theirs):
    from mace.cli import run_train

    run_train.main()
    after = torch.load(folder / "theirs" / "checkpoints" / "run_run-0_epoch-1.pt")["model"]
ours = weights(asked.checkpoint_file(2, ".model"))
begun = weights(folder / "naive" / "checkpoints" / "000002.model")
told["one"] |= {"apart": moved(ours, after), "moved": moved(ours, begun)}

polonium = [Labelled(from_ase(Atoms("Po2", [[0, 0, 0], [0, 0, 3]]), "po", "made"), 0.0, np.zeros((2, 3)))] * 3
try:
    told["element"] = str(run(job("element", "naive", FEW, polonium)))
except AtlasError as error:
    told["element"] = str(error)

print("TOLD" + json.dumps(told))
