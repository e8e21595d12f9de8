import io
import subprocess
import sys
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from dashboard.export import picture
from dashboard.export.content import Content, ExportError
from dashboard.figures import paper
from dashboard.figures.stamping import stamped
from dashboard.palette import SCALES
from tests.dashboard.synthetic import HOSTILE_ID


def content(data, query="?"):
    return Content.of(data, query)


def svg_of(data, query):
    return ET.fromstring(picture.svg(content(data, query)))


def texts(tree):
    return " ".join("".join(node.itertext()) for node in tree.iter("{http://www.w3.org/2000/svg}text"))


def test_a_figure_names_models_axes_legend_and_says_what_it_shows(data):
    said = texts(svg_of(data, "?models=7net-0,element-only&elements=Li"))
    for part in ("7net-0", "element-only", "PC 1 (41", "PC 2 (23", "Element group", "alkali", "K = 20 anchors"):
        assert part in said
    assert "Platonic Atlas" in said
    assert "(elements Li)" in said


def test_few_points_stay_vector_and_many_become_a_picture(data, monkeypatch):
    image = ".//{http://www.w3.org/2000/svg}image"
    assert svg_of(data, "?models=7net-0").find(image) is None
    monkeypatch.setattr(paper, "MOST_VECTOR_POINTS", 10)
    assert svg_of(data, "?models=7net-0").find(image) is not None


def test_hostile_texts_are_only_texts_in_a_figure(data):
    query = f"?models=mine%3Cb%3E&atom={HOSTILE_ID.replace('%', '%25')}:1"
    body = picture.svg(content(data, query)).decode()
    assert "<script" not in body
    assert "<b>" not in body
    assert "mine<b>" in texts(ET.fromstring(body))


def test_dollar_signs_are_no_mathematics():
    panel = paper.PaperPanel(
        "a$x", "$\\frac{1$", "", True, ("$1", "2"), (0, 1, 0, 1), np.array([[0.5, 0.5]]),
        np.zeros((1, 3), np.uint8), np.ones(1, bool), 1,
    )  # fmt: skip
    body = paper.svg([panel], paper.Swatches("$", (("a$b", "#ff0000"),)), "5 $ and $\\x", paper.Sheet(), "")
    assert "5 $ and $\\x" in texts(ET.fromstring(body))


def pixels(body):
    from PIL import Image

    with Image.open(io.BytesIO(body)) as image:
        return np.asarray(image.convert("RGB")).astype(int), dict(image.info)


def test_width_and_resolution_of_a_picture_are_those_asked_for(data):
    image, info = pixels(picture.png(content(data, "?models=7net-0&width=89&dpi=150")))
    assert image.shape[1] == pytest.approx(89 / 25.4 * 150, abs=1)
    assert info["Software"] == "Platonic Atlas"
    assert "K = 20 anchors" in info["Title"]


@pytest.mark.parametrize("options", ["dpi=9999", "dpi=x", "width=-1", "width=1e3", "dpi=٣٠٠"])
def test_impossible_sizes_are_refused(data, options):
    with pytest.raises(ExportError, match="expected a whole number from"):
        picture.png(content(data, f"?models=7net-0&{options}"))


