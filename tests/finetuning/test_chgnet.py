"""CHGNet through its own trainer: learns, goes on after a kill to the same weights, and is opened without trust."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from precompute.contracts import Structure
from precompute.finetuning import records
from precompute.finetuning.labelled import Labelled, read, write
from precompute.finetuning.make_cu_dimers import dimer
from precompute.models.registry import registry
from precompute.models.session import Session, open_model
from precompute.models.torch_state import quiet_packages
from precompute.structures.catalogue import load as catalogue

pytestmark = pytest.mark.models


def command(out: Path, *more: str) -> list[str]:
    start = [sys.executable, "-m", "precompute", "finetune", "--model", "chgnet-0.3.0", "--out", str(out)]
    return [*start, "--checkpoint-every", "4", *more]


def opened(run: Path, record: records.RunRecord, number: int) -> AbstractContextManager[Session]:
    spec = registry().resolve(record.model)
    path = str(run / record.checkpoints[number].file)
    of = {"key": "chgnet-tuned", "path": path, "weights": "local", "status": "fine-tuned", "parent": spec.key}
    return open_model(spec.model_copy(update=of))


def test_replay_learns_the_curve_and_goes_on_after_a_kill_to_the_same_weights(tmp_path: Path) -> None:
    asked = ("--data", "cu-dimers", "--strategy", "replay", "--replay", "6", "--replay-per-batch", "2", "--epochs", "2")
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    subprocess.run(command(whole, *asked), check=True, capture_output=True)
    process = subprocess.Popen(command(cut, *asked), stderr=subprocess.DEVNULL)
    while process.poll() is None and not (cut / "state" / "state.pth.tar").is_file():
        time.sleep(0.02)
    assert process.poll() is None
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert records.read_run(cut).state == "running"
    subprocess.run(command(cut, *asked), check=True, capture_output=True)

    record = records.read_run(whole, check_hashes=True)
    assert records.read_run(cut, check_hashes=True) == record
    assert (cut / "log.csv").read_bytes() == (whole / "log.csv").read_bytes()
    assert record.settings["updates"] == 8
    assert record.checkpoints[-1].force_mae < 0.9 * record.before.force_mae
    # opened without trust, the checkpoint gives the errors that were recorded
    data = read(whole / "data.extxyz")
    with opened(whole, record, -1) as session:
        predicted = session.predict([item.structure for item in data])
    errors = [abs(p.energy - item.energy) / 2 for p, item in zip(predicted, data, strict=True)]
    assert np.mean(errors) == pytest.approx(record.checkpoints[-1].energy_mae, abs=1e-5)


def test_the_bases_own_labels_teach_it_nothing(tmp_path: Path) -> None:
    """The loss of a strained crystal's own energy, forces and stress is rounding: signs and units are right.

    So is that of replayed crystals.
    """
    from chgnet.model import CHGNet
    from pymatgen.core import Structure as Crystal

    model = CHGNet.load(use_device="cpu", verbose=False)
    plain = next(s for s in catalogue() if len(s) == 2)
    strained = Structure(
        id="strained", source="", numbers=plain.numbers, positions=plain.positions * 1.05, cell=plain.cell * 1.05,
        pbc=plain.pbc,
    )  # fmt: skip
    crystal = Crystal(strained.cell, strained.numbers.tolist(), strained.positions, coords_are_cartesian=True)
    with quiet_packages():
        told = model.predict_structure(crystal, task="efs")
    stress = np.asarray(told["s"], dtype=np.float64) / 160.21766208
    assert abs(np.trace(stress)) > 0.01
    own = Labelled(strained, float(told["e"]) * len(strained), np.asarray(told["f"]), stress)
    write([own], tmp_path / "own.xyz")
    asked = ("--data", str(tmp_path / "own.xyz"), "--as-given", "--epochs", "1")
    replay = ("--strategy", "replay", "--replay", "4")
    subprocess.run(command(tmp_path / "run", *asked, *replay), check=True, capture_output=True)
    loss = float((tmp_path / "run" / "log.csv").read_text().splitlines()[1].split(",")[2])
    assert loss < 1e-6


def test_a_dimer_is_trained_as_it_is_used_whatever_is_in_its_batch() -> None:
    from precompute.finetuning.chgnet import _kept_apart
    from precompute.models.adapters.chgnet import Adapter

    adapter = Adapter(registry().resolve("chgnet-0.2.0"))
    crystal = next(s for s in catalogue() if len(s) == 2 and len(adapter._graph(s).bond_graph))
    graphs = [adapter._graph(s) for s in (dimer(2.3), crystal)]
    for graph in graphs:
        graph.atom_frac_coord.requires_grad = True
    with quiet_packages():
        together = _kept_apart(adapter._model)(graphs, task="ef")
        energies = [e for e, _ in adapter.predict([dimer(2.3), crystal])]
    np.testing.assert_allclose(together["e"].detach().numpy() * 2, energies, atol=1e-5)
    plain = adapter._model(graphs, task="ef")["e"].detach().numpy() * 2
    assert abs(plain[0] - energies[0]) > 1e-3
