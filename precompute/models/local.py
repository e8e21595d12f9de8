"""A checkpoint that was made from a known model, as a model of its own."""

from __future__ import annotations

from pathlib import Path

from precompute.models.spec import ModelSpec


def local_spec(base: ModelSpec, file: Path, key: str) -> ModelSpec:
    """The model of a checkpoint that was fine-tuned from `base`, opened as its family opens files."""
    named_by_checkpoint = base.family == "orb"  # its files hold weights only; the architecture is the base's
    return base.model_copy(
        update={
            "key": key,
            "aliases": (),
            "path": str(file),
            "weights": "local",
            "status": "fine-tuned",
            "parent": base.key,
            # MACE renames the heads of what it fine-tunes; its features do not depend on the head
            "head": None if base.family == "mace" else base.head,
            "checkpoint": base.checkpoint if named_by_checkpoint else file.name,
            "maker": None,
            "seed": None,
            "url": None,
            "keep_at": None,
            "training_data": None,
            "level_of_theory": None,
            "licence": None,
            "citation": None,
            "note": None,
        }
    )
