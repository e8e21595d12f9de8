"""What can go wrong with a model, in words for the person who runs the program."""

from __future__ import annotations

from precompute.contracts import AtlasError


class ModelError(AtlasError):
    """A model could not be loaded or run."""


class UnknownModel(AtlasError):
    """No model has this key."""


class EnvironmentMissing(AtlasError):
    """A model's environment has not been created yet."""


class UntrustedFile(AtlasError):
    """A file needs pickle to be read, and the user has not said that they trust it."""


class WorkerError(ModelError):
    """A model's process crashed, was killed or stopped answering."""


class Unembeddable(Exception):
    """An adapter would not take these structures; the text says why. Caught by the session, which tries them singly."""


class OutOfMemory(Exception):
    """A batch did not fit in memory. Caught by the session, which tries smaller ones."""
