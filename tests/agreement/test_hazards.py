"""What real atlases may hold that random numbers do not: zero and constant features, few atoms, exact ties."""

import numpy as np
import pytest

from precompute.agreement import imbalance
from precompute.agreement.metrics import METRICS
from precompute.agreement.pairs import compare
from precompute.agreement.runners import RUNNERS, _received
from precompute.neighbours import nearest

LOCAL = ("cknna", "mutual-knn", "cycle-knn")


def models(n: int = 120, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(n, 4))
    return {key: np.hstack([common, 0.5 * rng.normal(size=(n, 3))]) for key in "abc"}


def run_of(of: dict[str, np.ndarray], structure: np.ndarray | None = None, **more):
    n = len(of["a"])
    structure = np.arange(n) // 2 if structure is None else structure
    asked = {"numbers": np.repeat(8, n), "permutations": 3, "resamples": 20, "k": 5, **more}
    return compare(of, structure, **asked)


def test_an_atom_with_zero_features_leaves_all_metrics_their_scores():
    of = models()
    of["b"][7] = 0.0
    whole, one = run_of(models()), run_of(of)
    for name, score in one.scores.items():
        assert not score.reason, name
        assert np.isfinite(score.value).all(), name
        if METRICS[name].per == "pair":
            assert score.value[0, 1] == pytest.approx(whole.scores[name].value[0, 1], abs=0.08), name
            assert score.value[0, 2] == pytest.approx(whole.scores[name].value[0, 2], abs=0.08), name
        if name != "transport":
            assert np.isfinite(score.low[0, 1]) if score.low.ndim > 1 else np.isfinite(score.low[1]), name


def test_a_model_without_any_direction_has_no_neighbours_and_the_others_have():
    of = models()
    of["b"][:] = 0.0
    found = run_of(of)
    for name in ("mutual-knn", "cycle-knn", "cknna"):
        value = found.scores[name].value
        assert np.isnan(value[1]).all(), name
        assert np.isfinite(value[0, 2]), name


@pytest.mark.parametrize("constant", [0.0, 0.1])
def test_a_model_that_does_not_vary_spoils_no_score_of_the_others(constant):
    of, without = models(), models()
    of["b"][:] = constant
    found, expected = run_of(of), run_of({key: without[key] for key in "ac"})
    for name, score in found.scores.items():
        assert not score.reason, name
        if METRICS[name].per == "pair":
            assert np.isfinite(score.value[0, 2]), name
            if name not in ("mutual-knn", "cycle-knn", "cknna"):  # lists by cosine tie within the constant model only
                np.testing.assert_allclose(score.value[0, 2], expected.scores[name].value[0, 1], err_msg=name)
    for name in ("procrustes", "cka", "cka-rbf", "distance-correlation", "id-correlation", "gfre", "lfre"):
        score = found.scores[name]
        assert np.isnan(score.value[1]).all(), name
        assert np.isnan(score.value[:, 1]).all(), name
        assert np.isnan(score.low[0, 1]), name
    dimension = found.scores["intrinsic-dimension"].value
    assert np.isfinite(dimension).tolist() == [True, False, True]


def test_few_structures_have_a_dimension_that_is_hardly_known():
    structure = np.repeat([0, 1, 2], [6, 3, 3])
    few = run_of(models(12), structure, k=3, resamples=200, metrics=("intrinsic-dimension", "id-correlation"))
    many = run_of(models(60), resamples=200, metrics=("intrinsic-dimension", "id-correlation"))
    assert all(np.isfinite(s.value).all() for s in few.scores.values())
    assert all((s.low <= s.value).all() and (s.value <= s.high).all() for s in (*few.scores.values(),))
    wide, narrow = (run.scores["intrinsic-dimension"] for run in (few, many))
    assert (wide.high / wide.low).min() > 3.0 > (narrow.high / narrow.low).max()
    one = run_of(models(12), np.zeros(12, int), k=3, metrics=("intrinsic-dimension",)).scores["intrinsic-dimension"]
    assert np.isnan(one.low).all()
    assert np.isfinite(one.value).all()


@pytest.mark.parametrize("error", [ValueError("a"), MemoryError("b"), np.linalg.LinAlgError("c")])
def test_a_metric_that_fails_says_so_and_the_others_go_on(error, monkeypatch):
    def fail(_):
        raise error

    monkeypatch.setitem(RUNNERS, "cka", fail)
    found = run_of(models(), metrics=("cka", "procrustes"))
    assert f"({error})" in found.scores["cka"].reason
    assert np.isfinite(found.scores["procrustes"].value).all()


@pytest.mark.parametrize(("space", "level"), [("embeddings", "atom"), ("coordinates", "cumulants")])
def test_transport_is_only_within_one_space(space, level):
    score = run_of(models(), metrics=("transport",), space=space, level=level).scores["transport"]
    assert "one space for both models" in score.reason


# ---- ties


def test_two_models_that_know_only_the_element_do_not_agree_within_it():
    """Whom of equal atoms a list names is chance: about k / (n - 1) of them are shared."""
    numbers = np.repeat([8, 22, 26], 80)
    rng = np.random.default_rng(0)
    of = {key: rng.normal(size=(3, 6))[np.repeat([0, 1, 2], 80)] for key in "ab"}
    found = compare(
        of, np.arange(240), numbers=numbers, metrics=("mutual-knn", "cknna"), resamples=0, atoms="within-element"
    )
    assert found.scores["mutual-knn"].value[0, 1] == pytest.approx(10 / 79, abs=0.1)
    assert found.scores["mutual-knn"].value[0, 0] == 1.0
    for score in found.scores.values():
        assert not score.value[0, 1] > score.null_high[0, 1]


def test_ties_go_by_the_order_that_is_given():
    x = np.array([[1.0, 0.0], [1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    of = {"orbit": np.arange(5), "kind": "all", "k": 2}
    assert nearest(x, **of).index[0].tolist() == [1, 2]
    assert nearest(x, **of, order=np.array([4, 3, 2, 1, 0])).index[0].tolist() == [4, 2]


def test_of_many_nearest_neighbours_some_stand_for_all(monkeypatch):
    rng = np.random.default_rng(0)
    a, b = np.repeat(rng.normal(size=(3, 4)), 60, axis=0), rng.normal(size=(180, 4))
    whole = imbalance.information_imbalance(a, b)[0]
    monkeypatch.setattr(imbalance, "MOST_TIED", 20)
    ((of, _),) = imbalance.nearest_pairs([a])
    assert (np.bincount(of) == 20).all()
    assert imbalance.information_imbalance(a, b)[0] == pytest.approx(whole, abs=0.02)
    ((of, _),) = imbalance.nearest_pairs([b])
    assert (np.bincount(of) == 1).all()


def test_blocks_do_not_change_what_is_received(monkeypatch):
    rng = np.random.default_rng(0)
    a, b = (np.argsort(rng.random((50, 50)), axis=1)[:, :4] for _ in range(2))
    shared = rng.random(50)
    whole = _received(a, b, shared)
    monkeypatch.setattr("precompute.agreement.runners.PAIRS_PER_BLOCK", 100)
    for part, expected in zip(_received(a, b, shared), whole, strict=True):
        np.testing.assert_array_equal(part, expected)
