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
        # forces are derivatives by positions; those by weights are not wanted
        self._model = model.eval().requires_grad_(False)
        self.width = int(model.atom_fea_dim)
        self.cutoff = float(model.graph_converter.atom_graph_cutoff)
        self.head = None
        self.elements = frozenset(range(1, 95))

    def embed(self, structures: Sequence[Structure]) -> list[NDArray[np.float32]]:
        """Return one (n_atoms, d) array a structure."""
        import torch

        with torch.no_grad():
            results = self._run(structures, ("atom_fea",), task="e", return_atom_feas=True)
        return [features for (features,) in results]

    def predict(self, structures: Sequence[Structure]) -> list[tuple[float, NDArray[np.float32]]]:
        """Return energy (eV) and forces (n_atoms, 3) (eV/angstrom) of each structure."""
        results = self._run(structures, ("e", "f"), task="ef")
        atoms = [len(s) if self._model.is_intensive else 1 for s in structures]
        return [(float(energy) * n, forces) for (energy, forces), n in zip(results, atoms, strict=True)]

    def _run(self, structures: Sequence[Structure], names: tuple[str, ...], **options: Any) -> list[Any]:
        """Return for each structure what the model calls `names`."""
        graphs = [self._graph(s) for s in structures]
        results: list[Any] = [None] * len(graphs)
        # In a batch with angles, CHGNet also updates the bonds of structures that have none, which it does not do for
        # such a structure alone; kept apart, a batch gives what single calls give.
        for with_angles in (True, False):
            chosen = [i for i, g in enumerate(graphs) if (len(g.bond_graph) > 0) == with_angles]
            if not chosen:
                continue
            output = self._model([graphs[i] for i in chosen], **options)
            for i, *parts in zip(chosen, *(output[name] for name in names), strict=True):
                results[i] = [part.detach().cpu().numpy() for part in parts]
        return results

    def _graph(self, structure: Structure) -> Any:
        from pymatgen.core import Structure as Crystal

        boxed = in_vacuum(structure, self.cutoff)
        crystal: Any = Crystal(boxed.cell, boxed.numbers.tolist(), boxed.positions, coords_are_cartesian=True)
        # where a bond graph fails, CHGNet writes a CIF into the current folder before it raises
        crystal.to = lambda **_: None
        return self._model.graph_converter(crystal).to(self._device)
