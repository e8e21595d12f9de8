"""Agreement against the number of anchors: each number is what the metrics give for that anchor set."""

import numpy as np
import pytest

from precompute import anchors
from precompute.agreement import anchor_counts as module
from precompute.agreement.anchor_counts import METHODS, METRICS, AnchorCounts, anchor_counts
from precompute.agreement.kernels import cka
from precompute.agreement.neighbours import mutual_knn, neighbour_lists
from precompute.agreement.procrustes import procrustes
from precompute.contracts import AtlasError
from precompute.coordinates import coordinates

N, OWN = 240, np.arange(0, 60, 3)

pytestmark = [pytest.mark.slow, pytest.mark.ci]


@pytest.fixture(scope="module")
def embeddings() -> dict[str, np.ndarray]:
    """Three models: a and b see the same things and are turned against each other, c sees half of them."""
    rng = np.random.default_rng(0)
    seen = rng.normal(size=(8, 10))[rng.integers(8, size=N)] + 0.5 * rng.normal(size=(N, 10))
    turn = np.linalg.qr(rng.normal(size=(10, 10)))[0]
    a = np.hstack([seen, 0.1 * rng.normal(size=(N, 2))])
    b = np.hstack([seen @ turn, 0.1 * rng.normal(size=(N, 4))])
    c = np.hstack([seen[:, :5], rng.normal(size=(N, 5))])
    return {"a": a.astype(np.float32), "b": b.astype(np.float32), "c": c.astype(np.float32)}


