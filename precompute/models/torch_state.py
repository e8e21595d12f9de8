"""Loading a model must not change the process: precision, random numbers and threads are put back."""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def kept_torch_state() -> Iterator[None]:
    """Restore torch's default dtype, float32 matmul precision and CPU generator, which loaders of models change.

    Where torch is not imported yet, what it starts with is restored, and the generator has nothing to restore.
    """
    torch = sys.modules.get("torch")
    before = None
    if torch is not None:
        before = (torch.get_default_dtype(), torch.get_float32_matmul_precision(), torch.random.get_rng_state())
    try:
        yield
    finally:
        torch = sys.modules.get("torch")
        if torch is not None:
            torch.set_default_dtype(before[0] if before else torch.float32)
            torch.set_float32_matmul_precision(before[1] if before else "highest")
            if before:
                torch.random.set_rng_state(before[2])


@contextlib.contextmanager
def limited_threads(threads: int | None) -> Iterator[None]:
    """Let torch use `threads` cores inside this context; None leaves its own choice."""
    if threads is None or "torch" not in sys.modules:
        yield
        return
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def quiet_packages() -> Iterator[None]:
    """Hide the packages' own deprecation notices, which are for their authors, and their prints."""
    with warnings.catch_warnings(), contextlib.redirect_stdout(None):
        warnings.simplefilter("ignore")
        yield
