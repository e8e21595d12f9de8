import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dashboard.alignment import similarity
from dashboard.find import FindError
from dashboard.points import NO_PLACE, STEPS, Grid, gathered, grid, placed, quantised
from dashboard.polygon import inside
from dashboard.quantities import values
from dashboard.selection import mask, text_mask
from dashboard.state import default_view
from tests.dashboard.synthetic import REFUSING

FIXTURES = Path(__file__).parents[1] / "javascript" / "fixtures"
SQUARE = [(0, 0), (2, 0), (2, 2), (0, 2)]


def test_square_holds_what_is_in_it():
    xy = np.array([[1, 1], [3, 1], [-1, 1], [1, 3], [np.nan, 1], [np.nan, np.nan]])
    assert inside(xy, SQUARE).tolist() == [True, False, False, False, False, False]


def test_polygons_hold_what_exact_arithmetic_says():
    fixture = json.loads((FIXTURES / "lasso.json").read_text(encoding="utf-8"))
    places = np.array(fixture["xy"], np.uint16).reshape(-1, 2)
    xy = Grid(places, tuple(fixture["range"]), 0).xy
    assert len(fixture["cases"]) == 3
    for case in fixture["cases"]:
        np.testing.assert_array_equal(inside(xy, case["polygon"]), np.array(case["inside"], bool), case["name"])


def test_neither_start_nor_direction_of_the_outline_matters():
    rng = np.random.default_rng(0)
    polygon, xy = rng.normal(size=(9, 2)), rng.normal(size=(2000, 2))
    found = inside(xy, polygon)
    assert 0 < found.sum() < 2000
    np.testing.assert_array_equal(inside(xy, np.roll(polygon, 4, axis=0)), found)
    np.testing.assert_array_equal(inside(xy, polygon[::-1]), found)


def test_a_region_wound_twice_is_outside():
    star = [(np.cos(a), np.sin(a)) for a in np.arange(5) * 4 * np.pi / 5]
    assert inside(np.array([[0.0, 0.0], [0.8, 0.0]]), star).tolist() == [False, True]


def test_polygons_that_share_an_edge_share_no_point():
    xy = np.stack(np.meshgrid(np.linspace(-1, 3, 41), np.linspace(-1, 3, 41)), axis=-1).reshape(-1, 2)
    left, right = inside(xy, [(0, 0), (1, 0), (1, 2), (0, 2)]), inside(xy, [(1, 0), (2, 0), (2, 2), (1, 2)])
    assert not (left & right).any()
    np.testing.assert_array_equal(left | right, inside(xy, SQUARE))


@pytest.mark.parametrize("polygon", [[], [(0, 0), (1, 1)], [(0, 1), (1, 1), (2, 1)]])
def test_polygons_without_area_hold_nothing(polygon):
    assert not inside(np.array([[0.5, 0.5], [0, 1]]), polygon).any()


@pytest.mark.parametrize("mirrored", [False, True])
def test_similarity_undoes_rotation_reflection_scale_and_shift(mirrored):
    rng = np.random.default_rng(0)
    reference = rng.normal(size=(50, 2))
    turn = np.array([[np.cos(1), -np.sin(1)], [np.sin(1), np.cos(1)]]) @ np.diag([1, -1 if mirrored else 1])
    moved = 3 * reference @ turn + [5, -7]
    moved[3], reference[4] = np.nan, np.nan
    fitted = similarity(moved, reference)
    both = np.isfinite(moved + reference).all(axis=1)
    np.testing.assert_allclose(fitted.apply(moved)[both], reference[both], atol=1e-12)
    np.testing.assert_allclose(fitted.rotation @ fitted.rotation.T, np.eye(2), atol=1e-12)
    assert fitted.scale == pytest.approx(1 / 3)
    assert fitted.n == 48
    assert np.isnan(fitted.apply(moved)[3]).all()


def test_no_other_similarity_comes_nearer():
    rng = np.random.default_rng(1)
    moved, reference = rng.normal(size=(40, 2)), rng.normal(size=(40, 2))
    fitted = similarity(moved, reference)
    least = ((fitted.apply(moved) - reference) ** 2).sum()
    for angle, scale, shift in rng.normal(0, 0.05, (50, 3)):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        other = (1 + scale) * (fitted.apply(moved) @ turn) + shift
        assert ((other - reference) ** 2).sum() >= least


def test_too_few_common_points_leave_the_map_as_it_is():
    xy = np.full((5, 2), np.nan)
    xy[:2] = [[0, 1], [2, 3]]
    assert similarity(xy, xy).n == 0
    np.testing.assert_array_equal(similarity(xy, xy).apply(xy), xy)
    same_place = np.ones((5, 2))
    assert similarity(same_place, same_place).n == 0


