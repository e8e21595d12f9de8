"""The view and its address: pasted, damaged, gone back to; and the selection that browser and server agree on."""

import pytest

from tests.browser.conftest import first_atom, pixels, visiting
from tests.dashboard.synthetic import MODELS

pytestmark = pytest.mark.browser
TRAINED = "?models=7net-0,chgnet-r2scan"


def test_pasted_address_gives_the_same_pixels(visit, browser, address):
    visit.open()
    visit.set(
        models=["7net-0", "chgnet-r2scan"], k=5, colour="electronegativity", palette="cividis", elements=["O", "Ce"],
        zoom={"": [0.1, 0.9, 0.2, 1.1]}, draw="points", size=2, theme="dark", atom=first_atom("BaCeO3-0") + 1,
    )  # fmt: skip
    visit.until_query("atom=BaCeO3-0:2")
    query = visit.query()
    mine = pixels(visit)
    with visiting(browser, address) as other:
        other.open(query)
        assert other.query() == query
        assert pixels(other) == mine
        assert other.view() == visit.view()


def test_damaged_address_opens_the_default_view_with_notices(visit):
    page = visit.open("?k=77&atom=nowhere:1&theme=pink&models=nope&zoom=1,2&lasso=x:1&range=a..b").page
    assert visit.shown() == list(MODELS)
    assert "nope" in page.locator(".notices").inner_text()


def test_click_chooses_and_back_returns(visit):
    page = visit.open(TRAINED).page
    page.evaluate("document.getElementById('quality').known = true")
    atom = first_atom("BaCeO3-0") + 1
    page.mouse.click(*visit.place_of(atom))
    visit.until_query("atom=BaCeO3-")
    chosen = visit.view("atom")
    other = first_atom("water-4")
    page.mouse.click(*visit.place_of(other))
    visit.until_query("atom=water-4")
    page.go_back()
    visit.until_view("atom", chosen)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.getElementById('quality').known")


def test_browser_and_server_select_the_same_atoms(visit, atlas_path):
    from dashboard.atlases import Atlases
    from dashboard.selection import mask
    from dashboard.state import parse

    visit.open(TRAINED)
    for changes in (
        {"lasso": {"model": "7net-0", "points": [[0.2, 0.3], [0.9, 0.35], [0.3, 0.9], [0.8, 0.2]]}},
        {"elements": ["O", "Na"], "hide": ["alkali"]},
        {"find": "band_gap > 5", "hide": [], "brush": {"electronegativity": [2, 4]}},
    ):
        visit.set(**changes)
        data = Atlases([atlas_path]).of(None)
        view, notices = parse(visit.page.evaluate("atlas.view.query()"), data)
        assert notices == []
        assert mask(data, view).nonzero()[0].tolist() == visit.selected()


def test_another_map_forgets_places_of_the_one_before(visit):
    visit.open(TRAINED)
    visit.set(zoom={"": [0.1, 0.9, 0.2, 1.1]}, lasso={"model": "7net-0", "points": [[0, 0], [1, 0], [1, 1]]})
    visit.set(method="umap")
    assert visit.view("zoom") == {}
    assert visit.view("lasso") is None
    visit.set(colour="electronegativity", reverse=True)
    visit.set(colour="covalent_radius")
    assert visit.view("reverse") is False
    visit.set(colour="electronegativity", log=True)
    assert visit.view("log") is True


def test_back_returns_to_what_was_shown_even_if_not_yet_written(visit):
    page = visit.open(TRAINED).page
    page.evaluate("atlas.view.set({ size: 2 }); atlas.view.set({ atom: 3 }, { step: true })")
    visit.until_query("atom=")
    page.go_back()
    visit.until_view("atom", None)
    assert visit.view("size") == 2
    visit.set(draw="density")
    visit.until_query("draw=density")


def test_a_filter_that_cannot_be_read_still_leaves_maps(visit):
    page = visit.page
    page.goto(visit.address + "?models=7net-0&find=(((")
    page.wait_for_function("window.atlas?.maps.scene()")
    assert visit.shown() == ["7net-0"]
    page.wait_for_function("performance.getEntriesByName('atlas:mounted').length > 0")
    visit.errors.clear()  # the refused filter is told by the browser too


def test_histograms_and_the_periodic_table_are_part_of_the_view(visit):
    page = visit.open("?panel=histograms&charts=period,block&counts=log&once=1&cells=count").page
    regions = page.locator("#histograms .histogram")
    assert [r.get_attribute("aria-label") for r in regions.all()] == ["Histogram of Period", "Histogram of Block"]
    assert page.get_by_label("Axis of counts").input_value() == "log"
    assert page.get_by_label("Count each structure once").is_checked()
    shows = page.get_by_label("What the cells of the periodic table show").first
    assert shows.input_value() == "count"
    shows.select_option("electronegativity")
    page.get_by_role("button", name="Remove the histogram of Period").click()
    page.get_by_label("Axis of counts").select_option("share")
    visit.until_query("cells=electronegativity")
    visit.until_query("charts=block")
    visit.until_query("counts=share")
    visit.open(visit.query())
    assert visit.view("charts") == ["block"]
    assert page.locator("#histograms .histogram").count() == 1
