"""Procrustes, CKA, CKNNA and distance correlation against literal transcriptions, their invariances and their nulls."""

import itertools

import numpy as np
import pytest
from scipy.spatial import procrustes as scipy_procrustes
from scipy.spatial.distance import cdist

from precompute.agreement import centred, cknna, cosines, distances, kernels, procrustes
from precompute.agreement import spaces as spaces_module
from precompute.agreement.metrics import METRICS
from precompute.agreement.pairs import compare
from precompute.agreement.permuted import Invariants, gamma_null, moments, null_of_draws
from precompute.agreement.sample import Sample
from precompute.contracts import AtlasError

PAIRS = {
    "procrustes": procrustes.procrustes,
    "angular": procrustes.angular,
    "cka": kernels.cka,
    "cka-unbiased": kernels.cka_unbiased,
    "cka-rbf": kernels.cka_rbf,
    "cknna": cknna.cknna,
    "distance-correlation": distances.distance_correlation,
}


def spaces(seed: int = 0, n: int = 60, p: int = 9, q: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Two related spaces of unequal width and scale, far from their origins."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, p)) * rng.uniform(0.1, 3.0, p)
    y = np.tanh(x @ rng.normal(size=(p, q))) + 0.3 * rng.normal(size=(n, q)) + 2.0
    return x + 1.0, 7.0 * y


def rotation(d: int, seed: int = 3) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]


# ---- literal transcriptions


def literal_hsic(k: np.ndarray, m: np.ndarray) -> float:
    n = len(k)
    h = np.eye(n) - np.ones((n, n)) / n
    return np.trace(k @ h @ m @ h)


def literal_hsic_1(k: np.ndarray, m: np.ndarray) -> float:
    n = len(k)
    k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
    total = np.sum(k * m.T) + k.sum() * m.sum() / ((n - 1) * (n - 2)) - 2.0 * np.sum(k @ m) / (n - 2)
    return total / (n * (n - 3))


def ratio(hsic, k, m):
    return hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m))


def literal_rbf(x: np.ndarray) -> np.ndarray:
    d = cdist(x, x, "sqeuclidean")
    n = len(x)
    return np.exp(-d / (d.sum() / (n * (n - 1))))


def literal_cknna(x: np.ndarray, y: np.ndarray, k: int) -> float:
    def kernel(z):
        unit = z / np.linalg.norm(z, axis=1, keepdims=True)
        return unit @ unit.T

    def mask(gram):
        gram = gram - np.diag(np.full(len(gram), np.inf))
        result = np.zeros_like(gram)
        for i, row in enumerate(gram):
            result[i, np.argsort(-row.astype(np.float32), kind="stable")[:k]] = 1.0
        return result

    a, b = kernel(x), kernel(y)

    def aligned(g, h):
        both = mask(g) * mask(h)
        return literal_hsic_1(both * g, both * h)

    cross = (aligned(a, b) + aligned(b, a)) / 2.0
    return cross / np.sqrt(aligned(a, a) * aligned(b, b))


def literal_distance_correlation(x: np.ndarray, y: np.ndarray) -> float:
    def matrix(z):
        d = np.array([[np.sqrt(((u - v) ** 2).sum()) for v in z] for u in z])
        return d - d.mean(0) - d.mean(1)[:, None] + d.mean()

    a, b = matrix(x), matrix(y)
    return np.sqrt((a * b).mean() / np.sqrt((a * a).mean() * (b * b).mean()))


LITERAL = {
    "cka": lambda x, y: ratio(literal_hsic, x @ x.T, y @ y.T),
    "cka-unbiased": lambda x, y: ratio(literal_hsic_1, x @ x.T, y @ y.T),
    "cka-rbf": lambda x, y: ratio(literal_hsic, literal_rbf(x), literal_rbf(y)),
    "cknna": lambda x, y: literal_cknna(x, y, 10),
    "distance-correlation": literal_distance_correlation,
}