def test_grid_is_within_half_a_step_and_ends_are_exact():
    rng = np.random.default_rng(0)
    xy = rng.normal(size=(500, 2)).astype(np.float32) * [1, 30]
    xy[7] = np.nan
    found = quantised(xy)
    assert found.drawn == 499
    assert (found.places[7] == NO_PLACE).all()
    known = np.arange(500) != 7
    x0, x1, y0, y1 = found.ends
    step = np.array([x1 - x0, y1 - y0]) / STEPS
    assert (np.abs(found.xy - xy)[known] <= step / 2 * (1 + 1e-9)).all()
    assert np.isnan(found.xy[7]).all()
    assert (x0, y1) == (np.nanmin(xy[:, 0]), np.nanmax(xy[:, 1]))
    assert found.places[known].max() == STEPS


@pytest.mark.parametrize("xy", [np.full((4, 2), np.nan), np.ones((4, 2)), np.empty((0, 2))])
def test_maps_without_extent_have_a_range_all_the_same(xy):
    found = quantised(xy)
    assert found.ends[0] < found.ends[1]
    assert found.ends[2] < found.ends[3]
    assert found.drawn == np.isfinite(xy).all(axis=1).sum()


@pytest.mark.parametrize("dtype", ["<u2", "<f4"])
def test_gathering_moves_whole_rows(dtype):
    rows, order = np.arange(20, dtype=dtype).reshape(10, 2), np.random.default_rng(0).permutation(10)
    np.testing.assert_array_equal(gathered(rows, order), rows[order])


def test_aligned_map_comes_nearer_to_the_reference(data):
    here, there = "mine<b>", "7net-0"
    reference = data.points(there, "raw-pca-2d")

    def away(xy):
        return np.nanmean((xy - reference) ** 2)

    aligned = placed(data, here, "raw-pca-2d", there)
    assert away(aligned) < 0.5 * away(placed(data, here, "raw-pca-2d"))
    np.testing.assert_array_equal(placed(data, there, "raw-pca-2d", there), reference)


def test_everything_is_picked_out_where_nothing_is_asked(data):
    assert mask(data, default_view(data)).all()


def test_all_conditions_must_hold(data):
    numbers = data.of_atoms("atomic_number")
    view = default_view(data)
    o_only = mask(data, replace(view, elements=("O",)))
    np.testing.assert_array_equal(o_only, numbers == 8)
    no_nonmetals = mask(data, replace(view, hide=("nonmetal",)))
    assert not (no_nonmetals & (numbers == 8)).any()
    assert not mask(data, replace(view, elements=("O",), hide=("nonmetal",))).any()
    found = mask(data, replace(view, elements=("O",), find="BaCeO3"))
    assert 0 < found.sum() < o_only.sum()
    assert {str(data.crystal_of(a)[0]) for a in np.flatnonzero(found)} == {"BaCeO3"}


def test_ranges_include_their_ends_and_leave_out_what_is_unknown(data):
    gap = values(data, "structure.band_gap")
    found = mask(data, replace(default_view(data), brush={"structure.band_gap": (2.5, 5.0)}))
    np.testing.assert_array_equal(found, (gap == 2.5) | (gap == 5.0))
    assert np.isnan(gap).any()


def test_mask_of_the_text_leaves_out_legend_elements_and_lasso(data):
    view = replace(default_view(data), elements=("O",), hide=("alkali",), find="Na-Cl")
    found = text_mask(data, view)
    assert {str(data.crystal_of(a)[0]) for a in np.flatnonzero(found)} == {"NaCl"}
    assert (data.of_atoms("atomic_number")[found] == 11).any()


def test_lasso_picks_by_the_places_that_the_page_has(data):
    view = replace(default_view(data), lasso={"model": REFUSING, "points": [[-9, -9], [9, -9], [9, 9], [-9, 9]]})
    found = mask(data, view)
    np.testing.assert_array_equal(found, np.isfinite(data.points(REFUSING, "pca-2d")).all(axis=1))
    xy = grid(data, REFUSING, "pca-2d").xy
    low, high = np.nanquantile(xy, 0.3, axis=0), np.nanquantile(xy, 0.7, axis=0)
    box = [[low[0], low[1]], [high[0], low[1]], [high[0], high[1]], [low[0], high[1]]]
    some = mask(data, replace(view, lasso={"model": REFUSING, "points": box}))
    assert 0 < some.sum() < found.sum()
    other_map = mask(data, replace(view, method="umap", lasso={"model": REFUSING, "points": box}))
    assert (other_map != some).any()


def test_malformed_text_says_where(data):
    with pytest.raises(FindError) as caught:
        mask(data, replace(default_view(data), find="band_gap >"))
    assert 0 <= caught.value.start <= caught.value.end <= len("band_gap >")
