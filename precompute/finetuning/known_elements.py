"""Whether a model knows the elements that it is to learn from."""

from __future__ import annotations

from collections.abc import Iterable

from precompute.contracts import AtlasError
from precompute.elements import table
from precompute.finetuning.labelled import elements_of
from precompute.finetuning.trainers import Job


def check_elements(job: Job, known: Iterable[int]) -> None:
    """Refuse data with elements that the base does not know.

    Parameters
    ----------
    known : iterable of int
        Atomic numbers of the base.

    Raises
    ------
    AtlasError
        Naming the elements.
    """
    strange = sorted({*elements_of(job.data), *elements_of(job.replay)} - set(known))
    if strange:
        symbols = table()["symbol"]
        names = ", ".join(str(symbols[z - 1]) for z in strange)
        raise AtlasError(f"{job.spec.key} does not know {names}, which the data have; leave those structures out")