@pytest.mark.parametrize("name", LITERAL)
@pytest.mark.parametrize("seed", [0, 1])
def test_a_metric_is_its_formula(name, seed):
    x, y = spaces(seed)
    assert PAIRS[name](x, y) == pytest.approx(LITERAL[name](x, y), abs=1e-6)


@pytest.mark.parametrize("seed", [0, 1])
def test_procrustes_is_what_scipy_fits(seed):
    x, y = spaces(seed)
    padded = np.pad(y, ((0, 0), (0, x.shape[1] - y.shape[1])))
    disparity = scipy_procrustes(x, padded)[2]  # 1 - s^2 with the best scale
    assert procrustes.procrustes(x, y) == pytest.approx(np.sqrt(1.0 - disparity), abs=1e-9)
    angle = np.arccos(procrustes.procrustes(x, y))
    assert procrustes.angular(x, y) == pytest.approx(1.0 - angle / (np.pi / 2))


@pytest.mark.parametrize("name", [n for n in LITERAL if n != "cknna"])
def test_within_elements_is_the_formula_on_each_element_summed(name):
    x, y = spaces()
    labels = np.repeat([8, 3, 26], [30, 20, 10])
    groups = [labels == z for z in np.unique(labels)]

    def total(a, b):
        def matrices(z):
            if name == "cka-rbf":
                d = [cdist(z[g], z[g], "sqeuclidean") for g in groups]
                scale = sum(m.sum() for m in d) / sum(len(m) * (len(m) - 1) for m in d)
                return [np.exp(-m / scale) for m in d]
            if name == "distance-correlation":
                return [cdist(z[g], z[g]) for g in groups]
            return [(z[g] - z[g].mean(0)) @ (z[g] - z[g].mean(0)).T for g in groups]

        pairs = list(zip(matrices(a), matrices(b), strict=True))
        if name == "cka-unbiased":
            return sum(literal_hsic_1(k, m) * len(k) * (len(k) - 3) for k, m in pairs)
        return sum(literal_hsic(k, m) for k, m in pairs)

    expected = total(x, y) / np.sqrt(total(x, x) * total(y, y))
    if name == "distance-correlation":
        expected = np.sqrt(expected)
    assert PAIRS[name](x, y, Sample(np.arange(60), labels)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", PAIRS)
def test_a_space_agrees_with_itself_turned_and_scaled(name):
    x, _ = spaces()
    turned = x @ rotation(x.shape[1]) * 5.0
    assert PAIRS[name](x, x) == pytest.approx(1.0, abs=1e-7)
    # the angle's derivative is infinite at 1
    assert PAIRS[name](x, turned) == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("name", PAIRS)
def test_rotation_scaling_and_order_of_atoms_do_not_matter(name):
    x, y = spaces()
    value = PAIRS[name](x, y)
    order = np.random.default_rng(1).permutation(len(x))
    assert PAIRS[name](x @ rotation(x.shape[1]) * 0.1, y @ rotation(y.shape[1]) * 30.0) == pytest.approx(value)
    assert PAIRS[name](x[order], y[order]) == pytest.approx(value)
    assert PAIRS[name](y, x) == pytest.approx(value)
    assert 0.05 < value < 0.99


@pytest.mark.parametrize("name", [n for n in PAIRS if n != "cknna"])
def test_a_shift_of_origin_does_not_matter(name):
    x, y = spaces()
    assert PAIRS[name](x + 3.0, y - 11.0) == pytest.approx(PAIRS[name](x, y))


@pytest.mark.parametrize("name", PAIRS)
def test_it_refuses_what_it_cannot_compare(name):
    x, y = spaces()
    with pytest.raises(AtlasError):
        PAIRS[name](x, np.where(np.arange(len(y))[:, None] == 4, np.nan, y))


@pytest.mark.parametrize("name", ["procrustes", "cka", "cka-unbiased", "cka-rbf", "distance-correlation"])
def test_a_space_that_does_not_vary_has_no_score(name):
    x, _ = spaces()
    assert np.isnan(PAIRS[name](x, np.ones((len(x), 3))))


def test_blocks_do_not_change_the_result(monkeypatch):
    x, y = spaces(n=101)
    before = {name: of(x, y) for name, of in PAIRS.items()}
    monkeypatch.setattr(centred, "CELLS_PER_TILE", 700)
    monkeypatch.setattr(centred, "CELLS_HELD", 0)
    monkeypatch.setattr(cosines, "ATOMS_PER_TILE", 37)
    monkeypatch.setattr(spaces_module, "VALUES_PER_BLOCK", 90)
    monkeypatch.setattr(spaces_module, "VALUES_HELD", 0)
    for name, value in before.items():
        assert PAIRS[name](x, y) == pytest.approx(value, abs=1e-12)


# ---- nulls


def double_centred(n: int, seed: int) -> np.ndarray:
    z = np.random.default_rng(seed).normal(size=(n, 3)) ** 3
    h = np.eye(n) - 1.0 / n
    return h @ np.exp(-cdist(z, z)) @ h


def invariants(w: np.ndarray) -> Invariants:
    return Invariants(len(w), np.trace(w), (w * w).sum(), (np.diag(w) ** 2).sum())


@pytest.mark.parametrize("n", [4, 5, 6])
def test_moments_over_all_permutations_are_exact(n):
    a, b = double_centred(n, 1), double_centred(n, 2)
    all_of_them = [(a * b[np.ix_(p, p)]).sum() for p in map(list, itertools.permutations(range(n)))]
    mean, variance = moments(invariants(a), invariants(b))
    assert mean == pytest.approx(np.mean(all_of_them))
    assert variance == pytest.approx(np.var(all_of_them))


def test_the_gamma_null_has_the_moments_it_was_given():
    mean, high = gamma_null(np.array([2.0]), np.array([0.5]))
    draws = np.random.default_rng(0).gamma(8.0, 0.25, 400_000)
    assert mean == pytest.approx(2.0)
    assert high == pytest.approx(np.quantile(draws, 0.975), rel=5e-3)
    root, root_high = gamma_null(np.array([2.0]), np.array([0.5]), 0.5)
    assert root == pytest.approx(np.sqrt(draws).mean(), rel=1e-3)
    assert root_high == pytest.approx(np.sqrt(high))


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize("labelled", [False, True])
def test_nulls_are_those_of_permuted_atoms(labelled):
    x, y = spaces(n=80)
    labels = np.repeat([1, 2], 40) if labelled else None
    sample = Sample(np.arange(80), labels)
    rng = np.random.default_rng(5)
    found = {
        "procrustes": (procrustes.procrustes, procrustes.all_pairs([x, y], sample, permutations=60, rng=rng)),
        "cka": (kernels.cka, kernels.linear_pairs([x, y], sample)),
        "cka-unbiased": (kernels.cka_unbiased, kernels.unbiased_pairs([x, y], sample)),
        "cka-rbf": (kernels.cka_rbf, kernels.rbf_pairs([x, y], sample)),
        "distance-correlation": (distances.distance_correlation, distances.all_pairs([x, y], sample)),
    }
    orders = [sample.permutation(rng) for _ in range(150)]
    for name, (of, estimate) in found.items():
        drawn = np.array([of(x, y[order], sample) for order in orders])
        error = drawn.std() / np.sqrt(len(drawn))
        assert abs(drawn.mean() - estimate.null[0, 1]) < 5.0 * error, name
        assert (drawn > estimate.null_high[0, 1]).mean() < 0.07, name  # 2.5 % and 3.5 standard errors
        assert (drawn > estimate.null_high[0, 1] - 1.0 * drawn.std()).mean() > 0.025, name


@pytest.mark.slow
@pytest.mark.ci
def test_unrelated_spaces_exceed_the_nulls_as_seldom_as_these_say():
    """Also those from a few draws: 2.5 % of 120 are 3, and by chance more than 8 come in 1 of 250 cases."""
    names = ("procrustes", "mutual-knn", "cycle-knn", "information-imbalance", "gfre", "id-correlation")
    beyond = dict.fromkeys(names, 0)
    for seed in range(40):
        rng = np.random.default_rng(seed)
        of = {key: rng.normal(size=(80, 5)) * [2.0, 1.5, 1.0, 0.5, 0.3] for key in "abcdef"}
        run = compare(of, np.arange(80), numbers=np.repeat(8, 80), metrics=names, resamples=0, seed=seed)
        for name, score in run.scores.items():
            sign = 1.0 if METRICS[name].alike == "high" else -1.0
            for at in ((0, 1), (2, 3), (4, 5)):
                wide = score.null_high[at] - score.null[at]
                beyond[name] += sign * (score.value[at] - score.null[at]) > wide
    assert max(beyond.values()) <= 8, beyond


def test_the_bound_of_a_few_draws_is_that_of_one_more():
    drawn = np.random.default_rng(0).normal(size=(5, 20_000))
    mean, bound = null_of_draws(drawn[:4])
    assert (drawn[4] > bound).mean() == pytest.approx(0.025, abs=0.004)
    assert (drawn[4] < 2.0 * mean - bound).mean() == pytest.approx(0.025, abs=0.004)
    assert np.isnan(null_of_draws(drawn[:1])[1]).all()


@pytest.mark.slow
@pytest.mark.ci
def test_unrelated_spaces_score_as_theory_says():
    rng = np.random.default_rng(0)
    n, p = 3000, 20
    x, y = rng.normal(size=(n, p)), rng.normal(size=(n, p))
    assert kernels.cka(x, y) == pytest.approx(p / n, rel=0.1)  # |X'Y|^2 ~ n p^2, |X'X|^2 ~ n^2 p
    assert abs(kernels.cka_unbiased(x, y)) < 0.02
    # singular values of a p x p Gaussian matrix follow the quarter circle: |X'Y|_* ~ 8 / (3 pi) p sqrt(n p)
    assert procrustes.procrustes(x, y) == pytest.approx(8.0 / (3.0 * np.pi) * np.sqrt(p / n), rel=0.03)
    assert abs(cknna.cknna(x, y)) < 0.05


def test_the_null_of_cknna_is_that_of_permuted_atoms():
    x, y = spaces(n=80)
    lists = [cosines.cosine_neighbours(z, 10) for z in (x, y)]
    rng = np.random.default_rng(0)
    estimate = cknna.all_pairs(lists, Sample.of(80), permutations=60, rng=rng)
    drawn = np.array([cknna.cknna(x, y[rng.permutation(80)]) for _ in range(60)])
    assert abs(drawn.mean() - estimate.null[0, 1]) < 5.0 * drawn.std() / np.sqrt(30)


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize("name", ["procrustes", "cka", "cka-unbiased", "cka-rbf", "distance-correlation", "cknna"])
def test_influences_are_what_leaving_structures_out_does(name):
    """First-order: without structure s the score is the score less its influence, up to second-order terms."""
    x, y = spaces(n=300)
    structure = np.arange(300) // 3

    def estimate(rows):
        sample = Sample(structure[rows])
        z = [x[rows], y[rows]]
        if name == "cknna":
            return cknna.all_pairs([cosines.cosine_neighbours(v, 10) for v in z], sample)
        return {
            "procrustes": lambda: procrustes.all_pairs(z, sample),
            "cka": lambda: kernels.linear_pairs(z, sample),
            "cka-unbiased": lambda: kernels.unbiased_pairs(z, sample),
            "cka-rbf": lambda: kernels.rbf_pairs(z, sample),
            "distance-correlation": lambda: distances.all_pairs(z, sample),
        }[name]()

    whole = estimate(np.arange(300))
    predicted = -whole.influence[0, 1]
    assert abs(predicted.sum()) < 1e-9
    removed = np.array([estimate(np.flatnonzero(structure != s)).value[0, 1] for s in range(100)])
    change = removed - whole.value[0, 1]
    least = 0.6 if name == "cknna" else 0.98  # which atom enters a list is not followed
    assert np.corrcoef(change, predicted)[0, 1] > least
    within = 0.2 if name == "cknna" else 0.05
    assert np.polyfit(predicted, change, 1)[0] == pytest.approx(1.0, abs=within)
