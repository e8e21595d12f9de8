"""Going between the pages: links, keys, addresses, Back; and what stays as it was meanwhile."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import pixels, served, visiting
from tests.browser.header_steps import said
from tests.dashboard.synthetic import write_atlas

pytestmark = pytest.mark.browser
TWO = "?models=7net-0,chgnet-r2scan"


def seen(page):
    """Names of the pages of which anything can be seen."""
    return page.evaluate(
        """() => Object.entries({ map: "#map-place", agreement: "#page-agreement", neighbours: "#page-neighbours",
            drift: "#page-drift" })
            .filter(([, at]) => document.querySelector(at).checkVisibility({ checkVisibilityCSS: true }))
            .map(([name]) => name)"""
    )


def go(page, name):
    page.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()


def test_links_keys_and_back_lead_from_page_to_page(visit):
    page = visit.open(TWO).page
    assert seen(page) == ["map"]
    current = page.locator("#pages [aria-current=page]")
    expect(current).to_have_text("Map")
    title = page.title()
    go(page, "Neighbours")
    assert seen(page) == ["neighbours"]
    expect(current).to_have_text("Neighbours")
    assert visit.query() == TWO.replace("?", "?page=neighbours&")
    assert page.title() == f"Neighbours · {title}"
    page.keyboard.press("2")
    assert seen(page) == ["agreement"]
    expect(page.locator("#right")).to_be_hidden()
    page.go_back()
    visit.until_view("page", "neighbours")
    expect(page.locator("#right")).to_be_visible()
    page.go_back()
    visit.until_view("page", "map")
    assert (seen(page), page.title(), visit.query()) == (["map"], title, TWO)
    page.go_forward()
    visit.until_view("page", "neighbours")
    assert seen(page) == ["neighbours"]
    page.keyboard.press("4")
    assert seen(page) == ["drift"]
    expect(page.locator("#right")).to_be_visible()
    expect(page.locator("nav.left")).to_be_hidden()
    page.keyboard.press("1")
    assert seen(page) == ["map"]


def test_links_are_addresses_of_the_view_as_it_is(visit):
    page = visit.open(TWO).page
    visit.set(k=5, elements=["O"])
    link = page.get_by_role("link", name="Neighbours")
    link.hover()
    assert link.get_attribute("href") == "/?page=neighbours&models=7net-0,chgnet-r2scan&k=5&elements=O"


def test_a_pasted_address_opens_its_page_and_an_unknown_page_the_maps(visit):
    page = visit.open(TWO.replace("?", "?page=agreement&")).page
    assert seen(page) == ["agreement"]
    go(page, "Map")
    page.wait_for_selector("#axes .main-svg")
    assert visit.shown() == ["7net-0", "chgnet-r2scan"]
    visit.open("?page=poetry")
    assert seen(page) == ["map"]
    assert "poetry" in page.locator("#notices").inner_text()


def test_maps_are_kept_and_not_drawn_while_they_are_not_seen(visit):
    page = visit.open(TWO).page
    before = pixels(visit)
    page.evaluate("document.getElementById('points').known = true")
    page.keyboard.press("3")
    page.evaluate(
        """() => {
            const draw = document.getElementById("points").getContext("2d");
            window.drawn = 0;
            draw.putImageData = (...given) => {
                window.drawn += 1;
                Object.getPrototypeOf(draw).putImageData.call(draw, ...given);
            };
        }"""
    )
    visit.set(colour="electronegativity", models=["7net-0", "chgnet-r2scan", "mace-untrained"])
    # what is selected and what colours mean is still followed
    assert page.evaluate("atlas.legend.get().id") == "electronegativity"
    assert page.evaluate("window.drawn") == 0
    page.keyboard.press("1")
    visit.settled()
    assert page.evaluate("window.drawn") > 0
    assert visit.shown() == ["7net-0", "chgnet-r2scan", "mace-untrained"]
    assert pixels(visit) != before
    visit.set(colour="category", models=["7net-0", "chgnet-r2scan"])
    assert pixels(visit) == before
    assert page.evaluate("document.getElementById('points').known")


def test_a_page_is_made_when_it_is_first_seen(visit):
    page = visit.open(TWO).page
    assert page.locator("#page-neighbours > *").count() == 0
    page.keyboard.press("3")
    assert page.locator("#page-neighbours > *").count() > 0
    page.evaluate("document.getElementById('page-neighbours').firstChild.known = true")
    page.keyboard.press("1")
    page.keyboard.press("3")
    assert page.evaluate("document.getElementById('page-neighbours').firstChild.known")


def test_keys_of_the_maps_act_on_the_maps_only(visit):
    page = visit.open(TWO).page
    page.keyboard.press("3")
    for key in ("d", "+", "a", "i"):
        page.keyboard.press(key)
    assert [visit.view(f) for f in ("draw", "zoom", "panel")] == ["points", {}, "none"]
    page.keyboard.press("?")
    group = page.get_by_role("dialog").locator(".key-group", has=page.get_by_role("heading", name="Pages"))
    assert group.locator("dd").all_inner_texts() == ["Map", "Agreement", "Neighbours", "Drift"]


def test_a_saved_view_and_the_presentation_keep_the_page(visit):
    page = visit.open(TWO).page
    page.keyboard.press("3")
    page.get_by_role("button", name="Views").click()
    page.get_by_label("Title of what is shown now").fill("Around atoms")
    page.get_by_role("button", name="Save this view").click()
    said(page, "“Around atoms” is saved")
    page.keyboard.press("1")
    page.get_by_role("button", name="Around atoms", exact=True).click()
    visit.until_view("page", "neighbours")
    page.get_by_role("button", name="Present", exact=True).click()
    expect(page.get_by_role("heading", name="Around atoms")).to_be_visible()
    assert seen(page) == ["neighbours"]
    page.keyboard.press("Escape")
    assert seen(page) == ["neighbours"]


def test_another_atlas_opens_on_the_same_page(browser, atlas_path, tmp_path):
    second = write_atlas(tmp_path / "second.zarr", copies=1, title="A second atlas")
    with served(atlas_path, second) as address, visiting(browser, address) as visit:
        page = visit.open("?page=neighbours").page
        page.get_by_label("Atlas", exact=True).select_option("second")
        page.wait_for_function("window.atlas?.info.atlas === 'second'")
        assert visit.query() == "?atlas=second&page=neighbours"
        page.wait_for_selector("#page-neighbours .headline > *")
