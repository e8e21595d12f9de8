"""What a local checkpoint is taken for."""

from __future__ import annotations

from pathlib import Path

from precompute.stages.checkpoints import followed


def test_a_head_can_be_named_and_the_training_is_not_known(tmp_path: Path) -> None:
    file = tmp_path / "tuned.model"
    file.write_bytes(b"weights")
    named, plain = (followed("mace-mp-0-small", [f"mace:{file}{end}"]).checkpoints[0].spec for end in ("#omat", ""))
    assert named.head == "omat"
    assert plain.head is None
    assert (plain.training_data, plain.level_of_theory, plain.parent) == (None, None, "mace-mp-0-small")
