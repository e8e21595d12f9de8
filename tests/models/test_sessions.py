"""Batches, refusals and the misfortunes of a model's process."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from precompute.contracts import AtlasError
from precompute.models import client
from precompute.models.errors import EnvironmentMissing, ModelError, WorkerError
from precompute.models.registry import Registry
from precompute.models.session import BATCH_ATOMS, batches, open_model
from tests.models import examples


@pytest.mark.parametrize("isolated", [False, True])
def test_both_kinds_of_session_give_the_same_arrays(known: Registry, isolated: bool) -> None:
    spec = known.resolve("faulty-sound").model_copy(update={"isolated": isolated})
    with open_model(spec) as session:
        embedded = session.embed([examples.water(), examples.one_atom()])
        assert session.spec.width == 2
        assert session.provenance["versions"]["python"]
    assert [e.features.tolist() for e in embedded if e.features is not None] == [[[8, 0], [1, 1], [1, 2]], [[29, 0]]]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("refuse", "no such structures, please"), ("nan", "8 of 8 atoms are not finite"), ("memory", "8 atoms")],
)
@pytest.mark.parametrize("isolated", [False, True])
def test_one_bad_structure_leaves_the_others_embedded(known: Registry, fault: str, reason: str, isolated: bool) -> None:
    spec = known.resolve(f"faulty-{fault}").model_copy(update={"isolated": isolated})
    with open_model(spec) as session:
        first, bad, last = session.embed(examples.trio())
    assert first.features is not None
    assert last.features is not None
    assert bad.features is None
    assert reason in bad.reason
    assert "second line" not in bad.reason


@pytest.mark.parametrize(
    ("fault", "words"),
    [("crash", "ended with status 3"), ("killed", "signal 9"), ("hang", "no answer")],
)
def test_a_dead_or_silent_process_is_an_error_with_names(
    known: Registry, monkeypatch: pytest.MonkeyPatch, fault: str, words: str
) -> None:
    with open_model(known.resolve(f"faulty-{fault}")) as session:
        session.embed([examples.water()])
        if fault == "hang":
            monkeypatch.setenv(client.TIMEOUT_VARIABLE, "0.5")
        with pytest.raises(WorkerError, match=words) as caught:
            session.embed(examples.trio())
        monkeypatch.delenv(client.TIMEOUT_VARIABLE, raising=False)
    text = str(caught.value)
    assert f"faulty-{fault}" in text
    assert "first, bad, last" in text
    if fault == "crash":
        assert "about to fall over" in text


def test_other_models_go_on_after_a_crash(known: Registry) -> None:
    with open_model(known.resolve("faulty-crash")) as session, pytest.raises(WorkerError):
        session.embed(examples.trio())
    with open_model(known.resolve("faulty-sound")) as session:
        assert all(e.features is not None for e in session.embed(examples.trio()))


def test_prints_do_not_mix_with_arrays(known: Registry) -> None:
    with open_model(known.resolve("faulty-noisy")) as session:
        assert all(e.features is not None for e in session.embed(examples.trio()))


@pytest.mark.parametrize("isolated", [False, True])
@pytest.mark.parametrize("fault", ["bug", "shape"])
def test_a_fault_of_the_adapter_is_no_refusal(known: Registry, fault: str, isolated: bool) -> None:
    spec = known.resolve(f"faulty-{fault}").model_copy(update={"isolated": isolated})
    with open_model(spec) as session, pytest.raises(ModelError, match=f"faulty-{fault}"):
        session.embed(examples.trio())


def test_a_process_serves_the_next_model_of_its_environment(known: Registry) -> None:
    with open_model(known.resolve("faulty-sound")):
        pass
    (kept,) = client._IDLE
    with open_model(known.resolve("faulty-noisy")) as session:
        assert client._IDLE == []
        session.embed(examples.trio())
    assert [kept] == client._IDLE


def test_a_process_ends_when_it_is_no_longer_needed(known: Registry) -> None:
    with open_model(known.resolve("faulty-sound")):
        pass
    (worker,) = client._IDLE
    client.stop_idle_workers()
    assert not worker.alive()


def test_a_model_whose_environment_is_missing_says_what_to_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PLATONIC_ATLAS_HOME", str(tmp_path))
    spec = Registry.load().resolve("7net-0")
    with pytest.raises(EnvironmentMissing, match="platonic-atlas env create sevennet"), open_model(spec):
        pass


@pytest.mark.parametrize("value", ["soon", "0", "-3", "inf", "nan"])
def test_a_senseless_timeout_is_named(known: Registry, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv(client.TIMEOUT_VARIABLE, value)
    with pytest.raises(AtlasError, match=value), open_model(known.resolve("faulty-sound")):
        pass


def test_batches_hold_every_structure_once_and_stay_small() -> None:
    rng = np.random.default_rng(0)
    structures = []
    for i in range(200):
        n = int(rng.integers(1, 200))
        structures.append(examples.structure(str(i), [6] * n, rng.random((n, 3)) * 10, np.eye(3) * 10))
    found = batches(structures, 6.0)
    assert sorted(i for b in found for i in b) == list(range(200))
    assert all(len(b) == 1 or sum(len(structures[i]) for i in b) <= BATCH_ATOMS for b in found)
    assert len(found) < 200
