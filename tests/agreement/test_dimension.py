"""Two-NN dimensions against a literal transcription, manifolds of known dimension, and the law they rest on."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from precompute.agreement import spread
from precompute.agreement.dimension import (
    correlated,
    dimension_correlation,
    fitted,
    intrinsic_dimension,
    line_influence,
    pair_ratios,
    ratios,
)
from precompute.contracts import AtlasError


def literal_ratios(x: np.ndarray) -> np.ndarray:
    d = np.sort(cdist(x, x), axis=1)
    return d[:, 2] / d[:, 1]


def literal_dimension(mu: np.ndarray, discard: float = 0.1) -> float:
    """Facco et al.'s steps: sort, empirical distribution, drop the tail, line through the origin by least squares."""
    mu = np.sort(mu)
    n = len(mu)
    kept = int((1 - discard) * n)
    f = np.arange(1, n + 1) / n
    x, y = np.log(mu[:kept]), -np.log(1 - f[:kept])
    return float(np.linalg.lstsq(x[:, None], y, rcond=None)[0][0])


def unit_spread(x: np.ndarray) -> np.ndarray:
    x = x - x.mean(axis=0)
    return x / np.sqrt((x**2).sum(axis=1).mean())


def cloud(seed: int, n: int = 300) -> np.ndarray:
    """A curved surface far from the origin, in clusters, and some noise: nothing is constant."""
    rng = np.random.default_rng(seed)
    u = rng.normal(size=(n, 3)) * rng.exponential(size=(n, 1))
    return np.column_stack([u, np.sin(u), u[:, :1] * u[:, 1:2]]) @ rng.normal(size=(7, 12)) + 100


@pytest.mark.parametrize("block", [1, 4_000_000])
def test_ratios_and_dimension_equal_the_literal_formula(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "PAIRS_PER_BLOCK", block)
    x = cloud(0)
    found = ratios(x)
    np.testing.assert_allclose(found.ratio, literal_ratios(x), rtol=1e-9)
    assert not found.collapsed.any()
    result = intrinsic_dimension(x)
    assert result.value == pytest.approx(literal_dimension(literal_ratios(x)), abs=1e-6)
    assert (result.n_distinct, result.n_atoms, result.collapse) == (300, 300, 0.0)
    assert intrinsic_dimension(x.astype(np.float32)).value == pytest.approx(result.value, abs=1e-3)


def test_joined_ratios_equal_those_of_scaled_features_side_by_side() -> None:
    x, y = cloud(1), cloud(2)[:, :5] * 1e-3
    expected = literal_ratios(np.hstack([unit_spread(x), unit_spread(y)]))
    pairs = pair_ratios([x, y])
    for joined in (ratios(x, y), pairs[0, 1]):
        np.testing.assert_allclose(joined.ratio, expected, rtol=1e-9)
    np.testing.assert_allclose(pairs[1, 1].ratio, literal_ratios(y), rtol=1e-9)
    assert set(pairs) == {(0, 0), (1, 1), (0, 1)}


@pytest.mark.parametrize("d", [1, 2.5, 8, 20])
def test_ratios_that_follow_the_law_give_its_dimension(d: float) -> None:
    """mu is Pareto distributed; the maximum of the likelihood has a standard error of d / sqrt(n)."""
    n = 20_000
    mu = (1 - np.random.default_rng(3).random(n)) ** (-1 / d)
    assert fitted(mu, fit="likelihood") == pytest.approx(d, rel=4 / np.sqrt(n))
    assert fitted(mu) == pytest.approx(d, rel=6 / np.sqrt(n))


def hypercube(rng: np.random.Generator, d: int) -> np.ndarray:
    """Uniform, with a turn and idle dimensions; faces made to meet by mapping each side onto a circle."""
    angle = 2 * np.pi * rng.random((2000, d))
    return np.hstack([np.cos(angle), np.sin(angle), np.zeros((2000, 3))])


def swiss_roll(rng: np.random.Generator) -> np.ndarray:
    t = 1.5 * np.pi * (1 + 2 * rng.random(2000))
    return np.column_stack([t * np.cos(t), 21 * rng.random(2000), t * np.sin(t)])


