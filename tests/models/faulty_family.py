"""A family whose models misbehave on demand, to see what becomes of a worker's misfortunes."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from precompute.contracts import Structure
from precompute.models.registry import Registry
from precompute.models.spec import ModelSpec

FAULTS = ("sound", "crash", "killed", "hang", "noisy", "bug", "nan", "refuse", "memory", "shape")


def faulty_registry(folder: Path) -> Registry:
    """A registry with one model a fault, in a file of the form that users write."""
    file = folder / "models.yml"
    lines = ["environments:", "  tiny: {requirements: []}", "families:"]
    lines.append("  faulty: {adapter: 'faulty_family:Adapter', isolated: true}")
    lines.append("models:")
    lines += [
        f"  - {{key: faulty-{fault}, family: faulty, checkpoint: {fault}, weights: bundled, layer: numbers, "
        "invariant: true, status: control}"
        for fault in FAULTS
    ]
    file.write_text("\n".join(lines), encoding="utf-8")
    return Registry.load(file)


class Adapter:
    """Features are (Z, index), forces (Z, 0, 0); structures called ``bad`` trigger the fault."""

    def __init__(self, spec: ModelSpec, device: str = "cpu") -> None:
        del device
        self.fault = spec.checkpoint
        self.width, self.cutoff, self.head, self.file, self.elements = 2, None, None, None, None

    def predict(self, structures: Sequence[Structure]) -> list[tuple[float, np.ndarray]]:
        columns = self.embed(structures)
        energies = [float(s.numbers.sum()) + 1e-9 for s in structures]
        return [
            (e, np.pad(c[:, :1], ((0, 0), (0, 1 if c.shape[1] == 1 else 2))))
            for e, c in zip(energies, columns, strict=True)
        ]

    def embed(self, structures: Sequence[Structure]) -> list[np.ndarray]:
        bad = any(s.id == "bad" for s in structures)
        if bad and self.fault == "crash":
            print("about to fall over", file=sys.stderr, flush=True)
            os._exit(3)
        if bad and self.fault == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        if bad and self.fault == "hang":
            time.sleep(60)
        if bad and self.fault == "bug":
            raise TypeError("an adapter's own mistake")
        if bad and self.fault == "refuse":
            raise ValueError("no such structures, please\nand a second line")
        if self.fault == "memory" and (bad or len(structures) > 1):
            raise MemoryError
        if self.fault == "noisy":
            print("text on standard output")
            os.write(1, b"bytes on standard output\n")
        arrays = [np.column_stack([s.numbers, np.arange(len(s))]).astype(float) for s in structures]
        if bad and self.fault == "nan":
            arrays = [a * np.nan if s.id == "bad" else a for s, a in zip(structures, arrays, strict=True)]
        return [a[:, :1] for a in arrays] if bad and self.fault == "shape" else arrays
