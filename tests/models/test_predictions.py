"""Energies and forces: each package's own calculator says the same, and forces are the energy's derivative."""

from __future__ import annotations

import json
import os
import subprocess
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from precompute.contracts import AtlasError, Predicted, Structure
from precompute.models import client, environments
from precompute.models.controls import made_checkpoint
from precompute.models.errors import ModelError
from precompute.models.registry import Registry, registry
from precompute.models.session import Session, open_model
from precompute.models.trust import pickles_allowed
from precompute.structures.convert import to_ase
from tests.models import examples

# float32 energies of a hundred eV, and forces summed in another order
ENERGY, FORCE = 1e-5, 1e-4  # eV/atom, eV/angstrom


def crystals() -> list[Structure]:
    return [examples.rock_salt(), examples.one_atom(), examples.triclinic()]


def alike(a: Predicted, energy: float, forces: np.ndarray) -> bool:
    assert a.forces is not None, a.reason
    n = len(forces)
    return abs(a.energy - energy) / n < ENERGY and float(np.abs(a.forces - forces).max()) < FORCE


@pytest.fixture(scope="module", params=["chgnet-0.3.0", "chgnet-r2scan", "mace-untrained", "orb-untrained", "7net-0"])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    spec = registry().resolve(request.param)
    if not environments.is_ready(spec.environment):
        pytest.skip(f"environment {spec.environment!r} is not there: platonic-atlas env create {spec.environment}")
    with open_model(spec, threads=1) as opened:
        yield opened


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.ci
def test_a_batch_predicts_what_single_structures_give(session: Session) -> None:
    structures = [*crystals(), examples.water()]
    for s, batched in zip(structures, session.predict(structures), strict=True):
        (alone,) = session.predict([s])
        assert alone.forces is not None
        assert alike(batched, alone.energy, alone.forces), s.id


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.ci
def test_embedding_is_the_same_before_and_after_a_prediction(session: Session) -> None:
    before = session.embed(crystals())
    session.predict(crystals())
    for a, b in zip(before, session.embed(crystals()), strict=True):
        assert a.features is not None
        assert np.array_equal(a.features, b.features)


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.ci
def test_what_the_model_does_not_know_is_refused_and_the_others_are_predicted(session: Session) -> None:
    first, refused, last = session.predict([examples.rock_salt(), examples.unknown_element(), examples.triclinic()])
    assert refused.forces is None
    assert np.isnan(refused.energy)
    assert "Og" in refused.reason
    assert first.forces is not None
    assert last.forces is not None


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.ci
def test_forces_are_minus_the_derivative_of_the_energy() -> None:
    s, step = examples.triclinic(), 0.01
    direction = np.random.default_rng(0).standard_normal((5, 3))
    direction /= np.linalg.norm(direction)
    with open_model(registry().resolve("chgnet-0.3.0"), threads=1) as session:
        moved = [replace(s, positions=s.positions + h * direction) for h in (-step, 0.0, step)]
        less, here, more = session.predict(moved)
    assert here.forces is not None
    along = float((here.forces * direction).sum())
    assert abs(along) > 0.3  # eV/angstrom: something to compare
    # the energy of 42 eV is float32, 4e-6 eV apart
    assert along == pytest.approx(-(more.energy - less.energy) / (2 * step), abs=2e-3)


