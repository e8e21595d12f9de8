"""Runs of fine-tuning: recorded, continued to the identical result, stopped where they leave their course."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from precompute.contracts import AtlasError
from precompute.finetuning import records
from precompute.finetuning.labelled import Labelled, read, write
from precompute.finetuning.log import read_log
from precompute.finetuning.make_cu_dimers import dimer
from precompute.finetuning.preparing import Question
from precompute.finetuning.running import finetune
from precompute.finetuning.trainers import Settings
from precompute.progress import Display
from tests.finetuning.fake_family import KILL_VARIABLE

SETTINGS = Settings(learning_rate=0.3, epochs=3, batch_size=5, checkpoint_every=7)


def quiet() -> Display:
    return Display(Console(quiet=True))


def asked(folder: Path, **changed: Any) -> Question:
    settings = dataclasses.replace(SETTINGS, **changed.pop("settings", {}))
    return Question(**{"model": "fake-sound", "data": "cu-dimers", "out": folder, "settings": settings, **changed})


def contents(folder: Path) -> dict[str, bytes]:
    names = ("run.json", "log.csv", "data.extxyz")
    return {p.name: p.read_bytes() for p in (*sorted(folder.glob("checkpoints/*")), *(folder / n for n in names))}


@pytest.mark.usefixtures("in_process")
def test_a_run_records_what_it_takes_to_repeat_it(fake: Path) -> None:
    record = finetune(asked(fake / "run"), quiet())
    assert record.state == "finished"
    assert (record.model, record.family, record.strategy, record.seed) == ("fake-sound", "fake", "naive", 0)
    # 27 dimers in batches of 5 are 6 updates an epoch
    assert record.settings["updates"] == 18
    assert [c.updates for c in record.checkpoints] == [7, 14, 18]
    assert [c.epoch for c in record.checkpoints] == pytest.approx([7 / 6, 14 / 6, 3], abs=1e-4)
    assert record.data.elements == (29,)
    assert record.data.labels == "energies and forces of 7net-l3i5"
    assert record.replay is None
    assert "--model fake-sound --data cu-dimers" in " ".join(record.command)
    assert not any(str(fake) in part for part in record.command)
    assert record.checkpoints[-1].energy_mae < record.before.energy_mae
    assert [row.updates for row in read_log(fake / "run")] == list(range(1, 19))
    assert records.read_run(fake / "run", check_hashes=True) == record


@pytest.mark.slow
@pytest.mark.ci
def test_a_killed_run_goes_on_to_the_identical_result(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = fake / "whole"
    finetune(asked(whole), quiet())
    cut = fake / "cut"
    for update in ("6", "12", "18"):  # before the first checkpoint, between two, before the last
        monkeypatch.setenv(KILL_VARIABLE, update)
        with pytest.raises(AtlasError, match=r"killed \(signal 9\)"):
            finetune(asked(cut), quiet())
        assert records.read_run(cut).state == "running"
    monkeypatch.delenv(KILL_VARIABLE)
    assert finetune(asked(cut), quiet()).state == "finished"
    assert contents(cut) == contents(whole)


@pytest.mark.usefixtures("in_process")
def test_a_finished_run_is_not_run_again_and_another_command_names_what_differs(fake: Path) -> None:
    said: list[str] = []
    display = quiet()
    display.say = said.append  # type: ignore[method-assign]  # listens in place of the console
    finetune(asked(fake / "run"), display)
    before = contents(fake / "run")
    finetune(asked(fake / "run"), display)
    assert "finished" in said[-1]
    assert contents(fake / "run") == before
    with pytest.raises(AtlasError, match=r"learning rate is 0.1 here and 0.3 in the folder; seed is 4 here and 0 in"):
        finetune(asked(fake / "run", seed=4, settings={"learning_rate": 0.1}), quiet())


@pytest.mark.usefixtures("in_process")
@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("fake-nan", "update 7 is nan"),
        ("fake-explode", "100 times that of the"),
        ("fake-spoil", "after update 14 energies or forces of the data are not finite"),
    ],
)
def test_a_loss_that_diverges_stops_the_run_and_says_so(fake: Path, model: str, reason: str) -> None:
    question = asked(fake / "run", model=model)
    with pytest.raises(AtlasError, match=f"diverged.*{reason}.*--learning-rate below 0.3"):
        finetune(question, quiet())
    record = records.read_run(fake / "run", check_hashes=True)
    assert record.state == "diverged"
    kept = {p.relative_to(fake / "run").as_posix() for p in (fake / "run" / "checkpoints").iterdir()}
    assert kept == {c.file for c in record.checkpoints}
    with pytest.raises(AtlasError, match="this run diverged"):
        finetune(question, quiet())


@pytest.mark.slow
@pytest.mark.ci
def test_a_crash_of_training_is_an_error_with_its_last_lines(fake: Path) -> None:
    with pytest.raises(AtlasError, match=r"ended with status 1(.|\n)*ZeroDivisionError: the fake family fell over"):
        finetune(asked(fake / "run", model="fake-crash"), quiet())


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"strategy": "ewc"}, "fake has no strategy 'ewc'.*chgnet: naive, replay.*fake: naive, replay"),
        ({"strategy": "best"}, "no strategy 'best'; there are naive, replay, ewc"),
        ({"model": "orb-untrained"}, "models of orb cannot be fine-tuned here"),
        ({"settings": {"ewc_strength": 1.0}}, "has no ewc strength; leave --ewc-strength out"),
        ({"settings": {"ema": 1.0}}, "got 1"),
        ({"settings": {"learning_rate": 0.0}}, "learning rate is 0, expected a number above 0"),
        ({"strategy": "replay", "replay": 0}, "--replay is 0"),
        ({"strategy": "replay", "replay": 100_000}, "ask for fewer with --replay"),
        ({"strategy": "replay", "replay_without": ("Qq",)}, "Qq is no element"),
        ({"data": "nowhere.xyz"}, "no data at nowhere.xyz"),
    ],
)
def test_what_cannot_be_run_is_said(fake: Path, changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(AtlasError, match=reason):
        finetune(asked(fake / "run", **changed), quiet())


def test_a_folder_of_other_things_is_left_alone(fake: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (fake / "thesis.tex").write_text("x", encoding="utf-8")
    with pytest.raises(AtlasError, match="holds other things"):
        finetune(asked(fake), quiet())
    monkeypatch.chdir(fake)
    with pytest.raises(AtlasError, match="holds other things"):
        finetune(asked(Path()), quiet())


@pytest.mark.usefixtures("in_process")
def test_replay_keeps_the_updates_of_the_naive_run_and_leaves_elements_out(fake: Path) -> None:
    naive = finetune(asked(fake / "naive"), quiet())
    replay = finetune(asked(fake / "replay", strategy="replay", replay=12, replay_without=("Au",)), quiet())
    assert replay.settings["updates"] == naive.settings["updates"]
    assert replay.experiment == naive.experiment
    assert replay.replay is not None
    assert replay.replay.n_structures == 12
    assert 79 not in replay.replay.elements
    assert replay.replay.labels == "energies and forces of fake-sound itself"
    replayed = read(fake / "replay" / "replay.extxyz")
    assert len(replayed) == 12


@pytest.mark.parametrize(
    "changed", [{"hold_out": 0.25}, {"shift": False}, {"settings": {"force_weight": 5.0}}, {"settings": {"epochs": 2}}]
)
@pytest.mark.usefixtures("in_process")
def test_runs_that_differ_in_more_than_strategy_and_seed_are_no_experiment(fake: Path, changed: dict[str, Any]) -> None:
    assert (
        finetune(asked(fake / "other", **changed), quiet()).experiment
        != finetune(asked(fake / "run"), quiet()).experiment
    )


@pytest.mark.usefixtures("in_process")
def test_a_run_does_not_go_on_from_another_base(fake: Path) -> None:
    base = fake / "base.json"
    base.write_text("[1.0, -2.0]", encoding="utf-8")
    question = asked(fake / "run", model=f"fake:{base}", trust=(base,))
    finetune(question, quiet())
    finetune(question, quiet())
    base.write_text("[1.5, -2.0]", encoding="utf-8")
    with pytest.raises(AtlasError, match=r"it began from another file than .*base.json is now"):
        finetune(question, quiet())


@pytest.mark.usefixtures("in_process")
def test_user_data_are_brought_to_the_zero_of_the_base(fake: Path) -> None:
    from tests.finetuning.fake_family import BASE, predictions

    structures = [dimer(d) for d in (2.0, 2.5, 3.0)]
    off = 7.25  # eV an atom
    labels = [Labelled(s, e + 2 * off, f) for s, (e, f) in zip(structures, predictions(BASE, structures), strict=True)]
    write(labels, fake / "mine.xyz")
    record = finetune(asked(fake / "run", data=str(fake / "mine.xyz")), quiet())
    assert record.data.shift == pytest.approx({"Cu": off})
    assert record.before.energy_mae < 1e-6
    assert record.data.name == "mine.xyz"
    given = finetune(asked(fake / "given", data=str(fake / "mine.xyz"), shift=False), quiet())
    assert given.before.energy_mae == pytest.approx(off)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda c: c.update(schema=9), "schema 9, expected 1"),
        (lambda c: c.pop("data"), "lacks 'data'"),
        (lambda c: c.update(state="asleep"), "state is 'asleep'"),
        (lambda c: c["checkpoints"][0].update(file="../../etc/passwd"), "outside its folder"),
        (lambda c: c["checkpoints"][0].update(file="checkpoints/1.json"), "which is not there"),
        (lambda c: c["checkpoints"][0].update(updates=99), "ascending"),
        (lambda c: c["data"].update(elements=[29, 400]), "400.*expected atomic numbers"),
        (lambda c: c["checkpoints"][0].update(energy_mae=None), "energy_mae is None"),
    ],
)
def test_a_changed_record_is_refused(fake: Path, change: Any, reason: str) -> None:
    folder = fake / "run"
    folder.mkdir()
    (folder / "checkpoints").mkdir()
    checkpoints = []
    for updates in (7, 14):
        (folder / f"checkpoints/{updates}.json").write_text("[]", encoding="utf-8")
        (folder / f"checkpoints/{updates:06d}.json").write_text("[]", encoding="utf-8")
        name = f"checkpoints/{updates:06d}.json"
        checkpoints.append(records.RunCheckpoint(name, updates, 1.0, "0" * 64, 0.1, 0.2))
    data = records.DataRecord("mine", "1" * 64, 3, (29,), "as given")
    record = records.RunRecord(
        "running", "fake-sound", "fake", "", "naive", 0, data, None, {}, "", (), {}, records.Errors(1.0, 1.0),
        checkpoints=tuple(checkpoints),
    )  # fmt: skip
    records.write(record, folder)
    assert records.read_run(folder) == record
    content = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    change(content)
    (folder / "run.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(AtlasError, match=reason):
        records.read_run(folder)


@pytest.mark.usefixtures("in_process")
def test_a_checkpoint_that_was_changed_is_noticed(fake: Path) -> None:
    finetune(asked(fake / "run"), quiet())
    (fake / "run" / "checkpoints" / "000014.json").write_text("[0, 0]", encoding="utf-8")
    assert np.isfinite(records.read_run(fake / "run").before.energy_mae)
    with pytest.raises(AtlasError, match=r"000014.json is not the file that its run wrote"):
        records.read_run(fake / "run", check_hashes=True)


@pytest.mark.usefixtures("in_process")
def test_held_out_data_are_not_trained_on_and_have_errors_of_their_own(fake: Path) -> None:
    record = finetune(asked(fake / "run", hold_out=0.25), quiet())
    trained, held = read(fake / "run" / "data.extxyz"), read(fake / "run" / "held_out.extxyz")
    assert (len(trained), len(held), record.held_out, record.data.n_structures) == (20, 7, 7, 27)
    assert not {item.structure.id for item in trained} & {item.structure.id for item in held}
    assert record.settings["updates"] == 3 * 4
    last = record.checkpoints[-1]
    assert last.held_out is not None
    assert record.before_held_out is not None
    assert last.held_out != records.Errors(last.energy_mae, last.force_mae)
    assert last.held_out.energy_mae < record.before_held_out.energy_mae
    assert records.read_run(fake / "run") == record
    other = finetune(asked(fake / "other", hold_out=0.25, seed=5), quiet())
    assert other.before_held_out == record.before_held_out
    with pytest.raises(AtlasError, match=r"--hold-out 0.99 of 27 structures leaves 27 held out and 0 to train on"):
        finetune(asked(fake / "none", hold_out=0.99), quiet())
