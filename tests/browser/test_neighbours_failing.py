"""What the Neighbours page shows of answers that fail or do not come: nothing of another comparison."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import served, visiting
from tests.browser.neighbours_steps import DONE, PAIR, here, mean, ready, region
from tests.dashboard.synthetic_overlap import write_overlap_atlas

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def overlap_address(tmp_path_factory):
    with served(write_overlap_atlas(tmp_path_factory.mktemp("failing") / "synthetic.zarr")) as base:
        yield base


@pytest.fixture
def visit(browser, overlap_address):
    with visiting(browser, overlap_address) as made:
        made.page.add_init_script(DONE)
        yield made


def refuse(route):
    route.fulfill(status=500, body="no")


def test_no_number_stays_beside_models_that_it_is_not_of(visit):
    page = here(visit, f"{PAIR}&atom=BaCeO3-0:2")
    found = mean(page)
    refusing = re.compile(r"/overlap/(summary|ranked|around)")
    page.route(refusing, refuse)
    page.get_by_label("with", exact=True).select_option("element-only")
    headline = region(page, "Overlap")
    expect(headline).to_contain_text("Overlap could not be read. The server answered with an error (500).")
    ready(visit)
    # what the page draws anew when it is seen again, or when colours change, is none of the old answer
    page.evaluate("atlas.view.set({page: 'map', colour: 'overlap'}, {step: true})")
    page.go_back()
    visit.until_view("page", "neighbours")
    ready(visit)
    visit.set(palette="magma")
    ready(visit)
    assert page.locator("#page-neighbours .figure b").count() == 0
    assert found not in headline.inner_text()
    expect(page.locator(".neighbours-body")).to_be_hidden()
    assert page.locator(".ranking tbody tr").count() == 0
    assert page.locator(".around .card").first.is_hidden()
    page.unroute(refusing)
    again = headline.get_by_role("button", name="Try again")
    again.focus()
    page.keyboard.press("Enter")
    ready(visit)
    expect(page.locator(".figure-name").first).to_have_text("7net-0 and element-only")
    told = page.evaluate("atlas.arrays.asked(`overlap/summary${atlas.view.comparing()}`)")
    assert mean(page) == f"{told['all']['mean']:.2f}"
    assert page.locator(".ranking tbody tr").count() == 50
    expect(region(page, "The chosen atom").get_by_role("heading", name="Ce 1 in BaCeO3")).to_be_visible()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Overlap"
    visit.errors.clear()  # refused answers are told by the browser too


def test_a_part_that_cannot_be_read_is_empty_says_so_and_is_asked_again(visit):
    page = here(visit, f"{PAIR}&atom=BaCeO3-0:2")
    for part, name in (("ranked", "Where models disagree most"), ("around", "The chosen atom")):
        refusing = re.compile(f"/overlap/{part}")
        page.route(refusing, refuse)
        visit.set(nearest=5 if part == "ranked" else 20)
        place = region(page, name)
        expect(place.get_by_role("alert")).to_contain_text("could not be read")
        assert not place.locator("tbody tr, .card:visible").count()
        page.unroute(refusing)
        place.get_by_role("button", name="Try again").click()
        ready(visit)
        expect(place.get_by_role("alert")).to_have_text("")
        assert place.locator("tbody tr, .card:visible").count()
    visit.errors.clear()  # refused answers are told by the browser too


def test_numbers_keep_the_names_that_they_are_of_until_others_come(visit):
    def hold(route):
        """Never answered."""

    page = here(visit)
    page.route("**/overlap/summary*", hold)
    page.get_by_label("with", exact=True).select_option("element-only")
    page.get_by_role("button", name="Above chance").click()
    visit.set(palette="magma")
    expect(page.locator(".figure-name").first).to_have_text("7net-0 and mace-untrained")
    expect(page.locator(".headline-says")).to_contain_text("Shared fraction")
