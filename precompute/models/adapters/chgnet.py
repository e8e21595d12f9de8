"""CHGNet: the atom features that it returns (`return_atom_feas`), through `chgnet.model.CHGNet.load`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import Structure
from precompute.models.geometry import in_vacuum
from precompute.models.spec import ModelSpec


class Adapter:
    """Embeds structures with one CHGNet checkpoint."""

    def __init__(self, spec: ModelSpec, device: str = "cpu") -> None:
        import chgnet
        from chgnet.model import CHGNet

        if spec.path:
            self.file = Path(spec.path)
            model = CHGNet.from_file(spec.path).to(device)
        else:
            folder = Path(chgnet.__file__).parent / "pretrained" / spec.checkpoint
            self.file = next(iter(sorted(folder.glob("*.pth.tar"))), folder)
            model = CHGNet.load(model_name=spec.checkpoint, use_device=device, verbose=False)
        self._device = device
        self._model = model.eval()
        self.width = int(model.atom_fea_dim)
        self.cutoff = float(model.graph_converter.atom_graph_cutoff)
        self.head = None
        self.elements = frozenset(range(1, 95))

    def embed(self, structures: Sequence[Structure]) -> list[NDArray[np.float32]]:
        """Return one (n_atoms, d) array a structure."""
        import torch

        graphs = [self._graph(s) for s in structures]
        features: list[NDArray[np.float32]] = [np.empty((0, self.width), np.float32)] * len(graphs)
        # In a batch with angles, CHGNet also updates the bonds of structures that have none, which it does not do for
        # such a structure alone; kept apart, a batch gives what single calls give.
        for with_angles in (True, False):
            chosen = [i for i, g in enumerate(graphs) if (len(g.bond_graph) > 0) == with_angles]
            if not chosen:
                continue
            with torch.no_grad():
                parts = self._model([graphs[i] for i in chosen], task="e", return_atom_feas=True)["atom_fea"]
            for i, part in zip(chosen, parts, strict=True):
                features[i] = part.cpu().numpy()
        return features

    def _graph(self, structure: Structure) -> Any:
        from pymatgen.core import Structure as Crystal

        boxed = in_vacuum(structure, self.cutoff)
        crystal: Any = Crystal(boxed.cell, boxed.numbers.tolist(), boxed.positions, coords_are_cartesian=True)
        # where a bond graph fails, CHGNet writes a CIF into the current folder before it raises
        crystal.to = lambda **_: None
        return self._model.graph_converter(crystal).to(self._device)
