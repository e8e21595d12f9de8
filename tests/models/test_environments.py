"""Environments: created once and completely, private, behind nobody's back."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from precompute.contracts import AtlasError
from precompute.models import client, environments
from precompute.models.registry import Registry
from precompute.models.session import open_model
from tests.models import examples
from tests.models.faulty_family import faulty_registry


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Registry]:
    monkeypatch.setenv("PLATONIC_ATLAS_HOME", str(tmp_path / "home"))
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    yield faulty_registry(tmp_path)
    client.stop_idle_workers()


@pytest.fixture
def without_pip(monkeypatch: pytest.MonkeyPatch) -> None:
    """Environments in a second rather than three: the ones here install nothing."""
    monkeypatch.setattr(environments, "_VENV", ("-m", "venv", "--without-pip"))


@pytest.mark.usefixtures("without_pip")
def test_an_environment_runs_a_model_with_the_packages_of_the_main_one(
    known: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: list[str] = []
    assert not environments.is_ready("tiny", known)
    folder = environments.create("tiny", messages.append, known)
    assert environments.is_ready("tiny", known)
    assert messages[0].startswith("creating")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(folder.parent.stat().st_mode) == 0o700
    monkeypatch.setattr(client, "python_of", lambda name: environments.python_of(name, known))
    spec = known.resolve("faulty-sound").model_copy(update={"environment": "tiny"})
    with open_model(spec) as session:
        assert session.embed([examples.one_atom()])[0].features is not None
    shown = subprocess.run(
        [environments.python_of("tiny", known), "-c", "import sys, numpy; print(sys.prefix, numpy.__file__)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    prefix, numpy_file = shown.stdout.split()
    assert Path(prefix) == folder
    assert Path(numpy_file).is_relative_to(sys.prefix)


@pytest.mark.usefixtures("without_pip")
def test_a_second_creation_finds_the_first(known: Registry) -> None:
    folder = environments.create("tiny", print, known)
    before = (folder / "pyvenv.cfg").stat().st_mtime_ns
    assert environments.create("tiny", print, known) == folder
    assert (folder / "pyvenv.cfg").stat().st_mtime_ns == before


@pytest.mark.usefixtures("without_pip")
def test_a_creation_that_was_cut_short_is_not_ready_and_is_done_again(known: Registry) -> None:
    folder = environments.create("tiny", print, known)
    (folder / environments._MARKER).unlink()
    (folder / "left-over").touch()
    assert not environments.is_ready("tiny", known)
    environments.create("tiny", print, known)
    assert environments.is_ready("tiny", known)
    assert not (folder / "left-over").exists()


@pytest.mark.usefixtures("without_pip")
def test_removing_leaves_nothing_that_looks_ready(known: Registry) -> None:
    folder = environments.create("tiny", print, known)
    assert environments.remove("tiny", known)
    assert not folder.exists()
    assert not environments.is_ready("tiny", known)
    assert not environments.remove("tiny", known)


@pytest.mark.usefixtures("without_pip")
def test_other_requirements_are_another_environment(known: Registry, tmp_path: Path) -> None:
    environments.create("tiny", print, known)
    file = tmp_path / "models.yml"
    file.write_text(file.read_text().replace("requirements: []", "requirements: [nothing]"))
    assert not environments.is_ready("tiny", Registry.load(file))


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.usefixtures("known")
def test_a_failing_installation_shows_the_last_lines_and_is_not_ready(tmp_path: Path) -> None:
    file = tmp_path / "models.yml"
    missing = tmp_path / "no-such-package.whl"
    file.write_text(file.read_text().replace("requirements: []", f"requirements: ['{missing}']"))
    changed = Registry.load(file)
    with pytest.raises(AtlasError, match="tiny") as caught:
        environments.create("tiny", lambda _: None, changed)
    assert missing.name in str(caught.value)
    assert not environments.is_ready("tiny", changed)


def test_torch_is_pinned_to_the_one_that_is_there_unless_named() -> None:
    from importlib import metadata

    from precompute.models.spec import EnvironmentSpec

    plain = EnvironmentSpec(name="a", requirements=("sevenn==0.13.0",))
    assert environments._constraints(plain) == [f"torch=={metadata.version('torch')}"]
    assert environments._constraints(EnvironmentSpec(name="a", requirements=("Torch>=2.6",))) == []


@pytest.mark.parametrize("action", [environments.create, environments.remove])
def test_the_main_environment_is_nobodys_to_touch(action: object) -> None:
    with pytest.raises(AtlasError, match="main"):
        action("main")


def test_an_unknown_environment_is_named(known: Registry) -> None:
    with pytest.raises(AtlasError, match="sevennet"):
        environments.create("sevnnet", print, known)


def test_the_list_says_which_models_an_environment_serves(known: Registry) -> None:
    status = {e.name: e for e in environments.environments(known)}
    assert status["main"].ready
    assert "7net-0" in status["sevennet"].models
    assert status["sevennet"].requirements[0].startswith("sevenn==")
    assert not status["sevennet"].ready
