"""The list of models, and files of users in the same form."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from precompute.contracts import AtlasError
from precompute.models.errors import UnknownModel
from precompute.models.listing import rows as rows_of
from precompute.models.registry import Registry

# every key of the design's table
KEYS = (
    "mace-mp-0-small",
    "mace-mp-0-medium",
    "mace-mp-0-large",
    "mace-omat-0-medium",
    "mace-mpa-0",
    "mace-mh-1",
    "7net-omat",
    "7net-mf-ompa-mpa",
    "7net-mf-ompa-omat24",
    "7net-omni-mpa",
    "7net-0",
    "7net-0-22may2024",
    "7net-l3i5",
    "7net-mf-0-pbe",
    "7net-mf-0-r2scan",
    "orb-v3-conservative-inf-omat",
    "orb-v3-direct-inf-omat",
    "orb-v2",
    "chgnet-0.3.0",
    "chgnet-0.2.0",
    "chgnet-r2scan",
    "mace-student",
    "orb-student",
    "mace-untrained",
    "orb-untrained",
    "element-only",
)


@pytest.fixture(scope="module")
def known() -> Registry:
    return Registry.load()


@pytest.mark.parametrize("key", KEYS)
def test_every_promised_model_is_there(known: Registry, key: str) -> None:
    assert known.resolve(key).key == key


@pytest.mark.parametrize(
    ("alias", "key"),
    [
        ("mace-mp-0a", "mace-mp-0-medium"),
        ("orb-v3", "orb-v3-conservative-inf-omat"),
        ("sevennet-0", "7net-0"),
        ("CHGNet-0.3.0", "chgnet-0.3.0"),
        ("7net-omni", "7net-omni-mpa"),
    ],
)
def test_names_used_elsewhere_are_understood(known: Registry, alias: str, key: str) -> None:
    assert known.resolve(alias).key == key


def test_an_unknown_name_gets_the_closest_ones(known: Registry) -> None:
    with pytest.raises(UnknownModel, match=r"mace-mp-0.*platonic-atlas models") as caught:
        known.resolve("mace-mp0-medum")
    assert "mace-mp-0-medium" in str(caught.value)
    with pytest.raises(UnknownModel, match="platonic-atlas models"):
        known.resolve("zzzzzz")


def test_what_is_not_trained_is_not_called_pretrained(known: Registry) -> None:
    status = {s.key: s.status for s in known.specs}
    assert status["mace-untrained"] == status["orb-untrained"] == "untrained"
    assert status["mace-student"] == status["orb-student"] == "student"
    assert status["element-only"] == "control"
    assert known.resolve("chgnet-r2scan").parent == "chgnet-0.3.0"


def test_bundled_weights_need_no_download(known: Registry) -> None:
    bundled = {s.key for s in known.specs if s.weights == "bundled"}
    assert bundled == {k for k in KEYS if k.startswith("chgnet")} | {
        "7net-0", "7net-0-22may2024", "7net-l3i5", "7net-mf-0-pbe", "7net-mf-0-r2scan", "mace-student", "orb-student"
    }  # fmt: skip


def test_a_local_checkpoint_is_a_model_of_its_family(known: Registry, tmp_path: Path) -> None:
    file = tmp_path / "My Fine#Tune.model"
    file.write_bytes(b"x")
    spec = known.resolve(f"mace:{file}")
    assert (spec.key, spec.family, spec.weights, spec.path) == ("mace-my-fine-tune", "mace", "local", str(file))
    with_head = known.resolve("7net:cp.pth#pbe" if "7net" in known.families else "sevennet:cp.pth#pbe")
    assert (with_head.path, with_head.head, with_head.environment) == ("cp.pth", "pbe", "sevennet")
    with pytest.raises(UnknownModel, match="mace"):
        known.resolve("maice:file.model")


def test_rows_are_json_and_say_what_the_table_shows(known: Registry) -> None:
    rows = json.loads(json.dumps(rows_of(known)))
    assert len(rows) == len(known.specs)
    wanted = {"key", "family", "weights", "layer", "width", "training_data", "level_of_theory", "licence"}
    assert all(wanted | {"environment", "ready", "status"} <= row.keys() for row in rows)
    assert all(row["ready"] for row in rows if row["environment"] == "main")


def user_file(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "mine.yml"
    file.write_text(text, encoding="utf-8")
    return file


FAMILY = "families: {mine: {adapter: 'mine:Adapter'}}\n"
MODEL = "{key: mine-1, family: mine, checkpoint: c, weights: bundled, layer: l, invariant: true, status: pretrained%s}"


def test_one_block_adds_a_model_and_modals_make_several(tmp_path: Path) -> None:
    file = user_file(tmp_path, FAMILY + "models: [" + MODEL % ", modals: {a_b: {width: 3}, c: {}}" + "]")
    known = Registry.load(file)
    assert known.resolve("mine-1-a-b").head == "a_b"
    assert known.resolve("mine-1-a-b").width == 3
    assert known.resolve("mine-1-c").adapter == "mine:Adapter"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("models: [", "cannot be read"),
        ("- a\n- b", "expected the sections"),
        ("modles: []", "modles"),
        ("models: [3]", "mapping with a key"),
        ("models: [" + MODEL % "" + "]", "'mine' is not declared"),
        (FAMILY + "models: [" + MODEL % ", width: wide" + "]", "width"),
        (FAMILY + "models: [" + MODEL % ", colour: red" + "]", "colour"),
        (FAMILY + "models: [" + MODEL.replace("mine-1", "Mine:1") % "" + "]", "Mine:1"),
        (FAMILY + "models: [" + MODEL.replace("mine-1", "7net-0") % "" + "]", "7net-0"),
        (FAMILY + "models: [" + MODEL % ", aliases: [chgnet]" + "]", "chgnet"),
        (FAMILY + "models: [" + (MODEL % "").replace("pretrained", "fine-tuned") + "]", "parent"),
        ("families: {chgnet: {adapter: 'a:B'}}", "exists already"),
        ("families: {mine: {adapter: no-colon}}", "adapter"),
        ("families: {mine: {adapter: 'a:B', environment: nowhere}}", "nowhere"),
        ("environments: {main: {}}", "main"),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(tmp_path: Path, text: str, words: str) -> None:
    file = user_file(tmp_path, text)
    with pytest.raises(AtlasError, match=words):
        Registry.load(file)


def test_reading_yaml_runs_nothing(tmp_path: Path) -> None:
    with pytest.raises(AtlasError, match="cannot be read"):
        Registry.load(user_file(tmp_path, "models: !!python/object/apply:os.getcwd []"))
