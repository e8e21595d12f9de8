import numpy as np
import pytest

from dashboard.colour_vision import (
    DEFICIENCIES,
    ciede2000,
    contrast,
    lab,
    linear,
    search,
    simulated,
    smallest_distance,
)
from dashboard.palette import (
    CATEGORIES,
    CATEGORY_NAMES,
    CODES,
    DIVERGING,
    OTHER,
    PALETTE,
    SCALES,
    THEMES,
    legible,
)
from precompute.elements import CATEGORIES as ELEMENT_CATEGORIES
from precompute.elements import table


def test_ciede2000_gives_published_values():
    # Sharma, Wu & Dalal (2005), table 1: pairs 1, 4, 7, 9, 17, 21, 25
    pairs = [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.5, 0), (50, 3.1736, 0.5854), 1.0000),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
    ]
    for a, b, expected in pairs:
        assert ciede2000(np.array(a, float), np.array(b, float)) == pytest.approx(expected, abs=1e-4)
        assert ciede2000(np.array(b, float), np.array(a, float)) == pytest.approx(expected, abs=1e-4)


def test_simulation_keeps_greys_and_merges_red_with_green():
    grey = linear(["#7f7f7f"])
    red_green = linear(["#c04000", "#707000"])
    for deficiency in DEFICIENCIES:
        np.testing.assert_allclose(simulated(grey, deficiency), grey, atol=1e-5)
    seen = smallest_distance(red_green, "deuteranopia")
    assert seen < smallest_distance(red_green, "normal") / 2


@pytest.mark.parametrize("deficiency", list(DEFICIENCIES))
def test_categories_stay_apart_under_each_kind_of_vision(deficiency):
    assert smallest_distance(linear(list(CATEGORIES.values())), deficiency) >= 10.8


@pytest.mark.parametrize("deficiency", list(DEFICIENCIES))
def test_colours_of_other_categories_stay_apart_under_each_kind_of_vision(deficiency):
    assert len(set(PALETTE)) == 12
    assert smallest_distance(linear(PALETTE), deficiency) >= 10.0
    assert smallest_distance(linear([*PALETTE[:-1], OTHER]), deficiency) >= 10.0


@pytest.mark.parametrize("name", list(SCALES))
@pytest.mark.parametrize("deficiency", list(DEFICIENCIES))
def test_scales_are_in_order_under_each_kind_of_vision(name, deficiency):
    colours = SCALES[name]
    assert len(colours) == 16
    lightness = lab(simulated(linear(colours), deficiency))[:, 0]
    if name in DIVERGING:  # lightest in the middle, and the two ends told apart
        assert (np.diff(lightness[:8]) > 0).all()
        assert (np.diff(lightness[8:]) < 0).all()
        ends = lab(simulated(linear([colours[2], colours[-3]]), deficiency))
        assert ciede2000(ends[0], ends[1]) > 20
    else:
        assert (np.diff(lightness) > 0).all()


def test_element_colours_are_seen_on_both_surfaces():
    assert legible("#ffffff") != "#ffffff"
    assert legible("#ff0d0d") == "#ff0d0d"
    for colour in set(table()["color"].tolist()):
        for look in THEMES.values():
            assert contrast(linear([legible(colour)]), linear([look.surface])[0]).min() >= 1.45


@pytest.mark.parametrize("theme", list(THEMES))
def test_categories_and_text_are_legible_on_the_surface(theme):
    look = THEMES[theme]
    surface = linear([look.surface])[0]
    assert contrast(linear([*CATEGORIES.values(), *PALETTE]), surface).min() >= 3
    assert contrast(linear([OTHER]), surface).min() >= 1.8
    for words in (look.text, look.quiet, look.accent):
        for ground in (look.surface, look.tint):
            assert contrast(linear([words]), linear([ground])[0]).min() >= 4.5


@pytest.mark.parametrize("theme", list(THEMES))
@pytest.mark.parametrize("name", [n for n in SCALES if n not in DIVERGING])
def test_both_ends_of_a_scale_are_seen_on_the_surface(name, theme):
    surface = linear([THEMES[theme].surface])[0]
    assert contrast(linear(SCALES[name]), surface).min() >= 1.4


@pytest.mark.parametrize("theme", list(THEMES))
def test_muted_points_are_unlike_every_category(theme):
    colours = lab(linear([*CATEGORIES.values(), *PALETTE, THEMES[theme].muted]))
    assert ciede2000(colours[:-1], colours[-1]).min() > 15


def test_palette_covers_the_categories_of_the_elements_in_order():
    assert tuple(ELEMENT_CATEGORIES) == CATEGORY_NAMES
    assert set(table()["category"].tolist()) == set(CODES)


def test_search_keeps_to_contrast_and_does_not_lose_distance():
    preferred = ["#d0454f", "#d04550", "#4a78c8"]
    colours, distance = search(preferred, ["#ffffff", "#16181d"], 2.5, 20, seed=0, steps=400)
    assert distance == pytest.approx(min(smallest_distance(linear(colours), d) for d in DEFICIENCIES))
    assert distance > 10 > ciede2000(*lab(linear(preferred[:2])))
    assert min(contrast(linear(colours), linear([s])[0]).min() for s in ("#ffffff", "#16181d")) >= 2.5
