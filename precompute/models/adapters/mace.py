"""MACE: the invariant part of the first layer (Li & Walsh, arXiv:2512.05349), through `mace.calculators`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import Structure
from precompute.models.architectures import mace_module
from precompute.models.plain import filled, read_plain
from precompute.models.spec import ModelSpec
from precompute.models.trust import pickles_allowed
from precompute.structures.convert import to_ase


class _LayerDone(Exception):
    """Ends a forward pass after the layer that is wanted."""


class Adapter:
    """Embeds structures with one MACE checkpoint.

    The second interaction and the readouts take 60 % of a forward pass and do not change the first layer's features,
    so the pass stops after the first (128 channels, medium size, one core: 7.7 -> 3.0 ms/atom).
    """

    def __init__(self, spec: ModelSpec, device: str = "cpu") -> None:
        plain = read_plain(Path(spec.path), spec.family) if spec.path else None
        # other checkpoints of MACE are pickled modules: the session has asked for trust before it comes here
        with pickles_allowed():
            from e3nn.o3 import Irreps
            from mace.calculators import MACECalculator
            from mace.calculators.foundations_models import download_mace_mp_checkpoint

            self.file = Path(spec.path or download_mace_mp_checkpoint(spec.checkpoint))
            options: dict[str, Any] = {"head": spec.head} if spec.head else {}
            if plain is None:
                # a list, because the calculator takes a text for a pattern of names
                options["model_paths"] = [self.file]
            else:
                options["models"] = [filled(mace_module(plain.architecture), plain, self.file).to(device)]
            self._calculator = MACECalculator(device=device, default_dtype="float32", **options)
        self._device = device
        self._model = self._calculator.models[0]
        irreps = Irreps(str(self._model.products[0].linear.irreps_out))
        if not irreps or str(irreps[0].ir) != "0e":
            raise ValueError(f"first layer has features {irreps}, expected scalars (0e) first")
        self.width = irreps[0].mul
        self.cutoff = self._calculator.r_max
        self.head = str(self._calculator.head)
        self.elements = frozenset(int(z) for z in self._model.atomic_numbers)
        self._layer: Any = None
        self._stops = True
        self._model.products[0].register_forward_hook(self._keep)

    def embed(self, structures: Sequence[Structure]) -> list[NDArray[np.float32]]:
        """Return one (n_atoms, d) array a structure."""
        import torch

        with torch.no_grad():
            try:
                self._model(self._batch(structures), compute_force=False)
            except _LayerDone:
                features = self._layer[:, : self.width]
        return [part.cpu().numpy() for part in torch.split(features, [len(s) for s in structures])]

    def predict(self, structures: Sequence[Structure]) -> list[tuple[float, NDArray[np.float32]]]:
        """Return energy (eV) and forces (n_atoms, 3) (eV/angstrom) of each structure."""
        import torch

        self._stops = False
        try:
            output = self._model(self._batch(structures), compute_force=True)
        finally:
            self._stops = True
        forces = torch.split(output["forces"].detach(), [len(s) for s in structures])
        return [(float(e), f.cpu().numpy()) for e, f in zip(output["energy"].detach(), forces, strict=True)]

    def _keep(self, _module: Any, _inputs: Any, output: Any) -> None:
        if self._stops:
            self._layer = output
            raise _LayerDone

    def _batch(self, structures: Sequence[Structure]) -> dict[str, Any]:
        from mace.tools.torch_geometric import Batch

        return Batch.from_data_list([self._graph(s) for s in structures]).to(self._device).to_dict()

    def _graph(self, structure: Structure) -> Any:
        from mace import data

        calculator = self._calculator
        config = data.config_from_atoms(to_ase(structure), head_name=self.head)
        return data.AtomicData.from_config(
            config, z_table=calculator.z_table, cutoff=self.cutoff, heads=calculator.available_heads
        )
