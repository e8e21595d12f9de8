"""One model in this process: loads its adapter, checks what comes out, and says what it is.

The same code runs in the main process and in the worker of an environment, so both refuse and report alike.
"""

from __future__ import annotations

import importlib
import os
import platform
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError, Structure
from precompute.models.controls import made_checkpoint
from precompute.models.errors import ModelError, OutOfMemory, Unembeddable
from precompute.models.memory import keep_freed_memory, return_freed_memory
from precompute.models.spec import ModelSpec
from precompute.models.torch_state import kept_torch_state, limited_threads, quiet_packages
from precompute.models.trust import check_checkpoint, sha256_of

DEVICE_VARIABLE = "PLATONIC_ATLAS_DEVICE"
# what packages raise for a structure that they do not take; anything else is a fault of the program
_REFUSALS = (ValueError, RuntimeError, NotImplementedError, LookupError, ArithmeticError, AssertionError)
_MEMORY_WORDS = ("out of memory", "not enough memory", "can't allocate memory", "cannot allocate memory")


class Engine(Protocol):
    """What a session drives: a model in this process or in another."""

    spec: ModelSpec
    provenance: dict[str, Any]
    can_predict: bool

    def embed(self, structures: Sequence[Structure]) -> list[NDArray[np.float32]]:
        """Return one (n_atoms, d) array a structure; raise Unembeddable or OutOfMemory for the batch."""
        ...

    def predict(self, structures: Sequence[Structure]) -> list[tuple[float, NDArray[np.float32]]]:
        """Return energy (eV) and forces (n_atoms, 3) (eV/angstrom) of each structure; raise as `embed` does."""
        ...

    def close(self) -> None:
        """Free what the model holds."""
        ...


class LocalEngine:
    """A model in this process.

    Raises
    ------
    ModelError
        If the weights cannot be fetched, found or read.
    UntrustedFile
        If a local checkpoint needs pickle and `trust` is False.
    """

    def __init__(self, spec: ModelSpec, threads: int | None = None, trust: bool = False) -> None:
        self._threads = threads
        self._device = os.environ.get(DEVICE_VARIABLE, "cpu")
        weights_hash = None
        keep_freed_memory()
        with quiet_packages(), kept_torch_state():
            if spec.path is not None:
                check_checkpoint(Path(spec.path), trust)
            opened = spec
            if spec.maker is not None:
                file, weights_hash = made_checkpoint(spec)
                opened = spec.model_copy(update={"path": str(file)})
            self._adapter = _load(opened, self._device)
        self.spec = spec.model_copy(
            update={"width": self._adapter.width, "cutoff": self._adapter.cutoff, "head": self._adapter.head}
        )
        self.provenance = _provenance(self.spec, self._adapter.file, weights_hash, self._device)
        self.can_predict = callable(getattr(self._adapter, "predict", None))

    def embed(self, structures: Sequence[Structure]) -> list[NDArray[np.float32]]:
        """Return one (n_atoms, d) float32 array a structure, in order."""
        arrays = self._guarded(self._adapter.embed, structures)
        for structure, array in zip(structures, arrays, strict=True):
            self._check_shape("features", structure, array, self.spec.width)
        return [np.ascontiguousarray(a, dtype=np.float32) for a in arrays]

    def predict(self, structures: Sequence[Structure]) -> list[tuple[float, NDArray[np.float32]]]:
        """Return energy (eV) and forces (n_atoms, 3) (eV/angstrom) of each structure, in order."""
        pairs = self._guarded(self._adapter.predict, structures)
        for structure, (_, forces) in zip(structures, pairs, strict=True):
            self._check_shape("forces", structure, forces, 3)
        return [(float(energy), np.ascontiguousarray(forces, dtype=np.float32)) for energy, forces in pairs]

    def _check_shape(self, what: str, structure: Structure, array: NDArray, width: int | None) -> None:
        if array.shape != (len(structure), width):
            raise ModelError(
                f"{self.spec.key} gave {structure.id} {what} of shape {array.shape}, "
                f"expected ({len(structure)}, {width}): its adapter is wrong"
            )

    def _guarded(self, call: Callable[[Sequence[Structure]], list[Any]], structures: Sequence[Structure]) -> list[Any]:
        """Call the adapter; what it raises becomes a refusal, a lack of memory or a fault by name."""
        known = self._adapter.elements
        for structure in structures:
            unknown = set(structure.numbers.tolist()) - known if known is not None else set()
            if unknown:
                raise Unembeddable(f"{_symbols(unknown)} is unknown to the model, which has {len(known)} elements")
        try:
            with quiet_packages(), kept_torch_state(), limited_threads(self._threads):
                return call(structures)
        except MemoryError as error:
            raise OutOfMemory(str(error)) from error
        except _REFUSALS as error:
            text = _first_line(error)
            if any(words in str(error).lower() for words in _MEMORY_WORDS):
                raise OutOfMemory(text) from error
            raise Unembeddable(text) from error
        # also a border: an adapter's mistake ends its own model, by name, and not the build
        except Exception as error:
            raise ModelError(
                f"{self.spec.key}: its adapter failed ({type(error).__name__}: {_first_line(error)})"
            ) from error

    def close(self) -> None:
        """Drop the model."""
        self._adapter = None
        return_freed_memory()