def test_points_that_are_not_selected_are_grey_and_beneath(data):
    red = np.array([0xDC, 0x3E, 0x46])
    everything, _ = pixels(picture.png(content(data, "?models=7net-0&dpi=150&colours=alkali:dc3e46")))
    halogens, _ = pixels(picture.png(content(data, "?models=7net-0&dpi=150&colours=alkali:dc3e46&hide=alkali")))

    def share(image):  # of the maps alone, not of the legend
        return (np.abs(image[: image.shape[0] // 2] - red).sum(axis=2) < 30).sum()

    assert share(everything) > 50
    assert share(halogens) == 0


def panels_of(data, query):
    found = content(data, query)
    return picture._panels(found, picture.legend(data, found.view.colour), "light")


def test_zoom_and_ring_of_a_figure_are_those_of_the_page(data):
    (panel,) = panels_of(data, "?models=7net-0&zoom=0,1,-1,2&atom=NaCl-0:2")
    assert panel.ranges == (0, 1, -1, 2)
    assert panel.ring == pytest.approx(data.points("7net-0", "pca-2d")[1])


def test_linked_panels_share_their_ranges_and_private_ones_do_not(data):
    assert len({p.ranges for p in panels_of(data, "?models=7net-0,chgnet-r2scan")}) == 1
    assert len({p.ranges for p in panels_of(data, "?models=7net-0,chgnet-r2scan&space=raw")}) == 2


def test_numbers_are_coloured_along_the_scale(data):
    (plain,) = panels_of(data, "?models=7net-0&colour=period")
    (reverse,) = panels_of(data, "?models=7net-0&colour=period&reverse=1")
    period = np.asarray(data.elements["period"])[data.of_atoms("atomic_number") - 1][data.order]
    first, last = plain.colours[period == period.min()][0], plain.colours[period == period.max()][0]
    ends = [[int(SCALES["viridis"][i][at : at + 2], 16) for at in (1, 3, 5)] for i in (0, -1)]
    assert [first.tolist(), last.tolist()] == ends
    assert reverse.colours[period == period.min()][0].tolist() == last.tolist()


def test_a_density_is_full_where_most_points_are():
    xy = np.array([[0.1, 0.1]] * 50 + [[0.9, 0.9]])
    panel = paper.PaperPanel(
        "a", "", "", True, ("x", "y"), (0, 1, 0, 1), xy, np.full((51, 3), 200, np.uint8), np.ones(51, bool), 51
    )
    image = paper._densities(panel, np.arange(0), np.arange(51), (30, 30), paper.THEMES["light"])
    assert image[2, 2, 3] == 1
    assert image[18, 18, 3] == paper.LEAST_OPACITY
    assert (image[..., 3] > 0).sum() == 2


def test_a_stamped_point_is_a_disc_in_its_colour_with_smooth_edges():
    image = stamped(np.array([[10.0, 5.0]]), np.array([[200, 100, 0]], np.uint8), 6, (20, 12))
    assert image.shape == (12, 20, 4)
    assert image[5, 10].tolist() == [200, 100, 0, 255]
    assert image[..., 3].sum() / 255 == pytest.approx(np.pi * 9, rel=0.1)
    assert {0, 255} < set(image[..., 3].ravel().tolist())


def test_later_points_are_stamped_in_front_of_earlier_ones():
    places = np.array([[5.0, 5.0], [6.0, 5.0], [400.0, 5.0]])
    image = stamped(places, np.array([[255, 0, 0], [0, 0, 255], [0, 255, 0]], np.uint8), 4, (12, 10))
    assert image[5, 6].tolist() == [0, 0, 255, 255]
    assert image[5, 5].tolist() == [0, 0, 255, 255]
    assert image[5, 3, :3].tolist() == [255, 0, 0]


def test_a_log_scale_from_zero_starts_four_decades_under_its_end(data):
    found = content(data, "?models=7net-0&colour=period&range=0..100&log=1")
    assert picture.scale_ends(found, picture.legend(data, "period")) == (0.01, 100, True)


@pytest.mark.slow
@pytest.mark.ci
def test_matplotlib_comes_only_with_a_figure():
    code = "import sys, dashboard.pages.export; sys.exit(bool({'matplotlib', 'pyarrow', 'ase'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 1), (1, 2.5)])
def test_both_axes_have_one_scale_and_nothing_asked_for_is_cut(width, height):
    x0, x1, y0, y1 = paper.fitted((-1, 2, 0, 4), width, height)
    assert (x1 - x0) / width == pytest.approx((y1 - y0) / height)
    assert x0 <= -1 < 2 <= x1
    assert y0 <= 0 < 4 <= y1
    assert ((x0 + x1) / 2, (y0 + y1) / 2) == pytest.approx((0.5, 2))
