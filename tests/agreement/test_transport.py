"""Optimal transport against POT, its invariances, and the bounds that hold it."""

from collections.abc import Iterator
from itertools import permutations
from types import ModuleType

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from precompute.agreement.transport import by_element, split_cost, transport
from precompute.contracts import AtlasError


@pytest.fixture(scope="module")
def pot() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        for backend in ("PYTORCH", "JAX", "TENSORFLOW", "CUPY"):  # it would import each that is installed
            patch.setenv(f"POT_BACKEND_DISABLE_{backend}", "1")
        yield pytest.importorskip("ot", reason="POT, of the dev extra, is not installed")


def two_clouds(seed: int, n: int = 120, k: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """Coordinates as two models give them: clusters, cosines, a shift between the models, float32."""
    rng = np.random.default_rng(seed)
    centre = rng.normal(size=(9, k))
    x = centre[rng.integers(9, size=n)] + 0.3 * rng.normal(size=(n, k))
    return np.tanh(x).astype(np.float32), np.tanh(0.8 * x + 0.2 + 0.3 * rng.normal(size=(n, k))).astype(np.float32)


@pytest.mark.parametrize(("measure", "metric"), [("squared-euclidean", "sqeuclidean"), ("cosine", "cosine")])
def test_cost_equals_that_of_an_independent_solver(pot: ModuleType, measure: str, metric: str) -> None:
    for seed in range(3):
        a, b = two_clouds(seed)
        c = cdist(a.astype(float), b.astype(float), metric)
        found = transport(a, b, measure=measure)
        assert found.cost == pytest.approx(pot.emd2([], [], c), abs=1e-6)
        assert found.paired == pytest.approx(np.diagonal(c).mean(), abs=1e-9)
        assert found.independent == pytest.approx(c.mean(), abs=1e-9)
        assert c[np.arange(len(a)), found.match].mean() == pytest.approx(found.cost, abs=1e-9)


def test_plan_by_element_equals_that_of_an_independent_solver(pot: ModuleType) -> None:
    a, b = two_clouds(3)
    numbers = np.random.default_rng(4).choice([3, 8, 26], len(a))
    plan = pot.emd([], [], cdist(a.astype(float), b.astype(float), "sqeuclidean"))
    found = by_element(transport(a, b).match, numbers)
    assert found.numbers.tolist() == [3, 8, 26]
    for i, e in enumerate(found.numbers):
        for j, f in enumerate(found.numbers):
            assert found.mass[i, j] == pytest.approx(plan[np.ix_(numbers == e, numbers == f)].sum(), abs=1e-9)
    assert found.own == pytest.approx(np.trace(found.mass))


def test_no_other_pairing_is_cheaper() -> None:
    a, b = two_clouds(5, n=6)
    c = cdist(a, b, "sqeuclidean")
    best = min(np.mean([c[i, p[i]] for i in range(6)]) for p in permutations(range(6)))
    assert transport(a, b).cost == pytest.approx(best, abs=1e-6)


def test_two_gaussians_are_as_far_as_their_means_and_widths() -> None:
    """In one dimension sorting is optimal, and the squared distance of normals is (m - m')^2 + (s - s')^2."""
    rng = np.random.default_rng(6)
    a, b = rng.normal(1, 2, (500, 1)), rng.normal(-2, 0.5, (500, 1))
    found = transport(a, b)
    assert found.cost == pytest.approx(((np.sort(a[:, 0]) - np.sort(b[:, 0])) ** 2).mean(), rel=1e-6)
    assert found.cost == pytest.approx(9 + 1.5**2, rel=0.1)


def test_bounds_and_extremes() -> None:
    a, b = two_clouds(7)
    found = transport(a, b)
    assert 0 < found.cost <= min(found.paired, found.independent)
    same = transport(a, a)
    assert (same.cost, same.paired, same.relative) == pytest.approx((0, 0, 0), abs=1e-9)
    assert same.own_atom == 1.0
    point = np.ones((5, 2))
    assert transport(point, point).relative == 0.0
    assert transport(point, 2 * point).relative == pytest.approx(1.0)
    shifted = transport(a, a + 0.25)
    assert shifted.cost == pytest.approx(0.25**2 * 20, rel=1e-5)
    assert shifted.own_atom == 1.0


def test_turning_and_scaling_both_together_changes_no_plan() -> None:
    a, b = (x.astype(float) for x in two_clouds(8))
    turn = np.linalg.qr(np.random.default_rng(9).normal(size=(20, 20)))[0]
    before, after = transport(a, b), transport(3 * a @ turn, 3 * b @ turn)
    np.testing.assert_array_equal(after.match, before.match)
    assert after.cost == pytest.approx(9 * before.cost, rel=1e-9)
    assert after.relative == pytest.approx(before.relative, rel=1e-9)
    assert transport(b, a).cost == pytest.approx(before.cost, rel=1e-9)


def test_a_shift_between_models_is_told_from_the_rest_of_the_cost() -> None:
    a, b = (x.astype(float) for x in two_clouds(16))
    found = transport(a, b)
    centred = transport(a - a.mean(axis=0), b - b.mean(axis=0))
    np.testing.assert_array_equal(centred.match, found.match)
    for part in ("cost", "paired", "independent"):
        assert getattr(found, part) == pytest.approx(found.shift + getattr(centred, part), rel=1e-9)
    assert found.shift > 0.1
    assert np.isnan(transport(a, b, measure="cosine").shift)


def test_cost_is_blind_to_which_atom_is_which_and_the_plan_is_not() -> None:
    a, b = two_clouds(10)
    order = np.random.default_rng(11).permutation(len(a))
    before, after = transport(a, b), transport(a, b[order])
    assert after.cost == pytest.approx(before.cost, rel=1e-9)
    np.testing.assert_array_equal(order[after.match], before.match)
    assert before.own_atom > 0.3
    assert after.own_atom < 0.1


def test_atoms_that_coincide_stay_with_themselves() -> None:
    a, b = (np.repeat(x, 4, axis=0) for x in two_clouds(12, n=30))
    settled = transport(a[::4], b[::4]).match
    found = transport(a, b).match
    home = np.flatnonzero(settled == np.arange(30))
    assert len(home) > 3
    for i in home:
        assert found[4 * i : 4 * i + 4].tolist() == list(range(4 * i, 4 * i + 4))


def test_mass_of_randomly_paired_atoms_is_where_chance_puts_it() -> None:
    rng = np.random.default_rng(13)
    numbers = rng.choice([1, 8, 26], 4000, p=[0.5, 0.3, 0.2])
    found = by_element(rng.permutation(4000), numbers)
    assert found.mass.sum() == pytest.approx(1)
    np.testing.assert_allclose(found.mass.sum(axis=1), found.mass.sum(axis=0), atol=1e-12)
    share = found.mass.sum(axis=1)
    np.testing.assert_allclose(found.mass, np.outer(share, share), atol=4 * np.sqrt(0.25 / 4000))
    assert found.expected == pytest.approx(0.38, abs=0.03)
    assert found.own == pytest.approx(found.expected, abs=0.03)


def test_halves_of_one_model_are_closer_than_those_of_two_and_not_at_zero() -> None:
    a, b = two_clouds(14, n=201)
    floor = split_cost(a, a, np.random.default_rng(0))
    assert 0 < floor < split_cost(a, b, np.random.default_rng(0)) < 1
    assert floor == split_cost(a, a, np.random.default_rng(0))
    assert transport(a, a).relative < floor


def test_what_cannot_be_transported_is_an_error() -> None:
    a, b = two_clouds(15)
    with pytest.raises(AtlasError, match="not of the same atoms on the same anchors"):
        transport(a, b[:, :10])
    with pytest.raises(AtlasError, match="no cost 'taxi'"):
        transport(a, b, measure="taxi")
    with pytest.raises(AtlasError, match="1 to 5000 atoms"):
        transport(np.zeros((5001, 1)), np.zeros((5001, 1)))
    with pytest.raises(AtlasError, match="two or more atoms"):
        split_cost(a[:1], b[:1], np.random.default_rng(0))
    b[3] = np.nan
    with pytest.raises(AtlasError, match="1 of 120 atoms"):
        transport(a, b)
    a[4] = 0
    with pytest.raises(AtlasError, match="2 of 120 atoms"):
        transport(a, b, measure="cosine")
