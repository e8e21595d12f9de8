"""What is known about a model, a family and an environment; typed, and checked when `models.yml` is read."""

from __future__ import annotations

import re
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Weights = Literal["bundled", "download", "made", "local", "imported"]
# a student is a small model that this project trained from random weights: a control, never a foundation model
Status = Literal["pretrained", "fine-tuned", "student", "untrained", "control", "imported"]

MAIN = "main"
_KEY = re.compile(r"[a-z0-9][a-z0-9._-]*")


class _Checked(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class EnvironmentSpec(_Checked):
    """Packages of families that the main environment cannot hold.

    Attributes
    ----------
    requirements : tuple of str
        As pip takes them. Packages of the main environment stay visible, so name only what must differ or be added.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    requirements: tuple[str, ...] = ()

    @field_validator("name")
    @classmethod
    def _not_main(cls, name: str) -> str:
        if name == MAIN:
            raise ValueError("'main' is the environment that Platonic Atlas itself runs in")
        return name


class FamilySpec(_Checked):
    """A family of models that one adapter runs.

    Attributes
    ----------
    adapter : str
        ``package.module:Class``, imported in the family's environment.
    environment : str
        ``main`` or the name of an environment.
    packages : tuple of str
        Distributions whose versions are recorded with every embedding.
    isolated : bool
        Run in a process of its own even where the main environment would do.
    trainer : str or None
        Module that fine-tunes its models (`precompute.finetuning.trainers`), imported in the family's environment.
    """

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    adapter: str = Field(pattern=r"^[\w.]+:\w+$")
    environment: str = MAIN
    packages: tuple[str, ...] = ()
    isolated: bool = False
    trainer: str | None = Field(default=None, pattern=r"^[\w.]+$")


class ModelSpec(_Checked):
    """One model: a checkpoint and everything that changes its features.

    Attributes
    ----------
    key : str
        Lower case, hyphenated; head or modal is part of it.
    layer : str
        Which feature is taken, for people.
    width : int or None
        Components d of the feature; None where only loading the checkpoint tells.
    cutoff : float or None
        Radius of the model's graph, angstrom.
    invariant : bool
        Whether the feature is rotation invariant by construction.
    head : str or None
        Head (MACE), modal (SevenNet) or, for a local Orb checkpoint, the architecture's name.
    parent : str or None
        Key of the model that this one was fine-tuned from.
    checkpoint : str
        The name by which the family's own loader knows it.
    path : str or None
        Local checkpoint; in a models file, that of bundled weights is relative to the file.
    maker : str or None
        ``package.module:function`` that makes the checkpoint, for weights made on the spot.
    url, keep_at : str or None
        Where the weights come from, and where the family's loader looks for a file fetched by hand.
    ms_per_atom : float or None
        Rough time for one atom on one core of 2024, milliseconds; for estimates before a build.
    """

    key: str
    aliases: tuple[str, ...] = ()
    family: str
    checkpoint: str
    weights: Weights
    layer: str
    width: int | None = Field(default=None, gt=0)
    cutoff: float | None = Field(default=None, gt=0)
    invariant: bool
    head: str | None = None
    status: Status
    parent: str | None = None
    training_data: str | None = None
    level_of_theory: str | None = None
    licence: str | None = None
    citation: str | None = None
    note: str | None = None
    url: str | None = None
    keep_at: str | None = None
    seed: int | None = None
    path: str | None = None
    maker: str | None = Field(default=None, pattern=r"^[\w.]+:\w+$")
    ms_per_atom: float | None = Field(default=None, gt=0)
    adapter: str = ""
    environment: str = MAIN
    packages: tuple[str, ...] = ()
    isolated: bool = False

    @field_validator("key")
    @classmethod
    def _writable(cls, key: str) -> str:
        # keys are folder names in the store and parts of command lines and addresses
        if not _KEY.fullmatch(key):
            raise ValueError(f"key {key!r} must match {_KEY.pattern}: lower case, digits, hyphens and dots")
        return key

    @model_validator(mode="after")
    def _consistent(self) -> ModelSpec:
        if (self.status == "fine-tuned") != (self.parent is not None):
            raise ValueError(f"{self.key}: a fine-tuned model, and no other, names its parent")
        if self.weights == "download" and not self.url:
            raise ValueError(f"{self.key}: weights to download need their url")
        if self.weights == "made" and self.seed is None:
            raise ValueError(f"{self.key}: weights made on the spot need a seed")
        return self
