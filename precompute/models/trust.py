"""Files from others are hostile: what may be unpickled, and what a checkpoint's bytes are."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from precompute.models.errors import ModelError, UntrustedFile

_SWITCH = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"


def sha256_of(file: Path) -> str:
    """Return the SHA-256 of a file's bytes, 64 hexadecimal digits."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@contextmanager
def pickles_allowed() -> Iterator[None]:
    """Let `torch.load` unpickle while a trusted file is read, and only then.

    Importing mace sets the same switch for the rest of the process; leaving this context takes that back too.
    """
    before = os.environ.get(_SWITCH)
    os.environ[_SWITCH] = "1"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(_SWITCH, None)
        else:
            os.environ[_SWITCH] = before


def check_checkpoint(file: Path, trust: bool) -> None:
    """Refuse a local checkpoint that is missing, broken, or needs pickle without the user's trust.

    Raises
    ------
    ModelError
        If the file does not exist, is empty, or is no checkpoint that torch can read.
    UntrustedFile
        If reading it would run code from the file and `trust` is False.
    """
    import torch

    if not file.is_file():
        raise ModelError(f"no checkpoint at {file}: give the path of an existing file")
    if file.stat().st_size == 0:
        raise ModelError(f"{file} is empty: fetch or copy the checkpoint again")
    if trust:
        return
    try:
        # meta: the tensors' bytes are not needed to know what else the file holds
        torch.load(file, map_location="meta", weights_only=True)
    except pickle.UnpicklingError as error:
        if "Unsupported" not in str(error) and "GLOBAL" not in str(error):
            raise ModelError(_broken(file, error)) from None
        raise UntrustedFile(
            f"{file} holds Python objects, not only numbers, so opening it can run any code its author put there. "
            f"If you trust where it comes from, name it: --trust {file}"
        ) from None
    # a border: bytes that are no checkpoint make the reader stumble over whatever they look like
    except Exception as error:
        raise ModelError(_broken(file, error)) from None


def _broken(file: Path, error: Exception) -> str:
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return f"{file} is not a checkpoint that torch can read ({reason}): it may be truncated or of another kind"
