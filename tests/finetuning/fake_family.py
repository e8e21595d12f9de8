"""A family of pair potentials with two parameters, trained by numpy in milliseconds; some fail on demand."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from precompute.contracts import Structure
from precompute.finetuning.trainers import Job, LogRow, OnCheckpoint, OnLog, errors_on
from precompute.models.spec import ModelSpec

strategies: tuple[str, ...] = ("naive", "replay")
options: tuple[str, ...] = ("ema",)

BASE = [1.0, -2.0]
# an update at which the training process is killed, as by the system
KILL_VARIABLE = "FAKE_FAMILY_KILLED_AT"


def models_file(folder: Path) -> Path:
    """A models file with one model a fault, as users write them."""
    file = folder / "fake.yml"
    lines = ["families:", "  fake: {adapter: 'fake_family:Adapter', trainer: fake_family}", "models:"]
    lines += [
        f"  - {{key: fake-{fault}, family: fake, checkpoint: {fault}, weights: bundled, layer: parameters, "
        "invariant: true, status: pretrained}"
        for fault in ("sound", "crash", "nan", "explode", "spoil")
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file


def basis(structure: Structure) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of energy (2,) and forces (2, n, 3) by the parameters."""
    apart = structure.positions[:, None] - structure.positions[None]
    r = np.linalg.norm(apart, axis=-1) + np.where(np.eye(len(structure), dtype=bool), np.inf, 0.0)
    energies, forces = [], []
    for decay in (1.0, 0.5):
        e = np.exp(-decay * r)
        energies.append(e.sum() / 2)
        along = np.where(np.isfinite(r), decay * e / np.where(np.isfinite(r), r, 1.0), 0.0)
        forces.append((along[..., None] * apart).sum(axis=1))
    return np.array(energies), np.array(forces)


def predictions(weights: Sequence[float], structures: Sequence[Structure]) -> list[tuple[float, np.ndarray]]:
    """Energy and forces of each structure."""
    pairs = [basis(s) for s in structures]
    return [(float(np.dot(weights, e)), np.tensordot(np.asarray(weights), f, 1)) for e, f in pairs]


class Adapter:
    """Features are the basis of the energy for every atom."""

    def __init__(self, spec: ModelSpec, device: str = "cpu") -> None:
        del device
        self.weights = json.loads(Path(spec.path).read_text(encoding="utf-8")) if spec.path else BASE
        self.file = Path(spec.path) if spec.path else None
        self.width, self.cutoff, self.head, self.elements = 2, None, None, set(range(1, 95))

    def embed(self, structures: Sequence[Structure]) -> list[np.ndarray]:
        return [np.tile(basis(s)[0], (len(s), 1)) for s in structures]

    def predict(self, structures: Sequence[Structure]) -> list[tuple[float, np.ndarray]]:
        return predictions(self.weights, structures)


def train(job: Job, on_checkpoint: OnCheckpoint, on_log: OnLog) -> None:
    """Gradient descent with momentum on the mean squared error of energies."""
    fault = job.spec.checkpoint
    state = job.state / "state.json"
    done, weights, velocity = 0, np.array(BASE), np.zeros(2)
    if state.is_file():
        done, *parts = json.loads(state.read_text(encoding="utf-8"))
        weights, velocity = map(np.array, parts)
    for batch in job.batches():
        if batch.update <= done:
            continue
        if os.environ.get(KILL_VARIABLE) == str(batch.update):
            os.kill(os.getpid(), signal.SIGKILL)
        if fault == "crash" and batch.update == 3:
            raise ZeroDivisionError("the fake family fell over")
        data = [job.data[i] for i in batch.data]
        chosen = data + [job.replay[i] for i in batch.replay]
        columns = np.array([basis(item.structure)[0] / len(item) for item in chosen])
        miss = columns @ weights - np.array([item.energy / len(item) for item in chosen])
        errors = errors_on(data, predictions(weights, [item.structure for item in data]))
        velocity = 0.5 * velocity - job.settings.learning_rate * columns.T @ miss / len(miss)
        weights = weights + velocity
        loss = float(np.mean(miss**2))
        if fault == "nan" and batch.update == 7:
            loss = float("nan")
        if fault == "spoil" and batch.update == 14:
            weights = weights * np.nan  # after a loss that was still a number
        if fault == "explode":
            loss *= 3.0**batch.update
        on_log(LogRow(batch.update, loss, errors.energy_mae, errors.force_mae))
        if job.is_checkpoint(batch.update):
            file = job.checkpoint_file(batch.update, ".json")
            file.write_text(json.dumps(weights.tolist()), encoding="utf-8")
            told = predictions(weights, [item.structure for item in job.data])
            on_checkpoint(batch.update, file, errors_on(job.data, told))
            partial = state.with_suffix(".partial")
            partial.write_text(json.dumps([batch.update, weights.tolist(), velocity.tolist()]), encoding="utf-8")
            partial.replace(state)
