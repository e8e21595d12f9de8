"""Models, strategies and options that do not go together are said before anything is loaded."""

import pytest

from precompute.contracts import AtlasError
from precompute.finetuning.trainers import Settings, supported, trainer_of
from precompute.models.registry import registry


def test_families_and_their_strategies() -> None:
    found = supported()
    assert found["sevennet"] == ("naive", "replay", "ewc", "replay+ewc")
    assert found["mace"] == ("naive", "multihead")
    assert "orb" not in found


@pytest.mark.parametrize(
    ("key", "strategy", "settings", "message"),
    [
        ("7net-0", "multihead", Settings(), "sevennet has no strategy 'multihead'.*mace: naive, multihead"),
        (
            "mace-untrained",
            "ewc",
            Settings(ewc_strength=1.0),
            "mace has no strategy 'ewc'.*sevennet: naive, replay, ewc",
        ),
        ("7net-0", "naive", Settings(ema=0.99), "sevennet has no ema"),
        ("7net-0", "replay+ewc", Settings(), "needs a strength above 0: --ewc-strength"),
        ("7net-mf-0-r2scan", "naive", Settings(), "several modals, here r2scan.*7net-l3i5"),
        ("orb-v3", "naive", Settings(), "models of orb cannot be fine-tuned here"),
        ("element-only", "naive", Settings(), "cannot be fine-tuned"),
        ("mace-student", "naive", Settings(), "mace-student is student: there is nothing to fine-tune"),
    ],
)
def test_what_does_not_go_together(key: str, strategy: str, settings: Settings, message: str) -> None:
    with pytest.raises(AtlasError, match=f"(?s){message}"):
        trainer_of(registry().resolve(key), strategy, settings)


@pytest.mark.parametrize("key", ["7net-0", "7net-0-22may2024", "7net-l3i5"])
def test_what_does(key: str) -> None:
    spec = registry().resolve(key)
    assert trainer_of(spec, "replay+ewc", Settings(ewc_strength=1.0)).strategies == supported()["sevennet"]
