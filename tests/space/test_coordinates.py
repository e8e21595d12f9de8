"""Coordinates are cosines to the anchors, and nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from precompute.contracts import AtlasError
from precompute.coordinates import coordinates


def data(seed: int, n: int = 40, k: int = 7, d: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)).astype(np.float32), rng.normal(size=(k, d)).astype(np.float32)


def test_they_are_the_cosines_written_out() -> None:
    e, a = data(0)
    literal = [[np.dot(x, y) / (np.linalg.norm(x) * np.linalg.norm(y)) for y in a] for x in e]
    np.testing.assert_allclose(coordinates(e, a), literal, atol=1e-6)


@given(st.integers(0, 1000))
def test_rotating_or_scaling_a_model_s_space_changes_nothing(seed: int) -> None:
    e, a = data(seed)
    rng = np.random.default_rng(seed)
    q = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    np.testing.assert_allclose(coordinates(e @ q * 17.0, a @ q * 17.0), coordinates(e, a), atol=2e-6)


def test_an_anchor_is_at_one_from_itself_and_all_lie_within_one() -> None:
    e, _ = data(1)
    c = coordinates(e, e)
    np.testing.assert_allclose(np.diag(c), 1.0, atol=1e-6)
    assert np.abs(c).max() <= 1.0


def test_shifting_a_model_s_space_changes_nothing_after_centring_but_does_without() -> None:
    e, a = data(2)
    shift = np.float32(3.0)
    centred = coordinates(e, a, centre=True)
    np.testing.assert_allclose(coordinates(e + shift, a + shift, centre=True), centred, atol=1e-5)
    assert np.abs(coordinates(e + shift, a + shift) - coordinates(e, a)).max() > 0.1


@pytest.mark.parametrize("measure", ["euclidean", "rbf"])
def test_distance_measures_are_one_at_the_anchor_and_do_not_depend_on_the_unit(measure: str) -> None:
    e, a = data(3)
    np.testing.assert_allclose(np.diag(coordinates(a, a, measure=measure)), 1.0, atol=1e-6)
    np.testing.assert_allclose(
        coordinates(e * 1000, a * 1000, measure=measure), coordinates(e, a, measure=measure), atol=1e-5
    )


def test_rbf_is_the_gaussian_of_the_distance_over_the_root_mean_square_distance_of_the_anchors() -> None:
    e, a = data(4)
    between = ((a[:, None].astype(float) - a[None]) ** 2).sum(-1)
    s2 = between[~np.eye(len(a), dtype=bool)].mean()
    literal = np.exp(-((e[:, None].astype(float) - a[None]) ** 2).sum(-1) / (2 * s2))
    np.testing.assert_allclose(coordinates(e, a, measure="rbf"), literal, atol=1e-6)


def test_rows_without_an_embedding_or_without_a_direction_have_no_coordinates() -> None:
    e, a = data(5)
    e[3] = np.nan
    e[4] = 0.0
    missing = np.isnan(coordinates(e, a)).all(axis=1)
    assert np.flatnonzero(missing).tolist() == [3, 4]


def test_what_cannot_be_computed_is_said() -> None:
    e, a = data(6)
    with pytest.raises(AtlasError, match="no similarity 'dot'"):
        coordinates(e, a, measure="dot")
    with pytest.raises(AtlasError, match=r"not .N, d. and .K, d."):
        coordinates(e, a[:, :3])
    a[2] = np.nan
    with pytest.raises(AtlasError, match=r"anchors \[2\] have no finite embedding"):
        coordinates(e, a)
    a[2] = 0.0
    with pytest.raises(AtlasError, match=r"anchors \[2\] are zero"):
        coordinates(e, a)
    with pytest.raises(AtlasError, match="no length scale"):
        coordinates(e, a[:1], measure="rbf")