def sphere(rng: np.random.Generator, d: int) -> np.ndarray:
    x = rng.normal(size=(2000, d + 1))
    return x / np.linalg.norm(x, axis=1, keepdims=True)


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize(
    ("name", "d", "tolerance"),
    [
        ("cube", 1, 0.08),
        ("cube", 2, 0.08),
        ("cube", 5, 0.08),
        ("roll", 2, 0.08),
        ("sphere", 2, 0.08),
        ("sphere", 6, 0.1),
    ],
)
def test_manifolds_have_their_dimension(name: str, d: int, tolerance: float) -> None:
    rng = np.random.default_rng(4)
    x = {"cube": lambda: hypercube(rng, d), "roll": lambda: swiss_roll(rng), "sphere": lambda: sphere(rng, d)}[name]()
    assert intrinsic_dimension(x).value == pytest.approx(d, rel=tolerance)
    assert intrinsic_dimension(x, fit="likelihood").value == pytest.approx(d, rel=tolerance)


def test_high_dimensions_come_out_too_low() -> None:
    """As Facco et al. find: too few points fill a space of many dimensions, and edges are everywhere."""
    x = np.random.default_rng(5).random((1000, 40))
    assert 18 < intrinsic_dimension(x).value < 34


def test_rotation_shift_scaling_and_order_of_atoms_do_not_matter() -> None:
    x, y = cloud(6), cloud(7)
    rng = np.random.default_rng(8)
    turned = 1e-4 * x @ np.linalg.qr(rng.normal(size=(12, 12)))[0] + 3
    order = rng.permutation(len(x))
    assert intrinsic_dimension(turned[order]).value == pytest.approx(intrinsic_dimension(x).value, rel=1e-6)
    assert dimension_correlation(turned, y).value == pytest.approx(dimension_correlation(x, y).value, abs=1e-6)


def test_of_atoms_that_coincide_the_first_is_kept_and_all_are_counted() -> None:
    x = cloud(9, 60)
    doubled = np.vstack([x, x[:20], x[:20]])
    noise = np.random.default_rng(10).normal(size=doubled.shape) * 1e-7
    found = ratios(doubled + noise)
    np.testing.assert_allclose(found.ratio[:60], literal_ratios(x), rtol=1e-3)
    assert np.isnan(found.ratio[60:]).all()
    assert found.collapsed.tolist() == [True] * 20 + [False] * 40 + [True] * 40
    result = intrinsic_dimension(doubled)
    assert (result.n_distinct, result.n_atoms, result.collapse) == (60, 100, 0.6)
    assert result.value == pytest.approx(intrinsic_dimension(x).value, rel=1e-9)


def test_joined_models_coincide_only_where_both_do() -> None:
    x, y = cloud(11, 50), cloud(12, 50)
    x[1] = x[0]
    x[3] = x[2]
    y[3] = y[2]
    pairs = pair_ratios([x, y])
    assert np.flatnonzero(pairs[0, 0].collapsed).tolist() == [0, 1, 2, 3]
    assert np.flatnonzero(pairs[1, 1].collapsed).tolist() == [2, 3]
    assert np.flatnonzero(pairs[0, 1].collapsed).tolist() == [2, 3]


def test_within_a_label_neighbours_are_of_that_label() -> None:
    x, y = cloud(13, 90), cloud(14, 90)
    labels = np.repeat([7, 2, 4], [60, 28, 2])
    x[5] = x[9]
    found = pair_ratios([x, y], labels=labels)
    kept = np.arange(60) != 9
    np.testing.assert_allclose(found[0, 0].ratio[:60][kept], literal_ratios(x[:60][kept]), rtol=1e-9)
    np.testing.assert_allclose(found[1, 1].ratio[60:88], literal_ratios(y[60:88]), rtol=1e-9)
    assert np.isnan(found[0, 1].ratio[88:]).all()


@pytest.mark.slow
@pytest.mark.ci
def test_correlation_of_models_that_share_all_half_or_nothing() -> None:
    rng = np.random.default_rng(15)
    angle = 2 * np.pi * rng.random((1500, 3))
    x, y, z = (np.column_stack([np.cos(a), np.sin(a)]) for a in angle.T)
    assert dimension_correlation(np.hstack([x, y]), np.hstack([x, y]) @ rng.normal(size=(4, 9))).value > 0.9
    assert dimension_correlation(np.hstack([x, y]), np.hstack([x, z])).value == pytest.approx(0.5, abs=0.1)
    assert dimension_correlation(x, z).value == pytest.approx(0.0, abs=0.1)


