"""What every adapter owes, asked of every model that can run without a download."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from precompute.contracts import Structure
from precompute.models import environments
from precompute.models.registry import registry
from precompute.models.session import Session, open_model
from tests.models import examples

pytestmark = pytest.mark.models

MODELS = (
    "element-only",
    "chgnet-0.3.0",
    "chgnet-0.2.0",
    "chgnet-r2scan",
    "mace-untrained",
    "orb-untrained",
    "mace-student",
    "orb-student",
    "7net-0",
    "7net-l3i5",
    "7net-mf-0-pbe",
)

# Differences are taken relative to the largest feature of the structure.
# The same numbers in another order of summation: float32 has 6e-8, and layers add up thousands of products.
SUMMATION = 2e-5
# Another origin or orientation changes the float32 edge vectors themselves; deep networks amplify that. CHGNet also
# keeps float32 fractional coordinates of atoms whole cells away.
GEOMETRY = 2e-4
# Orb's features depend on orientation by design: the size is printed, and only a wild one fails.
NOT_INVARIANT = 2.0


@pytest.fixture(scope="module", params=MODELS)
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    spec = registry().resolve(request.param)
    if not environments.is_ready(spec.environment):
        pytest.skip(f"environment {spec.environment!r} is not there: platonic-atlas env create {spec.environment}")
    with open_model(spec, threads=1) as opened:
        yield opened


def features(session: Session, *structures: Structure) -> list[NDArray[np.float32]]:
    embedded = session.embed(structures)
    for e, s in zip(embedded, structures, strict=True):
        assert e.features is not None, f"{s.id}: {e.reason}"
    return [e.features for e in embedded if e.features is not None]


def difference(a: NDArray, b: NDArray) -> float:
    return float(np.abs(a - b).max() / np.abs(a).max())


def test_one_float32_row_an_atom_of_the_declared_width(session: Session) -> None:
    structures = [examples.rock_salt(), examples.triclinic()]
    assert session.spec.width == registry().resolve(session.spec.key).width
    for s, f in zip(structures, features(session, *structures), strict=True):
        assert f.dtype == np.float32
        assert f.shape == (len(s), session.spec.width)
        assert np.isfinite(f).all()
        assert np.ptp(f, axis=1).min() > 0


def test_a_batch_gives_what_single_structures_give(session: Session) -> None:
    structures = [examples.rock_salt(), examples.one_atom(), examples.triclinic()]
    for s, batched in zip(structures, features(session, *structures), strict=True):
        assert difference(features(session, s)[0], batched) < SUMMATION


def test_results_come_in_the_order_of_the_structures(session: Session) -> None:
    first, second = features(session, examples.triclinic(), examples.one_atom())
    assert [len(first), len(second)] == [5, 1]


def test_permuting_atoms_permutes_the_rows(session: Session) -> None:
    s = examples.triclinic()
    order = np.array([3, 0, 4, 2, 1])
    # the noise of element-only belongs to the atom's index: 1 %, at most a few standard deviations of 640 numbers
    tolerance = 0.05 if session.spec.key == "element-only" else SUMMATION
    original, shuffled = features(session, s, examples.permuted(s, order))
    assert difference(original[order], shuffled) < tolerance


def test_atoms_may_be_listed_in_any_cell(session: Session) -> None:
    s = examples.triclinic()
    original, moved = features(session, s, examples.translated(s))
    assert difference(original, moved) < GEOMETRY


def test_rotation_changes_nothing_where_invariance_is_claimed(
    session: Session, capsys: pytest.CaptureFixture[str]
) -> None:
    s = examples.triclinic()
    original, turned = features(session, s, examples.rotated(s))
    size = difference(original, turned)
    if session.spec.invariant:
        assert size < GEOMETRY
    else:
        with capsys.disabled():
            print(f"\n{session.spec.key}: a rotation changes features by {size:.1%} of the largest")
        assert GEOMETRY < size < NOT_INVARIANT


def test_symmetry_equivalent_atoms_are_alike_where_invariance_is_claimed(session: Session) -> None:
    (f,) = features(session, examples.rock_salt())
    if session.spec.key == "element-only" or not session.spec.invariant:
        pytest.skip("atoms carry noise, or features depend on orientation")
    assert difference(f[:4], np.broadcast_to(f[0], (4, f.shape[1]))) < GEOMETRY
    assert difference(f[:4], f[4:]) > 0.01


def test_a_cell_of_one_atom(session: Session) -> None:
    (f,) = features(session, examples.one_atom())
    assert f.shape[0] == 1


def test_a_molecule_does_not_notice_where_it_is(session: Session) -> None:
    s = examples.water()
    original, moved = features(session, s, examples.translated(s))
    assert difference(original, moved) < GEOMETRY


def test_inputs_are_not_changed(session: Session) -> None:
    structures = [examples.water(), examples.triclinic()]
    before = [(s.positions.tobytes(), s.cell.tobytes(), s.numbers.tobytes(), s.pbc.tobytes()) for s in structures]
    features(session, *structures)
    after = [(s.positions.tobytes(), s.cell.tobytes(), s.numbers.tobytes(), s.pbc.tobytes()) for s in structures]
    assert before == after


def test_the_same_call_gives_the_same_bits(session: Session) -> None:
    s = examples.triclinic()
    assert np.array_equal(features(session, s)[0], features(session, s)[0])


def test_a_refused_structure_is_reported_and_the_others_are_embedded(session: Session) -> None:
    if session.spec.key == "element-only":
        pytest.skip("takes every element")
    good = examples.rock_salt()
    alone = features(session, good)[0]
    first, refused, last = session.embed([good, examples.unknown_element(), good])
    assert refused.features is None
    assert "Og" in refused.reason
    for e in (first, last):
        assert e.features is not None
        assert difference(alone, e.features) < SUMMATION


def test_a_graph_without_edges_is_flagged_or_refused(session: Session) -> None:
    (e,) = session.embed([examples.sparse()])
    if session.spec.family == "chgnet":
        assert e.features is None
        assert "isolated" in e.reason
    elif session.spec.cutoff is None:
        assert e.flags == ()
    else:
        assert e.features is not None
        assert e.flags == (f"1 of 1 atoms has no neighbour within {session.spec.cutoff:g} A",)


def test_between_their_cutoffs_only_the_shorter_chgnet_refuses(session: Session) -> None:
    if session.spec.family != "chgnet":
        pytest.skip("about CHGNet's two atom graphs")
    (e,) = session.embed([examples.sparse(5.5)])
    assert (e.features is None) == (session.spec.cutoff == 5.0)


def test_provenance_says_where_features_come_from(session: Session) -> None:
    p = session.provenance
    assert p["key"] == session.spec.key
    assert p["width"] == session.spec.width
    if session.spec.key != "element-only":
        assert len(p["sha256"]) == 64
        assert "/" not in p["file"]
        assert {"python", "torch", *session.spec.packages} <= p["versions"].keys()
