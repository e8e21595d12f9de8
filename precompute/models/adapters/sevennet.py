"""SevenNet: the node feature that the readout receives, through `sevenn.util.load_checkpoint`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import Structure
from precompute.models.spec import ModelSpec
from precompute.structures.convert import to_ase

# first module of the readout: two linear layers, or one fully connected network
READOUTS = ("reduce_input_to_hidden", "readout_FCN")


class Adapter:
    """Embeds structures with one SevenNet checkpoint."""

    def __init__(self, spec: ModelSpec, device: str = "cpu") -> None:
        from sevenn.util import load_checkpoint

        checkpoint = load_checkpoint(spec.path or spec.checkpoint)
        self.file = Path(checkpoint.checkpoint_path)
        model = checkpoint.build_model()
        names = list(dict(model.named_children()))
        readout = next((names.index(name) for name in READOUTS if name in names), None)
        if readout is None:
            raise ValueError(f"no readout among the modules {names}; expected one of {READOUTS}")
        for name in names[readout:]:
            model.delete_module_by_key(name)
        model.set_is_batch_data(True)
        model.key_grad = None  # no forces are wanted
        self._device = device
        self._checkpoint = checkpoint
        self._whole: Any = None
        self._model = model.eval().to(device)
        self.head = _modal(spec.head, model.modal_map or {})
        self.width = int(checkpoint.config["channel"])
        self.cutoff = float(model.cutoff)
        self.elements = frozenset(model.type_map)

    def embed(self, structures: Sequence[Structure]) -> list[NDArray[np.float32]]:
        """Return one (n_atoms, d) array a structure."""
        import sevenn._keys as keys
        import torch

        with torch.no_grad():
            features = self._model(self._batch(structures))[keys.NODE_FEATURE]
        return [part.cpu().numpy() for part in torch.split(features, [len(s) for s in structures])]

    def predict(self, structures: Sequence[Structure]) -> list[tuple[float, NDArray[np.float32]]]:
        """Return energy (eV) and forces (n_atoms, 3) (eV/angstrom) of each structure."""
        import sevenn._keys as keys
        import torch

        if self._whole is None:
            self._whole = self._checkpoint.build_model().eval().requires_grad_(False).to(self._device)
            self._whole.set_is_batch_data(True)
        output = self._whole(self._batch(structures))
        energies, forces = (output[k].detach().cpu() for k in (keys.PRED_TOTAL_ENERGY, keys.PRED_FORCE))
        parts = torch.split(forces, [len(s) for s in structures])
        return [(float(e), f.numpy()) for e, f in zip(energies.reshape(-1), parts, strict=True)]

    def _batch(self, structures: Sequence[Structure]) -> Any:
        from torch_geometric.data import Batch

        return Batch.from_data_list([self._graph(s) for s in structures]).to(self._device)

    def _graph(self, structure: Structure) -> Any:
        import sevenn._keys as keys
        from sevenn.atom_graph_data import AtomGraphData
        from sevenn.train.dataload import unlabeled_atoms_to_graph

        graph = AtomGraphData.from_numpy_dict(unlabeled_atoms_to_graph(to_ase(structure), self.cutoff))
        if self.head is not None:
            graph[keys.DATA_MODALITY] = self.head
        return graph


def _modal(wanted: str | None, known: dict[str, int]) -> str | None:
    """Return the checkpoint's own spelling of a modal; SevenNet writes some in capitals."""
    if wanted is None and not known:
        return None
    match = [name for name in known if wanted is not None and name.lower() == wanted.lower()]
    if not match:
        raise ValueError(f"modal {wanted!r} is not among the checkpoint's: {', '.join(known) or 'it has none'}")
    return match[0]