@pytest.fixture(scope="module")
def stored(embeddings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {m: coordinates(e, e[OWN]) for m, e in embeddings.items()}


@pytest.fixture(scope="module")
def found(embeddings: dict[str, np.ndarray], stored: dict[str, np.ndarray]) -> AnchorCounts:
    return anchor_counts(
        embeddings, stored, chosen_on="a", own_anchors=OWN, counts=(80, 5, 20, 500), n_seeds=3, sample=90, k=5, seed=7
    )


def by_hand(x: np.ndarray, y: np.ndarray) -> list[float]:
    return [cka(x, y), procrustes(x, y), mutual_knn(neighbour_lists(x, 5), neighbour_lists(y, 5), 5).mean()]


def scored_atoms() -> np.ndarray:
    return np.sort(np.random.default_rng(7).permutation(np.setdiff1d(np.arange(N), OWN))[:90])


def drawn(seed: int) -> np.ndarray:
    candidates = np.setdiff1d(np.arange(N), scored_atoms())
    return np.random.default_rng((7, seed)).permutation(candidates)[: int(0.8 * len(candidates))]


def test_what_was_compared_is_recorded(found: AnchorCounts) -> None:
    assert found.counts.tolist() == [5, 20, 80]
    assert (found.methods, found.metrics, found.seeds.tolist()) == (METHODS, METRICS, [7, 8, 9])
    assert found.pairs == (("a", "b"), ("a", "c"), ("b", "c"))
    assert (found.n, found.n_candidates) == (90, 120)
    assert found.by_pair.shape == (3, 3, 3, 3, 3)


def test_prefixes_of_the_atlas_are_scored_once_and_as_far_as_they_go(
    found: AnchorCounts, stored: dict[str, np.ndarray]
) -> None:
    rows = scored_atoms()
    for size, count in ((0, 5), (1, 20)):
        for at, (m, n) in enumerate(found.pairs):
            expected = by_hand(stored[m][rows, :count], stored[n][rows, :count])
            np.testing.assert_allclose(found.by_pair[0, 0, size, :, at], expected, rtol=0, atol=1e-6)
    assert np.isnan(found.by_pair[0, 0, 2]).all()
    assert np.isnan(found.by_pair[0, 1:]).all()


@pytest.mark.parametrize("size", [0, 1, 2])
def test_random_sets_are_nested_and_never_of_scored_atoms(
    found: AnchorCounts, embeddings: dict[str, np.ndarray], size: int
) -> None:
    rows = scored_atoms()
    for at, seed in enumerate(found.seeds):
        chosen = drawn(seed)[: found.counts[size]]
        assert not np.isin(chosen, rows).any()
        spaces = {m: coordinates(e[rows], e[chosen]) for m, e in embeddings.items()}
        for pair, (m, n) in enumerate(found.pairs):
            expected = by_hand(spaces[m], spaces[n])
            np.testing.assert_allclose(found.by_pair[1, at, size, :, pair], expected, rtol=0, atol=1e-6)


def test_direct_chooses_anew_for_every_count_and_seed(found: AnchorCounts, embeddings: dict[str, np.ndarray]) -> None:
    rows, at, size = scored_atoms(), 1, 1
    draw = drawn(8)
    chosen = draw[anchors.choose(embeddings["a"][draw], np.zeros(len(draw), int), 20)]
    spaces = [coordinates(embeddings[m][rows], embeddings[m][chosen]) for m in ("b", "c")]
    np.testing.assert_allclose(found.by_pair[2, at, size, :, 2], by_hand(*spaces), rtol=0, atol=1e-6)


def test_every_set_is_measured_as_the_coordinates_of_the_atlas_are(
    embeddings: dict[str, np.ndarray], stored: dict[str, np.ndarray]
) -> None:
    rows, of = scored_atoms(), {"measure": "rbf", "centre": True}
    found = anchor_counts(
        embeddings, stored, chosen_on="a", own_anchors=OWN, counts=(20,), n_seeds=1, sample=90, k=5, seed=7, **of
    )
    draw = drawn(7)
    direct = draw[anchors.choose(embeddings["a"][draw], np.zeros(len(draw), int), 20)]
    for method, chosen in ((1, draw[:20]), (2, direct)):
        a, b = (coordinates(embeddings[m][rows], embeddings[m][chosen], **of) for m in ("a", "b"))
        np.testing.assert_allclose(found.by_pair[method, 0, 0, :, 0], by_hand(a, b), rtol=0, atol=1e-6)


def test_wide_spaces_are_turned_into_fewer_axes_without_changing_a_score(
    embeddings: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = np.arange(120)
    spaces = [coordinates(e[150:], e[chosen]) for e in embeddings.values()]
    narrow = module._scores(spaces, 5)
    assert module._compact(spaces[0]).shape == (90, 12)
    monkeypatch.setattr(module, "COMPACT", 1000)
    np.testing.assert_allclose(narrow, module._scores(spaces, 5), rtol=0, atol=1e-6)


def test_mean_and_spread_are_over_seeds(found: AnchorCounts) -> None:
    by_seed = found.by_pair[1].mean(axis=-1)
    np.testing.assert_allclose(found.mean[1], by_seed.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.spread[1], by_seed.std(axis=0, ddof=1), rtol=1e-9)
    np.testing.assert_array_equal(found.mean[0, :2], found.by_pair[0, 0, :2].mean(axis=-1))
    assert np.isnan(found.mean[0, 2]).all()
    assert np.isnan(found.spread[0]).all()


def test_more_anchors_agree_better_and_vary_less(found: AnchorCounts) -> None:
    """Of models that see the same, the more so the more anchors there are to see it by."""
    knn = METRICS.index("mutual-knn")
    few, _, many = found.mean[1, :, knn]
    assert few < many
    assert (found.spread[1, 2] < found.spread[1, 0]).all()
    assert (found.by_pair[1, :, 2, :, 0] > found.by_pair[1, :, 2, :, 1]).all()


def test_the_same_seed_gives_the_same_and_progress_is_told(
    found: AnchorCounts, embeddings: dict[str, np.ndarray], stored: dict[str, np.ndarray]
) -> None:
    told = []
    again = anchor_counts(
        embeddings, stored, chosen_on="a", own_anchors=OWN, counts=(5, 20, 80), n_seeds=3, sample=90, k=5, seed=7,
        on_step=lambda done, of: told.append((done, of)),
    )  # fmt: skip
    np.testing.assert_array_equal(again.by_pair, found.by_pair)
    assert told == [(i, 21) for i in range(1, 22)]


def test_a_model_that_tells_too_few_atoms_apart_leaves_direct_out(
    embeddings: dict[str, np.ndarray], stored: dict[str, np.ndarray]
) -> None:
    flat = dict(embeddings, a=np.repeat(np.eye(3, 12, dtype=np.float32), 80, axis=0) + 1)
    found = anchor_counts(flat, stored, chosen_on="a", counts=(2, 20), n_seeds=2, sample=90, k=5)
    assert np.isfinite(found.by_pair[1]).all()
    assert np.isnan(found.by_pair[2, :, 1]).all()


def test_what_cannot_be_compared_is_an_error(embeddings: dict[str, np.ndarray], stored: dict[str, np.ndarray]) -> None:
    with pytest.raises(AtlasError, match="one of them 'd'"):
        anchor_counts(embeddings, stored, chosen_on="d")
    with pytest.raises(AtlasError, match=r"\[239, 240\] atoms"):
        anchor_counts(dict(embeddings, b=embeddings["b"][1:]), stored, chosen_on="a")
    broken = embeddings["b"].copy()
    broken[3] = np.nan
    with pytest.raises(AtlasError, match="b has no finite embedding of 1 atoms"):
        anchor_counts(dict(embeddings, b=broken), stored, chosen_on="a")
    few = {m: e[:20] for m, e in embeddings.items()}
    with pytest.raises(AtlasError, match="20 representatives leave 10"):
        anchor_counts(few, {m: c[:20] for m, c in stored.items()}, chosen_on="a")
    with pytest.raises(AtlasError, match=r"none of \(200, 500\) anchors"):
        anchor_counts(embeddings, stored, chosen_on="a", counts=(200, 500))
