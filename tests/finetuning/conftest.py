"""The fake family as part of the registry, in this process and in those that it starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from precompute.finetuning import child, running
from precompute.finetuning.preparing import Question
from precompute.models.registry import FILES_VARIABLE
from precompute.models.spec import ModelSpec
from tests.finetuning.fake_family import models_file


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Training in this process: starting another takes longer than the fake family's training."""

    def train(question: Question, spec: ModelSpec, trusted: bool, *_: object) -> dict[str, Any]:
        return child.train(question.out, running.request_of(question, spec, trusted), lambda _: None)

    monkeypatch.setattr(running, "_train", train)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for runs of the fake family."""
    monkeypatch.setenv(FILES_VARIABLE, str(models_file(tmp_path)))
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return tmp_path