def test_the_authors_cylinder() -> None:
    """Basile et al., fig. 1: on a cylinder around y, z shares one of the two directions of x, y, and y none of x, z."""
    rng = np.random.default_rng(16)
    angle, y = 2 * np.pi * rng.random(2000), 2 * rng.random((2000, 1))
    x, z = np.cos(angle)[:, None], np.sin(angle)[:, None]
    assert dimension_correlation(np.hstack([x, y]), z).value == pytest.approx(0.5, abs=0.1)
    assert dimension_correlation(np.hstack([x, z]), y).value == pytest.approx(0.0, abs=0.1)


@pytest.mark.slow
@pytest.mark.ci
def test_permutations_tell_what_is_shared_from_what_is_not() -> None:
    rng = np.random.default_rng(17)
    x, y = rng.normal(size=(400, 4)), rng.normal(size=(400, 4))
    related = dimension_correlation(x, x**3, permutations=19, rng=np.random.default_rng(0))
    assert related.p == 1 / 20
    assert related.value > related.null_high
    unrelated = dimension_correlation(x, y, permutations=19, rng=np.random.default_rng(0))
    assert unrelated.p > 0.05
    assert abs(unrelated.value - unrelated.null) < 0.15
    assert unrelated == dimension_correlation(x, y, permutations=19, rng=np.random.default_rng(0))
    assert np.isnan(dimension_correlation(x, y).p)


def test_p_values_of_unrelated_models_are_uniform() -> None:
    rng = np.random.default_rng(18)
    p = []
    for _ in range(60):
        x, y = rng.normal(size=(60, 2)), rng.normal(size=(60, 2))
        p.append(dimension_correlation(x, y, permutations=9, rng=rng).p)
    assert np.mean(np.array(p) <= 0.5) == pytest.approx(0.5, abs=0.2)
    assert np.mean(np.array(p) <= 0.1) < 0.25


def test_a_lattice_has_no_finite_dimension() -> None:
    assert fitted(np.ones(50)) == np.inf
    assert np.isnan(correlated(np.inf, np.inf, np.inf))


def test_what_cannot_be_fitted_is_an_error() -> None:
    x = cloud(19, 30)
    with pytest.raises(AtlasError, match="at least 10 distinct atoms; there are 9"):
        intrinsic_dimension(x[:9])
    with pytest.raises(AtlasError, match="there are 0"):
        intrinsic_dimension(np.ones((20, 3)))
    with pytest.raises(AtlasError, match="at least 3 atoms"):
        ratios(x[:2])
    with pytest.raises(AtlasError, match=r"\[30, 29\] atoms"):
        ratios(x, x[1:])
    with pytest.raises(AtlasError, match="line or likelihood"):
        fitted(np.full(20, 2.0), fit="curve")
    with pytest.raises(AtlasError, match="discards a share"):
        fitted(np.full(20, 2.0), discard=1.0)
    with pytest.raises(AtlasError, match="need a generator"):
        dimension_correlation(x, x, permutations=5)


def test_the_influence_of_a_ratio_is_what_leaving_it_out_does() -> None:
    mu = (1 - np.random.default_rng(20).random(400)) ** (-1 / 3)
    mu[7] = np.nan
    influence = line_influence(mu)
    change = np.array([fitted(mu) - fitted(np.delete(mu, i)) for i in range(400)])
    assert influence[7] == 0.0
    assert abs(influence.sum()) < 1e-12
    np.testing.assert_allclose(influence, change, atol=0.06 * change.std())


def test_ratios_name_the_two_nearest_distinct_atoms() -> None:
    x = cloud(21, 50)
    x[1] = x[0]
    found = ratios(x)
    distances = cdist(x, x)
    np.fill_diagonal(distances, np.inf)
    distances[:, 1] = np.inf
    expected = np.argsort(distances, axis=1)[:, :2]
    expected[1] = -1
    np.testing.assert_array_equal(np.sort(found.nearest, axis=1), np.sort(expected, axis=1))
