"""Maps: shared axes, fair samples, and nothing invented for atoms without coordinates."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from precompute.maps import align, balanced_rows, fit_pca, pca_maps, raw_maps, trustworthiness, umap_maps


def models(n: int = 80, k: int = 24, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n, 4)) * [4, 3, 2, 1]
    return {name: np.tanh(latent @ rng.normal(size=(4, k)) * 0.3).astype(np.float32) for name in ("a", "b", "c")}


def test_pca_of_pooled_blocks_is_pca_of_the_pool() -> None:
    x = models()
    linear = fit_pca([x["a"], x["b"]], 3)
    oracle = PCA(3).fit(np.concatenate([x["a"], x["b"]]).astype(float))
    np.testing.assert_allclose(linear.explained_variance, oracle.explained_variance_ratio_, rtol=1e-6)
    np.testing.assert_allclose(np.abs(linear(x["a"], 3)), np.abs(oracle.transform(x["a"])), atol=1e-5)


def test_a_shared_map_uses_one_projection_for_all_models() -> None:
    x = models()
    x["c"] = x["a"].copy()
    maps = pca_maps(x, ["a", "b"], np.arange(40))
    np.testing.assert_array_equal(maps["a"]["pca-2d"].xy, maps["c"]["pca-2d"].xy)
    assert set(maps["b"]) == {"pca-2d", "pca-3d", "pca-2d-k5", "pca-2d-k10", "pca-2d-k20"}
    assert maps["b"]["pca-2d"].quality["fitted_on"] == ["a", "b"]
    np.testing.assert_array_equal(maps["b"]["pca-3d"].xy[:, :2], maps["b"]["pca-2d"].xy)


def test_alignment_undoes_rotation_reflection_shift_and_scale() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(60, 5)) * [5, 4, 3, 2, 1]
    turned = x @ np.linalg.qr(rng.normal(size=(5, 5)))[0] * 7 + 3
    fixed, moving = fit_pca([x], 2), fit_pca([turned], 2)
    aligned = align(moving, fixed, turned, x, 2)
    np.testing.assert_allclose(aligned(turned, 2), fixed(x, 2), atol=1e-4)


def test_a_map_of_fewer_anchors_is_laid_on_the_map_of_all_as_well_as_turning_and_scaling_can() -> None:
    x = models(n=300)
    rows = np.arange(300)
    maps = pca_maps(x, list(x), rows)
    full = np.concatenate([m["pca-2d"].xy for m in maps.values()]).astype(float)
    full -= full.mean(axis=0)
    for k in (10, 20):
        lower = np.concatenate([m[f"pca-2d-k{k}"].xy for m in maps.values()]).astype(float)
        own = fit_pca([m[:, :k] for m in x.values()])
        unaligned = np.concatenate([own(m[:, :k], 2) for m in x.values()]).astype(float)
        # Procrustes in closed form: the least residual over rotations, reflections and scales
        nuclear = np.linalg.svd(unaligned.T @ full, compute_uv=False).sum()
        least = (full**2).sum() - nuclear**2 / (unaligned**2).sum()
        assert ((lower - full) ** 2).sum() == pytest.approx(least, rel=1e-4)


def test_atoms_without_coordinates_stay_off_the_maps() -> None:
    x = models()
    x["c"][5] = np.nan
    assert np.isnan(pca_maps(x, ["a", "b"], np.arange(40))["c"]["pca-2d"].xy[5]).all()
    raw = raw_maps(x["c"], np.arange(80))
    assert raw["raw-pca-2d"].quality["n_atoms"] == 79
    assert np.isnan(raw["raw-pca-2d"].xy[5]).all()


def test_raw_maps_do_not_depend_on_the_arbitrary_unit() -> None:
    x = models()["a"]
    rows = np.arange(80)
    a, b = raw_maps(x, rows), raw_maps(x * 512, rows)
    np.testing.assert_allclose(a["raw-pca-3d"].xy, b["raw-pca-3d"].xy, atol=1e-5)


def test_share_of_variance_is_measured_on_the_model_itself() -> None:
    x = models()
    quality = pca_maps(x, ["a", "b"], np.arange(80))["c"]["pca-2d"].quality
    axes = fit_pca([x["a"], x["b"]]).axes[:, :2]
    c = x["c"].astype(float)
    expected = (c @ axes).var(axis=0) / c.var(axis=0).sum()
    np.testing.assert_allclose(quality["explained_variance_of_model"], expected, rtol=1e-6)


def test_balanced_rows_fill_all_labels_at_the_same_pace() -> None:
    labels = np.repeat([0, 1, 2], [1000, 50, 5])
    counts = np.bincount(labels[balanced_rows(labels, 105, np.random.default_rng(0))])
    assert counts.tolist() == [50, 50, 5]
    assert len(balanced_rows(labels, 10**6, np.random.default_rng(0))) == 1055


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.filterwarnings("ignore:n_jobs value:UserWarning")
def test_umap_places_all_models_on_the_same_axes_and_repeats() -> None:
    x = models(n=120)
    x["c"] = x["a"].copy()
    x["c"][7] = np.nan
    rows = np.arange(100)
    first = umap_maps(x, ["a", "b"], rows, seed=1)
    again = umap_maps(x, ["a", "b"], rows, seed=1)
    for key in x:
        np.testing.assert_array_equal(first[key][2], again[key][2])
    assert np.isnan(first["c"][3][7]).all()
    kept = np.delete(np.arange(120), 7)
    near = np.linalg.norm(first["a"][2][kept] - first["c"][2][kept], axis=1)
    spread = np.linalg.norm(first["a"][2].std(axis=0))
    assert np.median(near) < 0.3 * spread


def test_trustworthiness_is_one_for_a_faithful_map_and_low_for_noise() -> None:
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 300)
    x = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert trustworthiness(x, x, rng)["trustworthiness"] > 0.999
    assert trustworthiness(x, rng.normal(size=(300, 2)), rng)["trustworthiness"] < 0.6
    assert trustworthiness(x[:10], x[:10], rng)["trustworthiness"] is None
