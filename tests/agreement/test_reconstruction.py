"""Reconstruction errors against their definitions written out, and where they must be 0 or 1."""

import numpy as np
import pytest
from sklearn.metrics import root_mean_squared_error

from precompute.agreement import maps, reconstruction
from precompute.agreement.maps import CUTOFFS
from precompute.agreement.reconstruction import gfre, halves, lfre
from precompute.agreement.sample import Sample
from precompute.contracts import AtlasError


def spaces(seed: int = 0, n: int = 120, p: int = 9, q: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p)) * np.geomspace(3.0, 0.01, p)
    y = np.tanh(x @ rng.normal(size=(p, q))) + 0.1 * rng.normal(size=(n, q)) + 2.0
    return x + 1.0, 7.0 * y


def scaled(x, split):
    z = x - x[split.train].mean(axis=0)
    return z / np.sqrt((z[split.train] ** 2).sum() / len(split.train))


def truncated(x, y, cutoff):
    """Least squares that leaves out singular values of x at or below the cutoff."""
    u, s, vt = np.linalg.svd(x, full_matrices=False)
    keep = s > cutoff
    return (vt[keep].T / s[keep]) @ (u[:, keep].T @ y)


def literal_gfre(x, y, split):
    x, y = scaled(x, split), scaled(y, split)
    train = split.train
    half = (len(train) + 1) // 2
    folds = (train[:half], train[half:])
    largest = max(np.linalg.norm(x[f], 2) for f in folds)
    errors = [
        np.mean(
            [root_mean_squared_error(y[b], x[b] @ truncated(x[a], y[a], c * largest)) for a, b in (folds, folds[::-1])]
        )
        for c in CUTOFFS
    ]
    weights = truncated(x[train], y[train], CUTOFFS[np.argmin(errors)] * largest)
    return np.sqrt(((y[split.test] - x[split.test] @ weights) ** 2).sum() / len(split.test))


def literal_lfre(x, y, split, points):
    x, y = scaled(x, split), scaled(y, split)
    local = []
    for i in split.test:
        near = split.train[np.argsort(((x[split.train] - x[i]) ** 2).sum(axis=1), kind="stable")[:points]]
        mx, my = x[near].mean(axis=0), y[near].mean(axis=0)
        local.append((x[near] - mx, y[near] - my, x[i] - mx, y[i] - my))
    losses = []
    for c in CUTOFFS:
        total = 0.0
        for a, b, _, _ in local:
            largest = max(np.linalg.norm(a[::2], 2), np.linalg.norm(a[1::2], 2))
            c_here = max(c, maps.RESOLVED) * largest
            total += ((b[1::2] - a[1::2] @ truncated(a[::2], b[::2], c_here)) ** 2).sum()
            total += ((b[::2] - a[::2] @ truncated(a[1::2], b[1::2], c_here)) ** 2).sum()
        losses.append(total)
    best = max(CUTOFFS[np.argmin(losses)], maps.RESOLVED)
    squares = []
    for a, b, u, v in local:
        largest = max(np.linalg.norm(a[::2], 2), np.linalg.norm(a[1::2], 2))
        squares.append(((v - u @ truncated(a, b, best * largest)) ** 2).sum())
    return np.sqrt(np.mean(squares))


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("width", [9, 150])
def test_the_global_error_is_its_definition(seed, width):
    x, y = spaces(seed, p=width)
    split = halves(Sample.of(len(x)), seed)
    assert gfre(x, y, seed=seed) == pytest.approx(literal_gfre(x, y, split), abs=1e-6)
    assert gfre(y, x, seed=seed) == pytest.approx(literal_gfre(y, x, split), abs=1e-6)


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("width", [5, 30])
def test_the_local_error_is_its_definition(seed, width, monkeypatch):
    monkeypatch.setattr(maps, "VALUES_PER_BLOCK", 500)
    x, y = spaces(seed, p=width)
    split = halves(Sample.of(len(x)), seed)
    assert lfre(x, y, points=12, seed=seed) == pytest.approx(literal_lfre(x, y, split, 12), abs=1e-6)


