"""Anchors cover the space, repeat for a seed, and every prefix of them is a good set."""

import numpy as np
import pytest

from precompute import anchor_files
from precompute.anchors import METHODS, choose, farthest_first, reduced_space
from precompute.contracts import AnchorSet, AtlasError, Structure


def clumped(n_clumps: int = 12, each: int = 30, d: int = 16, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Well separated clumps of very different sizes, an element each."""
    rng = np.random.default_rng(seed)
    sizes = np.maximum(2, (each * 3.0 ** -np.arange(n_clumps)).astype(int))
    sizes[0] = each * n_clumps
    label = np.repeat(np.arange(n_clumps), sizes)
    centres = rng.normal(size=(n_clumps, d)) * 5
    return (centres[label] + rng.normal(size=(len(label), d)) * 0.1).astype(np.float32), label + 1


def covering_radius(points: np.ndarray, chosen: np.ndarray) -> float:
    return float(np.linalg.norm(points[:, None] - points[None, chosen], axis=-1).min(axis=1).max())


@pytest.mark.parametrize("method", METHODS)
def test_a_choice_repeats_and_names_no_atom_twice(method: str) -> None:
    x, z = clumped()
    first = choose(x, z, 20, method=method, seed=3)
    assert len(set(first.tolist())) == 20
    np.testing.assert_array_equal(first, choose(x, z, 20, method=method, seed=3))


def test_direct_finds_every_clump_where_random_misses_most() -> None:
    x, z = clumped()
    assert len(set(z[choose(x, z, 12, method="direct")])) == 12
    random = [len(set(z[choose(x, z, 12, method="random", seed=s)])) for s in range(20)]
    assert np.mean(random) < 6


@pytest.mark.parametrize("method", ["direct", "farthest-point", "per-element"])
def test_a_prefix_covers_the_space_better_than_the_same_atoms_in_reverse(method: str) -> None:
    x, z = clumped()
    chosen = choose(x, z, 24, method=method)
    space = reduced_space(x)
    assert covering_radius(space, chosen[:12]) < covering_radius(space, chosen[::-1][:12])


def test_farthest_point_is_the_greedy_rule_written_out() -> None:
    x = np.random.default_rng(1).normal(size=(50, 3))
    order = farthest_first(x, 10)
    assert order[0] == np.linalg.norm(x - x.mean(0), axis=1).argmin()
    for i in range(1, 10):
        gap = np.linalg.norm(x[:, None] - x[None, order[:i]], axis=-1).min(axis=1)
        assert gap[order[i]] == pytest.approx(gap.max())


def test_per_element_names_every_element_before_any_twice() -> None:
    x, z = clumped()
    assert len(set(z[choose(x, z, 12, method="per-element")])) == 12


def test_reduced_space_is_standardised_pca_scaled_by_the_root_of_explained_variance() -> None:
    from sklearn.decomposition import PCA
    from sklearn.preprocessing import StandardScaler

    x = np.random.default_rng(2).normal(size=(200, 8)) @ np.random.default_rng(3).normal(size=(8, 8))
    pca = PCA().fit(scaled := StandardScaler().fit_transform(x))
    kept = (pca.explained_variance_ > 1).sum()
    oracle = pca.transform(scaled)[:, :kept] / np.sqrt(pca.explained_variance_[:kept])
    oracle *= np.sqrt(pca.explained_variance_ratio_[:kept])
    ours = reduced_space(x)
    assert ours.shape == oracle.shape
    np.testing.assert_allclose(np.abs(ours), np.abs(oracle), atol=1e-8)


def test_atoms_without_an_embedding_are_not_chosen() -> None:
    x, z = clumped()
    x[::2] = np.nan
    assert (choose(x, z, 15) % 2 == 1).all()


@pytest.mark.slow
@pytest.mark.ci
def test_too_few_atoms_to_choose_from_is_said() -> None:
    x, z = clumped()
    with pytest.raises(AtlasError, match="there are 3 symmetry-distinct atoms"):
        choose(x[:3], z[:3], 100)
    same = np.tile(x[:1], (200, 1))
    with pytest.raises(AtlasError, match="tells only 1 atoms apart"):
        choose(same, np.ones(200, int), 100)
    with pytest.raises(AtlasError, match="no way 'best'"):
        choose(x, z, 5, method="best")


def anchor_set() -> AnchorSet:
    salt = Structure("NaCl", "test", [11, 17], [[0, 0, 0], [2.8, 0, 0]], np.eye(3) * 5.6, [True] * 3, {"gap": 5.0})
    iron = Structure("Fe", "test", [26], [[0, 0, 0.1 + 0.2]], np.eye(3) * 2.87, [True] * 3)
    return AnchorSet("two", (salt, iron), [1, 0, 0], [0, 1, 0], "direct", "7net-0", 4, "two crystals")


def test_a_saved_set_comes_back_the_same(tmp_path: anchor_files.Path) -> None:
    before = anchor_set()
    anchor_files.save(before, tmp_path / "a.json")
    after = anchor_files.load(tmp_path / "a.json")
    assert anchor_files.identity(after) == anchor_files.identity(before)
    assert (after.name, after.method, after.model, after.seed) == ("two", "direct", "7net-0", 4)
    assert after.numbers.tolist() == [26, 17, 11]
    assert after.structures[1].positions[0, 2] == 0.1 + 0.2


def test_the_order_of_anchors_is_part_of_their_identity_and_a_prefix_drops_unused_structures() -> None:
    full = anchor_set()
    assert anchor_files.identity(full.prefix(2)) != anchor_files.identity(full)
    assert len(full.prefix(1).structures) == 1
    assert full.prefix(2).numbers.tolist() == [26, 17]
    with pytest.raises(AtlasError, match="has 3 anchors; 9"):
        full.prefix(9)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is not an anchor set"),
        ("[1, 2]", "is not an anchor set"),
        ('{"format": "platonic-atlas anchors", "version": 99}', "has version 99"),
        ('{"format": "platonic-atlas anchors", "version": 1}', "damaged"),
        ('{"format": "platonic-atlas anchors", "version": 1, "anchors": [[0]]}', "pairs"),
        ('{"format": "platonic-atlas anchors", "version": 1, "anchors": [[0, 0.9]]}', "whole numbers"),
        ("[" * 100_000, "is not an anchor set"),
    ],
)
def test_damaged_files_are_refused_with_a_reason(text: str, complaint: str) -> None:
    with pytest.raises(AtlasError, match=complaint):
        anchor_files.loads(text, "a.json")


def test_a_set_cannot_name_atoms_that_do_not_exist() -> None:
    text = anchor_files.dumps(anchor_set()).replace("[1, 0]", "[1, 5]")
    with pytest.raises(AtlasError, match="atom 5 of structure 1 does not exist"):
        anchor_files.loads(text, "a.json")


def test_a_set_with_impossible_positions_is_refused() -> None:
    text = anchor_files.dumps(anchor_set()).replace("[2.8, 0.0, 0.0]", "[NaN, 0.0, 0.0]")
    with pytest.raises(AtlasError, match="structure 'NaCl' cannot hold anchors"):
        anchor_files.loads(text, "a.json")


def test_a_single_anchor_can_be_chosen_by_any_method() -> None:
    x, z = clumped()
    for method in METHODS:
        assert len(choose(x, z, 1, method=method)) == 1
