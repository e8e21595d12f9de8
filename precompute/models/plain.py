"""Checkpoints of numbers only: an architecture in words and numbers beside its weights, so that nothing is unpickled.

The families' own checkpoints are pickled modules (MACE) or weights whose architecture is named elsewhere (Orb). A plain
checkpoint is one file that `torch.load` reads with ``weights_only=True``::

    {"format": FORMAT, "family": "mace", "architecture": {...}, "weights": {name: tensor}}
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from precompute.models.errors import ModelError

FORMAT = "platonic-atlas plain checkpoint 1"
# the few large matrices of weights are most of a file, and a thousandth of a weight changes nothing that is measured
HALVED_FROM = 1000


@dataclass(frozen=True, eq=False)
class Plain:
    """A plain checkpoint.

    Attributes
    ----------
    family : str
    architecture : dict
        What the family's builder in `precompute.models.architectures` takes.
    weights : mapping of name to tensor
    """

    family: str
    architecture: dict[str, Any]
    weights: Mapping[str, Any]


def write_plain(file: Path, family: str, architecture: Mapping[str, Any], module: Any) -> None:
    """Write a torch module's weights with its architecture; trained arrays of `HALVED_FROM` values on as float16."""
    import torch

    trained = {name for name, p in module.named_parameters() if p.requires_grad}
    weights = {}
    for name, values in module.state_dict().items():
        values = values.detach().cpu()
        halved = name in trained and values.numel() >= HALVED_FROM
        weights[name] = values.to(torch.float16) if halved else values.clone()
    torch.save({"format": FORMAT, "family": family, "architecture": dict(architecture), "weights": weights}, file)


def read_plain(file: Path, family: str) -> Plain | None:
    """Return the plain checkpoint in a file; None where the file is a checkpoint of another kind.

    Raises
    ------
    ModelError
        If it is a plain checkpoint of another family or another version of the format, or one that is not whole.
    """
    import torch

    try:
        content = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, ValueError, KeyError, OSError):
        return None  # pickled modules are for the family's own loader, which the session has asked for trust
    if not isinstance(content, dict) or not str(content.get("format", "")).startswith("platonic-atlas"):
        return None
    if content["format"] != FORMAT:
        raise ModelError(f"{file} has the format {content['format']!r}, expected {FORMAT!r}: update Platonic Atlas")
    if content.get("family") != family:
        raise ModelError(f"{file} holds a model of the family {content.get('family')!r}, expected {family!r}")
    if not isinstance(content.get("architecture"), dict) or not isinstance(content.get("weights"), dict):
        raise ModelError(f"{file} lacks an architecture or weights: make or fetch it again")
    return Plain(family, content["architecture"], content["weights"])


def filled(module: Any, plain: Plain, file: Path) -> Any:
    """Return a built module with the checkpoint's weights, ready to be asked.

    Raises
    ------
    ModelError
        If names or shapes are not those of the architecture.
    """
    wanted, given = module.state_dict(), plain.weights
    odd = sorted(wanted.keys() ^ given.keys())
    odd += sorted(n for n in wanted.keys() & given.keys() if wanted[n].shape != given[n].shape)
    if odd:
        raise ModelError(
            f"{file}: its weights do not fit its architecture ({len(odd)} arrays missing, left over or of another "
            f"shape, such as {odd[0]}): the file is damaged or was made by another program"
        )
    module.load_state_dict({n: v.to(wanted[n].dtype) for n, v in given.items()})
    return module.eval()
