"""Untrained checkpoints: the true architectures with seeded random weights, made once and kept with their hashes.

They go through the packages' own loaders like any checkpoint. `element-only`, the other control, needs no weights.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from precompute.models.places import private_folder
from precompute.models.spec import ModelSpec
from precompute.models.trust import pickles_allowed, sha256_of

# all elements up to Pu but Po, At, Rn, Fr and Ra: those of the Materials Project's training data
MP_ELEMENTS = tuple(z for z in range(1, 95) if not 84 <= z <= 88)


def made_checkpoint(spec: ModelSpec) -> tuple[Path, str]:
    """Return the checkpoint of a model whose weights are made on the spot, and the SHA-256 of its weights.

    Made on first use under a lock, written under another name and moved into place; a file whose bytes no longer have
    the hash noted when it was made is made again.
    """
    from filelock import FileLock

    if spec.maker is None:
        raise ValueError(f"{spec.key}: weights made on the spot need a maker")
    module, _, name = spec.maker.partition(":")
    maker: Callable[[ModelSpec, Path], str] = getattr(importlib.import_module(module), name)
    file = private_folder("checkpoints") / f"{spec.key}-seed{spec.seed}.ckpt"
    note = file.with_suffix(".json")
    with FileLock(file.with_suffix(".lock")):
        known = _noted(note)
        if not (file.is_file() and known and sha256_of(file) == known["file"]):
            partial = file.with_suffix(".partial")
            known = {"weights": maker(spec, partial), "file": sha256_of(partial)}
            partial.replace(file)
            note.write_text(json.dumps(known), encoding="utf-8")
        return file, known["weights"]


def make_mace(spec: ModelSpec, file: Path) -> str:
    """Write a MACE with the architecture of mace-mp-0-medium and random weights; return their SHA-256.

    128 channels of scalars and vectors, two interactions, body order 4, radius 6 A, 89 elements.
    """
    with pickles_allowed():
        import mace.modules as modules
        import numpy as np
        import torch
        from e3nn.o3 import Irreps

        block = modules.interaction_classes["RealAgnosticResidualInteractionBlock"]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(spec.seed or 0)
            model = modules.ScaleShiftMACE(
                r_max=6.0,
                num_bessel=10,
                num_polynomial_cutoff=5,
                max_ell=3,
                interaction_cls=block,
                interaction_cls_first=block,
                num_interactions=2,
                num_elements=len(MP_ELEMENTS),
                hidden_irreps=Irreps("128x0e + 128x1o"),
                MLP_irreps=Irreps("16x0e"),
                atomic_energies=np.zeros((1, len(MP_ELEMENTS))),
                # neighbours within 6 A in MPtrj, on average
                avg_num_neighbors=61.96,
                atomic_numbers=list(MP_ELEMENTS),
                correlation=3,
                gate=torch.nn.functional.silu,
                atomic_inter_scale=1.0,
                atomic_inter_shift=0.0,
            )
        torch.save(model, file)
    return _weights_hash(model.state_dict())


def make_orb(spec: ModelSpec, file: Path) -> str:
    """Write the weights of an orb-v3-conservative-inf-omat that nobody trained; return their SHA-256."""
    import torch
    from orb_models.forcefield.atomic_system import SystemConfig
    from orb_models.forcefield.pretrained import orb_v3_conservative_architecture

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(spec.seed or 0)
        system = SystemConfig(radius=6.0, max_num_neighbors=120)
        weights = orb_v3_conservative_architecture(device="cpu", system_config=system).state_dict()
    torch.save(weights, file)
    return _weights_hash(weights)


def _weights_hash(weights: Mapping[str, Any]) -> str:
    """Return the SHA-256 of names, shapes and values; a saved module's bytes also hold names that change by process."""
    sha = hashlib.sha256()
    for name in sorted(weights):
        values = weights[name].detach().cpu().numpy()
        sha.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        sha.update(values.tobytes())
    return sha.hexdigest()


def _noted(note: Path) -> dict[str, str] | None:
    try:
        known = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return known if isinstance(known, dict) and {"weights", "file"} <= known.keys() else None
