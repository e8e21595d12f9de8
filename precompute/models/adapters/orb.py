"""Orb: the final node features of the message-passing stack, through `orb_models.forcefield.pretrained`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import Structure
from precompute.models.architectures import orb_module
from precompute.models.geometry import in_vacuum
from precompute.models.plain import filled, read_plain
from precompute.models.spec import ModelSpec
from precompute.structures.convert import to_ase


class Adapter:
    """Embeds structures with one Orb checkpoint. The features are not invariant under rotation."""

    def __init__(self, spec: ModelSpec, device: str = "cpu") -> None:
        plain = read_plain(Path(spec.path), spec.family) if spec.path else None
        if plain is None:
            self.file, model = _published(spec, device)
            self.elements = frozenset(range(1, 118))
        else:
            self.file = Path(str(spec.path))
            model = filled(orb_module(plain.architecture), plain, self.file).to(device)
            self.elements = frozenset(plain.architecture["elements"])
        self._device = device
        self._system = model.system_config
        self._forcefield = model
        self._network = model.model
        self._forces = getattr(model, "grad_forces_name", "forces")  # conservative models give derivatives
        self._charged = self._network.conditioner is not None
        self.width = int(self._network.atom_emb.embeddings.weight.shape[1])
        self.cutoff = float(self._system.radius)
        self.head = spec.head

    def embed(self, structures: Sequence[Structure]) -> list[NDArray[np.float32]]:
        """Return one (n_atoms, d) array a structure."""
        import torch
        from orb_models.forcefield.base import batch_graphs

        with torch.no_grad():
            batch = batch_graphs([self._graph(s) for s in structures])
            features = self._network(batch)["node_features"]
        return [part.cpu().numpy() for part in torch.split(features, [len(s) for s in structures])]

    def predict(self, structures: Sequence[Structure]) -> list[tuple[float, NDArray[np.float32]]]:
        """Return energy (eV) and forces (n_atoms, 3) (eV/angstrom) of each structure."""
        import torch
        from orb_models.forcefield.base import batch_graphs

        output = self._forcefield.predict(batch_graphs([self._graph(s) for s in structures]))
        forces = torch.split(output[self._forces].detach(), [len(s) for s in structures])
        energies = output["energy"].detach().reshape(-1)
        return [(float(e), f.cpu().numpy()) for e, f in zip(energies, forces, strict=True)]

    def _graph(self, structure: Structure) -> Any:
        import torch
        from orb_models.forcefield.atomic_system import ase_atoms_to_atom_graphs

        # Orb takes three periodic directions or none
        atoms = to_ase(in_vacuum(structure, self.cutoff) if structure.pbc.any() else structure)
        if self._charged:
            # the OMol25 models want a total charge and a spin multiplicity; neutral singlets unless the data say so
            atoms.info["charge"] = float(structure.properties.get("charge", 0.0))
            atoms.info["spin"] = float(structure.properties.get("spin_multiplicity", 1.0))
        return ase_atoms_to_atom_graphs(atoms, self._system, device=torch.device(self._device))


def _published(spec: ModelSpec, device: str) -> tuple[Path, Any]:
    """Return the weights file and the model of an architecture that the package knows."""
    import inspect

    from cached_path import cached_path
    from orb_models.forcefield.pretrained import ORB_PRETRAINED_MODELS

    # a local checkpoint holds weights only; its architecture is named as the head
    name = spec.checkpoint if spec.path is None else spec.head or spec.checkpoint
    if name not in ORB_PRETRAINED_MODELS:
        raise ValueError(f"{name!r} is no Orb architecture; known: {', '.join(ORB_PRETRAINED_MODELS)}")
    loader = ORB_PRETRAINED_MODELS[name]
    file = Path(cached_path(spec.path or inspect.signature(loader).parameters["weights_path"].default))
    return file, loader(weights_path=str(file), device=device, precision="float32-highest", compile=False)
