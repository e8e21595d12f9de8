"""Information imbalance against a literal transcription, its invariances, its null and cases known in advance."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import rankdata

from precompute.agreement import spread
from precompute.agreement.imbalance import imbalances, information_imbalance
from precompute.contracts import AtlasError


def literal(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """2 r / n of every atom, from whole distance matrices, atom by atom; ties share their mean rank."""
    n = len(a)
    da, db = cdist(a, a), cdist(b, b)
    result = []
    for i in range(n):
        others = np.delete(np.arange(n), i)
        first = np.flatnonzero(da[i, others] == da[i, others].min())
        result.append(2 / n * rankdata(db[i, others])[first].mean())
    return np.array(result)


def two_models(seed: int, n: int = 150) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 6))
    return x, np.hstack([x[:, :3] ** 2, rng.normal(size=(n, 2))])


@pytest.mark.parametrize("block", [1, 4_000_000])
def test_imbalances_equal_the_literal_formula(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "PAIRS_PER_BLOCK", block)
    x, y = two_models(0)
    each = imbalances((x, y))
    np.testing.assert_allclose(each[0, 1], literal(x, y), rtol=0, atol=1e-12)
    np.testing.assert_allclose(each[1, 0], literal(y, x), rtol=0, atol=1e-12)
    assert information_imbalance(x, y) == (each[0, 1].mean(), each[1, 0].mean())


def test_structured_data_with_outliers_and_float32_equal_the_literal_formula() -> None:
    """Clusters of very different width far from the origin, as elements are in a model's space."""
    rng = np.random.default_rng(1)
    centre = rng.normal(size=(12, 20)) * 30 + 200
    x = (centre[rng.integers(12, size=300)] + rng.normal(size=(300, 20)) * rng.exponential(size=(300, 1))).astype("f4")
    y = np.tanh(x[:, :8] / 100)
    for found, a, b in zip(information_imbalance(x, y), (x, y), (y, x), strict=True):
        assert found == pytest.approx(literal(a.astype(float), b.astype(float)).mean(), abs=1e-6)


def test_ties_share_their_ranks() -> None:
    """Points of a grid: every nearest neighbour is tied, in both models."""
    grid = np.stack(np.meshgrid(np.arange(6.0), np.arange(5.0)), axis=-1).reshape(-1, 2)
    other = np.column_stack([grid[:, 0], np.zeros(len(grid)), 2 * grid[:, 1]])
    each = imbalances((grid, other))
    np.testing.assert_allclose(each[0, 1], literal(grid, other), rtol=0, atol=1e-12)
    np.testing.assert_allclose(each[1, 0], literal(other, grid), rtol=0, atol=1e-12)


def test_coincident_atoms_tie_though_rounding_parts_them() -> None:
    rng = np.random.default_rng(2)
    x = np.repeat(rng.normal(size=(40, 3)), 4, axis=0)
    noisy = x + rng.normal(size=x.shape) * 1e-7
    np.testing.assert_allclose(imbalances((noisy, x))[0, 1], 2 * 2 / len(x))  # ranks 1, 2, 3 shared by three
    np.testing.assert_allclose(imbalances((noisy, noisy))[0, 0], 2 * 2 / len(x))


def test_rotation_shift_scaling_and_order_of_atoms_do_not_matter() -> None:
    x, y = two_models(3)
    rng = np.random.default_rng(4)
    turned = 1e4 * x @ np.linalg.qr(rng.normal(size=(6, 6)))[0] + 17
    np.testing.assert_allclose(imbalances((turned, y)), imbalances((x, y)), rtol=0, atol=1e-12)
    order = rng.permutation(len(x))
    np.testing.assert_allclose(imbalances((x[order], y[order])), imbalances((x, y))[:, :, order], rtol=0, atol=1e-12)


def test_a_model_tells_all_about_itself_and_nothing_about_an_unrelated_one() -> None:
    rng = np.random.default_rng(5)
    n = 1000
    x, y = rng.normal(size=(n, 4)), rng.normal(size=(n, 4))
    assert information_imbalance(x, x) == (pytest.approx(2 / n), pytest.approx(2 / n))
    each = imbalances((x, y))
    for i, j in ((0, 1), (1, 0)):
        assert abs(each[i, j].mean() - 1.0) < 4 * each[i, j].std() / np.sqrt(n)


def test_a_coordinate_left_out_is_missed_in_one_direction_only() -> None:
    """Glielmo et al.'s first example: x and y of a Gaussian tell about x, x alone little about x and y.

    Where there are many atoms the nearest in x is at the same x, so Delta(x -> xy) is twice the chance that a third
    atom is closer than the difference of two independent y: integrated here by drawing the three.
    """
    rng = np.random.default_rng(6)
    xy = rng.normal(size=(3000, 2))
    whole, part = information_imbalance(xy, xy[:, :1])
    assert whole < 0.05
    x0, y0, y1, x2, y2 = rng.normal(size=(5, 1_000_000))
    limit = 2 * np.mean((x2 - x0) ** 2 + (y2 - y0) ** 2 < (y1 - y0) ** 2)
    assert part == pytest.approx(limit, abs=0.03)


@pytest.mark.slow
@pytest.mark.ci
def test_a_direction_of_small_variance_is_not_missed() -> None:
    """Glielmo et al.'s second example: a Gaussian flattened along z is told by x and y, and z tells nothing of it."""
    rng = np.random.default_rng(7)
    xyz = rng.normal(size=(1500, 3)) * [1.0, 1.0, 0.01]
    without, back = information_imbalance(xyz, xyz[:, :2])
    assert without < 0.02
    assert back < 0.02
    assert information_imbalance(xyz[:, 2:], xyz)[0] > 0.9


def test_within_a_label_atoms_are_ranked_among_their_own() -> None:
    x, y = two_models(9)
    labels = np.repeat([8, 3, 5], [100, 49, 1])
    each = imbalances((x, y), labels=labels)
    for label in (8, 3):
        mine = labels == label
        np.testing.assert_allclose(each[0, 1, mine], literal(x[mine], y[mine]), rtol=0, atol=1e-12)
    assert np.isnan(each[:, :, labels == 5]).all()


def test_what_cannot_be_compared_is_an_error() -> None:
    x = np.zeros((5, 2))
    with pytest.raises(AtlasError, match=r"\[5, 4\] atoms"):
        information_imbalance(x, x[:4])
    with pytest.raises(AtlasError, match="at least 3 atoms"):
        information_imbalance(x[:2], x[:2])
    x[3, 1] = np.nan
    with pytest.raises(AtlasError, match="1 of 5 rows of features are not finite"):
        information_imbalance(x, x)


def test_a_model_that_tells_no_atoms_apart_says_nothing() -> None:
    rng = np.random.default_rng(8)
    flat = np.ones((30, 3))
    assert information_imbalance(flat, rng.normal(size=(30, 3))) == (pytest.approx(1.0), pytest.approx(1.0))
