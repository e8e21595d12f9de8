"""Run in SevenNet's environment by `test_sevennet_training`: short trainings of a small SevenNet, told on stdout.

One process for all of them, because importing SevenNet takes longer than these runs.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import sevenn._keys as keys
import torch
import yaml
from ase import Atoms
from ase.build import bulk
from sevenn.calculator import SevenNetCalculator
from sevenn.main import sevenn as command
from sevenn.model_build import build_E3_equivariant_model
from sevenn.train.loss import ForceLoss, PerAtomEnergyLoss
from sevenn.util import chemical_species_preprocess

from precompute.contracts import AtlasError
from precompute.finetuning import sevennet, sevennet_input
from precompute.finetuning.fisher import diagonal_fisher
from precompute.finetuning.labelled import Labelled, read, write
from precompute.finetuning.trainers import Diverged, Job, LogRow, Settings
from precompute.models.registry import registry
from precompute.structures.convert import from_ase, to_ase

folder = Path(sys.argv[1])
torch.set_num_threads(1)
FEW = Settings(learning_rate=1e-3, epochs=2, batch_size=3, checkpoint_every=2, stress_weight=0.0)
told: dict[str, Any] = {}


def dimers() -> list[Labelled]:
    result = []
    for r in np.linspace(2.0, 4.0, 6):
        x = 1 - np.exp(-1.4 * (r - 2.2))
        force = np.array([[0, 0, 1.0], [0, 0, -1.0]]) * 5.6 * x * (1 - x)
        atoms = Atoms("Cu2", positions=[[0, 0, 0], [0, 0, r]])
        result.append(Labelled(from_ase(atoms, f"{r:.1f}", "made"), 2 * (x**2 - 1) - 3.0, force))
    return result


def small_base() -> Path:
    """A SevenNet of two layers and four channels with random weights, its settings otherwise those of 7net-0."""
    (folder / "like").mkdir()
    like = Job(registry().resolve("7net-0"), "naive", 0, folder / "like", (), (), FEW)
    write(dimers(), like.folder / "data.extxyz")
    config = sevennet_input.read_input(sevennet_input.write_input(like, sevennet_input.base_checkpoint(like)))
    config |= {"channel": 4, "lmax": 1, "num_convolution_layer": 2, "irreps_manual": False, "cutoff": 4.0}
    config |= {"conv_denominator": [3.0, 3.0], "shift": -1.0, "scale": 1.0, "weight_nn_hidden_neurons": [8]}
    config |= {"cutoff_function": {"cutoff_function_name": "XPLOR", "cutoff_on": 3.5}}
    config |= chemical_species_preprocess(["Al", "Au", "Cl", "Cu", "Na"])
    torch.manual_seed(0)
    model = build_E3_equivariant_model(config)
    content = {"config": sevennet_input.plain(config), "epoch": 0, "optimizer_state_dict": {}}
    torch.save(content | {"model_state_dict": model.state_dict(), "scheduler_state_dict": {}}, folder / "small.pth")
    return folder / "small.pth"


def own(crystals: list[Atoms], with_stress: bool = False) -> list[Labelled]:
    """Crystals with the base's labels, by SevenNet's own calculator."""
    calculator = SevenNetCalculator(str(BASE), device="cpu")
    result = []
    for atoms in crystals:
        atoms.calc = calculator
        bare = Atoms(atoms.numbers, atoms.positions, cell=atoms.cell, pbc=True)
        labels = (float(atoms.get_potential_energy()), atoms.get_forces().astype(float))
        stress = atoms.get_stress(voigt=False).astype(float) if with_stress else None
        result.append(Labelled(from_ase(bare, str(atoms.symbols), "made"), *labels, stress))
    return result


def rattled(name: str, structure: str | None, a: float) -> Atoms:
    atoms = bulk(name, structure, a=a)
    atoms.rattle(0.05, seed=1)
    return atoms


BASE = small_base()
REPLAYED = own([rattled("Au", "fcc", 4.2), rattled("NaCl", "rocksalt", 5.6), rattled("Al", "fcc", 4.1)])


def job(name: str, strategy: str, data: list[Labelled], settings: Settings, key: str = "") -> Job:
    out = folder / name
    out.mkdir(exist_ok=True)
    write(data, out / "data.extxyz")
    replayed = tuple(REPLAYED) if strategy != "naive" else ()
    if replayed:
        write(replayed, out / "replay.extxyz")
        # as a run reads them
        replayed = tuple(read(out / "replay.extxyz"))
    each = 2 if "replay" in strategy else 0
    strength = settings.ewc_strength if "ewc" in strategy else 0.0
    own_settings = replace(settings, replay_per_batch=each, ewc_strength=strength)
    spec = registry().resolve(key or f"sevennet:{BASE}")
    return Job(spec, strategy, 0, out, tuple(read(out / "data.extxyz")), replayed, own_settings)


def weights(file: Path) -> dict[str, torch.Tensor]:
    loaded: dict[str, torch.Tensor] = torch.load(file, weights_only=True)["model_state_dict"]
    return loaded


def moved(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> float:
    return float(sum(((one[n] - other[n]).double() ** 2).sum() for n in one) ** 0.5)


def run(asked: Job, stop_after: int = 0) -> dict[str, Any]:
    rows: list[LogRow] = []
    checkpoints: list[tuple[int, str, float, float]] = []

    def on_checkpoint(update: int, file: Path, errors: Any) -> None:
        checkpoints.append((update, file.name, errors.energy_mae, errors.force_mae))

    def on_log(row: LogRow) -> None:
        if stop_after and row.updates > stop_after:
            raise KeyboardInterrupt
        if not np.isfinite(row.loss):
            raise Diverged(f"the loss is {row.loss}")
        rows.append(row)

    try:
        sevennet.train(asked, on_checkpoint, on_log)
        ended = "finished"
    except Diverged as error:
        ended = f"diverged: {error}"
    except KeyboardInterrupt:
        ended = "interrupted"
    logged = [vars(row) for row in rows]
    return {"ended": ended, "rows": logged, "checkpoints": checkpoints}


data = dimers()
base = sevennet_input.base_checkpoint(job("base", "naive", data, FEW)).build_model().state_dict()

# the four strategies, and what holds weights back
strong = replace(FEW, ewc_strength=1e6)
for strategy in sevennet.strategies:
    asked = job(strategy, strategy, data, strong)
    told[strategy] = run(asked)
    told[strategy]["input"] = yaml.safe_load((asked.state / "input.yaml").read_text())
    told[strategy]["moved"] = moved(weights(asked.checkpoint_file(4, ".pth")), base)
fisher = torch.load(folder / "ewc" / "state" / "fisher.pt", weights_only=True)
for strategy in sevennet.strategies:
    now = weights(folder / strategy / "checkpoints" / "000004.pth")
    told[strategy]["penalty"] = float(sum((f * (now[n] - base[n]) ** 2).sum() for n, f in fisher.items()))

# cut after the first checkpoint, then gone on with
told["cut"] = run(job("cut", "replay", data, FEW), stop_after=3)
told["again"] = run(job("cut", "replay", data, FEW))
told["again"]["same"] = moved(
    weights(folder / "cut" / "checkpoints" / "000004.pth"), weights(folder / "replay" / "checkpoints" / "000004.pth")
)

# SevenNet's own command, on one batch an epoch, so that the order of the data is all one
for strategy in ("naive", "ewc"):
    asked = job(f"one-{strategy}", strategy, data, replace(strong, batch_size=6, epochs=2))
    told[f"one-{strategy}"] = run(asked)
    theirs = folder / f"theirs-{strategy}"
    sys.argv = ["sevenn", "train", str(asked.state / "input.yaml"), "-w", str(theirs)]
    command.main()
    after = torch.load(theirs / "checkpoint_2.pth", weights_only=False)["model_state_dict"]
    ours = weights(asked.checkpoint_file(2, ".pth"))
    told[f"one-{strategy}"] |= {"moved": moved(ours, base), "apart": moved(ours, after)}

# what training begins with, for each bundled model: the same answers as the model itself
for key in ("7net-0", "7net-0-22may2024", "7net-l3i5"):
    asked = job(f"start-{key}", "naive", data[:2], FEW, key)
    begun = sevennet._Run(asked, sevennet_input.base_checkpoint(asked)).predictions()
    calculator = SevenNetCalculator(registry().resolve(key).checkpoint, device="cpu")
    told[key] = []
    for item, (energy, forces) in zip(data, begun, strict=False):
        atoms = to_ase(item.structure)
        atoms.calc = calculator
        told[key].append(abs(atoms.get_potential_energy() - energy) + float(np.abs(atoms.get_forces() - forces).max()))

# what the base says of a strained crystal itself: units and signs of labels
strained = own([rattled("NaCl", "rocksalt", 5.9)], with_stress=True)
told["stress"] = float(np.trace(strained[0].stress))
told["own"] = run(job("own", "naive", strained, replace(FEW, epochs=1, batch_size=1, stress_weight=1.0)))

told["too-fast"] = run(job("too-fast", "naive", data, replace(FEW, learning_rate=1e6, epochs=5)))
for name, key, of in (
    ("modal", "7net-mf-0-pbe", data),
    ("element", "", [Labelled(from_ase(Atoms("Po"), "po", "made"), 0.0, np.zeros((1, 3)))]),
):
    try:
        told[name] = run(job(name, "replay", of, FEW, key))["ended"]
    except AtlasError as error:
        told[name] = str(error)

# the Fisher information one output after the other
network = sevennet_input.base_checkpoint(job("base", "naive", data, FEW)).build_model()
network.set_is_batch_data(True)
network.train()
graphs = sevennet_input.graphs_of(REPLAYED[1:2], 4.0)
parameters = {n: p for n, p in network.named_parameters() if p.requires_grad}
found = diagonal_fisher(lambda g: sevennet.weighted_outputs(network, g, FEW), graphs, parameters, draws=None)


def loss() -> torch.Tensor:
    """The loss of the crystal, as SevenNet computes it, with the network's own answers of before as labels."""
    output = network(sevennet._batch(graphs))
    output[keys.ENERGY], output[keys.FORCE] = labels
    squared = torch.nn.MSELoss()
    return PerAtomEnergyLoss(criterion=squared).get_loss(output) + ForceLoss(criterion=squared).get_loss(output)


answer = network(sevennet._batch(graphs))
labels = (answer[keys.PRED_TOTAL_ENERGY].detach(), answer[keys.PRED_FORCE].detach())
told["fisher"] = []
for name in (
    "onehot_to_feature_x.linear.weight",
    "0_convolution.weight_nn.layer0.weight",
    "reduce_hidden_to_energy.linear.weight",
):
    flat = parameters[name].data.view(-1)
    at = int(found[name].argmax())
    value, step = flat[at].item(), 3e-3
    sides = []
    for there in (value + step, value - step):
        flat[at] = there
        sides.append(float(loss()))
    flat[at] = value
    # at a minimum of zero, the second difference of the loss
    told["fisher"].append((float(found[name].view(-1)[at]), sum(sides) / step**2))
    slope = torch.autograd.grad(loss(), parameters[name])[0]
    told["fisher"][-1] += (float(slope.abs().max()),)

print("TOLD" + json.dumps(told))