def test_a_linear_image_is_given_wholly_and_what_is_lost_is_not():
    x, _ = spaces(p=6)
    image = x @ np.random.default_rng(1).normal(size=(6, 3)) + 4.0
    assert gfre(x, image) < 1e-6
    assert lfre(x, image) < 1e-3
    assert gfre(image, x) > 0.1


def test_a_curve_is_locally_linear_but_not_globally():
    t = np.random.default_rng(0).uniform(-3, 3, size=(600, 1))
    x, y = t, np.concatenate([np.cos(2 * t), np.sin(2 * t)], axis=1)
    assert gfre(x, y) > 0.7
    assert lfre(x, y) < 0.1


@pytest.mark.parametrize("of", [gfre, lfre])
def test_turning_scaling_and_shifting_do_not_matter(of):
    x, y = spaces()
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(9, 9)))[0]
    value = of(x, y)
    assert of(40.0 * x @ turn - 3.0, 0.01 * y + 5.0) == pytest.approx(value, abs=1e-6)
    assert 0.01 < value < 1.0


@pytest.mark.parametrize("of", [reconstruction.global_pairs, reconstruction.local_pairs])
def test_permuted_atoms_are_predicted_no_better_than_by_their_mean(of):
    x, y = spaces(n=400)
    rng = np.random.default_rng(0)
    estimate = of([x, y], Sample.of(400), permutations=3, rng=rng)
    assert 0.95 < estimate.null[0, 1] < 1.3
    assert estimate.null_high[0, 1] > estimate.null[0, 1]
    assert estimate.value[0, 1] < estimate.null[0, 1]
    again = of([x, y[rng.permutation(400)]], Sample.of(400))
    assert again.value[0, 1] == pytest.approx(estimate.null[0, 1], abs=0.12)


def test_structures_stay_whole():
    structure = np.repeat(np.arange(30), np.random.default_rng(0).integers(1, 9, 30))
    split = halves(Sample(structure), 3)
    assert not set(structure[split.train]) & set(structure[split.test])
    assert sorted([*split.train, *split.test]) == list(range(len(structure)))
    assert 0.3 < len(split.train) / len(structure) < 0.75


def test_within_elements_the_element_explains_nothing():
    rng = np.random.default_rng(0)
    labels = np.repeat([1, 2, 3, 4], 40)
    x, y = (10.0 * rng.normal(size=(4, 6))[labels - 1] + rng.normal(size=(160, 6)) for _ in range(2))
    assert gfre(x, y) < 0.4
    assert gfre(x, y, Sample(np.arange(160), labels)) > 0.95
    assert lfre(x, y, Sample(np.arange(160), labels), points=10) > 0.95


def test_it_refuses_what_is_too_small():
    x, y = spaces(n=6)
    with pytest.raises(AtlasError, match="needs at least 8 atoms"):
        gfre(x, y)
    x, y = spaces(n=20)
    with pytest.raises(AtlasError, match="20 points a neighbourhood"):
        lfre(x, y)
    with pytest.raises(AtlasError, match="do not vary"):
        gfre(x, np.ones((20, 2)))


@pytest.mark.parametrize(("of", "least"), [(reconstruction.global_pairs, 0.95), (reconstruction.local_pairs, 0.6)])
def test_the_influence_of_fitted_atoms_is_what_leaving_them_out_does(of, least, monkeypatch):
    """The split of all is kept, less one fitted atom; one cut-off, so that only maps and units change."""
    monkeypatch.setattr(maps, "CUTOFFS", np.array([0.05]))
    x, y = spaces(n=300, p=5)
    split = halves(Sample.of(300), 0)
    whole = of([x, y], Sample.of(300))
    changes = []
    for left_out in split.train[::6]:
        rows = np.delete(np.arange(300), left_out)
        place = np.cumsum(np.isin(np.arange(300), rows)) - 1
        fewer = maps.Halves(place[split.train[split.train != left_out]], place[split.test])
        monkeypatch.setattr(reconstruction, "halves", lambda *_, found=fewer: found)
        changes.append(of([x[rows], y[rows]], Sample.of(299)).value[0, 1] - whole.value[0, 1])
    predicted = -whole.influence[0, 1][split.train[::6]]
    assert np.corrcoef(changes, predicted)[0, 1] > least
    assert np.std(predicted) / np.std(changes) == pytest.approx(1.0, abs=0.3)
