"""What tests of models share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from precompute.models import client
from precompute.models.registry import Registry
from tests.models.faulty_family import faulty_registry


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    """A registry with the models that fail in every way."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    yield faulty_registry(tmp_path)
    client.stop_idle_workers()
