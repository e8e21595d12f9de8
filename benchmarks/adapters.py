"""Throughput of each adapter beside the plain loop of its package's documented calls, one structure at a time.

Run ``python -m benchmarks.adapters [--atoms N] [--threads T]``. Both columns run in the same process, after one warm-up
structure, on the same structures: rock-salt, perovskite and fluorite cells of several sizes, atoms displaced.
SevenNet's rows run in its environment, started by this program, and are left out where that has not been created.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from precompute.contracts import Structure
from precompute.models import environments
from precompute.models.controls import made_checkpoint
from precompute.models.engine import LocalEngine
from precompute.models.registry import registry
from precompute.models.session import Session
from precompute.models.torch_state import quiet_packages
from precompute.models.trust import pickles_allowed
from precompute.structures.convert import to_ase

MODELS = ("chgnet-0.3.0", "mace-untrained", "orb-untrained", "7net-0", "7net-l3i5")
PLAIN_CALL = {
    "chgnet": "CHGNet.predict_structure(return_atom_feas=True)",
    "mace": "MACECalculator.get_descriptors",
    "orb": "model.model(graph) a structure",
    "sevennet": "SevenNetCalculator.calculate",
}


def crystals(atoms: int) -> list[Structure]:
    """Return displaced crystals of 5 to 40 atoms with about `atoms` atoms together."""
    from ase.build import bulk, make_supercell
    from ase.spacegroup import crystal

    perovskite = crystal(
        ["Sr", "Ti", "O"], [(0, 0, 0), (0.5,) * 3, (0.5, 0.5, 0)], spacegroup=221, cellpar=[3.905] * 3 + [90] * 3
    )
    cells = [
        bulk("NaCl", "rocksalt", a=5.64, cubic=True),
        perovskite,
        bulk("CaF2", "fluorite", a=5.46, cubic=True),
        make_supercell(perovskite, np.diag([2, 2, 2])),
        bulk("Cu", "fcc", a=3.61, cubic=True),
    ]
    rng = np.random.default_rng(0)
    found: list[Structure] = []
    while sum(map(len, found)) < atoms:
        a = cells[len(found) % len(cells)].copy()
        a.positions += rng.normal(scale=0.05, size=a.positions.shape)
        found.append(Structure(f"s{len(found)}", "benchmark", a.numbers, a.positions, a.cell.array, a.pbc))
    return found


def plain_loop(key: str) -> Callable[[Structure], Any]:
    """Return the documented call of the model's package, for one structure."""
    spec = registry().resolve(key)
    if spec.family == "chgnet":
        from chgnet.model import CHGNet
        from pymatgen.io.ase import AseAtomsAdaptor

        model = CHGNet.load(model_name=spec.checkpoint, use_device="cpu", verbose=False)
        return lambda s: model.predict_structure(AseAtomsAdaptor.get_structure(to_ase(s)), return_atom_feas=True)
    if spec.family == "mace":
        with pickles_allowed():
            from mace.calculators import MACECalculator

            mace = MACECalculator([str(made_checkpoint(spec)[0])], device="cpu", default_dtype="float32")
        return lambda s: mace.get_descriptors(to_ase(s), num_layers=1)
    if spec.family == "orb":
        from orb_models.forcefield import atomic_system, pretrained

        orb = pretrained.orb_v3_conservative_inf_omat(
            weights_path=str(made_checkpoint(spec)[0]), device="cpu", precision="float32-highest", compile=False
        )
        return lambda s: orb.model(atomic_system.ase_atoms_to_atom_graphs(to_ase(s), orb.system_config))
    from sevenn.calculator import SevenNetCalculator

    seven = SevenNetCalculator(spec.checkpoint, device="cpu", modal=spec.head)
    return lambda s: seven.calculate(to_ase(s))


def milliseconds_an_atom(run: Callable[[Sequence[Structure]], Any], structures: Sequence[Structure]) -> float:
    """Return the wall time of `run` divided by the number of atoms, after a warm-up on five structures."""
    run(structures[:5])
    start = time.perf_counter()
    run(structures)
    return (time.perf_counter() - start) / sum(map(len, structures)) * 1e3


def rows(keys: Sequence[str], structures: Sequence[Structure], threads: int) -> None:
    """Measure and print one line of the table a model."""
    import torch

    torch.set_num_threads(threads)
    for key in keys:
        with quiet_packages():
            engine = LocalEngine(registry().resolve(key), threads)
            session = Session(engine)
            ours = milliseconds_an_atom(session.embed, structures)
            engine.close()
            call = plain_loop(key)
            theirs = milliseconds_an_atom(lambda batch, call=call: [call(s) for s in batch], structures)
        call_name = PLAIN_CALL[registry().resolve(key).family]
        print(f"| {key} | {ours:.2f} | {theirs:.2f} | {theirs / ours:.1f} | `{call_name}` |", flush=True)


def main() -> None:
    """Parse, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--atoms", type=int, default=500)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--rows-only", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    structures = crystals(options.atoms)
    if options.rows_only:
        rows(options.models, structures, options.threads)
        return
    print(
        f"{sum(map(len, structures))} atoms in {len(structures)} crystals, {options.threads} thread(s), "
        f"a machine with {os.cpu_count()} cores, no accelerator\n"
    )
    print("| model | adapter, ms/atom | plain loop, ms/atom | ratio | plain call |\n|---|---|---|---|---|", flush=True)
    by_environment: dict[str, list[str]] = {}
    for key in options.models:
        by_environment.setdefault(registry().resolve(key).environment, []).append(key)
    for environment, keys in by_environment.items():
        if not environments.is_ready(environment):
            print(f"| {', '.join(keys)} | environment {environment} not created | | | |")
            continue
        start = "import sys; sys.path.append(sys.argv.pop(1)); from benchmarks.adapters import main; main()"
        command = [
            str(environments.python_of(environment)),
            "-P",
            "-c",
            start,
            str(Path(__file__).resolve().parents[1]),
        ]
        command += ["--rows-only", "--atoms", str(options.atoms), "--threads", str(options.threads), "--models", *keys]
        if subprocess.run(command).returncode:
            sys.exit(f"the measurements in the environment {environment!r} failed")


if __name__ == "__main__":
    main()
