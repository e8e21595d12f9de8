"""The table of known models, with what can run here."""

from __future__ import annotations

from typing import Any

from precompute.models.environments import is_ready
from precompute.models.registry import Registry
from precompute.models.spec import MAIN


def rows(known: Registry) -> list[dict[str, Any]]:
    """Return one JSON-able row a model, for `platonic-atlas models`; `ready` says if its environment exists."""
    ready = {name: is_ready(name, known) for name in (MAIN, *known.environments)}
    return [
        {
            **spec.model_dump(mode="json", exclude={"adapter", "packages", "isolated", "path", "maker"}),
            "ready": ready[spec.environment],
        }
        for spec in known.specs
    ]
