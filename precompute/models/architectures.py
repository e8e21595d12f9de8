"""Small networks of the families' own classes, built from an architecture that is plain data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from precompute.models.trust import pickles_allowed


def mace_module(architecture: Mapping[str, Any]) -> Any:
    """Build a `mace.modules.ScaleShiftMACE` with random weights from torch's generator.

    Parameters
    ----------
    architecture : mapping
        r_max (angstrom), num_bessel, num_polynomial_cutoff, max_ell, correlation, num_interactions, avg_num_neighbors:
        numbers; hidden_irreps, MLP_irreps, interaction: text; radial_MLP, elements: lists of int;
        atomic_inter_scale (eV).
    """
    with pickles_allowed():  # importing mace sets that switch for good
        import mace.modules as modules
        import numpy as np
        import torch
        from e3nn.o3 import Irreps

    numbers = [int(z) for z in architecture["elements"]]
    block = modules.interaction_classes[architecture["interaction"]]
    return modules.ScaleShiftMACE(
        r_max=float(architecture["r_max"]),
        num_bessel=int(architecture["num_bessel"]),
        num_polynomial_cutoff=int(architecture["num_polynomial_cutoff"]),
        max_ell=int(architecture["max_ell"]),
        interaction_cls=block,
        interaction_cls_first=block,
        num_interactions=int(architecture["num_interactions"]),
        num_elements=len(numbers),
        hidden_irreps=Irreps(architecture["hidden_irreps"]),
        MLP_irreps=Irreps(architecture["MLP_irreps"]),
        atomic_energies=np.zeros((1, len(numbers))),
        avg_num_neighbors=float(architecture["avg_num_neighbors"]),
        atomic_numbers=numbers,
        correlation=int(architecture["correlation"]),
        gate=torch.nn.functional.silu,
        radial_MLP=[int(n) for n in architecture["radial_MLP"]],
        atomic_inter_scale=float(architecture["atomic_inter_scale"]),
        atomic_inter_shift=0.0,
    )


def orb_module(architecture: Mapping[str, Any]) -> Any:
    """Build an `orb_models` conservative regressor with random weights from torch's generator.

    The parts are those of orb-v3-conservative-20: Bessel and spherical-harmonic edge features, sigmoid attention with a
    cutoff of 6 A (fixed in the package), a head for the energy, whose gradient is the forces; but fewer and narrower
    layers, no stress, no pair repulsion.

    Parameters
    ----------
    architecture : mapping
        latent_dim, mlp_hidden_dim, mlp_depth, head_hidden_dim, num_message_passing_steps, num_bases, lmax,
        max_num_neighbors, energy_scale (eV/atom): numbers.
    """
    import torch
    from orb_models.forcefield.angular import SphericalHarmonics
    from orb_models.forcefield.atomic_system import SystemConfig
    from orb_models.forcefield.conservative_regressor import ConservativeForcefieldRegressor
    from orb_models.forcefield.forcefield_heads import EnergyHead
    from orb_models.forcefield.gns import MoleculeGNS
    from orb_models.forcefield.rbf import BesselBasis

    latent, radius = int(architecture["latent_dim"]), 6.0
    energy = EnergyHead(
        latent_dim=latent,
        num_mlp_layers=1,
        mlp_hidden_dim=int(architecture["head_hidden_dim"]),
        predict_atom_avg=True,
        activation="silu",
        online_normalisation=False,
    )
    torch.nn.init.zeros_(energy.reference.linear.weight)
    energy.normalizer.bn.running_mean = torch.zeros(1)
    energy.normalizer.bn.running_var = torch.full((1,), float(architecture["energy_scale"]) ** 2)
    network = MoleculeGNS(
        latent_dim=latent,
        num_message_passing_steps=int(architecture["num_message_passing_steps"]),
        num_mlp_layers=int(architecture["mlp_depth"]),
        mlp_hidden_dim=int(architecture["mlp_hidden_dim"]),
        rbf_transform=BesselBasis(r_max=radius, num_bases=int(architecture["num_bases"])),
        angular_transform=SphericalHarmonics(lmax=int(architecture["lmax"]), normalize=True, normalization="component"),
        outer_product_with_cutoff=True,
        use_embedding=True,
        interaction_params={"distance_cutoff": True, "attention_gate": "sigmoid"},
        node_feature_names=["feat"],
        edge_feature_names=["feat"],
        activation="silu",
        mlp_norm="rms_norm",
    )
    system = SystemConfig(radius=radius, max_num_neighbors=int(architecture["max_num_neighbors"]))
    return ConservativeForcefieldRegressor(
        heads={"energy": energy},
        model=network,
        ensure_grad_loss_weights=False,
        online_normalisation=False,
        pair_repulsion=False,
        system_config=system,
        has_stress=False,
    )
