"""What the stages of one build share: the request, the atlas being made, and the arrays that all of them read."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from precompute.contracts import AtlasError, Structure
from precompute.plan import Request
from precompute.progress import Display
from precompute.staging import Ledger, Staging
from precompute.store import AtlasFile


@dataclass
class Report:
    """How a build ended.

    Attributes
    ----------
    built : bool
        False where everything asked for was there already.
    failed : mapping of model key to reason
        Models that are not in the atlas.
    """

    built: bool = True
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def reasons(self) -> str:
        return "; ".join(f"{key}: {reason}" for key, reason in self.failed.items())


class Work:
    """One run of the stages over one working folder."""

    def __init__(self, request: Request, staging: Staging, display: Display) -> None:
        self.request = request
        self.staging = staging
        self.file: AtlasFile = staging.file
        self.ledger = Ledger(staging.file)
        self.display = display
        self.report = Report()

    @property
    def structures(self) -> tuple[Structure, ...]:
        return self.request.collection.structures

    def models_with(self, stage: str = "embeddings") -> list[str]:
        """Keys of the models for which a stage is finished."""
        return [k for k in self.file.names("models", "groups") if f"{stage}/{k}" in self.ledger.entries]

    def drop(self, key: str) -> None:
        """Take a model out of the atlas, with all that rests on it."""
        for stage in (f"embeddings/{key}", f"coordinates/{key}", f"neighbours/{key}", "maps", "diagnostics/purity"):
            self.ledger.forget(stage)
        self.file.delete(f"models/{key}")

    def failed(self, key: str, error: AtlasError) -> None:
        self.report.failed[key] = str(error)
        self.display.say(f"{key} FAILED: {error}")

    @cached_property
    def orbit(self) -> NDArray[np.int32]:
        return self.file.read("atoms/orbit")

    @cached_property
    def numbers(self) -> NDArray[np.int16]:
        return self.file.read("atoms/atomic_number")

    @cached_property
    def category(self) -> NDArray[np.intp]:
        """Element category of each atom, as a code."""
        _, codes = np.unique(self.file.read("elements/category"), return_inverse=True)
        return codes[self.numbers - 1]