def _calculator(key: str) -> Any:
    spec = registry().resolve(key)
    if spec.family == "chgnet":
        from chgnet.model import CHGNet
        from chgnet.model.dynamics import CHGNetCalculator

        model = CHGNet.load(model_name=spec.checkpoint, use_device="cpu", verbose=False)
        return CHGNetCalculator(model, use_device="cpu")
    if spec.family == "mace":
        with pickles_allowed():
            from mace.calculators import MACECalculator

            return MACECalculator([made_checkpoint(spec)[0]], device="cpu", default_dtype="float32")
    from orb_models.forcefield.calculator import ORBCalculator
    from orb_models.forcefield.pretrained import ORB_PRETRAINED_MODELS

    loader = ORB_PRETRAINED_MODELS[spec.checkpoint]
    file = str(made_checkpoint(spec)[0])
    return ORBCalculator(
        loader(weights_path=file, device="cpu", precision="float32-highest", compile=False), device="cpu"
    )


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize("key", ["chgnet-0.3.0", "chgnet-r2scan", "mace-untrained", "orb-untrained"])
def test_the_package_s_own_calculator_says_the_same(key: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        calculator = _calculator(key)
        with open_model(registry().resolve(key), threads=1) as session:
            predicted = session.predict(crystals())
        for s, p in zip(crystals(), predicted, strict=True):
            atoms = to_ase(s)
            atoms.calc = calculator
            assert alike(p, float(atoms.get_potential_energy()), atoms.get_forces()), s.id


_SEVENNET = """
import json, sys, warnings
warnings.simplefilter("ignore")
import numpy as np
from ase import Atoms
from sevenn.calculator import SevenNetCalculator
answers = []
for name, modal in (("7net-0", None), ("7net-mf-0", "R2SCAN")):
    calculator = SevenNetCalculator(name, device="cpu", modal=modal)
    for numbers, positions, cell in json.loads(sys.argv[1]):
        atoms = Atoms(numbers, positions=positions, cell=cell, pbc=True, calculator=calculator)
        answers.append((float(atoms.get_potential_energy()), atoms.get_forces().tolist()))
print("ANSWERS" + json.dumps(answers))
"""


@pytest.mark.models
@pytest.mark.slow
@pytest.mark.ci
def test_sevennet_s_own_calculator_says_the_same() -> None:
    if not environments.is_ready("sevennet"):
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            "the environment 'sevennet' is not there: platonic-atlas env create sevennet"
        )
    told = json.dumps([(s.numbers.tolist(), s.positions.tolist(), s.cell.tolist()) for s in crystals()])
    command = [str(environments.python_of("sevennet")), "-c", _SEVENNET, told]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    answers: Sequence[Any] = json.loads(done.stdout.split("ANSWERS")[1])
    predicted: list[Predicted] = []
    for key in ("7net-0", "7net-mf-0-r2scan"):
        with open_model(registry().resolve(key), threads=1) as session:
            predicted += session.predict(crystals())
    for p, (energy, forces) in zip(predicted, answers, strict=True):
        assert alike(p, energy, np.array(forces))


# ---- what sessions make of it


@pytest.mark.parametrize("isolated", [False, True])
def test_both_kinds_of_session_predict_the_same(known: Registry, isolated: bool) -> None:
    spec = known.resolve("faulty-sound").model_copy(update={"isolated": isolated})
    with open_model(spec) as session:
        assert session.can_predict
        water, copper = session.predict([examples.water(), examples.one_atom()])
    # a double that float32 cannot hold crosses the border between processes as it is
    assert water.energy == 10 + 1e-9
    assert copper.energy == 29 + 1e-9
    assert water.forces is not None
    assert water.forces.tolist() == [[8, 0, 0], [1, 0, 0], [1, 0, 0]]
    assert water.forces.dtype == np.float64


@pytest.mark.parametrize(
    ("fault", "reason"),
    [("refuse", "no such structures, please"), ("nan", "forces on 8 of 8 atoms are not finite"), ("memory", "8 atoms")],
)
def test_one_bad_structure_leaves_the_others_predicted(known: Registry, fault: str, reason: str) -> None:
    with open_model(known.resolve(f"faulty-{fault}")) as session:
        first, bad, last = session.predict(examples.trio())
    assert first.forces is not None
    assert last.forces is not None
    assert bad.forces is None
    assert reason in bad.reason


def test_forces_of_a_wrong_shape_are_the_adapter_s_fault(known: Registry) -> None:
    with open_model(known.resolve("faulty-shape")) as session, pytest.raises(ModelError, match="its adapter is wrong"):
        session.predict(examples.trio())


@pytest.mark.parametrize("isolated", [False, True])
def test_a_model_without_energies_says_so(isolated: bool) -> None:
    spec = registry().resolve("element-only").model_copy(update={"isolated": isolated})
    with open_model(spec) as session:
        assert not session.can_predict
        with pytest.raises(ModelError, match="element-only predicts no energies and forces"):
            session.predict([examples.water()])
    client.stop_idle_workers()


def test_a_prediction_has_forces_or_a_reason() -> None:
    with pytest.raises(AtlasError, match="either forces or a reason"):
        Predicted(1.0, None)
    with pytest.raises(AtlasError, match="either forces or a reason"):
        Predicted(1.0, np.zeros((2, 3)), "why")
