"""Checkpoints: made ones are the same everywhere, foreign ones run nothing, broken ones are named."""

from __future__ import annotations

import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from precompute.models.controls import MP_ELEMENTS, made_checkpoint
from precompute.models.errors import ModelError, UntrustedFile
from precompute.models.registry import registry
from precompute.models.session import open_model
from precompute.models.trust import check_checkpoint, pickles_allowed
from precompute.structures.convert import to_ase
from tests.models import examples
from tests.models.test_imported import Trap

# what torch, mace and chgnet say about their own future when they are called directly, as here
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning")

ONLY_FROM_PICKLE = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PLATONIC_ATLAS_HOME", str(tmp_path / "home"))
    return tmp_path


def test_a_checkpoint_that_runs_code_is_not_opened(tmp_path: Path) -> None:
    sprung = tmp_path / "sprung"
    torch.save({"model": Trap(sprung)}, tmp_path / "trap.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Trap(sprung)))
    with pytest.raises(UntrustedFile, match="--trust"):
        check_checkpoint(tmp_path / "trap.pth", trust=False)
    with pytest.raises((UntrustedFile, ModelError)):
        check_checkpoint(tmp_path / "plain.pth", trust=False)
    assert not sprung.exists()


def test_importing_mace_does_not_open_the_door(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """mace sets the switch below; even then a foreign file is refused, and afterwards the switch is as before."""
    sprung = tmp_path / "sprung"
    torch.save({"model": Trap(sprung)}, tmp_path / "trap.pth")
    monkeypatch.setenv(ONLY_FROM_PICKLE, "1")
    with pytest.raises(UntrustedFile):
        check_checkpoint(tmp_path / "trap.pth", trust=False)
    assert not sprung.exists()
    monkeypatch.delenv(ONLY_FROM_PICKLE)
    with pickles_allowed():
        assert os.environ[ONLY_FROM_PICKLE] == "1"
    assert ONLY_FROM_PICKLE not in os.environ


@pytest.mark.parametrize(
    "content", [b"", b"junk" * 500, b"PK\x03\x04" + b"\0" * 99, b"\x80\x02}q\x00.", b"these are not weights"]
)
def test_what_is_no_checkpoint_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.model"
    file.write_bytes(content)
    for family in ("mace", "chgnet", "orb"):
        with (
            pytest.raises((ModelError, UntrustedFile), match=r"broken\.model"),
            open_model(registry().resolve(f"{family}:{file}")),
        ):
            pass


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(ModelError, match="no checkpoint at"),
        open_model(registry().resolve(f"mace:{tmp_path / 'nowhere.model'}")),
    ):
        pass


@pytest.mark.models
@pytest.mark.parametrize("key", ["mace-untrained", "orb-untrained"])
def test_untrained_weights_are_the_same_wherever_they_are_made(
    home: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    spec = registry().resolve(key)
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    file, first = made_checkpoint(spec)
    assert torch.equal(before, torch.random.get_rng_state())
    assert file.is_relative_to(home)
    monkeypatch.setenv("PLATONIC_ATLAS_HOME", str(home / "other"))
    torch.manual_seed(6)
    other, second = made_checkpoint(spec)
    assert first == second
    assert file != other
    if key == "orb-untrained":  # mace takes seconds to build, and the seed goes the same way
        _, seeded = made_checkpoint(spec.model_copy(update={"seed": 1}))
        assert seeded != first


@pytest.mark.models
def test_a_damaged_made_checkpoint_is_made_again(home: Path) -> None:
    spec = registry().resolve("orb-untrained")
    file, weights = made_checkpoint(spec)
    size = file.stat().st_size
    file.write_bytes(file.read_bytes()[:1000])
    assert made_checkpoint(spec) == (file, weights)
    assert file.stat().st_size == size
    assert home in file.parents


@pytest.mark.models
def test_mace_features_are_the_scalars_of_the_first_layer() -> None:
    """The adapter stops after the first interaction; the package's own descriptors go through all of them."""
    with pickles_allowed():
        from mace.calculators import MACECalculator

        file, _ = made_checkpoint(registry().resolve("mace-untrained"))
        calculator = MACECalculator(model_paths=[str(file)], device="cpu", default_dtype="float32")
    assert [int(z) for z in calculator.models[0].atomic_numbers] == list(MP_ELEMENTS)
    s = examples.triclinic()
    whole = calculator.get_descriptors(to_ase(s), invariants_only=False)
    with open_model(registry().resolve("mace-untrained")) as session:
        (e,) = session.embed([s])
    assert e.features is not None
    assert np.allclose(e.features, whole[:, :128], rtol=0, atol=2e-6 * np.abs(whole).max())


@pytest.mark.models
def test_chgnet_features_are_those_that_the_package_returns() -> None:
    from chgnet.model import CHGNet
    from pymatgen.core import Structure as Crystal

    s = examples.triclinic()
    crystal = Crystal(s.cell, s.numbers.tolist(), s.positions, coords_are_cartesian=True)
    model = CHGNet.load(model_name="0.3.0", use_device="cpu", verbose=False)
    theirs = model.predict_structure(crystal, task="e", return_atom_feas=True)["atom_fea"]
    with open_model(registry().resolve("chgnet-0.3.0")) as session:
        (ours,) = session.embed([s])
    assert ours.features is not None
    assert np.allclose(ours.features, theirs, rtol=0, atol=1e-6)


@pytest.mark.models
def test_local_checkpoints_give_what_the_named_models_give(tmp_path: Path) -> None:
    s = examples.triclinic()
    mace, _ = made_checkpoint(registry().resolve("mace-untrained"))
    orb, _ = made_checkpoint(registry().resolve("orb-untrained"))
    import chgnet

    bundled = next((Path(chgnet.__file__).parent / "pretrained" / "0.3.0").glob("*.tar"))
    chgnet_file = Path(shutil.copy(bundled, tmp_path / "mine.pth.tar"))
    cases = [("mace", mace, "mace-untrained"), ("orb", orb, "orb-untrained"), ("chgnet", chgnet_file, "chgnet-0.3.0")]
    for family, file, key in cases:
        local = registry().resolve(f"{family}:{file}")
        if family == "mace":
            with pytest.raises(UntrustedFile, match="--trust"), open_model(local):
                pass
        with open_model(local, trust=family == "mace") as session:
            (mine,) = session.embed([s])
            assert session.spec.width == registry().resolve(key).width
            assert session.provenance["file"] == file.name
        with open_model(registry().resolve(key)) as session:
            (named,) = session.embed([s])
        assert np.array_equal(mine.features, named.features)


def process_state() -> tuple[object, ...]:
    return (
        torch.get_default_dtype(),
        torch.get_float32_matmul_precision(),
        torch.get_num_threads(),
        torch.rand(2).tolist(),
        os.environ.get(ONLY_FROM_PICKLE),
    )


@pytest.mark.models
def test_opening_a_model_leaves_the_process_as_it_was() -> None:
    torch.manual_seed(3)
    before = process_state()
    torch.manual_seed(3)
    for key in ("mace-untrained", "orb-untrained"):
        with open_model(registry().resolve(key), threads=1) as session:
            session.embed([examples.one_atom()])
    assert process_state() == before


@pytest.mark.models
@pytest.mark.parametrize(
    "key",
    # Orb's loader tries again for half a minute
    ["mace-mp-0-small", pytest.param("orb-v3-direct-inf-omat", marks=pytest.mark.slow)],
)
def test_a_failed_download_says_what_to_fetch_and_where_to_put_it(
    key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is reached: the packages are sent to a closed port of this machine."""
    spec = registry().resolve(key)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CACHED_PATH_CACHE_ROOT", str(tmp_path))
    with pytest.raises(ModelError, match="by hand") as caught, open_model(spec):
        pass
    text = str(caught.value)
    assert str(spec.url) in text
    assert f"--models {spec.family}:" in text
