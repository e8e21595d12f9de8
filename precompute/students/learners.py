"""A student of each family: how it is made, fed and asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from precompute.contracts import Structure
from precompute.models.architectures import mace_module, orb_module
from precompute.models.trust import pickles_allowed
from precompute.structures.convert import to_ase

MACE: dict[str, Any] = {
    "r_max": 5.0,
    "num_bessel": 8,
    "num_polynomial_cutoff": 5,
    "max_ell": 2,
    "correlation": 2,
    "num_interactions": 2,
    "hidden_irreps": "64x0e",
    "MLP_irreps": "16x0e",
    "radial_MLP": [64, 64, 64],
    # elements enter by learned vectors, not by a matrix each, for which a thousand crystals are too few
    "interaction": "RealAgnosticResidualNonLinearInteractionBlock",
}
ORB: dict[str, Any] = {
    "latent_dim": 64,
    "mlp_hidden_dim": 128,
    "mlp_depth": 1,
    "head_hidden_dim": 64,
    "num_message_passing_steps": 3,
    "num_bases": 8,
    "lmax": 3,
    "max_num_neighbors": 20,
}


class Learner(Protocol):
    """A network in training.

    Attributes
    ----------
    family : str
    architecture : dict
        What makes the network again.
    module : torch.nn.Module
    learning_rate : float
        Largest of the schedule.
    """

    family: str
    architecture: dict[str, Any]
    module: Any
    learning_rate: float

    def graph(self, structure: Structure) -> Any:
        """Return a structure as the network takes it, on the CPU."""
        ...

    def ask(self, graphs: Sequence[Any], training: bool) -> tuple[Any, Any]:
        """Return total energies (m,), eV, and forces (n, 3), eV/angstrom, as tensors."""
        ...


class MaceLearner:
    """An equivariant student: ScaleShiftMACE, 64 scalar channels, two layers, body order 3; forces are gradients."""

    family = "mace"
    # at 1e-2, MACE's own default for larger batches, it did not learn forces
    learning_rate = 3e-3

    def __init__(self, statistics: Mapping[str, float], references: Mapping[int, float], device: str) -> None:
        import torch

        self.architecture = {
            **MACE,
            "elements": sorted(references),
            "avg_num_neighbors": statistics["neighbours"],
            "atomic_inter_scale": statistics["force"],
        }
        self.module = mace_module(self.architecture)
        energies = torch.tensor([[references[z] for z in sorted(references)]])
        self.module.atomic_energies_fn.atomic_energies = energies
        self.module.to(device)
        self._device = device

    def graph(self, structure: Structure) -> Any:
        """Return `mace.data.AtomicData`."""
        with pickles_allowed():
            from mace import data, tools
        table = tools.AtomicNumberTable(self.architecture["elements"])
        config = data.config_from_atoms(to_ase(structure))
        return data.AtomicData.from_config(config, z_table=table, cutoff=self.architecture["r_max"])

    def ask(self, graphs: Sequence[Any], training: bool) -> tuple[Any, Any]:
        """Return energies and forces."""
        from mace.tools.torch_geometric import Batch

        batch = Batch.from_data_list(list(graphs)).to(self._device)
        answer = self.module(batch.to_dict(), training=training, compute_force=True)
        return answer["energy"], answer["forces"]


class OrbLearner:
    """A non-equivariant student: orb-v3-conservative with 64 latent components and three steps; forces are gradients.

    It is shown each structure in a random orientation every time, which is all that it learns of rotation.
    """

    family = "orb"
    learning_rate = 1e-3

    def __init__(self, statistics: Mapping[str, float], references: Mapping[int, float], device: str) -> None:
        import torch

        self.architecture = {**ORB, "elements": sorted(references), "energy_scale": statistics["energy"]}
        self.module = orb_module(self.architecture)
        weight = torch.zeros(118)
        for z, energy in references.items():
            weight[z] = energy
        self.module.heads["energy"].reference.linear.weight.data = weight
        self.module.to(device)
        self._device = device

    def graph(self, structure: Structure) -> Any:
        """Return `orb_models` AtomGraphs."""
        from orb_models.forcefield.atomic_system import ase_atoms_to_atom_graphs

        return ase_atoms_to_atom_graphs(to_ase(structure), self.module.system_config)

    def ask(self, graphs: Sequence[Any], training: bool) -> tuple[Any, Any]:
        """Return energies and forces."""
        import torch
        from orb_models.forcefield.base import batch_graphs

        batch = batch_graphs(list(graphs)).to(self._device)
        turns = rotations(len(graphs)) if training else torch.eye(3).expand(len(graphs), 3, 3)
        turns = turns.to(self._device)
        of_atom = torch.repeat_interleave(turns, batch.n_node, dim=0)
        # a copy in any case: the package asks for gradients of the tensor in place, which would outlive the batch
        batch.node_features["positions"] = torch.einsum("aij,aj->ai", of_atom, batch.node_features["positions"])
        batch.system_features["cell"] = torch.einsum("gij,gkj->gki", turns, batch.system_features["cell"])
        answer = self.module(batch)
        energy = self.module.heads["energy"].denormalize(answer["energy"], batch)
        return energy, torch.einsum("aji,aj->ai", of_atom, answer[self.module.grad_forces_name])


LEARNERS: dict[str, type[MaceLearner] | type[OrbLearner]] = {"mace": MaceLearner, "orb": OrbLearner}


def rotations(n: int) -> Any:
    """Return (n, 3, 3) rotations, uniform over the group, from torch's generator (normalised Gaussian quaternions)."""
    import torch

    w, x, y, z = torch.nn.functional.normalize(torch.randn(n, 4), dim=1).unbind(1)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)