def _load(spec: ModelSpec, device: str) -> Any:
    module, _, name = spec.adapter.partition(":")
    try:
        return getattr(importlib.import_module(module), name)(spec, device=device)
    except AtlasError:
        raise
    except ImportError as error:
        raise ModelError(
            f"{spec.key}: the packages of {spec.family} cannot be imported ({error}); "
            f"`platonic-atlas env list` shows the state of the environment {spec.environment!r}"
        ) from error
    # the border to packages that raise whatever they like while they fetch and open files; all of it is reported
    except Exception as error:
        raise ModelError(_loading_failure(spec, error)) from error


def _loading_failure(spec: ModelSpec, error: Exception) -> str:
    reason = f"{type(error).__name__}: {_first_line(error)}"
    if spec.weights != "download":
        what = spec.path if spec.path is not None else f"checkpoint {spec.checkpoint!r}"
        return f"{spec.key}: {what} cannot be loaded as {spec.family} ({reason})"
    keep = f", keep it as {spec.keep_at}" if spec.keep_at else ""
    or_ = " or" if spec.keep_at else ""
    name = Path(str(spec.url)).name
    head = f"#{spec.checkpoint if spec.family == 'orb' else spec.head}" if spec.family == "orb" or spec.head else ""
    return (
        f"{spec.key}: its weights are not here and could not be fetched ({reason}). "
        f"Fetch {spec.url} by hand{keep},{or_} point at the file: --models {spec.family}:path/to/{name}{head}"
    )


def _provenance(spec: ModelSpec, file: Path | None, weights_hash: str | None, device: str) -> dict[str, Any]:
    names = ("numpy", "torch", "ase", *spec.packages)
    sha256 = weights_hash or (sha256_of(file) if file is not None and file.is_file() else None)
    return {
        "key": spec.key,
        "family": spec.family,
        "checkpoint": spec.checkpoint,
        "file": file.name if file is not None else None,
        "sha256": sha256,
        # a module saved by this program holds names that differ between processes, so its values are hashed
        "sha256_of": None if sha256 is None else "weights" if weights_hash else "file",
        "layer": spec.layer,
        "head": spec.head,
        "width": spec.width,
        "cutoff": spec.cutoff,
        "invariant": spec.invariant,
        "status": spec.status,
        "weights": spec.weights,
        "parent": spec.parent,
        "training_data": spec.training_data,
        "level_of_theory": spec.level_of_theory,
        "licence": spec.licence,
        "citation": spec.citation,
        "note": spec.note,
        "environment": spec.environment,
        "precision": "float32",
        "device": device,
        "seed": spec.seed,
        "versions": {"python": platform.python_version(), **{n: v for n in names if (v := _version(n))}},
    }


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def _symbols(numbers: set[int]) -> str:
    from ase.data import chemical_symbols

    return ", ".join(f"{chemical_symbols[z]} (Z = {z})" for z in sorted(numbers))


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:300] if lines else type(error).__name__
